//! Whether the store has changed, asked at every request of a server: without taking a lock, where the file
//! system tells.

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use super::{Store, StoreError};

/// How old the last write must be before its time says that there was no other: file systems keep times to the
/// tick of the kernel's clock (1 to 10 ms), and two writes within one have the same.
const SETTLED: Duration = Duration::from_millis(100);

/// A state of the store: two that are equal have nothing between them but activity of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    version: i64,
    changes: u64,
}

/// What is known of the changes.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// How often this process changed something that is not activity.
    own: AtomicU64,
    /// The log into which every process writes its changes, once there is one.
    log: OnceLock<File>,
    /// The version of the store while the log looks like this.
    known: RwLock<Option<(Look, i64)>>,
}

/// How the log looks from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    written_at: SystemTime,
    length: u64,
}

impl Changes {
    pub(super) fn count(&self) {
        self.own.fetch_add(1, Ordering::SeqCst);
    }

    /// Windows brings the times of open files up to date when it likes.
    #[cfg(unix)]
    fn look(&self) -> Option<Look> {
        let metadata = self.log.get()?.metadata().ok()?;
        Some(Look { written_at: metadata.modified().ok()?, length: metadata.len() })
    }

    #[cfg(not(unix))]
    fn look(&self) -> Option<Look> {
        None
    }
}

impl Store {
    /// Returns the state of the store.
    pub fn stamp(&self) -> Result<Stamp, StoreError> {
        // Before the rest: a change meanwhile makes this an older state, never a newer one.
        let changes = self.changes.own.load(Ordering::SeqCst);
        let look = self.changes.look();
        let known = *self.changes.known.read().unwrap_or_else(PoisonError::into_inner);
        if let (Some(look), Some((known, version))) = (look, known)
            && look == known
        {
            return Ok(Stamp { version, changes });
        }
        let version = self.version()?;
        // Whatever is written from now on has a later time than this.
        let is_settled = |look: &Look| SystemTime::now().duration_since(look.written_at).is_ok_and(|age| age > SETTLED);
        if let Some(look) = look.filter(is_settled) {
            *self.changes.known.write().unwrap_or_else(PoisonError::into_inner) = Some((look, version));
        }
        self.open_log();
        Ok(Stamp { version, changes })
    }

    /// SQLite keeps its write-ahead log while anybody has the store open.
    fn open_log(&self) {
        if let (None, Some(file)) = (self.changes.log.get(), &self.file) {
            let mut name = file.clone().into_os_string();
            name.push("-wal");
            if let Ok(log) = File::open(name) {
                // Another thread may have been faster.
                let _ = self.changes.log.set(log);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_another_process_is_another_state_however_fast_they_come() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("hallpass.db");
        let (ours, others) = (Store::at(file.clone()).unwrap(), Store::at(file).unwrap());
        others.set_note("n", "0").unwrap();
        let mut before = ours.stamp().unwrap();
        for number in 1..200 {
            others.set_note("n", &number.to_string()).unwrap();
            let now = ours.stamp().unwrap();
            assert_ne!(now, before, "{number}");
            before = ours.stamp().unwrap();
            assert_eq!(before, now);
            if number % 50 == 0 {
                // As if it were long ago, so that the log alone is looked at.
                let log = File::options().write(true).open(home.path().join("hallpass.db-wal")).unwrap();
                log.set_modified(SystemTime::now() - SETTLED * 2).unwrap();
                assert_eq!((ours.stamp().unwrap(), ours.stamp().unwrap()), (now, now));
            }
        }
    }

    #[test]
    fn own_changes_are_another_state_and_own_activity_is_not() {
        let store = Store::in_memory().unwrap();
        let before = store.stamp().unwrap();
        store.append(|database| database.execute_batch("SELECT 1")).unwrap();
        assert_eq!(store.stamp().unwrap(), before);
        store.set_note("n", "1").unwrap();
        assert_ne!(store.stamp().unwrap(), before);
    }
}
