//! Configs, here or at another host.

use super::Backend;
use crate::model::config::suggested_key;
use crate::model::{Config, ConfigKey, ProviderId, Secret};
use crate::service::Result;
use crate::service::configs::{ConfigChanges, NewConfig};
use crate::service::fields::key_of;

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
        let new = self.with_key(new)?;
        match self {
            Self::Local(service) => service.create_config(new).await,
            Self::Remote(remote) => remote.create_config(new).await,
        }
    }

    /// Makes another config like `key`.
    pub async fn create_config_like(&self, key: &ConfigKey, new: NewConfig) -> Result<Config> {
        let new = self.with_key(new)?;
        self.local()?.create_config_like(key, new).await
    }

    /// Changes a config.
    pub async fn edit_config(&self, key: &ConfigKey, mut changes: ConfigChanges) -> Result<Config> {
        if changes.client_secret.is_some() {
            let provider = match &changes.provider {
                Some(provider) => provider.clone(),
                None => self.config(key).await?.provider.as_str().to_owned(),
            };
            changes.client_secret = self.read_key(&provider, changes.client_secret)?;
        }
        match self {
            Self::Local(service) => service.edit_config(key, changes).await,
            Self::Remote(remote) => remote.edit_config(key, changes).await,
        }
    }

    fn with_key(&self, mut new: NewConfig) -> Result<NewConfig> {
        new.client_secret = self.read_key(&new.provider, new.client_secret)?;
        Ok(new)
    }

    /// Reads the key of a client that signs, where its file is named in its place: whoever holds this sits at the
    /// machine whose file it is.
    fn read_key(&self, provider: &str, given: Option<Secret>) -> Result<Option<Secret>> {
        match given {
            Some(given) if self.provider(provider).is_ok_and(|(_, provider)| provider.signs()) => {
                key_of(given, "the client").map(Some)
            }
            given => Ok(given),
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

    /// Returns the provider of an MCP server, made for it if need be.
    pub async fn provider_of_mcp(&self, server: &str) -> Result<ProviderId> {
        match self {
            Self::Local(service) => service.provider_of_mcp(server).await,
            Self::Remote(remote) => Err(remote.not_offered("a provider is made of an MCP server")),
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
