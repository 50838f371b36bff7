//! The built-in authorization server: for the demo, for tests, and for trying bad weather.
//!
//! It is as strict as a real one should be: PKCE with S256, redirect URIs to the letter, client
//! authentication, single-use codes, refresh tokens that rotate, and reuse detection that ends the
//! whole grant (RFC 9700 section 4.14.2). Everything is in memory.

mod authorize;
mod grants;
mod pages;
mod token;
pub mod weather;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use serde_json::json;
use tokio::sync::watch;

use crate::listener::reply::{self, Reply};
use crate::listener::{BindError, Handler, Listener, LoopbackHost};
use crate::model::Time;
use grants::Grants;
pub use weather::Weather;

/// The client id of the confidential client.
pub const CLIENT_ID: &str = "sandbox-client";
/// Its secret, which is none: it stands in the help.
pub const CLIENT_SECRET: &str = "sandbox-secret";
/// The client id of the public client.
pub const PUBLIC_CLIENT_ID: &str = "sandbox-public";

/// What the sandbox is to be like.
#[derive(Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// How long access tokens last.
    pub lifetime: Duration,
    /// How it behaves at first.
    pub weather: Weather,
    /// Tells the time of day.
    pub now: Arc<dyn Fn() -> Time + Send + Sync>,
}

/// How often what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Codes exchanged.
    pub exchanges: usize,
    /// Tokens refreshed.
    pub refreshes: usize,
    /// Refresh tokens shown a second time.
    pub reuses: usize,
    /// Token requests in all, refused ones included.
    pub requests: usize,
}

/// A running sandbox. It ends when this is dropped.
pub struct Sandbox {
    shared: Arc<Shared>,
    port: u16,
    _stop: watch::Sender<bool>,
}

struct Shared {
    issuer: String,
    options: Options,
    state: Mutex<State>,
}

struct State {
    weather: Weather,
    /// Weather for the next token requests, one each.
    next: Vec<Weather>,
    lifetime: Duration,
    grants: Grants,
    counts: Counts,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Time {
        (self.options.now)()
    }
}

impl Sandbox {
    /// Starts a sandbox.
    pub async fn start(options: Options) -> Result<Self, BindError> {
        let address = std::net::Ipv4Addr::LOCALHOST;
        let listener = Listener::bind(LoopbackHost::Address(address.into()), options.port).await?;
        let port = listener.port();
        let state = State {
            weather: options.weather,
            next: Vec::new(),
            lifetime: options.lifetime,
            grants: Grants::default(),
            counts: Counts::default(),
        };
        let shared = Arc::new(Shared { issuer: format!("http://127.0.0.1:{port}"), options, state: Mutex::new(state) });
        let (stop, stopping) = watch::channel(false);
        let serving = shared.clone();
        let handler: Handler = Arc::new(move |request| {
            let shared = serving.clone();
            Box::pin(async move { route(request, &shared).await })
        });
        let hosts = vec![format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        tokio::spawn(listener.serve(hosts, handler, stopping));
        Ok(Self { shared, port, _stop: stop })
    }

    /// Returns its issuer identifier, which is its address.
    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the provider file that describes it.
    pub fn provider_file(&self) -> String {
        pages::provider_file(self.issuer())
    }

    /// Changes how it behaves.
    pub fn set_weather(&self, weather: Weather) {
        self.shared.state().weather = weather;
    }

    /// Lets it behave like this at the next token requests, one each.
    pub fn set_next(&self, weather: &[Weather]) {
        self.shared.state().next = weather.to_vec();
    }

    /// Changes how long new access tokens last.
    pub fn set_lifetime(&self, lifetime: Duration) {
        self.shared.state().lifetime = lifetime;
    }

    /// Tells whether it takes this access token now.
    pub fn accepts(&self, access_token: &str) -> bool {
        let now = self.shared.now();
        self.shared.state().grants.scopes_of(access_token, now).is_some()
    }

    /// Returns how often what happened.
    pub fn counts(&self) -> Counts {
        self.shared.state().counts
    }
}

async fn route(request: Request<Incoming>, shared: &Shared) -> Reply {
    let path = request.uri().path().to_owned();
    match (request.method(), path.as_str()) {
        (&Method::GET, "/") => pages::front(shared).reply(),
        (&Method::GET, "/authorize") => authorize::ask(shared, request.uri().query().unwrap_or_default()),
        (&Method::POST, "/authorize") => authorize::decide(shared, request).await,
        (&Method::POST, "/token") => token::token(shared, request).await,
        (&Method::POST, "/revoke") => token::revoke(shared, request).await,
        (&Method::GET, "/userinfo") => userinfo(shared, &request),
        (&Method::GET, "/.well-known/oauth-authorization-server") => metadata(shared),
        (_, "/" | "/authorize" | "/token" | "/revoke" | "/userinfo") => {
            reply::text(StatusCode::METHOD_NOT_ALLOWED, "Not with this method.\n")
        }
        _ => reply::text(StatusCode::NOT_FOUND, "There is nothing here.\n"),
    }
}

fn userinfo(shared: &Shared, request: &Request<Incoming>) -> Reply {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let token = header.and_then(|header| header.strip_prefix("Bearer ")).unwrap_or_default();
    let now = shared.now();
    match shared.state().grants.scopes_of(token, now) {
        Some(scopes) => {
            reply::json(StatusCode::OK, &json!({"sub": "sandbox-user", "name": "Sandy Box", "scope": scopes.join(" ")}))
        }
        None => reply::json(StatusCode::UNAUTHORIZED, &json!({"error": "invalid_token"})),
    }
}

/// RFC 8414 section 2.
fn metadata(shared: &Shared) -> Reply {
    let issuer = &shared.issuer;
    reply::json(
        StatusCode::OK,
        &json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "revocation_endpoint": format!("{issuer}/revoke"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "none"],
            "authorization_response_iss_parameter_supported": true,
        }),
    )
}

#[cfg(test)]
#[path = "sandbox_tests.rs"]
mod tests;
