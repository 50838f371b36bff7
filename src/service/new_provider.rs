//! A provider file of the user's own, made of an issuer or of two addresses.

use super::{Error, Result, Service};
use crate::auth::transport::TokenRequest;
use crate::auth::{AuthError, http};
use crate::catalog::check;
use crate::model::provider::{ClientAuthentication, OAuth2, Pkce, UrlTemplate};
use crate::model::tape::What;
use crate::model::template::endpoint;
use crate::model::{ProviderId, untrusted};

/// How many scopes of an issuer a file lists: some list hundreds.
const MOST_SCOPES: usize = 30;

/// What a file is made of: an issuer, or both addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewProvider {
    /// The name that people know it by; its id is made of that.
    pub name: String,
    /// The issuer, whose metadata has the rest.
    pub issuer: Option<String>,
    /// Where the browser goes, where there is no issuer.
    pub authorization_endpoint: Option<String>,
    /// Where codes are exchanged, where there is no issuer.
    pub token_endpoint: Option<String>,
    /// Where the API is.
    pub api: Option<String>,
}

/// A file that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeProvider {
    /// Its id.
    pub id: ProviderId,
    /// Its text.
    pub text: String,
    /// What was found out while it was tried, one sentence each.
    pub findings: Vec<String>,
}

impl Service {
    /// Writes a provider file of the user's own, after what it says was looked up and tried.
    pub async fn new_provider(&self, new: NewProvider) -> Result<MadeProvider> {
        self.may_change()?;
        let id = ProviderId::new(slug(&new.name))?;
        if self.catalog.get(id.as_str()).is_ok() {
            return Err(Error::usage(format!("there is a provider `{id}` already"))
                .hinted("choose another name; a file that says `extends` adds to one that is there"));
        }
        let (table, mut findings) = self.table_of(&new).await?;
        let text = file_of(&new, &table);
        let provider = toml::from_str(&text)
            .map_err(|error| Error::usage(format!("no provider file can be made of that: {error}")))?;
        let problems = check::problems(&crate::model::Provider { is_own: true, ..provider });
        if !problems.is_empty() {
            let mut error = Error::usage("no provider file can be made of that");
            error.causes = problems;
            return Err(error);
        }
        findings.push(self.try_token_endpoint(&table).await);
        if self.catalog.add_own(&id, &text)?.is_some() {
            return Err(Error::usage(format!("there is a provider `{id}` already")));
        }
        self.record_home(format!("provider `{id}` was made"));
        Ok(MadeProvider { id, text, findings })
    }

    /// Returns the table of what is known, and what the metadata is like.
    async fn table_of(&self, new: &NewProvider) -> Result<(OAuth2, Vec<String>)> {
        let mut table = OAuth2::default();
        let Some(issuer) = &new.issuer else {
            let url = |text: &Option<String>, what: &str| {
                let text = text.as_ref().ok_or_else(|| Error::usage(format!("the {what} is missing")))?;
                Ok::<_, Error>(Some(UrlTemplate::One(endpoint(text.trim(), true)?.to_string())))
            };
            table.authorization_endpoint = url(&new.authorization_endpoint, "authorization endpoint")?;
            table.token_endpoint = url(&new.token_endpoint, "token endpoint")?;
            return Ok((table, Vec::new()));
        };
        let metadata = self.metadata(issuer.trim(), http::is_loopback_issuer(issuer.trim())).await?;
        metadata.complete(&mut table);
        table.known_scopes.truncate(MOST_SCOPES);
        let endpoints = table.endpoints().len();
        Ok((table, vec![format!("the issuer's metadata names {endpoints} endpoints that are used")]))
    }

    /// Asks the token endpoint for something that it must refuse: one that is none answers otherwise.
    async fn try_token_endpoint(&self, table: &OAuth2) -> String {
        let url = table.token_endpoint.as_ref().and_then(|url| url.candidates().first());
        let Some(url) = url.and_then(|url| url::Url::parse(url).ok()) else {
            return "it has no token endpoint to try".to_owned();
        };
        let pairs = [("grant_type", "authorization_code"), ("code", "none"), ("client_id", "hallpass")];
        let request = TokenRequest::of(What::TokenRequest, &pairs);
        match self.network.auth.tokens(&url, &OAuth2::default(), request).await {
            Err(AuthError::Refused(refusal))
                if matches!(refusal.status, 400 | 401) && !refusal.code.starts_with("http_") =>
            {
                format!("the token endpoint answers as one does (`{}`)", refusal.code)
            }
            Err(AuthError::Refused(refusal)) => {
                format!("the token endpoint answers {}, and not as RFC 6749 section 5.2 has it", refusal.status)
            }
            Err(error) => format!("the token endpoint could not be tried: {error}"),
            Ok(_) => "the token endpoint gave a token to nobody, which none should".to_owned(),
        }
    }
}

fn file_of(new: &NewProvider, table: &OAuth2) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    let mut lines =
        vec![format!("name = {}", text(untrusted::line(&new.name).trim())), "categories = [\"other\"]".to_owned()];
    lines.extend([String::new(), "[oauth2]".to_owned()]);
    lines.extend(new.issuer.as_ref().and(table.issuer.as_ref()).map(|issuer| format!("issuer = {}", text(issuer))));
    lines.extend(endpoint_lines(table));
    let userinfo = table.userinfo_endpoint.as_ref().and_then(|url| url.candidates().first());
    if new.api.is_some() || userinfo.is_some() {
        lines.extend([String::new(), "[api]".to_owned()]);
        lines.extend(new.api.as_ref().map(|url| format!("base_url = {}", text(url.trim().trim_end_matches('/')))));
        lines.extend(userinfo.map(|url| format!("identity = {}", text(&format!("GET {url}")))));
    }
    lines.join("\n") + "\n"
}

/// Writes what metadata says, but for the issuer, as a file has it.
pub(super) fn endpoint_lines(table: &OAuth2) -> Vec<String> {
    let text = |text: &str| toml::Value::from(text).to_string();
    let mut lines = Vec::new();
    if table.authorization_response_iss_parameter_supported {
        lines.push("authorization_response_iss_parameter_supported = true".to_owned());
    }
    for (name, url) in table.endpoints() {
        lines.extend(url.candidates().first().map(|url| format!("{name} = {}", text(url))));
    }
    if table.token_endpoint_auth_method != ClientAuthentication::default() {
        lines.push(format!("token_endpoint_auth_method = {}", text(table.token_endpoint_auth_method.word())));
    }
    if table.pkce == Pkce::None {
        lines.push("pkce = \"none\"".to_owned());
    }
    if !table.known_scopes.is_empty() {
        lines.push(format!("known_scopes = {}", toml::Value::from(table.known_scopes.clone())));
    }
    lines
}

/// Makes an id of a name: its letters and digits, with dashes between.
pub(super) fn slug(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '-' })
        .collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    words.join("-").chars().take(60).collect::<String>().trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_made_of_a_name_or_an_address() {
        assert_eq!(slug("Acme & Söhne GmbH"), "acme-s-hne-gmbh");
        assert_eq!(slug("accounts.acme.com/"), "accounts-acme-com");
        assert_eq!(slug("127.0.0.1:9810"), "127-0-0-1-9810");
        assert_eq!(slug("login.example/tenant/v2.0"), "login-example-tenant-v2-0");
        assert!(ProviderId::new(slug(&"a-".repeat(100))).is_ok());
    }

    #[test]
    fn a_file_says_what_is_known_and_no_default() {
        let url = |url: &str| Some(UrlTemplate::One(url.to_owned()));
        let table = OAuth2 {
            authorization_endpoint: url("https://as.example/a"),
            token_endpoint: url("https://as.example/t"),
            token_endpoint_auth_method: ClientAuthentication::ClientSecretBasic,
            known_scopes: vec!["read".to_owned(), "\"odd\"".to_owned()],
            ..OAuth2::default()
        };
        let new = NewProvider {
            name: "Acme \"1\"\u{1b}".to_owned(),
            api: Some("https://api.example/".to_owned()),
            ..NewProvider::default()
        };
        let text = file_of(&new, &table);
        let provider: crate::model::Provider = toml::from_str(&text).unwrap();
        assert_eq!(check::problems(&provider), Vec::<String>::new());
        assert_eq!(check::spelled_out(&text.parse().unwrap()), Vec::<String>::new());
        assert_eq!(provider.name, "Acme \"1\"");
        assert_eq!(provider.oauth2.unwrap().known_scopes, ["read", "\"odd\""]);
    }
}
