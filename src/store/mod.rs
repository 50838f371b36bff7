//! The store: configs, connections, pending flows and activity. It holds no secret.
//!
//! One SQLite file, shared by any number of processes of the same user. Nothing is written until
//! something is saved: without a file, everything reads as empty. Calls block for the length of
//! one small transaction, at most five seconds while another process writes.

mod activity;
mod configs;
mod connections;
mod intents;
mod metadata;
mod pending;
mod schema;
mod stamp;
mod steps;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection as Sqlite;

pub use intents::{After, Announcement, Intent, IntentKind, Rename};
pub use pending::PendingFlow;
use stamp::Changes;
pub use stamp::Stamp;
pub use steps::Place;

use crate::settings::private::{self, PrivateError};

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database says no.
    #[error("{doing} the store")]
    Database {
        /// What was tried: "reading", "writing", "opening".
        doing: &'static str,
        /// Why it did not work.
        source: rusqlite::Error,
    },
    /// The file or its folder is not safe to use.
    #[error(transparent)]
    Private(#[from] PrivateError),
    /// A later version made it.
    #[error("the store `{}` was made by a newer hallpass (schema {found}, this one knows {known})", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// A connection is to be saved, and its config was deleted meanwhile, or moved to another provider.
    #[error("the config `{0}` was deleted, renamed or moved to another provider meanwhile")]
    NoConfig(String),
    /// What is to be made is there already.
    #[error("`{0}` exists already")]
    Exists(String),
    /// The copy that is made before an upgrade did not work out.
    #[error("copying the store to `{}` before upgrading it", path.display())]
    Copy {
        /// The copy.
        path: PathBuf,
        /// Why not.
        source: private::CopyError,
    },
}

impl StoreError {
    fn reading(source: rusqlite::Error) -> Self {
        Self::Database { doing: "reading", source }
    }

    fn writing(source: rusqlite::Error) -> Self {
        Self::Database { doing: "writing", source }
    }
}

/// The store.
#[derive(Debug)]
pub struct Store {
    file: Option<PathBuf>,
    database: Mutex<Database>,
    changes: Changes,
}

#[derive(Debug)]
enum Database {
    /// There is no file; this empty one stands in for it.
    Empty(Sqlite),
    Open(Sqlite),
}

impl Store {
    /// Takes the store at `file`, which is opened when it is first used and made when something
    /// is first saved.
    pub fn at(file: PathBuf) -> Result<Self, StoreError> {
        Ok(Self {
            file: Some(file),
            database: Mutex::new(Database::Empty(schema::in_memory()?)),
            changes: Changes::default(),
        })
    }

    /// Makes a store that is gone when the program ends.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self { file: None, database: Mutex::new(Database::Open(schema::in_memory()?)), changes: Changes::default() })
    }

    /// Tells whether anything was ever saved.
    pub fn exists(&self) -> bool {
        self.file.as_ref().is_none_or(|file| file.exists())
    }

    /// Returns a number that changes when another process changes the store.
    pub fn version(&self) -> Result<i64, StoreError> {
        self.read(|database| database.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0)))
    }

    /// Returns a fact about the store itself, such as which vault belongs to it.
    pub fn note(&self, name: &str) -> Result<Option<String>, StoreError> {
        use rusqlite::OptionalExtension;
        self.read(|database| {
            let mut statement = database.prepare_cached("SELECT value FROM notes WHERE name = ?1")?;
            statement.query_row([name], |row| row.get(0)).optional()
        })
    }

    /// Keeps a fact about the store itself unless one of that name is there; returns what stands.
    pub fn claim_note(&self, name: &str, value: &str) -> Result<String, StoreError> {
        self.write(|database| {
            database.execute(
                "INSERT INTO notes (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING",
                [name, value],
            )?;
            database.query_row("SELECT value FROM notes WHERE name = ?1", [name], |row| row.get(0))
        })
    }

    /// Keeps a fact about the store itself.
    pub fn set_note(&self, name: &str, value: &str) -> Result<(), StoreError> {
        self.write(|database| set_note(database, name, value))
    }

    fn read<T>(&self, call: impl FnOnce(&Sqlite) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let mut database = self.lock();
        self.open_if_there(&mut database)?;
        let (Database::Empty(connection) | Database::Open(connection)) = &*database;
        call(connection).map_err(StoreError::reading)
    }

    /// Runs `call` in one transaction that is durable when this returns.
    fn write<T>(&self, call: impl FnOnce(&Sqlite) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let written = self.append(call);
        self.changes.count();
        written
    }

    /// Does the same for what changes nothing that was read before: activity.
    fn append<T>(&self, call: impl FnOnce(&Sqlite) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let mut database = self.lock();
        if let (Database::Empty(_), Some(file)) = (&*database, &self.file) {
            private::file(file)?;
            *database = Database::Open(schema::open(file)?);
        }
        let (Database::Empty(connection) | Database::Open(connection)) = &mut *database;
        // IMMEDIATE takes the write lock at once: a reader that becomes a writer cannot wait for it.
        let transaction = connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(StoreError::writing)?;
        let value = call(&transaction).map_err(StoreError::writing)?;
        transaction.commit().map_err(StoreError::writing)?;
        Ok(value)
    }

    fn open_if_there(&self, database: &mut Database) -> Result<(), StoreError> {
        if let (Database::Empty(_), Some(file)) = (&*database, &self.file)
            && file.exists()
        {
            private::file(file)?;
            *database = Database::Open(schema::open(file)?);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Database> {
        // A panic in the middle of a transaction rolled it back; the connection is still good.
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn set_note(database: &Sqlite, name: &str, value: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO notes (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    database.execute(sql, [name, value]).map(|_| ())
}

/// Times rest as milliseconds since 1970, UTC.
mod column {
    use rusqlite::Row;
    use rusqlite::types::Type;

    use crate::model::Time;

    pub(super) fn time(row: &Row<'_>, name: &str) -> rusqlite::Result<Time> {
        let milliseconds: i64 = row.get(name)?;
        Time::from_timestamp_millis(milliseconds).ok_or_else(|| odd(name, "a time out of range"))
    }

    pub(super) fn optional_time(row: &Row<'_>, name: &str) -> rusqlite::Result<Option<Time>> {
        match row.get::<_, Option<i64>>(name)? {
            None => Ok(None),
            Some(_) => time(row, name).map(Some),
        }
    }

    pub(super) fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, name: &str) -> rusqlite::Result<T> {
        let text: String = row.get(name)?;
        serde_json::from_str(&text).map_err(|error| odd(name, error))
    }

    pub(super) fn odd(name: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
        let error = error.into();
        rusqlite::Error::FromSqlConversionFailure(0, Type::Text, format!("column {name}: {error}").into())
    }

    pub(super) fn to_json(value: &impl serde::Serialize) -> String {
        serde_json::to_string(value).expect("lists and string maps are JSON")
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
