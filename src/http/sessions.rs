//! Connect sessions: a back end says for whom and with what a flow may be started, and gives its web page a
//! token for that. They live for half an hour, in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use serde_json::{Map, Value, json};

use super::answer::{self, Refusal};
use super::query::Query;
use super::{Server, body};
use crate::listener::page::Page;
use crate::listener::reply::{self, Reply};
use crate::model::secret::hexadecimal;
use crate::model::{ConfigKey, ConnectionId, ConnectionRef, rest};
use crate::service::Error;

/// How long a session lasts.
const LIFETIME: Duration = Duration::from_mins(30);
/// How many there are at once; the oldest makes room.
const MOST: usize = 1_000;
/// How the original's tokens begin.
const PREFIX: &str = "nango_connect_session_";

/// What a session lets a page do.
#[derive(Debug, Clone, Default)]
pub(super) struct Session {
    /// The configs that may be authorized; all of them where none is named.
    allowed: Vec<String>,
    /// What is asked for under a config, unless the page says otherwise.
    defaults: BTreeMap<String, Defaults>,
    /// The connection that is authorized again.
    pub(super) again: Option<ConnectionRef>,
}

/// What is asked for under a config.
#[derive(Debug, Clone, Default)]
pub(super) struct Defaults {
    pub(super) user_scopes: Option<String>,
    pub(super) authorization_params: BTreeMap<String, String>,
    pub(super) connection_config: BTreeMap<String, String>,
}

/// The sessions there are, by their tokens.
pub(super) struct Sessions {
    all: Mutex<HashMap<String, (Session, Instant)>>,
    /// What only the pages of this server know.
    own: ring::hmac::Key,
}

impl Default for Sessions {
    fn default() -> Self {
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes).expect("the system has a source of randomness");
        Self { all: Mutex::default(), own: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &*bytes) }
    }
}

impl Session {
    pub(super) fn allows(&self, key: &str) -> bool {
        self.again.as_ref().is_none_or(|again| again.config.as_str() == key)
            && (self.allowed.is_empty() || self.allowed.iter().any(|allowed| allowed == key))
    }

    pub(super) fn defaults(&self, key: &str) -> Defaults {
        self.defaults.get(key).cloned().unwrap_or_default()
    }
}

impl Sessions {
    fn add(&self, session: Session) -> String {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the system has a source of randomness");
        let token = format!("{PREFIX}{}", hexadecimal(&bytes));
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (_, begun)| begun.elapsed() < LIFETIME);
        if all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, (_, begun))| *begun).map(|(token, _)| token.clone())
        {
            all.remove(&oldest);
        }
        all.insert(token.clone(), (session, Instant::now()));
        token
    }

    /// Returns what a page of this server shows when a person has agreed there to replace a connection.
    pub(super) fn agreement(&self, connection: &str) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(ring::hmac::sign(&self.own, connection.as_bytes()))
    }

    /// Returns the session of a token, if it lasts.
    pub(super) fn of(&self, token: &str) -> Option<Session> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(token).filter(|(_, begun)| begun.elapsed() < LIFETIME).map(|(session, _)| session.clone())
    }
}

impl Server {
    pub(super) async fn connect_sessions(&self, segments: &[&str], request: Request<Incoming>) -> Reply {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = match (&method, segments) {
            (&Method::POST, ["connect", "sessions"]) => self.begin_session(request).await,
            (&Method::POST, ["connect", "sessions", "reconnect"]) => self.begin_session_again(request).await,
            (&Method::GET, ["connect", "link"]) => return self.connect_link(&Query::of(&request)).reply(),
            _ => return answer::nothing_at(&method, &path),
        };
        answer.unwrap_or_else(|refusal| refusal.today())
    }

    async fn begin_session(&self, request: Request<Incoming>) -> Result<Reply, Refusal> {
        let object = body::object(request).await?;
        Ok(self.begun(self.session(&object)?))
    }

    async fn begin_session_again(&self, request: Request<Incoming>) -> Result<Reply, Refusal> {
        let object = body::object(request).await?;
        let needed = |name: &str| body::text(&object, name)?.ok_or_else(|| Refusal::missing("invalid_body", name));
        let (id, key) = (needed("connection_id")?, needed("integration_id")?);
        let key = ConfigKey::new(key).map_err(Error::from)?;
        let again = ConnectionRef::new(key, ConnectionId::new(id).map_err(Error::from)?);
        self.service.connection(&again)?;
        Ok(self.begun(Session { again: Some(again), ..self.session(&object)? }))
    }

    /// Reads what a session allows. A word that is misread would let more in than its back end meant.
    fn session(&self, object: &Map<String, Value>) -> Result<Session, Refusal> {
        let session = session(object)?;
        for key in session.allowed.iter().chain(session.defaults.keys()) {
            self.known_config(key).map_err(|refusal| {
                let message = format!("There is no integration `{}`.", crate::model::untrusted::line(key));
                Refusal { code: "invalid_body", message, ..refusal }
            })?;
        }
        Ok(session)
    }

    fn begun(&self, session: Session) -> Reply {
        let token = self.sessions.add(session);
        let end = self.service.now() + LIFETIME;
        let link = format!("{}/connect/link?session_token={token}", self.url());
        let data = json!({"token": token, "connect_link": link, "expires_at": rest::text(end)});
        reply::json(StatusCode::CREATED, &json!({"data": data}))
    }

    /// The page behind a session's link: what may be authorized, each with its own link.
    fn connect_link(&self, query: &Query) -> Page {
        let token = query.get("session_token").unwrap_or_default();
        let Some(session) = self.sessions.of(token) else {
            let words = "This link has ended, or was never one of this server. Ask for another one.".to_owned();
            return Page::new(410, "Not there any more", vec![words]);
        };
        let configs = self.service.configs().unwrap_or_default();
        let links = configs.iter().filter(|config| session.allows(config.key.as_str())).map(|config| {
            let name = self.service.provider(config.provider.as_str()).map(|(_, provider)| provider.name);
            let key = percent_encoding::utf8_percent_encode(config.key.as_str(), percent_encoding::NON_ALPHANUMERIC);
            let href = format!("{}/oauth/connect/{key}?connect_session_token={token}", self.url());
            (format!("{} ({})", name.unwrap_or_default(), config.key), href)
        });
        let links: Vec<(String, String)> = links.collect();
        let words = if links.is_empty() {
            "There is nothing to connect: no config is allowed here."
        } else {
            "Choose what to connect."
        };
        Page { links, ..Page::new(200, "Connect", vec![words.to_owned()]) }
    }
}

fn session(object: &Map<String, Value>) -> Result<Session, Refusal> {
    let wrong =
        |name: &str, expected: &str| Refusal::bad("invalid_body", format!("Param '{name}' must be {expected}."));
    let list = || wrong("allowed_integrations", "a list of strings");
    let mut allowed = Vec::new();
    if let Some(keys) = object.get("allowed_integrations").filter(|keys| !keys.is_null()) {
        for key in keys.as_array().ok_or_else(list)? {
            allowed.push(key.as_str().ok_or_else(list)?.to_owned());
        }
    }
    let map = || wrong("integrations_config_defaults", "an object of objects");
    let mut defaults = BTreeMap::new();
    if let Some(all) = object.get("integrations_config_defaults").filter(|all| !all.is_null()) {
        for (key, given) in all.as_object().ok_or_else(map)? {
            let given = given.as_object().ok_or_else(map)?;
            let user_scopes = body::text(given, "user_scopes")?;
            let one = Defaults {
                user_scopes: if user_scopes.is_some() { user_scopes } else { body::text(given, "user_scope")? },
                authorization_params: body::texts(given, "authorization_params"),
                connection_config: body::texts(given, "connection_config"),
            };
            defaults.insert(key.clone(), one);
        }
    }
    Ok(Session { allowed, defaults, again: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_allows_what_its_back_end_named() {
        let body = json!({"allowed_integrations": ["github"], "integrations_config_defaults": {"github": {"user_scopes": "a"}}});
        let session = session(body.as_object().unwrap()).unwrap();
        assert!(session.allows("github") && !session.allows("slack"));
        assert_eq!(session.defaults("github").user_scopes.as_deref(), Some("a"));
        assert!(Session::default().allows("anything"));
        for wrong in [
            json!({"allowed_integrations": "github"}),
            json!({"allowed_integrations": [1]}),
            json!({"integrations_config_defaults": []}),
        ] {
            assert!(super::session(wrong.as_object().unwrap()).is_err(), "{wrong}");
        }
        let again = Session { again: Some(ConnectionRef::parse("github/jane").unwrap()), ..Session::default() };
        assert!(again.allows("github") && !again.allows("slack"));
    }

    #[test]
    fn a_token_is_told_from_every_other() {
        let sessions = Sessions::default();
        let (one, other) = (sessions.add(Session::default()), sessions.add(Session::default()));
        assert_ne!(one, other);
        assert!(one.starts_with(PREFIX) && one.len() == PREFIX.len() + 64 && sessions.of(&one).is_some());
        assert!(sessions.of("nango_connect_session_").is_none());
    }
}
