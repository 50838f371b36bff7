//! What a request to an API needs, put together from a connection, its config and its provider.

use super::fresh::Fresh;
use super::source::{ConfigClient, Source};
use super::{Result, Service};
use crate::api::Access;
use crate::model::{Connection, Credentials, Provider, WayIn};

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
        // Few APIs want it: nobody is asked for nothing.
        let wants = |text: &String| text.contains("{client_secret}");
        let is_wanted = credentials.way() == WayIn::OAuth1
            || provider.api.headers.values().chain(provider.api.query.values()).any(wants);
        let ConfigClient { id, secret } = source.client(&connection.reference.config, is_wanted).await?;
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
