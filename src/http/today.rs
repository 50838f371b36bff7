//! Today's routes, as Nango's SDK asks for them since 2024: `/connections`, `/integrations`, `/providers`.

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::query::Query;
use super::{Server, body, era};
use crate::listener::reply::{self, Reply};
use crate::model::config::split_scopes;
use crate::model::rest::{ConfigView, ConnectionView};
use crate::model::{Config, ConfigKey, Connection, Provider, ProviderId, Secret, Time, rest, search};
use crate::service::Error;
use crate::service::configs::{ConfigChanges, NewConfig};

/// The most connections that one answer lists, as the original.
const MOST: usize = 2_000;

type Answer = Result<Reply, Refusal>;

impl Server {
    pub(super) async fn today(&self, segments: &[&str], request: Request<Incoming>) -> Reply {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = match (&method, segments) {
            (&Method::GET, ["connections"]) => self.connections(&request),
            (&Method::POST, ["connections"]) => Box::pin(self.take_in_given(request)).await,
            (&Method::GET, ["connections", id]) => self.connection(id, &request).await,
            (&Method::DELETE, ["connections", id]) => self.delete_connection(id, &request).await,
            (&Method::GET, ["integrations"]) => self.integrations(),
            (&Method::POST, ["integrations"]) => self.create_integration(request).await,
            (&Method::GET, ["integrations", key]) => self.integration(key, &request).await,
            (&Method::PATCH, ["integrations", key]) => self.edit_integration(key, request).await,
            (&Method::DELETE, ["integrations", key]) => self.delete_integration(key).await,
            (&Method::GET, ["providers"]) => Ok(self.providers(&request)),
            (&Method::GET, ["providers", id]) => self.provider(id),
            _ => Err(Refusal::nothing_at(&method, &path)),
        };
        answer.unwrap_or_else(|refusal| refusal.today())
    }

    fn connections(&self, request: &Request<Incoming>) -> Answer {
        let query = Query::of(request);
        // Today's SDK writes this one as a form does.
        let id = query.get("connectionId").map(str::to_owned);
        let is_unknown = ["endUserId", "endUserOrganizationId"].iter().any(|name| query.get(name).is_some());
        if is_unknown || !query.bracketed("tags").is_empty() {
            // To list everybody's instead would hand one user's connection to another.
            return Err(Refusal::bad(
                "invalid_query_params",
                "End users and tags are not kept here, and cannot be filtered by.",
            )
            .hinted("filter by `connectionId`"));
        }
        let keys: Option<Vec<&str>> = query.get("integrationId").map(|keys| keys.split(',').collect());
        let (search, now) = (query.get("search").map(str::to_lowercase), self.service.now());
        let number = |name: &str| query.get(name).and_then(|number| number.parse::<usize>().ok());
        let (limit, page) = (number("limit").unwrap_or(MOST).clamp(1, MOST), number("page").unwrap_or(0));
        let connections = self.service.connections()?;
        let rows = connections.iter().filter(|row| {
            let (key, name) = (row.reference.config.as_str(), row.reference.id.as_str());
            id.as_deref().is_none_or(|id| id == name)
                && keys.as_ref().is_none_or(|keys| keys.contains(&key))
                && search.as_ref().is_none_or(|text| name.to_lowercase().contains(text.as_str()))
        });
        let rows: Vec<Value> =
            rows.skip(page.saturating_mul(limit)).take(limit).map(|row| listed(row, now).into()).collect();
        Ok(reply::json(StatusCode::OK, &json!({"connections": rows})))
    }

    async fn connection(&self, id: &str, request: &Request<Incoming>) -> Answer {
        let query = Query::of(request);
        if let Some(key) = query.get("provider_config_key").filter(|key| ConfigKey::new(*key).is_err()) {
            self.known_config(key)?;
        }
        let reference = era::named(id, &query)?;
        let fresh = self.fresh(&reference, &query, request).await;
        let fresh = match fresh {
            // An unknown config is 400 on this route, as in the original.
            Err(refusal) if refusal.code == "unkown_connection" => {
                self.known_config(reference.config.as_str())?;
                return Err(absent(refusal));
            }
            fresh => fresh?,
        };
        let mut credentials = rest::credentials(&fresh.credentials);
        if !query.is_true("refresh_token") {
            credentials.remove("refresh_token");
            if let Some(raw) = credentials.get_mut("raw").and_then(Value::as_object_mut) {
                raw.remove("refresh_token");
            }
        }
        let (connection, now) = (&fresh.connection, self.service.now());
        let mut shown = listed(connection, now);
        shown.extend([
            ("webhook_url_override".to_owned(), Value::Null),
            ("last_fetched_at".to_owned(), rest::text(now).into()),
            ("credentials".to_owned(), Value::Object(credentials)),
        ]);
        Ok(reply::json(StatusCode::OK, &Value::Object(shown)))
    }

    async fn delete_connection(&self, id: &str, request: &Request<Incoming>) -> Answer {
        let reference = era::named(id, &Query::of(request))?;
        let deleted = self.service.delete_connection(&reference, false).await;
        deleted.map_err(|error| match self.not_had(&reference, error) {
            refusal if refusal.code == "unkown_connection" => Refusal { code: "unknown_connection", ..refusal },
            refusal => refusal,
        })?;
        Ok(reply::json(StatusCode::OK, &json!({"success": true})))
    }

    fn integrations(&self) -> Answer {
        let rows: Vec<Value> = self.service.configs()?.iter().map(|config| self.shown_integration(config)).collect();
        Ok(reply::json(StatusCode::OK, &json!({"data": rows})))
    }

    fn shown_integration(&self, config: &Config) -> Value {
        let name = self.service.provider(config.provider.as_str()).ok().map(|(_, provider)| provider.name);
        let mut row = rest::object(&ConfigView::from(config));
        row.extend([
            ("display_name".to_owned(), name.into()),
            ("logo".to_owned(), "".into()),
            ("forward_webhooks".to_owned(), false.into()),
        ]);
        if config.redirect_uri.is_none() {
            row.insert("redirect_uri".to_owned(), self.callback.uri.as_str().into());
        }
        Value::Object(row)
    }

    async fn integration(&self, key: &str, request: &Request<Incoming>) -> Answer {
        let config = self.known_config(key).map_err(absent)?;
        let mut shown = self.shown_integration(&config);
        let query = Query::of(request);
        let includes = |what: &str| {
            let plain = query.get("include").is_some_and(|words| words.split(',').any(|word| word == what));
            plain || query.bracketed("include").values().any(|word| word == what)
        };
        if includes("webhook") {
            shown["webhook_url"] = Value::Null;
        }
        if includes("credentials") {
            let secret = self.service.client_secret(&config).await?;
            shown["credentials"] = json!({
                "type": self.auth_mode(&config),
                "client_id": config.client_id,
                "client_secret": secret.as_ref().map(Secret::expose),
                "scopes": config.scopes.join(","),
                "webhook_secret": null,
            });
        }
        Ok(reply::json(StatusCode::OK, &json!({"data": shown})))
    }

    fn auth_mode(&self, config: &Config) -> &'static str {
        let way = self
            .service
            .provider(config.provider.as_str())
            .ok()
            .and_then(|(_, provider)| provider.usual_way(!config.client_id.is_empty()));
        rest::auth_mode(way.unwrap_or_default())
    }

    async fn create_integration(&self, request: Request<Incoming>) -> Answer {
        let object = body::object(request).await?;
        let needed = |name: &str| body::text(&object, name)?.ok_or_else(|| Refusal::missing("invalid_body", name));
        let (provider, key) = (needed("provider")?, needed("unique_key")?);
        let known = self.service.provider(&provider);
        let (_, file) = known.map_err(|error| Refusal { code: "invalid_body", ..error.into() })?;
        let key = ConfigKey::new(key).map_err(Error::from)?;
        if self.service.config(&key).is_ok() {
            let message = format!("There is already an integration `{key}`.");
            return Err(Refusal::new(StatusCode::CONFLICT, "duplicate_integration", message)
                .hinted("choose another `unique_key`, or change it with PATCH"));
        }
        let given = given(&object)?;
        if given.client_id.as_ref().is_none_or(String::is_empty) && file.ways().iter().all(|way| way.needs_client()) {
            return Err(Refusal::missing("invalid_body", "credentials.client_id"));
        }
        let new = NewConfig {
            key,
            provider,
            client_id: given.client_id.unwrap_or_default(),
            client_secret: given.client_secret,
            scopes: given.scopes.unwrap_or_default(),
            redirect_uri: None,
        };
        let config = self.service.create_config(new).await?;
        Ok(reply::json(StatusCode::OK, &json!({"data": self.shown_integration(&config)})))
    }

    async fn edit_integration(&self, key: &str, request: Request<Incoming>) -> Answer {
        let object = body::object(request).await?;
        let mut config = self.known_config(key).map_err(absent)?;
        let given = given(&object)?;
        let new = body::text(&object, "unique_key")?.filter(|new| new != config.key.as_str());
        let new = new.map(ConfigKey::new).transpose().map_err(Error::from)?;
        let changes = ConfigChanges {
            provider: None,
            registers: false,
            client_id: given.client_id,
            client_secret: given.client_secret,
            scopes: given.scopes,
            redirect_uri: None,
        };
        config = self.service.edit_config(&config.key, changes).await?;
        if let Some(new) = new {
            self.service.rename_config(&config.key, &new).await?;
            config = self.service.config(&new)?;
        }
        Ok(reply::json(StatusCode::OK, &json!({"data": self.shown_integration(&config)})))
    }

    async fn delete_integration(&self, key: &str) -> Answer {
        let config = self.known_config(key).map_err(absent)?;
        self.service.delete_config(&config.key).await?;
        Ok(reply::json(StatusCode::OK, &json!({"success": true})))
    }

    fn providers(&self, request: &Request<Incoming>) -> Reply {
        let query = Query::of(request);
        let providers = self.service.providers().into_iter().filter_map(|(id, provider)| Some((id, provider.ok()?)));
        let mut providers: Vec<(ProviderId, Provider)> = providers.collect();
        if let Some(text) = query.get("search") {
            let names: Vec<String> = providers
                .iter()
                .map(|(id, found)| search::entry(id.as_str(), &found.aliases, &found.name, ""))
                .collect();
            providers = search::fuzzy(text, &names).into_iter().map(|index| providers[index].clone()).collect();
        }
        let rows: Vec<Value> = providers.iter().map(|(id, provider)| shown_provider(id, provider)).collect();
        reply::json(StatusCode::OK, &json!({"data": rows}))
    }

    fn provider(&self, id: &str) -> Answer {
        let (id, provider) = self.service.provider(id)?;
        Ok(reply::json(StatusCode::OK, &json!({"data": shown_provider(&id, &provider)})))
    }
}

/// What is not there is 404 on today's routes.
fn absent(refusal: Refusal) -> Refusal {
    match refusal.code {
        "unkown_connection" | "unknown_provider_config" => {
            Refusal { status: StatusCode::NOT_FOUND, code: "not_found", ..refusal }
        }
        _ => refusal,
    }
}

/// Nango's fields, and what hallpass tells of a connection beside them: whoever lists it at another hallpass sees
/// it as it is.
fn listed(connection: &Connection, now: Time) -> Map<String, Value> {
    let mut row = rest::object(&ConnectionView::new(connection, now));
    row.extend([
        ("errors".to_owned(), errors(connection, now)),
        ("end_user".to_owned(), Value::Null),
        ("tags".to_owned(), json!({})),
        ("metadata".to_owned(), json!({})),
    ]);
    row
}

/// A connection that must be authorized again says so.
fn errors(connection: &Connection, now: Time) -> Value {
    if connection.health(now).needs_authorization() { json!([{"type": "auth", "log_id": ""}]) } else { json!([]) }
}

fn shown_provider(id: &ProviderId, provider: &Provider) -> Value {
    json!({
        "name": id.as_str(),
        "display_name": provider.name,
        "categories": provider.categories,
        "auth_mode": rest::auth_mode(provider.usual_way(true).unwrap_or_default()),
        "docs": provider.docs,
        "logo_url": "",
    })
}

/// What `credentials` of an integration may say.
struct Given {
    client_id: Option<String>,
    client_secret: Option<Secret>,
    scopes: Option<Vec<String>>,
}

fn given(object: &Map<String, Value>) -> Result<Given, Refusal> {
    let none = Map::new();
    let credentials = object.get("credentials").and_then(Value::as_object).unwrap_or(&none);
    Ok(Given {
        client_id: body::text(credentials, "client_id")?,
        client_secret: body::text(credentials, "client_secret")?.map(Secret::new),
        scopes: body::text(credentials, "scopes")?.map(|text| split_scopes(&text)),
    })
}
