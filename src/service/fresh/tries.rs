//! One refresh, tried as often as that may help and cannot hurt.

use std::time::Duration;

use crate::auth::token_exchange::{self, Given};
use crate::auth::{self, AuthError, Refusal};
use crate::model::{Secret, TokenSet};

/// How often a refresh is tried in all where a server says "later" or cannot be reached.
pub(super) const TRIES: u32 = 3;
/// The pause before the second try; it doubles.
pub(super) const PAUSE: Duration = Duration::from_millis(400);
/// The longest `Retry-After` that is waited for while somebody waits for a token.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// How new tokens are got without a person.
pub(super) enum Exchange<'a> {
    /// With the refresh token of these, which may work once; for these scopes, where that is asked.
    Refresh(&'a auth::Client, &'a TokenSet, &'a [String]),
    /// With the access token itself, while it is valid.
    Renew(&'a auth::Client, &'a Secret),
    /// By the client alone, for these scopes.
    Fetch(&'a auth::Client, &'a [String]),
    /// With what a person entered.
    Again(Given<'a>),
    /// The same, and signed here.
    Sign(Given<'a>),
}

/// Why a refresh did not work.
pub(super) enum Failure {
    /// The grant is gone.
    Gone(String),
    /// The client is refused: the config must be mended.
    Client(Refusal),
    /// Anything that may pass.
    Passing(AuthError),
}

impl Failure {
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Gone(reason) => reason.clone(),
            Self::Client(refusal) => refusal.to_string(),
            Self::Passing(error) => error.to_string(),
        }
    }
}

/// Tries until an answer comes that stands.
pub(super) async fn try_refresh(transport: &auth::Transport, exchange: &Exchange<'_>) -> Result<TokenSet, Failure> {
    let (mut tries, mut was_lost, mut pause) = (0, false, PAUSE);
    loop {
        tries += 1;
        let asked = match exchange {
            Exchange::Refresh(client, tokens, scopes) => {
                auth::refresh::refresh(transport, client, tokens, scopes).await
            }
            Exchange::Renew(client, token) => auth::renew::renew(transport, client, token).await,
            Exchange::Fetch(client, scopes) => auth::client_credentials::fetch(transport, client, scopes).await,
            Exchange::Again(given) => token_exchange::exchange(transport, *given).await,
            Exchange::Sign(given) => token_exchange::signed_jwt(*given, transport.now()),
        };
        let error = match asked {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        tracing::info!(%error, tries, "a refresh did not work");
        match error {
            // There is no client: what was entered is refused, and only a person has another.
            AuthError::Refused(refusal)
                if matches!(exchange, Exchange::Again(_))
                    && (refusal.ends_the_grant() || matches!(refusal.status, 200 | 400 | 401)) =>
            {
                return Err(Failure::Gone(format!("the provider refused what was entered ({refusal})")));
            }
            AuthError::Refused(refusal) if refusal.is_about_the_client() && !matches!(exchange, Exchange::Again(_)) => {
                return Err(Failure::Client(refusal));
            }
            AuthError::Refused(refusal) if refusal.ends_the_grant() => {
                return Err(Failure::Gone(if was_lost {
                    format!(
                        "the provider's answer to a refresh was lost on the way after it had replaced the refresh token, and it refuses the old one ({refusal})"
                    )
                } else {
                    format!("the provider refused the refresh ({refusal})")
                }));
            }
            error if error.may_be_repeated() && tries < TRIES => {
                let asked = match &error {
                    AuthError::Busy { retry_after, .. } => *retry_after,
                    _ => None,
                };
                if asked.is_some_and(|asked| asked > LONGEST_PAUSE) {
                    return Err(Failure::Passing(error));
                }
                tokio::time::sleep(asked.unwrap_or_else(|| jittered(pause))).await;
                pause *= 2;
            }
            // The server may have acted on it. One more try tells: it answers again, or it
            // refuses, and then the token was replaced.
            error if error.is_lost_answer() && !was_lost => {
                was_lost = true;
                tokio::time::sleep(jittered(pause)).await;
            }
            error => return Err(Failure::Passing(error)),
        }
    }
}

/// Spreads tries of several processes over half again the pause.
fn jittered(pause: Duration) -> Duration {
    let [byte] = crate::vault::key::fresh::<1>();
    pause + pause.mul_f64(f64::from(byte) / 512.0)
}
