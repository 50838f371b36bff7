//! The record of credentials that rests in the vault: JSON, with its type and the number of its write.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Credentials, Entered, TokenPair, TokenSet};
use crate::model::provider::WayIn;
use crate::model::{Secret, Time};

/// The newest version of a record that is known. Token sets that a person granted, with nothing beside them, are
/// version 1, which every hallpass reads; what came later is version 2.
const RECORD_VERSION: u32 = 2;

/// A vault record that cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It is not the JSON that this program writes.
    #[error("the record in the vault is not one of hallpass's (line {line}, column {column})")]
    Malformed {
        /// Where reading stopped. The text itself is a secret and is not shown.
        line: usize,
        /// The column in that line.
        column: usize,
    },
    /// A later version wrote it.
    #[error(
        "the record in the vault was written by a newer hallpass (record version {0}, this one knows {RECORD_VERSION})"
    )]
    Newer(u32),
}

impl From<serde_json::Error> for RecordError {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed { line: error.line(), column: error.column() }
    }
}

/// What every record begins with. Not flattened into the others: serde would keep copies of the secrets
/// beside it.
#[derive(Deserialize)]
struct Head {
    version: u32,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    revision: i64,
}

#[derive(Serialize, Deserialize)]
struct TokenSetRecord {
    version: u32,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    revision: i64,
    access_token: String,
    token_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dpop_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Time>,
    obtained_at: Time,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    extra: Map<String, Value>,
    /// What a person entered that goes with it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    fields: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct TokenPairRecord {
    version: u32,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    revision: i64,
    token: String,
    token_secret: String,
    obtained_at: Time,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    extra: Map<String, Value>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    fields: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct EnteredRecord {
    version: u32,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    revision: i64,
    fields: BTreeMap<String, String>,
    obtained_at: Time,
}

impl Credentials {
    /// Writes the text (JSON) that rests in the vault; `revision` numbers the write.
    ///
    /// # Panics
    ///
    /// Never: a record has only string keys.
    pub fn to_record(&self, revision: i64) -> Secret {
        // An older hallpass would lose what was entered at the next refresh: it is to refuse.
        let version = if self.way() == WayIn::OAuth2 && self.fields().is_empty() { 1 } else { RECORD_VERSION };
        let kind = self.way().word().to_owned();
        let text = match self {
            Self::OAuth2(tokens)
            | Self::ClientCredentials(tokens)
            | Self::TokenExchange(tokens)
            | Self::SignedJwt(tokens) => {
                let exposed = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
                serde_json::to_string(&TokenSetRecord {
                    version,
                    kind,
                    revision,
                    access_token: tokens.access_token.expose().to_owned(),
                    token_type: tokens.token_type.clone(),
                    refresh_token: exposed(&tokens.refresh_token),
                    id_token: exposed(&tokens.id_token),
                    nonce: tokens.nonce.clone(),
                    dpop_key: exposed(&tokens.dpop_key),
                    expires_at: tokens.expires_at,
                    obtained_at: tokens.obtained_at,
                    scopes: tokens.scopes.clone(),
                    extra: tokens.extra_fields(),
                    fields: exposed_fields(&tokens.fields),
                })
            }
            Self::OAuth1(pair) | Self::OAuth1Token(pair) => serde_json::to_string(&TokenPairRecord {
                version,
                kind,
                revision,
                token: pair.token.expose().to_owned(),
                token_secret: pair.token_secret.expose().to_owned(),
                obtained_at: pair.obtained_at,
                extra: serde_json::from_str(pair.extra.expose()).unwrap_or_default(),
                fields: exposed_fields(&pair.fields),
            }),
            Self::ApiKey(entered) | Self::Basic(entered) => serde_json::to_string(&EnteredRecord {
                version,
                kind,
                revision,
                fields: exposed_fields(&entered.fields),
                obtained_at: entered.obtained_at,
            }),
        };
        Secret::new(text.expect("a record has only string keys"))
    }

    /// Reads what [`Credentials::to_record`] wrote, and the number of that write.
    pub fn from_record(text: &Secret) -> Result<(Self, i64), RecordError> {
        let head: Head = serde_json::from_str(text.expose())?;
        let way = WayIn::from_word(&head.kind).filter(|_| head.version <= RECORD_VERSION);
        let credentials = match way.ok_or(RecordError::Newer(head.version))? {
            WayIn::OAuth2 => Self::OAuth2(token_set(text)?),
            WayIn::ClientCredentials => Self::ClientCredentials(token_set(text)?),
            WayIn::OAuth1 => Self::OAuth1(token_pair(text)?),
            WayIn::OAuth1Token => Self::OAuth1Token(token_pair(text)?),
            WayIn::ApiKey => Self::ApiKey(entered(text)?),
            WayIn::Basic => Self::Basic(entered(text)?),
            WayIn::TokenExchange => Self::TokenExchange(token_set(text)?),
            WayIn::SignedJwt => Self::SignedJwt(token_set(text)?),
        };
        Ok((credentials, head.revision))
    }
}

fn exposed_fields(fields: &BTreeMap<String, Secret>) -> BTreeMap<String, String> {
    fields.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect()
}

fn hidden_fields(fields: BTreeMap<String, String>) -> BTreeMap<String, Secret> {
    fields.into_iter().map(|(name, value)| (name, Secret::new(value))).collect()
}

fn token_pair(text: &Secret) -> Result<TokenPair, RecordError> {
    let record: TokenPairRecord = serde_json::from_str(text.expose())?;
    Ok(TokenPair {
        token: Secret::new(record.token),
        token_secret: Secret::new(record.token_secret),
        obtained_at: record.obtained_at,
        extra: Secret::new(Value::Object(record.extra).to_string()),
        fields: hidden_fields(record.fields),
    })
}

fn token_set(text: &Secret) -> Result<TokenSet, RecordError> {
    Ok(serde_json::from_str::<TokenSetRecord>(text.expose())?.token_set())
}

impl TokenSetRecord {
    fn token_set(self) -> TokenSet {
        TokenSet {
            access_token: Secret::new(self.access_token),
            token_type: self.token_type,
            refresh_token: self.refresh_token.map(Secret::new),
            id_token: self.id_token.map(Secret::new),
            nonce: self.nonce,
            dpop_key: self.dpop_key.map(Secret::new),
            expires_at: self.expires_at,
            obtained_at: self.obtained_at,
            scopes: self.scopes,
            extra: Secret::new(Value::Object(self.extra).to_string()),
            fields: hidden_fields(self.fields),
        }
    }
}

fn entered(text: &Secret) -> Result<Entered, RecordError> {
    let record: EnteredRecord = serde_json::from_str(text.expose())?;
    Ok(Entered { fields: hidden_fields(record.fields), obtained_at: record.obtained_at })
}

#[cfg(test)]
mod tests {
    use super::super::tests::tokens;
    use super::*;

    #[test]
    fn a_record_comes_back_as_it_was() {
        let obtained_at = tokens().obtained_at;
        let fields = BTreeMap::from([("api_key".to_owned(), Secret::new("k"))]);
        let pair = TokenPair {
            token: Secret::new("t"),
            token_secret: Secret::new("s"),
            obtained_at,
            extra: Secret::new("{}"),
            fields: fields.clone(),
        };
        let all = [
            Credentials::OAuth2(TokenSet { nonce: Some("n".to_owned()), fields: fields.clone(), ..tokens() }),
            Credentials::ClientCredentials(TokenSet { dpop_key: Some(Secret::new("k")), ..tokens() }),
            Credentials::OAuth1(pair.clone()),
            Credentials::OAuth1Token(pair),
            Credentials::ApiKey(Entered { fields: fields.clone(), obtained_at }),
            Credentials::Basic(Entered { fields: fields.clone(), obtained_at }),
            Credentials::TokenExchange(TokenSet { fields: fields.clone(), ..tokens() }),
            Credentials::SignedJwt(TokenSet { fields, ..tokens() }),
        ];
        for credentials in all {
            assert_eq!(Credentials::from_record(&credentials.to_record(7)).unwrap(), (credentials, 7));
        }
    }

    #[test]
    fn a_malformed_record_is_refused_without_showing_it() {
        let error = Credentials::from_record(&Secret::new("{\"access_token\":\"canary\"")).unwrap_err();
        assert!(!error.to_string().contains("canary"));
        assert!(!format!("{error:?}").contains("canary"));
    }

    #[test]
    fn a_newer_record_is_refused() {
        for (from, to) in [("\"version\":1", "\"version\":3"), ("\"type\":\"oauth2\"", "\"type\":\"telepathy\"")] {
            let newer = tokens_record().replace(from, to);
            assert_ne!(newer, tokens_record());
            assert!(matches!(Credentials::from_record(&Secret::new(newer)), Err(RecordError::Newer(_))), "{to}");
        }
    }

    fn tokens_record() -> String {
        Credentials::OAuth2(tokens()).to_record(1).expose().to_owned()
    }

    #[test]
    fn a_token_set_with_something_beside_it_is_not_for_a_hallpass_that_would_lose_it() {
        let version = |credentials: &Credentials| {
            let record: Value = serde_json::from_str(credentials.to_record(1).expose()).unwrap();
            record["version"].clone()
        };
        let fields = BTreeMap::from([("key".to_owned(), Secret::new("k"))]);
        assert_eq!(version(&Credentials::OAuth2(tokens())), 1);
        assert_eq!(version(&Credentials::OAuth2(TokenSet { fields, ..tokens() })), 2);
    }

    #[test]
    fn a_record_from_before_there_were_numbers_has_the_number_0() {
        let old = tokens_record().replace(",\"revision\":1", "");
        assert_ne!(old, tokens_record());
        assert_eq!(Credentials::from_record(&Secret::new(old)).unwrap().1, 0);
    }
}
