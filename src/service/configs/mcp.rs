//! Providers that are known by the address of an MCP server alone.

use crate::auth::http::{host_of, is_loopback_issuer};
use crate::auth::protected_resource::{self, ProtectedResource};
use crate::model::provider::{OAuth2, UrlTemplate};
use crate::model::template::endpoint;
use crate::model::{Provider, ProviderId, untrusted};
use crate::service::{Error, Kind, Result, Service};

impl Service {
    /// Returns the provider of an MCP server: a known one, or else one of the user's own, which is written after the
    /// server said whose tokens it takes (RFC 9728) and that issuer's metadata was looked at.
    pub async fn provider_of_mcp(&self, server: &str) -> Result<ProviderId> {
        self.may_change()?;
        let server = server.trim();
        let is_here = is_loopback_issuer(server);
        let url = endpoint(server, is_here).map_err(|error| {
            Error::usage(format!("that is no address of an MCP server: {error}"))
                .hinted("expected its whole address, as in `https://mcp.example.com/mcp`")
        })?;
        let known = self.catalog.all().into_iter().filter_map(|(id, provider)| Some((id, provider.ok()?)));
        if let Some((id, _)) = known.into_iter().find(|(_, provider)| is_of(provider, &url)) {
            return Ok(id);
        }
        let resource = protected_resource::discover(&self.network.auth, server, is_here).await?;
        let metadata = self.metadata(&resource.issuer, is_here).await?;
        let mut table = OAuth2::default();
        metadata.add_endpoints(&mut table);
        if table.token_endpoint.is_none() || table.authorization_endpoint.is_none() {
            let issuer = untrusted::line(&resource.issuer);
            return Err(Error::new(Kind::Provider, format!("`{issuer}`, which it takes tokens of, authorizes nobody"))
                .hinted("RFC 8414 section 2 asks for both endpoints in its metadata; ask whoever runs the server"));
        }
        let resource = ProtectedResource { issuer: metadata.issuer().to_owned(), ..resource };
        let name = resource.name.clone().unwrap_or_else(|| host_of(&url));
        self.add_found(&format!("{}{}", host_of(&url), url.path()), &file_of(&name, &url, &resource), server)
    }
}

/// Tells whether a provider is that of an MCP server: it names it, or it is the built-in one at its host.
fn is_of(provider: &Provider, server: &url::Url) -> bool {
    let Some(table) = &provider.oauth2 else { return false };
    let is_same = |text: &str| text.trim_end_matches('/') == server.as_str().trim_end_matches('/');
    let is_named = table.resource.as_deref().is_some_and(is_same);
    let is_at_its_host = || {
        let base = provider.api.base_url.as_ref().map(UrlTemplate::candidates).unwrap_or_default();
        base.iter().filter_map(|base| url::Url::parse(base).ok()).any(|base| base.origin() == server.origin())
    };
    is_named || !provider.is_own && provider.categories.iter().any(|category| category == "mcp") && is_at_its_host()
}

/// The file of an MCP server: the rest is discovered at its issuer.
fn file_of(name: &str, server: &url::Url, resource: &ProtectedResource) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    let mut lines = vec![format!("name = {}", text(name)), "categories = [\"mcp\"]".to_owned()];
    let note = format!("The MCP server is at `{}`.", server.path());
    lines.push(format!("notes = [{}]", text(&note)));
    lines.extend([String::new(), "[oauth2]".to_owned(), format!("issuer = {}", text(&resource.issuer))]);
    lines.push(format!("resource = {}", text(&resource.resource)));
    if !resource.scopes.is_empty() {
        // What MCP has a client ask for where the server says nothing of a request (its authorization, "scope selection").
        lines.push(format!("default_scopes = {}", toml::Value::from(resource.scopes.clone())));
        lines.push(format!("known_scopes = {}", toml::Value::from(resource.scopes.clone())));
    }
    lines.extend([String::new(), "[api]".to_owned()]);
    lines.push(format!("base_url = {}", text(&server.origin().ascii_serialization())));
    lines.push("headers = { accept = \"application/json,text/event-stream\" }".to_owned());
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_an_mcp_server_keeps_every_rule() {
        let resource = ProtectedResource {
            resource: "https://mcp.example/v1/mcp".to_owned(),
            name: Some("Notes \"here\"".to_owned()),
            issuer: "https://as.example".to_owned(),
            scopes: vec!["read".to_owned()],
        };
        let text = file_of("Notes \"here\"", &"https://mcp.example/v1/mcp".parse().unwrap(), &resource);
        let provider: Provider = toml::from_str(&text).unwrap();
        assert_eq!(crate::catalog::check::problems(&provider), Vec::<String>::new());
        assert_eq!(crate::catalog::check::spelled_out(&text.parse().unwrap()), Vec::<String>::new());
        assert!(is_of(&provider, &"https://mcp.example/v1/mcp/".parse().unwrap()));
        assert!(!is_of(&Provider { is_own: true, ..provider }, &"https://mcp.example/v2/mcp".parse().unwrap()));
    }
}
