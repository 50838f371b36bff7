//! Providers that are known by the address of an MCP server alone.

use url::Url;

use crate::auth::http::{host_of, is_loopback_issuer};
use crate::auth::protected_resource::{self, ProtectedResource, is_at_or_below};
use crate::model::provider::{OAuth2, UrlTemplate};
use crate::model::template::endpoint;
use crate::model::{Provider, ProviderId, untrusted};
use crate::service::new_provider::endpoint_lines;
use crate::service::{Error, Kind, Result, Service};

impl Service {
    /// Returns the provider of an MCP server: a known one, or else one of the user's own, which is written after the
    /// server said whose tokens it takes (RFC 9728) and that issuer's metadata was looked at.
    pub async fn provider_of_mcp(&self, server: &str) -> Result<ProviderId> {
        self.may_change()?;
        let is_here = is_loopback_issuer(server.trim());
        let expected = "expected its whole address, as in `https://mcp.example.com/mcp`";
        let url = endpoint(server.trim(), is_here)
            .map_err(|error| Error::usage(format!("that is no address of an MCP server: {error}")).hinted(expected))?;
        if url.query().is_some() {
            return Err(Error::usage("the address of an MCP server has no query here").hinted(expected));
        }
        if let Some(id) = self.find_provider(|provider| is_of(provider, &url)) {
            return Ok(id);
        }
        let resource = protected_resource::discover(&self.network.auth, &url, is_here).await?;
        let metadata = match self.metadata(&resource.issuer, is_here).await {
            Err(error) if error.kind == Kind::Provider && !resource.is_told => {
                let message =
                    format!("`{}` does not say whose tokens it takes (RFC 9728)", untrusted::line(url.as_str()));
                let mut error = Error::new(Kind::Provider, message).hinted(
                    "check the address; one that needs no token needs no hallpass, and for one that takes a key a provider file of your own says how",
                );
                error.causes = vec!["nor is there an authorization server at its host".to_owned()];
                return Err(error);
            }
            metadata => metadata?,
        };
        let mut table = OAuth2::default();
        metadata.complete(&mut table);
        if table.token_endpoint.is_none() || table.authorization_endpoint.is_none() {
            let issuer = untrusted::line(&resource.issuer);
            return Err(Error::new(Kind::Provider, format!("`{issuer}`, which it takes tokens of, authorizes nobody"))
                .hinted("RFC 8414 section 2 asks for both endpoints in its metadata; ask whoever runs the server"));
        }
        table.resource = Some(resource.resource.clone());
        // Another server of the same resource takes the same tokens.
        let is_the_same = |provider: &Provider| {
            let own = provider.oauth2.as_ref().filter(|_| provider.is_own);
            own.is_some_and(|own| own.resource == table.resource && own.issuer == table.issuer) && is_at(provider, &url)
        };
        if let Some(id) = self.find_provider(is_the_same) {
            return Ok(id);
        }
        let name = resource.name.clone().unwrap_or_else(|| host_of(&url));
        let text = file_of(&name, &url, &resource, table);
        self.add_found(&format!("{}{}", host_of(&url), url.path()), &text, server)
    }

    fn find_provider(&self, is_it: impl Fn(&Provider) -> bool) -> Option<ProviderId> {
        let known = self.catalog.all().into_iter().filter_map(|(id, provider)| Some((id, provider.ok()?)));
        known.into_iter().find(|(_, provider)| is_it(provider)).map(|(id, _)| id)
    }
}

/// Tells whether a provider is that of an MCP server: its own file is for it, or it is the built-in one at its host.
fn is_of(provider: &Provider, server: &Url) -> bool {
    let Some(table) = &provider.oauth2 else { return false };
    let is_mcp = provider.categories.iter().any(|category| category == "mcp");
    if provider.is_own || !is_mcp {
        return table.resource.is_some() && is_at(provider, server);
    }
    let base = provider.api.base_url.as_ref().map(UrlTemplate::candidates).unwrap_or_default();
    let mut bases = base.iter().filter_map(|base| Url::parse(base).ok());
    let resource = table.resource.as_deref().map(Url::parse);
    bases.any(|base| base.origin() == server.origin())
        && resource.is_none_or(|resource| resource.is_ok_and(|resource| is_at_or_below(server, &resource)))
}

/// Tells whether an MCP server is what a provider's API is.
fn is_at(provider: &Provider, server: &Url) -> bool {
    let is_same = |text: &String| text.trim_end_matches('/') == server.as_str().trim_end_matches('/');
    provider.api.base_url.iter().flat_map(UrlTemplate::candidates).any(is_same)
}

/// The file of an MCP server: what its issuer says today, and the issuer itself.
fn file_of(name: &str, server: &Url, resource: &ProtectedResource, mut table: OAuth2) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    // The issuer's own scopes may be for others.
    table.known_scopes.clone_from(&resource.scopes);
    let mut lines = vec![format!("name = {}", text(name)), "categories = [\"mcp\"]".to_owned()];
    lines.push(
        "notes = [\"The base URL is the MCP server itself: `hallpass request` has it with an empty path.\"]".to_owned(),
    );
    lines.extend([String::new(), "[oauth2]".to_owned()]);
    lines.extend(table.issuer.as_ref().map(|issuer| format!("issuer = {}", text(issuer))));
    lines.push(format!("resource = {}", text(&resource.resource)));
    lines.extend(endpoint_lines(&table));
    if !resource.scopes.is_empty() {
        // What MCP has a client ask for where the server says nothing of a request (its authorization, "scope selection").
        lines.push(format!("default_scopes = {}", toml::Value::from(resource.scopes.clone())));
    }
    lines.extend([String::new(), "[api]".to_owned(), format!("base_url = {}", text(server.as_str()))]);
    lines.push("headers = { accept = \"application/json,text/event-stream\" }".to_owned());
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(resource: &str) -> Provider {
        let resource = ProtectedResource {
            resource: resource.to_owned(),
            name: None,
            issuer: "https://as.example".to_owned(),
            scopes: vec!["read".to_owned()],
            is_told: true,
        };
        let url = |url: &str| Some(UrlTemplate::One(url.to_owned()));
        let table = OAuth2 {
            issuer: Some("https://as.example".to_owned()),
            authorization_endpoint: url("https://as.example/a"),
            token_endpoint: url("https://as.example/t"),
            registration_endpoint: url("https://as.example/r"),
            ..OAuth2::default()
        };
        let text = file_of("Notes \"here\"", &"https://mcp.example/v1/mcp".parse().unwrap(), &resource, table);
        let provider: Provider = toml::from_str(&text).unwrap();
        assert_eq!(crate::catalog::check::problems(&provider), Vec::<String>::new());
        assert_eq!(crate::catalog::check::spelled_out(&text.parse().unwrap()), Vec::<String>::new());
        Provider { is_own: true, ..provider }
    }

    #[test]
    fn the_file_of_an_mcp_server_keeps_every_rule_and_is_found_again_by_its_address() {
        for resource in ["https://mcp.example/v1/mcp", "https://mcp.example"] {
            let provider = file(resource);
            assert!(provider.may_register() && !provider.offers_device());
            let is_of = |server: &str| is_of(&provider, &server.parse().unwrap());
            assert!(is_of("https://mcp.example/v1/mcp/") && !is_of("https://mcp.example/v2/mcp"), "{resource}");
        }
    }

    #[test]
    fn a_built_in_one_is_for_its_host_or_for_its_resource_there() {
        let get = |id: &str| crate::catalog::Catalog::default().get(id).unwrap().1;
        assert!(is_of(&get("linear-mcp"), &"https://mcp.linear.app/sse".parse().unwrap()));
        assert!(!is_of(&get("robinhood-mcp"), &"https://agent.robinhood.com/mcp/other".parse().unwrap()));
        assert!(is_of(&get("robinhood-mcp"), &"https://agent.robinhood.com/mcp/trading".parse().unwrap()));
    }
}
