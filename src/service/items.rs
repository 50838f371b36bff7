//! Writing a secret and what the store knows of it as one: an intent in the store, then the vault,
//! then the store's commit that clears the intent. `mend` reads the intents that were left.

use base64::Engine as _;
use serde_json::{Value, json};

use super::{Error, Kind, Result, Service};
use crate::model::{Config, ConfigKey, Connection, ConnectionRef, Credentials, Secret};
use crate::store::{IntentKind, StoreError};

/// What an item of the vault is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Connection(ConnectionRef),
    Config(ConfigKey),
}

impl Item {
    /// Returns the readable name under which it stands in the vault.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Connection(reference) => {
                format!("connection/{}/{}", reference.config.as_str(), reference.id.as_str())
            }
            Self::Config(key) => format!("config/{}", key.as_str()),
        }
    }

    /// Reads such a name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name.split_once('/')? {
            ("connection", reference) => ConnectionRef::parse(reference).ok().map(Self::Connection),
            ("config", key) => ConfigKey::new(key).ok().map(Self::Config),
            _ => None,
        }
    }
}

impl Service {
    /// Reads the credentials of a connection.
    pub(super) async fn load_credentials(&self, reference: &ConnectionRef) -> Result<Option<Credentials>> {
        let record = self.vault.read(&Item::Connection(reference.clone()).name()).await?;
        record.map(|record| Ok(Credentials::from_record(&record)?)).transpose()
    }

    /// Announces that the credentials of a connection will be written: before a refresh token is
    /// spent, so that a store that cannot be written is noticed while nothing is lost.
    pub(super) async fn announce_credentials(&self, reference: &ConnectionRef) -> Result<i64> {
        let vault = self.vault.word().await;
        Ok(self.store.announce(IntentKind::Write, &Item::Connection(reference.clone()).name(), vault, self.now())?)
    }

    /// Takes back what was announced and will not be written. One that stays is cleared by `mend`,
    /// and is no reason to hide why nothing is written.
    pub(super) fn withdraw(&self, intent: i64) {
        if let Err(error) = self.store.clear_intent(intent) {
            tracing::warn!(%error, "taking back what was announced");
        }
    }

    /// Writes what was announced; the intent is cleared with the store's commit.
    pub(super) async fn save_announced(
        &self,
        connection: &Connection,
        credentials: &Credentials,
        intent: i64,
    ) -> Result<()> {
        let item = Item::Connection(connection.reference.clone()).name();
        self.vault.write(&item, &credentials.to_record()).await?;
        self.vault.remember(&self.store)?;
        if let Err(error) = self.store.save_connection(connection, Some(intent)) {
            if matches!(error, StoreError::NoConfig(_)) {
                // Nobody can reach it any more: it must not stay behind.
                self.vault.delete(&item).await?;
                self.store.clear_intent(intent)?;
            }
            return Err(error.into());
        }
        Ok(())
    }

    /// Reads the client secret of a config.
    pub(super) async fn load_client_secret(&self, config: &Config) -> Result<Option<Secret>> {
        if !config.has_client_secret {
            return Ok(None);
        }
        let item = Item::Config(config.key.clone()).name();
        let missing = || {
            Error::new(Kind::Vault, format!("the client secret of `{}` is not in the vault", config.key)).hinted(
                format!(
                    "give it again with `hallpass config edit {} --client-secret -`",
                    super::error::quoted(config.key.as_str())
                ),
            )
        };
        let record = self.vault.read(&item).await?.ok_or_else(missing)?;
        let value: Value = serde_json::from_str(record.expose()).map_err(|_| missing())?;
        Ok(Some(Secret::new(value["client_secret"].as_str().ok_or_else(missing)?)))
    }

    /// Writes the client secret of a config, then runs `commit` with the intent to clear.
    pub(super) async fn save_client_secret<T>(
        &self,
        key: &ConfigKey,
        secret: &Secret,
        commit: impl FnOnce(i64) -> Result<T>,
    ) -> Result<T> {
        let item = Item::Config(key.clone()).name();
        let intent = self.store.announce(IntentKind::Write, &item, self.vault.word().await, self.now())?;
        let record = Secret::new(json!({"client_secret": secret.expose()}).to_string());
        if let Err(error) = self.vault.write(&item, &record).await {
            if !matches!(error, crate::vault::VaultError::Timeout(_)) {
                self.store.clear_intent(intent)?;
            }
            return Err(error.into());
        }
        self.vault.remember(&self.store)?;
        commit(intent)
    }

    /// Deletes an item of the vault, then runs `commit` with the intent to clear.
    pub(super) async fn delete_item<T>(&self, item: &Item, commit: impl FnOnce(i64) -> Result<T>) -> Result<T> {
        let name = item.name();
        let intent = self.store.announce(IntentKind::Delete, &name, self.vault.word().await, self.now())?;
        if let Err(error) = self.vault.delete(&name).await {
            // Nothing was deleted, as far as anyone knows; the store still shows it.
            if !matches!(error, crate::vault::VaultError::Timeout(_)) {
                self.store.clear_intent(intent)?;
            }
            return Err(error.into());
        }
        commit(intent)
    }

    /// Copies an item of the vault to another name; returns the intent to clear, or `None` where
    /// there was nothing to copy.
    pub(super) async fn copy_item(&self, from: &Item, to: &Item) -> Result<Option<i64>> {
        let Some(value) = self.vault.read(&from.name()).await? else { return Ok(None) };
        let intent = self.store.announce(IntentKind::Write, &to.name(), self.vault.word().await, self.now())?;
        self.vault.write(&to.name(), &value).await?;
        Ok(Some(intent))
    }
}

/// Returns the SHA-256 of a text in 43 characters that may stand in a file name.
pub(super) fn digest(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
}
