//! Bringing back what was deleted here, while the program that deleted it still runs. What was revoked is
//! gone for good.

use super::import::ImportOptions;
use super::items::Item;
use super::{Result, Service};
use crate::model::{Config, ConfigKey, Connection, ConnectionRef, Secret};

/// What is about to be deleted, as it rests. It prints no secret, and its memory is zeroed.
#[derive(Debug, Clone, Default)]
pub struct Removed {
    config: Option<(Config, Option<Secret>)>,
    connections: Vec<(Connection, Secret)>,
}

impl Removed {
    /// Tells whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.config.is_none() && self.connections.is_empty()
    }
}

impl Service {
    /// Reads what deleting these connections takes away. What cannot be read is left out: it cannot be
    /// brought back, and can be deleted all the same.
    pub async fn before_deleting(&self, connections: &[ConnectionRef]) -> Removed {
        let mut removed = Removed::default();
        for reference in connections {
            let Ok(Some(connection)) = self.store.connection(reference) else { continue };
            if let Some(record) = self.record_of(&Item::Connection(reference.clone())).await {
                removed.connections.push((connection, record));
            }
        }
        removed
    }

    /// Reads what deleting a config with its connections takes away.
    pub async fn before_deleting_config(&self, key: &ConfigKey) -> Removed {
        let Ok(Some(config)) = self.store.config(key) else { return Removed::default() };
        let references: Vec<ConnectionRef> = (self.store.connections_of(key).unwrap_or_default().into_iter())
            .map(|connection| connection.reference)
            .collect();
        let secret = self.record_of(&Item::Config(key.clone())).await;
        if config.has_client_secret && secret.is_none() {
            return Removed::default();
        }
        Removed { config: Some((config, secret)), ..self.before_deleting(&references).await }
    }

    async fn record_of(&self, item: &Item) -> Option<Secret> {
        self.vault.read(&item.name()).await.ok().flatten()
    }

    /// Brings back what was deleted, as far as nothing has taken its place meanwhile. Returns how many configs
    /// and connections came back.
    pub async fn bring_back(&self, removed: &Removed) -> Result<usize> {
        self.may_change()?;
        let options = ImportOptions::default();
        let mut back = 0;
        if let Some((config, secret)) = &removed.config {
            let fate = self.take_config(config, secret.as_ref(), &options, BROUGHT_BACK).await?;
            back += usize::from(fate.is_taken());
        }
        for (connection, record) in &removed.connections {
            let fate = self.take_connection(connection, record, &options, BROUGHT_BACK).await?;
            back += usize::from(fate.is_taken());
        }
        Ok(back)
    }
}

/// What the activity says of it.
const BROUGHT_BACK: &str = "brought back after it was deleted";
