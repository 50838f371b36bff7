//! The folders and files of a home: whether they can be written, by whom, how fast, and how much
//! room there is.

use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::Finding;
use crate::service::Service;
use crate::settings::private;
use crate::vault::key;

/// A disk on which a small write takes longer is slow: each token that is refreshed costs four.
const SLOW: Duration = Duration::from_millis(250);
/// With less than this many bytes a disk is as good as full.
const NOTHING: u64 = 1024 * 1024;
/// What mends a full one.
const FULL: &str = "make room on it; nothing is lost, but no token can be refreshed";
/// With less room than this, in bytes, a store may soon not be written any more.
const LITTLE: u64 = 16 << 20;

impl Service {
    /// Returns what is to be said of the home.
    pub(super) fn home_findings(&self) -> Vec<Finding> {
        let folder = self.settings.paths.store.parent().unwrap_or_else(|| Path::new("."));
        let mut findings = vec![folder_finding(folder)];
        findings.extend(self.files_finding());
        if folder.is_dir() {
            findings.push(self.disk_finding(folder));
        }
        findings.extend(umask_finding());
        findings.extend(self.interrupted_finding());
        findings
    }

    /// Files that others could read, or that are not where they seem to be.
    fn files_finding(&self) -> Option<Finding> {
        let paths = &self.settings.paths;
        let files = [&paths.store, &paths.sealed_vault, &paths.settings, &paths.locks, &paths.logs];
        let is_link = |path: &&&std::path::PathBuf| path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
        if let Some(link) = files.iter().find(is_link).filter(|path| **path != &paths.settings) {
            return Some(Finding::odd(
                "files",
                format!("`{}` is a symbolic link; hallpass keeps nothing behind one", link.display()),
                "put the file itself there, or set HALLPASS_HOME to where the link leads",
            ));
        }
        let closed = private::closed();
        let shown: Vec<String> = closed.iter().map(|path| format!("`{}`", path.display())).collect();
        (!shown.is_empty()).then(|| {
            Finding::odd(
                "files",
                format!("other users could read {}; it is closed to them now", shown.join(", ")),
                "find out what opened it; if others may have read it, revoke and authorize again",
            )
        })
    }

    fn disk_finding(&self, folder: &Path) -> Finding {
        const WHAT: &str = "disk";
        let room = room(folder);
        let shown = room.map(|bytes| format!("{} MiB of room", bytes >> 20)).unwrap_or_default();
        if self.settings.read_only {
            return Finding::well(WHAT, shown);
        }
        match write_something(folder) {
            Err(error) => {
                let (found, mend) = match error.kind() {
                    ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ("is full", FULL),
                    ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => (
                        "cannot be written",
                        "tokens that are still valid are handed out; to refresh, make it writable or name another folder with `--home`",
                    ),
                    _ => ("cannot be written", "look at the disk"),
                };
                Finding::broken(WHAT, format!("`{}` {found}: {error}", folder.display()), mend)
            }
            // A page or two may be there, and no refresh does with them.
            Ok(_) if room.is_some_and(|room| room < NOTHING) => {
                let left = room.unwrap_or_default() / 1024;
                Finding::broken(WHAT, format!("`{}` is full: {left} KiB of room", folder.display()), FULL)
            }
            Ok(took) if took > SLOW => Finding::odd(
                WHAT,
                format!("a small write takes {} ms", took.as_millis()),
                "name a folder on a faster disk with `--home`; a network file system may lock wrongly, too",
            ),
            Ok(_) if room.is_some_and(|room| room < LITTLE) => Finding::odd(WHAT, shown, "make more room"),
            Ok(_) => Finding::well(WHAT, shown),
        }
    }

    fn interrupted_finding(&self) -> Option<Finding> {
        let waiting = self.store.intents().ok()?.len();
        (waiting > 0).then(|| {
            Finding::odd(
                "writes",
                format!("{waiting} that were interrupted, or are under way, wait to be finished"),
                "any command finishes them, once the vault can be reached",
            )
        })
    }
}

fn folder_finding(folder: &Path) -> Finding {
    const WHAT: &str = "folder";
    let shown = folder.display();
    match std::fs::metadata(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Finding::well(WHAT, format!("`{shown}` is made when something is saved"))
        }
        Err(error) => Finding::odd(WHAT, format!("`{shown}`: {error}"), "name another folder with `--home`"),
        Ok(metadata) if !metadata.is_dir() => {
            Finding::odd(WHAT, format!("`{shown}` is not a folder"), "name another one with `--home`")
        }
        Ok(metadata) => mode_finding(folder, &metadata),
    }
}

/// Writes a small file, makes it durable, and takes it away again; returns how long that took.
fn write_something(folder: &Path) -> std::io::Result<Duration> {
    // Others may be able to write here, which the doctor is to find out: nothing that is there is opened.
    let path = folder.join(format!("doctor-{:016x}", u64::from_le_bytes(key::fresh())));
    let started = Instant::now();
    let mut file = private::options().create_new(true).open(&path)?;
    let outcome = file.write_all(&[0; 4096]).and_then(|()| file.sync_all());
    let took = started.elapsed();
    std::fs::remove_file(&path)?;
    outcome.map(|()| took)
}

/// Returns how many bytes the user may still write.
#[cfg(unix)]
fn room(folder: &Path) -> Option<u64> {
    let system = rustix::fs::statvfs(folder).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}

#[cfg(not(unix))]
fn room(_folder: &Path) -> Option<u64> {
    None
}

/// Linux tells the umask in a file; elsewhere it can only be read by changing it.
fn umask_finding() -> Option<Finding> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let umask = status.lines().find_map(|line| line.strip_prefix("Umask:"))?.trim();
    let is_open = u32::from_str_radix(umask, 8).ok()? & 0o022 == 0;
    is_open.then(|| {
        Finding::odd(
            "umask",
            format!("{umask}: what programs make is open for everybody to write"),
            "`umask 077`; hallpass makes its own files private whatever it is",
        )
    })
}

#[cfg(unix)]
fn mode_finding(folder: &Path, metadata: &std::fs::Metadata) -> Finding {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    let shown = folder.display();
    if mode & 0o022 != 0 {
        Finding::broken(
            "folder",
            format!("other users may write into `{shown}` (mode {mode:o})"),
            format!("chmod 700 '{shown}'"),
        )
    } else if mode & 0o055 != 0 {
        Finding::odd(
            "folder",
            format!("other users may look into `{shown}` (mode {mode:o}); the files in it are closed to them"),
            format!("chmod 700 '{shown}'"),
        )
    } else {
        Finding::well("folder", format!("`{shown}`"))
    }
}

#[cfg(not(unix))]
fn mode_finding(folder: &Path, _metadata: &std::fs::Metadata) -> Finding {
    Finding::well("folder", format!("`{}`", folder.display()))
}
