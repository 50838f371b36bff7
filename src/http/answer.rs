//! Errors as Nango's clients read them: a sentence in `error` and a code in `type` on the routes of early
//! 2023, an object in `error` on today's.

use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::listener::reply::{self, Reply};
use crate::model::untrusted;
use crate::service::{Error, Kind};

/// A request that is refused, or that did not work.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// The code, as the original spells it where it has one.
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), hint: None }
    }

    /// One of the original's, which are all 400.
    pub(super) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(super) fn missing(code: &'static str, parameter: &str) -> Self {
        Self::bad(code, format!("Missing param '{parameter}'."))
    }

    /// Says that a body was not read for want of its type, where something is missing.
    #[must_use]
    pub(super) fn unread(self, is_unread: bool) -> Self {
        if is_unread {
            self.hinted("the body was not read: send it with `content-type: application/json`")
        } else {
            self
        }
    }

    /// Says that nothing is served at a path.
    pub(super) fn nothing_at(method: &Method, path: &str) -> Self {
        let message = format!("There is nothing at {method} {}.", untrusted::line(path));
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(super) fn unknown_config() -> Self {
        Self::bad("unknown_provider_config", "There is no Provider Configuration matching this key.")
    }

    #[must_use]
    pub(super) fn hinted(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Returns it as the routes of early 2023 say it.
    pub(super) fn era(&self) -> Reply {
        let mut body = Map::from_iter([
            ("error".to_owned(), Value::from(self.message.as_str())),
            ("type".to_owned(), Value::from(self.code)),
        ]);
        body.extend(self.hint.as_ref().map(|hint| ("hint".to_owned(), Value::from(hint.as_str()))));
        reply::json(self.status, &Value::Object(body))
    }

    /// Returns it as today's routes say it.
    pub(super) fn today(&self) -> Reply {
        reply::json(self.status, &json!({"error": self.object(), "type": self.code}))
    }

    fn object(&self) -> Value {
        let mut object = Map::from_iter([
            ("code".to_owned(), Value::from(self.code)),
            ("message".to_owned(), Value::from(self.message.as_str())),
        ]);
        object.extend(self.hint.as_ref().map(|hint| ("payload".to_owned(), json!({"hint": hint}))));
        Value::Object(object)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let (status, code) = match error.kind {
            Kind::Usage => (StatusCode::BAD_REQUEST, "invalid_request"),
            Kind::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Kind::AuthorizationNeeded => (StatusCode::FAILED_DEPENDENCY, "invalid_credentials"),
            Kind::Provider => (StatusCode::BAD_GATEWAY, "provider_error"),
            Kind::Network => (StatusCode::GATEWAY_TIMEOUT, "provider_unreachable"),
            Kind::Vault => (StatusCode::SERVICE_UNAVAILABLE, "vault_unavailable"),
            Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
        };
        Self { status, code, message: sentence(&error), hint: error.hint }
    }
}

/// Returns what went wrong and why, without what mends it.
fn sentence(error: &Error) -> String {
    let mut words = error.message.clone();
    for cause in &error.causes {
        words = format!("{words}: {cause}");
    }
    words
}

/// Says that nothing is served at a path.
pub(super) fn nothing_at(method: &Method, path: &str) -> Reply {
    Refusal::nothing_at(method, path).era()
}

/// Says that a path has no such method.
pub(super) fn wrong_method(method: &Method, path: &str) -> Reply {
    let message = format!("{method} is not answered at {}.", untrusted::line(path));
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message).era()
}
