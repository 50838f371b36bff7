//! The steps of flows, which go in and out with the rows of activity that they belong to; and the flows that are not at
//! their end yet, with the name of whoever is at them.

use std::time::Duration;

use rusqlite::{Connection as Sqlite, OptionalExtension, Row, params};

use super::{Store, StoreError, column};
use crate::model::tape::{Step, What};

/// How many steps are kept in all; each is at most some 16 KiB, most are one.
const KEPT: i64 = 5_000;

/// What a row of activity is to its flow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Place {
    /// There is none.
    #[default]
    Alone,
    /// It is all of it, or the beginning of one whose end nobody is owed.
    First,
    /// It is the beginning of one that goes on, in the process of this name (the name of a lock that it holds as long
    /// as it lives).
    Opens(String),
    /// It belongs to the flow of this number.
    Within(i64),
    /// It is the end of that flow.
    Ends(i64),
}

impl Store {
    /// Returns the steps of the flow that a row of activity belongs to, in their order; `None` where there is no such
    /// row.
    pub fn steps(&self, activity: i64) -> Result<Option<Vec<Step>>, StoreError> {
        self.read(|database| {
            let flow = database
                .query_row("SELECT flow FROM activity WHERE number = ?1", [activity], |row| {
                    row.get::<_, Option<i64>>(0)
                })
                .optional()?;
            let Some(flow) = flow else { return Ok(None) };
            let sql = "SELECT * FROM steps WHERE flow = ?1 ORDER BY number";
            let steps = database.prepare_cached(sql)?.query_map([flow], step)?.collect::<rusqlite::Result<_>>()?;
            Ok(Some(steps))
        })
    }

    /// Takes a flow for ended; tells whether nobody did before.
    pub fn close_flow(&self, flow: i64) -> Result<bool, StoreError> {
        self.append(|database| Ok(database.execute("DELETE FROM open_flows WHERE flow = ?1", [flow])? > 0))
    }
}

/// Says what place a row has, and keeps the steps that came with it.
pub(super) fn put(database: &Sqlite, number: i64, place: &Place, steps: &[Step]) -> rusqlite::Result<()> {
    let flow = match place {
        Place::Alone => return Ok(()),
        Place::First => number,
        Place::Opens(holder) => {
            database.execute("INSERT INTO open_flows (flow, holder) VALUES (?1, ?2)", params![number, holder])?;
            number
        }
        Place::Within(flow) => *flow,
        Place::Ends(flow) => {
            database.execute("DELETE FROM open_flows WHERE flow = ?1", [flow])?;
            *flow
        }
    };
    database.execute("UPDATE activity SET flow = ?2 WHERE number = ?1", [number, flow])?;
    let sql = "INSERT INTO steps (flow, at, took, what, times, request, answer) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let mut insert = database.prepare_cached(sql)?;
    for step in steps {
        insert.execute(params![
            flow,
            step.at.timestamp_millis(),
            step.took.map(|took| i64::try_from(took.as_millis()).unwrap_or(i64::MAX)),
            step.what.word(),
            step.times,
            step.request.as_ref().map(column::to_json),
            step.answer.as_ref().map(column::to_json),
        ])?;
    }
    Ok(())
}

/// Drops the steps of rows that are gone, and what is too much.
pub(super) fn drop_old(database: &Sqlite, oldest: i64) -> rusqlite::Result<()> {
    database.prepare_cached("DELETE FROM steps WHERE flow <= ?1")?.execute([oldest])?;
    database.prepare_cached("DELETE FROM open_flows WHERE flow <= ?1")?.execute([oldest])?;
    let sql = "DELETE FROM steps WHERE number <= (SELECT max(number) FROM steps) - ?1";
    database.prepare_cached(sql)?.execute([KEPT])?;
    Ok(())
}

fn step(row: &Row<'_>) -> rusqlite::Result<Step> {
    let what: String = row.get("what")?;
    let read = |name: &'static str| row.get::<_, Option<String>>(name);
    let odd = |name: &'static str| move |error: serde_json::Error| column::odd(name, error);
    Ok(Step {
        at: column::time(row, "at")?,
        took: row.get::<_, Option<i64>>("took")?.map(|took| Duration::from_millis(took.unsigned_abs())),
        what: What::from_word(&what).ok_or_else(|| column::odd("what", "an unknown word"))?,
        times: row.get("times")?,
        request: read("request")?.map(|text| serde_json::from_str(&text)).transpose().map_err(odd("request"))?,
        answer: read("answer")?.map(|text| serde_json::from_str(&text)).transpose().map_err(odd("answer"))?,
    })
}
