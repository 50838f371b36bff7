//! Activity: the newest ten thousand rows of it.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, params};

use super::{Place, Store, StoreError, column, steps};
use crate::model::tape::Step;
use crate::model::{Activity, ConfigKey, ConnectionId, ConnectionRef, Happening, Outcome};

/// How many rows are kept.
const KEPT: i64 = 10_000;

impl Store {
    /// Keeps what happened (its number and its flow are chosen here) with the steps that it took, and drops what is
    /// very old: all in one transaction.
    pub fn add_activity(&self, activity: &Activity, place: &Place, taken: &[Step]) -> Result<i64, StoreError> {
        self.append(|database| {
            let sql = "INSERT INTO activity
                       (at, config, connection, happening, outcome, detail, took, fingerprint, caller)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
            database.execute(
                sql,
                params![
                    activity.at.timestamp_millis(),
                    activity.config.as_ref().map(ConfigKey::as_str),
                    activity.connection.as_ref().map(ConnectionId::as_str),
                    activity.happening.word(),
                    activity.outcome.word(),
                    activity.detail,
                    activity.took.map(|took| i64::try_from(took.as_millis()).unwrap_or(i64::MAX)),
                    activity.fingerprint,
                    activity.by.as_ref().map(column::to_json),
                ],
            )?;
            let number = database.last_insert_rowid();
            steps::put(database, number, place, taken)?;
            let oldest = number - KEPT;
            database.execute("DELETE FROM activity WHERE number <= ?1", [oldest])?;
            steps::drop_old(database, oldest)?;
            Ok(number)
        })
    }

    /// Returns what happened, newest first, at most `most` rows: all of it, or what concerns one
    /// connection.
    pub fn activity(&self, of: Option<&ConnectionRef>, most: u32) -> Result<Vec<Activity>, StoreError> {
        self.read(|database| {
            let filter =
                if of.is_some() { "WHERE config = ?1 AND connection = ?2" } else { "WHERE ?1 IS NULL AND ?2 IS NULL" };
            let sql = format!("SELECT * FROM activity {filter} ORDER BY number DESC LIMIT ?3");
            let (config, id) = (of.map(|of| of.config.as_str()), of.map(|of| of.id.as_str()));
            database.prepare_cached(&sql)?.query_map(params![config, id, most], activity)?.collect()
        })
    }

    /// Returns what happened after the row `number`, oldest first.
    pub fn activity_after(&self, number: i64, of: Option<&ConnectionRef>) -> Result<Vec<Activity>, StoreError> {
        self.read(|database| {
            let sql = "SELECT * FROM activity
                       WHERE number > ?3 AND (?1 IS NULL OR (config = ?1 AND connection = ?2)) ORDER BY number";
            let (config, id) = (of.map(|of| of.config.as_str()), of.map(|of| of.id.as_str()));
            database.prepare_cached(sql)?.query_map(params![config, id, number], activity)?.collect()
        })
    }

    /// Returns one row of activity.
    pub fn one_activity(&self, number: i64) -> Result<Option<Activity>, StoreError> {
        self.read(|database| {
            database.query_row("SELECT * FROM activity WHERE number = ?1", [number], activity).optional()
        })
    }

    /// Returns the rows with which flows began that have not ended, each with the name of the process that is at it.
    pub fn open_flows(&self) -> Result<Vec<(Activity, String)>, StoreError> {
        self.read(|database| {
            let sql = "SELECT activity.*, open_flows.holder FROM open_flows
                       JOIN activity ON activity.number = open_flows.flow ORDER BY open_flows.flow";
            let both = |row: &Row<'_>| Ok((activity(row)?, row.get("holder")?));
            database.prepare_cached(sql)?.query_map([], both)?.collect()
        })
    }
}

fn activity(row: &Row<'_>) -> rusqlite::Result<Activity> {
    let happening: String = row.get("happening")?;
    let outcome: String = row.get("outcome")?;
    let config: Option<String> = row.get("config")?;
    let connection: Option<String> = row.get("connection")?;
    let unknown = |name: &'static str| move || column::odd(name, "an unknown word");
    Ok(Activity {
        number: row.get("number")?,
        at: column::time(row, "at")?,
        config: config.map(ConfigKey::new).transpose().map_err(|error| column::odd("config", error))?,
        connection: connection.map(ConnectionId::new).transpose().map_err(|error| column::odd("connection", error))?,
        happening: Happening::from_word(&happening).ok_or_else(unknown("happening"))?,
        outcome: Outcome::from_word(&outcome).ok_or_else(unknown("outcome"))?,
        detail: row.get("detail")?,
        took: row.get::<_, Option<i64>>("took")?.map(|took| Duration::from_millis(took.unsigned_abs())),
        fingerprint: row.get("fingerprint")?,
        flow: row.get("flow")?,
        // One that cannot be read says nothing.
        by: row.get::<_, Option<String>>("caller")?.and_then(|text| serde_json::from_str(&text).ok()),
    })
}
