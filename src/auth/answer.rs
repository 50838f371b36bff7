//! Token answers as they come, made standard: pure functions on JSON, so that every quirk is a
//! one-line test.

use serde_json::{Map, Value};

use super::{Refusal, xml};
use crate::model::provider::{Answer, OAuth2, Unit};
use crate::model::{Secret, Time, untrusted};

/// The longest lifetime that is believed, in seconds: a hundred years.
const LONGEST: f64 = 100.0 * 365.25 * 86_400.0;

/// Error codes of answers that mean "later", whatever the status. `slow_down` is RFC 8628's,
/// `temporarily_unavailable` and `server_error` RFC 6749's, the others Slack's.
const LATER: [&str; 7] = [
    "temporarily_unavailable",
    "server_error",
    "slow_down",
    "ratelimited",
    "rate_limited",
    "service_unavailable",
    "internal_error",
];

/// What an answer turned out to be. It prints nothing: it holds tokens.
pub enum Reading {
    /// A token answer in the form of RFC 6749 section 5.1: `access_token`, `token_type`, scopes
    /// joined by spaces, `expires_in` as a whole number of seconds or absent.
    Tokens(Map<String, Value>),
    /// An error answer.
    Refused(Refusal),
    /// An error answer that means "later".
    Later(Refusal),
    /// Neither.
    Neither(&'static str),
}

/// Reads a body as JSON or, where it is none, as XML of one level, or as a form.
pub fn parse(bytes: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(map)) => return Some(map),
        Ok(_) => return None,
        Err(_) => {}
    }
    let text = std::str::from_utf8(bytes).ok()?.trim();
    if text.starts_with("<?xml") || text.starts_with("<credentials>") {
        return xml::fields(text);
    }
    let looks_like_a_form = text.contains('=') && !text.contains(['<', '{', '\n']);
    looks_like_a_form.then(|| {
        url::form_urlencoded::parse(text.as_bytes())
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect()
    })
}

/// Reads an answer that came with `status` at `now`.
pub fn read(status: u16, map: Map<String, Value>, table: &OAuth2, now: Time) -> Reading {
    read_over(None, status, map, table, now)
}

/// The same, of an answer that may mean the token that is there (`kept_when`).
pub fn read_over(
    kept: Option<&Secret>,
    status: u16,
    mut map: Map<String, Value>,
    table: &OAuth2,
    now: Time,
) -> Reading {
    lift(&mut map, &table.response);
    let holds_token = |map: &Map<String, Value>| {
        map.get("access_token").and_then(Value::as_str).is_some_and(|token| !token.is_empty())
    };
    if let Some(token) = kept.filter(|_| status < 400 && !holds_token(&map) && is_kept(&map, &table.response)) {
        map.insert("access_token".to_owned(), token.expose().into());
    }
    let has_token = holds_token(&map);
    if status >= 400 || !has_token {
        return match refusal(status, &map) {
            Some(refusal) if LATER.contains(&refusal.code.as_str()) => Reading::Later(refusal),
            Some(refusal) => Reading::Refused(refusal),
            None if status >= 400 => Reading::Refused(Refusal::of_status(status)),
            None => Reading::Neither("no access token in it"),
        };
    }
    let is_texts = ["refresh_token", "id_token"]
        .iter()
        .all(|name| map.get(*name).is_none_or(|value| value.is_string() || value.is_null()));
    if !is_texts {
        return Reading::Neither("a refresh token that is no text");
    }
    for name in ["refresh_token", "id_token"] {
        if map.get(name).is_some_and(|value| value.as_str().is_none_or(str::is_empty)) {
            map.remove(name);
        }
    }
    let is_visible = |name: &str| map.get(name).and_then(Value::as_str).is_none_or(untrusted::is_visible);
    if !["access_token", "refresh_token", "id_token"].into_iter().all(is_visible) {
        return Reading::Neither("a token with characters that no token has");
    }
    if map.get("token_type").and_then(Value::as_str).is_none_or(str::is_empty) {
        map.insert("token_type".to_owned(), "bearer".into());
    }
    scopes(&mut map, &table.scope_separator);
    expiry(&mut map, &table.response, now);
    Reading::Tokens(map)
}

/// Tells whether an answer says that the token stays as it is.
fn is_kept(map: &Map<String, Value>, places: &Answer) -> bool {
    let condition = places.kept_when.as_deref().and_then(|condition| condition.split_once('='));
    condition.is_some_and(|(path, value)| match at(map, path) {
        Some(Value::String(text)) => text == value,
        Some(Value::Number(number)) => number.to_string() == value,
        Some(Value::Bool(truth)) => truth.to_string() == value,
        _ => false,
    })
}

/// Puts what stands elsewhere in its standard place.
fn lift(map: &mut Map<String, Value>, places: &Answer) {
    if !map.contains_key("access_token")
        && let Some(Value::Object(inner)) = places.alternate.as_deref().and_then(|path| at(map, path)).cloned()
    {
        for (name, value) in inner {
            map.entry(name).or_insert(value);
        }
    }
    let paths = [
        ("access_token", &places.access_token),
        ("refresh_token", &places.refresh_token),
        ("expires_in", &places.expires_in),
        ("expires_at", &places.expires_at),
    ];
    for (name, path) in paths {
        if let Some(value) = path.as_deref().and_then(|path| at(map, path)).cloned() {
            map.insert(name.to_owned(), value);
        }
    }
}

/// Returns what stands at a dotted path of an object.
pub fn at<'a>(map: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let value = map.get(first)?;
    rest.map_or(Some(value), |rest| within(value, rest))
}

/// Returns what stands at a dotted path; a number counts into a list.
pub fn within<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, name| match value {
        Value::Object(inner) => inner.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Tells whether an object is an error answer, whatever its status.
pub fn is_error(map: &Map<String, Value>) -> bool {
    refusal(200, map).is_some()
}

fn refusal(status: u16, map: &Map<String, Value>) -> Option<Refusal> {
    let text = |names: &[&str]| names.iter().find_map(|name| at(map, name).and_then(said));
    let is_error =
        map.get("error").is_some_and(|error| !matches!(error, Value::Null | Value::Bool(false)) && error != "");
    let is_not_ok = map.get("ok") == Some(&Value::Bool(false)) || map.get("success") == Some(&Value::Bool(false));
    if status < 400 && !is_error && !is_not_ok {
        return None;
    }
    // RFC 6749 has `error`; Facebook an object in it, Google's APIs one with `status`; others `code`.
    let code = text(&["error", "error.type", "error.status", "error.code", "error_code", "errorCode", "code"]);
    let description = text(&[
        "error_description",
        "error.message",
        "message",
        "error_message",
        "errorMessage",
        "msg",
        "detail",
        "errors.0.message",
    ]);
    let uri = text(&["error_uri"]);
    // One that says why in words alone has the status for its code.
    let code = code.or_else(|| description.is_some().then(|| format!("http_{status}")))?;
    Some(Refusal::new(&code, description.as_deref(), uri.as_deref(), status))
}

fn said(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Joins scopes by spaces: some providers send a list, some separate by commas.
fn scopes(map: &mut Map<String, Value>, separator: &str) {
    let Some(scope) = map.remove("scope").or_else(|| map.remove("scopes")) else { return };
    let scopes: Vec<String> = match &scope {
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        // GitHub separates by commas in its answers and by spaces in its requests.
        Value::String(text) => text
            .split(|character: char| character.is_whitespace() || character == ',' || separator.contains(character))
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect(),
        _ => return,
    };
    map.insert("scope".to_owned(), scopes.join(" ").into());
}

/// Leaves `expires_in` as a whole number of seconds, or nothing.
fn expiry(map: &mut Map<String, Value>, places: &Answer, now: Time) {
    let given = map.remove("expires_in").as_ref().and_then(number).map(|length| match places.unit {
        Unit::Seconds => length,
        Unit::Milliseconds => length / 1_000.0,
    });
    let until = || map.get("expires_at").and_then(moment).map(|end| (end - milliseconds(now)) / 1_000.0);
    let declared = || match places.lifetime {
        // Asked for first, by whoever gets the token.
        _ if places.expiry_from.is_some() => None,
        Some(0) | None => None,
        Some(seconds) => seconds.to_string().parse().ok(),
    };
    if let Some(seconds) = given.or_else(until).or_else(declared) {
        // Rounded down: a token that is thought to end early is only refreshed early.
        let whole = seconds.clamp(0.0, LONGEST).floor();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 0 ..= 100 years just above"
        )]
        map.insert("expires_in".to_owned(), (whole as u64).into());
    }
}

fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

/// Reads a moment (seconds, milliseconds, ISO 8601) as milliseconds since 1970.
fn moment(value: &Value) -> Option<f64> {
    if let Some(number) = number(value) {
        // Seconds pass this mark in the year 5138; milliseconds passed it in 1973.
        return Some(if number.abs() < 100_000_000_000.0 { number * 1_000.0 } else { number });
    }
    let text = value.as_str()?.trim();
    let time = chrono::DateTime::parse_from_rfc3339(text)
        .or_else(|_| chrono::DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .map(|time| time.to_utc())
        .or_else(|_| {
            let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"];
            let naive = |format: &&str| chrono::NaiveDateTime::parse_from_str(text, format).ok();
            formats.iter().find_map(naive).map(|naive| naive.and_utc()).ok_or(())
        })
        .ok()?;
    Some(milliseconds(time))
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of our millennia fit into 52 bits")]
fn milliseconds(time: Time) -> f64 {
    time.timestamp_millis() as f64
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
