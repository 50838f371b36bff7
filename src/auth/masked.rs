//! What may be kept of a request to an authorization server and of its answer. In a request everything is a secret
//! that its standard does not call public; in an answer every text is one that is not in a list.

use base64::Engine as _;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Map, Value};
use url::Url;

use super::masked_body::{json, xml};
use super::sent::{PUBLIC, Sent};
use super::token_request::TokenRequest;
use crate::model::provider::{OAuth2, RequestFormat};
use crate::model::tape::{self, Answer, Body, LARGEST, Masked, Request};
use crate::model::untrusted;

/// Fields of an answer whose text is public (RFC 6749, 7009, 7662, 8628, 5849, OpenID Connect Core).
const SHOWN: [&str; 22] = [
    "active",
    "error",
    "error_description",
    "error_uri",
    "exp",
    "expires",
    "expires_at",
    "expires_in",
    "iat",
    "interval",
    "issued_token_type",
    "nbf",
    "not_before",
    "oauth_callback_confirmed",
    "oauth_problem",
    "refresh_expires_in",
    "refresh_token_expires_in",
    "scope",
    "suberror",
    "token_type",
    "verification_uri",
    "verification_url",
];
/// Headers of an answer that say something.
const HEADERS: [&str; 8] = [
    "age",
    "content-type",
    "date",
    "retry-after",
    "www-authenticate",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
];
/// Parameters of an authorization request that are public beside those of a token request (RFC 7636, OpenID Connect).
const SHOWN_TO_A_BROWSER: [&str; 8] = [
    "access_type",
    "code_challenge",
    "code_challenge_method",
    "display",
    "prompt",
    "response_mode",
    "ui_locales",
    "claims",
];
/// Parameters of a callback that are public, once the secrets that were sent are taken out of them.
const SHOWN_BY_A_BROWSER: [&str; 6] = ["error", "error_description", "error_uri", "iss", "oauth_problem", "scope"];
/// Parameters of a callback that are not, and whose names are.
const SENT_BY_A_BROWSER: [&str; 8] =
    ["auth_code", "code", "denied", "id_token", "oauth_token", "oauth_verifier", "session_state", "state"];
/// Protocol parameters of OAuth 1.0a that are public (RFC 5849 section 3.1).
const SHOWN_SIGNED: [&str; 6] =
    ["oauth_consumer_key", "oauth_nonce", "oauth_signature_method", "oauth_timestamp", "oauth_version", "realm"];
/// The most characters of a header or a name.
const LINE: usize = 300;
/// How many fields of an answer are kept, at any depth.
const FIELDS: usize = 60;

/// Returns what may be kept of a token request to `url`.
pub(super) fn request(request: &TokenRequest, url: &Url, table: &OAuth2) -> Request {
    let wish = &table.token_request;
    let hint = request.parameters.iter().find(|(name, _)| name == "token_type_hint").map(|(_, hint)| hint.as_str());
    let pairs: Vec<(String, Masked)> = request
        .parameters
        .iter()
        .map(|(name, value)| {
            let shown = match (name.as_str(), hint) {
                (name, _) if PUBLIC.contains(&name) && !request.holds_what_was_entered(value) => plain(value),
                ("token", Some(hint)) => Masked::secret(hint),
                (name, _) => Masked::secret(name),
            };
            (table.param_names.get(name).unwrap_or(name).clone(), shown)
        })
        .filter(|(name, _)| !name.is_empty())
        .collect();
    let literals = request.literals.iter().filter(|_| wish.format != RequestFormat::Json);
    let literals: Vec<_> = literals.map(|(name, value)| (name.clone(), plain(&value.to_string()))).collect();
    let pairs: Vec<(String, Masked)> = pairs.into_iter().chain(literals).collect();
    let form = "application/x-www-form-urlencoded";
    let (accept, kind, body, more) = match wish.format {
        RequestFormat::Form => ("application/json", Some(form), form_body(pairs), Vec::new()),
        RequestFormat::Json => {
            let body = Body::Text(json(pairs, &request.literals));
            ("application/json", Some("application/json"), body, Vec::new())
        }
        RequestFormat::Query => ("application/json", None, Body::Nothing, pairs),
        RequestFormat::Xml => ("application/xml", Some("application/xml"), Body::Text(xml(&pairs)), Vec::new()),
    };
    let mut headers = vec![(ACCEPT.to_string(), Masked::text(accept))];
    headers.extend(kind.map(|kind| (CONTENT_TYPE.to_string(), Masked::text(kind))));
    // The provider file's own: what they are filled with is no secret.
    headers.extend(wish.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), plain(value))));
    headers.extend(request.headers.iter().map(|(name, _)| (name.to_ascii_lowercase(), Masked::secret(name))));
    let mut basic = None;
    if let Some(header) = &request.authorization {
        match authorization(header) {
            Shown::Basic(pair) => basic = Some(pair),
            Shown::Header(value) => headers.push((AUTHORIZATION.to_string(), value)),
        }
    }
    let method = wish.method.clone().unwrap_or_else(|| "POST".to_owned());
    let mut shown = Request { method, basic, headers, body: capped(body), ..address(url) };
    shown.query = capped_pairs(shown.query.into_iter().chain(more));
    shown
}

/// Returns what may be kept of a request for a public document.
pub(super) fn document(url: &Url) -> Request {
    let headers = vec![(ACCEPT.to_string(), Masked::text("application/json"))];
    Request { method: "GET".to_owned(), headers, ..address(url) }
}

/// Returns what may be kept of the address that a browser is sent to; `own` are the parameters of the provider file.
pub(super) fn page(url: &Url, own: &[String]) -> Request {
    let mut bare = url.clone();
    bare.set_query(None);
    let is_shown = |name: &str| {
        PUBLIC.contains(&name) || SHOWN_TO_A_BROWSER.contains(&name) || own.iter().any(|known| known == name)
    };
    // A page may lie behind a fragment, and the request behind that (`authorization_fragment`).
    let behind = url.fragment().and_then(|fragment| fragment.split_once('?')).map(|(_, query)| query);
    let pairs = url::form_urlencoded::parse(url.query().or(behind).unwrap_or_default().as_bytes());
    let query = pairs.map(|(name, value)| {
        let shown = if is_shown(&name) { plain(&value) } else { Masked::secret(&name) };
        (self::name(&name), shown)
    });
    let query = capped_pairs(query);
    Request { method: "GET".to_owned(), query, ..address(&bare) }
}

/// Returns what may be kept of the request that a browser came back with.
pub(super) fn arrival(redirect_uri: &str, query: &str, sent: &Sent) -> Request {
    let url = Url::parse(redirect_uri).ok();
    let pairs = url::form_urlencoded::parse(query.as_bytes()).take(FIELDS);
    let query = pairs.map(|(name, value)| {
        let is_shown = SHOWN_BY_A_BROWSER.contains(&name.as_ref());
        let shown = if is_shown { Masked::text(line(&sent.without(&value))) } else { Masked::secret(&name) };
        // A name may be anything, a code too.
        (if is_shown || SENT_BY_A_BROWSER.contains(&name.as_ref()) { self::name(&name) } else { "…".to_owned() }, shown)
    });
    let query = capped_pairs(query);
    let bare = url.as_ref().map(address).unwrap_or_default();
    Request { method: "GET".to_owned(), query, ..bare }
}

/// Returns what may be kept of an answer. What is not shown of it goes to `sent`: a later answer may repeat it.
pub(super) fn answer(status: u16, headers: &HeaderMap, body: &[u8], sent: &mut Sent) -> Answer {
    let size = Some(u64::try_from(body.len()).unwrap_or(u64::MAX));
    let body = match super::answer::parse(body) {
        Some(map) => {
            let is_structured = body.trim_ascii_start().first().is_some_and(|first| matches!(first, b'{' | b'<'));
            let mut hidden = Hidden { sent, is_structured, left: FIELDS, found: Vec::new() };
            let shown = Value::Object(hidden.map(&map));
            let found = hidden.found;
            sent.add_texts(found);
            let text = serde_json::to_string_pretty(&shown).unwrap_or_default();
            tape::cut(&untrusted::text(&text), LARGEST)
        }
        None if body.is_empty() => String::new(),
        None => format!("••• {} bytes", body.len()),
    };
    Answer::Came { status, headers: told(headers, sent), body, size }
}

/// Returns what may be kept of an answer that is none of ours to keep: its status, its kind and its size.
pub(super) fn bare_answer(status: u16, headers: &HeaderMap, size: Option<u64>, sent: &Sent) -> Answer {
    let kind = told(headers, sent).into_iter().filter(|(name, _)| CONTENT_TYPE == name.as_str());
    let kind = kind.map(|(name, value)| (name, value.split(';').next().unwrap_or_default().to_owned()));
    Answer::Came { status, headers: kind.collect(), body: String::new(), size }
}

fn told(headers: &HeaderMap, sent: &Sent) -> Vec<(String, String)> {
    let told = HEADERS.iter().filter_map(|name| Some((*name, headers.get(*name)?.to_str().ok()?)));
    told.map(|(name, value)| (name.to_owned(), line(&sent.without(value)))).collect()
}

/// An answer on its way through the list.
struct Hidden<'a> {
    sent: &'a Sent,
    /// Whether its names are names: those of a form may be a bare token.
    is_structured: bool,
    left: usize,
    found: Vec<String>,
}

impl Hidden<'_> {
    fn map(&mut self, map: &Map<String, Value>) -> Map<String, Value> {
        let mut shown = Map::new();
        for (name, value) in map {
            if self.left == 0 {
                shown.insert("…".to_owned(), Value::Null);
                break;
            }
            self.left -= 1;
            let is_shown = SHOWN.contains(&name.as_str());
            let value = self.value(value, is_shown);
            shown.insert(self.name(name), value);
        }
        shown
    }

    fn name(&mut self, text: &str) -> String {
        let is_known = SHOWN.contains(&text) || CREDENTIALS.contains(&text);
        if is_known || self.is_structured && tape::is_name(text) && self.sent.without(text) == text {
            return text.to_owned();
        }
        self.hide(text)
    }

    fn value(&mut self, value: &Value, is_shown: bool) -> Value {
        match value {
            Value::String(text) if is_shown => line(&self.sent.without(text)).into(),
            Value::String(text) => self.hide(text).into(),
            Value::Array(items) => items
                .iter()
                .map_while(|item| {
                    self.left = self.left.checked_sub(1)?;
                    Some(self.value(item, is_shown))
                })
                .collect::<Vec<_>>()
                .into(),
            Value::Object(map) => Value::Object(self.map(map)),
            // What was sent as a text may come back as a number.
            Value::Number(number) if self.sent.without(&number.to_string()) != number.to_string() => "•••".into(),
            Value::Number(_) | Value::Bool(_) | Value::Null => value.clone(),
        }
    }

    fn hide(&mut self, text: &str) -> String {
        self.found.push(text.to_owned());
        format!("••• ({})", text.chars().count())
    }
}

/// Fields whose text is a secret, and whose name is none.
const CREDENTIALS: [&str; 8] = [
    "access_token",
    "device_code",
    "id_token",
    "oauth_token",
    "oauth_token_secret",
    "refresh_token",
    "user_code",
    "verification_uri_complete",
];

/// An `Authorization` header, without its secret.
enum Shown {
    Basic(Masked),
    Header(Masked),
}

fn authorization(header: &HeaderValue) -> Shown {
    let text = header.to_str().unwrap_or_default();
    if let Some(pair) = text.strip_prefix("Basic ") {
        let decoded =
            zeroize::Zeroizing::new(base64::engine::general_purpose::STANDARD.decode(pair).unwrap_or_default());
        // Without a password, the secret stands in the other's place (`client_secret_as_user`).
        if decoded.ends_with(b":") {
            return Shown::Basic(Masked::secret("client_secret").with_text(":"));
        }
        let user = decoded.split(|byte| *byte == b':').next().unwrap_or_default();
        let user: String = url::form_urlencoded::parse(user).map(|(name, _)| name.into_owned()).take(1).collect();
        return Shown::Basic(plain(&user).with_text(":").with_secret("client_secret"));
    }
    let Some(parameters) = text.strip_prefix("OAuth ") else { return Shown::Header(Masked::secret("authorization")) };
    let start = Masked::text("OAuth ");
    let shown = parameters.split(", ").enumerate().fold(start, |shown, (index, parameter)| {
        let shown = if index == 0 { shown } else { shown.with_text(", ") };
        match parameter.split_once("=\"") {
            Some((name, _)) if SHOWN_SIGNED.contains(&name) => shown.with(&plain(parameter)),
            Some((name, _)) => shown.with_text(format!("{}=\"", self::name(name))).with_secret(name).with_text("\""),
            None => shown.with_secret("authorization"),
        }
    });
    Shown::Header(shown)
}

fn form_body(pairs: Vec<(String, Masked)>) -> Body {
    if pairs.is_empty() { Body::Nothing } else { Body::Form(pairs) }
}

fn capped(body: Body) -> Body {
    match body {
        Body::Form(pairs) => Body::Form(capped_pairs(pairs)),
        Body::Text(text) => Body::Text(text.capped(LARGEST)),
        other => other,
    }
}

/// Returns as many of the parameters as are kept; the last one may be cut.
fn capped_pairs(pairs: impl IntoIterator<Item = (String, Masked)>) -> Vec<(String, Masked)> {
    let mut left = LARGEST;
    let kept = pairs.into_iter().map_while(|(name, value)| {
        (left > name.len()).then(|| {
            let value = value.capped(left - name.len());
            left = left.saturating_sub(name.len() + value.to_string().len());
            (name, value)
        })
    });
    kept.collect()
}

/// An endpoint's own address: what stands there is a provider file's, or metadata's.
fn address(url: &Url) -> Request {
    let mut bare = url.clone();
    let query = url.query_pairs().map(|(name, value)| (name.into_owned(), plain(&value))).collect();
    bare.set_query(None);
    bare.set_fragment(None);
    Request { url: plain(bare.as_str()), query, ..Request::default() }
}

fn plain(text: &str) -> Masked {
    Masked::text(tape::cut(&untrusted::field(text), LARGEST / 2))
}

fn name(text: &str) -> String {
    tape::cut(&untrusted::line(text), 64)
}

fn line(text: &str) -> String {
    tape::cut(&untrusted::line(text), 2 * LINE)
}

#[cfg(test)]
#[path = "masked_tests.rs"]
mod tests;
