//! The header of a sealed vault: what unwraps its data key, the wrapped data key, and a marker that
//! tells whether the records were sealed under it.

use rusqlite::{Connection as Sqlite, OptionalExtension, params};
use zeroize::Zeroizing;

use super::key::{self, Key, KeyRing, Purpose};
use super::{VaultError, failed};
use crate::settings::KeySource;

/// The format that this version writes. 1 had no marker.
pub(super) const FORMAT: u32 = 2;
/// What the wrapped data key is bound to.
const HEADER_NAME: &[u8] = b"hallpass/vault/1/header";
/// What the marker is bound to.
const MARKER_NAME: &[u8] = b"hallpass/vault/2/marker";
/// What the marker says.
const MARKER: &[u8] = b"these records belong to this header";

/// The tables: header, records and marker.
const TABLES: [&str; 3] = [
    "CREATE TABLE header (one INTEGER PRIMARY KEY CHECK (one = 1), source TEXT NOT NULL, salt BLOB NOT NULL, wrapped BLOB NOT NULL) STRICT",
    "CREATE TABLE records (name TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT",
    "CREATE TABLE marker (one INTEGER PRIMARY KEY CHECK (one = 1), sealed BLOB NOT NULL) STRICT",
];

/// Tells whether a file that somebody else may have made holds these tables and nothing else: a view in
/// the place of one would run whatever was written into it.
pub(super) fn is_plain(database: &Sqlite) -> Result<bool, VaultError> {
    let list = || {
        let mut statement = database.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")?;
        statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()
    };
    Ok(list().map_err(failed("reading"))?.iter().all(|sql| TABLES.contains(&sql.as_str())))
}

/// The header as it stands in the file.
pub(super) struct Header {
    pub(super) source: KeySource,
    salt: [u8; 16],
    wrapped: Vec<u8>,
    /// `None` in a vault of the first format.
    marker: Option<Vec<u8>>,
}

impl Header {
    /// Reads it; `None` where there is none, because the vault is yet to be made.
    pub(super) fn read(database: &Sqlite) -> Result<Option<Self>, VaultError> {
        let has_table = |name: &str| {
            let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?1)";
            database.query_row(sql, [name], |row| row.get::<_, bool>(0)).map_err(failed("reading"))
        };
        if !has_table("header")? {
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
        let marker = if format(database)? < 2 {
            None
        } else {
            let marker = database.query_row("SELECT sealed FROM marker", [], |row| row.get::<_, Vec<u8>>(0));
            let marker = marker.optional().map_err(failed("reading"))?;
            Some(marker.ok_or_else(|| damaged("its marker is missing"))?)
        };
        let sources = [KeySource::Passphrase, KeySource::KeyFile, KeySource::Keychain];
        Ok(Some(Self {
            source: sources
                .into_iter()
                .find(|known| known.word() == source)
                .ok_or_else(|| damaged("its key source is unknown"))?,
            salt: salt.try_into().map_err(|_| damaged("its salt has the wrong length"))?,
            wrapped,
            marker,
        }))
    }

    /// Unwraps the data key, and makes sure that it is the one of these records.
    pub(super) fn data_key(&self, keys: &KeyRing) -> Result<Key, VaultError> {
        let wrapping = keys.wrapping_key(self.source, &self.salt, Purpose::Open)?;
        let what = match self.source {
            KeySource::Passphrase => "the passphrase",
            KeySource::KeyFile => "the key file",
            KeySource::Keychain => "the key in the keychain",
        };
        let opened = key::open(&wrapping, HEADER_NAME, &self.wrapped).ok_or(VaultError::WrongKey(what))?;
        let bytes: [u8; 32] = opened.as_slice().try_into().map_err(|_| VaultError::WrongKey(what))?;
        let key = Zeroizing::new(bytes);
        match &self.marker {
            Some(marker) if key::open(&key, MARKER_NAME, marker).is_none() => Err(VaultError::ForeignHeader),
            _ => Ok(key),
        }
    }
}

/// Returns the format of a vault's file; 0 where it is yet to be made.
pub(super) fn format(database: &Sqlite) -> Result<u32, VaultError> {
    database.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed("reading"))
}

/// What a new vault would be sealed with.
pub(super) struct Proposal {
    source: KeySource,
    salt: [u8; 16],
    data_key: Key,
    asked: Option<Key>,
}

impl Proposal {
    /// Asks for a passphrase where it takes one: a person must not be waited for while others wait
    /// for the file, and a passphrase makes nothing that a second one would overwrite.
    pub(super) fn new(keys: &KeyRing) -> Result<Self, VaultError> {
        let (source, salt) = (keys.source(), key::fresh::<16>());
        let asked = match source {
            KeySource::Passphrase => Some(keys.wrapping_key(source, &salt, Purpose::Make)?),
            KeySource::KeyFile | KeySource::Keychain => None,
        };
        Ok(Self { source, salt, data_key: key::random(), asked })
    }

    /// Makes the tables and the header in one transaction. Another process may do the same at the
    /// same time: the first one's header stands, and the second makes no key beside it.
    pub(super) fn make(self, database: &Sqlite, keys: &KeyRing) -> Result<Key, VaultError> {
        let made = in_transaction(database, || match Header::read(database)? {
            Some(header) => Ok(Err(header)),
            None => self.make_tables(database, keys).map(Ok),
        })?;
        // A person may be asked for what opens the other one: nobody waits for the file meanwhile.
        made.or_else(|header| header.data_key(keys))
    }

    fn make_tables(self, database: &Sqlite, keys: &KeyRing) -> Result<Key, VaultError> {
        let Self { source, salt, data_key, asked } = self;
        let wrapping = match asked {
            Some(key) => key,
            None => keys.wrapping_key(source, &salt, Purpose::Make)?,
        };
        let wrapped = key::seal(&wrapping, HEADER_NAME, &*data_key);
        let make = || {
            database.execute_batch(TABLES[0])?;
            database.execute_batch(TABLES[1])?;
            let sql = "INSERT INTO header (one, source, salt, wrapped) VALUES (1, ?1, ?2, ?3)";
            database.execute(sql, params![source.word(), salt, wrapped])?;
            make_marker(database, &data_key)
        };
        make().map_err(failed("making"))?;
        Ok(data_key)
    }
}

fn make_marker(database: &Sqlite, data_key: &Key) -> rusqlite::Result<()> {
    database.execute_batch(TABLES[2])?;
    let marker = key::seal(data_key, MARKER_NAME, MARKER);
    database.execute("INSERT INTO marker (one, sealed) VALUES (1, ?1)", [marker])?;
    database.pragma_update(None, "user_version", FORMAT)
}

/// Brings a vault to the format of this version; the caller made a copy of it. Another process may
/// have been faster.
pub(super) fn upgrade(database: &Sqlite, data_key: &Key) -> Result<(), VaultError> {
    in_transaction(database, || {
        if format(database)? < FORMAT {
            make_marker(database, data_key).map_err(failed("upgrading"))?;
        }
        Ok(())
    })
}

fn in_transaction<T>(database: &Sqlite, work: impl FnOnce() -> Result<T, VaultError>) -> Result<T, VaultError> {
    database.execute_batch("BEGIN IMMEDIATE").map_err(failed("making"))?;
    let outcome = work();
    let end = if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" };
    database.execute_batch(end).map_err(failed("making"))?;
    outcome
}
