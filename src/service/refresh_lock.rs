//! One change at a time to a connection's credentials, and to a config: within this process by a
//! mutex, across processes by a lock file that the system frees when its holder dies. Whoever
//! changes one of them also shares the lock of the vault as a whole, which is held alone by whoever
//! moves everything.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use super::items::digest;
use super::presence::Presence;
use super::{Error, Kind, Result};
use crate::model::{ConfigKey, ConnectionRef};
use crate::settings::private;

/// How long a refresh of another process is waited for. Longer than any refresh may take, so that
/// only a stopped process runs into it.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often another process's lock is tried. The lock blocks a thread if it is waited for.
const PAUSE: Duration = Duration::from_millis(25);
/// The lock file of the vault as a whole.
const VAULT: &str = "vault.lock";

/// The locks of all connections.
#[derive(Debug)]
pub(super) struct RefreshLocks {
    folder: Option<PathBuf>,
    patience: Duration,
    within: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    pub(super) presence: Presence,
}

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    _vault: Option<File>,
    _file: Option<File>,
    _within: OwnedMutexGuard<()>,
}

/// The lock of the vault as a whole, held alone until it is dropped.
#[derive(Debug)]
pub(super) struct VaultHeld {
    _file: Option<File>,
}

impl RefreshLocks {
    /// Locks across all processes that share `folder`.
    pub(super) fn in_folder(folder: PathBuf) -> Self {
        let presence = Presence::in_folder(folder.clone());
        Self { folder: Some(folder), patience: PATIENCE, within: Mutex::default(), presence }
    }

    /// Locks within this process only: its store is its own.
    pub(super) fn in_process() -> Self {
        Self { folder: None, patience: PATIENCE, within: Mutex::default(), presence: Presence::in_process() }
    }

    /// Tells whether other processes share these locks.
    pub(super) fn are_shared(&self) -> bool {
        self.folder.is_some()
    }

    /// Waits until nobody else refreshes or changes this connection.
    pub(super) async fn acquire(&self, connection: &ConnectionRef) -> Result<Held> {
        self.hold(&connection.to_string(), Instant::now() + self.patience).await
    }

    /// Waits until nobody else makes or changes this config.
    pub(super) async fn acquire_config(&self, key: &ConfigKey) -> Result<Held> {
        self.hold(key.as_str(), Instant::now() + self.patience).await
    }

    /// Waits until nobody else makes the certificate of this machine.
    pub(super) async fn acquire_certificate(&self) -> Result<Held> {
        self.hold("certificate", Instant::now() + self.patience).await
    }

    /// Takes the lock of a connection if nobody has it.
    pub(super) async fn try_acquire(&self, connection: &ConnectionRef) -> Result<Option<Held>> {
        self.try_hold(&connection.to_string()).await
    }

    /// Takes the lock of a config if nobody has it.
    pub(super) async fn try_acquire_config(&self, key: &ConfigKey) -> Result<Option<Held>> {
        self.try_hold(key.as_str()).await
    }

    async fn try_hold(&self, name: &str) -> Result<Option<Held>> {
        match self.hold(name, Instant::now()).await {
            Ok(held) => Ok(Some(held)),
            Err(error) if error.kind == Kind::Network => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits until nobody changes anything in the vault, and keeps everybody from it.
    pub(super) async fn acquire_vault(&self) -> Result<VaultHeld> {
        let file = self.lock_file(VAULT, "the vault", File::try_lock, Instant::now() + self.patience).await?;
        Ok(VaultHeld { _file: file })
    }

    async fn hold(&self, name: &str, deadline: Instant) -> Result<Held> {
        let within = {
            let mut within = self.within.lock().unwrap_or_else(PoisonError::into_inner);
            within.entry(name.to_owned()).or_default().clone()
        };
        let within = tokio::time::timeout_at(deadline, within.lock_owned()).await.map_err(|_| self.stuck(name))?;
        let file = self.lock_file(&format!("{}.lock", digest(name)), name, File::try_lock, deadline).await?;
        let vault = self.lock_file(VAULT, "the vault", File::try_lock_shared, deadline).await?;
        Ok(Held { _vault: vault, _file: file, _within: within })
    }

    /// Locks a file of the folder, where other processes share it, waiting until `deadline`.
    async fn lock_file(
        &self,
        file_name: &str,
        shown: &str,
        lock: fn(&File) -> std::result::Result<(), TryLockError>,
        deadline: Instant,
    ) -> Result<Option<File>> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let path = folder.join(file_name);
        let broken = |error: std::io::Error| {
            let mut broken = Error::new(Kind::Vault, format!("cannot lock `{}`", path.display()))
                .hinted("`hallpass doctor` looks at the folder");
            broken.causes.push(error.to_string());
            broken
        };
        private::folder(folder).map_err(|error| broken(std::io::Error::other(error)))?;
        let file = private::options().create(true).truncate(false).open(&path).map_err(broken)?;
        loop {
            match lock(&file) {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Err(self.stuck(shown)),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
                Err(TryLockError::Error(error)) => return Err(broken(error)),
            }
        }
    }

    fn stuck(&self, name: &str) -> Error {
        let seconds = self.patience.as_secs();
        Error::new(
            Kind::Network,
            format!("another process has been refreshing or changing `{name}` for {seconds} seconds"),
        )
        .hinted("end that process, or wait until it gives up; other connections are not held up")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jane() -> ConnectionRef {
        ConnectionRef::parse("github/jane").unwrap()
    }

    #[tokio::test]
    async fn one_connection_does_not_hold_up_another() {
        let locks = RefreshLocks::in_process();
        let _jane = locks.acquire(&jane()).await.unwrap();
        locks.acquire(&ConnectionRef::parse("github/joe").unwrap()).await.unwrap();
    }

    #[tokio::test]
    async fn another_processs_lock_is_waited_for_and_then_told() {
        let folder = tempfile::tempdir().unwrap();
        let patience = Duration::from_millis(60);
        let locks = || RefreshLocks { patience, ..RefreshLocks::in_folder(folder.path().join("locks")) };
        let (mine, others) = (locks(), locks());
        let held = others.acquire(&jane()).await.unwrap();
        assert_eq!(mine.acquire(&jane()).await.unwrap_err().kind, Kind::Network);
        drop(held);
        mine.acquire(&jane()).await.unwrap();
    }

    #[tokio::test]
    async fn whoever_moves_the_vault_waits_for_all_changes_and_keeps_others_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let patience = Duration::from_millis(60);
        let locks = || RefreshLocks { patience, ..RefreshLocks::in_folder(folder.path().join("locks")) };
        let (mine, others) = (locks(), locks());
        let joe = ConnectionRef::parse("github/joe").unwrap();
        let changing = (mine.acquire(&jane()).await.unwrap(), others.acquire(&joe).await.unwrap());
        assert!(mine.acquire_vault().await.is_err());
        drop(changing);
        let moving = mine.acquire_vault().await.unwrap();
        assert!(others.acquire(&joe).await.is_err() && mine.acquire(&jane()).await.is_err());
        drop(moving);
        others.acquire(&joe).await.unwrap();
    }
}
