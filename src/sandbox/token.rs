//! The token and the revocation endpoint.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Request, StatusCode};
use serde_json::{Value, json};

use super::authorize::form;
use super::grants::{Exchange, Issued, Refused};
use super::{CLIENT_ID, CLIENT_SECRET, PUBLIC_CLIENT_ID, Shared, Weather};
use crate::listener::reply::{self, Reply};
use crate::model::Secret;

/// How long a slow answer takes.
const SLOW: Duration = Duration::from_secs(3);

/// Answers a token request (RFC 6749 sections 4.1.3 and 6).
pub(super) async fn token(shared: &Shared, request: Request<Incoming>) -> Reply {
    let weather = {
        let mut state = shared.state();
        state.counts.requests += 1;
        if state.next.is_empty() { state.weather } else { state.next.remove(0) }
    };
    match weather {
        Weather::Slow => tokio::time::sleep(SLOW).await,
        Weather::TooMany => {
            let mut reply = error(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Come back in a second");
            reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            return reply;
        }
        Weather::ServerError => return error(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "The weather is bad"),
        Weather::SlowDown => return error(StatusCode::BAD_REQUEST, "slow_down", "Not so fast"),
        Weather::Fine | Weather::InvalidGrant | Weather::Expired | Weather::FewerScopes => {}
    }
    let (client_id, parameters) = match authenticated(request).await {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    let get = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    let now = shared.now();
    let mut state = shared.state();
    let lifetime = if weather == Weather::Expired { Duration::ZERO } else { state.lifetime };
    let issued = match get("grant_type") {
        "authorization_code" => {
            let exchange = Exchange {
                client_id: &client_id,
                redirect_uri: get("redirect_uri"),
                verifier: get("code_verifier"),
                lifetime,
                drops_a_scope: weather == Weather::FewerScopes,
            };
            state.counts.exchanges += 1;
            state.grants.exchange(get("code"), &exchange, now)
        }
        "refresh_token" if weather == Weather::InvalidGrant => Err(Refused::Revoked),
        "refresh_token" => {
            let issued = state.grants.refresh(get("refresh_token"), &client_id, lifetime, now);
            match issued {
                Ok(_) => state.counts.refreshes += 1,
                Err(Refused::Used) => state.counts.reuses += 1,
                Err(_) => {}
            }
            issued
        }
        _ => {
            return error(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "authorization_code and refresh_token are supported",
            );
        }
    };
    match issued {
        Ok(issued) => reply::json(StatusCode::OK, &answer(&issued, lifetime)),
        Err(refused) => error(StatusCode::BAD_REQUEST, "invalid_grant", refused.words()),
    }
}

fn answer(issued: &Issued, lifetime: Duration) -> Value {
    json!({
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": lifetime.as_secs(),
        "refresh_token": issued.refresh_token,
        "scope": issued.scopes.join(" "),
    })
}

/// Revokes a token (RFC 7009): an unknown one is no error.
pub(super) async fn revoke(shared: &Shared, request: Request<Incoming>) -> Reply {
    let (client_id, parameters) = match authenticated(request).await {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    let Some(token) = parameters.get("token") else {
        return error(StatusCode::BAD_REQUEST, "invalid_request", "`token` is missing");
    };
    shared.state().grants.revoke(token, &client_id);
    reply::json(StatusCode::OK, &json!({}))
}

/// Checks who the client is: by header or by form, never both (RFC 6749 section 2.3).
async fn authenticated(request: Request<Incoming>) -> Result<(String, BTreeMap<String, String>), Reply> {
    let by_header = basic(request.headers());
    let parameters = form(request).await.map_err(|why| error(StatusCode::BAD_REQUEST, "invalid_request", &why))?;
    let refused = |words| error(StatusCode::UNAUTHORIZED, "invalid_client", words);
    let by_form = parameters
        .get("client_id")
        .map(|id| (id.clone(), Secret::new(parameters.get("client_secret").cloned().unwrap_or_default())));
    let (client_id, secret) = match (by_header, by_form) {
        (Some(header), Some((id, secret))) if secret.is_empty() && id == header.0 => header,
        (Some(_), Some(_)) => {
            return Err(error(StatusCode::BAD_REQUEST, "invalid_request", "the client shows who it is in two ways"));
        }
        (Some(client), None) | (None, Some(client)) => client,
        (None, None) => return Err(refused("the client does not show who it is")),
    };
    let is_known = match client_id.as_str() {
        CLIENT_ID => secret == Secret::new(CLIENT_SECRET),
        PUBLIC_CLIENT_ID => secret.is_empty(),
        _ => false,
    };
    if is_known { Ok((client_id, parameters)) } else { Err(refused("client id and secret do not belong together")) }
}

fn basic(headers: &HeaderMap) -> Option<(String, Secret)> {
    let encoded = headers.get("authorization")?.to_str().ok()?.strip_prefix("Basic ")?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    let plain = |text: &str| {
        url::form_urlencoded::parse(format!("x={text}").as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    Some((plain(id)?, Secret::new(plain(secret)?)))
}

fn error(status: StatusCode, code: &str, words: &str) -> Reply {
    reply::json(status, &json!({"error": code, "error_description": words}))
}
