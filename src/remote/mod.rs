//! The same use cases at another host that speaks Nango's REST API: another hallpass, a self-hosted Nango, the
//! cloud. That host keeps the secrets and refreshes; here they pass through memory and are never kept.
//!
//! What is done with fresh credentials (a header, a `curl` line, the clipboard, a program's environment, a request)
//! is [`Service`]'s, and is done on this machine, with this machine's provider files.

mod configs;
mod host;
mod shapes;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Map, Value};

use crate::model::freshness::remaining;
use crate::model::{ConfigKey, Connection, ConnectionRef, Credentials, ProviderId, Time, rest, untrusted};
use crate::service::connections::only_of;
use crate::service::fresh::{Fresh, Freshness};
use crate::service::inspect::Inspection;
use crate::service::source::{ConfigClient, Source};
use crate::service::who_am_i::WhoAmI;
use crate::service::{Error, Kind, Result, Service};
use host::{Call, Routes};

pub use host::Host;

/// How many connections are asked for at once (Nango's own limit).
const PAGE: usize = 2_000;
/// How many pages are asked for at most.
const PAGES: usize = 50;
/// How long all of them together may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often a screen looks at the host anew, in seconds.
const WATCH: i64 = 10;

/// Another host, seen from this machine.
pub struct Remote {
    /// What this machine does: its provider files, browser, clipboard, requests. It keeps nothing.
    here: Arc<Service>,
    host: Host,
}

impl Remote {
    /// Looks at `host` from this machine. `here` is a service that keeps nothing ([`Service::in_memory`]).
    pub fn new(here: Service, host: Host) -> Self {
        Self { here: Arc::new(here), host }
    }

    /// Returns what this machine does.
    pub fn here(&self) -> &Arc<Service> {
        &self.here
    }

    /// Returns the host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Says that something is not done over this host's routes.
    pub fn not_offered(&self, what: &str) -> Error {
        Error::usage(format!("`{}` does not offer that: {what}", self.host.address()))
            .hinted("do it there; without `--host` and NANGO_HOSTPORT it is done with this machine's own vault")
    }

    /// Says where a connection is authorized.
    pub fn not_authorized_here(&self, connection: &ConnectionRef) -> Error {
        Error::usage(format!("`{connection}` is authorized at `{}`, not from here", self.host.address()))
            .hinted(self.host.how_to_authorize(connection))
    }

    /// Returns a number that changes as often as a screen is to look at the host anew.
    pub fn version(&self) -> i64 {
        self.here.now().timestamp() / WATCH
    }

    /// Returns every connection, sorted by config and id. Those whose names cannot be written here are left out.
    pub async fn connections(&self) -> Result<Vec<Connection>> {
        let all = tokio::time::timeout(PATIENCE, Box::pin(self.all_pages())).await;
        all.unwrap_or_else(|_| {
            Err(Error::new(Kind::Network, format!("`{}` takes too long to list its connections", self.host.address()))
                .hinted("try again in a moment"))
        })
    }

    async fn all_pages(&self) -> Result<Vec<Connection>> {
        let mut all = BTreeMap::new();
        for page in 0..PAGES {
            let call = Call::get(&["connections"]).with("limit", PAGE.to_string()).with("page", page.to_string());
            let (routes, answer) = self.host.ask(call, Call::get(&["connection"])).await?;
            let is_era = routes == Routes::Era;
            let providers = if is_era { self.providers_of_configs().await? } else { Providers::default() };
            let (now, before) = (self.here.now(), all.len());
            let rows = list(answer, "connections");
            let told = rows.len();
            let rows = rows.iter().take(if is_era { PAGE * PAGES } else { PAGE });
            let mut left_out = 0;
            for row in rows {
                match shapes::connection(row, providers.of(row), now) {
                    Some(connection) => drop(all.insert(connection.reference.clone(), connection)),
                    None => left_out += 1,
                }
            }
            if left_out > 0 {
                tracing::warn!(left_out, "connections whose names cannot be written here");
            }
            // A page that brings nothing new is one that was told before.
            if is_era || told < PAGE || all.len() == before {
                break;
            }
        }
        Ok(all.into_values().collect())
    }

    /// Returns one connection, without its credentials.
    pub async fn connection(&self, reference: &ConnectionRef) -> Result<Connection> {
        let today = Call::get(&["connections"])
            .with("connectionId", reference.id.as_str())
            .with("integrationId", reference.config.as_str());
        let (routes, answer) = self.host.ask(today, Call::get(&["connection"])).await?;
        let providers = if routes == Routes::Era { self.providers_of_configs().await? } else { Providers::default() };
        let now = self.here.now();
        let rows = list(answer, "connections");
        let found = rows.iter().filter_map(|row| shapes::connection(row, providers.of(row), now));
        found.into_iter().find(|connection| connection.reference == *reference).ok_or_else(|| {
            Error::not_found(format!("there is no connection `{reference}` at `{}`", self.host.address()))
                .hinted("`hallpass connection list` shows what there is")
        })
    }

    /// Finds the connection that is meant where its id was left out.
    pub async fn only_connection(&self, key: &ConfigKey) -> Result<ConnectionRef> {
        let mut connections = self.connections().await?;
        connections.retain(|connection| connection.reference.config == *key);
        if connections.is_empty() {
            self.config(key).await?;
        }
        only_of(key, &connections)
    }

    /// Deletes a connection there.
    pub async fn delete_connection(&self, reference: &ConnectionRef) -> Result<()> {
        self.here.may_change()?;
        let call = |route: &'static str| {
            Call::new(Method::DELETE, &[route, reference.id.as_str()])
                .with("provider_config_key", reference.config.as_str())
        };
        self.host.ask(call("connections"), call("connection")).await?;
        Ok(())
    }

    /// Asks the API of a connection who its token is, from here.
    pub async fn who_am_i(&self, reference: &ConnectionRef) -> Result<WhoAmI> {
        let provider = self.connection(reference).await?.provider;
        self.here.who_am_i_of(self, reference, provider.as_str()).await
    }

    /// Looks into a token; nobody but its host is asked.
    pub async fn inspect(&self, reference: &ConnectionRef) -> Result<Inspection> {
        let fresh = self.fresh(reference, Freshness::default()).await?;
        let mut inspection = self.here.look_into(fresh.connection.clone(), &fresh.credentials);
        if fresh.credentials.tokens().is_some() {
            let host = self.host.address();
            inspection.warnings.push(format!("its authorization server was not asked: `{host}` has the client"));
        }
        Ok(inspection)
    }

    /// Gets credentials as the host hands them out: it refreshes what is not fresh to it.
    async fn get(&self, reference: &ConnectionRef, forced: bool) -> Result<Fresh> {
        let call = |route: &'static str| {
            Call::get(&[route, reference.id.as_str()])
                .with("provider_config_key", reference.config.as_str())
                .with("force_refresh", forced.to_string())
                .with("refresh_token", "false")
        };
        let (routes, answer) = self.host.ask(call("connections"), call("connection")).await?;
        let provider = if routes == Routes::Era { Some(self.config(&reference.config).await?.provider) } else { None };
        let now = self.here.now();
        let odd = |what: &str| {
            Error::new(Kind::Provider, format!("`{}` handed out `{reference}` with {what}", self.host.address()))
        };
        let none = Map::new();
        let given = answer.get("credentials").and_then(Value::as_object).unwrap_or(&none);
        let credentials = rest::read_credentials(given, now).map_err(|error| {
            let kind = given.get("type").and_then(Value::as_str).map(untrusted::line).unwrap_or_default();
            odd(&format!("credentials of the type `{kind}` that cannot be read: {error}"))
        })?;
        if credentials.has_odd_characters() {
            return Err(odd("characters in it that no credential has"));
        }
        let connection = shapes::connection(&answer, provider.as_ref(), now)
            .filter(|connection| connection.reference == *reference)
            .ok_or_else(|| odd("another name"))?;
        let connection = as_handed_out(connection, &credentials);
        Ok(Fresh { connection, credentials, was_refreshed: forced })
    }

    async fn providers_of_configs(&self) -> Result<Providers> {
        Ok(Providers(self.configs().await?.into_iter().map(|config| (config.key, config.provider)).collect()))
    }
}

/// A connection whose credentials are here is as these say.
fn as_handed_out(connection: Connection, credentials: &Credentials) -> Connection {
    let granted = credentials.tokens().and_then(|tokens| tokens.scopes.clone());
    Connection {
        way: credentials.way(),
        expires_at: credentials.expires_at(),
        granted_scopes: connection.granted_scopes.or(granted),
        // The host keeps what refreshes it.
        is_refreshable: credentials.tokens().is_some() && connection.is_refreshable,
        is_untold: false,
        ..connection
    }
}

/// Tells whether a token has not ended, and does not end sooner than it may.
fn lasts(fresh: &Fresh, min_ttl: Option<Duration>, now: Time) -> bool {
    let left = fresh.credentials.expires_at().map(|end| remaining(end, now));
    left.is_none_or(|left| !left.is_zero() && min_ttl.is_none_or(|wanted| left >= wanted))
}

impl Source for Remote {
    /// The host judges what is fresh; it is asked for another token where this one would end too soon. One that
    /// has ended is not handed out, as a server of early 2023 would.
    async fn fresh(&self, reference: &ConnectionRef, freshness: Freshness) -> Result<Arc<Fresh>> {
        let is_era = freshness.forced && self.host.routes().await? == Routes::Era;
        if freshness.forced {
            self.here.may_change()?;
        }
        // Servers of early 2023 do not know what is asked of them here.
        let before = if is_era { Some(self.get(reference, false).await?) } else { None };
        let mut fresh = self.get(reference, freshness.forced).await?;
        if before.is_some_and(|before| before.credentials.token() == fresh.credentials.token()) {
            return Err(self.not_offered("a token is refreshed at will"));
        }
        let is_short = !freshness.forced && !lasts(&fresh, freshness.min_ttl, self.here.now());
        if is_short && self.here.may_change().is_ok() {
            fresh = self.get(reference, true).await?;
        }
        if !lasts(&fresh, None, self.here.now()) {
            let address = self.host.address();
            let ended = format!("`{address}` handed out a token of `{reference}` that has ended");
            self.here
                .may_change()
                .map_err(|error| Error { message: format!("{ended}, and {}", error.message), ..error })?;
            return Err(Error::new(Kind::AuthorizationNeeded, ended).hinted(self.host.how_to_authorize(reference)));
        }
        Ok(Arc::new(fresh))
    }

    async fn client(&self, key: &ConfigKey, with_secret: bool) -> Result<ConfigClient> {
        self.client_of(key, with_secret).await
    }
}

/// The providers of configs, where the host does not tell that of a connection.
#[derive(Default)]
struct Providers(BTreeMap<ConfigKey, ProviderId>);

impl Providers {
    fn of(&self, row: &Value) -> Option<&ProviderId> {
        let key = row.get("provider_config_key").or_else(|| row.get("provider"))?.as_str()?;
        self.0.get(&ConfigKey::new(key).ok()?)
    }
}

/// Returns the rows of a list.
fn list(mut answer: Value, name: &str) -> Vec<Value> {
    match answer.get_mut(name).map(Value::take) {
        Some(Value::Array(rows)) => rows,
        _ => Vec::new(),
    }
}
