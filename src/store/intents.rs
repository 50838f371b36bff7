//! What is about to be written into the vault. An intent that outlives its process tells the next
//! one that a write was interrupted, and where to look.

use rusqlite::{Connection as Sqlite, params};

use super::{Store, StoreError, column};
use crate::model::Time;

/// A write or a deletion that was announced and not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The number of its row.
    pub number: i64,
    /// What was to happen.
    pub kind: IntentKind,
    /// The vault's name of the item: `connection/github/jane`, `config/github`.
    pub item: String,
    /// The vault it is in: `keychain`, `sealed`.
    pub vault: String,
    /// The process that announced it.
    pub process: u32,
    /// When.
    pub at: Time,
}

/// What is about to happen to an item of the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentKind {
    /// It is written.
    Write,
    /// It is deleted.
    Delete,
}

impl Store {
    /// Announces a write or a deletion in a vault; returns the number that clears it. A write
    /// makes an earlier deletion of the same item void: what is written now is wanted.
    pub fn announce(&self, kind: IntentKind, item: &str, vault: &str, at: Time) -> Result<i64, StoreError> {
        self.write(|database| {
            if kind == IntentKind::Write {
                let sql = "DELETE FROM intents WHERE item = ?1 AND kind = ?2";
                database.execute(sql, params![item, word(IntentKind::Delete)])?;
            }
            announce(database, kind, item, vault, at)
        })
    }

    /// Clears an intent whose work is done or undone.
    pub fn clear_intent(&self, number: i64) -> Result<(), StoreError> {
        self.write(|database| clear(database, Some(number)))
    }

    /// Returns all that was announced and not cleared, oldest first.
    pub fn intents(&self) -> Result<Vec<Intent>, StoreError> {
        self.read(|database| {
            let mut statement = database.prepare("SELECT * FROM intents ORDER BY number")?;
            let rows = statement.query_map([], |row| {
                let kind: String = row.get("kind")?;
                Ok(Intent {
                    number: row.get("number")?,
                    kind: if kind == word(IntentKind::Delete) { IntentKind::Delete } else { IntentKind::Write },
                    item: row.get("item")?,
                    vault: row.get("vault")?,
                    process: row.get("process")?,
                    at: column::time(row, "at")?,
                })
            })?;
            rows.collect()
        })
    }
}

/// An item of the vault that was copied to another name and will be deleted under the old one.
#[derive(Debug, Clone, Copy)]
pub struct Rename<'a> {
    /// The intent that announced the copy.
    pub copied: Option<i64>,
    /// The old name.
    pub old_item: &'a str,
    /// The vault it is in.
    pub vault: &'a str,
    /// When.
    pub at: Time,
}

/// Clears the intent of a copy and announces the deletion of the original, in one transaction.
pub(super) fn replace(database: &Sqlite, rename: &Rename<'_>) -> rusqlite::Result<i64> {
    clear(database, rename.copied)?;
    announce(database, IntentKind::Delete, rename.old_item, rename.vault, rename.at)
}

fn announce(database: &Sqlite, kind: IntentKind, item: &str, vault: &str, at: Time) -> rusqlite::Result<i64> {
    let sql = "INSERT INTO intents (kind, item, vault, process, at) VALUES (?1, ?2, ?3, ?4, ?5)";
    database.execute(sql, params![word(kind), item, vault, std::process::id(), at.timestamp_millis()])?;
    Ok(database.last_insert_rowid())
}

pub(super) fn clear(database: &Sqlite, number: Option<i64>) -> rusqlite::Result<()> {
    if let Some(number) = number {
        database.execute("DELETE FROM intents WHERE number = ?1", [number])?;
    }
    Ok(())
}

fn word(kind: IntentKind) -> &'static str {
    match kind {
        IntentKind::Write => "write",
        IntentKind::Delete => "delete",
    }
}
