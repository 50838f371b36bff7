//! Waiting for a device authorization: asking, as often as the server lets us, until the user has
//! decided or the code is too old (RFC 8628 section 3.5). Time is measured by the machine's own steady
//! clock: the time of day may be set meanwhile.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::flow::Flow;
use super::{Authorization, Connected};
use crate::auth::device::{self, Poll};
use crate::auth::{AuthError, Refusal};
use crate::model::{Credentials, Secret};
use crate::service::error::authorize_command;
use crate::service::{Error, Kind, Result};

/// The longest pause after a poll that brought no answer.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

impl Authorization {
    pub(super) async fn wait_for_device(&mut self) -> Result<Connected> {
        let time = (self.waiting.deadline - self.service.now()).to_std().unwrap_or_default();
        let end = Instant::now() + time;
        loop {
            let Flow::Device { device, .. } = &self.flow else { return Err(self.timed_out()) };
            let next = Instant::now() + device.interval;
            tokio::select! {
                () = tokio::time::sleep_until(next.min(end)) => {}
                Ok(()) = &mut self.cancelled => return Err(self.replaced()),
            }
            if next > end {
                return Err(self.device_timed_out());
            }
            if let Some(connected) = self.poll().await? {
                return Ok(connected);
            }
        }
    }

    /// Asks once; `None` where it goes on.
    async fn poll(&mut self) -> Result<Option<Connected>> {
        let polled = {
            // From here on the answer may hold tokens.
            let _busy = self.service.busy.begin();
            let Flow::Device { client, device, .. } = &self.flow else { return Ok(None) };
            let (place, transport) = (self.prepare().await?, self.open.transport());
            match device::poll(&transport, client, device, &self.scopes).await {
                Ok(Poll::Done(tokens)) => {
                    self.is_exchanging.store(true, Ordering::SeqCst);
                    let kept = self.keep_in(place, Credentials::OAuth2(*tokens), &Secret::default()).await;
                    return kept.map(Some);
                }
                outcome => {
                    self.service.withdraw(place.intent);
                    outcome
                }
            }
        };
        let Flow::Device { device, .. } = &mut self.flow else { return Ok(None) };
        match polled {
            Ok(Poll::SlowDown) => device.slow_down(),
            Ok(_) => {}
            Err(AuthError::Refused(refusal)) if refusal.code == "expired_token" => return Err(self.timed_out()),
            Err(AuthError::Refused(refusal)) => return Err(self.device_refused(refusal)),
            // Section 3.5: after a connection timeout less often.
            Err(error @ (AuthError::Unreachable { .. } | AuthError::NoAnswer { .. } | AuthError::Busy { .. })) => {
                tracing::info!(%error, "a poll did not work");
                let why = error.to_string();
                let asked = if let AuthError::Busy { retry_after, .. } = error { retry_after } else { None };
                device.back_off(LONGEST_PAUSE, asked);
                self.unanswered = Some(why);
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        }
        self.unanswered = None;
        Ok(None)
    }

    /// Time is up; where the server has not answered at the end, that is why.
    fn device_timed_out(&self) -> Error {
        let error = self.timed_out();
        let Some(why) = &self.unanswered else { return error };
        Error { kind: Kind::Network, causes: vec![why.clone()], ..error }
            .hinted("nothing is known of what was entered; begin again when the provider answers")
    }

    fn device_refused(&self, refusal: Refusal) -> Error {
        if refusal.code == "access_denied" {
            let message = format!("`{}` was not authorized: the request was denied", self.waiting.connection);
            return Error::new(Kind::Provider, message)
                .hinted(format!("begin again with {}", authorize_command(&self.waiting.connection)));
        }
        self.refused(refusal)
    }
}
