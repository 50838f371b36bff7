//! Configs, here or at another host.

use super::Backend;
use crate::model::config::suggested_key;
use crate::model::{Config, ConfigKey, ProviderId};
use crate::service::Result;
use crate::service::configs::{ConfigChanges, NewConfig};

impl Backend {
    /// Returns every config, sorted by key.
    pub async fn configs(&self) -> Result<Vec<Config>> {
        match self {
            Self::Local(service) => service.configs(),
            Self::Remote(remote) => remote.configs().await,
        }
    }

    /// Returns one config.
    pub async fn config(&self, key: &ConfigKey) -> Result<Config> {
        match self {
            Self::Local(service) => service.config(key),
            Self::Remote(remote) => remote.config(key).await,
        }
    }

    /// Suggests a key for a new config.
    pub async fn suggested_key(&self, provider: &ProviderId) -> Result<String> {
        let configs = self.configs().await?;
        Ok(suggested_key(provider.as_str(), |key| configs.iter().any(|config| config.key.as_str() == key)))
    }

    /// Makes a config.
    pub async fn create_config(&self, new: NewConfig) -> Result<Config> {
        match self {
            Self::Local(service) => service.create_config(new).await,
            Self::Remote(remote) => remote.create_config(new).await,
        }
    }

    /// Changes a config.
    pub async fn edit_config(&self, key: &ConfigKey, changes: ConfigChanges) -> Result<Config> {
        match self {
            Self::Local(service) => service.edit_config(key, changes).await,
            Self::Remote(remote) => remote.edit_config(key, changes).await,
        }
    }

    /// Gives a config another key.
    pub async fn rename_config(&self, key: &ConfigKey, new: &ConfigKey) -> Result<()> {
        match self {
            Self::Local(service) => service.rename_config(key, new).await,
            Self::Remote(remote) => remote.rename_config(key, new).await,
        }
    }

    /// Deletes a config with its connections.
    pub async fn delete_config(&self, key: &ConfigKey) -> Result<usize> {
        match self {
            Self::Local(service) => service.delete_config(key).await,
            Self::Remote(remote) => remote.delete_config(key).await,
        }
    }

    /// Returns the provider of an issuer, made for it if need be.
    pub async fn provider_of_issuer(&self, issuer: &str, api: Option<&str>) -> Result<ProviderId> {
        match self {
            Self::Local(service) => service.provider_of_issuer(issuer, api).await,
            Self::Remote(remote) => Err(remote.not_offered("a provider is made of an issuer")),
        }
    }
}
