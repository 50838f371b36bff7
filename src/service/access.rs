//! What a request to an API needs, put together from a connection, its config and its provider.

use super::fresh::Fresh;
use super::source::{ConfigClient, Source};
use super::{Result, Service};
use crate::api::Access;
use crate::model::{Connection, Credentials, Provider};

impl Service {
    /// Returns what a request with these credentials needs.
    pub(super) async fn access_of(&self, source: &impl Source, fresh: &Fresh) -> Result<Access> {
        let provider = self.ready_provider(&fresh.connection.provider).await?;
        self.access(source, &provider, &fresh.connection, &fresh.credentials).await
    }

    pub(super) async fn access(
        &self,
        source: &impl Source,
        provider: &Provider,
        connection: &Connection,
        credentials: &Credentials,
    ) -> Result<Access> {
        // Few APIs want them: nobody is asked for nothing.
        let is_signed = credentials.way().is_signed();
        let wants = |name: &str| is_signed || provider.api.mentions(name);
        let (wants_id, wants_secret) = (wants("{client_id}"), wants("{client_secret}"));
        let ConfigClient { id, secret } = if wants_id || wants_secret {
            source.client(&connection.reference.config, wants_secret).await?
        } else {
            ConfigClient::default()
        };
        Ok(Access {
            provider: provider.clone(),
            client_id: id,
            client_secret: secret,
            variables: connection.variables.clone(),
            credentials: credentials.clone(),
            named: Vec::new(),
        })
    }
}
