//! Finishing or undoing what an interrupted process left: called before anything else is done.
//!
//! | intent | vault has it | store has it | then |
//! | --- | --- | --- | --- |
//! | write | yes | yes | the store takes over what the vault holds |
//! | write | yes | no | it was new and nobody was told: it is deleted |
//! | write | no | – | nothing was written |
//! | delete | – | – | it is deleted in both, unless a config has connections again |

use super::activity::About;
use super::items::Item;
use super::{Result, Service};
use crate::model::{Happening, Outcome};
use crate::store::{Intent, IntentKind};
use crate::system::process;

/// How old an intent must be to be taken for abandoned where the system does not tell whether its
/// process lives. Every call to the vault has ended long before.
const ABANDONED: chrono::TimeDelta = chrono::TimeDelta::minutes(2);

impl Service {
    /// Finishes or undoes every interrupted write. A vault that cannot be reached leaves its
    /// intents for the next start.
    pub async fn mend(&self) -> Result<()> {
        if self.settings.read_only {
            return Ok(());
        }
        let mut outcome = Ok(());
        // A store that cannot be read says so to whoever needs it.
        for intent in self.store.intents().unwrap_or_default() {
            // What is in another vault than the one in use now is not seen from here.
            if self.is_abandoned(&intent) && intent.vault == self.vault.word().await {
                // One that cannot be mended does not keep the others from it.
                outcome = outcome.and(self.mend_held(&intent).await);
            }
        }
        outcome
    }

    /// Mends while nobody else changes what it is about, if it is still there then.
    async fn mend_held(&self, intent: &Intent) -> Result<()> {
        let _lock = match Item::parse(&intent.item) {
            Some(Item::Connection(reference)) => Some(self.refresh_locks.acquire(&reference).await?),
            Some(Item::Config(key)) => Some(self.refresh_locks.acquire_config(&key).await?),
            None => None,
        };
        if self.store.intents()?.contains(intent) { self.mend_one(intent).await } else { Ok(()) }
    }

    fn is_abandoned(&self, intent: &Intent) -> bool {
        let is_own = intent.process == std::process::id();
        if is_own && intent.at < self.started_at {
            // In a container, every process may have the same number.
            return true;
        }
        let lives = if is_own { Some(true) } else { process::is_alive(intent.process) };
        !lives.unwrap_or(self.now() - intent.at <= ABANDONED)
    }

    async fn mend_one(&self, intent: &Intent) -> Result<()> {
        let Some(item) = Item::parse(&intent.item) else {
            return Ok(self.store.clear_intent(intent.number)?);
        };
        tracing::info!(item = intent.item, kind = ?intent.kind, "mending an interrupted write");
        match (intent.kind, &item) {
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
            (IntentKind::Write, Item::Connection(reference)) => {
                match (self.store.connection(reference)?, self.load_credentials(reference).await?) {
                    (Some(mut connection), Some(credentials)) => {
                        connection.record(credentials.tokens());
                        self.store.save_connection(&connection, Some(intent.number))?;
                    }
                    (None, Some(_)) => {
                        self.vault.delete(&intent.item).await?;
                        self.store.clear_intent(intent.number)?;
                    }
                    (_, None) => self.store.clear_intent(intent.number)?,
                }
            }
            (IntentKind::Write, Item::Config(key)) => {
                let written = self.vault.read(&intent.item).await?.is_some();
                match self.store.config(key)? {
                    Some(mut config) if written => {
                        config.has_client_secret = true;
                        self.store.update_config(&config, Some(intent.number))?;
                    }
                    Some(_) => self.store.clear_intent(intent.number)?,
                    None => {
                        self.vault.delete(&intent.item).await?;
                        self.store.clear_intent(intent.number)?;
                    }
                }
            }
        }
        let about = || About::saying("finished or undid a write that was interrupted");
        match &item {
            Item::Connection(reference) => self.record(reference, Happening::Mended, Outcome::Done, about()),
            Item::Config(key) => self.record_config(key, Happening::Mended, about()),
        }
        Ok(())
    }
}
