//! Which flow a web page, or a program, asks for: under which config, for which connection, and who vouches for it.

use hyper::body::Incoming;
use hyper::{Request, StatusCode};

use super::Server;
use super::answer::Refusal;
use super::given::Parted;
use super::query::Query;
use super::sessions::{Defaults, Session};
use crate::model::uuid;
use crate::model::{Config, ConnectionId, ConnectionRef, Provider, WayIn};
use crate::service::Error;

/// A flow that is asked for.
pub(super) struct Asked {
    pub(super) config: Config,
    pub(super) provider: Provider,
    pub(super) connection: ConnectionRef,
    /// The session of the back end that vouches for it.
    pub(super) session: Option<Session>,
    /// Whether a program asks that may have every token anyway.
    pub(super) is_program: bool,
}

impl Asked {
    /// Tells whether it may replace a connection without a person agreeing: where its back end said so.
    pub(super) fn may_replace(&self) -> bool {
        self.is_program || self.session.as_ref().is_some_and(|session| session.again.is_some())
    }

    pub(super) fn defaults(&self) -> Defaults {
        self.session.as_ref().map(|session| session.defaults(self.config.key.as_str())).unwrap_or_default()
    }

    /// Returns what is given for a flow of this way in: what the provider file asks for, and the rest.
    pub(super) fn given(&self, query: &Query, way: WayIn) -> Parted {
        let mut given = self.defaults().connection_config;
        given.extend(query.bracketed("params"));
        Parted::of(given, &self.provider, way)
    }
}

impl Server {
    /// Reads what is asked for: which config, which connection, and who vouches for it.
    pub(super) fn asked(&self, key: &str, query: &Query, request: &Request<Incoming>) -> Result<Asked, Refusal> {
        let session = match query.get("connect_session_token") {
            None => None,
            Some(token) => Some(self.sessions.of(token).ok_or_else(|| {
                let message = "The connect session is unknown here, or has ended.";
                Refusal::new(StatusCode::UNAUTHORIZED, "invalid_connect_session_token", message)
                    .hinted("let the back end begin a new one: `POST /connect/sessions`")
            })?),
        };
        if session.as_ref().is_some_and(|session| !session.allows(key)) {
            let message = format!("This connect session is not for `{}`.", crate::model::untrusted::line(key));
            return Err(Refusal::new(StatusCode::FORBIDDEN, "integration_not_allowed", message)
                .hinted("let the back end name it in `allowed_integrations`"));
        }
        let again = session.as_ref().and_then(|session| session.again.as_ref());
        let id = match (query.connection_id("connection_id"), again) {
            (_, Some(again)) => again.id.clone(),
            (Some(id), None) => {
                ConnectionId::new(id).map_err(|error| Refusal::bad("invalid_connection_id", format!("{error}.")))?
            }
            (None, None) if session.is_some() => ConnectionId::new(uuid::uuid()).map_err(Error::from)?,
            (None, None) => return Err(Refusal::bad("missing_connection_id", "Missing Connection ID.")),
        };
        let config = self.known_config(key).map_err(|refusal| match refusal.code {
            "unknown_provider_config" => {
                let message = format!("Could not find a Provider Config matching the \"{key}\" key.");
                Refusal { code: "provider_config_err", message, ..refusal }
            }
            _ => refusal,
        })?;
        let (_, provider) = self.service.provider(config.provider.as_str())?;
        let connection = ConnectionRef::new(config.key.clone(), id);
        // Whoever has a session may do what that allows, and no more.
        let is_program = session.is_none() && self.is_program(request);
        Ok(Asked { config, provider, connection, session, is_program })
    }
}
