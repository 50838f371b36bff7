//! The ways of authenticating there are.

use serde::{Deserialize, Serialize};

/// A way of authenticating: the name of its table in a provider file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum WayIn {
    /// Authorization code, or device authorization where the provider has it (RFC 6749, RFC 8628).
    #[default]
    #[serde(rename = "oauth2")]
    OAuth2,
    /// OAuth 1.0a (RFC 5849).
    #[serde(rename = "oauth1")]
    OAuth1,
    /// OAuth 1.0a with a token that the provider's console gave: nothing is authorized, requests are signed.
    #[serde(rename = "oauth1_token")]
    OAuth1Token,
    /// Client credentials (RFC 6749 section 4.4).
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// An API key that the user pastes.
    #[serde(rename = "api_key")]
    ApiKey,
    /// A user name and a password (RFC 7617).
    #[serde(rename = "basic")]
    Basic,
    /// Calls of the provider's own that trade what was entered for a token.
    #[serde(rename = "token_exchange")]
    TokenExchange,
    /// A JWT that is signed here with what was entered (RFC 7519).
    #[serde(rename = "signed_jwt")]
    SignedJwt,
}

impl WayIn {
    /// Every way, those that ask a person for the least rights first.
    pub const ALL: [Self; 8] = [
        Self::OAuth2,
        Self::OAuth1,
        Self::OAuth1Token,
        Self::ClientCredentials,
        Self::ApiKey,
        Self::Basic,
        Self::TokenExchange,
        Self::SignedJwt,
    ];

    /// Returns the word for it: the name of its table.
    pub fn word(self) -> &'static str {
        match self {
            Self::OAuth2 => "oauth2",
            Self::OAuth1 => "oauth1",
            Self::OAuth1Token => "oauth1_token",
            Self::ClientCredentials => "client_credentials",
            Self::ApiKey => "api_key",
            Self::Basic => "basic",
            Self::TokenExchange => "token_exchange",
            Self::SignedJwt => "signed_jwt",
        }
    }

    /// Finds a way by its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.word() == word)
    }

    /// Tells whether it needs a client that is registered at the provider.
    pub fn needs_client(self) -> bool {
        matches!(self, Self::OAuth2 | Self::OAuth1 | Self::OAuth1Token | Self::ClientCredentials)
    }

    /// Tells whether a person gives the credentials themselves, and nothing is authorized.
    pub fn is_entered(self) -> bool {
        matches!(self, Self::OAuth1Token | Self::ApiKey | Self::Basic | Self::TokenExchange | Self::SignedJwt)
    }

    /// Tells whether somebody authorizes it at the provider, in a browser; the others are had without one.
    pub fn has_flow(self) -> bool {
        matches!(self, Self::OAuth2 | Self::OAuth1)
    }

    /// Tells whether each request to the API is signed on its own (RFC 5849): no header is good for two.
    pub fn is_signed(self) -> bool {
        matches!(self, Self::OAuth1 | Self::OAuth1Token)
    }

    /// Tells whether what a person gives is not shown to the API itself: a token is had with it.
    pub fn is_exchanged(self) -> bool {
        matches!(self, Self::TokenExchange | Self::SignedJwt)
    }
}

impl std::fmt::Display for WayIn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.word())
    }
}
