//! Answers, each with the headers that keep it out of caches, frames and referrers.

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};

/// The body of an answer: all of it at once, or piece by piece as it comes from elsewhere.
pub type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// An answer.
pub type Reply = Response<Body>;

/// Returns a body that is there already.
pub fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// Returns plain text.
pub fn text(status: StatusCode, text: &str) -> Reply {
    with(status, "text/plain; charset=utf-8", text.to_owned())
}

/// Returns JSON.
pub fn json(status: StatusCode, value: &serde_json::Value) -> Reply {
    with(status, "application/json", value.to_string())
}

/// Returns JSON that is written down already.
pub fn json_bytes(body: Bytes) -> Reply {
    with_body(StatusCode::OK, "application/json", whole(body))
}

/// Returns a status and nothing else.
pub fn empty(status: StatusCode) -> Reply {
    let mut reply = text(status, "");
    reply.headers_mut().remove(CONTENT_TYPE);
    reply
}

/// Returns a redirect (303, so that the next request is a GET). An address that cannot stand in a
/// header gets an error instead.
pub fn redirect(target: &str) -> Reply {
    leading(StatusCode::SEE_OTHER, target)
}

/// Returns a redirect of a GET (302).
pub fn found(target: &str) -> Reply {
    leading(StatusCode::FOUND, target)
}

fn leading(status: StatusCode, target: &str) -> Reply {
    let Ok(location) = HeaderValue::try_from(target) else {
        return text(StatusCode::BAD_REQUEST, "That address cannot be redirected to.\n");
    };
    let mut reply = text(status, "");
    reply.headers_mut().insert(LOCATION, location);
    reply
}

/// Returns a page under a content security policy.
pub fn html(status: StatusCode, html: String, policy: &str) -> Reply {
    let mut reply = with(status, "text/html; charset=utf-8", html);
    if let Ok(policy) = HeaderValue::try_from(policy) {
        reply.headers_mut().insert(HeaderName::from_static("content-security-policy"), policy);
    }
    reply
}

fn with(status: StatusCode, kind: &'static str, body: String) -> Reply {
    with_body(status, kind, whole(body.into()))
}

fn with_body(status: StatusCode, kind: &'static str, body: Body) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("referrer-policy"), HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    reply
}
