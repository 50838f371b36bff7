//! Providers that are known by their issuer alone.

use crate::auth::discovery::Metadata;
use crate::model::provider::{ClientAuthentication, OAuth2, UrlTemplate};
use crate::model::{Provider, ProviderId, untrusted};
use crate::service::new_provider::slug;
use crate::service::{Error, Kind, Result, Service};

impl Service {
    /// Returns the provider of an issuer, whose metadata is fetched and checked: a built-in one that names
    /// this issuer, or else one of the user's own, which is written for it. `api` is where its API is.
    pub async fn provider_of_issuer(&self, issuer: &str, api: Option<&str>) -> Result<ProviderId> {
        self.may_change()?;
        let issuer = issuer.trim();
        let is_same = |known: &str| known.trim_end_matches('/') == issuer.trim_end_matches('/');
        // One of the user's own that says more is something else.
        let is_bare = |table: &OAuth2| table.token_endpoint.is_none();
        let is_this = |provider: &Provider| {
            let table = provider.oauth2.as_ref();
            let table = table.filter(|table| table.issuer.as_deref().is_some_and(is_same));
            table.is_some_and(|table| !provider.is_own || is_bare(table))
        };
        let known = self.catalog.all().into_iter().filter_map(|(id, provider)| Some((id, provider.ok()?)));
        let known = known.filter(|(_, provider)| is_this(provider) && provider.extends.is_none());
        let known = known.filter(|(_, provider)| {
            api.is_none() || provider.api.base_url == api.map(|url| UrlTemplate::One(url.to_owned()))
        });
        if let Some((id, _)) = known.min_by_key(|(id, provider)| (!provider.is_own, id.clone())) {
            return Ok(id);
        }
        let metadata = self.metadata(issuer, crate::auth::http::is_loopback_issuer(issuer)).await?;
        let mut table = OAuth2::default();
        metadata.add_endpoints(&mut table);
        if table.token_endpoint.is_none() {
            let message = format!("the metadata of `{}` names no `token_endpoint`", untrusted::line(issuer));
            return Err(Error::new(Kind::Provider, message)
                .hinted("RFC 8414 section 2 asks for one; ask the provider, or write a file of your own"));
        }
        let url = url::Url::parse(metadata.issuer()).map_err(|_| Error::usage("that issuer is not a URL"))?;
        let host = crate::auth::http::host_of(&url);
        let text = issuer_file(&host, &metadata, api.map(checked_api).transpose()?.as_deref());
        self.add_found(&format!("{host}{}", url.path()), &text, issuer)
    }

    /// Writes a provider file of the user's own that was made of an address, under an id that is free.
    pub(super) fn add_found(&self, name: &str, text: &str, found_at: &str) -> Result<ProviderId> {
        let slug = slug(name);
        for number in 1..100 {
            let id = if number == 1 { slug.clone() } else { format!("{slug}-{number}") };
            let id = ProviderId::new(id)?;
            let is_taken = self.catalog.get(id.as_str()).is_ok();
            if !is_taken && self.catalog.add_own(&id, text)?.is_none() {
                self.record_home(format!("provider `{id}` was made for {}", untrusted::line(found_at)));
                return Ok(id);
            }
        }
        Err(Error::usage(format!("there are too many providers called `{slug}`")))
    }
}

/// The file of a provider that is known by its issuer alone: the rest is discovered there.
fn issuer_file(name: &str, metadata: &Metadata, api: Option<&str>) -> String {
    let table = |keys: Vec<(&str, toml::Value)>| {
        keys.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<toml::Table>()
    };
    let identity = metadata.userinfo_url().map(|url| ("identity", format!("GET {url}").into()));
    let base_url = api.map(|url| ("base_url", url.into()));
    let api = table(base_url.into_iter().chain(identity).collect());
    let mut told = OAuth2::default();
    metadata.complete(&mut told);
    // Whoever makes a config must know that its secret is a key.
    let signs = told.token_endpoint_auth_method == ClientAuthentication::PrivateKeyJwt;
    let method = signs.then(|| ("token_endpoint_auth_method", told.token_endpoint_auth_method.word().into()));
    let oauth2 = table([("issuer", metadata.issuer().into())].into_iter().chain(method).collect());
    let mut file = table(vec![
        ("name", name.into()),
        ("categories", toml::Value::Array(vec!["other".into()])),
        ("oauth2", oauth2.into()),
    ]);
    if !api.is_empty() {
        file.insert("api".to_owned(), api.into());
    }
    file.to_string()
}

/// Checks where an API is, as a person gives it.
fn checked_api(text: &str) -> Result<String> {
    let url = crate::model::template::endpoint(text.trim(), true)?;
    if url.query().is_some() || text.contains(['{', '}']) {
        return Err(Error::usage(format!("`{}` is not the base URL of an API", untrusted::line(text)))
            .hinted("expected an https URL without query and braces"));
    }
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_an_issuer_keeps_every_rule() {
        let document =
            serde_json::json!({"issuer": "https://as.example", "userinfo_endpoint": "https://as.example/me"});
        let metadata = Metadata::of("https://as.example", document, false).unwrap();
        for api in [None, Some("https://api.example/v1")] {
            let provider: Provider = toml::from_str(&issuer_file("as.example", &metadata, api)).unwrap();
            assert_eq!(crate::catalog::check::problems(&provider), Vec::<String>::new());
            assert_eq!(provider.api.identity.as_deref(), Some("GET https://as.example/me"));
        }
    }
}
