//! What an authorization gave, and the record of it that rests in the vault.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Secret, Time};

/// The version of the record that [`Credentials::to_record`] writes.
const RECORD_VERSION: u32 = 1;

/// What an authorization gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// An OAuth 2 token set.
    OAuth2(TokenSet),
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
}

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

#[derive(Serialize, Deserialize)]
struct Record {
    version: u32,
    #[serde(rename = "type")]
    kind: String,
    access_token: String,
    token_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Time>,
    obtained_at: Time,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    extra: Map<String, Value>,
    #[serde(default)]
    revision: i64,
}

impl Drop for Record {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        self.access_token.zeroize();
        self.refresh_token.zeroize();
        self.id_token.zeroize();
    }
}

impl Credentials {
    /// Returns the token set.
    pub fn tokens(&self) -> &TokenSet {
        let Self::OAuth2(tokens) = self;
        tokens
    }

    /// Writes the text (JSON) that rests in the vault; `revision` numbers the write.
    ///
    /// # Panics
    ///
    /// Never: a record has only string keys.
    pub fn to_record(&self, revision: i64) -> Secret {
        let Self::OAuth2(tokens) = self;
        let exposed = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
        let record = Record {
            version: RECORD_VERSION,
            kind: "oauth2".to_owned(),
            access_token: tokens.access_token.expose().to_owned(),
            token_type: tokens.token_type.clone(),
            refresh_token: exposed(&tokens.refresh_token),
            id_token: exposed(&tokens.id_token),
            expires_at: tokens.expires_at,
            obtained_at: tokens.obtained_at,
            scopes: tokens.scopes.clone(),
            extra: tokens.extra_fields(),
            revision,
        };
        Secret::new(serde_json::to_string(&record).expect("a record has only string keys"))
    }

    /// Reads what [`Credentials::to_record`] wrote, and the number of that write.
    pub fn from_record(text: &Secret) -> Result<(Self, i64), RecordError> {
        let malformed =
            |error: &serde_json::Error| RecordError::Malformed { line: error.line(), column: error.column() };
        let mut record: Record = serde_json::from_str(text.expose()).map_err(|error| malformed(&error))?;
        if record.version > RECORD_VERSION || record.kind != "oauth2" {
            return Err(RecordError::Newer(record.version));
        }
        let extra = Value::Object(std::mem::take(&mut record.extra));
        let credentials = Self::OAuth2(TokenSet {
            access_token: Secret::new(std::mem::take(&mut record.access_token)),
            token_type: std::mem::take(&mut record.token_type),
            refresh_token: record.refresh_token.take().map(Secret::new),
            id_token: record.id_token.take().map(Secret::new),
            expires_at: record.expires_at,
            obtained_at: record.obtained_at,
            scopes: record.scopes.take(),
            extra: Secret::new(extra.to_string()),
        });
        Ok((credentials, record.revision))
    }
}

impl TokenSet {
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
    /// and the scopes.
    #[must_use]
    pub fn merged_with(mut self, before: &Self) -> Self {
        self.refresh_token = self.refresh_token.or_else(|| before.refresh_token.clone());
        self.id_token = self.id_token.or_else(|| before.id_token.clone());
        self.scopes = self.scopes.or_else(|| before.scopes.clone());
        self
    }

    /// Returns the other fields of the provider's answer.
    pub fn extra_fields(&self) -> Map<String, Value> {
        serde_json::from_str(self.extra.expose()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    fn tokens() -> TokenSet {
        TokenSet {
            access_token: Secret::new("access"),
            token_type: "Bearer".to_owned(),
            refresh_token: Some(Secret::new("refresh")),
            id_token: None,
            expires_at: Some(time("2026-01-01T01:00:00Z")),
            obtained_at: time("2026-01-01T00:00:00Z"),
            scopes: Some(vec!["repo".to_owned()]),
            extra: Secret::new(r#"{"team":{"id":"T1"}}"#),
        }
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        let credentials = Credentials::OAuth2(tokens());
        assert_eq!(Credentials::from_record(&credentials.to_record(7)).unwrap(), (credentials, 7));
    }

    #[test]
    fn a_malformed_record_is_refused_without_showing_it() {
        let error = Credentials::from_record(&Secret::new("{\"access_token\":\"canary\"")).unwrap_err();
        assert!(!error.to_string().contains("canary"));
        assert!(!format!("{error:?}").contains("canary"));
    }

    #[test]
    fn a_newer_record_is_refused() {
        let newer = tokens_record().replace("\"version\":1", "\"version\":2");
        let error = Credentials::from_record(&Secret::new(newer)).unwrap_err();
        assert!(matches!(error, RecordError::Newer(2)));
    }

    fn tokens_record() -> String {
        Credentials::OAuth2(tokens()).to_record(1).expose().to_owned()
    }

    #[test]
    fn a_record_from_before_there_were_numbers_has_the_number_0() {
        let old = tokens_record().replace(",\"revision\":1", "");
        assert_ne!(old, tokens_record());
        assert_eq!(Credentials::from_record(&Secret::new(old)).unwrap().1, 0);
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
}
