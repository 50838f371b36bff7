//! Where credentials come from: the vault of this machine, or another host. Whatever is done with them is the same.

use std::future::Future;
use std::sync::Arc;

use super::fresh::{Fresh, Freshness};
use super::{Result, Service};
use crate::model::{ConfigKey, ConnectionRef, Secret};

/// The client that a config stands for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConfigClient {
    /// Its id.
    pub id: String,
    /// Its secret, where it was asked for and there is one.
    pub secret: Option<Secret>,
}

/// A source of fresh credentials.
pub trait Source: Send + Sync {
    /// Returns fresh credentials.
    fn fresh(&self, reference: &ConnectionRef, freshness: Freshness)
    -> impl Future<Output = Result<Arc<Fresh>>> + Send;

    /// The same, from memory where nothing has changed: for what asks again and again.
    fn recent(
        &self,
        reference: &ConnectionRef,
        freshness: Freshness,
    ) -> impl Future<Output = Result<Arc<Fresh>>> + Send {
        self.fresh(reference, freshness)
    }

    /// Returns the client of a config. Few APIs want its secret: unless `with_secret`, it is left where it is.
    fn client(&self, key: &ConfigKey, with_secret: bool) -> impl Future<Output = Result<ConfigClient>> + Send;
}

impl Source for Service {
    async fn fresh(&self, reference: &ConnectionRef, freshness: Freshness) -> Result<Arc<Fresh>> {
        Ok(Arc::new(self.fresh_credentials(reference, freshness).await?))
    }

    async fn recent(&self, reference: &ConnectionRef, freshness: Freshness) -> Result<Arc<Fresh>> {
        self.recent_credentials(reference, freshness).await
    }

    async fn client(&self, key: &ConfigKey, with_secret: bool) -> Result<ConfigClient> {
        let config = self.config(key)?;
        let secret = if with_secret { self.load_client_secret(&config).await? } else { None };
        Ok(ConfigClient { id: config.client_id, secret })
    }
}
