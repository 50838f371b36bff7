//! A fresh token: the flow that everything else is for.
//!
//! ```text
//! read → fresh? → hand out
//!          │ no
//!       lock → read again → fresh now, or refreshed by another? → hand out
//!          │ no
//!       refresh → answered  → vault, then store → hand out
//!               → transient → again, if nothing was sent or a whole "later" came
//!               → lost      → read again, once more, then an error; nothing is marked dead
//!               → refused   → the connection needs authorization; config and history stay
//! ```

mod tries;

use std::time::{Duration, Instant};

use tries::{Exchange, Failure, PAUSE, TRIES, try_refresh};

use super::activity::About;
use super::fields::Beside;
use super::hints;
use super::items::{Item, Loaded};
use super::{Error, Kind, Result, Service};
use crate::auth::token_exchange::Given;
use crate::auth::{self, AuthError, Tape};
use crate::model::freshness::margin;
pub use crate::model::freshness::{Asker, Freshness};
use crate::model::provider::Answer;
use crate::model::{Connection, ConnectionRef, Credentials, Happening, Outcome, Problem, ProblemKind, Provider, Time};
use crate::store::IntentKind;

/// How long all tries together may take. Shorter than the patience of `refresh_lock`.
pub(super) const DEADLINE: Duration = Duration::from_mins(1);

/// A fresh token and what belongs to it.
#[derive(Debug, Clone)]
pub struct Fresh {
    /// The connection as it is now.
    pub connection: Connection,
    /// Its credentials.
    pub credentials: Credentials,
    /// Whether it was refreshed for this call.
    pub was_refreshed: bool,
}

/// How far this machine's clock may have been set back before a token's end is not believed.
const SKEW: chrono::TimeDelta = chrono::TimeDelta::seconds(60);

fn not_refreshed(connection: &Connection) -> Error {
    Error::usage(format!("`{}` is {}: there is nothing to refresh it with", connection.reference, connection.way))
        .hinted("enter it anew when the provider has replaced it")
}

impl Service {
    /// Returns credentials that are valid for at least the margin, refreshing them if need be.
    pub async fn fresh_credentials(&self, reference: &ConnectionRef, freshness: Freshness) -> Result<Fresh> {
        refuse_refused(&self.connection(reference)?, freshness)?;
        let (connection, loaded) = self.peek_credentials(reference).await?;
        if self.is_good(&connection, &loaded.credentials, freshness)? {
            return Ok(Fresh { connection, credentials: loaded.credentials, was_refreshed: false });
        }
        self.may_change()?;
        let (seen, asked_at) = (loaded.credentials, self.now());
        let _lock = self.hold(reference).await?;
        let connection = self.connection(reference)?;
        refuse_refused(&connection, freshness)?;
        let loaded = self.load_credentials(&connection).await?;
        if let Some(Problem { kind: ProblemKind::Transient, reason, at }) = &connection.problem
            && *at > asked_at
        {
            // Whoever had the lock tried just now; to try again in turn would hold up all.
            return Err(Error::new(Kind::Network, format!("`{reference}` was not refreshed: {reason}"))
                .hinted("try again in a moment"));
        }
        let by_another = !loaded.credentials.are_those(&seen);
        let freshness = Freshness { forced: freshness.forced && !by_another, ..freshness };
        if self.is_good(&connection, &loaded.credentials, freshness)? {
            return Ok(Fresh { connection, credentials: loaded.credentials, was_refreshed: by_another });
        }
        // Boxed: most calls hand out what is there, and need not carry what a refresh needs.
        Box::pin(self.refresh(connection, &loaded, freshness)).await
    }

    /// Tells whether the credentials can be handed out as they are.
    fn is_good(&self, connection: &Connection, credentials: &Credentials, freshness: Freshness) -> Result<bool> {
        let Some(tokens) = credentials.tokens() else {
            // Keys, logins and OAuth 1.0a tokens have no end that is known here.
            return if freshness.forced { Err(not_refreshed(connection)) } else { Ok(true) };
        };
        if freshness.forced {
            return Ok(false);
        }
        if tokens.expires_at.is_none() {
            return Ok(true);
        }
        let provider = self.provider(connection.provider.as_str()).ok().map(|(_, provider)| provider);
        let table = provider.as_ref().and_then(|provider| provider.oauth2_of(connection.way));
        let answer = provider.as_ref().and_then(|provider| provider.answer_of(connection.way));
        let now = self.now();
        if is_fresh(credentials, freshness, answer.and_then(declared), now) {
            return Ok(true);
        }
        let is_valid = tokens.is_fresh(now, Duration::ZERO);
        let is_renewed = is_valid && table.is_some_and(|table| table.renewal.is_some());
        if credentials.is_refreshable() || is_renewed {
            return Ok(false);
        }
        // Nothing to refresh it with: what is left of it is all there is, and the end is the end.
        if is_valid && freshness.min_ttl.is_none() {
            return Ok(true);
        }
        Err(Error::authorization_needed(
            &connection.reference,
            "its token has ended, or soon will, and it has no refresh token",
        ))
    }

    /// Returns what the provider file of a connection says of how fresh a token must be.
    pub(super) fn declared_margin(&self, connection: &Connection) -> Option<Duration> {
        let (_, provider) = self.provider(connection.provider.as_str()).ok()?;
        provider.answer_of(connection.way).and_then(declared)
    }

    async fn refresh(&self, mut connection: Connection, loaded: &Loaded, freshness: Freshness) -> Result<Fresh> {
        let reference = connection.reference.clone();
        let Some(tokens) = loaded.credentials.tokens() else { return Err(not_refreshed(&connection)) };
        if self.config(&reference.config)?.provider != connection.provider {
            let why = format!("its tokens are of `{}`, and its config is for another provider", connection.provider);
            return Err(Error::authorization_needed(&reference, &why));
        }
        let (way, variables) = (connection.way, connection.variables.clone());
        let scopes = connection.requested_scopes.clone();
        let client = if way.is_exchanged() {
            None
        } else {
            Some(
                self.client_of(&reference.config, way, Beside { variables: &variables, fields: &tokens.fields })
                    .await?
                    .bound_by(tokens.dpop_key.as_ref())?,
            )
        };
        let (_, provider) = self.provider(connection.provider.as_str())?;
        let given = |fields| Given { provider: &provider, variables: &variables, fields };
        let exchange = match (&loaded.credentials, &client, &tokens.refresh_token) {
            (Credentials::TokenExchange(before), ..) => Exchange::Again(given(&before.fields)),
            (Credentials::SignedJwt(before), ..) => Exchange::Sign(given(&before.fields)),
            (Credentials::ClientCredentials(_), Some(client), _) => Exchange::Fetch(client, &scopes),
            (_, Some(client), Some(_)) => Exchange::Refresh(client, tokens, &scopes),
            (_, Some(client), None) if client.renews() => Exchange::Renew(client, &tokens.access_token),
            _ => return Err(Error::authorization_needed(&reference, "it has no refresh token")),
        };
        let _busy = self.busy.begin();
        let intent = self.announce(IntentKind::Write, &Item::Connection(reference.clone())).await?;
        self.prove_replaceable(&reference, loaded, intent).await?;
        let (started, tape) = (Instant::now(), Tape::default());
        let transport = self.network.auth.taped(&tape);
        let outcome = match tokio::time::timeout(DEADLINE, try_refresh(&transport, &exchange)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::Passing(AuthError::NoAnswer {
                host: "the provider".to_owned(),
                why: format!("it took longer than {} seconds", DEADLINE.as_secs()),
            })),
        };
        let answer = match outcome {
            Ok(answer) => answer.merged_with(tokens),
            Err(failure) => {
                self.withdraw(intent);
                // A renewal comes long before the end: the token that is there is good.
                if matches!(exchange, Exchange::Renew(..))
                    && !freshness.forced
                    && tokens.is_fresh(self.now(), Duration::ZERO)
                {
                    tracing::warn!(reason = failure.reason(), "an access token was not renewed; it is still good");
                    return Ok(Fresh { connection, credentials: loaded.credentials.clone(), was_refreshed: false });
                }
                return Err(self.refresh_failed(&reference, &provider, failure, started, &tape));
            }
        };
        let fingerprint = Some(answer.access_token.fingerprint());
        let ends = answer.expires_at.zip(tokens.expires_at);
        let lasts_longer = answer.access_token == tokens.access_token && ends.is_some_and(|(now, before)| now > before);
        let was_rotated = answer.refresh_token != tokens.refresh_token;
        let obtained_at = answer.obtained_at;
        let mut credentials = loaded.credentials.with_tokens(answer);
        connection.record(&credentials);
        connection.refreshed_at = Some(obtained_at);
        if let Err(error) = self.save_surely(&connection, &credentials, intent).await {
            let detail = format!("refreshed, and the answer could not be kept: {error}");
            self.record(
                &reference,
                Happening::Refreshed,
                Outcome::Failed,
                About { took: Some(started.elapsed()), fingerprint, ..About::saying(detail).on(&tape) },
            );
            return Err(error);
        }
        if let Some(client) = &client {
            self.find_end(&transport, client, &mut connection, &mut credentials).await;
        }
        let detail = match (lasts_longer, was_rotated) {
            (true, false) => "the same access token, for longer",
            (true, true) => "the same access token, for longer, and a new refresh token",
            (false, true) => "new access token, and a new refresh token",
            (false, false) => "new access token",
        };
        let about = About { took: Some(started.elapsed()), fingerprint, ..About::saying(detail).on(&tape) };
        self.record(&reference, Happening::Refreshed, Outcome::Done, about);
        if credentials.tokens().is_some_and(|tokens| !tokens.is_fresh(self.now(), Duration::ZERO)) {
            let ended = format!("the new token that the provider gave for `{reference}` has ended already");
            return Err(Error::new(Kind::Provider, ended)
                .hinted("check this machine's clock, and the provider's settings for the lifetime of tokens"));
        }
        Ok(Fresh { connection, credentials, was_refreshed: true })
    }

    /// Asks for the end of a token whose answer did not say it, once the token itself is kept.
    async fn find_end(
        &self,
        transport: &auth::Transport,
        client: &auth::Client,
        connection: &mut Connection,
        credentials: &mut Credentials,
    ) {
        let (Credentials::OAuth2(tokens) | Credentials::ClientCredentials(tokens)) = &mut *credentials else { return };
        if !client.introspects_expiry() || tokens.expires_at.is_some() {
            return;
        }
        auth::introspect::find_end(transport, client, tokens).await;
        connection.record(credentials);
        let kept = async {
            let item = Item::Connection(connection.reference.clone());
            let intent = self.announce(IntentKind::Write, &item).await?;
            self.save_surely(connection, credentials, intent).await
        };
        if let Err(error) = kept.await {
            tracing::warn!(%error, "keeping the end of a token");
        }
    }

    /// A rotated token that is not kept is lost: a vault that hiccups gets more than one chance.
    pub(super) async fn save_surely(
        &self,
        connection: &Connection,
        credentials: &Credentials,
        intent: i64,
    ) -> Result<()> {
        let mut pause = PAUSE;
        for _ in 1..TRIES {
            match self.save_announced(connection, credentials, intent).await {
                Err(error) if error.kind == Kind::Vault => {
                    tracing::warn!(%error, "keeping new credentials; trying again");
                }
                outcome => return outcome,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        self.save_announced(connection, credentials, intent).await
    }

    /// Keeps what went wrong, and returns the error that says it.
    fn refresh_failed(
        &self,
        reference: &ConnectionRef,
        provider: &Provider,
        failure: Failure,
        started: Instant,
        tape: &Tape,
    ) -> Error {
        let (kind, outcome, reason, error) = match failure {
            Failure::Gone(reason) => {
                let error = Error::authorization_needed(reference, &reason);
                (ProblemKind::NeedsAuthorization, Outcome::Refused, reason, error)
            }
            Failure::Client(refusal) => {
                let reason = format!("the provider refused the client ({refusal})");
                let error = Error::new(Kind::Provider, format!("`{reference}` was not refreshed: {reason}"))
                    .hinted(hints::for_client(provider, &reference.config));
                (ProblemKind::ClientRefused, Outcome::Refused, reason, error)
            }
            Failure::Passing(error) => {
                let reason = error.to_string();
                let error = Error::from(error).or_hinted(|| Some("try again in a moment; if it stays, look at the provider's endpoints (`hallpass provider show ID`)".to_owned()));
                let error = Error { message: format!("`{reference}` was not refreshed: {}", error.message), ..error };
                (ProblemKind::Transient, Outcome::Failed, reason, error)
            }
        };
        let problem = Problem { kind, reason: reason.clone(), at: self.now() };
        if let Err(error) = self.store.set_problem(reference, &problem) {
            tracing::warn!(%error, "keeping a problem");
        }
        let about = About { took: Some(started.elapsed()), ..About::saying(reason).on(tape) };
        self.record(reference, Happening::Refreshed, outcome, about);
        error
    }
}

fn declared(answer: &Answer) -> Option<Duration> {
    answer.refresh_margin.map(Duration::from_secs)
}

/// Tells whether credentials are valid for at least the margin. Those that have no known end are.
pub(super) fn is_fresh(credentials: &Credentials, freshness: Freshness, declared: Option<Duration>, now: Time) -> bool {
    let Some(tokens) = credentials.tokens().filter(|tokens| tokens.expires_at.is_some()) else { return true };
    let margin = margin(freshness.min_ttl, declared, freshness.asker.margin(), tokens.lifetime());
    // A token from the future says that the clock was set back: its end says nothing.
    tokens.is_fresh(now, margin) && tokens.obtained_at - now <= SKEW
}

/// A connection that was refused asks nobody again, unless that is what was asked for.
fn refuse_refused(connection: &Connection, freshness: Freshness) -> Result<()> {
    match &connection.problem {
        Some(Problem { kind: ProblemKind::NeedsAuthorization, reason, .. }) if !freshness.forced => {
            Err(Error::authorization_needed(&connection.reference, reason))
        }
        _ => Ok(()),
    }
}
