//! Another config like one that is there.

use super::NewConfig;
use crate::model::{Config, ConfigKey};
use crate::service::{Result, Service};

impl Service {
    /// Makes another config like `key`: with its client secret, unless the new one has its own.
    pub async fn create_config_like(&self, key: &ConfigKey, new: NewConfig) -> Result<Config> {
        let client_secret = match new.client_secret {
            Some(own) => Some(own),
            None => self.load_client_secret(&self.config(key)?).await?,
        };
        self.create_config(NewConfig { client_secret, ..new }).await
    }
}
