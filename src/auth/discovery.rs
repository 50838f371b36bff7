//! Authorization server metadata (RFC 8414, OpenID Connect Discovery 1.0).

use serde_json::{Map, Value};
use url::Url;

use super::transport::Transport;
use super::{AuthError, Refusal};
use crate::model::provider::{ClientAuthentication, OAuth2, Pkce, UrlTemplate};
use crate::model::tape::What;
use crate::model::template::endpoint;
use crate::model::untrusted;

/// The metadata of one issuer, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata {
    issuer: String,
    fields: Map<String, Value>,
    /// Whether plain http to loopback is let in: the issuer itself is there.
    allows_loopback_http: bool,
}

/// Fetches the metadata of an issuer: where OpenID Connect puts it, else where RFC 8414 does.
pub async fn discover(transport: &Transport, issuer: &str, allows_loopback_http: bool) -> Result<Metadata, AuthError> {
    let bad = |why: String| AuthError::Metadata { issuer: untrusted::line(issuer), why };
    let url = endpoint(issuer, allows_loopback_http).map_err(|error| bad(error.to_string()))?;
    let mut first = None;
    for candidate in well_known(&url) {
        match transport.document(&candidate, What::Metadata).await {
            Ok(document) => return Metadata::of(issuer, document, allows_loopback_http).map_err(bad),
            Err(
                AuthError::Refused(Refusal { status: 404 | 405 | 400 | 403 | 410, .. }) | AuthError::Unusable { .. },
            ) => {
                first.get_or_insert(candidate);
            }
            Err(error) => return Err(error),
        }
    }
    let tried = first.map_or_else(String::new, |url| format!(" (tried `{url}` and its like)"));
    Err(bad(format!("there is none at that address{tried}")))
}

/// Returns the addresses at which metadata may lie.
fn well_known(issuer: &Url) -> Vec<Url> {
    let path = issuer.path().trim_end_matches('/');
    let paths = [
        // OpenID Connect Discovery 1.0 section 4.
        format!("{path}/.well-known/openid-configuration"),
        // RFC 8414 section 3.1: between the host and the path.
        format!("/.well-known/oauth-authorization-server{path}"),
        format!("/.well-known/openid-configuration{path}"),
        // Not as it should be, and found all the same.
        format!("{path}/.well-known/oauth-authorization-server"),
    ];
    let mut found: Vec<Url> = Vec::new();
    for path in paths {
        let mut url = issuer.clone();
        url.set_path(&path);
        url.set_query(None);
        if !found.contains(&url) {
            found.push(url);
        }
    }
    found
}

impl Metadata {
    /// Reads a document, which must be the issuer's own: one that names another would put that one's
    /// endpoints in the place of its own (RFC 8414 section 3.3).
    pub fn of(issuer: &str, document: Value, allows_loopback_http: bool) -> Result<Self, String> {
        let Value::Object(fields) = document else { return Err("it is no JSON object".to_owned()) };
        let named = fields.get("issuer").and_then(Value::as_str).unwrap_or_default();
        // A slash at the end is written and left out by turns.
        if named.trim_end_matches('/') != issuer.trim_end_matches('/') {
            return Err(format!("it is that of another issuer (`{}`)", untrusted::line(named)));
        }
        let metadata = Self { issuer: named.to_owned(), fields, allows_loopback_http };
        for name in KNOWN {
            metadata.url(name)?;
        }
        Ok(metadata)
    }

    /// Returns the issuer as it names itself.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns where a token tells whose it is (OpenID Connect Core section 5.3).
    pub fn userinfo_url(&self) -> Option<&str> {
        self.fields.get("userinfo_endpoint")?.as_str()
    }

    /// Returns where the issuer's keys are.
    pub fn jwks_url(&self) -> Option<Url> {
        self.fields.get("jwks_uri")?.as_str()?.parse().ok()
    }

    /// Returns the document.
    pub fn document(&self) -> String {
        Value::Object(self.fields.clone()).to_string()
    }

    fn url(&self, name: &str) -> Result<Option<UrlTemplate>, String> {
        let Some(text) = self.fields.get(name).and_then(Value::as_str) else { return Ok(None) };
        if text.contains(['{', '}']) {
            return Err(format!("its `{name}` has braces in it"));
        }
        endpoint(text, self.allows_loopback_http).map_err(|error| format!("its `{name}`: {error}"))?;
        Ok(Some(UrlTemplate::One(text.to_owned())))
    }

    fn list(&self, name: &str) -> Option<Vec<&str>> {
        Some(self.fields.get(name)?.as_array()?.iter().filter_map(Value::as_str).collect())
    }

    /// Puts the endpoints of the metadata where a table has none.
    pub fn add_endpoints(&self, table: &mut OAuth2) {
        let places = [
            ("authorization_endpoint", &mut table.authorization_endpoint),
            ("token_endpoint", &mut table.token_endpoint),
            ("revocation_endpoint", &mut table.revocation_endpoint),
            ("introspection_endpoint", &mut table.introspection_endpoint),
            ("device_authorization_endpoint", &mut table.device_authorization_endpoint),
            ("registration_endpoint", &mut table.registration_endpoint),
            ("userinfo_endpoint", &mut table.userinfo_endpoint),
            ("jwks_uri", &mut table.jwks_uri),
        ];
        for (name, place) in places {
            if place.is_none() {
                // Checked when the document was read.
                *place = self.url(name).ok().flatten();
            }
        }
    }

    /// Returns what the metadata says otherwise than a table, or beyond it, one sentence each.
    pub fn differences(&self, table: &OAuth2) -> Vec<String> {
        let mut told = Vec::new();
        let given = table.endpoints();
        for name in KNOWN.into_iter().chain(BEYOND) {
            let said = self.fields.get(name).and_then(Value::as_str).map(untrusted::line);
            let known = given.iter().find(|(known, _)| *known == name).map(|(_, url)| url.candidates());
            told.extend(match (said, known) {
                (Some(said), Some(known)) if !known.contains(&said) && known.iter().all(|url| !url.contains('{')) => {
                    Some(format!("`{name}` is {said}, and {} in the file", known.join(" or ")))
                }
                // What is only offered need not be used.
                (Some(_), None) if BEYOND.contains(&name) => None,
                (Some(said), None) => Some(format!("`{name}` is {said}, and the file has none")),
                (None, Some(known)) if known.iter().all(|url| !url.contains('{')) => {
                    Some(format!("`{name}` is not there, and {} in the file", known.join(" or ")))
                }
                _ => None,
            });
        }
        let method = table.token_endpoint_auth_method.word();
        if self.list("token_endpoint_auth_methods_supported").is_some_and(|methods| !methods.contains(&method)) {
            told.push(format!("`token_endpoint_auth_methods_supported` has no {method}, which the file says"));
        }
        let offers_pkce = self.list("code_challenge_methods_supported").map(|methods| methods.contains(&"S256"));
        match (offers_pkce, table.pkce) {
            (Some(true), Pkce::None) => told.push("PKCE is offered, and the file leaves it out".to_owned()),
            (Some(false), Pkce::S256) => told.push("PKCE with S256 is not offered, and the file sends it".to_owned()),
            _ => {}
        }
        told
    }

    /// Puts what the metadata says where a table says nothing.
    pub fn complete(&self, table: &mut OAuth2) {
        self.add_endpoints(table);
        table.issuer = Some(self.issuer.clone());
        let names_issuer =
            self.fields.get("authorization_response_iss_parameter_supported") == Some(&Value::Bool(true));
        table.authorization_response_iss_parameter_supported |= names_issuer;
        // RFC 9126 section 5. Where it is offered only, the browser carries the request as ever.
        if self.fields.get("require_pushed_authorization_requests") == Some(&Value::Bool(true))
            && table.pushed_authorization_request_endpoint.is_none()
        {
            table.pushed_authorization_request_endpoint =
                self.url("pushed_authorization_request_endpoint").ok().flatten();
        }
        if table.known_scopes.is_empty() {
            let scopes = self.list("scopes_supported").unwrap_or_default();
            table.known_scopes = scopes.into_iter().map(untrusted::line).collect();
        }
        if table.token_endpoint_auth_method == ClientAuthentication::default() {
            table.token_endpoint_auth_method = self.client_authentication();
        }
        // Where nothing is said, PKCE is sent: whoever does not know it ignores it (RFC 7636 section 5).
        if self.list("code_challenge_methods_supported").is_some_and(|methods| !methods.contains(&"S256")) {
            table.pkce = Pkce::None;
        }
    }
}

impl Metadata {
    /// Returns how a client is to show who it is, of what the server lets in: by a key only where nothing else is.
    fn client_authentication(&self) -> ClientAuthentication {
        // RFC 8414 section 2: without the list it is client_secret_basic.
        let Some(offered) = self.list("token_endpoint_auth_methods_supported") else {
            return ClientAuthentication::ClientSecretBasic;
        };
        let known = [
            ClientAuthentication::ClientSecretPost,
            ClientAuthentication::ClientSecretBasic,
            ClientAuthentication::None,
            ClientAuthentication::PrivateKeyJwt,
        ];
        known.into_iter().find(|method| offered.contains(&method.word())).unwrap_or_default()
    }
}

/// What is compared with a file besides.
const BEYOND: [&str; 2] = ["pushed_authorization_request_endpoint", "registration_endpoint"];

/// The endpoints that are used, and must be usable; what else a server lists is none of ours.
const KNOWN: [&str; 7] = [
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "device_authorization_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn metadata_is_looked_for_where_both_standards_put_it() {
        let tried =
            |issuer: &str| well_known(&issuer.parse().unwrap()).into_iter().map(String::from).collect::<Vec<_>>();
        assert_eq!(
            tried("https://as.example/tenant"),
            [
                "https://as.example/tenant/.well-known/openid-configuration",
                "https://as.example/.well-known/oauth-authorization-server/tenant",
                "https://as.example/.well-known/openid-configuration/tenant",
                "https://as.example/tenant/.well-known/oauth-authorization-server",
            ]
        );
        assert_eq!(tried("https://as.example/").len(), 2);
    }

    #[test]
    fn a_file_that_says_something_else_than_the_metadata_is_told_of() {
        let mut table = completed(document());
        let metadata = Metadata::of("https://as.example", document(), false).unwrap();
        assert_eq!(metadata.differences(&table), Vec::<String>::new());
        table.token_endpoint = Some(UrlTemplate::One("https://as.example/old".to_owned()));
        table.jwks_uri = None;
        table.revocation_endpoint = Some(UrlTemplate::One("https://as.example/r".to_owned()));
        table.pkce = Pkce::None;
        let told = [
            "`token_endpoint` is https://as.example/t, and https://as.example/old in the file",
            "`revocation_endpoint` is not there, and https://as.example/r in the file",
            "`jwks_uri` is https://as.example/k, and the file has none",
            "PKCE is offered, and the file leaves it out",
        ];
        assert_eq!(metadata.differences(&table), told);
    }

    fn document() -> Value {
        json!({
            "issuer": "https://as.example", "authorization_endpoint": "https://as.example/a", "token_endpoint": "https://as.example/t",
            "jwks_uri": "https://as.example/k", "scopes_supported": ["openid", "email"],
            "authorization_response_iss_parameter_supported": true, "code_challenge_methods_supported": ["S256"]
        })
    }

    fn completed(document: Value) -> OAuth2 {
        let mut table = OAuth2::default();
        Metadata::of("https://as.example", document, false).unwrap().complete(&mut table);
        table
    }

    #[test]
    fn what_a_file_does_not_say_the_metadata_fills_in() {
        let table = completed(document());
        assert_eq!(table.token_endpoint.unwrap().candidates(), ["https://as.example/t"]);
        assert_eq!(table.known_scopes, ["openid", "email"]);
        assert!(table.authorization_response_iss_parameter_supported);
        assert_eq!(table.token_endpoint_auth_method, ClientAuthentication::ClientSecretBasic);
        let mut given =
            OAuth2 { token_endpoint: Some(UrlTemplate::One("https://own.example/t".to_owned())), ..OAuth2::default() };
        Metadata::of("https://as.example/", document(), false).unwrap().complete(&mut given);
        assert_eq!(given.token_endpoint.unwrap().candidates(), ["https://own.example/t"]);
    }

    #[test]
    fn the_clients_authentication_is_one_that_the_server_knows() {
        let method = |methods: Value| {
            let mut document = document();
            document["token_endpoint_auth_methods_supported"] = methods;
            completed(document).token_endpoint_auth_method
        };
        assert_eq!(
            method(json!(["client_secret_post", "client_secret_basic"])),
            ClientAuthentication::ClientSecretPost
        );
        assert_eq!(method(json!(["client_secret_basic"])), ClientAuthentication::ClientSecretBasic);
        assert_eq!(method(json!(["private_key_jwt", "none"])), ClientAuthentication::None);
        assert_eq!(method(json!(["tls_client_auth", "private_key_jwt"])), ClientAuthentication::PrivateKeyJwt);
        assert_eq!(method(json!(["tls_client_auth"])), ClientAuthentication::default());
    }

    #[test]
    fn another_issuers_metadata_and_endpoints_that_are_none_are_refused() {
        for (field, value) in [
            ("issuer", json!("https://evil.example")),
            ("issuer", json!(null)),
            ("token_endpoint", json!("http://as.example/t")),
            ("token_endpoint", json!("https://u@as.example/t")),
            ("authorization_endpoint", json!("javascript:alert(1)")),
            ("jwks_uri", json!("https://as.example/{k}")),
        ] {
            let mut changed = document();
            changed[field] = value.clone();
            assert!(Metadata::of("https://as.example", changed, false).is_err(), "{field} {value}");
        }
    }
}
