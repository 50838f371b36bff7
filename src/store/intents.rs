//! What is about to be written into the vault. An intent that outlives its process tells the next
//! one that a write was interrupted, where to look, and what the store was to say afterwards.

use rusqlite::{Connection as Sqlite, Row, params};
use serde::{Deserialize, Serialize};

use super::{Store, StoreError, column};
use crate::model::{Config, Connection, Time};

/// A write or a deletion that was announced and not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The number of its row. No two writes ever have the same: it is the revision of what is written.
    pub number: i64,
    /// What was to happen.
    pub kind: IntentKind,
    /// The vault's name of the item: `connection/github/jane`, `config/github`.
    pub item: String,
    /// The vault it is in: `keychain`, `sealed`.
    pub vault: String,
    /// Who announced it: the name of a lock that it holds as long as it lives.
    pub holder: String,
    /// When.
    pub at: Time,
    /// What the store is to say once the vault has it, where that was known by then.
    pub after: Option<After>,
}

/// What is about to happen to an item of the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentKind {
    /// It is written.
    Write,
    /// It is deleted, and the row of the store with it.
    Delete,
    /// It is deleted where it was: it stands under another name, or in another vault, now.
    Forget,
}

impl IntentKind {
    const ALL: [Self; 3] = [Self::Write, Self::Delete, Self::Forget];

    fn word(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Delete => "delete",
            Self::Forget => "forget",
        }
    }
}

/// A row of the store that belongs to an item of the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// Of a connection.
    Connection(Box<Connection>),
    /// Of a config.
    Config(Box<Config>),
}

/// An intent that is to be announced.
#[derive(Debug, Clone, Copy)]
pub struct Announcement<'a> {
    /// What will happen.
    pub kind: IntentKind,
    /// To which item.
    pub item: &'a str,
    /// In which vault.
    pub vault: &'a str,
    /// Who says so.
    pub holder: &'a str,
    /// When.
    pub at: Time,
}

impl Store {
    /// Announces a change in a vault; returns the number that clears it. A write makes earlier
    /// deletions of the same item there void: what is written now is wanted.
    pub fn announce(&self, announcement: &Announcement<'_>) -> Result<i64, StoreError> {
        self.write(|database| announce(database, announcement))
    }

    /// Announces several at once, in the place of `replaced`; returns their numbers.
    pub fn announce_all(&self, replaced: &[i64], announcements: &[Announcement<'_>]) -> Result<Vec<i64>, StoreError> {
        self.write(|database| {
            replaced.iter().try_for_each(|number| clear(database, Some(*number)))?;
            announcements.iter().map(|announcement| announce(database, announcement)).collect()
        })
    }

    /// Keeps a fact about the store itself, clears `done` and announces `next`, in one transaction;
    /// returns the numbers of what was announced.
    pub fn switch(
        &self,
        (note, value): (&str, &str),
        done: &[i64],
        next: &[Announcement<'_>],
    ) -> Result<Vec<i64>, StoreError> {
        self.write(|database| {
            super::set_note(database, note, value)?;
            done.iter().try_for_each(|number| clear(database, Some(*number)))?;
            next.iter().map(|announcement| announce(database, announcement)).collect()
        })
    }

    /// Adds to an intent what the store is to say afterwards. Its number becomes the revision there.
    pub fn complete_intent(&self, number: i64, after: &After) -> Result<(), StoreError> {
        self.write(|database| {
            let sql = "UPDATE intents SET after = ?2 WHERE number = ?1";
            database.execute(sql, params![number, column::to_json(after)]).map(|_| ())
        })
    }

    /// Clears an intent whose work is done or undone.
    pub fn clear_intent(&self, number: i64) -> Result<(), StoreError> {
        self.write(|database| clear(database, Some(number)))
    }

    /// Returns all that was announced and not cleared, oldest first.
    pub fn intents(&self) -> Result<Vec<Intent>, StoreError> {
        self.read(|database| {
            let mut statement = database.prepare_cached("SELECT * FROM intents ORDER BY number")?;
            statement.query_map([], intent)?.collect()
        })
    }

    /// Returns one intent, if it still stands.
    pub fn intent(&self, number: i64) -> Result<Option<Intent>, StoreError> {
        use rusqlite::OptionalExtension;
        self.read(|database| database.query_row("SELECT * FROM intents WHERE number = ?1", [number], intent).optional())
    }
}

fn intent(row: &Row<'_>) -> rusqlite::Result<Intent> {
    let kind: String = row.get("kind")?;
    let after: Option<String> = row.get("after")?;
    Ok(Intent {
        number: row.get("number")?,
        kind: IntentKind::ALL
            .into_iter()
            .find(|known| known.word() == kind)
            .ok_or_else(|| column::odd("kind", "an unknown word"))?,
        item: row.get("item")?,
        vault: row.get("vault")?,
        holder: row.get("holder")?,
        at: column::time(row, "at")?,
        // One that cannot be read is as good as none: the vault's record decides.
        after: after.and_then(|text| serde_json::from_str(&text).ok()),
    })
}

/// Makes every deletion of an item void: a row of the store that belongs to it is made again.
pub(super) fn void_deletions(database: &Sqlite, item: &str) -> rusqlite::Result<()> {
    let sql = "DELETE FROM intents WHERE item = ?1 AND kind = ?2";
    database.execute(sql, params![item, IntentKind::Delete.word()]).map(|_| ())
}

/// An item of the vault that was copied to another name and will be deleted under the old one.
#[derive(Debug, Clone, Copy)]
pub struct Rename<'a> {
    /// The intent that announced the copy.
    pub copied: Option<i64>,
    /// The deletion of the original.
    pub original: Announcement<'a>,
}

/// Clears the intent of a copy and announces the deletion of the original, in one transaction.
pub(super) fn replace(database: &Sqlite, rename: &Rename<'_>) -> rusqlite::Result<i64> {
    clear(database, rename.copied)?;
    announce(database, &rename.original)
}

pub(super) fn announce(database: &Sqlite, announcement: &Announcement<'_>) -> rusqlite::Result<i64> {
    let Announcement { kind, item, vault, holder, at } = *announcement;
    if kind == IntentKind::Write {
        let sql = "DELETE FROM intents WHERE item = ?1 AND vault = ?2 AND kind <> ?3";
        database.execute(sql, params![item, vault, IntentKind::Write.word()])?;
    }
    let sql = "INSERT INTO intents (kind, item, vault, holder, at) VALUES (?1, ?2, ?3, ?4, ?5)";
    database.execute(sql, params![kind.word(), item, vault, holder, at.timestamp_millis()])?;
    Ok(database.last_insert_rowid())
}

pub(super) fn clear(database: &Sqlite, number: Option<i64>) -> rusqlite::Result<()> {
    if let Some(number) = number {
        database.execute("DELETE FROM intents WHERE number = ?1", [number])?;
    }
    Ok(())
}
