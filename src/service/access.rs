//! What a request to an API needs, put together from a connection, its config and its provider.

use super::{Result, Service};
use crate::api::Access;
use crate::model::{Connection, Credentials, Provider};

impl Service {
    pub(super) async fn access(
        &self,
        provider: &Provider,
        connection: &Connection,
        credentials: &Credentials,
    ) -> Result<Access> {
        let config = self.config(&connection.reference.config)?;
        // Few APIs want it: the vault is not asked for nothing.
        let wants = |text: &String| text.contains("{client_secret}");
        let is_wanted = credentials.way() == crate::model::WayIn::OAuth1
            || provider.api.headers.values().chain(provider.api.query.values()).any(wants);
        let client_secret = if is_wanted { self.load_client_secret(&config).await? } else { None };
        Ok(Access {
            provider: provider.clone(),
            client_id: config.client_id,
            client_secret,
            variables: connection.variables.clone(),
            credentials: credentials.clone(),
            named: Vec::new(),
        })
    }
}
