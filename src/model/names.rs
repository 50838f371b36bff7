//! The names a user gives: config keys, connection ids, and what is written `config/connection`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::untrusted;

/// The longest name, in characters (Nango's `varchar(255)`).
const LONGEST: usize = 255;

/// A name that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{shown}` is not a {what}: {why}")]
pub struct InvalidName {
    what: &'static str,
    shown: String,
    why: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl $name {
            /// Checks `text` and takes it as a name.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidName> {
                let text = text.into();
                match shape(&text).or_else(|| $check(&text)) {
                    None => Ok(Self(text)),
                    Some(why) => Err(InvalidName { what: $what, shown: untrusted::line(&text), why }),
                }
            }

            /// Returns the name as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&untrusted::line(&self.0))
            }
        }
    };
}

name! {
    /// The unique key of a config, chosen by the user. Nango's alphabet: ASCII letters, digits
    /// and `~ : . @ _ -` and the space.
    ConfigKey, "config key", config_key
}
name! {
    /// The id of a connection, chosen by the user: any Unicode but control characters, `/`, `?`
    /// and `#`, which cannot stand in a path segment of the REST API.
    ConnectionId, "connection id", connection_id
}
name! {
    /// The id of a provider: the stem of its file.
    ProviderId, "provider id", provider_id
}

fn shape(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("it is empty")
    } else if text.chars().count() > LONGEST {
        Some("it is longer than 255 characters")
    } else if text.trim() != text {
        Some("it begins or ends with white space")
    } else {
        None
    }
}

fn config_key(text: &str) -> Option<&'static str> {
    let fits = |character: char| character.is_ascii_alphanumeric() || "~:.@ _-".contains(character);
    (!text.chars().all(fits)).then_some("only letters, digits, spaces and `~ : . @ _ -` may stand in it")
}

fn connection_id(text: &str) -> Option<&'static str> {
    if text.chars().any(char::is_control) {
        Some("it has a control character in it")
    } else if text.contains(['/', '?', '#']) {
        Some("`/`, `?` and `#` may not stand in it")
    } else if matches!(text, "." | "..") {
        Some("dots alone mean a folder in a path")
    } else {
        None
    }
}

fn provider_id(text: &str) -> Option<&'static str> {
    let parts = text.split('-');
    let fits = |part: &str| {
        !part.is_empty() && part.chars().all(|character| character.is_ascii_lowercase() || character.is_ascii_digit())
    };
    (!parts.into_iter().all(fits)).then_some("it is made of lower-case letters and digits, joined by single dashes")
}

/// One connection under one config, written `config/connection`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConnectionRef {
    /// The config it belongs to.
    pub config: ConfigKey,
    /// Its id under that config.
    pub id: ConnectionId,
}

impl ConnectionRef {
    /// Names the connection `id` under `config`.
    pub fn new(config: ConfigKey, id: ConnectionId) -> Self {
        Self { config, id }
    }

    /// Reads `config/connection`.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let Some((config, id)) = text.split_once('/') else {
            return Err(InvalidName {
                what: "connection",
                shown: untrusted::line(text),
                why: "it is written `config/connection`, as in `github/jane`",
            });
        };
        Ok(Self::new(ConfigKey::new(config)?, ConnectionId::new(id)?))
    }
}

impl fmt::Display for ConnectionRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.config, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_key_keeps_to_nangos_alphabet() {
        assert!(ConfigKey::new("github: work ~1.2@x_-").is_ok());
        for bad in ["", "a/b", "a?b", " a", "é", "a\u{1b}[31m", &"x".repeat(256)] {
            assert!(ConfigKey::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_connection_id_may_be_unicode_but_not_a_path() {
        for good in ["jane", "jane+test@example.com", "100%", "ジェーン", "a b"] {
            assert!(ConnectionId::new(good).is_ok(), "{good:?}");
        }
        for bad in ["a/b", "a?b", "a#b", "a\nb", "", ".", ".."] {
            assert!(ConnectionId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_error_shows_a_hostile_name_without_its_escapes() {
        let error = ConfigKey::new("x\u{1b}]0;t\u{7}").unwrap_err().to_string();
        assert!(!error.contains('\u{1b}'), "{error:?}");
    }

    #[test]
    fn a_reference_is_written_with_a_slash() {
        let reference = ConnectionRef::parse("github/jane").unwrap();
        assert_eq!(reference.to_string(), "github/jane");
        assert!(ConnectionRef::parse("github").unwrap_err().to_string().contains("github/jane"));
    }

    #[test]
    fn a_provider_id_is_a_file_stem() {
        assert!(ProviderId::new("google-drive").is_ok());
        for bad in ["Google", "a--b", "-a", "a_b", "../etc"] {
            assert!(ProviderId::new(bad).is_err(), "{bad:?}");
        }
    }
}
