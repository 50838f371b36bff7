//! `POST /connections`: credentials that were obtained elsewhere, as Nango writes them.

use std::collections::BTreeMap;

use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::{Server, body, sockets};
use crate::listener::reply::{self, Reply};
use crate::model::config::split_scopes;
use crate::model::provider::{API_KEY, PASSWORD, USERNAME};
use crate::model::{
    ConnectionId, ConnectionRef, Credentials, Entered, Provider, Secret, Time, TokenPair, TokenSet, rest,
};
use crate::service::take_in::TakeInRequest;

impl Server {
    /// `POST /connections`, and `POST /connection` of 2023.
    pub(super) async fn take_in_given(&self, request: Request<Incoming>) -> Result<Reply, Refusal> {
        let object = body::object(request).await?;
        let key = body::text(&object, "provider_config_key")?
            .ok_or_else(|| Refusal::missing("missing_provider_config", "provider_config_key"))?;
        let id = body::text(&object, "connection_id")?.unwrap_or_else(sockets::uuid);
        let config = self.known_config(&key)?;
        let id = ConnectionId::new(id).map_err(|error| Refusal::bad("invalid_connection_id", format!("{error}.")))?;
        let credentials = object.get("credentials").and_then(Value::as_object);
        let credentials = credentials.ok_or_else(|| Refusal::missing("invalid_body", "credentials"))?;
        let (_, provider) = self.service.provider(config.provider.as_str())?;
        let (variables, further) = parted(body::texts(&object, "connection_config"), &provider);
        let connection = ConnectionRef::new(config.key, id);
        let credentials = taken(credentials, self.service.now())?;
        let kind = rest::auth_mode(credentials.way());
        let connected = self.service.take_in(TakeInRequest { connection, credentials, variables, further }).await?;
        let connection = connected.connection;
        Ok(reply::json(
            StatusCode::CREATED,
            &json!({
                "id": connection.number,
                "connection_id": connection.reference.id.as_str(),
                "provider_config_key": connection.reference.config.as_str(),
                "provider": connection.provider.as_str(),
                "connection_config": connection.variables,
                "credentials": {"type": kind},
                "errors": [],
                "end_user": null,
                "tags": {},
                "metadata": {},
                "created_at": rest::text(connection.created_at),
                "updated_at": rest::text(connection.updated_at),
            }),
        ))
    }
}

/// Parts what a provider file asks for from what it does not know.
pub(super) fn parted(
    given: BTreeMap<String, String>,
    provider: &Provider,
) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    given.into_iter().partition(|(name, _)| provider.asked_variables().any(|(asked, _)| asked == name))
}

/// Reads credentials as Nango writes them.
fn taken(object: &Map<String, Value>, now: Time) -> Result<Credentials, Refusal> {
    let needed = |name: &str| {
        let found = body::text(object, name)?.filter(|text| !text.is_empty());
        found.map(Secret::new).ok_or_else(|| Refusal::missing("invalid_body", &format!("credentials.{name}")))
    };
    let entered = |names: &[(&str, &str)]| {
        let mut fields = BTreeMap::new();
        for (nangos, ours) in names {
            fields.insert((*ours).to_owned(), needed(nangos)?);
        }
        Ok::<_, Refusal>(Entered { fields, obtained_at: now })
    };
    let raw = || {
        let mut raw = object.get("raw").and_then(Value::as_object).cloned().unwrap_or_default();
        for name in [
            "access_token",
            "refresh_token",
            "id_token",
            "token_type",
            "expires_at",
            "scope",
            "oauth_token",
            "oauth_token_secret",
        ] {
            raw.remove(name);
        }
        Secret::new(Value::Object(raw).to_string())
    };
    let said = |name: &str| object.get("raw").and_then(|raw| raw.get(name)).and_then(Value::as_str);
    match body::text(object, "type")?.as_deref() {
        Some(kind @ ("OAUTH2" | "OAUTH2_CC")) => {
            let name = if kind == "OAUTH2_CC" && object.contains_key("token") { "token" } else { "access_token" };
            let tokens = TokenSet {
                access_token: needed(name)?,
                token_type: said("token_type").unwrap_or("Bearer").to_owned(),
                refresh_token: body::text(object, "refresh_token")?.filter(|text| !text.is_empty()).map(Secret::new),
                id_token: said("id_token").map(Secret::new),
                nonce: None,
                expires_at: object.get("expires_at").filter(|end| !end.is_null()).map(end_of).transpose()?,
                obtained_at: now,
                scopes: said("scope").map(split_scopes),
                extra: raw(),
            };
            Ok(if kind == "OAUTH2" { Credentials::OAuth2(tokens) } else { Credentials::ClientCredentials(tokens) })
        }
        Some("OAUTH1") => Ok(Credentials::OAuth1(TokenPair {
            token: needed("oauth_token")?,
            token_secret: needed("oauth_token_secret")?,
            obtained_at: now,
            extra: raw(),
        })),
        Some("API_KEY") => {
            let name = if object.contains_key("api_key") { "api_key" } else { "apiKey" };
            Ok(Credentials::ApiKey(entered(&[(name, API_KEY)])?))
        }
        Some("BASIC") => Ok(Credentials::Basic(entered(&[("username", USERNAME), ("password", PASSWORD)])?)),
        _ => Err(Refusal::bad(
            "invalid_body",
            "Param 'credentials.type' must be one of OAUTH2, OAUTH2_CC, OAUTH1, API_KEY, BASIC.",
        )),
    }
}

/// Reads a time: ISO 8601, or seconds or milliseconds since 1970 (those of a year after 5138 are the latter).
fn end_of(value: &Value) -> Result<Time, Refusal> {
    let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
    let time = match number {
        Some(number) if number.unsigned_abs() >= 100_000_000_000 => Time::from_timestamp_millis(number),
        Some(number) => Time::from_timestamp(number, 0),
        None => value.as_str().and_then(|text| text.parse().ok()),
    };
    time.ok_or_else(|| {
        Refusal::bad("invalid_body", "Param 'credentials.expires_at' must be a time, as in 2026-01-31T12:00:00Z.")
    })
}
