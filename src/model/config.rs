//! A provider configuration: the user's own application at a provider.

use serde::{Deserialize, Serialize};

use super::{ConfigKey, ProviderId, Time};

/// The redirect URI that is registered at a provider unless the user says otherwise (Nango's).
pub const DEFAULT_REDIRECT_URI: &str = "http://localhost:3003/oauth/callback";

/// The same for providers that take https alone. Another port: a browser that was there by https once may come
/// to no other service of that port by http any more.
pub const HTTPS_REDIRECT_URI: &str = "https://localhost:3004/oauth/callback";

/// The same for providers that take no `localhost`.
pub const LOOPBACK_REDIRECT_URI: &str = "http://127.0.0.1:3003/oauth/callback";

/// A config. Its client secret rests in the vault, never here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The number of its row, as Nango's REST API shows it.
    pub number: i64,
    /// The key the user chose.
    pub key: ConfigKey,
    /// The provider it is for.
    pub provider: ProviderId,
    /// The client id that the provider issued; it is not a secret (RFC 6749 section 2.2).
    pub client_id: String,
    /// Whether a client secret rests in the vault.
    pub has_client_secret: bool,
    /// The scopes asked for.
    pub scopes: Vec<String>,
    /// The redirect URI, when it is not the default one. A port of 0 means any free port.
    pub redirect_uri: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// When it was last edited.
    pub updated_at: Time,
    /// Which write of its client secret this row belongs to, as in
    /// [`Connection::revision`](super::Connection::revision).
    pub revision: i64,
}

impl Config {
    /// Returns the redirect URI to register at the provider.
    pub fn redirect_uri(&self) -> &str {
        self.redirect_uri.as_deref().unwrap_or(DEFAULT_REDIRECT_URI)
    }
}

/// Splits scopes as a person types them: by commas and white space.
pub fn split_scopes(text: &str) -> Vec<String> {
    text.split([',', ' ', '\t', '\n']).filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
}

/// Suggests a key for a new config: `base`, which is the id of its provider or the key that it is like, or that with
/// a number.
pub fn suggested_key(base: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    let mut keys = std::iter::once(base.to_owned()).chain(numbered);
    keys.find(|key| !is_taken(key)).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn config(key: &str, provider: &str) -> Config {
        let time: Time = "2026-01-01T00:00:00Z".parse().unwrap();
        Config {
            number: 1,
            key: ConfigKey::new(key).unwrap(),
            provider: ProviderId::new(provider).unwrap(),
            client_id: "id".to_owned(),
            has_client_secret: true,
            scopes: Vec::new(),
            redirect_uri: None,
            created_at: time,
            updated_at: time,
            revision: 0,
        }
    }

    #[test]
    fn scopes_are_split_at_commas_and_spaces_as_nango_does() {
        assert_eq!(split_scopes("a b,, c  d"), ["a", "b", "c", "d"]);
        assert!(split_scopes(" , ").is_empty());
    }
}
