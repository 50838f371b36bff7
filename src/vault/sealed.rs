//! The sealed vault: a SQLite file of its own, a record a row, each sealed under the data key with
//! its name bound to it. A write costs the same at 10 and at 10,000 records.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection as Sqlite, OptionalExtension, params};
use zeroize::Zeroizing;

use super::key::{self, Key, KeyRing, Purpose};
use super::{VaultBackend, VaultError};
use crate::model::Secret;
use crate::settings::KeySource;
use crate::settings::private;

/// The format that this version writes.
const FORMAT: u32 = 1;
/// How long a write waits for another process's.
const BUSY: Duration = Duration::from_secs(3);
/// What the wrapped data key is bound to.
const HEADER_NAME: &[u8] = b"hallpass/vault/1/header";

/// A sealed vault, perhaps not opened yet. Reading from one that does not exist finds nothing and
/// makes nothing.
pub struct Sealed {
    file: PathBuf,
    keys: KeyRing,
    open: Option<Opened>,
}

struct Opened {
    database: Sqlite,
    key: Key,
}

/// Returns the key source of the vault at `file`, if there is a vault.
pub fn key_source(file: &Path) -> Result<Option<KeySource>, VaultError> {
    if !file.exists() {
        return Ok(None);
    }
    Ok(header(&connect(file)?)?.map(|header| header.source))
}

impl Sealed {
    /// Takes the vault at `file`, to be opened with one of `keys` when it is first used.
    pub fn at(file: PathBuf, keys: KeyRing) -> Self {
        Self { file, keys, open: None }
    }

    fn opened(&mut self, purpose: Purpose) -> Result<Option<&mut Opened>, VaultError> {
        if self.open.is_none() {
            if purpose == Purpose::Open && !self.file.exists() {
                return Ok(None);
            }
            // A person is asked before there is a file: one that is made and taken away again could
            // be open in another process, which would write into nothing.
            let early = if self.file.exists() { None } else { Some(Proposal::new(&self.keys)?) };
            private::file(&self.file)?;
            let database = connect(&self.file)?;
            let key = match header(&database)? {
                Some(header) => header.data_key(&self.keys)?,
                None if purpose == Purpose::Open => return Ok(None),
                None => {
                    let proposal = early.map_or_else(|| Proposal::new(&self.keys), Ok)?;
                    make_header(&database, &self.keys, proposal)?
                }
            };
            self.open = Some(Opened { database, key });
        }
        Ok(self.open.as_mut())
    }
}

struct Header {
    source: KeySource,
    salt: [u8; 16],
    wrapped: Vec<u8>,
}

impl Header {
    fn data_key(&self, keys: &KeyRing) -> Result<Key, VaultError> {
        let wrapping = keys.wrapping_key(self.source, &self.salt, Purpose::Open)?;
        let what = match self.source {
            KeySource::Passphrase => "the passphrase",
            KeySource::KeyFile => "the key file",
            KeySource::Keychain => "the key in the keychain",
        };
        let opened = key::open(&wrapping, HEADER_NAME, &self.wrapped).ok_or(VaultError::WrongKey(what))?;
        let bytes: [u8; 32] = opened.as_slice().try_into().map_err(|_| VaultError::WrongKey(what))?;
        Ok(Zeroizing::new(bytes))
    }
}

fn failed(doing: &'static str) -> impl Fn(rusqlite::Error) -> VaultError {
    move |source| VaultError::Database { doing, source }
}

fn connect(file: &Path) -> Result<Sqlite, VaultError> {
    let open = || {
        let database = private::database(file, BUSY)?;
        // What was deleted is overwritten, sealed as it is.
        database.pragma_update(None, "secure_delete", true)?;
        let format = database.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0))?;
        Ok((database, format))
    };
    match open().map_err(failed("opening"))? {
        (_, format) if format > FORMAT => Err(VaultError::Newer(format)),
        (database, _) => Ok(database),
    }
}

fn header(database: &Sqlite) -> Result<Option<Header>, VaultError> {
    let has_tables: bool = database
        .query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'header')", [], |row| row.get(0))
        .map_err(failed("reading"))?;
    if !has_tables {
        return Ok(None);
    }
    let row = database
        .query_row("SELECT source, salt, wrapped FROM header", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, Vec<u8>>(2)?))
        })
        .optional()
        .map_err(failed("reading"))?;
    let damaged = |why| VaultError::Damaged { item: "header".to_owned(), why };
    // A vault without its header must never be taken for a new one.
    let (source, salt, wrapped) = row.ok_or_else(|| damaged("it is missing"))?;
    let sources = [KeySource::Passphrase, KeySource::KeyFile, KeySource::Keychain];
    Ok(Some(Header {
        source: sources
            .into_iter()
            .find(|known| known.word() == source)
            .ok_or_else(|| damaged("its key source is unknown"))?,
        salt: salt.try_into().map_err(|_| damaged("its salt has the wrong length"))?,
        wrapped,
    }))
}

/// Makes the tables and the header in one transaction. Another process may do the same at the
/// same time: the first one's header stands, and the second makes no key beside it.
/// What a new vault would be sealed with.
struct Proposal {
    source: KeySource,
    salt: [u8; 16],
    data_key: Key,
    asked: Option<Key>,
}

impl Proposal {
    /// Asks for a passphrase where it takes one: a person must not be waited for while others wait
    /// for the file, and a passphrase makes nothing that a second one would overwrite.
    fn new(keys: &KeyRing) -> Result<Self, VaultError> {
        let (source, salt) = (keys.source(), key::fresh::<16>());
        let asked = match source {
            KeySource::Passphrase => Some(keys.wrapping_key(source, &salt, Purpose::Make)?),
            KeySource::KeyFile | KeySource::Keychain => None,
        };
        Ok(Self { source, salt, data_key: key::random(), asked })
    }
}

fn make_header(database: &Sqlite, keys: &KeyRing, proposal: Proposal) -> Result<Key, VaultError> {
    database.execute_batch("BEGIN IMMEDIATE").map_err(failed("making"))?;
    let made = make_in_transaction(database, keys, proposal);
    let end = if made.is_ok() { "COMMIT" } else { "ROLLBACK" };
    database.execute_batch(end).map_err(failed("making"))?;
    made
}

fn make_in_transaction(database: &Sqlite, keys: &KeyRing, proposal: Proposal) -> Result<Key, VaultError> {
    if let Some(header) = header(database)? {
        return header.data_key(keys);
    }
    let Proposal { source, salt, data_key, asked } = proposal;
    let wrapping = match asked {
        Some(key) => key,
        None => keys.wrapping_key(source, &salt, Purpose::Make)?,
    };
    let wrapped = key::seal(&wrapping, HEADER_NAME, &*data_key);
    let make = || {
        database.execute_batch(
            "CREATE TABLE header (one INTEGER PRIMARY KEY CHECK (one = 1), source TEXT NOT NULL, salt BLOB NOT NULL, wrapped BLOB NOT NULL) STRICT;
             CREATE TABLE records (name TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT;",
        )?;
        database.pragma_update(None, "user_version", FORMAT)?;
        let sql = "INSERT INTO header (one, source, salt, wrapped) VALUES (1, ?1, ?2, ?3)";
        database.execute(sql, params![source.word(), salt, wrapped])
    };
    make().map_err(failed("making"))?;
    Ok(data_key)
}

fn bound_name(item: &str) -> Vec<u8> {
    [b"hallpass/vault/1/record/", item.as_bytes()].concat()
}

impl VaultBackend for Sealed {
    fn read(&mut self, item: &str) -> Result<Option<Secret>, VaultError> {
        let Some(Opened { database, key }) = self.opened(Purpose::Open)? else { return Ok(None) };
        let sealed: Option<Vec<u8>> = database
            .query_row("SELECT sealed FROM records WHERE name = ?1", [item], |row| row.get(0))
            .optional()
            .map_err(failed("reading"))?;
        let Some(sealed) = sealed else { return Ok(None) };
        let damaged = |why| VaultError::Damaged { item: item.to_owned(), why };
        let plain = key::open(key, &bound_name(item), &sealed)
            .ok_or_else(|| damaged("it is not what was written under this name"))?;
        let text = std::str::from_utf8(&plain).map_err(|_| damaged("it is no text"))?;
        Ok(Some(Secret::new(text)))
    }

    fn write(&mut self, item: &str, value: &Secret) -> Result<(), VaultError> {
        let Some(Opened { database, key }) = self.opened(Purpose::Make)? else {
            return Err(VaultError::PassphraseNeeded(Purpose::Make));
        };
        let sealed = key::seal(key, &bound_name(item), value.expose().as_bytes());
        let sql = "INSERT INTO records (name, sealed) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed";
        database.execute(sql, params![item, sealed]).map(|_| ()).map_err(failed("writing"))
    }

    fn delete(&mut self, item: &str) -> Result<(), VaultError> {
        let Some(Opened { database, .. }) = self.opened(Purpose::Open)? else { return Ok(()) };
        database.execute("DELETE FROM records WHERE name = ?1", [item]).map(|_| ()).map_err(failed("writing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> KeyRing {
        KeyRing { passphrase: Some(Secret::new(text)), ask: None, file: None, chosen: None }
    }

    fn key_file(path: &Path) -> KeyRing {
        KeyRing { passphrase: None, ask: None, file: Some(path.to_owned()), chosen: None }
    }

    struct Place {
        folder: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap() }
        }

        fn file(&self) -> PathBuf {
            self.folder.path().join("vault.db")
        }

        fn vault(&self) -> Sealed {
            Sealed::at(self.file(), key_file(&self.folder.path().join("key")))
        }

        fn sql(&self, sql: &str) {
            Sqlite::open(self.file()).unwrap().execute_batch(sql).unwrap();
        }
    }

    #[test]
    fn reading_makes_nothing() {
        let place = Place::new();
        assert_eq!(place.vault().read("x").unwrap(), None);
        place.vault().delete("x").unwrap();
        assert!(!place.file().exists());
    }

    #[test]
    fn values_of_any_size_come_back_in_another_process() {
        let place = Place::new();
        for value in [String::new(), "a\0ключ\u{10FFFF}".to_owned(), "x".repeat(1 << 20)] {
            place.vault().write("c", &Secret::new(value.clone())).unwrap();
            assert_eq!(place.vault().read("c").unwrap(), Some(Secret::new(value)));
        }
        place.vault().delete("c").unwrap();
        assert_eq!(place.vault().read("c").unwrap(), None);
    }

    #[test]
    fn a_wrong_passphrase_is_told_at_once_and_changes_nothing() {
        let place = Place::new();
        Sealed::at(place.file(), passphrase("right")).write("c", &Secret::new("v")).unwrap();
        let mut wrong = Sealed::at(place.file(), passphrase("wrong"));
        assert!(matches!(wrong.read("c"), Err(VaultError::WrongKey("the passphrase"))));
        assert!(matches!(wrong.write("c", &Secret::new("w")), Err(VaultError::WrongKey(_))));
        assert_eq!(Sealed::at(place.file(), passphrase("right")).read("c").unwrap(), Some(Secret::new("v")));
    }

    #[test]
    fn a_vault_whose_key_file_is_gone_gets_no_new_key() {
        let place = Place::new();
        place.vault().write("c", &Secret::new("v")).unwrap();
        std::fs::remove_file(place.folder.path().join("key")).unwrap();
        assert!(matches!(place.vault().read("c"), Err(VaultError::KeyMissing(_))));
        assert!(matches!(place.vault().write("c", &Secret::new("w")), Err(VaultError::KeyMissing(_))));
        assert!(!place.folder.path().join("key").exists());
    }

    #[test]
    fn a_record_under_another_name_is_refused_by_name() {
        let place = Place::new();
        place.vault().write("a", &Secret::new("v")).unwrap();
        place.sql("UPDATE records SET name = 'b'");
        let error = place.vault().read("b").unwrap_err();
        assert!(matches!(&error, VaultError::Damaged { item, .. } if item == "b"), "{error}");
    }

    #[test]
    fn a_header_that_is_gone_is_damage_and_not_a_new_vault() {
        let place = Place::new();
        place.vault().write("a", &Secret::new("v")).unwrap();
        place.sql("DELETE FROM header");
        assert!(matches!(place.vault().write("a", &Secret::new("w")), Err(VaultError::Damaged { .. })));
    }

    #[test]
    fn a_newer_format_is_refused() {
        let place = Place::new();
        place.vault().write("a", &Secret::new("v")).unwrap();
        place.sql("PRAGMA user_version = 9");
        assert!(matches!(place.vault().read("a"), Err(VaultError::Newer(9))));
    }

    #[test]
    fn nothing_of_a_value_stands_in_the_file() {
        let place = Place::new();
        place.vault().write("a", &Secret::new("canary-7d1f")).unwrap();
        for entry in std::fs::read_dir(place.folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(11).any(|window| window == b"canary-7d1f"));
        }
    }

    #[test]
    fn a_vault_that_could_not_be_made_leaves_no_file() {
        let place = Place::new();
        let nobody = KeyRing { passphrase: None, ask: None, file: None, chosen: None };
        assert!(Sealed::at(place.file(), nobody).write("a", &Secret::new("v")).is_err());
        assert!(!place.file().exists());
    }

    #[test]
    fn without_a_passphrase_the_error_says_that_one_is_needed() {
        let place = Place::new();
        let nobody = || KeyRing { passphrase: None, ask: None, file: None, chosen: None };
        assert!(matches!(
            Sealed::at(place.file(), nobody()).write("a", &Secret::new("v")),
            Err(VaultError::PassphraseNeeded(Purpose::Make))
        ));
    }
}
