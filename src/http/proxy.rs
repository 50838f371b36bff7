//! `/proxy/…`: a request to a provider's API with a connection's credentials put in, streamed both ways.

use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderMap, HeaderName, ORIGIN,
    REFERER, SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use hyper::{Request, Response, StatusCode};

use super::answer::Refusal;
use super::{Server, body};
use crate::listener::reply::Reply;
use crate::model::{ConfigKey, ConnectionId, ConnectionRef};
use crate::service::Error;
use crate::service::fresh::Asker;
use crate::service::request::{ApiRequest, Payload, Retries};

/// Bodies up to this many bytes are read whole, so that they can be sent a second time.
const REPEATABLE: u64 = body::LARGEST as u64;
/// How the SDKs mark headers that are for the API.
const PREFIX: &str = "nango-proxy-";

impl Server {
    pub(super) async fn proxy(&self, path: &str, request: Request<Incoming>) -> Reply {
        let proxied = Box::pin(self.proxied(path, request)).await;
        proxied.unwrap_or_else(|refusal| refusal.today())
    }

    async fn proxied(&self, path: &str, request: Request<Incoming>) -> Result<Reply, Refusal> {
        let headers = request.headers();
        let reference = named(headers)?;
        let number = |name: &str| value(headers, name).map(|text| text.trim().parse::<u32>());
        let retries = number("retries").transpose().map_err(|_| bad_header("Retries", "a number"))?;
        let on = value(headers, "retry-on").unwrap_or_default();
        let on = on.split(',').map(str::trim).filter(|status| !status.is_empty()).map(str::parse);
        let on = on.collect::<Result<Vec<u16>, _>>().map_err(|_| bad_header("Retry-On", "numbers of HTTP statuses"))?;
        // An old SDK puts the endpoint behind a slash of its own, and the endpoint has one too.
        let rest = path.trim_start_matches('/').split_once('/').map_or("", |(_, rest)| rest);
        let path = format!("/{}", rest.trim_start_matches('/'));
        let path = match request.uri().query() {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        let wanted = ApiRequest {
            method: request.method().to_string(),
            path,
            headers: sent_on(headers)?,
            base_url: value(headers, "base-url-override").map(str::to_owned),
            retries: Retries { most: retries.unwrap_or_default(), on },
            is_named: false,
            asker: Asker::Program,
            body: Payload::Nothing,
        };
        let body = request.into_body();
        let is_small = body.size_hint().exact().is_some_and(|length| length <= REPEATABLE);
        let body = match body.size_hint().exact() {
            Some(0) => Payload::Nothing,
            _ if is_small => Payload::Whole(body::bytes(body).await?.to_vec()),
            _ => Payload::stream(Shared(Mutex::new(body))),
        };
        let answer = self.service.request(&reference, ApiRequest { body, ..wanted }).await?;
        let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::BAD_GATEWAY);
        let mut headers = HeaderMap::new();
        for (name, value) in answer.headers().iter().filter(|(name, _)| comes_back(name)) {
            headers.append(name.clone(), value.clone());
        }
        let body = answer.into_body().map_err(std::io::Error::other).boxed_unsync();
        let mut reply = Response::new(body);
        *reply.status_mut() = status;
        *reply.headers_mut() = headers;
        Ok(reply)
    }
}

fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty())
}

fn bad_header(name: &str, expected: &str) -> Refusal {
    Refusal::bad("invalid_headers", format!("The header `{name}` must be {expected}."))
}

/// Which connection is meant. Headers are bytes: those of a text in UTF-8, or in Latin-1 as Node writes them.
fn named(headers: &HeaderMap) -> Result<ConnectionRef, Refusal> {
    let needed = |name: &str, code: &'static str| {
        let found = headers.get(name).map(|value| match std::str::from_utf8(value.as_bytes()) {
            Ok(text) => text.to_owned(),
            Err(_) => value.as_bytes().iter().map(|byte| char::from(*byte)).collect(),
        });
        found.ok_or_else(|| Refusal::bad(code, format!("Missing header '{name}'.")))
    };
    let key = needed("Provider-Config-Key", "missing_provider_config_key")?;
    let id = needed("Connection-Id", "missing_connection_id")?;
    let key = ConfigKey::new(key).map_err(Error::from)?;
    Ok(ConnectionRef::new(key, ConnectionId::new(id).map_err(Error::from)?))
}

/// What is between the caller and this server, and nothing to the API.
const OURS: [HeaderName; 15] = [
    ACCEPT_ENCODING,
    AUTHORIZATION,
    CONNECTION,
    CONTENT_LENGTH,
    COOKIE,
    EXPECT,
    HOST,
    ORIGIN,
    REFERER,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    USER_AGENT,
    SET_COOKIE,
];
const OURS_BY_NAME: [&str; 9] = [
    "provider-config-key",
    "connection-id",
    "base-url-override",
    "retries",
    "retry-on",
    "decompress",
    "forward-headers-on-redirect",
    "keep-alive",
    "proxy-connection",
];

/// Returns the headers that the API gets: those that the SDK marks for it, and those that say something about
/// the request itself.
fn sent_on(headers: &HeaderMap) -> Result<Vec<(String, String)>, Refusal> {
    let mut sent: Vec<(String, String)> = Vec::new();
    let text = |name: &str, value: &hyper::header::HeaderValue| {
        let text = value.to_str().map(str::to_owned);
        text.map_err(|_| bad_header(name, "visible ASCII"))
    };
    for (name, value) in headers {
        if let Some(bare) = name.as_str().strip_prefix(PREFIX) {
            sent.push((bare.to_owned(), text(bare, value)?));
        }
    }
    let marked: Vec<String> = sent.iter().map(|(name, _)| name.clone()).collect();
    for (name, value) in headers {
        let known = name.as_str();
        let is_ours = OURS.contains(name)
            || OURS_BY_NAME.contains(&known)
            || ["nango-", "sec-", "x-forwarded-"].iter().any(|prefix| known.starts_with(prefix));
        if !is_ours && !marked.iter().any(|marked| marked == known) {
            sent.push((known.to_owned(), text(known, value)?));
        }
    }
    // A header that the SDK sent to this server as well is not refused for it.
    sent.retain(|(name, _)| !["authorization", "host", "content-length"].contains(&name.as_str()));
    Ok(sent)
}

/// Tells whether a header of the API's answer is for the caller. What speaks to a browser is not: none asked.
fn comes_back(name: &HeaderName) -> bool {
    let is_between = [CONNECTION, TRANSFER_ENCODING, TRAILER, TE, UPGRADE, SET_COOKIE].contains(name);
    let text = name.as_str();
    let speaks_to_browsers = text.starts_with("access-control-")
        || ["alt-svc", "clear-site-data", "strict-transport-security", "keep-alive", "proxy-authenticate"]
            .contains(&text);
    !is_between && !speaks_to_browsers
}

/// A body that may be moved between threads while it is read.
struct Shared(Mutex<Incoming>);

impl Body for Shared {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let body = self.get_mut().0.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        Pin::new(body).poll_frame(context)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().map(|body| body.size_hint()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn the_key_and_what_is_for_this_server_go_no_further() {
        let sent = sent_on(&headers(&[
            ("authorization", "Bearer key"),
            ("provider-config-key", "k"),
            ("connection-id", "c"),
            ("nango-is-sync", "false"),
            ("accept-encoding", "application/json"),
            ("user-agent", "axios"),
            ("cookie", "a=b"),
            ("x-forwarded-for", "1.2.3.4"),
            ("content-type", "application/json"),
            ("accept", "a/b"),
            ("nango-proxy-accept", "c/d"),
            ("nango-proxy-user-agent", "mine"),
            ("nango-proxy-authorization", "Bearer other"),
        ]))
        .unwrap();
        let mut sent: Vec<String> = sent.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        sent.sort();
        assert_eq!(sent, ["accept: c/d", "content-type: application/json", "user-agent: mine"]);
    }

    #[test]
    fn nothing_of_the_apis_answer_speaks_to_a_browser() {
        for name in ["set-cookie", "access-control-allow-origin", "strict-transport-security", "transfer-encoding"] {
            assert!(!comes_back(&HeaderName::from_static(name)), "{name}");
        }
        for name in ["content-type", "link", "x-ratelimit-remaining", "retry-after", "content-encoding"] {
            assert!(comes_back(&HeaderName::from_static(name)), "{name}");
        }
    }
}
