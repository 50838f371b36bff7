//! What an authorization gave, or a person entered.

mod record;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub use record::RecordError;

use super::provider::{API_KEY, PASSWORD, USERNAME, WayIn};
use super::{Secret, Time, untrusted};

/// What an authorization gave, or a person entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// An OAuth 2 token set that a person granted.
    OAuth2(TokenSet),
    /// An OAuth 2 token set that the client got for itself (RFC 6749 section 4.4).
    ClientCredentials(TokenSet),
    /// OAuth 1.0a token credentials (RFC 5849 section 2.3).
    OAuth1(TokenPair),
    /// The same, out of the provider's console.
    OAuth1Token(TokenPair),
    /// An API key, and whatever belongs to it.
    ApiKey(Entered),
    /// A user name and a password.
    Basic(Entered),
    /// A token that calls of the provider's own gave for what a person entered.
    TokenExchange(TokenSet),
    /// A JWT that was signed with what a person entered.
    SignedJwt(TokenSet),
}

/// An OAuth 2 token set (RFC 6749 section 5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSet {
    /// The access token.
    pub access_token: Secret,
    /// How the access token is shown to the API, as the provider wrote it (`Bearer`, `bearer`).
    pub token_type: String,
    /// The refresh token, where the provider gave one.
    pub refresh_token: Option<Secret>,
    /// The OpenID Connect ID token, where the provider gave one.
    pub id_token: Option<Secret>,
    /// The nonce that was sent for it (OpenID Connect Core section 3.1.2.1).
    pub nonce: Option<String>,
    /// The key that the tokens are bound to, in PKCS #8 and base64 (RFC 9449).
    pub dpop_key: Option<Secret>,
    /// When the access token ends; `None` where the provider named no end.
    pub expires_at: Option<Time>,
    /// When the answer came.
    pub obtained_at: Time,
    /// The scopes the provider says it granted; `None` where it said nothing, which means those
    /// asked for (RFC 6749 section 5.1).
    pub scopes: Option<Vec<String>>,
    /// Every other field of the provider's answer, as a JSON object. Some providers put further
    /// tokens there, so it is hidden like one.
    pub extra: Secret,
    /// What a person entered that goes with them: what they were had with, where calls of the provider's own gave
    /// them, or what its API wants beside them.
    pub fields: BTreeMap<String, Secret>,
}

/// OAuth 1.0a token credentials. They have no end that the protocol knows of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPair {
    /// The token (`oauth_token`).
    pub token: Secret,
    /// Its secret (`oauth_token_secret`), which signs and is never sent.
    pub token_secret: Secret,
    /// When they came.
    pub obtained_at: Time,
    /// Every other field of the answer, as a JSON object.
    pub extra: Secret,
    /// What a person entered that the API wants beside them.
    pub fields: BTreeMap<String, Secret>,
}

/// What a person entered, by the names of the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// The fields that were given; those that always have the same value are among them.
    pub fields: BTreeMap<String, Secret>,
    /// When.
    pub obtained_at: Time,
}

impl Credentials {
    /// Returns the way of authenticating that they belong to.
    pub fn way(&self) -> WayIn {
        match self {
            Self::OAuth2(_) => WayIn::OAuth2,
            Self::ClientCredentials(_) => WayIn::ClientCredentials,
            Self::OAuth1(_) => WayIn::OAuth1,
            Self::OAuth1Token(_) => WayIn::OAuth1Token,
            Self::ApiKey(_) => WayIn::ApiKey,
            Self::Basic(_) => WayIn::Basic,
            Self::TokenExchange(_) => WayIn::TokenExchange,
            Self::SignedJwt(_) => WayIn::SignedJwt,
        }
    }

    /// Returns the token set, where they are one.
    pub fn tokens(&self) -> Option<&TokenSet> {
        match self {
            Self::OAuth2(tokens)
            | Self::ClientCredentials(tokens)
            | Self::TokenExchange(tokens)
            | Self::SignedJwt(tokens) => Some(tokens),
            Self::OAuth1(_) | Self::OAuth1Token(_) | Self::ApiKey(_) | Self::Basic(_) => None,
        }
    }

    /// Returns the pair that signs requests, where they are one.
    pub fn pair(&self) -> Option<&TokenPair> {
        match self {
            Self::OAuth1(pair) | Self::OAuth1Token(pair) => Some(pair),
            _ => None,
        }
    }

    /// Returns credentials of the same kind with new tokens; those that are no token set stay as they are.
    #[must_use]
    pub fn with_tokens(&self, tokens: TokenSet) -> Self {
        match self {
            Self::OAuth2(_) => Self::OAuth2(tokens),
            Self::ClientCredentials(_) => Self::ClientCredentials(tokens),
            Self::TokenExchange(_) => Self::TokenExchange(tokens),
            Self::SignedJwt(_) => Self::SignedJwt(tokens),
            Self::OAuth1(_) | Self::OAuth1Token(_) | Self::ApiKey(_) | Self::Basic(_) => self.clone(),
        }
    }

    /// Returns the same credentials with what a person entered beside them.
    #[must_use]
    pub fn with_fields(mut self, entered: BTreeMap<String, Secret>) -> Self {
        let fields = match &mut self {
            Self::ApiKey(entered) | Self::Basic(entered) => &mut entered.fields,
            Self::OAuth2(tokens)
            | Self::ClientCredentials(tokens)
            | Self::TokenExchange(tokens)
            | Self::SignedJwt(tokens) => &mut tokens.fields,
            Self::OAuth1(pair) | Self::OAuth1Token(pair) => &mut pair.fields,
        };
        *fields = entered;
        self
    }

    /// Returns what a person entered, by the names of the fields.
    pub fn fields(&self) -> &BTreeMap<String, Secret> {
        match self {
            Self::ApiKey(entered) | Self::Basic(entered) => &entered.fields,
            Self::OAuth2(tokens)
            | Self::ClientCredentials(tokens)
            | Self::TokenExchange(tokens)
            | Self::SignedJwt(tokens) => &tokens.fields,
            Self::OAuth1(pair) | Self::OAuth1Token(pair) => &pair.fields,
        }
    }

    /// Returns what stands for them: the access token, the OAuth 1.0a token, the key. Of a login it is
    /// `user:password` (RFC 7617).
    pub fn token(&self) -> Secret {
        match self {
            Self::OAuth2(tokens)
            | Self::ClientCredentials(tokens)
            | Self::TokenExchange(tokens)
            | Self::SignedJwt(tokens) => tokens.access_token.clone(),
            Self::OAuth1(pair) | Self::OAuth1Token(pair) => pair.token.clone(),
            Self::ApiKey(entered) => entered.key(),
            Self::Basic(entered) => entered.login(),
        }
    }

    /// Returns what tells them apart in a log: the fingerprint of the token. A password may be weak enough to
    /// be guessed and then proven by a hash of it, so that of a login is of its user and its time.
    pub fn fingerprint(&self) -> String {
        match self {
            Self::Basic(entered) => {
                let user = entered.field(USERNAME);
                Secret::new(format!("{} {}", user.expose(), entered.obtained_at.timestamp_micros())).fingerprint()
            }
            _ => self.token().fingerprint(),
        }
    }

    /// Returns them for a screen: the ends of a token, of a login nothing.
    pub fn masked(&self) -> String {
        match self {
            Self::Basic(_) => Secret::default().masked(),
            _ => self.token().masked(),
        }
    }

    /// Tells whether a character stands in them that none may have: tokens are made of RFC 6749's VSCHAR (appendix
    /// A.12), and keys and logins have no control characters, but for the line breaks of a key in PEM. It would act on a terminal, or end a header or a line.
    pub fn has_odd_characters(&self) -> bool {
        let is_odd = |secret: &Secret| !untrusted::is_visible(secret.expose());
        match self {
            Self::OAuth2(tokens) | Self::ClientCredentials(tokens) => {
                is_odd(&tokens.access_token) || tokens.refresh_token.as_ref().is_some_and(is_odd)
            }
            Self::OAuth1(pair) | Self::OAuth1Token(pair) => is_odd(&pair.token) || is_odd(&pair.token_secret),
            // What was entered may be a key of several lines, and is never shown as it is.
            Self::TokenExchange(tokens) | Self::SignedJwt(tokens) => is_odd(&tokens.access_token),
            Self::ApiKey(entered) | Self::Basic(entered) => entered.fields.values().any(|value| {
                let is_odd =
                    |character: char| character.is_control() && !(value.is_pem() && "\r\n".contains(character));
                value.expose().chars().any(is_odd)
            }),
        }
    }

    /// Tells whether they are what `other` is: one token with one end. A refresh may leave the token as it is, and make
    /// it last.
    pub fn are_those(&self, other: &Self) -> bool {
        self.token() == other.token() && self.expires_at() == other.expires_at()
    }

    /// Returns when they came.
    pub fn obtained_at(&self) -> Time {
        match self {
            Self::OAuth2(tokens)
            | Self::ClientCredentials(tokens)
            | Self::TokenExchange(tokens)
            | Self::SignedJwt(tokens) => tokens.obtained_at,
            Self::OAuth1(pair) | Self::OAuth1Token(pair) => pair.obtained_at,
            Self::ApiKey(entered) | Self::Basic(entered) => entered.obtained_at,
        }
    }

    /// Returns when they end, where that is known.
    pub fn expires_at(&self) -> Option<Time> {
        self.tokens().and_then(|tokens| tokens.expires_at)
    }

    /// Tells whether new ones can be had without a person, once these have ended.
    pub fn is_refreshable(&self) -> bool {
        match self {
            Self::OAuth2(tokens) => tokens.refresh_token.is_some(),
            Self::ClientCredentials(_) | Self::TokenExchange(_) | Self::SignedJwt(_) => true,
            Self::OAuth1(_) | Self::OAuth1Token(_) | Self::ApiKey(_) | Self::Basic(_) => false,
        }
    }
}

impl Entered {
    /// Returns a field; an empty text where it was not given.
    pub fn field(&self, name: &str) -> Secret {
        self.fields.get(name).cloned().unwrap_or_default()
    }

    fn key(&self) -> Secret {
        self.fields.get(API_KEY).or_else(|| self.fields.values().next()).cloned().unwrap_or_default()
    }

    fn login(&self) -> Secret {
        Secret::new(format!("{}:{}", self.field(USERNAME).expose(), self.field(PASSWORD).expose()))
    }

    /// Returns the login as it stands in a header (RFC 7617 section 2).
    pub fn basic(&self) -> Secret {
        self.login().in_base64()
    }
}

impl TokenSet {
    /// Makes one of an access token that came at `obtained_at`, to be shown as a bearer (RFC 6750), with nothing else.
    pub fn new(access_token: Secret, obtained_at: Time) -> Self {
        Self {
            access_token,
            token_type: "Bearer".to_owned(),
            refresh_token: None,
            id_token: None,
            nonce: None,
            dpop_key: None,
            expires_at: None,
            obtained_at,
            scopes: None,
            extra: Secret::new("{}"),
            fields: BTreeMap::new(),
        }
    }

    /// Returns how long the access token was valid for when it came.
    pub fn lifetime(&self) -> Option<std::time::Duration> {
        self.expires_at.map(|end| (end - self.obtained_at).to_std().unwrap_or_default())
    }

    /// Tells whether the access token is valid for at least `margin` after `now`. One without an
    /// end is, until the provider refuses it.
    pub fn is_fresh(&self, now: Time, margin: std::time::Duration) -> bool {
        self.expires_at.is_none_or(|end| {
            let remaining = super::freshness::remaining(end, now);
            !remaining.is_zero() && remaining >= margin
        })
    }

    /// Takes over what a refresh left out: the refresh token (RFC 6749 section 6), the ID token
    /// with its nonce, the key, the scopes, and what a person entered.
    #[must_use]
    pub fn merged_with(mut self, before: &Self) -> Self {
        self.refresh_token = self.refresh_token.or_else(|| before.refresh_token.clone());
        self.id_token = self.id_token.or_else(|| before.id_token.clone());
        self.nonce = self.nonce.or_else(|| before.nonce.clone());
        self.dpop_key = self.dpop_key.or_else(|| before.dpop_key.clone());
        self.scopes = self.scopes.or_else(|| before.scopes.clone());
        if self.fields.is_empty() {
            self.fields.clone_from(&before.fields);
        }
        self
    }

    /// Returns the other fields of the provider's answer.
    pub fn extra_fields(&self) -> Map<String, Value> {
        serde_json::from_str(self.extra.expose()).unwrap_or_default()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::time::Duration;

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    pub(crate) fn tokens() -> TokenSet {
        TokenSet {
            refresh_token: Some(Secret::new("refresh")),
            expires_at: Some(time("2026-01-01T01:00:00Z")),
            scopes: Some(vec!["repo".to_owned()]),
            extra: Secret::new(r#"{"team":{"id":"T1"}}"#),
            ..TokenSet::new(Secret::new("access"), time("2026-01-01T00:00:00Z"))
        }
    }

    #[test]
    fn keeps_the_old_refresh_token_when_none_comes() {
        let answer = TokenSet { refresh_token: None, access_token: Secret::new("new"), ..tokens() };
        let merged = answer.merged_with(&tokens());
        assert_eq!(merged.refresh_token.unwrap().expose(), "refresh");
        assert_eq!(merged.access_token.expose(), "new");
    }

    #[test]
    fn a_token_is_fresh_until_the_margin_begins() {
        let minute = Duration::from_mins(1);
        assert!(tokens().is_fresh(time("2026-01-01T00:59:00Z"), minute));
        assert!(!tokens().is_fresh(time("2026-01-01T00:59:01Z"), minute));
        assert!(!tokens().is_fresh(time("2026-01-01T01:00:00Z"), Duration::ZERO));
        let endless = TokenSet { expires_at: None, ..tokens() };
        assert!(endless.is_fresh(time("2126-01-01T00:00:00Z"), minute));
    }

    #[test]
    fn a_login_stands_in_a_header_as_rfc_7617_writes_it() {
        let fields = [("username", "Aladdin"), ("password", "open sesame")];
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), Secret::new(value))).collect();
        let entered = Entered { fields, obtained_at: time("2026-01-01T00:00:00Z") };
        assert_eq!(entered.basic().expose(), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(Credentials::Basic(entered).token().expose(), "Aladdin:open sesame");
    }

    #[test]
    fn nothing_that_is_shown_of_a_login_depends_on_its_password() {
        let shown = |password: &str| {
            let fields = [("username", "somebody@example.com"), ("password", password)];
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), Secret::new(value))).collect();
            let login = Credentials::Basic(Entered { fields, obtained_at: time("2026-01-01T00:00:00Z") });
            (login.masked(), login.fingerprint())
        };
        assert_eq!(shown("correct horse"), shown("battery staple"));
    }
}
