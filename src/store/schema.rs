//! Opening a database, and bringing it to the schema of this version.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection as Sqlite;

use super::StoreError;
use crate::settings::private;

/// How long a write waits for another process's.
const BUSY: Duration = Duration::from_secs(5);

/// The steps from one version to the next. A step that was released is never changed.
const STEPS: [&str; 4] = [
    "
    CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE configs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        provider TEXT NOT NULL,
        client_id TEXT NOT NULL,
        has_client_secret INTEGER NOT NULL,
        scopes TEXT NOT NULL,
        redirect_uri TEXT,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE connections (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        config TEXT NOT NULL,
        id TEXT NOT NULL,
        provider TEXT NOT NULL,
        requested_scopes TEXT NOT NULL,
        granted_scopes TEXT,
        expires_at INTEGER,
        obtained_at INTEGER NOT NULL,
        is_refreshable INTEGER NOT NULL,
        variables TEXT NOT NULL,
        problem_kind TEXT,
        problem_reason TEXT,
        problem_at INTEGER,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        refreshed_at INTEGER,
        UNIQUE (config, id)
    ) STRICT;
    CREATE TABLE intents (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        item TEXT NOT NULL,
        vault TEXT NOT NULL,
        process INTEGER NOT NULL,
        at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE pending (
        state_digest TEXT PRIMARY KEY,
        config TEXT NOT NULL,
        connection TEXT NOT NULL,
        relay_port INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE activity (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        config TEXT,
        connection TEXT,
        happening TEXT NOT NULL,
        outcome TEXT NOT NULL,
        detail TEXT NOT NULL,
        took INTEGER,
        fingerprint TEXT
    ) STRICT;
    CREATE INDEX activity_of_connection ON activity (config, connection, number);
",
    "
    ALTER TABLE configs ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE connections ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE intents RENAME TO intents_of_processes;
    CREATE TABLE intents (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        item TEXT NOT NULL,
        vault TEXT NOT NULL,
        holder TEXT NOT NULL,
        at INTEGER NOT NULL,
        after TEXT
    ) STRICT;
    INSERT INTO intents (number, kind, item, vault, holder, at)
        SELECT number, kind, item, vault, '', at FROM intents_of_processes;
    DROP TABLE intents_of_processes;
",
    "
    ALTER TABLE connections ADD COLUMN way TEXT NOT NULL DEFAULT 'oauth2';
    CREATE TABLE metadata (
        issuer TEXT PRIMARY KEY,
        document TEXT NOT NULL,
        fetched_at INTEGER NOT NULL
    ) STRICT;
",
    "
    ALTER TABLE activity ADD COLUMN flow INTEGER;
    ALTER TABLE activity ADD COLUMN caller TEXT;
    CREATE TABLE steps (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        flow INTEGER NOT NULL,
        at INTEGER NOT NULL,
        took INTEGER,
        what TEXT NOT NULL,
        times INTEGER NOT NULL,
        request TEXT,
        answer TEXT
    ) STRICT;
    CREATE INDEX steps_of_flow ON steps (flow, number);
    CREATE TABLE open_flows (flow INTEGER PRIMARY KEY, holder TEXT NOT NULL) STRICT;
",
];

/// The version this program knows.
#[expect(clippy::cast_possible_truncation, reason = "there are a handful of steps")]
const VERSION: u32 = STEPS.len() as u32;

pub(super) fn in_memory() -> Result<Sqlite, StoreError> {
    let opening = |source| StoreError::Database { doing: "opening", source };
    let mut database = Sqlite::open_in_memory().map_err(opening)?;
    upgrade(&mut database).map_err(opening)?;
    Ok(database)
}

/// Opens the file, which exists, and upgrades it after making a copy.
pub(super) fn open(file: &Path) -> Result<Sqlite, StoreError> {
    let opening = |source| StoreError::Database { doing: "opening", source };
    let mut database = private::database(file, BUSY).map_err(opening)?;
    let found = version(&database).map_err(opening)?;
    if found > VERSION {
        return Err(StoreError::Newer { path: file.to_owned(), found, known: VERSION });
    }
    if found < VERSION {
        if found > 0 {
            let path = file.with_extension(format!("db.schema-{found}"));
            private::copy(&database, found, &path).map_err(|source| StoreError::Copy { path, source })?;
        }
        let found = upgrade(&mut database).map_err(opening)?;
        if found > VERSION {
            return Err(StoreError::Newer { path: file.to_owned(), found, known: VERSION });
        }
    }
    Ok(database)
}

fn version(database: &Sqlite) -> rusqlite::Result<u32> {
    database.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Runs the missing steps in one transaction; another process may have been faster, and may have been
/// a newer one. Returns the version that was found.
fn upgrade(database: &mut Sqlite) -> rusqlite::Result<u32> {
    let transaction = database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    if found >= VERSION {
        return Ok(found);
    }
    for step in STEPS.iter().skip(found as usize) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(found)
}
