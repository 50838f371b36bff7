//! Moving everything from one vault to another, so that being stopped anywhere loses nothing:
//!
//! ```text
//! hold the vault alone
//!   announce every copy in the other vault
//!   copy, read back, compare                      stopped here: the next start takes the copies away,
//!                                                 or the next `vault migrate` goes on with them
//!   one commit: the home changes its vault, the copies stand, the originals are to be deleted
//!   delete the originals                          stopped here: the next start deletes the rest
//! ```

use super::mend::Others;
use super::vaults::{NOTE, PROBE};
use super::{Error, Kind, Result, Service};
use crate::model::Secret;
use crate::settings::VaultKind;
use crate::store::{Announcement, IntentKind};
use crate::vault::{Vault, VaultError};

/// What a move did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// Where everything was.
    pub from: VaultKind,
    /// Where everything is.
    pub to: VaultKind,
    /// How many items were moved.
    pub moved: usize,
    /// What the store knows of and the vault did not have.
    pub missing: Vec<String>,
    /// Why something could not be deleted in the old vault; the next start tries again.
    pub left: Option<Error>,
    /// Whether `--vault`, the environment or the settings still name the old one.
    pub is_named: bool,
}

impl Service {
    /// Moves every secret to the vault `to`, and tells `told` how many of how many are copied. It may
    /// be stopped at any time, and goes on where it stopped.
    pub async fn migrate_vault(&self, to: VaultKind, told: &(dyn Fn(usize, usize) + Sync)) -> Result<Migrated> {
        self.may_change()?;
        if to == VaultKind::Memory {
            return Err(Error::usage("what is moved into memory is gone when the program ends")
                .hinted("move to `keychain` or `sealed`"));
        }
        let _alone = self.refresh_locks.acquire_vault().await?;
        self.home_vault().await?;
        let from = self.vault.kind().await;
        let unmended = self.mend_alone(to).await?;
        let is_named = self.vault.is_named();
        let mut migrated = Migrated { from, to, moved: 0, missing: Vec::new(), left: unmended, is_named };
        if from == to {
            // What cannot be read is not "there already".
            self.vault.read(PROBE).await?;
            return Ok(migrated);
        }
        let target = self.vault.beside(to);
        // A vault that is not there must not be begun with.
        target.read(PROBE).await?;
        let mut items = Vec::new();
        for item in self.all_items()? {
            match self.vault.read(&item).await? {
                Some(value) => items.push((item, value)),
                None => migrated.missing.push(item),
            }
        }
        let (copies, is_resumed) = self.announce_copies(&items, to, &target).await?;
        for (done, (item, value)) in items.iter().enumerate() {
            if let Err(error) = copy(&target, item, value).await {
                if error.did_nothing() && !is_resumed {
                    copies[done..].iter().for_each(|intent| self.withdraw(*intent));
                }
                return Err(stopped(error, from, to));
            }
            told(done + 1, items.len());
        }
        let source = self.vault.beside(from);
        let (holder, at) = (self.holder()?, self.now());
        let originals: Vec<Announcement<'_>> = items
            .iter()
            .map(|(item, _)| Announcement { kind: IntentKind::Forget, item, vault: from.word(), holder: &holder, at })
            .collect();
        let deletions = self.store.switch((NOTE, to.word()), &copies, &originals)?;
        migrated.moved = items.len();
        for ((item, _), deletion) in items.iter().zip(deletions) {
            match source.delete(item).await {
                Ok(()) => self.store.clear_intent(deletion)?,
                Err(error) => migrated.left = Some(error.into()),
            }
        }
        self.record_home(format!("moved {} items from {} to {}", migrated.moved, from.word(), to.word()));
        Ok(migrated)
    }

    /// Mends what was interrupted, while the vault is held alone; copies that an earlier move made in
    /// `to` are left for this one. Returns why something in another vault than this home's could not be
    /// mended, which holds up nothing.
    async fn mend_alone(&self, to: VaultKind) -> Result<Option<Error>> {
        let mut unmended = None;
        let home = self.vault.word().await;
        let mut others = Others::new();
        for intent in self.store.intents()? {
            if intent.kind == IntentKind::Write && intent.vault == to.word() && home != to.word() {
                continue;
            }
            if self.refresh_locks.presence.is_alive(&intent.holder) {
                let message =
                    format!("a write of `{}` was given up by another process and may still happen", intent.item);
                return Err(Error::new(Kind::Vault, message).hinted("end the other hallpass, and try again"));
            }
            match self.mend_one(&intent, &mut others).await {
                Err(error) if intent.vault != home => unmended = Some(error),
                outcome => outcome?,
            }
        }
        Ok(unmended)
    }

    /// Announces the copies, taking over those of a move that was stopped (and tells whether there were
    /// any); what is there and is not wanted any more is deleted.
    async fn announce_copies(
        &self,
        items: &[(String, Secret)],
        to: VaultKind,
        target: &Vault,
    ) -> Result<(Vec<i64>, bool)> {
        let earlier = self.store.intents()?.into_iter().filter(|intent| intent.vault == to.word());
        let mut taken_over = Vec::new();
        for intent in earlier {
            if !items.iter().any(|(item, _)| *item == intent.item) {
                target.delete(&intent.item).await?;
            }
            taken_over.push(intent.number);
        }
        let (holder, at) = (self.holder()?, self.now());
        let copies: Vec<Announcement<'_>> = items
            .iter()
            .map(|(item, _)| Announcement { kind: IntentKind::Write, item, vault: to.word(), holder: &holder, at })
            .collect();
        Ok((self.store.announce_all(&taken_over, &copies)?, !taken_over.is_empty()))
    }
}

/// Copies one item, unless it is there already, and makes sure that it came through.
async fn copy(target: &Vault, item: &str, value: &Secret) -> std::result::Result<(), VaultError> {
    // What cannot be read there is written anew.
    if matches!(target.read(item).await, Ok(Some(found)) if found == *value) {
        return Ok(());
    }
    target.write(item, value).await?;
    match target.read(item).await? {
        Some(found) if found == *value => Ok(()),
        _ => Err(VaultError::Damaged { item: item.to_owned(), why: "what was written did not come back" }),
    }
}

fn stopped(error: VaultError, from: VaultKind, to: VaultKind) -> Error {
    let mut shown = Error::from(error);
    let mend = shown.hint.take().unwrap_or_default();
    let message = format!("everything is still in the {} vault: {}", from.word(), shown.message);
    Error { message, ..shown }
        .hinted(format!("{mend}; `hallpass vault migrate {}` goes on where it stopped", to.word()))
}
