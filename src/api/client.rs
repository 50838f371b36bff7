//! Sending a request to an API, and following it where it may go.

use std::sync::{Arc, Mutex, PoisonError};

use hyper::body::{Body, Bytes};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, LOCATION};
use tokio::sync::OnceCell;
use url::Url;

use super::signature::Signable;
use super::{Access, ApiError, masked};
use crate::auth::http::{self, Reach, host_of};
use crate::auth::tape::{Recording, Tape};
use crate::auth::transport::Now;
use crate::auth::{AuthError, dpop};
use crate::model::tape::{Masked, What};
use crate::model::template::is_link_local;
use crate::model::{Secret, untrusted};

/// How many redirects are followed.
const REDIRECTS: usize = 5;

/// A client for APIs. Its connections are set up when they are first needed.
pub struct Client {
    clients: Arc<Clients>,
    now: Now,
    /// Where each exchange is written down, and as what.
    tape: Option<(Tape, What)>,
}

/// What makes connections.
#[derive(Default)]
struct Clients {
    outside: OnceCell<reqwest::Client>,
    loopback: OnceCell<reqwest::Client>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("api::Client")
    }
}

/// A request, before it is authorized.
#[derive(Debug)]
pub struct Request {
    pub(super) method: Method,
    url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Payload,
    is_followed: bool,
}

/// What a request carries.
#[derive(Debug, Default)]
pub enum Payload {
    /// Nothing.
    #[default]
    Nothing,
    /// This, as often as need be.
    Whole(Vec<u8>),
    /// What comes from elsewhere, once.
    Stream(Mutex<Option<reqwest::Body>>),
}

impl Payload {
    /// Sends on what comes from elsewhere, piece by piece.
    pub fn stream<B>(body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + Sync + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self::Stream(Mutex::new(Some(reqwest::Body::wrap(body))))
    }

    /// Tells whether it can be sent a second time.
    pub fn is_repeatable(&self) -> bool {
        !matches!(self, Self::Stream(_))
    }

    pub(super) fn whole(&self) -> Option<&[u8]> {
        if let Self::Whole(bytes) = self { Some(bytes) } else { None }
    }

    fn to_body(&self) -> Option<reqwest::Body> {
        match self {
            Self::Nothing => None,
            Self::Whole(bytes) => Some(bytes.clone().into()),
            Self::Stream(body) => body.lock().unwrap_or_else(PoisonError::into_inner).take(),
        }
    }
}

impl Request {
    /// Makes a request without headers and body. Methods are written in any case.
    pub fn new(method: &str, url: Url) -> Result<Self, ApiError> {
        let malformed = || ApiError::Malformed(untrusted::line(method), "it is no HTTP method");
        let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).map_err(|_| malformed())?;
        Ok(Self { method, url, headers: HeaderMap::new(), body: Payload::Nothing, is_followed: true })
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, ApiError> {
        let malformed = |why| ApiError::Malformed(untrusted::line(name), why);
        let name = HeaderName::try_from(name).map_err(|_| malformed("it is no header name"))?;
        if [AUTHORIZATION, reqwest::header::HOST, reqwest::header::CONTENT_LENGTH].contains(&name) {
            return Err(malformed("that header is set by hallpass"));
        }
        let value = HeaderValue::try_from(value).map_err(|_| malformed("its value is none that a header may have"))?;
        self.headers.append(name, value);
        Ok(self)
    }

    /// Returns the same request to another URL: a token may stand in it.
    #[must_use]
    pub fn moved(self, url: Url) -> Self {
        Self { url, ..self }
    }

    /// Returns the same request, following no redirect: what another page answers proves nothing.
    #[must_use]
    pub fn unfollowed(self) -> Self {
        Self { is_followed: false, ..self }
    }

    /// Gives it a body.
    #[must_use]
    pub fn body(self, body: Payload) -> Self {
        Self { body, ..self }
    }

    /// Tells whether it can be sent a second time.
    pub fn is_repeatable(&self) -> bool {
        self.body.is_repeatable()
    }
}

/// An answer: status and headers; the body comes piece by piece.
#[derive(Debug)]
pub struct Answer {
    host: String,
    response: reqwest::Response,
}

impl Answer {
    /// Returns the HTTP status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Returns the next piece of the body; `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, ApiError> {
        let host = self.host.clone();
        self.response.chunk().await.map_err(|error| http::explain(&host, error).into())
    }

    /// Returns the body, to be read piece by piece.
    pub fn into_body(self) -> reqwest::Body {
        self.response.into()
    }

    /// Reads a body of at most `most` bytes as JSON.
    pub async fn json(mut self, most: usize) -> Result<serde_json::Value, ApiError> {
        let mut body = zeroize::Zeroizing::new(Vec::new());
        while let Some(chunk) = self.chunk().await? {
            body.extend_from_slice(chunk.as_ref());
            if body.len() > most {
                return Err(self.unusable("more than was expected"));
            }
        }
        serde_json::from_slice(&body).map_err(|_| self.unusable("something that is not JSON"))
    }

    fn unusable(&self, what: &'static str) -> ApiError {
        AuthError::Unusable { host: self.host.clone(), status: self.status(), what: what.to_owned() }.into()
    }
}

impl Client {
    /// Makes a client that asks `now` for the time of day.
    pub fn new(now: Now) -> Self {
        Self { clients: Arc::default(), now, tape: None }
    }

    /// Returns the same client, which writes each exchange down on `tape`.
    #[must_use]
    pub fn taped(&self, tape: &Tape, what: What) -> Self {
        Self { clients: self.clients.clone(), now: self.now.clone(), tape: Some((tape.clone(), what)) }
    }

    /// Sends a request with what `access` shows. A redirect of a request without a body is followed:
    /// within the API with the credential, elsewhere without it and without the request's own headers.
    pub async fn send(&self, access: &Access, request: &Request) -> Result<Answer, ApiError> {
        let mut url = request.url.clone();
        let mut is_ours = true;
        for _ in 0..=REDIRECTS {
            let answer = Box::pin(self.proven(is_ours.then_some(access), request, &url)).await?;
            let is_safe = request.is_followed && matches!(request.method, Method::GET | Method::HEAD);
            let Some(next) = next(&answer, &url).filter(|_| is_safe) else { return Ok(answer) };
            // Never with it again once it left: whoever it went to decides where it comes back to.
            is_ours = is_ours && access.may_be_sent_to(&next, &url) && next.scheme() == url.scheme();
            tracing::debug!(host = host_of(&next), is_ours, "following a redirect of the API");
            let next = if is_ours { Some(access.within(next)?) } else { access.outside(next) };
            let Some(next) = next else { return Ok(answer) };
            url = next;
        }
        Err(ApiError::Redirects { host: host_of(&url), most: REDIRECTS })
    }

    /// Sends a request, and once more where the API wants its nonce in the proof (RFC 9449 section 9).
    async fn proven(&self, access: Option<&Access>, request: &Request, url: &Url) -> Result<Answer, ApiError> {
        let answer = self.once(access, request, url, None).await?;
        match asked_nonce(&answer).filter(|_| request.is_repeatable()) {
            Some(nonce) => self.once(access, request, url, Some(&nonce)).await,
            None => Ok(answer),
        }
    }

    async fn once(
        &self,
        access: Option<&Access>,
        request: &Request,
        url: &Url,
        nonce: Option<&str>,
    ) -> Result<Answer, ApiError> {
        let (headers, signed) = match access {
            Some(access) => self.headers(access, request, url, nonce)?,
            None => (HeaderMap::new(), Vec::new()),
        };
        let client = self.client(access, url).await?;
        let mut built = client.request(request.method.clone(), url.clone()).headers(headers);
        if let Some(body) = access.and_then(|_| request.body.to_body()) {
            built = built.body(body);
        }
        let host = host_of(url);
        let started = std::time::Instant::now();
        let recording = self
            .tape
            .as_ref()
            .map(|(tape, what)| tape.begin(*what, masked::request(access, request, url, &signed), (self.now)()));
        let response = built.send().await.map_err(|error| http::explain(&host, error));
        if let Some(recording) = recording {
            write_down(recording, access, &response);
        }
        let response = response?;
        let status = response.status().as_u16();
        // A credential may stand in the path.
        let shown = || access.map_or_else(|| Masked::text("…"), |access| access.masked_path(url.path()));
        tracing::debug!(host, path = %shown(), status, took = ?started.elapsed(), "asked the API");
        Ok(Answer { host, response })
    }

    /// Returns the headers of one request, and the names of those that sign it.
    fn headers(
        &self,
        access: &Access,
        request: &Request,
        url: &Url,
        nonce: Option<&str>,
    ) -> Result<(HeaderMap, Vec<HeaderName>), ApiError> {
        let (mut headers, mut names) = (HeaderMap::new(), Vec::new());
        let (method, body) = (request.method.as_str(), &request.body);
        for (name, value) in access.headers()? {
            let bad = "the provider file makes a header of it that is none";
            let key = HeaderName::try_from(&name).map_err(|_| ApiError::Malformed(untrusted::line(&name), bad))?;
            headers.insert(key, secret_value(&name, &value, bad)?);
        }
        if let Some(proof) = access.proof(method, url, (self.now)(), nonce)? {
            headers
                .insert(HeaderName::from_static(dpop::PROOF), secret_value(dpop::PROOF, &proof, "it cannot be made")?);
        }
        if let Some(name) = request.headers.keys().find(|name| access.shows_in(name.as_str())) {
            return Err(ApiError::Malformed(name.to_string(), "what stands there is set by hallpass"));
        }
        for name in request.headers.keys() {
            headers.remove(name);
        }
        for (name, value) in &request.headers {
            headers.append(name.clone(), value.clone());
        }
        for (name, value) in access.signed(&Signable { method, url, headers: &headers, body }, (self.now)())? {
            let value = secret_value(name.as_str(), &value, "it cannot be signed")?;
            headers.insert(name.clone(), value);
            names.push(name);
        }
        Ok((headers, names))
    }

    /// Returns what makes connections: one of its own where a certificate is shown in them.
    async fn client(&self, access: Option<&Access>, url: &Url) -> Result<reqwest::Client, ApiError> {
        let reach = Reach::of(url);
        if let Some(certificate) = access.map(Access::certificate).transpose()?.flatten() {
            return Ok(certificate.client(None, reach)?);
        }
        let kept = match reach {
            Reach::Loopback => &self.clients.loopback,
            Reach::Outside => &self.clients.outside,
        };
        let made = kept.get_or_try_init(|| async { http::client(None, reach).map_err(AuthError::Tls) });
        Ok(made.await?.clone())
    }
}

/// Makes the value of a header that is not to be shown; `why` says what is wrong where it cannot be one.
fn secret_value(name: &str, value: &Secret, why: &'static str) -> Result<HeaderValue, ApiError> {
    let made = HeaderValue::try_from(value.expose());
    let mut made = made.map_err(|_| ApiError::Malformed(untrusted::line(name), why))?;
    made.set_sensitive(true);
    Ok(made)
}

/// Returns the nonce that an API wants in a proof, where that is what it answers.
fn asked_nonce(answer: &Answer) -> Option<String> {
    let text = |name: &str| answer.headers().get(name)?.to_str().ok();
    let wants = answer.status() == 401 && text("www-authenticate").is_some_and(|text| text.contains(dpop::USE_NONCE));
    text(dpop::NONCE).filter(|_| wants).map(str::to_owned)
}

/// The body is the caller's, and is not kept.
fn write_down(recording: Recording, access: Option<&Access>, response: &Result<reqwest::Response, AuthError>) {
    match response {
        Ok(response) => {
            let secrets = access.map(Access::secrets).unwrap_or_default();
            let secrets: Vec<&Secret> = secrets.iter().map(|(_, secret)| secret).collect();
            let status = response.status().as_u16();
            recording.answered_bare(status, response.headers(), response.content_length(), &secrets);
        }
        Err(error) => recording.failed(&error.to_string()),
    }
}

/// Returns where a redirect leads, if it leads anywhere that may be asked.
fn next(answer: &Answer, from: &Url) -> Option<Url> {
    if !matches!(answer.status(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let mut target = from.join(answer.headers().get(LOCATION)?.to_str().ok()?).ok()?;
    // It is for whoever shows the page, and never sent.
    target.set_fragment(None);
    let is_fit = target.scheme() == "https" || target.scheme() == from.scheme();
    (is_fit && target.username().is_empty() && target.password().is_none() && !is_link_local(&target)).then_some(target)
}
