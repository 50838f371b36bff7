//! The metadata of issuers, as it was fetched. It is public.

use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError, column};
use crate::model::Time;

impl Store {
    /// Returns the document of an issuer, and when it was fetched.
    pub fn metadata(&self, issuer: &str) -> Result<Option<(String, Time)>, StoreError> {
        self.read(|database| {
            let sql = "SELECT document, fetched_at FROM metadata WHERE issuer = ?1";
            let row = |row: &rusqlite::Row<'_>| Ok((row.get("document")?, column::time(row, "fetched_at")?));
            database.query_row(sql, [issuer], row).optional()
        })
    }

    /// Keeps the document of an issuer.
    pub fn keep_metadata(&self, issuer: &str, document: &str, at: Time) -> Result<(), StoreError> {
        self.write(|database| {
            let sql = "INSERT INTO metadata (issuer, document, fetched_at) VALUES (?1, ?2, ?3)
                       ON CONFLICT (issuer) DO UPDATE SET document = excluded.document, fetched_at = excluded.fetched_at";
            database.execute(sql, params![issuer, document, at.timestamp_millis()]).map(|_| ())
        })
    }
}
