//! Reading what a host tells of configs and connections. It may tell little: a name and a date.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::model::config::split_scopes;
use crate::model::connection::{Problem, ProblemKind};
use crate::model::{
    Config, ConfigKey, Connection, ConnectionId, ConnectionRef, ProviderId, Secret, Time, WayIn, rest, untrusted,
};

/// How servers of early 2023 name a variable of a connection.
const PREFIX: &str = "connectionConfig.params.";

/// A config as its host tells it. What it does not tell must not be made up: its routes take a config whole.
pub(super) struct Whole {
    pub(super) config: Config,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<Secret>,
    pub(super) scopes: Option<Vec<String>>,
    /// Its kind of credentials, in Nango's words.
    pub(super) auth_mode: Option<String>,
}

/// Reads a config; `None` where its names are none that can be written here.
pub(super) fn config(row: &Value, address: &str) -> Option<Whole> {
    let row = row.as_object()?;
    let credentials = row.get("credentials").and_then(Value::as_object);
    let said = |names: [&str; 2]| {
        let inner = || credentials.and_then(|credentials| text(credentials, names[1]));
        text(row, names[0]).or_else(inner)
    };
    let told = said(["oauth_client_secret", "client_secret"]);
    let has_secret = row.get("has_client_secret").and_then(Value::as_bool);
    let has_client_secret = has_secret.unwrap_or_else(|| told.as_ref().is_some_and(|secret| !secret.is_empty()));
    let client_id = said(["oauth_client_id", "client_id"]).filter(|id| untrusted::is_visible(id));
    let scopes = said(["oauth_scopes", "scopes"]).filter(|scopes| untrusted::is_visible(scopes));
    let scopes = scopes.map(|scopes| split_scopes(&scopes));
    let created_at = time(row, "created_at").unwrap_or_default();
    let redirect_uri = text(row, "redirect_uri").filter(|uri| untrusted::is_visible(uri));
    let config = Config {
        number: row.get("id").and_then(Value::as_i64).unwrap_or_default(),
        key: ConfigKey::new(text(row, "unique_key")?).ok()?,
        provider: ProviderId::new(text(row, "provider")?).ok()?,
        client_id: client_id.clone().unwrap_or_default(),
        has_client_secret,
        scopes: scopes.clone().unwrap_or_default(),
        redirect_uri: Some(redirect_uri.unwrap_or_else(|| format!("{address}/oauth/callback"))),
        created_at,
        updated_at: time(row, "updated_at").unwrap_or(created_at),
        revision: 0,
    };
    // One that has none is told by its absence.
    let client_secret = told.or_else(|| (has_secret == Some(false)).then(String::new)).map(Secret::new);
    let auth_mode = credentials.and_then(|credentials| text(credentials, "type"));
    Some(Whole { config, client_id, client_secret, scopes, auth_mode })
}

/// Reads a connection; `None` where its names are none that can be written here. `provider` is that of its
/// config, which the older routes do not tell.
pub(super) fn connection(row: &Value, provider: Option<&ProviderId>, now: Time) -> Option<Connection> {
    let row = row.as_object()?;
    let told = text(row, "provider_config_key").or_else(|| text(row, "provider"))?;
    let reference =
        ConnectionRef::new(ConfigKey::new(told).ok()?, ConnectionId::new(text(row, "connection_id")?).ok()?);
    let provider = match provider {
        Some(provider) => provider.clone(),
        None => ProviderId::new(text(row, "provider")?).ok()?,
    };
    let created_at = time(row, "created_at").or_else(|| time(row, "created")).unwrap_or(now);
    let updated_at = time(row, "updated_at").unwrap_or(created_at);
    let refreshed_at = time(row, "refreshed_at");
    Some(Connection {
        number: row.get("id").and_then(Value::as_i64).unwrap_or_default(),
        way: text(row, "auth_mode").and_then(|mode| way(&mode)).unwrap_or_default(),
        requested_scopes: texts(row, "requested_scopes").unwrap_or_default(),
        granted_scopes: texts(row, "granted_scopes"),
        expires_at: time(row, "expires_at"),
        obtained_at: refreshed_at.unwrap_or(updated_at),
        is_refreshable: row.get("has_refresh_token").and_then(Value::as_bool).unwrap_or(true),
        variables: variables(row),
        problem: problem(row, updated_at),
        is_untold: !row.contains_key("status"),
        reference,
        provider,
        created_at,
        updated_at,
        refreshed_at,
        revision: 0,
    })
}

/// Only hallpass tells more than that a connection must be authorized again.
fn problem(row: &Map<String, Value>, at: Time) -> Option<Problem> {
    let reason = text(row, "problem").map(|reason| untrusted::line(&reason));
    let errors = row.get("errors").and_then(Value::as_array);
    let is_refused = match text(row, "status") {
        Some(status) => status == "re-authorize",
        None => errors.into_iter().flatten().any(|error| error.get("type").and_then(Value::as_str) == Some("auth")),
    };
    match (is_refused, reason) {
        (true, reason) => Some(Problem {
            kind: ProblemKind::NeedsAuthorization,
            reason: reason.unwrap_or_else(|| "its host says that it must be authorized again".to_owned()),
            at,
        }),
        (false, Some(reason)) => Some(Problem { kind: ProblemKind::Transient, reason, at }),
        (false, None) => None,
    }
}

fn variables(row: &Map<String, Value>) -> BTreeMap<String, String> {
    let pairs = |name: &str| row.get(name).and_then(Value::as_object).into_iter().flatten();
    let is_era = pairs("connection_config").any(|(name, _)| name.starts_with(PREFIX));
    let captured = pairs("metadata").filter(|_| is_era || row.contains_key("account_id"));
    let all = pairs("connection_config").chain(captured);
    let plain = |(name, value): (&String, &Value)| {
        let name = name.strip_prefix(PREFIX).unwrap_or(name);
        Some((untrusted::line(name), untrusted::field(value.as_str()?)))
    };
    all.filter_map(plain).collect()
}

fn way(mode: &str) -> Option<WayIn> {
    WayIn::ALL.into_iter().find(|way| rest::auth_mode(*way) == mode)
}

fn text(row: &Map<String, Value>, name: &str) -> Option<String> {
    row.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn texts(row: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    let values = row.get(name)?.as_array()?;
    Some(values.iter().filter_map(Value::as_str).map(untrusted::line).collect())
}

fn time(row: &Map<String, Value>, name: &str) -> Option<Time> {
    row.get(name)?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Health;
    use crate::model::connection::tests::connection as own;
    use crate::model::rest::ConnectionView;
    use serde_json::json;

    #[test]
    fn what_hallpass_tells_of_a_connection_is_read_whole() {
        let told = own();
        let now = told.obtained_at;
        let row = serde_json::to_value(ConnectionView::new(&told, now)).unwrap();
        assert_eq!(connection(&row, None, now), Some(told));
    }

    #[test]
    fn of_a_connection_of_which_little_is_told_nothing_is_made_up() {
        let now = own().obtained_at;
        let github = ProviderId::new("github").unwrap();
        let era = json!({"connection_id": "jane", "provider": "gh", "created": "2023-03-01T00:00:00.000Z"});
        let read = connection(&era, Some(&github), now).unwrap();
        assert_eq!((read.reference.to_string().as_str(), read.provider.as_str()), ("gh/jane", "github"));
        assert_eq!(read.health(now), Health::Untold);
        let today = json!({"connection_id": "jane", "provider_config_key": "gh", "provider": "github", "errors": [{"type": "auth"}]});
        assert_eq!(connection(&today, None, now).unwrap().health(now), Health::Refused);
        let odd = json!({"connection_id": "a/b", "provider_config_key": "gh", "provider": "github"});
        assert_eq!(connection(&odd, None, now), None, "that cannot be written here");
    }

    #[test]
    fn variables_lose_the_prefix_of_2023() {
        let row = json!({"connection_config": {"connectionConfig.params.subdomain": "acme", "n": 1}, "metadata": {"team": "T1"}});
        let read = variables(row.as_object().unwrap());
        assert_eq!(read, BTreeMap::from([("subdomain".into(), "acme".into()), ("team".into(), "T1".into())]));
    }
}
