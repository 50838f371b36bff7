//! The authorization endpoint: checks, a consent page, and the way back.

use std::collections::BTreeMap;

use http_body_util::{BodyExt, Limited};
use hyper::Request;
use hyper::body::Incoming;
use url::Url;

use super::grants::Asked;
use super::{CLIENT_ID, PUBLIC_CLIENT_ID, Shared, pages};
use crate::listener::reply::{self, Reply};

/// The largest body that is read.
const LARGEST: usize = 64 * 1024;

/// Shows the consent page, or says what is wrong with the request: to the user where the client
/// or its redirect URI cannot be trusted, to the client otherwise (RFC 6749 section 4.1.2.1).
pub(super) fn ask(shared: &Shared, query: &str) -> Reply {
    let parameters = match parameters(query.as_bytes()) {
        Ok(parameters) => parameters,
        Err(name) => return pages::problem(&format!("`{name}` is given twice")).reply(),
    };
    let get = |name: &str| parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let client_id = get("client_id").unwrap_or_default();
    if ![CLIENT_ID, PUBLIC_CLIENT_ID].contains(&client_id) {
        return pages::problem("the client id is not known here").reply();
    }
    let redirect_uri = get("redirect_uri").unwrap_or_default();
    if !is_registered(redirect_uri) {
        return pages::problem(&format!("redirect_uri_mismatch: `{redirect_uri}` is not registered; a loopback address with the path `/oauth/callback` is")).reply();
    }
    let state = get("state");
    let refuse = |error, words| {
        reply::redirect(&back(shared, redirect_uri, state, &[("error", error), ("error_description", words)]))
    };
    if get("response_type") != Some("code") {
        return refuse("unsupported_response_type", "only `code` is supported");
    }
    let (Some(challenge), Some("S256")) = (get("code_challenge"), get("code_challenge_method")) else {
        return refuse("invalid_request", "PKCE with S256 is required");
    };
    let scopes: Vec<String> = get("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    if scopes.iter().any(|scope| scope == "forbidden") {
        return refuse("invalid_scope", "the scope `forbidden` is granted to nobody");
    }
    let asked = Asked {
        client_id: client_id.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        state: state.map(str::to_owned),
        scopes,
        challenge: challenge.to_owned(),
    };
    let now = shared.now();
    let consent = shared.state().grants.ask(asked.clone(), now);
    pages::consent(&asked.scopes, &consent).reply()
}

/// Takes the user's decision and sends the browser back.
pub(super) async fn decide(shared: &Shared, request: Request<Incoming>) -> Reply {
    let parameters = match form(request).await {
        Ok(parameters) => parameters,
        Err(why) => return pages::problem(&why).reply(),
    };
    let now = shared.now();
    let consent = parameters.get("consent").map(String::as_str).unwrap_or_default();
    let Some(asked) = shared.state().grants.decided(consent, now) else {
        return pages::problem("this page was used already, or is too old").reply();
    };
    let (redirect_uri, state) = (asked.redirect_uri.clone(), asked.state.clone());
    if parameters.get("decision").map(String::as_str) != Some("allow") {
        let denial = [("error", "access_denied"), ("error_description", "The user said no")];
        return reply::redirect(&back(shared, &redirect_uri, state.as_deref(), &denial));
    }
    let code = shared.state().grants.code(asked, now);
    reply::redirect(&back(shared, &redirect_uri, state.as_deref(), &[("code", &code)]))
}

fn back(shared: &Shared, redirect_uri: &str, state: Option<&str>, parameters: &[(&str, &str)]) -> String {
    let Ok(mut url) = Url::parse(redirect_uri) else { return shared.issuer.clone() };
    let state = state.map(|state| ("state", state));
    url.query_pairs_mut().extend_pairs(parameters).extend_pairs(state).append_pair("iss", &shared.issuer);
    url.into()
}

/// Loopback with any port (RFC 8252 section 7.3), by http or https, and one path.
fn is_registered(redirect_uri: &str) -> bool {
    Url::parse(redirect_uri).is_ok_and(|url| {
        let is_plain =
            url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        matches!(url.scheme(), "http" | "https")
            && crate::model::template::is_loopback(&url)
            && url.path() == "/oauth/callback"
            && is_plain
    })
}

/// Reads parameters; one that is given twice is an error (RFC 6749 section 3.1).
pub(super) fn parameters(bytes: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let mut parameters = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(bytes).into_owned() {
        if parameters.insert(name.clone(), value).is_some() {
            return Err(crate::model::untrusted::line(&name));
        }
    }
    Ok(parameters)
}

/// Reads a form from a body of a sensible size.
pub(super) async fn form(request: Request<Incoming>) -> Result<BTreeMap<String, String>, String> {
    let kind = request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err("the body is not a form".to_owned());
    }
    let body =
        Limited::new(request.into_body(), LARGEST).collect().await.map_err(|_| "the body is too large".to_owned())?;
    parameters(&body.to_bytes()).map_err(|name| format!("`{name}` is given twice"))
}
