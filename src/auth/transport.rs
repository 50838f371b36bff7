//! The one place that talks to an authorization server.
//!
//! Redirects are not followed, connections are not reused, requests are not repeated here: a
//! refresh token may work once, and only `service` knows what a second try would cost. One that was refused for
//! want of a `DPoP` nonce is the exception: nothing of it was used, and the answer brings what was wanting (RFC 9449
//! section 8).

mod documents;

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use serde_json::{Map, Value};
use tokio::sync::OnceCell;
use url::Url;

use super::answer::{self, Reading};
use super::http::{self, Reach, host_of};
use super::sent::Sent;
use super::tape::{Recording, Tape};
pub use super::token_request::TokenRequest;
use super::{AuthError, Refusal, dpop, masked};
use crate::model::provider::TokenTrade;
use crate::model::provider::{OAuth2, RequestFormat};
use crate::model::{Secret, Time};

/// The most that is read of an answer.
const LARGEST: usize = 1024 * 1024;
/// How long a request may take in all.
const WHOLE: Duration = Duration::from_secs(30);
/// The longest wait that a server may ask for.
const LONGEST_WAIT: u64 = 3_600;

/// Returns the time of day; `system` knows it, and `auth` is told.
pub type Now = Arc<dyn Fn() -> Time + Send + Sync>;

/// A client for authorization servers. Its connections are set up when they are first needed:
/// reading the system's certificates takes milliseconds, and most commands need none.
pub struct Transport {
    clients: Arc<Clients>,
    timeout: Duration,
    now: Now,
    /// Where each exchange is written down.
    tape: Option<Tape>,
}

/// What makes connections.
#[derive(Default)]
struct Clients {
    outside: OnceCell<reqwest::Client>,
    loopback: OnceCell<reqwest::Client>,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Transport")
    }
}

/// What came back from a server, whatever it was.
struct Reply {
    status: u16,
    headers: HeaderMap,
    retry_after: Option<Duration>,
    body: zeroize::Zeroizing<Vec<u8>>,
}

impl Transport {
    /// Makes a transport that asks `now` for the time of day.
    pub fn new(now: Now) -> Self {
        Self { clients: Arc::default(), timeout: WHOLE, now, tape: None }
    }

    /// Returns the same transport, which writes each exchange down on `tape`.
    #[must_use]
    pub fn taped(&self, tape: &Tape) -> Self {
        Self { clients: self.clients.clone(), timeout: self.timeout, now: self.now.clone(), tape: Some(tape.clone()) }
    }

    /// Gives every request another deadline than the usual one.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Returns the time of day.
    pub fn now(&self) -> Time {
        (self.now)()
    }

    /// Proves that connections can be set up, without making one.
    pub async fn check(&self) -> Result<(), AuthError> {
        self.clients.outside.get_or_try_init(|| async { self.build(Reach::Outside) }).await.map(|_| ())
    }

    fn build(&self, reach: Reach) -> Result<reqwest::Client, AuthError> {
        http::client(Some(self.timeout), reach).map_err(AuthError::Tls)
    }

    /// Posts a token request as the provider wants it, and returns its answer in standard form.
    pub async fn tokens(
        &self,
        url: &Url,
        table: &OAuth2,
        request: TokenRequest,
    ) -> Result<Map<String, Value>, AuthError> {
        let (reading, told) = self.ask(url, table, request).await?;
        told.tokens(reading)
    }

    /// Posts a request whose answer is an object that is no token answer: a device authorization, an
    /// introspection. Returns it as it came.
    pub async fn object(
        &self,
        url: &Url,
        table: &OAuth2,
        request: TokenRequest,
    ) -> Result<Map<String, Value>, AuthError> {
        let sent = Sent::of(&request);
        let reply = self.send(url, table, request, &sent).await?;
        let told = Told { host: host_of(url), status: reply.status, retry_after: reply.retry_after };
        match (reply.status, answer::parse(&reply.body)) {
            (200..=299, Some(map)) if !answer::is_error(&map) => Ok(map),
            (_, Some(map)) => match self.read(reply.status, map, table, &sent) {
                // A server that is busy may say why.
                Reading::Refused(refusal) if told.is_busy() => Err(told.busy(Some(refusal.to_string()))),
                reading => told.tokens(reading).and(Err(told.unusable("no object of the kind that was asked for"))),
            },
            (_, None) if told.is_busy() => Err(told.busy(None)),
            (200..=299, None) => Err(told.unusable("something that is not JSON")),
            (status, None) => Err(Refusal::of_status(status).into()),
        }
    }

    /// Trades an access token for another one as `exchange` has it; `request` holds the token.
    pub async fn exchange(
        &self,
        url: &Url,
        exchange: &TokenTrade,
        table: &OAuth2,
        request: TokenRequest,
    ) -> Result<Map<String, Value>, AuthError> {
        let mut table = OAuth2 { param_names: std::collections::BTreeMap::default(), ..table.clone() };
        table.token_request.method = Some(exchange.method.clone().unwrap_or_else(|| "GET".to_owned()));
        table.token_request.format = if exchange.is_in_url() { RequestFormat::Query } else { RequestFormat::Form };
        self.tokens(url, &table, request).await
    }

    /// Posts a signed request without a body (RFC 5849 section 2), and returns the fields of the answer.
    /// `secrets` are those behind the signature: none of them stands in an error.
    pub async fn signed(
        &self,
        url: &Url,
        request: TokenRequest,
        secrets: &[&Secret],
    ) -> Result<Map<String, Value>, AuthError> {
        let table = OAuth2::default();
        let sent = Sent::these(secrets);
        let reply = self.send(url, &table, request, &sent).await?;
        let told = Told { host: host_of(url), status: reply.status, retry_after: reply.retry_after };
        match (reply.status, answer::parse(&reply.body)) {
            (200..=299, Some(map)) => Ok(map),
            (200..=299, None) => Err(told.unusable("something that is no form")),
            _ if told.is_busy() => Err(told.busy(None)),
            (status, _) => {
                // The protocol has no error format: the first line is what there is.
                let text = String::from_utf8_lossy(&reply.body);
                let line = text.lines().next().filter(|line| !line.contains('<')).unwrap_or_default();
                Err(Refusal::new(&format!("http_{status}"), Some(&sent.without(line)), None, status).into())
            }
        }
    }

    /// Posts a token request, and says what the answer is.
    pub(super) async fn ask(
        &self,
        url: &Url,
        table: &OAuth2,
        request: TokenRequest,
    ) -> Result<(Reading, Told), AuthError> {
        let (sent, kept) = (Sent::of(&request), request.kept.clone());
        let reply = self.send(url, table, request, &sent).await?;
        let told = Told { host: host_of(url), status: reply.status, retry_after: reply.retry_after };
        let map = answer::parse(&reply.body);
        if told.is_busy() {
            let refusal = map.map(|map| self.read(reply.status, map, table, &sent));
            return Err(told.busy(match refusal {
                Some(Reading::Refused(refusal) | Reading::Later(refusal)) if !refusal.code.starts_with("http_") => {
                    Some(refusal.to_string())
                }
                _ => None,
            }));
        }
        let Some(map) = map else {
            if reply.status >= 400 {
                return Err(Refusal::of_status(reply.status).into());
            }
            let what =
                if reply.body.is_empty() { "an empty body" } else { "something that is neither JSON nor a form" };
            return Err(told.unusable(what));
        };
        Ok((self.read_over(kept.as_ref(), reply.status, map, table, &sent), told))
    }

    /// Posts a request whose answer holds nothing but its status (RFC 7009 section 2.2).
    pub async fn notice(&self, url: &Url, table: &OAuth2, request: TokenRequest) -> Result<(), AuthError> {
        let sent = Sent::of(&request);
        let reply = self.send(url, table, request, &sent).await?;
        let told = Told { host: host_of(url), status: reply.status, retry_after: reply.retry_after };
        if told.is_busy() {
            return Err(told.busy(None));
        }
        match answer::parse(&reply.body).map(|map| self.read(reply.status, map, table, &sent)) {
            // Some say no with 200.
            Some(Reading::Refused(refusal) | Reading::Later(refusal)) => Err(refusal.into()),
            _ if reply.status < 300 => Ok(()),
            _ => Err(Refusal::of_status(reply.status).into()),
        }
    }

    /// Reads an answer; of one that is an error, without the secrets that were sent.
    fn read(&self, status: u16, map: Map<String, Value>, table: &OAuth2, sent: &Sent) -> Reading {
        self.read_over(None, status, map, table, sent)
    }

    fn read_over(
        &self,
        kept: Option<&Secret>,
        status: u16,
        map: Map<String, Value>,
        table: &OAuth2,
        sent: &Sent,
    ) -> Reading {
        let mut harmless = map.clone();
        let reading = answer::read_over(kept, status, map, table, self.now());
        // Only an error answer is read anew: of what was cleaned for the screen, no token is made.
        if matches!(reading, Reading::Tokens(_) | Reading::Neither(_)) {
            return reading;
        }
        sent.take_out(&mut harmless);
        answer::read(status, harmless, table, self.now())
    }

    /// Sends a request; one that must be proven again where the server wants its nonce in the proof, and has done nothing
    /// yet (RFC 9449 section 8).
    async fn send(&self, url: &Url, table: &OAuth2, request: TokenRequest, sent: &Sent) -> Result<Reply, AuthError> {
        let again = request.prover.is_some().then(|| request.clone());
        let reply = self.send_once(url, table, request, sent, None).await?;
        match again.zip(asked_nonce(&reply)) {
            Some((request, nonce)) => self.send_once(url, table, request, sent, Some(&nonce)).await,
            None => Ok(reply),
        }
    }

    async fn send_once(
        &self,
        url: &Url,
        table: &OAuth2,
        mut request: TokenRequest,
        sent: &Sent,
        nonce: Option<&str>,
    ) -> Result<Reply, AuthError> {
        // One that shows a certificate is for this request alone.
        let client = match &request.certificate {
            Some(certificate) => certificate.client(Some(self.timeout), Reach::of(url))?,
            None => self.client(url).await?.clone(),
        };
        if let Some(prover) = &request.prover {
            let method = table.token_request.method.as_deref().unwrap_or("POST");
            let proof = prover.proof(method, url, self.now(), None, nonce);
            request.headers.push((dpop::PROOF.to_owned(), proof.expose().to_owned().into()));
        }
        let begin = |tape: &Tape| tape.begin(request.what, masked::request(&request, url, table), self.now());
        let recording = self.tape.as_ref().map(begin);
        let request = request.build(&client, url, table)?;
        let outcome = self.execute(&client, request, url, sent).await;
        if let Some(recording) = recording {
            write_down(recording, &outcome, sent);
        }
        outcome
    }

    async fn execute(
        &self,
        client: &reqwest::Client,
        request: reqwest::Request,
        url: &Url,
        sent: &Sent,
    ) -> Result<Reply, AuthError> {
        let host = host_of(url);
        let started = std::time::Instant::now();
        let mut response = client.execute(request).await.map_err(|error| http::explain(&host, error))?;
        let status = response.status().as_u16();
        tracing::debug!(host, path = url.path(), status, took = ?started.elapsed(), "asked the authorization server");
        let unusable = |what: String| AuthError::Unusable { host: host.clone(), status, what };
        if response.status().is_redirection() {
            let target = response
                .headers()
                .get("location")
                .and_then(|value| value.to_str().ok())
                .and_then(|text| Url::parse(text).ok());
            let target =
                target.map_or_else(String::new, |target| format!(" to {}", sent.host_without(host_of(&target))));
            return Err(unusable(format!("a redirect{target}, which a request with secrets in it does not follow")));
        }
        let headers = std::mem::take(response.headers_mut());
        let retry_after = headers.get(RETRY_AFTER).and_then(|value| retry_after(value, self.now()));
        let mut body = zeroize::Zeroizing::new(Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(|error| http::explain(&host, error))? {
            if body.len() + chunk.len() > LARGEST {
                return Err(unusable("more than 1 MiB".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, headers, retry_after, body })
    }

    async fn client(&self, url: &Url) -> Result<&reqwest::Client, AuthError> {
        let reach = Reach::of(url);
        let kept = match reach {
            Reach::Loopback => &self.clients.loopback,
            Reach::Outside => &self.clients.outside,
        };
        kept.get_or_try_init(|| async { self.build(reach) }).await
    }
}

fn write_down(recording: Recording, outcome: &Result<Reply, AuthError>, sent: &Sent) {
    match outcome {
        Ok(reply) => recording.answered(reply.status, &reply.headers, &reply.body, sent),
        Err(error) => recording.failed(&error.to_string()),
    }
}

/// Returns the nonce that a server wants in a proof, where that is what it answers.
fn asked_nonce(reply: &Reply) -> Option<String> {
    let wants = matches!(reply.status, 400 | 401)
        && answer::parse(&reply.body)
            .is_some_and(|map| map.get("error").and_then(Value::as_str) == Some(dpop::USE_NONCE));
    reply.headers.get(dpop::NONCE).filter(|_| wants)?.to_str().ok().map(str::to_owned)
}

/// What an answer says besides its body.
pub(super) struct Told {
    host: String,
    status: u16,
    retry_after: Option<Duration>,
}

impl Told {
    /// Tells whether the whole answer means "later".
    fn is_busy(&self) -> bool {
        matches!(self.status, 408 | 429 | 500..=599)
    }

    fn busy(&self, detail: Option<String>) -> AuthError {
        AuthError::Busy { host: self.host.clone(), status: self.status, retry_after: self.retry_after, detail }
    }

    fn unusable(&self, what: &str) -> AuthError {
        AuthError::Unusable { host: self.host.clone(), status: self.status, what: what.to_owned() }
    }

    /// Returns the tokens of an answer, or why there are none.
    pub(super) fn tokens(&self, reading: Reading) -> Result<Map<String, Value>, AuthError> {
        match reading {
            Reading::Tokens(map) => Ok(map),
            Reading::Refused(refusal) => Err(refusal.into()),
            Reading::Later(refusal) => Err(self.busy(Some(refusal.to_string()))),
            Reading::Neither(what) => Err(self.unusable(what)),
        }
    }
}

/// Reads `Retry-After`: seconds, or a date (RFC 9110 section 10.2.3).
fn retry_after(value: &HeaderValue, now: Time) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds.min(LONGEST_WAIT)));
    }
    let date = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    (date.to_utc() - now).to_std().ok().map(|wait| wait.min(Duration::from_secs(LONGEST_WAIT)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Time = "2026-01-01T00:00:00Z".parse().unwrap();
        let read = |text: &str| retry_after(&HeaderValue::from_str(text).unwrap(), now);
        assert_eq!(read("2"), Some(Duration::from_secs(2)));
        assert_eq!(read("Thu, 01 Jan 2026 00:00:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(read("99999999999"), Some(Duration::from_secs(LONGEST_WAIT)));
        assert_eq!(read("soon"), None);
    }
}
