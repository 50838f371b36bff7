//! Connections whose credentials somebody has already: tokens of another store, put here as they are.

use std::collections::BTreeMap;

use super::connect::{Connected, add_further};
use super::enter::Newcomer;
use super::fields::checked_fields;
use super::{Error, Result, Service};
use crate::auth::Tape;
use crate::model::provider::API_KEY;
use crate::model::{Connection, ConnectionRef, Credentials, Provider, WayIn};

/// What is to be taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeInRequest {
    /// The connection; one that exists is replaced.
    pub connection: ConnectionRef,
    /// Its credentials.
    pub credentials: Credentials,
    /// The provider's variables.
    pub variables: BTreeMap<String, String>,
    /// Further variables, which the provider file does not know.
    pub further: BTreeMap<String, String>,
}

impl Service {
    /// Makes a connection of credentials that were obtained elsewhere. Nobody proves them: the next refresh,
    /// or the API, will.
    pub async fn take_in(&self, request: TakeInRequest) -> Result<Connected> {
        self.may_change()?;
        let TakeInRequest { connection: reference, credentials, variables, further } = request;
        let config = self.config(&reference.config)?;
        let (way, provider) = self.way_in(&config, Some(credentials.way())).await?;
        let mut variables = self.variables_for(&provider, &reference, &variables)?;
        add_further(&mut variables, &further, &provider)?;
        let credentials = self.asked_alone(&provider, &reference, credentials).await?;
        if credentials.token().is_empty() {
            return Err(
                Error::usage("the credentials are empty").hinted("give the token, or the key, that is to be kept")
            );
        }
        if credentials.has_odd_characters() {
            let message = "a credential has a character in it that none may have (a line break, a control character)";
            return Err(Error::usage(message).hinted("give it as the provider gave it, without white space around it"));
        }
        self.prove_vault().await?;
        let (_lock, intent) = self.make_room(&reference, &config).await?;
        let scopes = credentials.tokens().and_then(|tokens| tokens.scopes.clone()).unwrap_or_default();
        let connection = Connection::new(&reference, &config.provider, &credentials, scopes, variables);
        let (detail, tape) = (format!("{way}, taken in as it was"), Tape::default());
        self.keep_new(Newcomer { connection, credentials, warnings: Vec::new(), detail, tape }, &provider, intent).await
    }

    /// Returns credentials with what is asked for beside them, and nothing else of what somebody wrote there. A
    /// connection that is there keeps what it has.
    async fn asked_alone(
        &self,
        provider: &Provider,
        reference: &ConnectionRef,
        credentials: Credentials,
    ) -> Result<Credentials> {
        let way = credentials.way();
        let asked = provider.credential_fields(way);
        let mut fields = credentials.fields().clone();
        let is_nangos = |name: &str| way == WayIn::ApiKey && name == API_KEY;
        fields.retain(|name, _| is_nangos(name) || asked.iter().any(|(known, _)| known == name));
        if credentials.tokens().is_none() && credentials.pair().is_none() {
            // Nango knows a key of one part.
            let is_lone = fields.len() == 1 && fields.keys().all(|name| is_nangos(name));
            let fields = if is_lone { fields } else { checked_fields(&asked, &fields)? };
            return Ok(credentials.with_fields(fields));
        }
        // A token that was had with a login is good without it, until it ends.
        let is_whole = !way.is_exchanged() && way != WayIn::OAuth1Token;
        let fields = if is_whole { self.fields_beside(provider, way, reference, &fields).await? } else { fields };
        Ok(credentials.with_fields(fields))
    }
}
