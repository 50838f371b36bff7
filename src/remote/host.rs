//! Another host, and how it is spoken to: its address, the key in the way that it takes it, and the older or the
//! newer routes of Nango's REST API, whichever it has.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Value};
use tokio::sync::OnceCell;
use url::Url;
use zeroize::Zeroizing;

use crate::auth::http::{self, Reach, host_of};
use crate::model::template::is_loopback;
use crate::model::{ConnectionRef, Secret, untrusted};
use crate::service::{Error, Kind, Result};
use crate::settings::without_user_info;

/// How long an answer may take: the host may have to refresh first, and tries for a minute.
const PATIENCE: Duration = Duration::from_secs(90);
/// The largest answer that is read, in bytes: a page of 2,000 connections with all that is told of them.
const LARGEST: usize = 8 * 1024 * 1024;

/// Another host that speaks Nango's REST API.
#[derive(Debug)]
pub struct Host {
    base: Url,
    key: Option<Secret>,
    http: OnceCell<reqwest::Client>,
    learned: Mutex<Learned>,
}

/// What its answers told of it.
#[derive(Debug, Clone, Copy, Default)]
struct Learned {
    scheme: Option<Scheme>,
    routes: Option<Routes>,
}

/// How a key is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// As the user name of Basic authentication: self-hosted servers of 2023.
    Basic,
    /// As a bearer token: the cloud, and self-hosted servers since.
    Bearer,
}

/// Which routes a host has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Routes {
    /// Those since 2024: `/connections`, `/integrations`.
    Today,
    /// Those of early 2023: `/connection`, `/config`.
    Era,
}

/// A call: method, path segments, query and body.
pub(super) struct Call<'a> {
    method: Method,
    path: Vec<&'a str>,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
}

impl<'a> Call<'a> {
    pub(super) fn new(method: Method, path: &[&'a str]) -> Self {
        Self { method, path: path.to_vec(), query: Vec::new(), body: None }
    }

    pub(super) fn get(path: &[&'a str]) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(super) fn body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

/// An answer, read whole.
struct Answer {
    status: u16,
    /// The JSON of it; `None` where it is something else.
    json: Option<Value>,
    is_empty: bool,
}

impl Answer {
    /// Tells whether nothing is served at the path: a server of 2023 answers a web page there, or 404. What a
    /// gateway says is no such sign.
    fn is_of_no_route(&self) -> bool {
        self.json.is_none() && !self.is_empty && matches!(self.status, 200..=299 | 404 | 405)
    }
}

impl Host {
    /// Takes a host by its address, and the key that is shown to it.
    pub fn new(address: &str, key: Option<Secret>) -> Result<Self> {
        let bad = |why: &str| {
            Error::usage(format!("`{}` is not the address of a host: {why}", without_user_info(address)))
                .hinted("expected `http://localhost:3003` or `https://HOST`, in `--host` or NANGO_HOSTPORT")
        };
        let mut base = Url::parse(address.trim()).map_err(|_| bad("it is no URL"))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(bad("it begins with neither http:// nor https://"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(bad("there is a user in it; the key belongs into NANGO_SECRET_KEY"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(bad("there is a query in it"));
        }
        let path = base.path().trim_end_matches('/').to_owned();
        base.set_path(&path);
        let host = Self { base, key, http: OnceCell::new(), learned: Mutex::default() };
        if host.is_cloud() {
            if host.base.scheme() == "http" {
                return Err(bad("the cloud is spoken to by https alone"));
            }
            host.learn(|learned| learned.scheme = Some(Scheme::Bearer));
        }
        Ok(host)
    }

    /// Returns its address, without a slash at its end.
    pub fn address(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Returns its name and port, and that others can listen where they can.
    pub fn name(&self) -> String {
        let name = host_of(&self.base);
        if self.is_overheard() { format!("{name} (not https)") } else { name }
    }

    fn is_cloud(&self) -> bool {
        self.base.host_str().is_some_and(|name| name == "nango.dev" || name.ends_with(".nango.dev"))
    }

    /// Tells whether anybody on the way can read what is said: plain http to another machine.
    pub fn is_overheard(&self) -> bool {
        self.base.scheme() == "http" && !is_loopback(&self.base)
    }

    /// Says how a connection is authorized at this host.
    pub fn how_to_authorize(&self, connection: &ConnectionRef) -> String {
        if self.is_cloud() {
            return "authorize it in the cloud's dashboard, or from your own front end".to_owned();
        }
        let mut url = self.url(&["oauth", "connect", connection.config.as_str()]);
        url.query_pairs_mut().append_pair("connection_id", connection.id.as_str());
        format!("open {url} in a browser")
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        // Each is one segment, whatever stands in it; the base has a host, and so can have a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        // A plus is a plus in a path, and a space to some who read it.
        let path = url.path().replace('+', "%2B");
        url.set_path(&path);
        url
    }

    fn learned(&self) -> Learned {
        *self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, change: impl FnOnce(&mut Learned)) {
        change(&mut self.learned.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Asks on the newer routes, or on the older ones where the host has no others. What it refuses is an error.
    /// Nothing is changed before it is known which ones it has.
    pub(super) async fn ask(&self, today: Call<'_>, era: Call<'_>) -> Result<(Routes, Value)> {
        let known = match self.learned().routes {
            None if today.method != Method::GET => Some(Box::pin(self.routes()).await?),
            known => known,
        };
        if known != Some(Routes::Era) {
            let answer = self.send(&today).await?;
            if known == Some(Routes::Today) || !answer.is_of_no_route() {
                let is_nango = answer.json.is_some();
                let good = self.good(answer);
                if is_nango {
                    self.learn(|learned| learned.routes = Some(Routes::Today));
                }
                return Ok((Routes::Today, good?));
            }
        }
        let answer = self.send(&era).await?;
        if answer.json.is_some() {
            self.learn(|learned| learned.routes = Some(Routes::Era));
        }
        Ok((Routes::Era, self.good(answer)?))
    }

    /// Returns which routes the host has, asking it if that is not known yet.
    pub(super) async fn routes(&self) -> Result<Routes> {
        if let Some(known) = self.learned().routes {
            return Ok(known);
        }
        let (routes, _) = self.ask(Call::get(&["integrations"]), Call::get(&["config"])).await?;
        Ok(routes)
    }

    /// Asks on one route.
    pub(super) async fn ask_one(&self, call: Call<'_>) -> Result<Value> {
        let answer = self.send(&call).await?;
        self.good(answer)
    }

    fn good(&self, answer: Answer) -> Result<Value> {
        match answer {
            Answer { status: 200..=299, json: Some(value), .. } => Ok(value),
            Answer { status: 200..=299, is_empty: true, .. } => Ok(Value::Null),
            Answer { status, json, .. } => Err(self.refusal(status, json.as_ref())),
        }
    }

    /// Sends a call, showing the key as the host takes it: what was not let in was not done, and is sent again.
    async fn send(&self, call: &Call<'_>) -> Result<Answer> {
        let known = self.learned().scheme;
        let scheme = known.unwrap_or(Scheme::Basic);
        let answer = self.once(call, scheme).await?;
        if self.key.is_none() || known.is_some() || answer.status != 401 {
            if self.key.is_some() && answer.status < 300 && answer.json.is_some() {
                self.learn(|learned| learned.scheme = Some(scheme));
            }
            return Ok(answer);
        }
        let second = self.once(call, Scheme::Bearer).await?;
        if second.status != 401 {
            self.learn(|learned| learned.scheme = Some(Scheme::Bearer));
        }
        Ok(second)
    }

    async fn once(&self, call: &Call<'_>, scheme: Scheme) -> Result<Answer> {
        let mut url = self.url(&call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query.iter().map(|(name, value)| (*name, value.as_str())));
        }
        let reach = Reach::of(&url);
        let client = self.http.get_or_try_init(|| async { http::client(Some(PATIENCE), reach) }).await;
        let client = client.map_err(|why| Error::new(Kind::Network, format!("https cannot be used: {why}")))?;
        let mut request = client.request(call.method.clone(), url.clone()).header(ACCEPT, "application/json");
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, shown(key, scheme)?);
        }
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let lost = |error: reqwest::Error| self.unreachable(&http::explain(&host_of(&url), error).to_string());
        let mut response = request.send().await.map_err(lost)?;
        let status = response.status().as_u16();
        tracing::debug!(host = host_of(&url), method = %call.method, path = url.path(), status, "asked the host");
        if (300..400).contains(&status) {
            return Err(self.refusal(status, None));
        }
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            body.extend_from_slice(chunk.as_ref());
            if body.len() > LARGEST {
                return Err(self.unreachable(&format!("its answer is larger than {LARGEST} bytes")));
            }
        }
        let json = serde_json::from_slice(&body).ok().filter(|value: &Value| value.is_object());
        Ok(Answer { status, json, is_empty: body.is_empty() })
    }

    fn unreachable(&self, why: &str) -> Error {
        let hint = "check the address and that something serves there; without `--host` and NANGO_HOSTPORT, this machine's own vault is used";
        Error::new(Kind::Network, format!("`{}` did not answer: {why}", self.address())).hinted(hint)
    }

    /// Takes the key out of what a host, or a gateway before it, quotes.
    fn hidden(&self, text: &str) -> String {
        match self.key.as_ref().filter(|key| !key.is_empty()) {
            None => text.to_owned(),
            Some(key) => text.replace(as_user(key).as_str(), "•••").replace(key.expose(), "•••"),
        }
    }

    /// Reads why a host refused: a sentence in `error` and a code in `type` on the older routes, an object in
    /// `error` on the newer ones.
    fn refusal(&self, status: u16, json: Option<&Value>) -> Error {
        let none = Map::new();
        let body = json.and_then(Value::as_object).unwrap_or(&none);
        let error = body.get("error");
        let text =
            |value: Option<&Value>| value.and_then(Value::as_str).map(|text| untrusted::line(&self.hidden(text)));
        let field = |name: &str| text(error.and_then(|error| error.get(name)));
        let message = text(error).or_else(|| field("message")).filter(|message| !message.is_empty());
        let code = field("code").or_else(|| text(body.get("type"))).unwrap_or_default();
        let hint = text(body.get("hint")).or_else(|| text(error.and_then(|error| error.get("payload")?.get("hint"))));
        let is_nango = message.is_some();
        let kind = kind_of(status, &code, is_nango);
        let said = match message {
            Some(message) => format!("`{}` says: {}", self.address(), message.trim_end_matches('.')),
            None if (300..400).contains(&status) => {
                format!("`{}` sends elsewhere ({status}); the key does not go there", self.address())
            }
            None if status >= 500 => format!("`{}` cannot be reached behind its gateway ({status})", self.address()),
            None => format!("`{}` answered {status}, and not as Nango's REST API does", self.address()),
        };
        let shown = Error::new(kind, said);
        match (status, hint) {
            (401 | 403, _) if self.key.is_none() => shown.hinted("set NANGO_SECRET_KEY to the key of that host"),
            (401, _) => shown.hinted("check NANGO_SECRET_KEY: it must be the key of that host"),
            (_, Some(hint)) => shown.hinted(format!("there: {hint}")),
            _ if kind == Kind::Network => shown.hinted("try again in a moment"),
            _ if !is_nango => shown.hinted("check the address in `--host` or NANGO_HOSTPORT"),
            _ => shown,
        }
    }
}

fn as_user(key: &Secret) -> Zeroizing<String> {
    let pair = Zeroizing::new(format!("{}:", key.expose()));
    Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(pair.as_bytes()))
}

fn shown(key: &Secret, scheme: Scheme) -> Result<HeaderValue> {
    let text = Zeroizing::new(match scheme {
        Scheme::Bearer => format!("Bearer {}", key.expose()),
        Scheme::Basic => format!("Basic {}", *as_user(key)),
    });
    let mut value = HeaderValue::try_from(text.as_str()).map_err(|_| {
        Error::usage("NANGO_SECRET_KEY cannot stand in a header").hinted("it has a line break or a control character")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// What a refusal means for whoever asked.
fn kind_of(status: u16, code: &str, is_nango: bool) -> Kind {
    match (status, code) {
        (_, "unkown_connection" | "unknown_connection" | "unknown_provider_config" | "not_found") => Kind::NotFound,
        (408 | 429, _) | (_, "connection_refresh_backoff") => Kind::Network,
        (424, _) | (_, "invalid_credentials") => Kind::AuthorizationNeeded,
        (404, _) if is_nango => Kind::NotFound,
        (502, _) if is_nango => Kind::Provider,
        (503, _) if is_nango => Kind::Vault,
        (500..=599, _) if !is_nango => Kind::Network,
        (504, _) => Kind::Network,
        (300..=399 | 500..=599, _) => Kind::Provider,
        _ => Kind::Usage,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(address: &str) -> Host {
        Host::new(address, Some(Secret::new("s3"))).unwrap()
    }

    #[test]
    fn an_address_loses_its_last_slash_and_keeps_its_path() {
        assert_eq!(host("http://localhost:3003/").address(), "http://localhost:3003");
        assert_eq!(host("https://h.example/nango/").url(&["config"]).as_str(), "https://h.example/nango/config");
        let wrong =
            ["", "localhost:3003", "ftp://h", "http://user:pass@h", "http://h?x=1", "http://", "http://api.nango.dev"];
        for wrong in wrong {
            let error = Host::new(wrong, None).unwrap_err();
            assert!(error.hint.unwrap().contains("NANGO_HOSTPORT") && !error.message.contains("pass@"), "{wrong}");
        }
    }

    #[test]
    fn an_id_is_one_segment_whatever_stands_in_it() {
        let url = host("http://localhost:3003").url(&["connection", "a b+c@d%/é"]);
        assert_eq!(url.path(), "/connection/a%20b%2Bc@d%25%2F%C3%A9");
    }

    #[test]
    fn plain_http_to_another_machine_is_overheard() {
        assert!(host("http://nango.example:3003").is_overheard());
        assert!(!host("https://nango.example").is_overheard() && !host("http://127.0.0.1:3003").is_overheard());
    }

    #[test]
    fn the_sentence_of_a_refusal_is_found_in_either_shape() {
        let host = host("http://localhost:3003");
        let era = serde_json::json!({"error": "No connection matching.", "type": "unkown_connection", "hint": "x"});
        let error = host.refusal(400, Some(&era));
        assert_eq!((error.kind, error.hint.as_deref()), (Kind::NotFound, Some("there: x")));
        assert!(error.message.ends_with("says: No connection matching"), "{error}");
        let today = serde_json::json!({"error": {"code": "invalid_credentials", "message": "gone\u{1b}[2J"}});
        let error = host.refusal(400, Some(&today));
        assert!(error.kind == Kind::AuthorizationNeeded && error.message.ends_with("says: gone[2J"), "{error}");
        let quoted = serde_json::json!({"error": "bad header: Bearer s3, or Basic czM6"});
        assert!(host.refusal(400, Some(&quoted)).message.ends_with("bad header: Bearer •••, or Basic •••"));
        assert_eq!(host.refusal(429, Some(&quoted)).kind, Kind::Network);
        assert_eq!(host.refusal(504, None).hint.unwrap(), "try again in a moment");
        assert_eq!(host.refusal(401, None).hint.unwrap(), "check NANGO_SECRET_KEY: it must be the key of that host");
        assert!(host.refusal(200, None).message.contains("not as Nango's REST API does"));
    }
}
