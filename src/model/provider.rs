//! A provider template as its file says it. The format is described in the README; every key
//! that is not written has the default that stands here.

mod api;
mod needs;
mod oauth2;
mod quirks;
mod way_in;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::config::{DEFAULT_REDIRECT_URI, HTTPS_REDIRECT_URI};
pub use api::Api;
pub use needs::Need;
pub use oauth2::{
    Answer, ClientAuthentication, ExpirySource, OAuth2, Pkce, Redirect, RequestFormat, TokenRequest, TokenTrade, Unit,
};
pub use way_in::WayIn;

/// The field of an API key where the file declares none.
pub const API_KEY: &str = "api_key";
/// The field of a user name.
pub const USERNAME: &str = "username";
/// The field of a password.
pub const PASSWORD: &str = "password";

/// A provider template: one file in `providers/`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The name people know it by.
    pub name: String,
    /// What it is for; a closed set (`catalog::check`).
    #[serde(default)]
    pub categories: Vec<String>,
    /// The provider's page on authenticating.
    pub docs: Option<String>,
    /// Where an application is registered.
    pub console: Option<String>,
    /// The id of a file whose keys stand under this one's.
    pub extends: Option<String>,
    /// Old ids, in any spelling, that find this file.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What costs people hours, one sentence each.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Authorization code with PKCE (RFC 6749 section 4.1, RFC 7636).
    pub oauth2: Option<OAuth2>,
    /// Client credentials (RFC 6749 section 4.4).
    pub client_credentials: Option<OAuth2>,
    /// OAuth 1.0a (RFC 5849).
    pub oauth1: Option<OAuth1>,
    /// An API key that the user pastes.
    pub api_key: Option<Plain>,
    /// A user name and a password.
    pub basic: Option<Plain>,
    /// What is asked for besides, or captured from the answers.
    #[serde(default)]
    pub variables: BTreeMap<String, Variable>,
    /// What an API key or login form asks for.
    #[serde(default)]
    pub credentials: BTreeMap<String, CredentialField>,
    /// One call after authorizing that fills variables.
    pub lookup: Option<Lookup>,
    /// The API that the token is for.
    #[serde(default)]
    pub api: Api,
    /// Whether the file is the user's own. An embedded one never speaks plain http.
    #[serde(skip)]
    pub is_own: bool,
}

/// One URL, or several of which the first whose variables are all set is taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum UrlTemplate {
    /// The only one.
    One(String),
    /// In the order of preference.
    FirstOf(Vec<String>),
}

impl UrlTemplate {
    /// Returns the candidates, in the order of preference.
    pub fn candidates(&self) -> &[String] {
        match self {
            Self::One(url) => std::slice::from_ref(url),
            Self::FirstOf(urls) => urls,
        }
    }
}

/// A value of a parameter table: text, number or truth value, all sent as text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Parameter {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Truth(bool),
}

impl std::fmt::Display for Parameter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Truth(truth) => write!(formatter, "{truth}"),
        }
    }
}

/// Parameters by name.
pub type Parameters = BTreeMap<String, Parameter>;

/// The `[oauth1]` table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OAuth1 {
    /// Where temporary credentials are obtained (RFC 5849 section 2.1).
    pub request_token_endpoint: Option<UrlTemplate>,
    /// Where the browser goes (section 2.2).
    pub authorization_endpoint: Option<UrlTemplate>,
    /// Where token credentials are obtained (section 2.3).
    pub token_endpoint: Option<UrlTemplate>,
    /// How requests are signed (section 3.4).
    pub signature_method: SignatureMethod,
    /// Added to the request for temporary credentials.
    pub request_token_params: Parameters,
    /// Added to the URL that the browser opens.
    pub authorization_params: Parameters,
    /// The parameter of that URL that holds the scopes, where the provider has such a thing.
    pub scope_param: Option<String>,
    /// What stands between scopes.
    pub scope_separator: Option<String>,
    /// Asked for where the config names none.
    pub default_scopes: Vec<String>,
    /// Offered when a config is made.
    pub known_scopes: Vec<String>,
}

/// How an OAuth 1.0a request is signed (RFC 5849 section 3.4). RSA-SHA1 is read so that the error can
/// say that it is not supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum SignatureMethod {
    /// RFC 5849 section 3.4.2.
    #[default]
    #[serde(rename = "HMAC-SHA1")]
    HmacSha1,
    /// The same with SHA-256: no RFC has it, several providers do.
    #[serde(rename = "HMAC-SHA256")]
    HmacSha256,
    /// RFC 5849 section 3.4.4.
    #[serde(rename = "PLAINTEXT")]
    Plaintext,
    /// RFC 5849 section 3.4.3.
    #[serde(rename = "RSA-SHA1")]
    RsaSha1,
}

impl SignatureMethod {
    /// Returns its name in requests.
    pub fn word(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::Plaintext => "PLAINTEXT",
            Self::RsaSha1 => "RSA-SHA1",
        }
    }
}

/// A table without keys of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plain {}

/// The `[variables.NAME]` table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Variable {
    /// What values are let in.
    pub kind: VariableKind,
    /// What it is called on a form.
    pub label: Option<String>,
    /// Taken where nothing is given.
    pub default: Option<String>,
    /// Cut off in front, where somebody types it.
    pub prefix: Option<String>,
    /// Cut off at the end, where somebody types it.
    pub suffix: Option<String>,
    /// The values of a choice.
    pub choices: Vec<String>,
    /// Whether it may be left out.
    pub optional: bool,
    /// `token:PATH`, `callback:NAME` or `lookup:PATH`: captured instead of asked.
    pub from: Option<String>,
}

/// What values a variable lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VariableKind {
    /// One DNS label.
    Label,
    /// One or more DNS labels, in front of a domain that the file names.
    Labels,
    /// A host name.
    Host,
    /// An https URL without query and fragment.
    Url,
    /// A UUID.
    Uuid,
    /// One of `choices`.
    Choice,
    /// Any text without control characters; never in a host.
    #[default]
    Text,
}

/// The `[credentials.NAME]` table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CredentialField {
    /// What it is called on a form.
    pub label: Option<String>,
    /// Whether it is masked.
    pub secret: bool,
    /// Whether it may be left out.
    pub optional: bool,
    /// What it always is: then nobody is asked for it.
    pub default: Option<String>,
}

/// The `[lookup]` table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// The method, GET unless said otherwise.
    #[serde(default)]
    pub method: Option<String>,
    /// The URL, or a path under the API's base URL.
    pub url: String,
    /// The body, sent as JSON.
    pub body: Option<String>,
}

impl Provider {
    /// Returns the ways of authenticating that the file declares, the usual one first.
    pub fn ways(&self) -> Vec<WayIn> {
        WayIn::ALL.into_iter().filter(|way| self.declares(*way)).collect()
    }

    /// Tells whether the file declares a way of authenticating.
    pub fn declares(&self, way: WayIn) -> bool {
        match way {
            WayIn::OAuth2 => self.oauth2.is_some(),
            WayIn::OAuth1 => self.oauth1.is_some(),
            WayIn::ClientCredentials => self.client_credentials.is_some(),
            WayIn::ApiKey => self.api_key.is_some(),
            WayIn::Basic => self.basic.is_some(),
        }
    }

    /// Returns the words for the ways of authenticating that the file declares.
    pub fn way_words(&self) -> Vec<&'static str> {
        self.ways().into_iter().map(WayIn::word).collect()
    }

    /// Returns the usual way of authenticating of a config: one that needs a registered client where
    /// there is a client id, else one that needs none.
    pub fn usual_way(&self, has_client: bool) -> Option<WayIn> {
        let ways = self.ways();
        let fits = ways.iter().copied().find(|way| way.needs_client() == has_client);
        fits.or_else(|| ways.first().copied())
    }

    /// Tells whether it has device codes (RFC 8628), as far as its file says; where all is discovered, it may.
    pub fn offers_device(&self) -> bool {
        self.oauth2.as_ref().is_some_and(|table| {
            table.device_authorization_endpoint.is_some() || table.token_endpoint.is_none() && table.issuer.is_some()
        })
    }

    /// Returns the ways of authenticating that a config can take, with a client id or without.
    pub fn usable_ways(&self, has_client: bool) -> Vec<WayIn> {
        self.ways().into_iter().filter(|way| has_client || !way.needs_client()).collect()
    }

    /// Tells whether a browser takes part in one of its ways, and comes back to a redirect URI.
    pub fn takes_redirect(&self) -> bool {
        self.ways().iter().any(|way| matches!(way, WayIn::OAuth2 | WayIn::OAuth1))
    }

    /// Returns the redirect URI to register unless the user says otherwise.
    pub fn default_redirect_uri(&self) -> &'static str {
        let is_https_only = self.oauth2.as_ref().is_some_and(|table| table.redirect.https_only);
        if is_https_only { HTTPS_REDIRECT_URI } else { DEFAULT_REDIRECT_URI }
    }

    /// Returns the OAuth 2 table of a way of authenticating.
    pub fn oauth2_of(&self, way: WayIn) -> Option<&OAuth2> {
        match way {
            WayIn::OAuth2 => self.oauth2.as_ref(),
            WayIn::ClientCredentials => self.client_credentials.as_ref(),
            WayIn::OAuth1 | WayIn::ApiKey | WayIn::Basic => None,
        }
    }

    /// Returns the scopes that a way of authenticating asks for unless the config names some.
    pub fn default_scopes(&self, way: WayIn) -> &[String] {
        match (self.oauth2_of(way), &self.oauth1) {
            (Some(table), _) => &table.default_scopes,
            (None, Some(table)) if way == WayIn::OAuth1 => &table.default_scopes,
            _ => &[],
        }
    }

    /// Returns the scopes that are offered for a way of authenticating.
    pub fn known_scopes(&self, way: WayIn) -> &[String] {
        match (self.oauth2_of(way), &self.oauth1) {
            (Some(table), _) => &table.known_scopes,
            (None, Some(table)) if way == WayIn::OAuth1 => &table.known_scopes,
            _ => &[],
        }
    }

    /// Returns what an API key or login form asks for: what the file declares, or the usual fields of
    /// that way. Those that always have the same value are among them.
    pub fn credential_fields(&self, way: WayIn) -> Vec<(String, CredentialField)> {
        let usual = |name: &str, label: &str, secret| {
            let declared = self.credentials.get(name).cloned();
            let field = CredentialField { label: Some(label.to_owned()), secret, ..CredentialField::default() };
            (name.to_owned(), declared.unwrap_or(field))
        };
        let first = match way {
            WayIn::ApiKey if self.credentials.is_empty() => vec![usual(API_KEY, "API key", true)],
            WayIn::Basic => vec![usual(USERNAME, "User name", false), usual(PASSWORD, "Password", true)],
            WayIn::ApiKey | WayIn::OAuth2 | WayIn::OAuth1 | WayIn::ClientCredentials => Vec::new(),
        };
        let rest: Vec<_> = match way {
            WayIn::ApiKey | WayIn::Basic => {
                let is_new = |name: &&String| first.iter().all(|(known, _)| known != *name);
                self.credentials
                    .keys()
                    .filter(is_new)
                    .map(|name| (name.clone(), self.credentials[name].clone()))
                    .collect()
            }
            WayIn::OAuth2 | WayIn::OAuth1 | WayIn::ClientCredentials => Vec::new(),
        };
        first.into_iter().chain(rest).collect()
    }

    /// Returns the request headers of its API, with placeholders, the default one included: a table
    /// that shows a token or a credential itself replaces it. A signed request has none.
    pub fn api_headers(&self, way: WayIn) -> Vec<(String, String)> {
        let own = self.api.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        let shows = |text: &String| text.contains("{token}") || text.contains("{credential.");
        let is_shown = self.api.headers.values().chain(self.api.query.values()).any(shows)
            || self.api.headers.contains_key("authorization");
        let usual = match way {
            _ if is_shown => None,
            WayIn::OAuth1 => None,
            WayIn::OAuth2 | WayIn::ClientCredentials | WayIn::ApiKey => Some("Bearer {token}"),
            WayIn::Basic => Some("Basic {basic}"),
        };
        usual.map(|value| ("authorization".to_owned(), value.to_owned())).into_iter().chain(own).collect()
    }

    /// Returns the variables that a person must or may give, in the order of their names.
    pub fn asked_variables(&self) -> impl Iterator<Item = (&str, &Variable)> {
        self.variables
            .iter()
            .filter(|(_, variable)| variable.from.is_none())
            .map(|(name, variable)| (name.as_str(), variable))
    }
}
