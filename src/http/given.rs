//! `POST /connections`: credentials that were obtained elsewhere, as Nango writes them.

use std::collections::BTreeMap;

use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use serde_json::{Value, json};

use super::answer::Refusal;
use super::{Server, body};
use crate::listener::reply::{self, Reply};
use crate::model::{ConnectionId, ConnectionRef, Provider, Secret, WayIn, rest, uuid};
use crate::service::take_in::TakeInRequest;

impl Server {
    /// `POST /connections`, and `POST /connection` of 2023.
    pub(super) async fn take_in_given(&self, request: Request<Incoming>) -> Result<Reply, Refusal> {
        let object = body::object(request).await?;
        let key = body::text(&object, "provider_config_key")?
            .ok_or_else(|| Refusal::missing("missing_provider_config", "provider_config_key"))?;
        let id = body::text(&object, "connection_id")?.unwrap_or_else(uuid::uuid);
        let config = self.known_config(&key)?;
        let id = ConnectionId::new(id).map_err(|error| Refusal::bad("invalid_connection_id", format!("{error}.")))?;
        let credentials = object.get("credentials").and_then(Value::as_object);
        let credentials = credentials.ok_or_else(|| Refusal::missing("invalid_body", "credentials"))?;
        let (_, provider) = self.service.provider(config.provider.as_str())?;
        let connection = ConnectionRef::new(config.key, id);
        let read = rest::read_credentials(credentials, self.service.now());
        let mut credentials = read.map_err(|error| Refusal::bad("invalid_body", error.to_string()))?;
        let config = body::texts(&object, "connection_config");
        let Parted { variables, fields, further } = Parted::of(config, &provider, credentials.way());
        if !fields.is_empty() {
            let all = credentials.fields().clone().into_iter().chain(fields).collect();
            credentials = credentials.with_fields(all);
        }
        let kind = rest::auth_mode(credentials.way());
        let connected = self.service.take_in(TakeInRequest { connection, credentials, variables, further }).await?;
        let connection = connected.connection;
        Ok(reply::json(
            StatusCode::CREATED,
            &json!({
                "id": connection.number,
                "connection_id": connection.reference.id.as_str(),
                "provider_config_key": connection.reference.config.as_str(),
                "provider": connection.provider.as_str(),
                "connection_config": connection.variables,
                "credentials": {"type": kind},
                "errors": [],
                "end_user": null,
                "tags": {},
                "metadata": {},
                "created_at": rest::text(connection.created_at),
                "updated_at": rest::text(connection.updated_at),
            }),
        ))
    }
}

/// What a program, or a web page, gives for a connection beside its credentials (`connection_config`, `params`).
pub(super) struct Parted {
    /// The variables that the provider file asks for.
    pub(super) variables: BTreeMap<String, String>,
    /// What is a credential, and rests in the vault.
    pub(super) fields: BTreeMap<String, Secret>,
    /// What the provider file does not know.
    pub(super) further: BTreeMap<String, String>,
}

impl Parted {
    /// Parts what was given by what the provider file says of it.
    pub(super) fn of(given: BTreeMap<String, String>, provider: &Provider, way: WayIn) -> Self {
        let is_asked = |name: &str| provider.asked_variables().any(|(asked, _)| asked == name);
        let (variables, rest): (_, BTreeMap<_, _>) = given.into_iter().partition(|(name, _)| is_asked(name));
        // What is entered in another way rests in no store either: it is refused where it is not asked for.
        let asked = provider.credential_fields(way);
        let is_field =
            |name: &str| asked.iter().any(|(field, _)| field == name) || provider.credentials.contains_key(name);
        let (fields, further): (BTreeMap<_, _>, _) = rest.into_iter().partition(|(name, _)| is_field(name));
        let fields = fields.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
        Self { variables, fields, further }
    }
}
