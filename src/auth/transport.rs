//! The one place that talks to an authorization server.
//!
//! Redirects are not followed, connections are not reused, requests are not repeated here: a
//! refresh token may work once, and only `service` knows what a second try would cost.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use serde_json::{Map, Value};
use tokio::sync::OnceCell;
use url::Url;

use super::answer::{self, Reading};
use super::sent::Sent;
use super::{AuthError, Refusal, xml};
use crate::model::provider::{OAuth2, RequestFormat};
use crate::model::template::is_loopback;
use crate::model::{Time, untrusted};

/// The most that is read of an answer.
const LARGEST: usize = 1024 * 1024;
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a request may take in all.
const WHOLE: Duration = Duration::from_secs(30);
/// The longest wait that a server may ask for.
const LONGEST_WAIT: u64 = 3_600;

/// Returns the time of day; `system` knows it, and `auth` is told.
pub type Now = Arc<dyn Fn() -> Time + Send + Sync>;

/// A client for authorization servers. Its connections are set up when they are first needed:
/// reading the system's certificates takes milliseconds, and most commands need none.
pub struct Transport {
    outside: OnceCell<reqwest::Client>,
    loopback: OnceCell<reqwest::Client>,
    timeout: Duration,
    now: Now,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Transport")
    }
}

/// What came back from a server, whatever it was.
struct Reply {
    status: u16,
    retry_after: Option<Duration>,
    body: zeroize::Zeroizing<Vec<u8>>,
}

impl Transport {
    /// Makes a transport that asks `now` for the time of day.
    pub fn new(now: Now) -> Self {
        Self { outside: OnceCell::new(), loopback: OnceCell::new(), timeout: WHOLE, now }
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
        self.outside.get_or_try_init(|| async { build(self.timeout, Reach::Outside) }).await.map(|_| ())
    }

    /// Posts a token request as the provider wants it, and returns its answer in standard form.
    pub async fn tokens(
        &self,
        url: &Url,
        table: &OAuth2,
        request: TokenRequest,
    ) -> Result<Map<String, Value>, AuthError> {
        let sent = Sent::of(&request.parameters, request.authorization.as_ref());
        let reply = self.send(url, table, request, &sent).await?;
        let host = host_of(url);
        let unusable =
            |what: &str| AuthError::Unusable { host: host.clone(), status: reply.status, what: what.to_owned() };
        let map = answer::parse(&reply.body);
        if matches!(reply.status, 408 | 429 | 500..=599) {
            let refusal = map.map(|map| self.read(reply.status, map, table, &sent));
            let detail = match refusal {
                Some(Reading::Refused(refusal) | Reading::Later(refusal)) if !refusal.code.starts_with("http_") => {
                    Some(refusal.to_string())
                }
                _ => None,
            };
            return Err(AuthError::Busy { host, status: reply.status, retry_after: reply.retry_after, detail });
        }
        let Some(map) = map else {
            if reply.status >= 400 {
                return Err(Refusal::of_status(reply.status).into());
            }
            let what =
                if reply.body.is_empty() { "an empty body" } else { "something that is neither JSON nor a form" };
            return Err(unusable(what));
        };
        match self.read(reply.status, map, table, &sent) {
            Reading::Tokens(map) => Ok(map),
            Reading::Refused(refusal) => Err(refusal.into()),
            Reading::Later(refusal) => Err(AuthError::Busy {
                host,
                status: reply.status,
                retry_after: reply.retry_after,
                detail: Some(refusal.to_string()),
            }),
            Reading::Neither(what) => Err(unusable(what)),
        }
    }

    /// Posts a request whose answer holds nothing but its status (RFC 7009 section 2.2).
    pub async fn notice(&self, url: &Url, table: &OAuth2, request: TokenRequest) -> Result<(), AuthError> {
        let sent = Sent::of(&request.parameters, request.authorization.as_ref());
        let reply = self.send(url, table, request, &sent).await?;
        if matches!(reply.status, 408 | 429 | 500..=599) {
            return Err(AuthError::Busy {
                host: host_of(url),
                status: reply.status,
                retry_after: reply.retry_after,
                detail: None,
            });
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
        let mut harmless = map.clone();
        let reading = answer::read(status, map, table, self.now());
        // Only an error answer is read anew: of what was cleaned for the screen, no token is made.
        if matches!(reading, Reading::Tokens(_) | Reading::Neither(_)) {
            return reading;
        }
        sent.take_out(&mut harmless);
        answer::read(status, harmless, table, self.now())
    }

    async fn send(&self, url: &Url, table: &OAuth2, request: TokenRequest, sent: &Sent) -> Result<Reply, AuthError> {
        let host = host_of(url);
        let client = self.client(url).await?;
        let started = std::time::Instant::now();
        let request = request.build(client, url, table)?;
        let mut response = client.execute(request).await.map_err(|error| explain(&host, error))?;
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
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value, self.now()));
        let mut body = zeroize::Zeroizing::new(Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(|error| explain(&host, error))? {
            if body.len() + chunk.len() > LARGEST {
                return Err(unusable("more than 1 MiB".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, retry_after, body })
    }

    async fn client(&self, url: &Url) -> Result<&reqwest::Client, AuthError> {
        // reqwest would send loopback requests through HTTP_PROXY too.
        if is_loopback(url) && url.scheme() == "http" {
            self.loopback.get_or_try_init(|| async { build(self.timeout, Reach::Loopback) }).await
        } else {
            self.outside.get_or_try_init(|| async { build(self.timeout, Reach::Outside) }).await
        }
    }
}

#[derive(Clone, Copy)]
enum Reach {
    Outside,
    Loopback,
}

fn build(timeout: Duration, reach: Reach) -> Result<reqwest::Client, AuthError> {
    // Without a provider, reqwest panics; a second installation is refused and does no harm.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        // A connection that dies between two requests would lose the answer to the second.
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT)
        .timeout(timeout)
        .user_agent(concat!("hallpass/", env!("CARGO_PKG_VERSION")));
    let builder = match reach {
        Reach::Outside => builder,
        // Plain http alone: no certificates are needed, and a container may have none.
        Reach::Loopback => builder.no_proxy().tls_certs_only([]),
    };
    builder.build().map_err(|error| AuthError::Tls(chain(&error)))
}

/// A request in the standard form, before the provider's own wishes are met.
pub struct TokenRequest {
    /// The parameters of the form.
    pub parameters: Vec<(String, zeroize::Zeroizing<String>)>,
    /// The `Authorization` header, where the client shows who it is there.
    pub authorization: Option<HeaderValue>,
}

impl TokenRequest {
    fn build(self, client: &reqwest::Client, url: &Url, table: &OAuth2) -> Result<reqwest::Request, AuthError> {
        let wish = &table.token_request;
        let parameters: Vec<(&str, &str)> = self
            .parameters
            .iter()
            .map(|(name, value)| (table.param_names.get(name).unwrap_or(name).as_str(), value.as_str()))
            .filter(|(name, _)| !name.is_empty())
            .collect();
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(mut authorization) = self.authorization {
            authorization.set_sensitive(true);
            headers.insert(reqwest::header::AUTHORIZATION, authorization);
        }
        let mut url = url.clone();
        let body = match wish.format {
            RequestFormat::Form => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
                url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&parameters).finish()
            }
            RequestFormat::Json => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                let object: Map<String, Value> =
                    parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
                Value::Object(object).to_string()
            }
            RequestFormat::Query => {
                url.query_pairs_mut().extend_pairs(&parameters);
                String::new()
            }
            RequestFormat::Xml => {
                headers.insert(ACCEPT, HeaderValue::from_static("application/xml"));
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
                xml::credentials(&parameters)
            }
        };
        for (name, value) in &wish.headers {
            let header = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            let (name, value) = header.ok_or(AuthError::NotOffered("usable header under `token_request.headers`"))?;
            headers.insert(name, value);
        }
        let method = wish
            .method
            .as_deref()
            .unwrap_or("POST")
            .parse()
            .map_err(|_| AuthError::NotOffered("usable `token_request.method`"))?;
        let request = client.request(method, url).headers(headers).body(body).build();
        request.map_err(|error| AuthError::Tls(chain(&error)))
    }
}

/// The view of a transport that the `oauth2` crate sees while it makes one request.
pub(super) struct Exchange<'a> {
    pub(super) transport: &'a Transport,
    pub(super) table: &'a OAuth2,
}

impl<'c> AsyncHttpClient<'c> for Exchange<'_> {
    type Error = AuthError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, AuthError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let url =
                Url::parse(&request.uri().to_string()).map_err(|_| AuthError::NotOffered("usable token endpoint"))?;
            let parameters = url::form_urlencoded::parse(request.body());
            let request = TokenRequest {
                parameters: parameters
                    .map(|(name, value)| (name.into_owned(), zeroize::Zeroizing::new(value.into_owned())))
                    .collect(),
                authorization: request.headers().get(reqwest::header::AUTHORIZATION).cloned(),
            };
            let map = self.transport.tokens(&url, self.table, request).await?;
            let response = oauth2::http::Response::builder().status(200).header(CONTENT_TYPE, "application/json");
            Ok(response.body(Value::Object(map).to_string().into_bytes()).expect("a status and a constant header"))
        })
    }
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Sorts an error by whether anything was sent. The URL stays out: a provider may want secrets in
/// its query.
fn explain(host: &str, error: reqwest::Error) -> AuthError {
    let error = error.without_url();
    let (host, is_connect) = (host.to_owned(), error.is_connect());
    let why = if error.is_timeout() { "it took too long".to_owned() } else { chain(&error) };
    if is_connect { AuthError::Unreachable { host, why } } else { AuthError::NoAnswer { host, why } }
}

/// Returns the last two links of a chain of causes; the outer ones say only "error sending request".
fn chain(error: &dyn std::error::Error) -> String {
    let mut links = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        links.push(cause.to_string());
        next = cause.source();
    }
    links.dedup();
    let tail = links.len().saturating_sub(2);
    untrusted::line(&links[tail..].join(": "))
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
