//! A provider template as its file says it. The format is described in the README; every key
//! that is not written has the default that stands here.

mod api;
mod asked;
mod aws_names;
mod aws_scope;
mod needs;
mod oauth1;
mod oauth2;
mod quirks;
mod signature;
mod texts;
mod token_exchange;
mod way_in;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::config::{DEFAULT_REDIRECT_URI, HTTPS_REDIRECT_URI, LOOPBACK_REDIRECT_URI};
pub use api::Api;
pub use asked::{CredentialField, Lookup, MutualTls, Variable, VariableKind};
pub use aws_scope::AwsScope;
pub use needs::Need;
pub use oauth1::{OAuth1, OAuth1Token, SignatureMethod};
pub use oauth2::{
    Answer, ClientAssertion, ClientAuthentication, ExpirySource, OAuth2, Pkce, Redirect, RequestFormat, TokenRequest,
    TokenTrade, Unit,
};
pub use signature::{CONTENT_DIGEST, DERIVED, MessageAlgorithm, RequestSignature};
pub use token_exchange::{Call, KeyEncoding, SignedJwt, SigningAlgorithm, TokenExchange};
pub use way_in::WayIn;

/// The field of an API key where the file declares none.
pub const API_KEY: &str = "api_key";
/// The field of a user name.
pub const USERNAME: &str = "username";
/// The field of a password.
pub const PASSWORD: &str = "password";
/// The field of an OAuth 1.0a token.
pub const TOKEN: &str = "token";
/// The field of its secret.
pub const TOKEN_SECRET: &str = "token_secret";

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
    /// OAuth 1.0a with a token that somebody has already.
    pub oauth1_token: Option<OAuth1Token>,
    /// An API key that the user pastes.
    pub api_key: Option<Plain>,
    /// A user name and a password.
    pub basic: Option<Plain>,
    /// Calls of the provider's own that trade what was entered for a token.
    pub token_exchange: Option<TokenExchange>,
    /// A JWT that is signed here with what was entered.
    pub signed_jwt: Option<SignedJwt>,
    /// A certificate that is shown in each connection (RFC 8705).
    pub mutual_tls: Option<MutualTls>,
    /// Texts in base64, each `{encoded.NAME}` in a header: most often a login (RFC 7617).
    #[serde(default)]
    pub encoded: BTreeMap<String, String>,
    /// What is asked for besides, or captured from the answers.
    #[serde(default)]
    pub variables: BTreeMap<String, Variable>,
    /// What an API key or login form asks for, or what its API wants beside a token.
    #[serde(default)]
    pub credentials: BTreeMap<String, CredentialField>,
    /// One call after authorizing, that fills variables or that the API wants to see.
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
#[serde(
    untagged,
    expecting = "expected a URL, or a list of URLs of which the first whose variables are all set is taken"
)]
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
#[serde(
    untagged,
    expecting = "expected a text, a whole number, true or false; one within another is written with a dot, as in `\"user.name\"`"
)]
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

/// A table without keys of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plain {}

impl Provider {
    /// Completes what a file has said by saying something else: a password is hidden, and a private key that signs is in
    /// PEM and may be named by its file.
    pub fn imply(&mut self) {
        let is_key = self.api.signature.as_ref().is_some_and(RequestSignature::signs_with_a_private_key);
        if let Some(password) = self.credentials.get_mut(PASSWORD).filter(|_| self.basic.is_some()) {
            password.secret |= password.default.is_none();
            password.pem |= is_key;
        } else if is_key && self.basic.is_some() {
            let label = Some("Private key".to_owned());
            let key = CredentialField { label, secret: true, pem: true, ..CredentialField::default() };
            self.credentials.insert(PASSWORD.to_owned(), key);
        }
    }

    /// Returns the ways of authenticating that the file declares, the usual one first.
    pub fn ways(&self) -> Vec<WayIn> {
        WayIn::ALL.into_iter().filter(|way| self.declares(*way)).collect()
    }

    /// Tells whether the file declares a way of authenticating.
    pub fn declares(&self, way: WayIn) -> bool {
        match way {
            WayIn::OAuth2 => self.oauth2.is_some(),
            WayIn::OAuth1 => self.oauth1.is_some(),
            WayIn::OAuth1Token => self.oauth1_token.is_some(),
            WayIn::ClientCredentials => self.client_credentials.is_some(),
            WayIn::ApiKey => self.api_key.is_some(),
            WayIn::Basic => self.basic.is_some(),
            WayIn::TokenExchange => self.token_exchange.is_some(),
            WayIn::SignedJwt => self.signed_jwt.is_some(),
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

    /// Tells whether a client shows who it is by a signature: its secret is a private key then.
    pub fn signs(&self) -> bool {
        let tables = [&self.oauth2, &self.client_credentials].into_iter().flatten();
        tables.into_iter().any(|table| table.token_endpoint_auth_method == ClientAuthentication::PrivateKeyJwt)
    }

    /// Tells whether a client may make itself known (RFC 7591), as far as its file says; where all is discovered, it may.
    pub fn may_register(&self) -> bool {
        let is_entered = self.ways().into_iter().any(WayIn::is_entered);
        !is_entered
            && self.oauth2.as_ref().is_some_and(|table| {
                table.registration_endpoint.is_some() || table.token_endpoint.is_none() && table.issuer.is_some()
            })
    }

    /// Tells whether a browser takes part in one of its ways, and comes back to a redirect URI.
    pub fn takes_redirect(&self) -> bool {
        self.ways().iter().any(|way| matches!(way, WayIn::OAuth2 | WayIn::OAuth1))
    }

    /// Returns the redirect URI to register unless the user says otherwise.
    pub fn default_redirect_uri(&self) -> &'static str {
        let oauth1 = self.oauth1.as_ref().map(|table| table.redirect);
        match self.oauth2.as_ref().map(|table| table.redirect).or(oauth1).unwrap_or_default() {
            redirect if redirect.https_only => HTTPS_REDIRECT_URI,
            redirect if redirect.loopback_ip_only => LOOPBACK_REDIRECT_URI,
            _ => DEFAULT_REDIRECT_URI,
        }
    }

    /// Returns the OAuth 2 table of a way of authenticating.
    pub fn oauth2_of(&self, way: WayIn) -> Option<&OAuth2> {
        match way {
            WayIn::OAuth2 => self.oauth2.as_ref(),
            WayIn::ClientCredentials => self.client_credentials.as_ref(),
            WayIn::OAuth1
            | WayIn::OAuth1Token
            | WayIn::ApiKey
            | WayIn::Basic
            | WayIn::TokenExchange
            | WayIn::SignedJwt => None,
        }
    }

    /// Returns how the requests of a way of authenticating are signed, and the realm that they name, where they are.
    pub fn signing_of(&self, way: WayIn) -> Option<(SignatureMethod, Option<&str>)> {
        match way {
            WayIn::OAuth1 => self.oauth1.as_ref().map(|table| (table.signature_method, None)),
            WayIn::OAuth1Token => {
                self.oauth1_token.as_ref().map(|table| (table.signature_method, table.realm.as_deref()))
            }
            _ => None,
        }
    }

    /// Returns how the requests of a way of authenticating are signed with what was entered, where they are.
    pub fn signature_of(&self, way: WayIn) -> Option<&RequestSignature> {
        self.api.signature.as_ref().filter(|_| way == WayIn::Basic)
    }

    /// Tells whether each request of a way of authenticating is signed on its own: no header is good for two.
    pub fn signs_requests(&self, way: WayIn) -> bool {
        way.is_signed() || self.signature_of(way).is_some()
    }

    /// Returns where the answers of a way of authenticating keep what.
    pub fn answer_of(&self, way: WayIn) -> Option<&Answer> {
        let exchange = self.token_exchange.as_ref().filter(|_| way == WayIn::TokenExchange);
        self.oauth2_of(way).map(|table| &table.response).or_else(|| exchange.map(|table| &table.response))
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

    /// Returns what a person enters for a way of authenticating: what the file declares, or the usual fields of
    /// that way. Those that always have the same value are among them. Where a file declares a way that is
    /// entered, its fields are for that; else they go with the tokens of the others.
    pub fn credential_fields(&self, way: WayIn) -> Vec<(String, CredentialField)> {
        let usual = |name: &str, label: &str, secret| {
            let declared = self.credentials.get(name).cloned();
            let field = CredentialField { label: Some(label.to_owned()), secret, ..CredentialField::default() };
            (name.to_owned(), declared.unwrap_or(field))
        };
        let first = match way {
            WayIn::ApiKey if self.credentials.is_empty() => vec![usual(API_KEY, "API key", true)],
            WayIn::OAuth1Token => vec![usual(TOKEN, "Token", true), usual(TOKEN_SECRET, "Token secret", true)],
            WayIn::Basic => vec![usual(USERNAME, "User name", false), usual(PASSWORD, "Password", true)],
            _ => Vec::new(),
        };
        let rest: Vec<_> = match way {
            way if way.is_entered() || !self.ways().into_iter().any(WayIn::is_entered) => {
                let is_new = |name: &&String| first.iter().all(|(known, _)| known != *name);
                self.credentials
                    .keys()
                    .filter(is_new)
                    .map(|name| (name.clone(), self.credentials[name].clone()))
                    .collect()
            }
            _ => Vec::new(),
        };
        // Who somebody is comes before what proves it.
        let (secret, open): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, field)| field.secret);
        first.into_iter().chain(open).chain(secret).collect()
    }

    /// Returns the request headers of its API, with placeholders, the default one included: a table
    /// that shows a token itself replaces it, and where a credential is entered, one that shows that. A signed
    /// request has none.
    pub fn api_headers(&self, way: WayIn) -> Vec<(String, String)> {
        let own = self.api.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        let holds = |text: &str| text.contains("{token}") || way.is_entered() && text.contains("{credential.");
        let shows = |text: &String| {
            let encoded = self.encoded.iter().filter(|(name, _)| text.contains(&format!("{{encoded.{name}}}")));
            holds(text) || encoded.into_iter().any(|(_, text)| holds(text))
        };
        let in_base = self.api.base_url.iter().flat_map(UrlTemplate::candidates);
        let is_shown = self.api.headers.values().chain(self.api.query.values()).chain(in_base).any(shows)
            || self.api.headers.contains_key("authorization");
        let usual = match way {
            _ if is_shown || self.signs_requests(way) => None,
            WayIn::OAuth1 | WayIn::OAuth1Token => None,
            WayIn::OAuth2 | WayIn::ClientCredentials | WayIn::ApiKey | WayIn::TokenExchange | WayIn::SignedJwt => {
                Some("Bearer {token}")
            }
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
