//! The shapes of `--json` and of the local server, with the field names of Nango's REST API. No secrets in them
//! but in [`credentials`].

mod read;
mod steps;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::provider::API_KEY;
pub use read::{Unreadable, read_credentials};
pub use steps::step;

use super::{Activity, Caller, Config, Connection, Credentials, Health, Secret, Time, TokenSet, WayIn};

/// Writes a time as Nango does: ISO 8601 with milliseconds, in UTC.
pub fn text(time: Time) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// Returns a view as a JSON object, for whoever adds to it.
pub fn object(view: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(view) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// A config, as `config get --json` and today's routes show it.
#[derive(Debug, Serialize)]
pub struct ConfigView {
    id: i64,
    unique_key: String,
    provider: String,
    oauth_client_id: String,
    has_client_secret: bool,
    oauth_scopes: String,
    redirect_uri: String,
    created_at: String,
    updated_at: String,
}

impl From<&Config> for ConfigView {
    fn from(config: &Config) -> Self {
        Self {
            id: config.number,
            unique_key: config.key.as_str().to_owned(),
            provider: config.provider.as_str().to_owned(),
            oauth_client_id: config.client_id.clone(),
            has_client_secret: config.has_client_secret,
            oauth_scopes: config.scopes.join(","),
            redirect_uri: config.redirect_uri().to_owned(),
            created_at: text(config.created_at),
            updated_at: text(config.updated_at),
        }
    }
}

/// A connection, as `connection list --json`, `connection get --json` and today's routes show it.
#[derive(Debug, Serialize)]
pub struct ConnectionView {
    id: i64,
    connection_id: String,
    provider_config_key: String,
    provider: String,
    auth_mode: &'static str,
    status: &'static str,
    needs_authorization: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    has_refresh_token: bool,
    requested_scopes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    granted_scopes: Option<Vec<String>>,
    connection_config: Map<String, Value>,
    created: String,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refreshed_at: Option<String>,
}

impl ConnectionView {
    /// Shows `connection` as it is at `now`.
    pub fn new(connection: &Connection, now: Time) -> Self {
        let health: Health = connection.health(now);
        let variables = connection.variables.iter();
        Self {
            id: connection.number,
            connection_id: connection.reference.id.as_str().to_owned(),
            provider_config_key: connection.reference.config.as_str().to_owned(),
            provider: connection.provider.as_str().to_owned(),
            auth_mode: auth_mode(connection.way),
            status: health.word(),
            needs_authorization: health.needs_authorization(),
            problem: connection.problem.as_ref().map(|problem| problem.reason.clone()),
            expires_at: connection.expires_at.map(text),
            has_refresh_token: connection.is_refreshable,
            requested_scopes: connection.requested_scopes.clone(),
            granted_scopes: connection.granted_scopes.clone(),
            connection_config: variables.map(|(name, value)| (name.clone(), value.clone().into())).collect(),
            created: text(connection.created_at),
            created_at: text(connection.created_at),
            updated_at: text(connection.updated_at),
            refreshed_at: connection.refreshed_at.map(text),
        }
    }
}

/// Returns the name that Nango's REST API has for a way of authenticating.
pub fn auth_mode(way: WayIn) -> &'static str {
    match way {
        WayIn::OAuth2 => "OAUTH2",
        WayIn::OAuth1 => "OAUTH1",
        // Today's name, of the only one that had it ("token-based authentication").
        WayIn::OAuth1Token => "TBA",
        WayIn::ClientCredentials => "OAUTH2_CC",
        WayIn::ApiKey => "API_KEY",
        WayIn::Basic => "BASIC",
        // Today's names: early 2023 had neither.
        WayIn::TokenExchange => "TWO_STEP",
        WayIn::SignedJwt => "JWT",
    }
}

/// Returns credentials as Nango's REST API shows them (`credentials` of a connection): secrets, for the socket
/// or standard output.
pub fn credentials(credentials: &Credentials) -> Map<String, Value> {
    let shown = match credentials {
        Credentials::OAuth2(tokens) => token_set(tokens, "access_token"),
        // Today's name of it.
        Credentials::ClientCredentials(tokens)
        | Credentials::TokenExchange(tokens)
        | Credentials::SignedJwt(tokens) => token_set(tokens, "token"),
        Credentials::OAuth1(pair) => {
            let mut raw: Map<String, Value> = serde_json::from_str(pair.extra.expose()).unwrap_or_default();
            let mut shown = Map::new();
            for (name, value) in [("oauth_token", &pair.token), ("oauth_token_secret", &pair.token_secret)] {
                shown.insert(name.to_owned(), value.expose().into());
                raw.insert(name.to_owned(), value.expose().into());
            }
            shown.insert("raw".to_owned(), Value::Object(raw));
            beside(shown, &pair.fields)
        }
        Credentials::OAuth1Token(pair) => {
            let shown = [("token_id", &pair.token), ("token_secret", &pair.token_secret)];
            beside(
                shown.map(|(name, value)| (name.to_owned(), value.expose().into())).into_iter().collect(),
                &pair.fields,
            )
        }
        Credentials::ApiKey(entered) => {
            let key = entered.fields.get(API_KEY).map(|key| ("apiKey".to_owned(), Value::from(key.expose())));
            let rest = entered.fields.iter().filter(|(name, _)| *name != API_KEY);
            key.into_iter().chain(rest.map(|(name, value)| (name.clone(), value.expose().into()))).collect()
        }
        Credentials::Basic(entered) => {
            entered.fields.iter().map(|(name, value)| (name.clone(), value.expose().into())).collect()
        }
    };
    let head = ("type".to_owned(), Value::from(auth_mode(credentials.way())));
    std::iter::once(head).chain(shown).collect()
}

fn token_set(tokens: &TokenSet, name: &str) -> Map<String, Value> {
    let time = |time| Value::from(text(time));
    let mut raw = tokens.extra_fields();
    let mut shown = Map::from_iter([(name.to_owned(), Value::from(tokens.access_token.expose()))]);
    raw.insert("access_token".to_owned(), tokens.access_token.expose().into());
    if let Some(refresh_token) = &tokens.refresh_token {
        shown.insert("refresh_token".to_owned(), refresh_token.expose().into());
        raw.insert("refresh_token".to_owned(), refresh_token.expose().into());
    }
    raw.insert("token_type".to_owned(), tokens.token_type.clone().into());
    if let Some(id_token) = &tokens.id_token {
        raw.insert("id_token".to_owned(), id_token.expose().into());
    }
    if let Some(scopes) = &tokens.scopes {
        raw.insert("scope".to_owned(), scopes.join(" ").into());
    }
    if let Some(end) = tokens.expires_at {
        shown.insert("expires_at".to_owned(), time(end));
        raw.insert("expires_at".to_owned(), time(end));
    }
    shown.insert("raw".to_owned(), Value::Object(raw));
    beside(shown, &tokens.fields)
}

/// Puts what a person entered beside what it goes with, whose names it does not take.
fn beside(mut shown: Map<String, Value>, fields: &BTreeMap<String, Secret>) -> Map<String, Value> {
    for (name, value) in fields {
        shown.entry(name.clone()).or_insert_with(|| value.expose().into());
    }
    shown
}

/// One happening, as `activity --json` shows it.
#[derive(Debug, Serialize)]
pub struct ActivityView {
    id: i64,
    at: String,
    event: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_config_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_id: Option<String>,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    took_ms: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flow: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<Caller>,
}

impl From<&Activity> for ActivityView {
    fn from(activity: &Activity) -> Self {
        Self {
            id: activity.number,
            at: text(activity.at),
            event: activity.happening.word(),
            outcome: activity.outcome.word(),
            provider_config_key: activity.config.as_ref().map(|key| key.as_str().to_owned()),
            connection_id: activity.connection.as_ref().map(|id| id.as_str().to_owned()),
            detail: activity.detail.clone(),
            took_ms: activity.took.map(|took| took.as_millis()),
            fingerprint: activity.fingerprint.clone(),
            flow: activity.flow,
            by: activity.by.clone(),
        }
    }
}
