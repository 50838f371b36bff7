//! The second half of an authorization: waiting, judging, exchanging, keeping.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::arrival::{Answered, Arrival};
use super::{Authorization, Connected};
use crate::auth::Refusal;
use crate::auth::callback::Verdict;
use crate::model::Secret;
use crate::service::activity::About;
use crate::service::enter::outcome_of;
use crate::service::hints::{self, Circumstances};
use crate::service::items::digest;
use crate::service::{Error, Kind, Result};

/// How often a port that another hallpass held is tried again: until then, a callback finds nobody there.
const TAKEOVER: Duration = Duration::from_millis(50);
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
            self.open.end(outcome_of(error), About::saying(error.message.clone()));
        }
        self.close().await;
        outcome
    }

    pub(super) fn timed_out(&self) -> Error {
        let hint = if self.waiting.device.is_some() {
            "the code was not entered in time; begin again for another one".to_owned()
        } else if self.waiting.listens {
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

    pub(super) fn replaced(&self) -> Error {
        Error::usage(format!("another authorization of `{}` was begun; this one has ended", self.waiting.connection))
    }

    async fn wait(&mut self) -> Result<Connected> {
        if self.waiting.device.is_some() {
            return self.wait_for_device().await;
        }
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
                    return Err(self.replaced());
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
        let verdict = self.flow.judge(query.expose());
        if !matches!(verdict, Verdict::Stranger(_)) {
            self.open.came_back(&self.waiting.redirect_uri, &query, self.flow.state());
        }
        let (answered, step) = match verdict {
            Verdict::Stranger(why) => {
                tracing::warn!(why, "a callback that is not an answer to this authorization");
                let path = self.address.as_ref().map(|address| address.path.as_str());
                let sent_on = path.and_then(|path| self.service.for_another(path, &query));
                (sent_on.unwrap_or(Answered::NotExpected(why)), Step::Wait)
            }
            Verdict::Denied(refusal) => ended(Err(self.refused(refusal))),
            Verdict::WrongIssuer(issuer) => {
                let message = if issuer.is_empty() {
                    "the answer does not name its issuer, as this server's always do; it was not used".to_owned()
                } else {
                    format!("the answer came from another issuer (`{issuer}`); it was not used")
                };
                ended(Err(Error::new(Kind::Provider, message)
                    .hinted("begin again, and tell the provider if it happens again")))
            }
            Verdict::Code(code) => ended(Box::pin(self.exchange(&code, &query)).await),
        };
        // Whoever asked may have gone away.
        let _ = answer.send(answered);
        step
    }

    async fn exchange(&self, code: &Secret, query: &Secret) -> Result<Connected> {
        let _busy = self.service.busy.begin();
        self.is_exchanging.store(true, Ordering::SeqCst);
        let transport = self.open.transport();
        self.keep(query, async || self.flow.exchange(&transport, code).await).await
    }

    /// A config that moved meanwhile would send these tokens to another provider's endpoints.
    pub(super) fn is_still_for_this_provider(&self) -> Result<()> {
        let config = self.service.config(&self.config.key)?;
        if config.provider == self.config.provider {
            return Ok(());
        }
        let message = format!("`{}` was moved to `{}` meanwhile", config.key, config.provider);
        Err(Error::usage(message)
            .hinted(format!("begin again with {}", super::authorize_command(&self.waiting.connection))))
    }

    pub(super) fn refused(&self, refusal: Refusal) -> Error {
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
        if let Some(state) = self.flow.state().filter(|_| self.is_announced)
            && let Err(error) = self.service.store.remove_pending(&digest(state.expose()))
        {
            tracing::debug!(%error, "forgetting a pending flow");
        }
        if let Some(state) = self.flow.state().filter(|_| self.is_hosted) {
            self.service.busy.hosted(|hosted| hosted.remove(state));
        }
        // Callbacks that wait in line for this one get "already used".
        self.arrivals.close();
        while self.arrivals.try_recv().is_ok() {}
        // The receivers may be gone already.
        let _ = self.stop.send(true);
        for served in self.served.drain(..) {
            let _ = tokio::time::timeout(GOODBYE, served).await;
        }
    }
}

fn ended(outcome: Result<Connected>) -> (Answered, Step) {
    let answered = match &outcome {
        Ok(connected) => Answered::Connected(Box::new(connected.clone())),
        Err(error) => Answered::Failed(Box::new(error.clone())),
    };
    (answered, Step::End(Box::new(outcome)))
}
