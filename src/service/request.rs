//! An authorized request to a provider's API, with a fresh token; once more with a new one where the API says
//! 401, and again after a pause where that was asked for and the API says "later".

use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Origin;

use super::activity::About;
use super::fresh::{Asker, Fresh, Freshness};
use super::source::Source;
use super::{Error, Kind, Result, Service};
use crate::api::{Access, ApiError, Request};
pub use crate::api::{Answer, Payload};
use crate::auth::Tape;
use crate::model::tape::What;
use crate::model::{ConnectionRef, Happening, Outcome};
use crate::store::Place;

/// The most repetitions that can be asked for.
const MOST_RETRIES: u32 = 10;
/// The pause before the first repetition; it doubles.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest pause, whatever the API asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What is to be sent.
#[derive(Debug, Default)]
pub struct ApiRequest {
    /// The HTTP method, in any case.
    pub method: String,
    /// A path under the API's base URL, or a whole URL of the same origin.
    pub path: String,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Payload,
    /// Whether the provider file names the call: its path may hold placeholders, and be a URL elsewhere.
    pub is_named: bool,
    /// Another base URL than the provider file's, of an origin that it names or the user.
    pub base_url: Option<String>,
    /// When it is sent again.
    pub retries: Retries,
    /// Who asks.
    pub asker: Asker,
}

/// When a request is sent again, beside the one time after a 401.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retries {
    /// How often at most; ten is the most there is.
    pub most: u32,
    /// At which statuses beside 429 and those from 500.
    pub on: Vec<u16>,
}

impl Retries {
    fn are_for(&self, status: u16) -> bool {
        status == 429 || status >= 500 || self.on.contains(&status)
    }
}

impl Service {
    /// Sends a request to the API of a connection, authorized as its provider wants it.
    pub async fn request(&self, reference: &ConnectionRef, request: ApiRequest) -> Result<Answer> {
        self.request_of(self, reference, request).await
    }

    /// The same, with credentials from wherever they come.
    pub async fn request_of(
        &self,
        source: &impl Source,
        reference: &ConnectionRef,
        request: ApiRequest,
    ) -> Result<Answer> {
        let asked = Freshness { asker: request.asker, ..Freshness::default() };
        let mut fresh = source.recent(reference, asked).await?;
        let ApiRequest { method, path, headers, body, base_url, retries, is_named, .. } = request;
        let to = |access: &Access| match base_url.as_deref() {
            Some(base) => access.url_under(base, &path),
            None if is_named => access.own_url(&path),
            None => access.url(&path),
        };
        let (mut access, mut left, mut pause) =
            (self.access_of(source, &fresh).await?, retries.most.min(MOST_RETRIES), PAUSE);
        access.named.clone_from(&self.settings.api_origins);
        let mut ready = Request::new(&method, to(&access)?)?.body(body);
        for (name, value) in &headers {
            ready = ready.header(name, value)?;
        }
        let tape = Tape::default();
        let (api, mut place) = (self.network.api.taped(&tape, What::ApiRequest), Place::First);
        let mut may_refresh = !fresh.was_refreshed && !self.settings.read_only;
        loop {
            let started = Instant::now();
            let answer = match api.send(&access, &ready).await {
                Err(error) if left > 0 && is_passing(&error) && ready.is_repeatable() => {
                    tracing::info!(%error, left, "a request did not work; trying again");
                    left -= 1;
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    continue;
                }
                answer => answer,
            };
            let about = About { took: Some(started.elapsed()), ..About::default().at(place.clone(), &tape) };
            let number = self.note_request(
                &fresh,
                &format!("{} {}", method.to_uppercase(), access.masked_path(&path)),
                &answer,
                about,
            );
            place = number.filter(|_| place == Place::First).map_or(place, Place::Within);
            let answer = answer?;
            let status = answer.status();
            if !ready.is_repeatable() {
                return Ok(answer);
            }
            if status == 401 && may_refresh && fresh.connection.is_refreshable {
                // It may have been revoked before its time: one refresh, one more try.
                tracing::info!("the API answered 401; refreshing once");
                may_refresh = false;
                fresh = match replaced(source, reference, &fresh).await {
                    Ok(fresh) => fresh,
                    Err(error) if matches!(error.kind, Kind::AuthorizationNeeded | Kind::Vault) => return Err(error),
                    Err(error) => {
                        tracing::info!(%error, "the refresh did not work");
                        return Ok(answer);
                    }
                };
                access = Access { named: access.named, ..self.access_of(source, &fresh).await? };
                ready = ready.moved(to(&access)?);
            } else if left > 0 && retries.are_for(status) {
                left -= 1;
                tokio::time::sleep(asked_pause(&answer).unwrap_or(pause).min(LONGEST_PAUSE)).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            } else {
                return Ok(answer);
            }
        }
    }

    /// Keeps that a request was sent, and what came of it.
    fn note_request(
        &self,
        fresh: &Fresh,
        line: &str,
        answer: &std::result::Result<Answer, ApiError>,
        about: About,
    ) -> Option<i64> {
        let line = crate::model::untrusted::line(line);
        let (outcome, detail) = match answer {
            Ok(answer) if answer.status() < 400 => (Outcome::Done, format!("{line} → {}", answer.status())),
            Ok(answer) => (Outcome::Refused, format!("{line} → {}", answer.status())),
            // Nothing was sent.
            Err(
                ApiError::Template(_)
                | ApiError::NoBaseUrl(_)
                | ApiError::NoScope(_)
                | ApiError::Foreign { .. }
                | ApiError::Malformed(..),
            ) => {
                return None;
            }
            Err(error) => (Outcome::Failed, format!("{line} → {error}")),
        };
        let about = About { detail, fingerprint: Some(fresh.credentials.fingerprint()), ..about };
        self.record(&fresh.connection.reference, Happening::Requested, outcome, about)
    }
}

/// Returns other credentials than those that an API refused: those that somebody else got meanwhile, or new ones.
async fn replaced(source: &impl Source, reference: &ConnectionRef, refused: &Fresh) -> Result<Arc<Fresh>> {
    let now = source.fresh(reference, Freshness::default()).await?;
    if !now.credentials.are_those(&refused.credentials) {
        return Ok(now);
    }
    source.fresh(reference, Freshness { forced: true, ..Freshness::default() }).await
}

/// Reads an origin that the user names for requests to APIs: `https://sandbox.api.example`.
pub fn named_origin(text: &str) -> Result<Origin> {
    let bad = || {
        Error::usage(format!("`{}` is not the origin of an API", crate::model::untrusted::line(text)))
            .hinted("expected `https://HOST`, or `http://localhost:PORT` for one on this machine")
    };
    let url = crate::model::template::endpoint(text, true).map_err(|_| bad())?;
    if url.path() == "/" && url.query().is_none() { Ok(url.origin()) } else { Err(bad()) }
}

fn is_passing(error: &ApiError) -> bool {
    matches!(error, ApiError::Http(error) if error.may_be_repeated())
}

/// Returns how long the API asks to wait (RFC 9110 section 10.2.3), where it says so in seconds.
fn asked_pause(answer: &Answer) -> Option<Duration> {
    let seconds = answer.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
