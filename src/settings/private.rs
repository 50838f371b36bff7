//! Files, folders and databases that only their owner may read: made with that mode, never opened up
//! by a umask, never reached through a symbolic link.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection as Sqlite, OpenFlags};

/// A place that is not safe to keep anything in.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    /// It cannot be made or looked at.
    #[error("cannot {doing} `{}`", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It belongs to somebody else, who could put anything in its place.
    #[error("`{}` belongs to another user; name a folder of your own with `--home`", .0.display())]
    Foreign(PathBuf),
    /// It is a symbolic link.
    #[error("`{}` is a symbolic link; hallpass keeps nothing behind one (remove it, or set HALLPASS_HOME to where it leads)", .0.display())]
    Symlink(PathBuf),
    /// Others may write into it.
    #[error("other users may write into `{}`; take that away with `chmod go-w`", .0.display())]
    OpenToOthers(PathBuf),
}

/// Files that others could read, until this process closed them.
static CLOSED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Returns the files that others could read until this process closed them.
pub fn closed() -> BTreeSet<PathBuf> {
    CLOSED.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Makes a folder (0700) and those above it, unless it is there; refuses one that others may
/// write into.
pub fn folder(path: &Path) -> Result<(), PrivateError> {
    let io = |doing| move |source| PrivateError::Io { doing, path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => {
            // A folder the user named themselves may well be a link (a dotfile manager's); what
            // counts is where it leads.
            check_folder(path, &fs::metadata(path).map_err(io("look at"))?)
        }
        Ok(metadata) => check_folder(path, &metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make_folder(path).map_err(io("make the folder")),
        Err(error) => Err(io("look at")(error)),
    }
}

/// Makes an empty file (0600) unless it is there, and takes away what others may do with it.
pub fn file(path: &Path) -> Result<(), PrivateError> {
    let io = |doing| move |source| PrivateError::Io { doing, path: path.to_owned(), source };
    if let Some(parent) = path.parent() {
        folder(parent)?;
    }
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => return Err(PrivateError::Symlink(path.to_owned())),
        Ok(_) => return tighten(path).map_err(io("close to other users")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io("look at")(error)),
    }
    match options().create_new(true).open(path) {
        Ok(_) => Ok(()),
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(io("make")(error)),
    }
}

/// Returns options that open a file for reading and writing, and make it with mode 0600.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Opens a SQLite file that is there already, for any number of processes: what is committed
/// survives a power cut, and whoever comes second waits for `patience`. Where it cannot be written,
/// it is opened for reading.
pub fn database(path: &Path, patience: Duration) -> rusqlite::Result<Sqlite> {
    let codes = [rusqlite::ErrorCode::ReadOnly, rusqlite::ErrorCode::CannotOpen, rusqlite::ErrorCode::PermissionDenied];
    match writable_database(path, patience) {
        Err(error) if error.sqlite_error_code().is_some_and(|code| codes.contains(&code)) => {
            readable_database(path, patience).map_err(|_| error)
        }
        outcome => outcome,
    }
}

/// Opens a file that cannot be written. Write-ahead logging wants a file beside it even for reading;
/// where that cannot be made, nobody writes, and the file is all there is.
fn readable_database(path: &Path, patience: Duration) -> rusqlite::Result<Sqlite> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = |name: &Path, flags| {
        let database = Sqlite::open_with_flags(name, flags)?;
        database.busy_timeout(patience)?;
        database.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(database)
    };
    open(path, flags).or_else(|error: rusqlite::Error| {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        // What stands in the log alone would be missing.
        if fs::metadata(log).is_ok_and(|metadata| metadata.len() > 0) {
            return Err(error);
        }
        let name = percent_encoding::utf8_percent_encode(&path.to_string_lossy(), percent_encoding::NON_ALPHANUMERIC)
            .to_string();
        let name = format!("file:{}?immutable=1", name.replace("%2F", "/"));
        open(Path::new(&name), flags | OpenFlags::SQLITE_OPEN_URI)
    })
}

fn writable_database(path: &Path, patience: Duration) -> rusqlite::Result<Sqlite> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Sqlite::open_with_flags(path, flags)?;
    database.busy_timeout(patience)?;
    switch_to_wal(&database, patience)?;
    // In KiB. A process that writes on and on would keep the usual 2 MiB of it for ever; the system caches too.
    database.pragma_update(None, "cache_size", -256)?;
    // FULL: durable in write-ahead mode too.
    database.pragma_update(None, "synchronous", "FULL")?;
    Ok(database)
}

/// Whoever switches to write-ahead logging first needs the file to itself for a moment, and for that
/// SQLite does not wait by itself: it answers "busy" at once.
fn switch_to_wal(database: &Sqlite, patience: Duration) -> rusqlite::Result<()> {
    let busy = [Some(rusqlite::ErrorCode::DatabaseBusy), Some(rusqlite::ErrorCode::DatabaseLocked)];
    let started = Instant::now();
    loop {
        match database.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if busy.contains(&error.sqlite_error_code()) && started.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(5));
            }
            outcome => return outcome,
        }
    }
}

/// A copy that did not work out.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The file of the copy cannot be made.
    #[error("making it: {0}")]
    File(#[from] io::Error),
    /// The database cannot be copied.
    #[error("copying: {0}")]
    Database(#[from] rusqlite::Error),
}

/// Copies a database of `version` as it is at this moment, to a file (0600) that is there whole or not
/// at all, and durable when this returns. Where another process has changed the version meanwhile, its
/// copy stands.
pub fn copy(database: &Sqlite, version: u32, path: &Path) -> Result<(), CopyError> {
    // Process numbers are no names: every container begins at 1.
    let number = getrandom::u64().map_err(io::Error::other)?;
    let part = path.with_added_extension(format!("{number:016x}.part"));
    options().create_new(true).open(&part)?;
    let copied = (|| {
        let mut target = Sqlite::open(&part)?;
        rusqlite::backup::Backup::new(database, &mut target)?.run_to_completion(1_000, Duration::ZERO, None)?;
        // In one file, without a log beside it.
        target.pragma_update(None, "journal_mode", "DELETE")?;
        target.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0))
    })();
    let outcome = match copied {
        Ok(found) if found == version => {
            fs::rename(&part, path).and_then(|()| sync_folder_of(path)).map_err(CopyError::from)
        }
        Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    };
    // It is there unless it was renamed; half a copy is of no use.
    let _ = fs::remove_file(&part);
    outcome
}

/// Makes a new name in a folder survive a power cut.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent().filter(|parent| cfg!(unix) && !parent.as_os_str().is_empty()) {
        Some(parent) => fs::File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(unix)]
fn make_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_folder(path: &Path) -> io::Result<()> {
    // The profile folder's access list keeps other users out.
    fs::create_dir_all(path)
}

#[cfg(unix)]
fn check_folder(path: &Path, metadata: &fs::Metadata) -> Result<(), PrivateError> {
    use std::os::unix::fs::PermissionsExt;
    let owner = std::os::unix::fs::MetadataExt::uid(metadata);
    if owner != rustix::process::geteuid().as_raw() && owner != 0 {
        return Err(PrivateError::Foreign(path.to_owned()));
    }
    if metadata.permissions().mode() & 0o022 == 0 { Ok(()) } else { Err(PrivateError::OpenToOthers(path.to_owned())) }
}

#[cfg(not(unix))]
fn check_folder(_path: &Path, _metadata: &fs::Metadata) -> Result<(), PrivateError> {
    Ok(())
}

#[cfg(unix)]
fn tighten(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    tracing::warn!(path = %path.display(), "other users could read this file; closed it to them");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    CLOSED.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
    Ok(())
}

#[cfg(not(unix))]
fn tighten(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("the test made it").permissions().mode() & 0o777
    }

    #[test]
    fn folders_are_0700_and_files_0600_from_the_start() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/b/store.db");
        file(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[test]
    fn a_file_that_was_opened_up_is_closed_again() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("store.db");
        fs::write(&path, "x").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        file(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_symbolic_link_in_the_place_of_a_file_is_refused() {
        let home = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/passwd", home.path().join("store.db")).unwrap();
        assert!(matches!(file(&home.path().join("store.db")), Err(PrivateError::Symlink(_))));
    }

    #[test]
    fn a_folder_that_others_may_write_into_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let open = home.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(folder(&open), Err(PrivateError::OpenToOthers(_))));
    }
}
