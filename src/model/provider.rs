//! A provider template as its file says it. The format is described in the README; every key
//! that is not written has the default that stands here.

mod oauth2;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use oauth2::{Answer, ClientAuthentication, OAuth2, Pkce, Redirect, RequestFormat, TokenRequest, Unit};

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
    /// Where the browser goes.
    pub authorization_endpoint: Option<UrlTemplate>,
    /// Where token credentials are obtained.
    pub token_endpoint: Option<UrlTemplate>,
    /// `HMAC-SHA1`, `HMAC-SHA256` or `PLAINTEXT`.
    pub signature_method: Option<String>,
    /// Added to the request for temporary credentials.
    pub request_token_params: Parameters,
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
}

/// The `[api]` table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Api {
    /// What request paths are put behind.
    pub base_url: Option<UrlTemplate>,
    /// Request headers. Without any, `authorization: Bearer {token}`.
    pub headers: BTreeMap<String, String>,
    /// Request parameters in the URL.
    pub query: BTreeMap<String, String>,
    /// The cheapest call that says who one is, as `METHOD path`.
    pub identity: Option<String>,
    /// The cheapest call that proves an API key, as `METHOD path`.
    pub verify: Option<String>,
    /// The provider wants a credential in the URL.
    pub secret_in_url: bool,
}

impl Provider {
    /// Returns the names of the ways of authenticating that the file declares.
    pub fn ways(&self) -> Vec<&'static str> {
        [
            (self.oauth2.is_some(), "oauth2"),
            (self.oauth1.is_some(), "oauth1"),
            (self.client_credentials.is_some(), "client_credentials"),
            (self.api_key.is_some(), "api_key"),
            (self.basic.is_some(), "basic"),
        ]
        .into_iter()
        .filter_map(|(is_there, way)| is_there.then_some(way))
        .collect()
    }

    /// Returns the request headers of its API, with placeholders, the default one included: a
    /// table without `authorization` replaces it only where it names a token itself.
    pub fn api_headers(&self) -> Vec<(String, String)> {
        let own = self.api.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        let shows_token = self.api.headers.values().any(|value| value.contains('{'));
        let default = (!shows_token && self.api.query.is_empty())
            .then(|| ("authorization".to_owned(), "Bearer {token}".to_owned()));
        default.into_iter().chain(own).collect()
    }

    /// Returns the variables that a person must or may give, in the order of their names.
    pub fn asked_variables(&self) -> impl Iterator<Item = (&str, &Variable)> {
        self.variables
            .iter()
            .filter(|(_, variable)| variable.from.is_none())
            .map(|(name, variable)| (name.as_str(), variable))
    }
}
