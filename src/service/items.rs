//! Writing a secret and what the store knows of it as one: an intent in the store, then the vault,
//! then the store's commit that clears the intent. `mend` reads the intents that were left.

use base64::Engine as _;
use serde_json::{Value, json};

use super::error::{authorize_command, quoted};
use super::{Error, Kind, Result, Service};
use crate::model::{Config, ConfigKey, Connection, ConnectionRef, Credentials, Secret};
use crate::store::{After, Announcement, IntentKind, StoreError};
use crate::vault::VaultError;

/// What an item of the vault is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Connection(ConnectionRef),
    Config(ConfigKey),
    /// Written and deleted again, to prove that the vault can be written.
    Probe(String),
}

impl Item {
    /// Returns the readable name under which it stands in the vault.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Connection(reference) => {
                format!("connection/{}/{}", reference.config.as_str(), reference.id.as_str())
            }
            Self::Config(key) => format!("config/{}", key.as_str()),
            Self::Probe(holder) => format!("probe/{holder}"),
        }
    }

    /// Reads such a name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name.split_once('/')? {
            ("connection", reference) => ConnectionRef::parse(reference).ok().map(Self::Connection),
            ("config", key) => ConfigKey::new(key).ok().map(Self::Config),
            ("probe", holder) => Some(Self::Probe(holder.to_owned())),
            _ => None,
        }
    }
}

/// Credentials, and which write of them the vault holds.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub(super) credentials: Credentials,
    pub(super) revision: i64,
}

impl Service {
    /// Returns the names of everything that the store says is in the vault.
    pub(super) fn all_items(&self) -> Result<Vec<String>> {
        let configs = self.store.configs()?.into_iter().filter(|config| config.has_client_secret);
        let configs = configs.map(|config| Item::Config(config.key).name());
        let connections = self.store.connections()?.into_iter();
        let connections = connections.map(|connection| Item::Connection(connection.reference).name());
        Ok(configs.chain(connections).collect())
    }

    /// Reads a connection and its credentials. What is not there may just be renamed or deleted by
    /// another process, which has gone half the way: whoever does that holds the connection's lock.
    pub(super) async fn peek_credentials(&self, reference: &ConnectionRef) -> Result<(Connection, Loaded)> {
        let connection = self.connection(reference)?;
        if let Some(loaded) = self.find_credentials(&connection).await? {
            return Ok((connection, loaded));
        }
        // A home that cannot be written has no locks, and nobody who changes it.
        let _lock = self.refresh_locks.acquire(reference).await.ok();
        let connection = self.connection(reference)?;
        let loaded = self.load_credentials(&connection).await?;
        Ok((connection, loaded))
    }

    /// Reads the credentials of a connection whose lock is held.
    pub(super) async fn load_credentials(&self, connection: &Connection) -> Result<Loaded> {
        match self.find_credentials(connection).await? {
            Some(loaded) => Ok(loaded),
            None => Err(self.missing(&connection.reference).await),
        }
    }

    /// Reads the credentials of a connection that is about to be replaced; `None` where they are gone, or cannot be
    /// understood: that is what the new ones mend.
    pub(super) async fn kept_credentials(&self, connection: &Connection) -> Result<Option<Credentials>> {
        let record = self.vault.read(&Item::Connection(connection.reference.clone()).name()).await?;
        Ok(record.and_then(|record| Credentials::from_record(&record).ok()).map(|(credentials, _)| credentials))
    }

    async fn find_credentials(&self, connection: &Connection) -> Result<Option<Loaded>> {
        let reference = &connection.reference;
        let item = Item::Connection(reference.clone()).name();
        let Some(record) = self.vault.read(&item).await? else { return Ok(None) };
        let again = format!("authorize it again with {}", authorize_command(reference));
        let read = Credentials::from_record(&record);
        let (credentials, revision) = read.map_err(|error| Error::from(error).or_hinted(|| Some(again.clone())))?;
        Self::check_age(&item, revision, connection.revision, &again)?;
        Ok(Some(Loaded { credentials, revision }))
    }

    /// A record that is older than the store knows was brought back from a copy: a refresh token
    /// that was replaced since would end the whole grant. (A newer one is just being written.)
    fn check_age(item: &str, found: i64, known: i64, mend: &str) -> Result<()> {
        if found >= known {
            return Ok(());
        }
        let message =
            format!("the vault holds an older copy of `{item}` (write {found}; the store knows of write {known})");
        Err(Error::new(Kind::Vault, message)
            .hinted(format!("bring back the vault that belongs to this store, or {mend}")))
    }

    /// Refuses a vault that is not the one of this home.
    pub(super) async fn home_vault(&self) -> Result<()> {
        let used = self.vault.word().await;
        match self.vault.of_home().filter(|home| home.word() != used) {
            None => Ok(()),
            Some(home) => Err(Error::usage(format!(
                "this home keeps its secrets in the {} vault, and the {used} vault was asked for",
                home.word()
            ))
            .hinted("leave out `--vault`, HALLPASS_VAULT and the setting `vault`; `hallpass vault migrate` moves everything")),
        }
    }

    async fn missing(&self, reference: &ConnectionRef) -> Error {
        match self.home_vault().await {
            Err(error) => Error {
                kind: Kind::Vault,
                message: format!("the credentials of `{reference}` were not found: {}", error.message),
                ..error
            },
            Ok(()) => Error::authorization_needed(reference, "its credentials are not in the vault any more"),
        }
    }

    /// Announces that the vault will change. Refused where it is not the vault of this home: a secret
    /// that is written beside the others is found by nobody.
    pub(super) async fn announce(&self, kind: IntentKind, item: &Item) -> Result<i64> {
        self.home_vault().await?;
        let (vault, holder) = (self.vault.word().await, self.holder()?);
        let announcement = Announcement { kind, item: &item.name(), vault, holder: &holder, at: self.now() };
        Ok(self.store.announce(&announcement)?)
    }

    /// Returns the name under which others can tell that this process lives.
    pub(super) fn holder(&self) -> Result<String> {
        self.refresh_locks.presence.name().map_err(|error| {
            let mut shown = Error::new(Kind::Vault, "the folder of the locks cannot be written")
                .hinted("`hallpass doctor` looks at the folder");
            shown.causes.push(error.to_string());
            shown
        })
    }

    /// Proves that a secret can be kept, before a browser is opened for one. The keychain may ask
    /// its user meanwhile.
    pub(super) async fn prove_vault(&self) -> Result<()> {
        let item = Item::Probe(self.holder()?);
        let intent = self.announce(IntentKind::Write, &item).await?;
        match self.vault.probe(&item.name()).await {
            Ok(()) => self.withdraw(intent),
            // Once it was written, it may still be there.
            Err(failure) => {
                if !failure.was_written {
                    self.withdraw_after(intent, &failure.error);
                }
                return Err(failure.error.into());
            }
        }
        Ok(())
    }

    /// Proves that the credentials of a connection can be replaced, before a refresh token is spent
    /// for new ones: they are written once more as they are.
    pub(super) async fn prove_replaceable(
        &self,
        reference: &ConnectionRef,
        loaded: &Loaded,
        intent: i64,
    ) -> Result<()> {
        let item = Item::Connection(reference.clone()).name();
        let outcome = self.vault.write(&item, &loaded.credentials.to_record(loaded.revision)).await;
        if let Err(error) = &outcome {
            self.withdraw_after(intent, error);
        }
        outcome?;
        Ok(())
    }

    /// Takes back what was announced and will not be written. One that stays is cleared by `mend`,
    /// and is no reason to hide why nothing is written.
    pub(super) fn withdraw(&self, intent: i64) {
        if let Err(error) = self.store.clear_intent(intent) {
            tracing::warn!(%error, "taking back what was announced");
        }
    }

    /// Takes back what was announced, if it is certain that the vault did nothing. Otherwise `mend`
    /// looks: a failing disk may have written, and a keychain that hangs may still do it.
    fn withdraw_after(&self, intent: i64, failure: &VaultError) {
        if failure.did_nothing() {
            self.withdraw(intent);
        }
    }

    /// Writes what was announced; the intent is cleared with the store's commit. Fails where the
    /// config is gone.
    pub(super) async fn save_announced(
        &self,
        connection: &Connection,
        credentials: &Credentials,
        intent: i64,
    ) -> Result<()> {
        let item = Item::Connection(connection.reference.clone()).name();
        let connection = Connection { revision: intent, ..connection.clone() };
        // Whoever finds the vault written and the store not knows from this what it was to say. What was
        // obtained is not lost for want of it.
        if let Err(error) = self.store.complete_intent(intent, &After::Connection(Box::new(connection.clone()))) {
            tracing::warn!(%error, "announcing what the store is to say");
        }
        let kind = self.vault.write(&item, &credentials.to_record(intent)).await?;
        self.vault.remember(kind, &item).await?;
        if let Err(error) = self.store.save_connection(&connection, Some(intent)) {
            if matches!(error, StoreError::NoConfig(_)) {
                self.not_reached(&connection.reference, intent).await?;
            }
            return Err(error.into());
        }
        Ok(())
    }

    /// Takes back what was written of a connection whose config is gone: nobody can reach it any more, and it
    /// must not stay behind. Where the connection's row was left, it waits for its config, with what was
    /// written.
    pub(super) async fn not_reached(&self, reference: &ConnectionRef, intent: i64) -> Result<()> {
        if self.store.connection(reference)?.is_none() {
            self.vault.delete(&Item::Connection(reference.clone()).name()).await?;
        }
        Ok(self.store.clear_intent(intent)?)
    }

    /// Reads the client secret of a config.
    pub(super) async fn load_client_secret(&self, config: &Config) -> Result<Option<Secret>> {
        if !config.has_client_secret {
            return Ok(None);
        }
        let item = Item::Config(config.key.clone()).name();
        let again =
            format!("give it again with `hallpass config edit {} --client-secret -`", quoted(config.key.as_str()));
        let missing = || {
            Error::new(Kind::Vault, format!("the client secret of `{}` is not in the vault", config.key)).hinted(&again)
        };
        let Some(record) = self.vault.read(&item).await? else {
            // It may have been renamed since.
            self.config(&config.key)?;
            return Err(missing());
        };
        let (secret, revision) = client_secret_of(&record).ok_or_else(missing)?;
        Self::check_age(&item, revision, config.revision, &again)?;
        Ok(Some(secret))
    }

    /// Writes the client secret of a config, then runs `commit` with the row of the store and the
    /// intent to clear.
    pub(super) async fn save_client_secret<T>(
        &self,
        config: &Config,
        secret: &Secret,
        commit: impl FnOnce(&Config, i64) -> Result<T>,
    ) -> Result<T> {
        let item = Item::Config(config.key.clone());
        let intent = self.announce(IntentKind::Write, &item).await?;
        let config = Config { has_client_secret: true, revision: intent, ..config.clone() };
        self.store.complete_intent(intent, &After::Config(Box::new(config.clone())))?;
        let record = Secret::new(json!({"client_secret": secret.expose(), "revision": intent}).to_string());
        let kind = match self.vault.write(&item.name(), &record).await {
            Ok(kind) => kind,
            Err(error) => {
                self.withdraw_after(intent, &error);
                return Err(error.into());
            }
        };
        self.vault.remember(kind, &item.name()).await?;
        commit(&config, intent)
    }

    /// Makes a config one without a secret: the row first, and with it what is to be forgotten.
    pub(super) async fn drop_client_secret(&self, config: &Config, item: &Item) -> Result<()> {
        self.home_vault().await?;
        let (name, vault, holder) = (item.name(), self.vault.word().await, self.holder()?);
        let forget = Announcement { kind: IntentKind::Forget, item: &name, vault, holder: &holder, at: self.now() };
        let intent = self.store.drop_client_secret(config, &forget)?;
        self.vault.delete(&name).await?;
        Ok(self.store.clear_intent(intent)?)
    }

    /// Deletes an item of the vault, then runs `commit` with the intent to clear.
    pub(super) async fn delete_item<T>(&self, item: &Item, commit: impl FnOnce(i64) -> Result<T>) -> Result<T> {
        let intent = self.announce(IntentKind::Delete, item).await?;
        if let Err(error) = self.vault.delete(&item.name()).await {
            // The store still shows it. Where it is not certain that it is there, the deletion is
            // finished by the next start.
            self.withdraw_after(intent, &error);
            return Err(error.into());
        }
        commit(intent)
    }

    /// Copies an item of the vault to another name; returns the intent to clear, or `None` where
    /// there was nothing to copy.
    pub(super) async fn copy_item(&self, from: &Item, to: &Item) -> Result<Option<i64>> {
        let Some(value) = self.vault.read(&from.name()).await? else { return Ok(None) };
        let intent = self.announce(IntentKind::Write, to).await?;
        self.vault.write(&to.name(), &value).await?;
        Ok(Some(intent))
    }
}

/// Reads the record of a client secret, and the number of its write.
pub(super) fn client_secret_of(record: &Secret) -> Option<(Secret, i64)> {
    let value: Value = serde_json::from_str(record.expose()).ok()?;
    Some((Secret::new(value["client_secret"].as_str()?), value["revision"].as_i64().unwrap_or_default()))
}

/// Returns the SHA-256 of a text in 43 characters that may stand in a file name.
pub(super) fn digest(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
}
