//! The shapes of `--json`, with the field names of Nango's REST API. No secrets in them.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Activity, Config, Connection, Health, Time, WayIn};

fn text(time: Time) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// A config, as `config get --json` shows it.
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

/// A connection, as `connection list --json` and `connection get --json` show it.
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
        WayIn::ClientCredentials => "OAUTH2_CC",
        WayIn::ApiKey => "API_KEY",
        WayIn::Basic => "BASIC",
    }
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
        }
    }
}
