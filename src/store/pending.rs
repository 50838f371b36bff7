//! Authorizations that are under way, so that the process that holds the callback's port can send
//! a browser on to the process that began its flow. A digest of the state is kept, never the state.

use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError, column};
use crate::model::{ConfigKey, ConnectionId, ConnectionRef, Time};

/// An authorization under way in a process that does not hold the callback's port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingFlow {
    /// SHA-256 of the state, in base64url.
    pub state_digest: String,
    /// The connection it is for.
    pub connection: ConnectionRef,
    /// The port on 127.0.0.1 where its process listens.
    pub relay_port: u16,
    /// When it ends by itself.
    pub expires_at: Time,
}

impl Store {
    /// Keeps a flow until it ends, and drops those that have ended.
    pub fn add_pending(&self, flow: &PendingFlow, now: Time) -> Result<(), StoreError> {
        self.write(|database| {
            database.execute("DELETE FROM pending WHERE expires_at <= ?1", [now.timestamp_millis()])?;
            let sql = "INSERT INTO pending (state_digest, config, connection, relay_port, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)";
            database.execute(sql, params![
                flow.state_digest, flow.connection.config.as_str(), flow.connection.id.as_str(), flow.relay_port,
                flow.expires_at.timestamp_millis(),
            ]).map(|_| ())
        })
    }

    /// Returns the flow whose state has this digest, if it is still under way.
    pub fn pending(&self, state_digest: &str, now: Time) -> Result<Option<PendingFlow>, StoreError> {
        self.read(|database| {
            let sql = "SELECT * FROM pending WHERE state_digest = ?1 AND expires_at > ?2";
            database
                .query_row(sql, params![state_digest, now.timestamp_millis()], |row| {
                    let config: String = row.get("config")?;
                    let connection: String = row.get("connection")?;
                    Ok(PendingFlow {
                        state_digest: row.get("state_digest")?,
                        connection: ConnectionRef::new(
                            ConfigKey::new(config).map_err(|error| column::odd("config", error))?,
                            ConnectionId::new(connection).map_err(|error| column::odd("connection", error))?,
                        ),
                        relay_port: row.get("relay_port")?,
                        expires_at: column::time(row, "expires_at")?,
                    })
                })
                .optional()
        })
    }

    /// Forgets a flow that ended.
    pub fn remove_pending(&self, state_digest: &str) -> Result<(), StoreError> {
        self.write(|database| {
            database.execute("DELETE FROM pending WHERE state_digest = ?1", [state_digest]).map(|_| ())
        })
    }
}
