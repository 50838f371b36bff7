//! The HTTP client, as both those that talk to an authorization server and those that talk to an API
//! need it.

use std::time::Duration;

use url::Url;

use super::AuthError;
use crate::model::template::is_loopback;
use crate::model::untrusted;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

/// How far a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To wherever, with the system's certificates and proxy.
    Outside,
    /// To this machine, in plain http.
    Loopback,
}

impl Reach {
    /// Returns how far a request to `url` goes. reqwest would send loopback requests through
    /// `HTTP_PROXY` too.
    pub fn of(url: &Url) -> Self {
        if is_loopback(url) && url.scheme() == "http" { Self::Loopback } else { Self::Outside }
    }
}

/// How long an API may take to say something, and to take a body that is sent to it.
const SILENCE: Duration = Duration::from_mins(5);

/// Makes a client that follows no redirect, keeps no connection and repeats nothing. `timeout` is for a
/// whole request; without one, only for reading from the connection. The error says what is missing.
pub fn client(timeout: Option<Duration>, reach: Reach) -> Result<reqwest::Client, String> {
    builder(timeout, reach).build().map_err(|error| chain(&error))
}

/// Returns what makes such a client, for whoever adds to it.
pub(super) fn builder(timeout: Option<Duration>, reach: Reach) -> reqwest::ClientBuilder {
    // Without a provider, reqwest panics; a second installation is refused and does no harm.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        // A connection that dies between two requests would lose the answer to the second.
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT)
        .user_agent(concat!("hallpass/", env!("CARGO_PKG_VERSION")));
    let builder = match timeout {
        Some(timeout) => builder.timeout(timeout),
        None => builder.read_timeout(SILENCE),
    };
    match reach {
        Reach::Outside => builder,
        // Plain http alone: no certificates are needed, and a container may have none.
        Reach::Loopback => builder.no_proxy().tls_certs_only([]),
    }
}

/// Tells whether an issuer is on this machine, in plain http: the one case in which that is let in.
pub fn is_loopback_issuer(issuer: &str) -> bool {
    Url::parse(issuer).is_ok_and(|url| Reach::of(&url) == Reach::Loopback)
}

/// Returns a host as errors name it, with its port where that is not the usual one.
pub fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Sorts an error by whether anything was sent.
pub fn explain(host: &str, error: reqwest::Error) -> AuthError {
    let (host, is_connect) = (host.to_owned(), error.is_connect());
    let why = why(error);
    if is_connect { AuthError::Unreachable { host, why } } else { AuthError::NoAnswer { host, why } }
}

/// Says why a request did not work. The URL stays out: a provider may want secrets in its query.
fn why(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() { "it took too long".to_owned() } else { chain(&error) }
}

/// Returns the last two links of a chain of causes; the outer ones say only "error sending request".
pub fn chain(error: &dyn std::error::Error) -> String {
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
