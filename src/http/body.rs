//! Bodies of requests: JSON, within limits.

use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::{Request, StatusCode};
use serde_json::{Map, Value};

use super::answer::Refusal;

/// The largest body that is read whole, in bytes.
pub(super) const LARGEST: usize = 1024 * 1024;
/// How long a client may take to send one.
const TIME: Duration = Duration::from_secs(10);

/// Reads a body of at most [`LARGEST`] bytes.
pub(super) async fn bytes(body: Incoming) -> Result<hyper::body::Bytes, Refusal> {
    let too_large = |_| {
        let message = format!("The body is larger than {LARGEST} bytes, or broke off.");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
    };
    let slow = |_| Refusal::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", "The body did not come in time.");
    let collected = tokio::time::timeout(TIME, Limited::new(body, LARGEST).collect()).await.map_err(slow)?;
    Ok(collected.map_err(too_large)?.to_bytes())
}

fn is_json(request: &Request<Incoming>) -> bool {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Tells whether a request has a body that is not read: one of another type than JSON.
pub(super) fn is_unread(request: &Request<Incoming>) -> bool {
    use hyper::body::Body;
    !is_json(request) && !request.body().is_end_stream()
}

/// Reads a JSON object. A body of another type counts as an empty one, as in the original.
pub(super) async fn object(request: Request<Incoming>) -> Result<Map<String, Value>, Refusal> {
    let is_json = is_json(&request);
    let bytes = bytes(request.into_body()).await?;
    if !is_json || bytes.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::bad("invalid_body", "The body is JSON, but no object.")),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            Err(Refusal::bad("invalid_body", format!("The body is not JSON (line {line}, column {column}).")))
        }
    }
}

/// Returns a text of an object; anything else is an error that names it. What is null counts as absent.
pub(super) fn text(object: &Map<String, Value>, name: &str) -> Result<Option<String>, Refusal> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::bad("invalid_body", format!("Param '{name}' must be a string."))),
    }
}

/// Returns the texts of an object within an object; other values are left out.
pub(super) fn texts(object: &Map<String, Value>, name: &str) -> std::collections::BTreeMap<String, String> {
    let inner = object.get(name).and_then(Value::as_object);
    let pairs = inner.into_iter().flatten();
    pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}
