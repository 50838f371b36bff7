//! The routes of early 2023: `/health`, `/config`, `/connection`. Their shapes and sentences are the
//! original's; what it got wrong is repaired.

use hyper::body::Incoming;
use hyper::header::USER_AGENT;
use hyper::{Method, Request, StatusCode};
use serde_json::{Map, Value, json};

use super::answer::{self, Refusal};
use super::query::Query;
use super::{Server, body};
use crate::listener::reply::{self, Reply};
use crate::model::config::split_scopes;
use crate::model::{Config, ConfigKey, Connection, ConnectionId, ConnectionRef, Credentials, Secret, WayIn, rest};
use crate::service::configs::{ConfigChanges, NewConfig};
use crate::service::fresh::{Asker, Fresh, Freshness};
use crate::service::{Error, Kind};

type Answer = Result<Reply, Refusal>;

pub(super) fn health() -> Reply {
    reply::json(StatusCode::OK, &json!({"result": "ok"}))
}

/// What stands in the body of `POST /config` and `PUT /config`, in the order in which it is missed.
struct Given {
    key: String,
    provider: String,
    client_id: String,
    client_secret: String,
    scopes: Vec<String>,
}

impl Server {
    pub(super) async fn era(&self, segments: &[&str], request: Request<Incoming>) -> Reply {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = match (&method, segments) {
            (&Method::GET, ["config"]) => self.era_configs().await,
            (&Method::POST, ["config"]) => self.era_create_config(request).await,
            (&Method::PUT, ["config"]) => self.era_edit_config(request).await,
            (&Method::GET, ["config", key]) => self.era_config(key).await,
            (&Method::DELETE, ["config", key]) => self.era_delete_config(key).await,
            (&Method::GET, ["connection"]) => self.era_connections(&request),
            (&Method::POST, ["connection"]) => Box::pin(self.take_in_given(request)).await,
            (&Method::DELETE, ["connection", id]) => self.era_delete_connection(id, &request).await,
            (_, ["config" | "connection"] | ["config" | "connection", _]) => {
                return answer::wrong_method(&method, &path);
            }
            _ => return answer::nothing_at(&method, &path),
        };
        answer.unwrap_or_else(|refusal| refusal.era())
    }

    async fn era_configs(&self) -> Answer {
        let mut configs = Vec::new();
        for config in self.service.configs()? {
            configs.push(self.shown_config(&config).await?);
        }
        Ok(reply::json(StatusCode::OK, &json!({"configs": configs})))
    }

    async fn era_config(&self, key: &str) -> Answer {
        let config = self.known_config(key)?;
        Ok(reply::json(StatusCode::OK, &json!({"config": self.shown_config(&config).await?})))
    }

    /// A config with its secret, which the original's callers read.
    async fn shown_config(&self, config: &Config) -> Result<Value, Refusal> {
        let secret = self.service.client_secret(config).await?.unwrap_or_default();
        Ok(json!({
            "id": config.number,
            "created_at": rest::text(config.created_at),
            "updated_at": rest::text(config.updated_at),
            "unique_key": config.key.as_str(),
            "provider": config.provider.as_str(),
            "oauth_client_id": config.client_id,
            "oauth_client_secret": secret.expose(),
            "oauth_scopes": config.scopes.join(","),
            "account_id": 0,
        }))
    }

    async fn era_create_config(&self, request: Request<Incoming>) -> Answer {
        let is_unread = body::is_unread(&request);
        let object = body::object(request).await?;
        let given = self.given(&object).map_err(|refusal| refusal.unread(is_unread))?;
        let key = ConfigKey::new(given.key).map_err(Error::from)?;
        match self.service.config(&key) {
            Ok(_) => {
                let message = "There is already a Provider Configuration matching the param 'provider_config_key'.";
                return Err(Refusal::bad("duplicate_provider_config", message));
            }
            Err(error) if error.kind == Kind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        let new = NewConfig {
            key,
            provider: given.provider,
            client_id: given.client_id,
            client_secret: Some(Secret::new(given.client_secret)),
            scopes: given.scopes,
            redirect_uri: body::text(&object, "redirect_uri")?,
        };
        let config = self.service.create_config(new).await?;
        Ok(reply::json(StatusCode::OK, &json!({"config_id": config.number})))
    }

    async fn era_edit_config(&self, request: Request<Incoming>) -> Answer {
        let is_unread = body::is_unread(&request);
        let object = body::object(request).await?;
        let given = self.given(&object).map_err(|refusal| refusal.unread(is_unread))?;
        let key = self.known_config(&given.key)?.key;
        let changes = ConfigChanges {
            provider: Some(given.provider),
            registers: false,
            client_id: Some(given.client_id),
            client_secret: Some(Secret::new(given.client_secret)),
            scopes: Some(given.scopes),
            redirect_uri: body::text(&object, "redirect_uri")?,
        };
        self.service.edit_config(&key, changes).await?;
        Ok(reply::empty(StatusCode::OK))
    }

    fn given(&self, object: &Map<String, Value>) -> Result<Given, Refusal> {
        let needed =
            |name: &str, code: &'static str| body::text(object, name)?.ok_or_else(|| Refusal::missing(code, name));
        let key = needed("provider_config_key", "missing_provider_config")?;
        let provider = needed("provider", "missing_provider_template")?;
        self.service.provider(&provider).map_err(|error| {
            let unknown =
                Refusal::bad("unknown_provider_template", "No Provider Template matching the 'provider' parameter.");
            Refusal { hint: error.hint, ..unknown }
        })?;
        Ok(Given {
            key,
            provider,
            client_id: needed("oauth_client_id", "missing_client_id")?,
            client_secret: needed("oauth_client_secret", "missing_client_secret")?,
            scopes: split_scopes(&needed("oauth_scopes", "missing_scopes")?),
        })
    }

    async fn era_delete_config(&self, key: &str) -> Answer {
        match self.known_config(key) {
            Ok(config) => self.service.set_config_aside(&config.key).await?,
            // There being none is no error, as in the original.
            Err(refusal) if refusal.code == "unknown_provider_config" => {}
            Err(refusal) => return Err(refusal),
        }
        Ok(reply::empty(StatusCode::OK))
    }

    /// Finds a config; one whose key cannot be is not there.
    pub(super) fn known_config(&self, key: &str) -> Result<Config, Refusal> {
        let key = ConfigKey::new(key).map_err(|_| Refusal::unknown_config())?;
        self.service.config(&key).map_err(|error| match error.kind {
            Kind::NotFound => Refusal { hint: error.hint, ..Refusal::unknown_config() },
            _ => error.into(),
        })
    }

    fn era_connections(&self, request: &Request<Incoming>) -> Answer {
        let wanted = Query::of(request).connection_id("connectionId");
        let connections = self.service.connections()?;
        let rows = connections.iter().filter(|row| wanted.as_deref().is_none_or(|id| id == row.reference.id.as_str()));
        let rows: Vec<Value> = rows
            .map(|row| {
                json!({
                    "id": row.number,
                    "connection_id": row.reference.id.as_str(),
                    // The original's word for it, on this route.
                    "provider": row.reference.config.as_str(),
                    "provider_config_key": row.reference.config.as_str(),
                    "created": rest::text(row.created_at),
                })
            })
            .collect();
        Ok(reply::json(StatusCode::OK, &json!({"connections": rows})))
    }

    /// Answers `GET /connection/ID` from memory, where the token is there and nothing has changed.
    pub(super) async fn at_hand(&self, segments: &[String], request: &Request<Incoming>) -> Option<Reply> {
        let (Method::GET, [route, id]) = (request.method().clone(), segments) else { return None };
        let query = Query::of(request);
        if route != "connection" || query.is_true("force_refresh") {
            return None;
        }
        let reference = named(id, &query).ok()?;
        let freshness = Freshness { asker: Asker::Program, ..Freshness::default() };
        let fresh = self.service.credentials_at_hand(&reference, freshness).ok()??;
        let program = program(request);
        let (body, is_told) = match self.rendered.get(&fresh, program) {
            Some(known) => known,
            None => (self.era_shape(&fresh).to_string().into(), false),
        };
        if !is_told {
            self.service.note_program(&fresh, &self.asking(request)).await;
            self.rendered.put(&fresh, &body, program);
        }
        Some(reply::json_bytes(body))
    }

    pub(super) async fn era_connection(&self, id: &str, request: &Request<Incoming>) -> Reply {
        let answer = async {
            let query = Query::of(request);
            let reference = named(id, &query)?;
            let fresh = self.fresh(&reference, &query, request).await?;
            Ok::<_, Refusal>(reply::json(StatusCode::OK, &self.era_shape(&fresh)))
        };
        answer.await.unwrap_or_else(|refusal| refusal.era())
    }

    fn era_shape(&self, fresh: &Fresh) -> Value {
        let (own, captured) = self.variables(&fresh.connection);
        let prefixed = |(name, value): (String, Value)| (format!("connectionConfig.params.{name}"), value);
        json!({
            "id": fresh.connection.number,
            "created_at": rest::text(fresh.connection.created_at),
            "updated_at": rest::text(fresh.connection.updated_at),
            "provider_config_key": fresh.connection.reference.config.as_str(),
            "connection_id": fresh.connection.reference.id.as_str(),
            "credentials": era_credentials(&fresh.credentials),
            "connection_config": own.into_iter().map(prefixed).collect::<Map<_, _>>(),
            "account_id": 0,
            "metadata": captured,
        })
    }

    /// Returns a connection's variables: those that somebody gave, and those that a flow captured.
    fn variables(&self, connection: &Connection) -> (Map<String, Value>, Map<String, Value>) {
        if connection.variables.is_empty() {
            return Default::default();
        }
        let provider = self.service.provider(connection.provider.as_str()).ok().map(|(_, provider)| provider);
        let is_captured = |name: &str| {
            let variable = provider.as_ref().and_then(|provider| provider.variables.get(name));
            variable.is_some_and(|variable| variable.from.is_some())
        };
        let all = connection.variables.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        all.partition(|(name, _)| !is_captured(name))
    }

    /// Gets fresh credentials, and notes which program was given them.
    pub(super) async fn fresh(
        &self,
        reference: &ConnectionRef,
        query: &Query,
        request: &Request<Incoming>,
    ) -> Result<std::sync::Arc<Fresh>, Refusal> {
        let freshness =
            Freshness { forced: query.is_true("force_refresh"), asker: Asker::Program, ..Freshness::default() };
        let fresh = self.service.recent_credentials(reference, freshness).await;
        let fresh = fresh.map_err(|error| self.not_had(reference, error))?;
        self.service.note_program(&fresh, &self.asking(request)).await;
        Ok(fresh)
    }

    /// Says what is not there in the original's words.
    pub(super) fn not_had(&self, reference: &ConnectionRef, error: Error) -> Refusal {
        if error.kind != Kind::NotFound {
            return error.into();
        }
        let hint = error.hint;
        match self.service.config(&reference.config) {
            Err(error) if error.kind == Kind::NotFound => {
                // The original looked for the connection first.
                let left = self.service.connections().unwrap_or_default();
                let is_left = left.iter().any(|connection| connection.reference == *reference);
                if is_left { Refusal::unknown_config() } else { Refusal { hint, ..unknown_connection() } }
            }
            _ => Refusal { hint, ..unknown_connection() },
        }
    }

    async fn era_delete_connection(&self, id: &str, request: &Request<Incoming>) -> Answer {
        let reference = named(id, &Query::of(request))?;
        let deleted = self.service.delete_connection(&reference, false).await;
        deleted.map_err(|error| self.not_had(&reference, error))?;
        Ok(reply::empty(StatusCode::OK))
    }
}

/// Returns what a program calls itself.
pub(super) fn program(request: &Request<Incoming>) -> &str {
    let name = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    name.unwrap_or("a program that does not say its name")
}

pub(super) fn unknown_connection() -> Refusal {
    Refusal::bad("unkown_connection", "No connection matching params 'connection_id' and 'provider_config_key'.")
}

/// Reads which connection is meant by a path's id and the query's `provider_config_key`.
pub(super) fn named(id: &str, query: &Query) -> Result<ConnectionRef, Refusal> {
    let key = query.get("provider_config_key");
    let key = key.ok_or_else(|| Refusal::missing("missing_provider_config", "provider_config_key"))?;
    let id = ConnectionId::new(id).map_err(|error| Refusal::bad("invalid_connection_id", format!("{error}.")))?;
    // A key that cannot be has no connection.
    let key = ConfigKey::new(key).map_err(|_| unknown_connection())?;
    Ok(ConnectionRef::new(key, id))
}

/// The original knew tokens of the client alone as any others.
fn era_credentials(credentials: &Credentials) -> Value {
    let mut shown = rest::credentials(credentials);
    if credentials.way() == WayIn::ClientCredentials
        && let Some(token) = shown.remove("token")
    {
        shown.insert("access_token".to_owned(), token);
        shown.insert("type".to_owned(), "OAUTH2".into());
    }
    Value::Object(shown)
}
