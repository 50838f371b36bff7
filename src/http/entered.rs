//! Credentials that a web page hands over for a person: API keys, logins, and tokens that the client gets for
//! itself.

use std::collections::BTreeMap;

use hyper::body::Incoming;
use hyper::header::ORIGIN;
use hyper::{Method, Request, StatusCode};
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::asked::Asked;
use super::given::Parted;
use super::guard::is_near;
use super::query::Query;
use super::{Server, body};
use crate::listener::reply::{self, Reply};
use crate::model::provider::{API_KEY, TOKEN, TOKEN_SECRET};
use crate::model::{Secret, WayIn, rest};
use crate::service::enter::EnterRequest;

impl Server {
    /// `POST /api-auth/api-key/KEY`, `/api-auth/basic/KEY`, `/oauth2/auth/KEY`, `/auth/tba/KEY`. The page may read the answer.
    pub(super) async fn enter(&self, segments: &[&str], request: Request<Incoming>) -> Reply {
        let origin = request.headers().get(ORIGIN).cloned();
        let answer = match (request.method(), segments) {
            (&Method::POST, ["api-auth", "api-key", key]) => self.entered(WayIn::ApiKey, key, request).await,
            (&Method::POST, ["api-auth", "basic", key]) => self.entered(WayIn::Basic, key, request).await,
            (&Method::POST, ["auth", "tba", key]) => self.entered(WayIn::OAuth1Token, key, request).await,
            (&Method::POST, ["oauth2", "auth", key]) => self.entered(WayIn::ClientCredentials, key, request).await,
            (&Method::POST, ["auth", mode, _]) => {
                let message = format!("Auth mode {} not supported.", crate::model::untrusted::line(mode));
                Err(Refusal::bad("auth_mode_err", message))
            }
            (&Method::POST, ["unauth", _]) => {
                Err(Refusal::bad("auth_mode_err", "A connection without credentials is nothing that hallpass keeps."))
            }
            _ => Err(Refusal::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here.")),
        };
        // Both SDKs that ask read the sentence in an object; the code stands beside it too.
        self.readable(answer.unwrap_or_else(|refusal| refusal.today()), origin)
    }

    async fn entered(&self, way: WayIn, key: &str, request: Request<Incoming>) -> Result<Reply, Refusal> {
        let query = Query::of(&request);
        let asked = self.asked(key, &query, &request)?;
        self.may_enter(&asked, &request)?;
        let may_replace = asked.may_replace();
        let object = body::object(request).await?;
        if way.needs_client() {
            self.is_own_client(&asked, &object).await?;
        }
        // What else is asked for has the same name there as here.
        let asked_for = asked.provider.credential_fields(way);
        let mut names: Vec<(&str, &str)> = asked_for.iter().map(|(name, _)| (name.as_str(), name.as_str())).collect();
        names.extend(match way {
            WayIn::ApiKey => &[("apiKey", API_KEY)][..],
            WayIn::OAuth1Token => &[("token_id", TOKEN), ("token_secret", TOKEN_SECRET)],
            _ => &[],
        });
        let fields = fields(&object, &names)?;
        let Parted { variables, fields: beside, further } = asked.given(&query, way);
        let fields = fields.into_iter().chain(beside).collect();
        let hosts = if way.needs_client() { self.new_hosts(&asked, &variables)? } else { Vec::new() };
        if !hosts.is_empty() {
            let message =
                format!("The client secret is not sent to `{}` because a web page says so.", hosts.join("`, `"));
            return Err(Refusal::new(StatusCode::FORBIDDEN, "host_not_allowed", message)
                .hinted("authorize once with `hallpass connect`, or name it in `integrations_config_defaults` of a connect session"));
        }
        let (known, _) = self.service.way_in(&asked.config, Some(way)).await.map_err(|error| {
            let message = format!("Auth mode {} not supported: {}.", rest::auth_mode(way), error.message);
            Refusal { message, code: "auth_mode_err", ..error.into() }
        })?;
        let request = EnterRequest {
            way_in: Some(known),
            variables,
            further,
            fields,
            may_replace,
            ..EnterRequest::new(asked.connection)
        };
        let connected = Box::pin(self.service.enter(request)).await?;
        let reference = connected.connection.reference;
        Ok(reply::json(
            StatusCode::OK,
            &json!({"providerConfigKey": reference.config.as_str(), "connectionId": reference.id.as_str()}),
        ))
    }

    /// Without a page of ours there is nobody to ask whether a connection may be replaced.
    fn may_enter(&self, asked: &Asked, request: &Request<Incoming>) -> Result<(), Refusal> {
        let is_near = is_near(request) || self.shows_key(request.headers());
        if asked.session.is_none() && !is_near {
            let message = "From elsewhere credentials are taken with a connect session alone.";
            return Err(Refusal::new(StatusCode::FORBIDDEN, "missing_connect_session_token", message)
                .hinted("let the back end begin one: `POST /connect/sessions`"));
        }
        if !asked.may_replace() && self.exists(&asked.connection)? {
            let message = format!("`{}` exists, and is not replaced.", asked.connection);
            return Err(Refusal::new(StatusCode::CONFLICT, "connection_exists", message).hinted(
                "delete it first, or let the back end begin a session for it: `POST /connect/sessions/reconnect`",
            ));
        }
        Ok(())
    }

    /// The client is the config's; one that the page brings along would be another config.
    async fn is_own_client(&self, asked: &Asked, object: &Map<String, Value>) -> Result<(), Refusal> {
        let given = |name: &str| body::text(object, name).map(|text| text.filter(|text| !text.is_empty()));
        let own = self.service.client_secret(&asked.config).await?;
        // Beside a token that signs, today's SDK calls them otherwise.
        let id = given("client_id")?.or(given("oauth_client_id_override")?);
        let secret = given("client_secret")?.or(given("oauth_client_secret_override")?);
        let is_other_id = id.is_some_and(|id| id != asked.config.client_id);
        let is_other_secret = secret.is_some_and(|secret| own.as_ref() != Some(&Secret::new(secret)));
        if is_other_id || is_other_secret {
            let message = format!("The client is not the one of the config `{}`.", asked.config.key);
            return Err(Refusal::bad("invalid_client", message)
                .hinted("leave out `client_id` and `client_secret`, or make a config for this client"));
        }
        Ok(())
    }
}

/// Reads fields under their names here.
fn fields(object: &Map<String, Value>, names: &[(&str, &str)]) -> Result<BTreeMap<String, Secret>, Refusal> {
    let mut fields = BTreeMap::new();
    for (nangos, ours) in names {
        if let Some(text) = body::text(object, nangos)? {
            fields.insert((*ours).to_owned(), Secret::new(text));
        }
    }
    Ok(fields)
}
