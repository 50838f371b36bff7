//! The secrets of a request, taken out of an error answer: a server may echo them, and an error is
//! shown, logged and kept.

use base64::Engine as _;
use reqwest::header::HeaderValue;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::token_request::TokenRequest;
use crate::model::template::COMPONENT;
use crate::model::{Secret, untrusted};

/// The parameters that are no secrets, by their standard names; whatever else a provider wants may be one.
pub(super) const PUBLIC: [&str; 11] = [
    "audience",
    "client_assertion_type",
    "client_id",
    "grant_type",
    "redirect_uri",
    "requested_token_type",
    "resource",
    "response_type",
    "scope",
    "subject_token_type",
    "token_type_hint",
];
/// Shorter values are no secrets, and would tear words apart.
const SHORTEST: usize = 8;

/// The most that are remembered of one flow.
const MOST: usize = 512;

/// The secrets that were sent. It prints nothing.
#[derive(Default)]
pub(super) struct Sent(Vec<Zeroizing<String>>);

impl Sent {
    /// Collects the secrets among the parameters, those in headers, and the one in a Basic `Authorization`.
    pub(super) fn of(request: &TokenRequest) -> Self {
        let authorization = request.authorization.as_ref();
        let mut plain: Vec<Zeroizing<String>> = request
            .parameters
            .iter()
            .filter(|(name, _)| !PUBLIC.contains(&name.as_str()))
            .map(|(_, value)| value.clone())
            .collect();
        for (_, value) in &request.headers {
            plain.push(value.clone());
            // A server may show what stands behind its scheme.
            plain.extend(value.split_once(' ').map(|(_, value)| Zeroizing::new(value.to_owned())));
            plain.extend(HeaderValue::try_from(value.as_str()).ok().as_ref().and_then(basic_secret));
        }
        plain.extend(request.entered.iter().map(|secret| Zeroizing::new(secret.expose().to_owned())));
        plain.extend(authorization.and_then(basic_secret));
        // A server may show the header as it came.
        let header = authorization.and_then(|header| header.to_str().ok()).and_then(|text| text.split_once(' '));
        plain.extend(header.map(|(_, value)| Zeroizing::new(value.to_owned())));
        Self::each_way(plain)
    }

    /// Collects the secrets behind a signed request (RFC 5849), all of which PLAINTEXT shows.
    pub(super) fn these(secrets: &[&Secret]) -> Self {
        Self::each_way(secrets.iter().map(|secret| Zeroizing::new(secret.expose().to_owned())).collect())
    }

    /// Adds those of another request of the same flow.
    pub(super) fn add(&mut self, other: &Self) {
        self.0.extend(other.0.iter().cloned());
        self.sort();
    }

    /// Adds what an answer held.
    pub(super) fn add_texts(&mut self, texts: Vec<String>) {
        self.add(&Self::each_way(texts.into_iter().map(Zeroizing::new).collect()));
    }

    /// A server may show a value as it is, or as it came: in a form, a header, JSON or XML.
    fn each_way(plain: Vec<Zeroizing<String>>) -> Self {
        let in_form =
            |value: &Zeroizing<String>| url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>();
        let in_header = |value: &Zeroizing<String>| percent_encoding::utf8_percent_encode(value, COMPONENT).to_string();
        let in_json = |value: &Zeroizing<String>| {
            let quoted = Value::from(value.as_str()).to_string();
            quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
        };
        let in_xml = |value: &Zeroizing<String>| quick_xml::escape::escape(value.as_str()).into_owned();
        let every = |value| [in_form(value), in_header(value), in_json(value), in_xml(value)].map(Zeroizing::new);
        let encoded: Vec<_> = plain.iter().flat_map(every).collect();
        let mut all: Vec<_> = encoded.into_iter().chain(plain).collect();
        all.retain(|value| value.len() >= SHORTEST);
        let mut sent = Self(all);
        sent.sort();
        sent
    }

    /// One may stand in another: the longer goes first.
    fn sort(&mut self) {
        self.0.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        self.0.dedup();
        self.0.truncate(MOST);
    }

    /// Takes them out of every text in an answer: whole, before anything is cut for the screen.
    pub(super) fn take_out(&self, map: &mut Map<String, Value>) {
        map.values_mut().for_each(|value| self.take_out_of(value));
    }

    /// Returns the name of a host, or nothing of it where it holds one of them: hosts are in lower case.
    pub(super) fn host_without(&self, host: String) -> String {
        let lower = host.to_ascii_lowercase();
        let is_in_it = |secret: &Zeroizing<String>| lower.contains(&secret.to_ascii_lowercase());
        if self.0.iter().any(is_in_it) { "…".to_owned() } else { host }
    }

    /// Returns a text of an answer without them, made harmless for a terminal.
    pub(super) fn without(&self, text: &str) -> String {
        // What a screen leaves out would put a secret together again that was torn apart by it.
        let mut text = untrusted::field(text);
        for secret in &self.0 {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), "…");
            }
        }
        text
    }

    fn take_out_of(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.without(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.take_out_of(item)),
            Value::Object(map) => self.take_out(map),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Returns the secret of a Basic header (RFC 6749 section 2.3.1).
fn basic_secret(header: &HeaderValue) -> Option<Zeroizing<String>> {
    let encoded = header.as_bytes().strip_prefix(b"Basic ")?;
    let pair = Zeroizing::new(base64::engine::general_purpose::STANDARD.decode(encoded).ok()?);
    let text = std::str::from_utf8(&pair).ok()?;
    // Without a password, the secret stands in the other's place (`client_secret_as_user`).
    if let Some(secret) = text.strip_suffix(':') {
        return Some(Zeroizing::new(secret.to_owned()));
    }
    let (_, secret) = text.split_once(':')?;
    // Decoded as a form of one name.
    let (name, _) = url::form_urlencoded::parse(secret.as_bytes()).next()?;
    Some(Zeroizing::new(name.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tape::What;
    use serde_json::json;

    fn taken_out(sent: &Sent, said: &str) -> String {
        let mut map = json!({"error": "invalid_grant", "errors": [{"message": said}]}).as_object().unwrap().clone();
        sent.take_out(&mut map);
        map["errors"][0]["message"].as_str().unwrap().to_owned()
    }

    #[test]
    fn what_was_sent_goes_however_long_and_wherever_it_stands() {
        let token = "x".repeat(2_000);
        let sent =
            Sent::of(&TokenRequest::new(What::Refresh, vec![("refresh_token".to_owned(), token.clone().into())], None));
        assert_eq!(taken_out(&sent, &format!("bad token: {token}")), "bad token: …");
    }

    #[test]
    fn the_secret_of_a_basic_header_goes_in_each_of_its_forms() {
        // `id:very%20secret+%2B`, form-encoded before it was joined.
        let header = HeaderValue::from_static("Basic aWQ6dmVyeStzZWNyZXQlMkI=");
        let sent = Sent::of(&TokenRequest::new(What::Refresh, vec![], Some(header)));
        assert_eq!(taken_out(&sent, "`very secret+` is wrong"), "`…` is wrong");
        assert_eq!(taken_out(&sent, "`very+secret%2B` is wrong"), "`…` is wrong");
    }

    #[test]
    fn characters_that_a_screen_leaves_out_hide_nothing() {
        let sent = Sent::of(&TokenRequest::new(
            What::Refresh,
            vec![("refresh_token".to_owned(), "refresh-token-1".to_owned().into())],
            None,
        ));
        assert_eq!(taken_out(&sent, "bad: refr\0\u{1b}esh\u{200b}-tok\u{202e}en-1"), "bad: …");
    }

    #[test]
    fn parameters_with_a_providers_own_name_go_too() {
        for name in ["access_token", "device_code", "fb_exchange_token", "assertion"] {
            let sent = Sent::of(&TokenRequest::new(
                What::Refresh,
                vec![(name.to_owned(), "a-token-of-theirs".to_owned().into())],
                None,
            ));
            assert_eq!(taken_out(&sent, "no such a-token-of-theirs"), "no such …", "{name}");
        }
    }

    #[test]
    fn the_secrets_of_a_signed_request_go_as_they_are_and_as_they_stood_in_its_header() {
        let sent = Sent::these(&[&Secret::new("consumer secret&1"), &Secret::new("token-secret")]);
        let echo = "bad signature: consumer%20secret%261&token-secret (consumer secret&1)";
        assert_eq!(sent.without(echo), "bad signature: …&… (…)");
    }

    #[test]
    fn a_value_goes_as_it_stood_in_json_and_in_xml_and_a_header_whole() {
        let header = HeaderValue::from_static("Basic aWQ6dmVyeStzZWNyZXQlMkI=");
        let sent = Sent::of(&TokenRequest::new(
            What::Refresh,
            vec![("code".to_owned(), "a\"code<&>1".to_owned().into())],
            Some(header),
        ));
        assert_eq!(sent.without(r#"{"code":"a\"code<&>1"}"#), r#"{"code":"…"}"#);
        assert_eq!(sent.without("<code>a&quot;code&lt;&amp;&gt;1</code>"), "<code>…</code>");
        assert_eq!(sent.without("Basic aWQ6dmVyeStzZWNyZXQlMkI="), "Basic …");
    }

    #[test]
    fn words_that_are_no_secrets_stay() {
        let sent = Sent::of(&TokenRequest::new(
            What::Refresh,
            vec![("grant_type".to_owned(), "refresh_token".to_owned().into())],
            None,
        ));
        assert_eq!(taken_out(&sent, "no such refresh_token"), "no such refresh_token");
    }
}
