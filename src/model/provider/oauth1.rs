//! The `[oauth1]` and `[oauth1_token]` tables.

use serde::Deserialize;

use super::{Parameters, Redirect, UrlTemplate};

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
    /// What the provider demands of a redirect URI.
    pub redirect: Redirect,
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

/// The `[oauth1_token]` table: token credentials that somebody has already, out of the provider's console.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OAuth1Token {
    /// How requests are signed (section 3.4).
    pub signature_method: SignatureMethod,
    /// The realm that each request names, with placeholders (section 3.5.1): `NetSuite` finds the account by it.
    pub realm: Option<String>,
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
