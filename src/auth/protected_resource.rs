//! Protected resource metadata (RFC 9728): whose tokens an API takes, an MCP server most often.

use serde_json::{Map, Value};
use url::Url;

use super::transport::Transport;
use super::{AuthError, Refusal};
use crate::model::tape::What;
use crate::model::template::endpoint;
use crate::model::untrusted;

/// Where the metadata of a host's resources lies (section 3).
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// What a resource says of itself, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedResource {
    /// What it calls itself, for the `resource` of each request (RFC 8707).
    pub resource: String,
    /// The name that people know it by, where it says one.
    pub name: Option<String>,
    /// The issuer whose tokens it takes: the first that it names.
    pub issuer: String,
    /// The scopes that it knows of.
    pub scopes: Vec<String>,
    /// Whether it says all this; else it is what MCP has it be where nothing is said.
    pub is_told: bool,
}

/// Finds out whose tokens a resource takes: where its refusal says that its metadata is (section 5.1), else where section
/// 3.1 puts it. One that has none is its own authorization server, as MCP had it before (its revision of 2025-03-26).
pub async fn discover(
    transport: &Transport,
    resource: &Url,
    allows_loopback_http: bool,
) -> Result<ProtectedResource, AuthError> {
    let bad = |why: String| AuthError::Resource { resource: untrusted::line(resource.as_str()), why };
    let read = |document, is_the_hosts| {
        ProtectedResource::of(resource, document, is_the_hosts, allows_loopback_http).map_err(bad)
    };
    let mut other = None;
    let challenges = transport.challenges(resource).await?;
    if let Some(named) = challenges.iter().find_map(|challenge| resource_metadata(challenge)) {
        match resource.join(&named).ok().filter(|target| target.origin() == resource.origin()) {
            Some(target) => {
                if let Some(document) = document(transport, &target).await? {
                    match read(document, target.path().starts_with(WELL_KNOWN)) {
                        Ok(found) => return Ok(found),
                        Err(error) => other = Some(error),
                    }
                }
            }
            None => other = Some(bad(format!("it names metadata elsewhere (`{}`)", untrusted::line(&named)))),
        }
    }
    // What its host says in the usual place may be right all the same.
    for candidate in well_known(resource) {
        if let Some(document) = document(transport, &candidate).await? {
            match read(document, true) {
                Ok(found) => return Ok(found),
                // That of the whole host may be about something else.
                Err(error) => _ = other.get_or_insert(error),
            }
        }
    }
    other.map_or_else(|| Ok(ProtectedResource::of_its_own(resource)), Err)
}

/// Fetches metadata; `None` where there is none.
async fn document(transport: &Transport, url: &Url) -> Result<Option<Value>, AuthError> {
    match transport.document(url, What::Metadata).await {
        Ok(document) => Ok(Some(document)),
        // A server may keep even this from whoever shows no token.
        Err(
            AuthError::Refused(Refusal { status: 400 | 401 | 403 | 404 | 405 | 410, .. }) | AuthError::Unusable { .. },
        ) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns where the metadata of a resource may lie (section 3.1): between host and path, or for the whole host.
fn well_known(resource: &Url) -> Vec<Url> {
    let path = resource.path().trim_end_matches('/');
    let mut paths = vec![format!("{WELL_KNOWN}{path}")];
    if !path.is_empty() {
        paths.push(WELL_KNOWN.to_owned());
    }
    let at = |path: String| {
        let mut url = resource.clone();
        url.set_path(&path);
        url.set_query(None);
        url
    };
    paths.into_iter().map(at).collect()
}

/// Returns where a challenge says that metadata is (section 5.1).
fn resource_metadata(challenge: &str) -> Option<String> {
    const NAME: &str = "resource_metadata=";
    let lower = challenge.to_ascii_lowercase();
    let mut places = lower.match_indices(NAME).map(|(place, _)| place);
    // Not the end of another name.
    let place = places.find(|place| lower[..*place].ends_with([' ', ',', '\t']))?;
    let rest = &challenge[place + NAME.len()..];
    let value = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([',', ' ']).next(),
    };
    value.filter(|value| !value.is_empty()).map(str::to_owned)
}

impl ProtectedResource {
    fn of_its_own(url: &Url) -> Self {
        let issuer = url.origin().ascii_serialization();
        Self { resource: url.as_str().to_owned(), name: None, issuer, scopes: Vec::new(), is_told: false }
    }

    /// Reads a document, which must be about `url`: one about something else would have its tokens asked for (section
    /// 3.3). What its host says may also be about a path above, as many say it; what the resource alone says may not:
    /// it would be given tokens for its neighbours.
    fn of(url: &Url, document: Value, is_the_hosts: bool, allows_loopback_http: bool) -> Result<Self, String> {
        let Value::Object(fields) = document else { return Err("it is no JSON object".to_owned()) };
        let named = fields.get("resource").and_then(Value::as_str).unwrap_or_default();
        let resource = endpoint(named, allows_loopback_http).map_err(|error| format!("its `resource`: {error}"))?;
        let is_same = named.trim_end_matches('/') == url.as_str().trim_end_matches('/');
        if !(is_same || is_the_hosts && is_at_or_below(url, &resource)) {
            return Err(format!("it is that of another resource (`{}`)", untrusted::line(named)));
        }
        let own = Self::of_its_own(url);
        let issuer = texts(&fields, "authorization_servers").into_iter().next().unwrap_or(own.issuer);
        endpoint(&issuer, allows_loopback_http).map_err(|error| format!("its `authorization_servers`: {error}"))?;
        if [named, issuer.as_str()].iter().any(|text| text.contains(['{', '}'])) {
            return Err("an address in it has braces".to_owned());
        }
        let name = fields.get("resource_name").and_then(Value::as_str).map(untrusted::line);
        Ok(Self {
            resource: named.to_owned(),
            name: name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()),
            issuer,
            scopes: texts(&fields, "scopes_supported").iter().map(|scope| untrusted::line(scope)).collect(),
            is_told: true,
        })
    }
}

/// Tells whether an address is that of a resource, or of something below it.
pub fn is_at_or_below(url: &Url, resource: &Url) -> bool {
    let segments = |url: &Url| {
        let path = url.path().trim_end_matches('/').to_owned();
        path.split('/').map(str::to_owned).collect::<Vec<_>>()
    };
    url.origin() == resource.origin() && segments(url).starts_with(&segments(resource))
}

fn texts(fields: &Map<String, Value>, name: &str) -> Vec<String> {
    let items = fields.get(name).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(url: &str, document: Value) -> Result<ProtectedResource, String> {
        ProtectedResource::of(&url.parse().unwrap(), document, true, false)
    }

    #[test]
    fn metadata_is_looked_for_between_host_and_path_and_then_for_the_host() {
        let tried =
            |resource: &str| well_known(&resource.parse().unwrap()).into_iter().map(String::from).collect::<Vec<_>>();
        let root = "https://mcp.example/.well-known/oauth-protected-resource";
        assert_eq!(tried("https://mcp.example/v1/mcp/"), [format!("{root}/v1/mcp"), root.to_owned()]);
        assert_eq!(tried("https://mcp.example"), [root]);
    }

    #[test]
    fn a_document_is_about_the_resource_or_what_it_is_below() {
        for resource in
            ["https://mcp.example/v1/mcp", "https://mcp.example/v1", "https://mcp.example", "https://mcp.example/"]
        {
            let document = json!({"resource": resource, "authorization_servers": ["https://as.example/t", "https://b.example"],
                "scopes_supported": ["read"], "resource_name": " Notes\u{1b} "});
            let found = of("https://mcp.example/v1/mcp", document).unwrap();
            assert_eq!((found.resource.as_str(), found.issuer.as_str()), (resource, "https://as.example/t"));
            assert_eq!((found.scopes, found.name.as_deref()), (vec!["read".to_owned()], Some("Notes")));
        }
        for resource in [
            "https://evil.example",
            "https://mcp.example/v1/mc",
            "https://mcp.example/other",
            "mcp",
            "http://mcp.example",
        ] {
            assert!(of("https://mcp.example/v1/mcp", json!({"resource": resource})).is_err(), "{resource}");
        }
        for servers in [json!(["http://as.example"]), json!(["https://u@as.example"]), json!(["javascript:1"])] {
            let document = json!({"resource": "https://mcp.example", "authorization_servers": servers});
            assert!(of("https://mcp.example", document).is_err(), "{servers}");
        }
    }

    #[test]
    fn what_a_resource_alone_says_is_about_nothing_but_itself() {
        let url: Url = "https://mcp.example/v1/mcp".parse().unwrap();
        let own = |resource: &str| ProtectedResource::of(&url, json!({"resource": resource}), false, false);
        assert!(own("https://mcp.example/v1/mcp").is_ok() && own("https://mcp.example/v1/mcp/").is_ok());
        assert!(own("https://mcp.example").is_err() && own("https://mcp.example/v1").is_err());
    }

    #[test]
    fn one_that_names_no_server_is_its_own() {
        let found = of("https://mcp.example/mcp", json!({"resource": "https://mcp.example/mcp"})).unwrap();
        assert_eq!(found.issuer, "https://mcp.example");
    }

    #[test]
    fn a_challenge_says_where_the_metadata_is() {
        let quoted = r#"Bearer error="invalid_token", resource_metadata="https://mcp.example/m", scope="a b""#;
        assert_eq!(resource_metadata(quoted).unwrap(), "https://mcp.example/m");
        assert_eq!(resource_metadata("Bearer resource_metadata=/m, a=b").unwrap(), "/m");
        assert_eq!(resource_metadata("Bearer x_resource_metadata=/a, Resource_Metadata=/b").unwrap(), "/b");
        assert_eq!(resource_metadata("Bearer realm=\"x\""), None);
        assert_eq!(resource_metadata("Bearer resource_metadata=\""), None);
    }
}
