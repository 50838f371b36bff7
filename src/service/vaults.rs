//! Which vault is in use, and why.
//!
//! Whoever names one gets it. Otherwise a home stays with the vault that its first secret went
//! into, so that a keychain that is down never looks like an empty one; and a new home takes the
//! keychain where there is one, the sealed vault where there is none.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Error, Result, Service};
use crate::model::Secret;
use crate::settings::{KeySource, Settings, VaultKind};
use crate::store::Store;
use crate::vault::key::KeyRing;
pub use crate::vault::key::{AskPassphrase, Purpose};
use crate::vault::memory::Memory;
use crate::vault::sealed::{self, Sealed};
use crate::vault::{Vault, VaultBackend, VaultError, keychain};

/// The note of the store that names the vault of this home.
const NOTE: &str = "vault";
/// An item that is never there.
const PROBE: &str = "probe";
/// How long a person may take to unlock a keychain when they asked for it.
const PATIENCE: Duration = Duration::from_mins(2);

#[derive(Debug, Clone)]
struct Decision {
    kind: Option<VaultKind>,
    why: String,
}

/// The vault in use.
pub(super) struct ChosenVault {
    vault: Vault,
    decision: Arc<Mutex<Decision>>,
    /// A passphrase that a person typed after the start.
    typed: Arc<Mutex<Option<Secret>>>,
    file: PathBuf,
    can_ask: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ChosenVault {
    pub(super) fn of(settings: &Settings, store: &Store, ask: Option<AskPassphrase>) -> Self {
        let decision = Arc::new(Mutex::new(decide(settings, store)));
        let typed: Arc<Mutex<Option<Secret>>> = Arc::default();
        let is_asking: Arc<AtomicBool> = Arc::default();
        let file = settings.paths.sealed_vault.clone();
        let can_ask = ask.is_some();
        let keys = KeyRing {
            passphrase: settings.vault.passphrase.clone(),
            ask: ask.map(|ask| patient(ask, is_asking.clone())),
            file: settings.vault.key_file.clone(),
            chosen: settings.vault.key_source,
        };
        let opener = {
            let (decision, typed, file) = (decision.clone(), typed.clone(), file.clone());
            move || {
                let mut keys = keys.clone();
                if let Some(passphrase) = lock(&typed).clone() {
                    keys.passphrase = Some(passphrase);
                }
                open(&decision, &file, keys)
            }
        };
        let vault = Vault::new(Box::new(opener)).with_patience(is_asking);
        Self { vault, decision, typed, file, can_ask }
    }

    pub(super) fn in_memory() -> Self {
        let decision = Decision { kind: Some(VaultKind::Memory), why: "nothing of this is kept".to_owned() };
        Self {
            vault: Vault::over(Memory::default()),
            decision: Arc::new(Mutex::new(decision)),
            typed: Arc::default(),
            file: PathBuf::new(),
            can_ask: false,
        }
    }

    pub(super) async fn read(&self, item: &str) -> std::result::Result<Option<Secret>, VaultError> {
        self.vault.read(item).await
    }

    pub(super) async fn write(&self, item: &str, value: &Secret) -> std::result::Result<(), VaultError> {
        self.vault.write(item, value).await
    }

    pub(super) async fn delete(&self, item: &str) -> std::result::Result<(), VaultError> {
        self.vault.delete(item).await
    }

    /// Proves that a secret can be kept, before a browser is opened for one.
    pub(super) async fn probe(&self) -> std::result::Result<(), VaultError> {
        self.vault.probe(PATIENCE).await
    }

    /// Returns the word for the vault in use, deciding on one where nobody has.
    pub(super) async fn word(&self) -> &'static str {
        if lock(&self.decision).kind.is_none() {
            // What is read does not matter: opening the vault decides.
            let _ = self.vault.read(PROBE).await;
        }
        lock(&self.decision).kind.map_or("undecided", VaultKind::word)
    }

    /// Ties the home to the vault that its first secret went into.
    pub(super) fn remember(&self, store: &Store) -> Result<()> {
        let kind = lock(&self.decision).kind;
        if let Some(kind @ (VaultKind::Keychain | VaultKind::Sealed)) = kind
            && store.note(NOTE)?.is_none()
        {
            store.set_note(NOTE, kind.word())?;
        }
        Ok(())
    }
}

fn decide(settings: &Settings, store: &Store) -> Decision {
    if let Some(kind) = settings.vault.kind {
        return Decision {
            kind: Some(kind),
            why: "it was asked for (`--vault`, HALLPASS_VAULT or the settings)".to_owned(),
        };
    }
    // A store that cannot be read says so itself, wherever it is needed; `doctor` goes on without.
    let noted = store.note(NOTE).unwrap_or(None);
    if let Some(kind) = noted.as_deref().and_then(VaultKind::from_word) {
        return Decision { kind: Some(kind), why: "the secrets of this home are there since the first one".to_owned() };
    }
    if settings.paths.sealed_vault.exists() {
        return Decision { kind: Some(VaultKind::Sealed), why: "this home has a sealed vault".to_owned() };
    }
    Decision { kind: None, why: "nothing was kept yet".to_owned() }
}

/// Stops the clock of the call while a person is being asked.
fn patient(ask: AskPassphrase, is_asking: Arc<AtomicBool>) -> AskPassphrase {
    Arc::new(move |purpose| {
        is_asking.store(true, Ordering::SeqCst);
        let answer = ask(purpose);
        is_asking.store(false, Ordering::SeqCst);
        answer
    })
}

/// Opens the vault that was decided on, deciding first where nobody has. Runs on the vault's
/// thread.
fn open(
    decision: &Mutex<Decision>,
    file: &std::path::Path,
    keys: KeyRing,
) -> std::result::Result<Box<dyn VaultBackend>, VaultError> {
    let decided = lock(decision).kind;
    let kind = match decided {
        Some(kind) => kind,
        None => match keychain::open() {
            Ok(keychain) => {
                *lock(decision) =
                    Decision { kind: Some(VaultKind::Keychain), why: "this machine has a keychain".to_owned() };
                return Ok(Box::new(keychain));
            }
            Err(error) => {
                *lock(decision) = Decision { kind: Some(VaultKind::Sealed), why: error.to_string() };
                VaultKind::Sealed
            }
        },
    };
    match kind {
        VaultKind::Keychain => Ok(Box::new(keychain::open()?)),
        VaultKind::Sealed => Ok(Box::new(Sealed::at(file.to_owned(), keys))),
        VaultKind::Memory => Ok(Box::new(Memory::default())),
    }
}

/// What `vault status` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultStatus {
    /// Which vault it is.
    pub kind: VaultKind,
    /// Why this one.
    pub why: String,
    /// What opens it, where it is sealed.
    pub key_source: Option<KeySource>,
    /// Its file, where it is sealed.
    pub file: Option<PathBuf>,
    /// Whether it is yet to be made: the first secret makes it.
    pub is_new: bool,
    /// What is wrong with it.
    pub problem: Option<Error>,
}

impl Service {
    /// Tells which vault is in use, why, and whether it can be read. Nobody is asked for anything,
    /// and nothing is made.
    pub async fn vault_status(&self) -> VaultStatus {
        let is_sealed_file = self.vault.file.exists();
        let has_passphrase = self.settings.vault.passphrase.is_some() || lock(&self.vault.typed).is_some();
        let decided = lock(&self.vault.decision).kind;
        let key_source = if is_sealed_file { sealed::key_source(&self.vault.file).ok().flatten() } else { None };
        let would_ask = self.vault.can_ask
            && decided == Some(VaultKind::Sealed)
            && key_source == Some(KeySource::Passphrase)
            && !has_passphrase;
        let problem = if would_ask {
            Some(VaultError::PassphraseNeeded(Purpose::Open).into())
        } else {
            self.vault.read(PROBE).await.err().map(Error::from)
        };
        let decision = lock(&self.vault.decision).clone();
        let kind = decision.kind.unwrap_or(VaultKind::Sealed);
        let is_sealed = kind == VaultKind::Sealed;
        VaultStatus {
            kind,
            why: decision.why,
            key_source: key_source.filter(|_| is_sealed),
            file: is_sealed.then(|| self.vault.file.clone()),
            is_new: is_sealed && key_source.is_none(),
            problem,
        }
    }

    /// Unlocks the vault: a keychain asks its user, and is waited for; a sealed vault is opened
    /// with `passphrase`, with the one of the environment, or with its key file.
    pub async fn unlock_vault(&self, passphrase: Option<Secret>) -> Result<()> {
        if let Some(passphrase) = passphrase {
            *lock(&self.vault.typed) = Some(passphrase);
            self.vault.vault.close();
        }
        let outcome = match self.vault_kind().await {
            VaultKind::Keychain => self.vault.probe().await,
            VaultKind::Sealed | VaultKind::Memory => self.vault.read(PROBE).await.map(|_| ()),
        };
        if outcome.is_err() {
            // A wrong passphrase must not stay.
            lock(&self.vault.typed).take();
            self.vault.vault.close();
        }
        Ok(outcome?)
    }

    async fn vault_kind(&self) -> VaultKind {
        let decided = lock(&self.vault.decision).kind;
        match decided {
            Some(kind) => kind,
            None => self.vault_status().await.kind,
        }
    }
}
