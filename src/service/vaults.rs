//! Which vault is in use, and why.
//!
//! Whoever names one gets it. Otherwise a home stays with the vault that its first secret went
//! into, so that a keychain that is down never looks like an empty one; and a new home takes the
//! keychain where there is one, the sealed vault where there is none. Another process may move
//! everything to another vault meanwhile: the store's note is looked at again before each call.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Error, Kind, Result, Service};
use crate::model::Secret;
use crate::settings::{KeySource, Settings, VaultKind};
use crate::store::Store;
use crate::vault::key::KeyRing;
pub use crate::vault::key::{AskPassphrase, Purpose};
use crate::vault::memory::Memory;
use crate::vault::sealed::{self, Sealed};
use crate::vault::{ProbeError, Vault, VaultBackend, VaultError, keychain};

/// The note of the store that names the vault of this home.
pub(super) const NOTE: &str = "vault";
/// An item that is never there.
pub(super) const PROBE: &str = "probe";
/// How long a person may take to unlock a keychain when they asked for it.
const PATIENCE: Duration = Duration::from_mins(2);

type Outcome<T> = std::result::Result<T, VaultError>;

#[derive(Debug, Clone)]
struct Decision {
    kind: Option<VaultKind>,
    why: String,
    /// Whether the user named it for this run; otherwise the store's note decides.
    is_named: bool,
}

impl Decision {
    fn new(kind: VaultKind, why: impl Into<String>) -> Self {
        Self { kind: Some(kind), why: why.into(), is_named: false }
    }
}

/// The vault in use.
pub(super) struct ChosenVault {
    vault: Vault,
    decision: Arc<Mutex<Decision>>,
    doors: Arc<Doors>,
    store: Arc<Store>,
    can_ask: bool,
}

/// What opens a vault of any kind.
struct Doors {
    file: PathBuf,
    keys: KeyRing,
    /// A passphrase that a person typed after the start.
    typed: Mutex<Option<Secret>>,
    /// Set while a person is being asked.
    is_asking: Arc<AtomicBool>,
    store: Arc<Store>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Doors {
    /// Opens a vault. Runs on the vault's thread.
    fn open(&self, kind: VaultKind) -> Outcome<Box<dyn VaultBackend>> {
        match kind {
            VaultKind::Keychain => Ok(Box::new(keychain::open()?)),
            VaultKind::Sealed => {
                let mut keys = self.keys.clone();
                if let Some(passphrase) = lock(&self.typed).clone() {
                    keys.passphrase = Some(passphrase);
                }
                let has_secrets = noted(&self.store) == Some(VaultKind::Sealed);
                Ok(Box::new(Sealed::at(self.file.clone(), keys).expected(has_secrets)))
            }
            VaultKind::Memory => Ok(Box::new(Memory::default())),
        }
    }

    /// Opens the vault that was decided on, deciding first where nobody has.
    fn open_decided(&self, decision: &Mutex<Decision>) -> Outcome<Box<dyn VaultBackend>> {
        let decided = lock(decision).kind;
        if let Some(kind) = decided {
            return self.open(kind);
        }
        match keychain::open() {
            Ok(keychain) => {
                *lock(decision) = Decision::new(VaultKind::Keychain, "this machine has a keychain");
                Ok(Box::new(keychain))
            }
            Err(error) => {
                *lock(decision) = Decision::new(VaultKind::Sealed, error.to_string());
                self.open(VaultKind::Sealed)
            }
        }
    }
}

impl ChosenVault {
    pub(super) fn of(settings: &Settings, store: Arc<Store>, ask: Option<AskPassphrase>) -> Self {
        let decision = decide(settings, &store);
        let is_asking: Arc<AtomicBool> = Arc::default();
        let can_ask = ask.is_some();
        let keys = KeyRing {
            passphrase: settings.vault.passphrase.clone(),
            ask: ask.map(|ask| patient(ask, is_asking.clone())),
            file: settings.vault.key_file.clone(),
            chosen: settings.vault.key_source,
        };
        Self::assemble(decision, settings.paths.sealed_vault.clone(), keys, is_asking, store, can_ask)
    }

    pub(super) fn in_memory(store: Arc<Store>) -> Self {
        let decision = Decision { is_named: true, ..Decision::new(VaultKind::Memory, "nothing of this is kept") };
        let memory = Memory::default();
        let keys = KeyRing { passphrase: None, ask: None, file: None, chosen: None };
        Self {
            vault: Vault::over(memory),
            ..Self::assemble(decision, PathBuf::new(), keys, Arc::default(), store, false)
        }
    }

    fn assemble(
        decision: Decision,
        file: PathBuf,
        keys: KeyRing,
        is_asking: Arc<AtomicBool>,
        store: Arc<Store>,
        can_ask: bool,
    ) -> Self {
        let decision = Arc::new(Mutex::new(decision));
        let typed = Mutex::default();
        let doors = Arc::new(Doors { file, keys, typed, is_asking, store: store.clone() });
        let opener = {
            let (decision, doors) = (decision.clone(), doors.clone());
            move || doors.open_decided(&decision)
        };
        let vault = Vault::new(Box::new(opener)).with_patience(doors.is_asking.clone());
        Self { vault, decision, doors, store, can_ask }
    }

    /// Returns the vault in use. Everything may have been moved to another one since the last call.
    fn current(&self) -> &Vault {
        let mut decision = lock(&self.decision);
        if !decision.is_named
            && let Some(kind) = noted(&self.store)
            && decision.kind != Some(kind)
        {
            *decision = Decision::new(kind, WHY_NOTED);
            self.vault.close();
        }
        &self.vault
    }

    /// Returns a vault of another kind, beside the one in use.
    pub(super) fn beside(&self, kind: VaultKind) -> Vault {
        let doors = self.doors.clone();
        Vault::new(Box::new(move || doors.open(kind))).with_patience(self.doors.is_asking.clone())
    }

    pub(super) async fn read(&self, item: &str) -> Outcome<Option<Secret>> {
        let kind = self.decided();
        match self.vault.read(item).await? {
            // It may have been moved between the look at the note and that at the vault.
            None if kind.is_some() && noted(&self.store).is_some_and(|noted| Some(noted) != kind) => {
                self.current().read(item).await
            }
            found => Ok(found),
        }
    }

    /// Writes an item; returns the kind of the vault that it is in now.
    pub(super) async fn write(&self, item: &str, value: &Secret) -> Outcome<Option<VaultKind>> {
        let decided = self.decided();
        self.vault.write(item, value).await?;
        // Where nobody had decided, opening the vault did.
        Ok(decided.or_else(|| lock(&self.decision).kind))
    }

    pub(super) async fn delete(&self, item: &str) -> Outcome<()> {
        self.current().delete(item).await
    }

    /// Proves with `item` that a secret can be kept. A keychain may ask its user meanwhile.
    pub(super) async fn probe(&self, item: &str) -> std::result::Result<(), ProbeError> {
        self.current().probe(item, PATIENCE).await
    }

    /// Returns the kind of the vault in use, if that is decided.
    fn decided(&self) -> Option<VaultKind> {
        self.current();
        lock(&self.decision).kind
    }

    /// Returns the kind of the vault in use, deciding on one where nobody has.
    pub(super) async fn kind(&self) -> VaultKind {
        if self.decided().is_none() {
            // What is read does not matter: opening the vault decides.
            let _ = self.vault.read(PROBE).await;
        }
        // It is decided by the first step of opening it; that a call ended early is no other vault.
        self.decided().unwrap_or(VaultKind::Keychain)
    }

    /// Returns the word for the vault in use.
    pub(super) async fn word(&self) -> &'static str {
        self.kind().await.word()
    }

    /// Tells whether the user named another vault for this run than the one this home's secrets are in.
    pub(super) fn is_foreign(&self) -> bool {
        self.of_home().is_some_and(|home| self.decided() != Some(home))
    }

    /// Returns the vault that the secrets of this home are in, where there are any.
    pub(super) fn of_home(&self) -> Option<VaultKind> {
        noted(&self.store)
    }

    /// Tells whether the user named the vault for this run.
    pub(super) fn is_named(&self) -> bool {
        lock(&self.decision).is_named
    }

    /// Ties the home to the vault `kind` that its first secret, `item`, went into. Where another process was
    /// faster with another vault, the item is taken back, and the error lets the caller try again.
    pub(super) async fn remember(&self, kind: Option<VaultKind>, item: &str) -> Result<()> {
        let Some(kind @ (VaultKind::Keychain | VaultKind::Sealed)) = kind else { return Ok(()) };
        if self.of_home() == Some(kind) {
            return Ok(());
        }
        let stands = self.store.claim_note(NOTE, kind.word())?;
        if stands == kind.word() {
            return Ok(());
        }
        self.beside(kind).delete(item).await?;
        Err(Error::new(
            Kind::Vault,
            format!("another hallpass put the first secret of this home into the {stands} vault"),
        )
        .hinted("try again: this one follows"))
    }
}

/// A store that cannot be read says so itself, wherever it is needed; `doctor` goes on without.
fn noted(store: &Store) -> Option<VaultKind> {
    VaultKind::from_word(&store.note(NOTE).ok()??)
}

const WHY_NOTED: &str = "the secrets of this home are there";

fn decide(settings: &Settings, store: &Store) -> Decision {
    if let Some(kind) = settings.vault.kind {
        let why = "it was asked for (`--vault`, HALLPASS_VAULT or the settings)";
        return Decision { is_named: true, ..Decision::new(kind, why) };
    }
    if let Some(kind) = noted(store) {
        return Decision::new(kind, WHY_NOTED);
    }
    if settings.paths.sealed_vault.exists() {
        return Decision::new(VaultKind::Sealed, "this home has a sealed vault");
    }
    Decision { kind: None, why: "nothing was kept yet".to_owned(), is_named: false }
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
        let doors = &self.vault.doors;
        let has_passphrase = self.settings.vault.passphrase.is_some() || lock(&doors.typed).is_some();
        let decided = self.vault.decided();
        let key_source = if doors.file.exists() { sealed::key_source(&doors.file).ok().flatten() } else { None };
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
            file: is_sealed.then(|| doors.file.clone()),
            is_new: is_sealed && key_source.is_none(),
            problem,
        }
    }

    /// Unlocks the vault: a keychain asks its user, and is waited for; a sealed vault is opened
    /// with `passphrase`, with the one of the environment, or with its key file.
    pub async fn unlock_vault(&self, passphrase: Option<Secret>) -> Result<()> {
        if let Some(passphrase) = passphrase {
            *lock(&self.vault.doors.typed) = Some(passphrase);
            self.vault.vault.close();
        }
        let outcome = match self.vault.kind().await {
            VaultKind::Keychain => self.prove_vault().await,
            VaultKind::Sealed | VaultKind::Memory => self.vault.read(PROBE).await.map(|_| ()).map_err(Error::from),
        };
        if outcome.is_err() {
            // A wrong passphrase must not stay.
            lock(&self.vault.doors.typed).take();
            self.vault.vault.close();
        }
        outcome
    }
}
