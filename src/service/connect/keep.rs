//! Keeping what an authorization brought, and asking for what belongs to it: a token that lasts longer,
//! the end of one that does not say it, the ids that the API's paths want.

use std::future::Future;
use std::time::{Duration, Instant};

use super::{Authorization, Connected, spoken_scopes};
use crate::api::{Access, Client, Payload, Request};
use crate::auth::{self, AuthError, Tape, introspect, renew};
use crate::model::provider::Variable;
use crate::model::tape::What;
use crate::model::template::check_value;
use crate::model::{Connection, ConnectionRef, Credentials, Outcome, Provider, Secret, Time, untrusted};
use crate::service::activity::About;
use crate::service::error::authorize_command;
use crate::service::items::Item;
use crate::service::refresh_lock::Held;
use crate::service::{Error, Kind, Result, Service};
use crate::store::IntentKind;

/// The largest answer of a lookup that is read.
const LARGEST: usize = 1024 * 1024;
/// How long a call may take that a provider file asks for.
const CALL: Duration = Duration::from_secs(30);

/// Where credentials go that are about to come.
pub(super) struct Place {
    _lock: Held,
    created_at: Option<Time>,
    /// The intent to write there.
    pub(super) intent: i64,
    started: Instant,
}

/// Says that a connection came to be that was not there when somebody was let make it.
pub(in crate::service) fn appeared(reference: &ConnectionRef) -> Error {
    Error::usage(format!("`{reference}` came to be meanwhile, and is not replaced"))
        .hinted("begin again, and agree to it there")
}

impl Authorization {
    /// Gets credentials by `exchange` and keeps them; `query` is what the callback carried.
    pub(super) async fn keep<F>(&self, query: &Secret, exchange: impl FnOnce() -> F) -> Result<Connected>
    where
        F: Future<Output = std::result::Result<Credentials, AuthError>>,
    {
        let place = self.prepare().await?;
        match exchange().await {
            Ok(credentials) => self.keep_in(place, credentials, query).await,
            Err(error) => {
                self.service.withdraw(place.intent);
                Err(match error {
                    AuthError::Refused(refusal) => self.refused(refusal),
                    error => {
                        let again = authorize_command(&self.waiting.connection);
                        Error::from(error).or_hinted(|| Some(format!("begin again with {again}")))
                    }
                })
            }
        }
    }

    /// Gets ready to keep credentials, before they are asked for: nobody renames, deletes or refreshes the
    /// connection meanwhile, and the store can be read and written. What is not used is withdrawn. The
    /// config is free meanwhile; if it goes or moves, what comes is not kept.
    pub(super) async fn prepare(&self) -> Result<Place> {
        let started = Instant::now();
        let reference = &self.waiting.connection;
        let config = self.service.hold_config(&reference.config).await?;
        let connection = self.service.hold(reference).await?;
        self.is_still_for_this_provider()?;
        let before = self.service.store.connection(reference)?;
        if before.is_some() && !self.may_replace {
            return Err(appeared(reference));
        }
        let created_at = before.map(|before| before.created_at);
        let intent = self.service.announce(IntentKind::Write, &Item::Connection(reference.clone())).await?;
        drop(config);
        Ok(Place { _lock: connection, created_at, intent, started })
    }

    /// Keeps what came; `query` is what the callback carried.
    pub(super) async fn keep_in(&self, place: Place, credentials: Credentials, query: &Secret) -> Result<Connected> {
        let mut credentials = credentials.with_fields(self.fields.clone());
        let reference = &self.waiting.connection;
        let started = place.started;
        let mut warnings = Vec::new();
        let mut connection = self.connection(&credentials, query, place.created_at, &mut warnings);
        self.service.save_surely(&connection, &credentials, place.intent).await?;
        // What follows may fail, and costs nothing that was granted.
        let (kept, before) = (credentials.clone(), connection.clone());
        self.complete(&mut connection, &mut credentials, &mut warnings).await;
        if credentials != kept || connection != before {
            let intent = self.service.announce(IntentKind::Write, &Item::Connection(reference.clone())).await?;
            self.service.save_surely(&connection, &credentials, intent).await?;
        }
        let fingerprint = credentials.fingerprint();
        let (took, of_token) = (Some(started.elapsed()), Some(fingerprint.clone()));
        self.open.end(Outcome::Done, About { took, fingerprint: of_token, ..About::saying(about(&connection)) });
        let refused = connection.refused_scopes();
        if !refused.is_empty() {
            warnings.push(format!("asked for and not granted: {}", untrusted::line(&refused.join(" "))));
        }
        // It is kept; that it cannot be read again right now does not undo it.
        let connection = self.service.connection(reference).unwrap_or(connection);
        Ok(Connected { connection, fingerprint, warnings })
    }

    fn connection(
        &self,
        credentials: &Credentials,
        query: &Secret,
        created_at: Option<Time>,
        warnings: &mut Vec<String>,
    ) -> Connection {
        let mut variables = self.variables.clone();
        capture(&self.provider, credentials, query, &mut variables, warnings);
        let reference = &self.waiting.connection;
        let scopes = self.scopes.clone();
        let mut connection = Connection::new(reference, &self.config.provider, credentials, scopes, variables);
        connection.created_at = created_at.unwrap_or(connection.created_at);
        connection
    }

    async fn complete(&self, connection: &mut Connection, credentials: &mut Credentials, warnings: &mut Vec<String>) {
        if let (Credentials::OAuth2(tokens), Some(client)) = (&mut *credentials, self.flow.client()) {
            let transport = self.open.transport();
            match renew::lengthen(&transport, client, tokens.clone()).await {
                Ok(longer) => *tokens = longer,
                Err(error) => {
                    warnings.push(format!("the token could not be traded for one that lasts longer: {error}"));
                }
            }
            introspect::find_end(&transport, client, tokens).await;
            connection.record(credentials);
        }
        warnings.extend(self.service.look_up(&self.provider, connection, credentials, &self.open.tape).await);
    }
}

impl Service {
    /// Makes the one call that a provider file asks for after authorizing, and takes over what it brings; returns
    /// what did not work.
    pub(in crate::service) async fn look_up(
        &self,
        provider: &Provider,
        connection: &mut Connection,
        credentials: &Credentials,
        tape: &Tape,
    ) -> Vec<String> {
        let mut warnings = Vec::new();
        let Some(lookup) = &provider.lookup else { return warnings };
        let wanted: Vec<(&String, &Variable, &str)> = provider
            .variables
            .iter()
            .filter_map(|(name, variable)| Some((name, variable, variable.from.as_deref()?.strip_prefix("lookup:")?)))
            .collect();
        let found = async {
            let access = self.access(self, provider, connection, credentials).await?;
            let url = access.own_url(&lookup.url)?;
            let mut request = Request::new(lookup.method.as_deref().unwrap_or("GET"), url)?;
            if let Some(body) = &lookup.body {
                request =
                    request.header("content-type", "application/json")?.body(Payload::Whole(body.clone().into_bytes()));
            }
            answer(&self.network.api.taped(tape, What::Lookup), &access, &request, !wanted.is_empty()).await
        };
        let found = match found.await {
            Ok(found) => found,
            Err(error) if wanted.is_empty() => {
                warnings.push(format!("the call that {} wants to see afterwards did not work: {error}", provider.name));
                return warnings;
            }
            Err(error) => {
                warnings.push(format!("what the API's paths want could not be looked up: {error}"));
                return warnings;
            }
        };
        for (name, variable, path) in wanted {
            match auth::answer::within(&found, path).and_then(said) {
                Some(value) => take(&mut connection.variables, provider, name, variable, &value, &mut warnings),
                None => warnings.push(format!("`{name}` could not be looked up: the answer has no `{path}`")),
            }
        }
        warnings
    }
}

/// Makes a call, and reads its answer where that `is_of_use`.
async fn answer(api: &Client, access: &Access, request: &Request, is_of_use: bool) -> Result<serde_json::Value> {
    let asked = async {
        let answer = api.send(access, request).await?;
        match answer.status() {
            200..=299 if is_of_use => Ok(answer.json(LARGEST).await?),
            200..=299 => Ok(serde_json::Value::Null),
            status => Err(Error::new(Kind::Provider, format!("the API answered {status}"))),
        }
    };
    in_time(asked).await
}

/// Bounds a call of a provider file's own: locks are held meanwhile, and somebody waits.
pub(in crate::service) async fn in_time<T>(call: impl Future<Output = Result<T>>) -> Result<T> {
    let too_long = || Error::new(Kind::Network, format!("the API took longer than {} seconds", CALL.as_secs()));
    tokio::time::timeout(CALL, call).await.unwrap_or_else(|_| Err(too_long()))
}

fn take(
    variables: &mut std::collections::BTreeMap<String, String>,
    provider: &Provider,
    name: &str,
    variable: &Variable,
    value: &str,
    warnings: &mut Vec<String>,
) {
    match check_value(name, variable, value, provider.is_own) {
        Ok(value) => {
            variables.insert(name.to_owned(), value);
        }
        Err(error) => warnings.push(format!("the provider's answer has an unusable value: {error}")),
    }
}

fn said(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns what a variable captures from the answer (`token:PATH`), the token (`claim:PATH`) or the callback
/// (`callback:NAME`).
fn captured(variable: &Variable, credentials: &Credentials, query: &Secret) -> Option<String> {
    let (source, path) = variable.from.as_deref()?.split_once(':')?;
    match source {
        "token" => {
            let extra = match credentials {
                Credentials::OAuth1(pair) | Credentials::OAuth1Token(pair) => &pair.extra,
                credentials => &credentials.tokens()?.extra,
            };
            auth::answer::at(&serde_json::from_str(extra.expose()).ok()?, path).and_then(said)
        }
        "claim" => {
            let token = auth::jwt::decode(&credentials.tokens()?.access_token)?;
            auth::answer::at(&token.claims, path).and_then(said)
        }
        "callback" => url::form_urlencoded::parse(query.expose().as_bytes())
            .find(|(name, _)| name == path)
            .map(|(_, value)| value.into_owned()),
        _ => None,
    }
}

/// Puts what an answer brought into variables; `query` is what a callback carried.
pub(in crate::service) fn capture(
    provider: &Provider,
    credentials: &Credentials,
    query: &Secret,
    variables: &mut std::collections::BTreeMap<String, String>,
    warnings: &mut Vec<String>,
) {
    for (name, variable) in &provider.variables {
        if let Some(value) = captured(variable, credentials, query) {
            take(variables, provider, name, variable, &value, warnings);
        }
    }
}

fn about(connection: &Connection) -> String {
    let scopes = connection.granted_scopes.as_ref().unwrap_or(&connection.requested_scopes);
    let refresh = if connection.is_refreshable { "with a refresh token" } else { "without a refresh token" };
    format!("{refresh}, for {}", spoken_scopes(scopes))
}
