//! The sealed vault: a SQLite file of its own, a record a row, each sealed under the data key with
//! its name bound to it. A write costs the same at 10 and at 10,000 records.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection as Sqlite, ErrorCode, OptionalExtension, params};

use super::header::{self, FORMAT, Header, Proposal};
use super::key::{self, Key, KeyRing};
use super::{VaultBackend, VaultError, failed};
use crate::model::Secret;
use crate::settings::KeySource;
use crate::settings::private;

/// How long a write waits for another process's.
const BUSY: Duration = Duration::from_secs(3);

/// A sealed vault, perhaps not opened yet. Reading from one that does not exist finds nothing and
/// makes nothing.
pub struct Sealed {
    file: PathBuf,
    keys: KeyRing,
    holds_secrets: bool,
    database: Option<Sqlite>,
    key: Option<Key>,
}

/// Returns the key source of the vault at `file`, if there is a vault.
pub fn key_source(file: &Path) -> Result<Option<KeySource>, VaultError> {
    if !file.exists() {
        return Ok(None);
    }
    Ok(Header::read(&connect(file)?)?.map(|header| header.source))
}

/// Tells whether the vault at `file` holds anything. It needs no key.
pub fn holds_records(file: &Path) -> Result<bool, VaultError> {
    if !file.exists() {
        return Ok(false);
    }
    let database = connect(file)?;
    if Header::read(&database)?.is_none() {
        return Ok(false);
    }
    database.query_row("SELECT EXISTS (SELECT 1 FROM records)", [], |row| row.get(0)).map_err(failed("reading"))
}

impl Sealed {
    /// Takes the vault at `file`, to be opened with one of `keys` when it is first used.
    pub fn at(file: PathBuf, keys: KeyRing) -> Self {
        Self { file, keys, holds_secrets: false, database: None, key: None }
    }

    /// Makes a vault in memory, to be written elsewhere as a whole.
    pub fn in_memory(keys: KeyRing) -> Result<Self, VaultError> {
        let database = Sqlite::open_in_memory().map_err(failed("making"))?;
        let key = Proposal::new(&keys)?.make(&database, &keys)?;
        Ok(Self { database: Some(database), key: Some(key), ..Self::at(PathBuf::new(), keys) })
    }

    /// Reads a vault that was written as a whole to `file`, which is only named. It cannot be changed.
    pub fn from_bytes(bytes: &[u8], file: PathBuf, keys: KeyRing) -> Result<Self, VaultError> {
        let mut database = Sqlite::open_in_memory().map_err(failed("opening"))?;
        // Whoever made the file may have put anything into it: nothing of its schema is run.
        database.pragma_update(None, "trusted_schema", false).map_err(failed("opening"))?;
        database.deserialize_read_exact("main", bytes, bytes.len(), true).map_err(failed("opening"))?;
        let read = header::format(&database).and_then(|found| Ok((found, header::is_plain(&database)?)));
        let mut vault = Self { database: Some(database), ..Self::at(file, keys) };
        match read.map_err(|error| vault.named(error))? {
            (found, _) if found > FORMAT => return Err(VaultError::Newer(found)),
            (_, false) => {
                return Err(VaultError::Damaged {
                    item: "file".to_owned(),
                    why: "it holds other tables than a vault's",
                });
            }
            (_, true) => {}
        }
        vault.holds_secrets = true;
        vault.open()?;
        Ok(vault)
    }

    /// Returns the whole vault, to be written elsewhere.
    pub fn to_bytes(&mut self) -> Result<Vec<u8>, VaultError> {
        let Some(database) = &mut self.database else { return Ok(Vec::new()) };
        Ok(database.serialize("main").map_err(failed("reading"))?.to_vec())
    }

    /// Says whether secrets were put into it before: then a file that is gone, or empty, is a loss
    /// and not a vault that is yet to be made.
    #[must_use]
    pub fn expected(self, holds_secrets: bool) -> Self {
        Self { holds_secrets, ..self }
    }

    /// Opens the file, if there is one, and reads its header.
    fn header(&mut self) -> Result<Option<Header>, VaultError> {
        if self.database.is_none() && self.file.exists() {
            private::file(&self.file)?;
            self.database = Some(connect(&self.file).map_err(|error| self.named(error))?);
        }
        let header = match &self.database {
            Some(database) => Header::read(database).map_err(|error| self.named(error))?,
            None => None,
        };
        if header.is_none() && self.holds_secrets {
            let found = if self.database.is_some() { "empty" } else { "gone" };
            return Err(VaultError::Gone { path: self.file.clone(), found });
        }
        Ok(header)
    }

    /// Opens the vault for reading; `None` where it is yet to be made.
    fn open(&mut self) -> Result<Option<(&Sqlite, &Key)>, VaultError> {
        if self.key.is_none() {
            let Some(header) = self.header()? else { return Ok(None) };
            self.key = Some(header.data_key(&self.keys)?);
        }
        Ok(self.database.as_ref().zip(self.key.as_ref()))
    }

    /// Opens the vault for writing, making it where there is none, and upgrading an older one.
    fn open_or_make(&mut self) -> Result<(&Sqlite, &Key), VaultError> {
        if self.key.is_none() {
            let header = match self.header() {
                // Whoever took the file away may begin anew; over an empty one no key is made.
                Err(VaultError::Gone { found: "gone", .. }) => None,
                outcome => outcome?,
            };
            self.key = Some(match header {
                Some(header) => header.data_key(&self.keys)?,
                None => self.make()?,
            });
        }
        let missing = || VaultError::Gone { path: self.file.clone(), found: "gone" };
        let (Some(database), Some(key)) = (&self.database, &self.key) else { return Err(missing()) };
        let found = header::format(database)?;
        if found < FORMAT {
            let path = self.file.with_extension(format!("db.format-{found}"));
            private::copy(database, found, &path).map_err(|source| VaultError::Copy { path, source })?;
            header::upgrade(database, key)?;
        }
        Ok((database, key))
    }

    fn make(&mut self) -> Result<Key, VaultError> {
        // A person is asked before there is a file: one that is made and taken away again could be
        // open in another process, which would write into nothing.
        let proposal = Proposal::new(&self.keys)?;
        private::file(&self.file)?;
        let database = connect(&self.file)?;
        let key = proposal.make(&database, &self.keys)?;
        self.database = Some(database);
        Ok(key)
    }

    /// Names the file in an error of the database that says it is damaged.
    fn named(&self, error: VaultError) -> VaultError {
        match error {
            VaultError::Database { doing, source } => self.explain(doing, None, source),
            other => other,
        }
    }

    fn explain(&self, doing: &'static str, item: Option<&str>, source: rusqlite::Error) -> VaultError {
        let is_damage = source.sqlite_error().is_some_and(|error| {
            matches!(error.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                || error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ
        });
        if is_damage {
            VaultError::Corrupt { path: self.file.clone(), item: item.map(str::to_owned), source }
        } else {
            VaultError::Database { doing, source }
        }
    }
}

fn connect(file: &Path) -> Result<Sqlite, VaultError> {
    let database = private::database(file, BUSY).map_err(failed("opening"))?;
    // What was deleted is overwritten, sealed as it is.
    database.pragma_update(None, "secure_delete", true).map_err(failed("opening"))?;
    match header::format(&database)? {
        format if format > FORMAT => Err(VaultError::Newer(format)),
        _ => Ok(database),
    }
}

fn bound_name(item: &str) -> Vec<u8> {
    [b"hallpass/vault/1/record/", item.as_bytes()].concat()
}

impl VaultBackend for Sealed {
    fn read(&mut self, item: &str) -> Result<Option<Secret>, VaultError> {
        let Some((database, key)) = self.open()? else { return Ok(None) };
        let sql = "SELECT sealed FROM records WHERE name = ?1";
        let sealed = match database.query_row(sql, [item], |row| row.get::<_, Vec<u8>>(0)).optional() {
            Ok(Some(sealed)) => sealed,
            Ok(None) => return Ok(None),
            Err(error) => return Err(self.explain("reading", Some(item), error)),
        };
        let damaged = |why| VaultError::Damaged { item: item.to_owned(), why };
        let plain = key::open(key, &bound_name(item), &sealed)
            .ok_or_else(|| damaged("it is not what was written under this name"))?;
        let text = std::str::from_utf8(&plain).map_err(|_| damaged("it is no text"))?;
        Ok(Some(Secret::new(text)))
    }

    fn write(&mut self, item: &str, value: &Secret) -> Result<(), VaultError> {
        let (database, key) = self.open_or_make()?;
        let sealed = key::seal(key, &bound_name(item), value.expose().as_bytes());
        let sql = "INSERT INTO records (name, sealed) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed";
        let outcome = database.execute(sql, params![item, sealed]);
        outcome.map(|_| ()).map_err(|error| self.explain("writing", Some(item), error))
    }

    fn delete(&mut self, item: &str) -> Result<(), VaultError> {
        match self.header() {
            // What is gone is deleted.
            Ok(None) | Err(VaultError::Gone { .. }) => return Ok(()),
            outcome => outcome?,
        };
        let Some(database) = &self.database else { return Ok(()) };
        let outcome = database.execute("DELETE FROM records WHERE name = ?1", [item]);
        outcome.map(|_| ()).map_err(|error| self.explain("writing", Some(item), error))
    }
}

#[cfg(test)]
#[path = "sealed_tests.rs"]
mod tests;
