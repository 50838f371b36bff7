//! OAuth 1.0a (RFC 5849): the three steps, and the signature of every request.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use percent_encoding::utf8_percent_encode;
use reqwest::header::HeaderValue;
use ring::hmac;
use serde_json::{Map, Value};
use url::Url;

use super::authorization_code::{self, random_text};
use super::filled::filled;
use super::registration::Registration;
use super::transport::{TokenRequest, Transport};
use super::{AuthError, Refusal};
use crate::model::provider::{OAuth1, SignatureMethod, UrlTemplate};
use crate::model::tape::What;
use crate::model::template::{COMPONENT, Values};
use crate::model::{Secret, Time, TokenPair, untrusted};

fn encode(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

/// The client as a provider knows it (`oauth_consumer_key`), its endpoints filled in.
pub struct Consumer {
    table: OAuth1,
    key: String,
    secret: Secret,
    redirect_uri: String,
    urls: [Url; 3],
}

impl std::fmt::Debug for Consumer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Consumer").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Who signs a request.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// How.
    pub method: SignatureMethod,
    /// The client's id.
    pub consumer_key: &'a str,
    /// Its secret.
    pub consumer_secret: &'a Secret,
    /// Token and token secret, where there are some.
    pub token: Option<(&'a Secret, &'a Secret)>,
}

/// What is signed besides method and address.
#[derive(Debug, Clone, Copy, Default)]
pub struct Further<'a> {
    /// Further protocol parameters, which stand in the header.
    pub protocol: &'a [(&'a str, &'a str)],
    /// The parameters of a form body (section 3.4.1.3.1), which do not.
    pub form: &'a [(String, String)],
    /// The realm, which stands in the header and is not signed (section 3.4.1.3.1).
    pub realm: Option<&'a str>,
}

/// What makes each request another one (section 3.3).
#[derive(Debug, Clone)]
pub struct Stamp {
    /// Seconds since 1970.
    pub timestamp: i64,
    /// Never used before with this timestamp.
    pub nonce: String,
}

impl Stamp {
    /// Makes one for now.
    pub fn new(now: Time) -> Self {
        let nonce = random_text().expose().chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        Self { timestamp: now.timestamp(), nonce }
    }
}

/// A flow that has begun: where the browser goes, and the temporary credentials that it is about.
#[derive(Debug)]
pub struct Begun {
    /// The URL to open.
    pub url: Url,
    /// What the callback must carry besides the token: the protocol has no state of its own, so it
    /// stands in the callback's address.
    pub state: Secret,
    token: Secret,
    token_secret: Secret,
}

impl Consumer {
    /// Fills the endpoints of `registration`'s provider.
    pub fn new(registration: &Registration<'_>) -> Result<Self, AuthError> {
        let provider = registration.provider;
        let mut table = provider.oauth1.clone().ok_or(AuthError::NotOffered("`[oauth1]` table"))?;
        if table.signature_method == SignatureMethod::RsaSha1 {
            return Err(AuthError::NotOffered("signature method that this version knows (it wants RSA-SHA1)"));
        }
        let values = Values {
            declared: &provider.variables,
            given: registration.variables,
            allows_loopback_http: provider.is_own,
        };
        let fill = |url: &Option<UrlTemplate>, what| -> Result<Url, AuthError> {
            Ok(values.url(url.as_ref().ok_or(AuthError::NotOffered(what))?)?)
        };
        table.request_token_params = filled(&table.request_token_params, provider, &values)?;
        table.authorization_params = filled(&table.authorization_params, provider, &values)?;
        Ok(Self {
            urls: [
                fill(&table.request_token_endpoint, "endpoint for temporary credentials")?,
                fill(&table.authorization_endpoint, "authorization endpoint")?,
                fill(&table.token_endpoint, "token endpoint")?,
            ],
            key: registration.client_id.to_owned(),
            secret: registration.client_secret.cloned().unwrap_or_default(),
            redirect_uri: registration.redirect_uri.to_owned(),
            table,
        })
    }

    fn signer<'a>(&'a self, token: Option<(&'a Secret, &'a Secret)>) -> Signer<'a> {
        Signer { method: self.table.signature_method, consumer_key: &self.key, consumer_secret: &self.secret, token }
    }
}

/// Begins a flow: gets temporary credentials (section 2.1), and says where the browser goes (2.2).
pub async fn begin(
    transport: &Transport,
    consumer: &Consumer,
    scopes: &[String],
    further: &authorization_code::Further,
) -> Result<Begun, AuthError> {
    let state = random_text();
    let mut callback = Url::parse(&consumer.redirect_uri).map_err(|_| AuthError::NotOffered("usable redirect URI"))?;
    callback.query_pairs_mut().append_pair("state", state.expose());
    let [request_url, authorization_url, _] = &consumer.urls;
    let mut url = request_url.clone();
    if !consumer.table.request_token_params.is_empty() {
        let parameters = consumer.table.request_token_params.iter();
        url.query_pairs_mut().extend_pairs(parameters.map(|(name, value)| (name, value.to_string())));
    }
    let signed = Further { protocol: &[("oauth_callback", callback.as_str())], ..Further::default() };
    let header = consumer.signer(None).header("POST", &url, &signed, &Stamp::new(transport.now()))?;
    let request = TokenRequest::signed(What::TemporaryCredentials, header);
    let answer = transport.signed(&url, request, &[&consumer.secret, &state]).await?;
    let (token, token_secret) = pair(&answer).ok_or_else(|| odd(&url, "no temporary credentials"))?;
    // Section 2.1: a server that does not confirm it did not take the callback (the 1.0 that let anybody
    // finish another's flow).
    let confirmed = answer.get("oauth_callback_confirmed").and_then(Value::as_str);
    if !confirmed.is_some_and(|word| word.eq_ignore_ascii_case("true")) {
        return Err(odd(&url, "temporary credentials without `oauth_callback_confirmed`"));
    }
    let mut url = authorization_url.clone();
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("oauth_token", token.expose());
        for (name, value) in authorization_code::with_further(&consumer.table.authorization_params, further) {
            query.append_pair(&name, &value);
        }
        if let Some(name) = consumer.table.scope_param.as_ref().filter(|_| !scopes.is_empty()) {
            query.append_pair(name, &scopes.join(consumer.table.scope_separator.as_deref().unwrap_or(" ")));
        }
    }
    Ok(Begun { url, state, token, token_secret })
}

/// What a callback turned out to be.
#[derive(Debug)]
pub enum Verdict {
    /// Not the answer to this flow; it changes nothing.
    Stranger(&'static str),
    /// The user said no.
    Denied(Refusal),
    /// It carries this verifier.
    Verifier(Secret),
}

/// Judges the query of a callback: the state first, in constant time, then the token, then the rest.
pub fn judge(query: &str, begun: &Begun) -> Verdict {
    let mut pairs: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
        if pairs.insert(name, value).is_some() {
            return Verdict::Stranger("it carries a parameter twice");
        }
    }
    let is = |name: &str, wanted: &Secret| pairs.get(name).is_some_and(|found| Secret::new(found.as_str()) == *wanted);
    if !is("state", &begun.state) {
        return Verdict::Stranger("its state is not one that was sent out");
    }
    // Twitter names it `denied`, others send the token back without a verifier.
    if is("denied", &begun.token) {
        return Verdict::Denied(Refusal::new("access_denied", None, None, 0));
    }
    if let Some(problem) = pairs.get("oauth_problem").or_else(|| pairs.get("error")) {
        return Verdict::Denied(Refusal::new(problem, pairs.get("error_description").map(String::as_str), None, 0));
    }
    if !is("oauth_token", &begun.token) {
        return Verdict::Stranger("it is about other temporary credentials");
    }
    match pairs.get("oauth_verifier") {
        Some(verifier) if !verifier.is_empty() => Verdict::Verifier(Secret::new(verifier.as_str())),
        _ => Verdict::Denied(Refusal::new("access_denied", Some("it came back without a verifier"), None, 0)),
    }
}

/// Exchanges the verifier of the callback for token credentials (section 2.3).
pub async fn exchange(
    transport: &Transport,
    consumer: &Consumer,
    begun: &Begun,
    verifier: &Secret,
) -> Result<TokenPair, AuthError> {
    let [_, _, url] = &consumer.urls;
    let signer = consumer.signer(Some((&begun.token, &begun.token_secret)));
    let further = Further { protocol: &[("oauth_verifier", verifier.expose())], ..Further::default() };
    let header = signer.header("POST", url, &further, &Stamp::new(transport.now()))?;
    let secrets = [&consumer.secret, &begun.token, &begun.token_secret, verifier];
    let request = TokenRequest::signed(What::TokenCredentials, header);
    let mut answer = transport.signed(url, request, &secrets).await?;
    let (token, token_secret) = pair(&answer).ok_or_else(|| odd(url, "no token credentials"))?;
    answer.remove("oauth_token");
    answer.remove("oauth_token_secret");
    Ok(TokenPair {
        token,
        token_secret,
        obtained_at: transport.now(),
        extra: Secret::new(Value::Object(answer).to_string()),
        fields: BTreeMap::new(),
    })
}

fn pair(answer: &Map<String, Value>) -> Option<(Secret, Secret)> {
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    let is_visible = |text: &&str| !text.is_empty() && untrusted::is_visible(text);
    Some((Secret::new(text("oauth_token").filter(is_visible)?), Secret::new(text("oauth_token_secret")?)))
}

fn odd(url: &Url, what: &str) -> AuthError {
    AuthError::Unusable { host: super::http::host_of(url), status: 200, what: what.to_owned() }
}

impl Signer<'_> {
    /// Signs a request, and returns its `Authorization` header (section 3.5.1).
    pub fn header(
        &self,
        method: &str,
        url: &Url,
        further: &Further<'_>,
        stamp: &Stamp,
    ) -> Result<HeaderValue, AuthError> {
        let timestamp = stamp.timestamp.to_string();
        let mut protocol = vec![
            ("oauth_consumer_key", self.consumer_key),
            ("oauth_nonce", &stamp.nonce),
            ("oauth_signature_method", self.method.word()),
            ("oauth_timestamp", &timestamp),
            ("oauth_version", "1.0"),
        ];
        if let Some((token, _)) = &self.token {
            protocol.push(("oauth_token", token.expose()));
        }
        protocol.extend(further.protocol);
        let signature = self.signature(&base_string(method, url, &protocol, further.form))?;
        protocol.push(("oauth_signature", &signature));
        let parameter = |(name, value): &(&str, &str)| format!("{}=\"{}\"", encode(name), encode(value));
        // A quoted string of HTTP (RFC 9110 section 5.6.4). It stands first in every example of the RFC, and some
        // servers read no further.
        let realm = further.realm.map(|realm| realm.replace('\\', "\\\\").replace('"', "\\\""));
        let realm = realm.map(|realm| format!("realm=\"{realm}\""));
        let parts: Vec<String> = realm.into_iter().chain(protocol.iter().map(parameter)).collect();
        let mut header = HeaderValue::try_from(format!("OAuth {}", parts.join(", ")))
            .map_err(|_| AuthError::NotOffered("usable client id"))?;
        header.set_sensitive(true);
        Ok(header)
    }

    fn signature(&self, base: &str) -> Result<String, AuthError> {
        let token_secret = self.token.map_or("", |(_, secret)| secret.expose());
        let key =
            zeroize::Zeroizing::new(format!("{}&{}", encode(self.consumer_secret.expose()), encode(token_secret)));
        let algorithm = match self.method {
            SignatureMethod::Plaintext => return Ok(key.to_string()),
            SignatureMethod::HmacSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            SignatureMethod::HmacSha256 => hmac::HMAC_SHA256,
            SignatureMethod::RsaSha1 => return Err(AuthError::NotOffered("signature method that this version knows")),
        };
        let signed = hmac::sign(&hmac::Key::new(algorithm, key.as_bytes()), base.as_bytes());
        Ok(base64::engine::general_purpose::STANDARD.encode(signed))
    }
}

/// The text that is signed (section 3.4.1): method, address and every parameter, each encoded.
fn base_string(method: &str, url: &Url, protocol: &[(&str, &str)], form: &[(String, String)]) -> String {
    let borrowed = form.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into()));
    let protocol = protocol.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    let parameters = normalized(url.query_pairs().chain(borrowed).chain(protocol));
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    format!("{}&{}&{}", method.to_uppercase(), encode(bare.as_str()), encode(&parameters))
}

/// Writes parameters in the one way in which both sides of a signature write them (section 3.4.1.3.2): encoded and in
/// the order of their names and values.
pub(crate) fn normalized<'a>(parameters: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>) -> String {
    let mut pairs: Vec<(String, String)> = parameters.map(|(name, value)| (encode(&name), encode(&value))).collect();
    pairs.sort();
    let parameters: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    parameters.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_string_of_rfc_5849_section_3_4_1_1_comes_out() {
        let url = "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b".parse().unwrap();
        let form = [("c2", ""), ("a3", "2 q")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let protocol = [
            ("oauth_consumer_key", "9djdj82h48djs9d2"),
            ("oauth_token", "kkk9d7dh3k39sjv7"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "7d8f3e4a"),
        ];
        assert_eq!(
            base_string("post", &url, &protocol, &form),
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
        );
    }

    #[test]
    fn the_signature_of_rfc_5849_section_1_2_comes_out() {
        let url = "http://photos.example.net/photos?file=vacation.jpg&size=original".parse().unwrap();
        let protocol = [
            ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
            ("oauth_token", "nnch734d00sl2jdk"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131202"),
            ("oauth_nonce", "chapoH"),
        ];
        let (consumer, token, secret) =
            (Secret::new("kd94hf93k423kf44"), Secret::new("nnch734d00sl2jdk"), Secret::new("pfkkdhi9sl3r4s00"));
        let signer = Signer {
            method: SignatureMethod::HmacSha1,
            consumer_key: "dpf43f3p2l4k3l03",
            consumer_secret: &consumer,
            token: Some((&token, &secret)),
        };
        assert_eq!(
            signer.signature(&base_string("GET", &url, &protocol, &[])).unwrap(),
            "MdpQcU8iPSUjWoN/UDMsK2sui9I="
        );
        // The same text with SHA-256, as another implementation signs it.
        let sha256 = Signer { method: SignatureMethod::HmacSha256, ..signer };
        let signature = sha256.signature(&base_string("GET", &url, &protocol, &[])).unwrap();
        assert_eq!(signature, "7NYnfiUN//Gcjb9IY6/4CCsThBHtV2M8qinB+HZr4js=");
        // Section 3.4.4.
        let plain = Signer { method: SignatureMethod::Plaintext, ..signer };
        assert_eq!(plain.signature("").unwrap(), "kd94hf93k423kf44&pfkkdhi9sl3r4s00");
    }

    #[test]
    fn reserved_characters_are_encoded_wherever_they_stand() {
        let (consumer, token, secret) = (Secret::new("s&=%"), Secret::new("t/+\u{e9}"), Secret::new("x y"));
        let signer = Signer {
            method: SignatureMethod::Plaintext,
            consumer_key: "k&\"",
            consumer_secret: &consumer,
            token: Some((&token, &secret)),
        };
        let stamp = Stamp { timestamp: 1, nonce: "n".to_owned() };
        let header = signer.header("GET", &"https://a.example/".parse().unwrap(), &Further::default(), &stamp).unwrap();
        let header = header.to_str().unwrap();
        assert!(header.contains("oauth_consumer_key=\"k%26%22\""), "{header}");
        assert!(header.contains("oauth_token=\"t%2F%2B%C3%A9\""), "{header}");
        assert!(header.contains("oauth_signature=\"s%2526%253D%2525%26x%2520y\""), "{header}");
    }

    fn begun() -> Begun {
        Begun {
            url: "https://a.example/".parse().unwrap(),
            state: Secret::new("right"),
            token: Secret::new("temp"),
            token_secret: Secret::new("secret"),
        }
    }

    #[test]
    fn a_callback_must_carry_the_state_and_the_token_of_this_flow() {
        assert!(
            matches!(judge("state=right&oauth_token=temp&oauth_verifier=v", &begun()), Verdict::Verifier(verifier) if verifier.expose() == "v")
        );
        for query in [
            "",
            "oauth_token=temp&oauth_verifier=v",
            "state=wrong&oauth_token=temp&oauth_verifier=v",
            "state=wrong&denied=temp",
            "state=right&oauth_token=other&oauth_verifier=v",
            "state=right&state=right&oauth_token=temp&oauth_verifier=v",
            "state=right&denied=other",
        ] {
            assert!(matches!(judge(query, &begun()), Verdict::Stranger(_)), "{query}");
        }
        for query in
            ["state=right&denied=temp", "state=right&oauth_token=temp", "state=right&oauth_problem=user_refused"]
        {
            assert!(matches!(judge(query, &begun()), Verdict::Denied(_)), "{query}");
        }
    }
}
