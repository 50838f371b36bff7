//! The second half of an authorization: waiting, judging, exchanging, keeping.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::arrival::{Arrival, Shown};
use super::{Authorization, Connected};
use crate::auth::callback::{Verdict, judge};
use crate::auth::{AuthError, Refusal, answer, authorization_code};
use crate::listener::page::Page;
use crate::model::provider::Variable;
use crate::model::template::check_value;
use crate::model::{Connection, Credentials, Happening, Outcome, Secret, TokenSet, untrusted};
use crate::service::activity::About;
use crate::service::hints::{self, Circumstances};
use crate::service::items::{Item, digest};
use crate::service::{Error, Kind, Result};
use crate::store::IntentKind;

/// How often a port that another hallpass held is tried again.
const TAKEOVER: Duration = Duration::from_millis(500);
/// How long the last page may take to get out.
const GOODBYE: Duration = Duration::from_secs(3);

/// What one arrival means for the authorization.
enum Step {
    /// It goes on waiting.
    Wait,
    /// It has ended.
    End(Box<Result<Connected>>),
}

impl Authorization {
    /// Waits for the answer and keeps what it brings. Ends with an error when time is up, when
    /// the provider says no, or when another authorization for the same connection begins.
    pub async fn finish(mut self) -> Result<Connected> {
        let outcome = self.wait().await;
        if let Err(error) = &outcome {
            let about = About::saying(error.message.clone());
            let word = if error.kind == Kind::Provider { Outcome::Refused } else { Outcome::Failed };
            self.service.record(&self.waiting.connection, Happening::Authorized, word, about);
        }
        self.close().await;
        outcome
    }

    fn timed_out(&self) -> Error {
        let hint = if self.waiting.listens {
            format!(
                "if the browser showed an error instead of coming back, register `{}` as a redirect URI at the provider; give it longer with `--timeout`",
                self.waiting.redirect_uri
            )
        } else {
            "give it longer with `--timeout`".to_owned()
        };
        Error::new(
            Kind::AuthorizationNeeded,
            format!("`{}` was not authorized: no answer came in time", self.waiting.connection),
        )
        .hinted(hint)
    }

    async fn wait(&mut self) -> Result<Connected> {
        let time = (self.waiting.deadline - self.service.now()).to_std().unwrap_or_default();
        // Only the waiting ends with the time: an exchange that has begun is not thrown away.
        let mut time_is_up = std::pin::pin!(tokio::time::sleep(time));
        loop {
            tokio::select! {
                Some(arrival) = self.arrivals.recv() => match self.take(arrival).await {
                    Step::Wait => {}
                    Step::End(outcome) => return *outcome,
                },
                () = time_is_up.as_mut() => return Err(self.timed_out()),
                Ok(()) = &mut self.cancelled => {
                    return Err(Error::usage(format!("another authorization of `{}` was begun; this one has ended", self.waiting.connection)));
                }
                () = tokio::time::sleep(TAKEOVER), if self.waiting.is_relayed => self.take_over().await,
            }
        }
    }

    /// The hallpass that held the port may be gone: then the callback comes here.
    async fn take_over(&mut self) {
        let locks = self.service.settings.paths.locks.clone();
        let Some(address) = &self.address else { return };
        if let Ok(seat) = address.bind(Some(&locks)).await {
            self.waiting.is_relayed = false;
            self.serve(seat);
        }
    }

    async fn take(&mut self, arrival: Arrival) -> Step {
        let Arrival { query, answer } = arrival;
        let (shown, step) = match judge(query.expose(), &self.begun.expected) {
            Verdict::Stranger(why) => {
                tracing::warn!(why, "a callback that is not an answer to this authorization");
                (self.for_another(&query).unwrap_or_else(|| Shown::page(stranger(why))), Step::Wait)
            }
            Verdict::Denied(refusal) => {
                let error = self.refused(refusal);
                (Shown::page(failed(&error)), Step::End(Box::new(Err(error))))
            }
            Verdict::WrongIssuer(issuer) => {
                let error = Error::new(
                    Kind::Provider,
                    format!("the answer came from another issuer (`{issuer}`); it was not used"),
                )
                .hinted("begin again, and tell the provider if it happens again");
                (Shown::page(failed(&error)), Step::End(Box::new(Err(error))))
            }
            Verdict::Code(code) => match Box::pin(self.exchange(&code, &query)).await {
                Ok(connected) => (Shown::page(succeeded(&connected)), Step::End(Box::new(Ok(connected)))),
                Err(error) => (Shown::page(failed(&error)), Step::End(Box::new(Err(error)))),
            },
        };
        // Whoever asked may have gone away.
        let _ = answer.send(shown);
        step
    }

    /// Sends a browser on to the process of ours that began its authorization.
    fn for_another(&self, query: &Secret) -> Option<Shown> {
        let (_, state) = url::form_urlencoded::parse(query.expose().as_bytes()).find(|(name, _)| name == "state")?;
        let flow = self.service.store.pending(&digest(&state), self.service.now()).ok()??;
        let path = &self.address.as_ref()?.path;
        Some(Shown::redirect(format!("http://127.0.0.1:{}{path}?{}", flow.relay_port, query.expose())))
    }

    async fn exchange(&self, code: &Secret, query: &Secret) -> Result<Connected> {
        let started = std::time::Instant::now();
        let _busy = self.service.busy.begin();
        self.is_exchanging.store(true, Ordering::SeqCst);
        let reference = &self.waiting.connection;
        // Before the code is spent: nobody renames, deletes or refreshes meanwhile, and the store can
        // be written.
        let _config = self.service.hold_config(&reference.config).await?;
        let _connection = self.service.hold(reference).await?;
        self.is_still_for_this_provider()?;
        let intent = self.service.announce(IntentKind::Write, &Item::Connection(reference.clone())).await?;
        let tokens = match authorization_code::exchange(&self.service.transport, &self.client, &self.begun, code).await
        {
            Ok(tokens) => tokens,
            Err(error) => {
                self.service.withdraw(intent);
                return Err(match error {
                    AuthError::Refused(refusal) => self.refused(refusal),
                    error => {
                        let again = super::authorize_command(reference);
                        Error::from(error).or_hinted(|| Some(format!("begin again with {again}")))
                    }
                });
            }
        };
        let mut warnings = Vec::new();
        let connection = self.connection(&tokens, query, &mut warnings)?;
        let fingerprint = tokens.access_token.fingerprint();
        let about =
            About { detail: about(&connection), took: Some(started.elapsed()), fingerprint: Some(fingerprint.clone()) };
        self.service.save_surely(&connection, &Credentials::OAuth2(tokens), intent).await?;
        self.service.record(&connection.reference, Happening::Authorized, Outcome::Done, about);
        let refused = connection.refused_scopes();
        if !refused.is_empty() {
            warnings.push(format!("asked for and not granted: {}", untrusted::line(&refused.join(" "))));
        }
        // It is kept; that it cannot be read again right now does not undo it.
        let connection = self.service.connection(reference).unwrap_or(connection);
        Ok(Connected { connection, fingerprint, warnings })
    }

    /// A config that moved meanwhile would send these tokens to another provider's endpoints.
    fn is_still_for_this_provider(&self) -> Result<()> {
        let config = self.service.config(&self.config.key)?;
        if config.provider == self.config.provider {
            return Ok(());
        }
        let message = format!("`{}` was moved to `{}` meanwhile", config.key, config.provider);
        Err(Error::usage(message)
            .hinted(format!("begin again with {}", super::authorize_command(&self.waiting.connection))))
    }

    fn connection(&self, tokens: &TokenSet, query: &Secret, warnings: &mut Vec<String>) -> Result<Connection> {
        let reference = self.waiting.connection.clone();
        let before = self.service.store.connection(&reference)?;
        let mut variables = self.variables.clone();
        for (name, variable) in &self.provider.variables {
            let Some(value) = captured(variable, tokens, query) else { continue };
            match check_value(name, variable, &value, self.provider.is_own) {
                Ok(value) => {
                    variables.insert(name.clone(), value);
                }
                Err(error) => warnings.push(format!("the provider's answer has an unusable value: {error}")),
            }
        }
        let mut connection = Connection {
            number: 0,
            reference,
            provider: self.config.provider.clone(),
            requested_scopes: self.scopes.clone(),
            granted_scopes: None,
            expires_at: None,
            obtained_at: tokens.obtained_at,
            is_refreshable: false,
            variables,
            problem: None,
            created_at: before.map_or(tokens.obtained_at, |before| before.created_at),
            updated_at: tokens.obtained_at,
            refreshed_at: None,
            revision: 0,
        };
        connection.record(tokens);
        Ok(connection)
    }

    fn refused(&self, refusal: Refusal) -> Error {
        let flow = Circumstances {
            connection: &self.waiting.connection,
            config: &self.config,
            provider: &self.provider,
            redirect_uri: &self.waiting.redirect_uri,
            scopes: &self.scopes,
        };
        let hint = hints::for_refusal(&refusal, &flow);
        Error::from(refusal).hinted(hint)
    }

    /// Lets the last page get out, and closes the port.
    async fn close(mut self) {
        if self.is_announced
            && let Err(error) = self.service.store.remove_pending(&digest(self.begun.expected.state.expose()))
        {
            tracing::debug!(%error, "forgetting a pending flow");
        }
        // Callbacks that wait in line get "already used".
        self.arrivals.close();
        while self.arrivals.try_recv().is_ok() {}
        // The receivers may be gone already.
        let _ = self.stop.send(true);
        for served in self.served.drain(..) {
            let _ = tokio::time::timeout(GOODBYE, served).await;
        }
    }
}

/// Returns what a variable captures from the answer (`token:PATH`) or the callback
/// (`callback:NAME`).
fn captured(variable: &Variable, tokens: &TokenSet, query: &Secret) -> Option<String> {
    let (source, path) = variable.from.as_deref()?.split_once(':')?;
    match source {
        "token" => match answer::at(&tokens.extra_fields(), path)? {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        },
        "callback" => url::form_urlencoded::parse(query.expose().as_bytes())
            .find(|(name, _)| name == path)
            .map(|(_, value)| value.into_owned()),
        _ => None,
    }
}

fn about(connection: &Connection) -> String {
    let scopes = connection.granted_scopes.as_ref().unwrap_or(&connection.requested_scopes);
    let refresh = if connection.is_refreshable { "with a refresh token" } else { "without a refresh token" };
    format!("{refresh}, for {}", super::spoken_scopes(scopes))
}

fn succeeded(connected: &Connected) -> Page {
    let connection = &connected.connection;
    let mut page =
        Page::new(200, "Connected", vec![format!("`{}` is authorized. You can close this tab.", connection.reference)]);
    page.hint = connected.warnings.first().cloned();
    page
}

fn failed(error: &Error) -> Page {
    let mut paragraphs = vec![error.message.clone()];
    paragraphs.extend(error.causes.iter().cloned());
    // The words are a provider's or ours; whoever sent the browser here gets the same status.
    Page { hint: error.hint.clone(), ..Page::new(200, "Not connected", paragraphs) }
}

fn stranger(why: &str) -> Page {
    let words = format!(
        "This address was not asked for by the authorization that is under way: {why}. Nothing was changed; hallpass goes on waiting."
    );
    Page::new(400, "Not expected", vec![words])
}
