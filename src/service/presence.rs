//! Whether whoever announced an intent still lives: each process holds a lock of its own for as long
//! as it does, and the system frees it whatever ends the process. A process number would not do:
//! they are given out again, and every container begins at 1.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::settings::private;
use crate::vault::key;

/// How the files begin.
const PREFIX: &str = "process-";

/// This process's sign of life, made when it is first needed.
#[derive(Debug)]
pub(super) struct Presence {
    folder: Option<PathBuf>,
    held: Mutex<Option<(String, File)>>,
}

impl Presence {
    /// Shows its sign in `folder`, where others look for it.
    pub(super) fn in_folder(folder: PathBuf) -> Self {
        Self { folder: Some(folder), held: Mutex::default() }
    }

    /// Shows none: nobody else sees this store.
    pub(super) fn in_process() -> Self {
        Self { folder: None, held: Mutex::default() }
    }

    /// Returns the name under which others can tell that this process lives.
    pub(super) fn name(&self) -> io::Result<String> {
        let Some(folder) = &self.folder else { return Ok(String::new()) };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((name, _)) = &*held {
            return Ok(name.clone());
        }
        private::folder(folder).map_err(io::Error::other)?;
        loop {
            let name = format!("{PREFIX}{:032x}", u128::from_le_bytes(key::fresh()));
            let path = lock_path(folder, &name);
            let file = private::options().create_new(true).open(&path)?;
            // Whoever sweeps may have had it between the two.
            if file.try_lock().is_ok() && path.exists() {
                *held = Some((name.clone(), file));
                return Ok(name);
            }
        }
    }

    /// Tells whether the process of this name lives.
    pub(super) fn is_alive(&self, name: &str) -> bool {
        let Some(folder) = self.folder.as_ref().filter(|_| is_name(name)) else { return false };
        let file = private::options().open(lock_path(folder, name));
        file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// Takes away the files of processes that are gone.
    pub(super) fn sweep(&self) -> io::Result<()> {
        let Some(folder) = self.folder.as_ref().filter(|folder| folder.exists()) else { return Ok(()) };
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let is_ours = path.file_stem().and_then(|stem| stem.to_str()).is_some_and(is_name);
            if is_ours
                && let Ok(file) = private::options().open(&path)
                && file.try_lock().is_ok()
            {
                // Another sweeper may have been faster.
                let _ = std::fs::remove_file(&path);
            }
        }
        Ok(())
    }
}

fn lock_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.lock"))
}

/// Names come from the store, and become a part of a path.
fn is_name(text: &str) -> bool {
    text.strip_prefix(PREFIX).is_some_and(|rest| rest.chars().all(|character| character.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_lives_until_it_lets_go_and_its_file_is_swept_then() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (Presence::in_folder(folder.path().into()), Presence::in_folder(folder.path().into()));
        let name = one.name().unwrap();
        assert_eq!(one.name().unwrap(), name);
        assert!(other.is_alive(&name) && one.is_alive(&name));
        other.sweep().unwrap();
        assert!(other.is_alive(&name), "a living one is not swept");
        drop(one);
        assert!(!other.is_alive(&name));
        other.sweep().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_name_from_the_store_reaches_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let presence = Presence::in_folder(folder.path().join("locks"));
        for name in ["", "process-../x", "../process-1", "other"] {
            assert!(!presence.is_alive(name), "{name}");
        }
        assert!(!folder.path().join("locks").exists());
    }
}
