//! Reading what Nango's REST API writes: credentials, and times.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::model::config::split_scopes;
use crate::model::provider::{API_KEY, PASSWORD, USERNAME};
use crate::model::{Credentials, Entered, Secret, Time, TokenPair, TokenSet};

/// Credentials that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A field is not there, or empty.
    #[error("Missing param 'credentials.{0}'.")]
    Missing(String),
    /// A field is no text.
    #[error("Param 'credentials.{0}' must be a string.")]
    NoText(String),
    /// The end is no time.
    #[error("Param 'credentials.expires_at' must be a time, as in 2026-01-31T12:00:00Z.")]
    NoTime,
    /// A type that is not known here.
    #[error("Param 'credentials.type' must be one of OAUTH2, OAUTH2_CC, OAUTH1, TBA, API_KEY, BASIC, TWO_STEP, JWT.")]
    Type,
}

/// What `raw` repeats of the fields beside it.
const REPEATED: [&str; 8] = [
    "access_token",
    "refresh_token",
    "id_token",
    "token_type",
    "expires_at",
    "scope",
    "oauth_token",
    "oauth_token_secret",
];

/// What is no field that a person entered, in credentials that a token was had with.
const OF_A_TOKEN: [&str; 4] = ["type", "token", "expires_at", "raw"];

/// The same, of a key or a login.
const OF_AN_ENTRY: [&str; 5] = ["type", "apiKey", "expires_at", "raw", "config_override"];

/// The same, beside tokens that were granted or given out.
const OF_A_GRANT: [&str; 11] = [
    "type",
    "token",
    "access_token",
    "refresh_token",
    "oauth_token",
    "oauth_token_secret",
    "token_id",
    "token_secret",
    "expires_at",
    "raw",
    // Nango's, where a connection has a client of its own; not read here.
    "config_override",
];

/// Reads credentials as [`credentials`](super::credentials) writes them, and as Nango does.
pub fn read_credentials(object: &Map<String, Value>, now: Time) -> Result<Credentials, Unreadable> {
    let needed = |name: &str| {
        let found = text(object, name)?.filter(|text| !text.is_empty());
        found.map(Secret::new).ok_or_else(|| Unreadable::Missing(name.to_owned()))
    };
    let raw = || {
        let mut raw = object.get("raw").and_then(Value::as_object).cloned().unwrap_or_default();
        raw.retain(|name, _| !REPEATED.contains(&name.as_str()));
        Secret::new(Value::Object(raw).to_string())
    };
    let said = |name: &str| object.get("raw").and_then(|raw| raw.get(name)).and_then(Value::as_str);
    // What a person entered stands beside the token that it goes with.
    let beside = |own: &[&str]| -> BTreeMap<String, Secret> {
        let entered = object.iter().filter(|(name, _)| !own.contains(&name.as_str()));
        entered.filter_map(|(name, value)| Some((name.clone(), Secret::new(value.as_str()?)))).collect()
    };
    let entered = |names: &[(&str, &str)]| {
        let mut fields = beside(&OF_AN_ENTRY);
        for (nangos, ours) in names {
            fields.insert((*ours).to_owned(), needed(nangos)?);
        }
        Ok::<_, Unreadable>(Entered { fields, obtained_at: now })
    };
    let token_set = |name: &str, own: &[&str]| {
        Ok::<_, Unreadable>(TokenSet {
            token_type: said("token_type").unwrap_or("Bearer").to_owned(),
            expires_at: object.get("expires_at").filter(|end| !end.is_null()).map(end_of).transpose()?,
            scopes: said("scope").map(split_scopes),
            extra: raw(),
            fields: beside(own),
            ..TokenSet::new(needed(name)?, now)
        })
    };
    let granted = |name: &str| {
        Ok::<_, Unreadable>(TokenSet {
            refresh_token: text(object, "refresh_token")?.filter(|text| !text.is_empty()).map(Secret::new),
            id_token: said("id_token").map(Secret::new),
            ..token_set(name, &OF_A_GRANT)?
        })
    };
    match text(object, "type")? {
        Some("OAUTH2") => Ok(Credentials::OAuth2(granted("access_token")?)),
        Some("OAUTH2_CC") => {
            let name = if object.contains_key("token") { "token" } else { "access_token" };
            Ok(Credentials::ClientCredentials(granted(name)?))
        }
        Some("OAUTH1") => Ok(Credentials::OAuth1(TokenPair {
            token: needed("oauth_token")?,
            token_secret: needed("oauth_token_secret")?,
            obtained_at: now,
            extra: raw(),
            fields: beside(&OF_A_GRANT),
        })),
        Some("TBA") => Ok(Credentials::OAuth1Token(TokenPair {
            token: needed("token_id")?,
            token_secret: needed("token_secret")?,
            obtained_at: now,
            extra: Secret::new("{}"),
            fields: beside(&OF_A_GRANT),
        })),
        Some("API_KEY") => {
            let name = if object.contains_key("api_key") { "api_key" } else { "apiKey" };
            // A key may be of several parts, none of which is called so.
            let is_of_parts = !object.contains_key(name) && !beside(&OF_AN_ENTRY).is_empty();
            let key = [(name, API_KEY)];
            Ok(Credentials::ApiKey(entered(if is_of_parts { &[] } else { &key })?))
        }
        Some("TWO_STEP") => Ok(Credentials::TokenExchange(token_set("token", &OF_A_TOKEN)?)),
        Some("JWT") => Ok(Credentials::SignedJwt(token_set("token", &OF_A_TOKEN)?)),
        Some("BASIC") => Ok(Credentials::Basic(entered(&[("username", USERNAME), ("password", PASSWORD)])?)),
        _ => Err(Unreadable::Type),
    }
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Unreadable> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Unreadable::NoText(name.to_owned())),
    }
}

/// Reads a time: ISO 8601, or seconds or milliseconds since 1970 (those of a year after 5138 are the latter).
fn end_of(value: &Value) -> Result<Time, Unreadable> {
    let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
    let time = match number {
        Some(number) if number.unsigned_abs() >= 100_000_000_000 => Time::from_timestamp_millis(number),
        Some(number) => Time::from_timestamp(number, 0),
        None => value.as_str().and_then(|text| text.parse().ok()),
    };
    time.ok_or(Unreadable::NoTime)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rest;

    #[test]
    fn credentials_are_read_as_they_are_written() {
        let tokens = crate::model::credentials::tests::tokens();
        let now = tokens.obtained_at;
        let fields = |pairs: &[(&str, &str)]| Entered {
            fields: pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect(),
            obtained_at: now,
        };
        let pair = TokenPair {
            token: Secret::new("t"),
            token_secret: Secret::new("s"),
            obtained_at: now,
            extra: Secret::new(r#"{"user_id":"7"}"#),
            fields: fields(&[("partner_key", "p")]).fields,
        };
        let fields_beside = fields(&[("login", "l"), ("secret", "s")]).fields;
        let exchanged = TokenSet { refresh_token: None, fields: fields_beside.clone(), ..tokens.clone() };
        for credentials in [
            Credentials::TokenExchange(exchanged.clone()),
            Credentials::SignedJwt(exchanged),
            Credentials::OAuth2(TokenSet { fields: fields_beside, ..tokens.clone() }),
            Credentials::ClientCredentials(TokenSet { refresh_token: None, ..tokens }),
            Credentials::OAuth1Token(TokenPair { extra: Secret::new("{}"), ..pair.clone() }),
            Credentials::OAuth1(pair),
            Credentials::ApiKey(fields(&[(API_KEY, "k")])),
            Credentials::ApiKey(fields(&[(API_KEY, "k"), ("account", "a")])),
            Credentials::ApiKey(fields(&[("app_key", "k"), ("app_secret", "s")])),
            Credentials::Basic(fields(&[(USERNAME, "u"), (PASSWORD, "p")])),
            Credentials::Basic(fields(&[(USERNAME, "u"), (PASSWORD, "p"), ("session_token", "t")])),
        ] {
            assert_eq!(read_credentials(&rest::credentials(&credentials), now), Ok(credentials));
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let now = crate::model::credentials::tests::tokens().obtained_at;
        let read = |value: Value| read_credentials(value.as_object().unwrap(), now).unwrap_err().to_string();
        assert!(read(serde_json::json!({"type": "OAUTH2"})).contains("credentials.access_token"));
        assert!(read(serde_json::json!({"type": "OAUTH2", "access_token": 1})).contains("must be a string"));
        assert!(read(serde_json::json!({"type": "API_KEY"})).contains("credentials.apiKey"));
        assert!(read(serde_json::json!({"type": "BASIC", "username": "u"})).contains("credentials.password"));
        let odd = serde_json::json!({"type": "OAUTH2", "access_token": "a", "expires_at": "soon"});
        assert!(read(odd).contains("must be a time"));
        assert!(read(serde_json::json!({"type": "AWS_SIGV4"})).contains("OAUTH2_CC"));
    }
}
