//! Finishing or undoing what an interrupted process left: called before anything else is done.
//!
//! | intent | the vault's record | then |
//! | --- | --- | --- |
//! | write | is the one announced (it bears the intent's number) | the store says what was to be said afterwards |
//! | write | is another one, or there is none | nothing was written; what no row of the store belongs to is deleted |
//! | delete | – | it is deleted in both, unless a config has connections again |
//! | forget | – | it is deleted in the vault |
//! | any, in a vault that is not this home's | – | a move was interrupted: it is deleted there, and stays where it is at home |
//!
//! Where the user names another vault than this home's for a run, nothing is mended: what one of them
//! lacks says nothing about the other.

use std::collections::{BTreeMap, BTreeSet};

use super::activity::About;
use super::items::{Item, client_secret_of};
use super::refresh_lock::Held;
use super::{Kind, Result, Service};
use crate::model::{Config, ConfigKey, Connection, ConnectionRef, Credentials, Happening, Outcome, Secret};
use crate::settings::VaultKind;
use crate::store::{After, Intent, IntentKind, StoreError};
use crate::vault::{Vault, VaultError};

/// Vaults beside the one in use, by their words, opened once for all that is mended there.
pub(super) type Others = BTreeMap<String, Vault>;

impl Service {
    /// Finishes or undoes every interrupted write. A vault that cannot be reached leaves its
    /// intents for the next start.
    pub async fn mend(&self) -> Result<()> {
        if !self.settings.read_only
            && let Err(error) = self.end_flows_of_the_dead()
        {
            tracing::debug!(%error, "ending the flows of processes that are gone");
        }
        // A store that cannot be read says so to whoever needs it.
        let intents = self.store.intents().unwrap_or_default();
        if self.settings.read_only || intents.is_empty() || self.vault.is_foreign() {
            return Ok(());
        }
        let mut outcome = Ok(());
        let mut others = Others::default();
        let mut unreachable = BTreeSet::new();
        for intent in intents.iter().filter(|intent| !self.refresh_locks.presence.is_alive(&intent.holder)) {
            if unreachable.contains(&intent.vault) {
                continue;
            }
            // One that cannot be mended does not keep the others from it, unless it is the vault that
            // says no: to ask it again and again would take minutes.
            let mended = self.mend_held(intent, &mut others).await;
            if mended.as_ref().is_err_and(|error| error.kind == Kind::Vault) {
                unreachable.insert(intent.vault.clone());
            }
            outcome = outcome.and(mended);
        }
        if let Err(error) = self.refresh_locks.presence.sweep() {
            tracing::debug!(%error, "sweeping the locks of processes that are gone");
        }
        outcome
    }

    /// Waits until nobody else refreshes or changes this connection; then what was interrupted there is
    /// mended, before anything builds on it.
    pub(super) async fn hold(&self, connection: &ConnectionRef) -> Result<Held> {
        let held = self.refresh_locks.acquire(connection).await?;
        self.mend_item(&Item::Connection(connection.clone())).await?;
        Ok(held)
    }

    /// Waits until nobody else makes or changes this config; then what was interrupted there is mended.
    pub(super) async fn hold_config(&self, key: &ConfigKey) -> Result<Held> {
        let held = self.refresh_locks.acquire_config(key).await?;
        self.mend_item(&Item::Config(key.clone())).await?;
        Ok(held)
    }

    async fn mend_item(&self, item: &Item) -> Result<()> {
        let name = item.name();
        for intent in self.store.intents()?.iter().filter(|intent| intent.item == name) {
            let is_home = self.vault.of_home().is_none_or(|home| home.word() == intent.vault);
            if is_home && !self.vault.is_foreign() && !self.refresh_locks.presence.is_alive(&intent.holder) {
                self.mend_one(intent, &mut Others::new()).await?;
            }
        }
        Ok(())
    }

    /// Mends while nobody else changes what it is about, if it is still there then. Whoever holds the
    /// lock lives, and is about to change it: then there is nothing to mend yet.
    async fn mend_held(&self, intent: &Intent, others: &mut Others) -> Result<()> {
        let _lock = match Item::parse(&intent.item) {
            Some(Item::Connection(reference)) => match self.refresh_locks.try_acquire(&reference).await? {
                Some(held) => Some(held),
                None => return Ok(()),
            },
            Some(Item::Config(key)) => match self.refresh_locks.try_acquire_config(&key).await? {
                Some(held) => Some(held),
                None => return Ok(()),
            },
            Some(Item::Probe(_)) | None => None,
        };
        match self.store.intent(intent.number)? {
            Some(intent) => self.mend_one(&intent, others).await,
            None => Ok(()),
        }
    }

    /// Mends one intent. Whoever calls this holds the lock of its item, or that of the whole vault.
    pub(super) async fn mend_one(&self, intent: &Intent, others: &mut Others) -> Result<()> {
        let Some(item) = Item::parse(&intent.item) else {
            return Ok(self.store.clear_intent(intent.number)?);
        };
        tracing::info!(item = intent.item, kind = ?intent.kind, "mending an interrupted write");
        if intent.vault != self.vault.word().await {
            // Only a home that has its secrets elsewhere has nothing to lose there.
            if self.vault.of_home().is_some() {
                if let Some(kind) = VaultKind::from_word(&intent.vault) {
                    let other = others.entry(intent.vault.clone()).or_insert_with(|| self.vault.beside(kind));
                    other.delete(&intent.item).await?;
                }
                self.store.clear_intent(intent.number)?;
            }
            return Ok(());
        }
        match (intent.kind, &item) {
            (_, Item::Probe(_)) | (IntentKind::Forget, _) => {
                self.vault.delete(&intent.item).await?;
                return Ok(self.store.clear_intent(intent.number)?);
            }
            (IntentKind::Delete, Item::Connection(reference)) => {
                self.vault.delete(&intent.item).await?;
                self.store.delete_connection(reference, Some(intent.number))?;
            }
            // Connections that were made under it since then are not part of what was asked for.
            (IntentKind::Delete, Item::Config(key)) if !self.store.connections_of(key)?.is_empty() => {
                return Ok(self.store.clear_intent(intent.number)?);
            }
            (IntentKind::Delete, Item::Config(key)) => {
                self.vault.delete(&intent.item).await?;
                self.store.delete_config(key, &[intent.number])?;
            }
            (IntentKind::Write, _) => self.mend_write(intent, &item).await?,
        }
        let about = || About::saying("finished or undid a write that was interrupted");
        match &item {
            Item::Connection(reference) => drop(self.record(reference, Happening::Mended, Outcome::Done, about())),
            Item::Config(key) => self.record_config(key, Happening::Mended, about()),
            Item::Probe(_) => {}
        }
        Ok(())
    }

    async fn mend_write(&self, intent: &Intent, item: &Item) -> Result<()> {
        let record = match self.vault.read(&intent.item).await {
            // It is not the one announced, whatever it is; whoever needs it is told.
            Err(VaultError::Damaged { .. }) => None,
            // It may come back; whoever writes meanwhile is not held up.
            Err(VaultError::Gone { .. }) => return Ok(()),
            outcome => outcome?,
        };
        let written = record.filter(|record| revision_of(item, record) == Some(intent.number));
        if written.is_some() {
            // It may have been the first secret of this home.
            self.vault.remember(VaultKind::from_word(&intent.vault), &intent.item).await?;
        }
        match (&intent.after, item, &written) {
            (Some(After::Connection(after)), Item::Connection(reference), Some(_)) if after.reference == *reference => {
                return self.finish_write(after, intent).await;
            }
            (None, Item::Connection(reference), Some(record)) => {
                if let Some(mut connection) = self.store.connection(reference)? {
                    connection.record(&Credentials::from_record(record)?.0);
                    connection.revision = intent.number;
                    return self.finish_write(&connection, intent).await;
                }
            }
            (Some(After::Config(after)), Item::Config(key), Some(_)) if after.key == *key => {
                return match self.store.config(key)? {
                    // Edited since then: that stands, with the secret that was written.
                    Some(here) if here.updated_at > after.updated_at => {
                        let row = Config { has_client_secret: true, revision: intent.number, ..here };
                        Ok(self.store.update_config(&row, Some(intent.number))?)
                    }
                    Some(_) => Ok(self.store.update_config(after, Some(intent.number))?),
                    None => Ok(self.store.add_config(after, Some(intent.number)).map(|_| ())?),
                };
            }
            _ => {}
        }
        if !self.has_row(item)? {
            self.vault.delete(&intent.item).await?;
        }
        Ok(self.store.clear_intent(intent.number)?)
    }

    async fn finish_write(&self, connection: &Connection, intent: &Intent) -> Result<()> {
        match self.store.save_connection(connection, Some(intent.number)) {
            // Its config was deleted since.
            Err(StoreError::NoConfig(_)) => self.not_reached(&connection.reference, intent.number).await,
            outcome => Ok(outcome?),
        }
    }

    fn has_row(&self, item: &Item) -> Result<bool> {
        Ok(match item {
            Item::Connection(reference) => self.store.connection(reference)?.is_some(),
            Item::Config(key) => self.store.config(key)?.is_some_and(|config| config.has_client_secret),
            Item::Probe(_) => false,
        })
    }
}

/// Returns the number of the write that a record is of; `None` where it is not one of ours.
fn revision_of(item: &Item, record: &Secret) -> Option<i64> {
    match item {
        Item::Connection(_) => Credentials::from_record(record).ok().map(|(_, revision)| revision),
        Item::Config(_) => client_secret_of(record).map(|(_, revision)| revision),
        Item::Probe(_) => None,
    }
}
