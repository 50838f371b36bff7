//! Connections, and what went wrong with them last.

use rusqlite::{OptionalExtension, Row, params};

use super::intents::Rename;
use super::{Store, StoreError, column};
use crate::model::{ConfigKey, Connection, ConnectionId, ConnectionRef, Problem, ProblemKind, ProviderId, WayIn};

impl Store {
    /// Returns every connection, sorted by config and id.
    pub fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        self.read(|database| {
            let mut statement = database.prepare_cached("SELECT * FROM connections ORDER BY config, id")?;
            statement.query_map([], connection)?.collect()
        })
    }

    /// Returns the connections under one config, sorted by id.
    pub fn connections_of(&self, config: &ConfigKey) -> Result<Vec<Connection>, StoreError> {
        self.read(|database| {
            let mut statement = database.prepare_cached("SELECT * FROM connections WHERE config = ?1 ORDER BY id")?;
            statement.query_map([config.as_str()], connection)?.collect()
        })
    }

    /// Returns one connection.
    pub fn connection(&self, reference: &ConnectionRef) -> Result<Option<Connection>, StoreError> {
        self.read(|database| {
            let mut statement = database.prepare_cached("SELECT * FROM connections WHERE config = ?1 AND id = ?2")?;
            statement.query_row([reference.config.as_str(), reference.id.as_str()], connection).optional()
        })
    }

    /// Saves a connection, new or not, and clears the intent that announced it. Its number and
    /// the time it was made stay. Fails where its config is gone,
    /// or is for another provider.
    pub fn save_connection(&self, connection: &Connection, intent: Option<i64>) -> Result<(), StoreError> {
        let rows = self.write(|database| {
            let sql = "INSERT INTO connections
                (config, id, provider, requested_scopes, granted_scopes, expires_at, obtained_at, is_refreshable, variables,
                 problem_kind, problem_reason, problem_at, created_at, updated_at, refreshed_at, revision, way)
                SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17
                WHERE EXISTS (SELECT 1 FROM configs WHERE key = ?1 AND provider = ?3)
                ON CONFLICT (config, id) DO UPDATE SET
                 provider = excluded.provider, requested_scopes = excluded.requested_scopes, granted_scopes = excluded.granted_scopes,
                 expires_at = excluded.expires_at, obtained_at = excluded.obtained_at, is_refreshable = excluded.is_refreshable,
                 variables = excluded.variables, problem_kind = excluded.problem_kind, problem_reason = excluded.problem_reason,
                 problem_at = excluded.problem_at, updated_at = excluded.updated_at, refreshed_at = excluded.refreshed_at,
                 revision = excluded.revision, way = excluded.way";
            let problem = connection.problem.as_ref();
            let rows = database.execute(sql, params![
                connection.reference.config.as_str(), connection.reference.id.as_str(), connection.provider.as_str(),
                column::to_json(&connection.requested_scopes), connection.granted_scopes.as_ref().map(column::to_json),
                connection.expires_at.map(|time| time.timestamp_millis()), connection.obtained_at.timestamp_millis(),
                connection.is_refreshable, column::to_json(&connection.variables),
                problem.map(|problem| word(problem.kind)), problem.map(|problem| problem.reason.as_str()),
                problem.map(|problem| problem.at.timestamp_millis()),
                connection.created_at.timestamp_millis(), connection.updated_at.timestamp_millis(),
                connection.refreshed_at.map(|time| time.timestamp_millis()), connection.revision, connection.way.word(),
            ])?;
            if rows > 0 {
                super::intents::clear(database, intent)?;
            }
            Ok(rows)
        })?;
        if rows > 0 { Ok(()) } else { Err(StoreError::NoConfig(connection.reference.config.to_string())) }
    }

    /// Keeps what went wrong with a connection; its credentials and the rest stay.
    pub fn set_problem(&self, reference: &ConnectionRef, problem: &Problem) -> Result<(), StoreError> {
        self.write(|database| {
            let sql = "UPDATE connections SET problem_kind = ?3, problem_reason = ?4, problem_at = ?5 WHERE config = ?1 AND id = ?2";
            database.execute(sql, params![
                reference.config.as_str(), reference.id.as_str(), word(problem.kind), problem.reason, problem.at.timestamp_millis(),
            ]).map(|_| ())
        })
    }

    /// Gives a connection another id, clears the intent of its new item, and announces the
    /// deletion of the old one; returns that intent. Fails if the id is taken.
    pub fn rename_connection(
        &self,
        reference: &ConnectionRef,
        new: &ConnectionId,
        rename: &Rename<'_>,
    ) -> Result<i64, StoreError> {
        let names = [reference.config.as_str(), reference.id.as_str(), new.as_str()];
        let deletion = self.write(|database| {
            let sql = "SELECT EXISTS (SELECT 1 FROM connections WHERE config = ?1 AND id = ?2)";
            let taken: bool = database.query_row(sql, [names[0], names[2]], |row| row.get(0))?;
            if taken {
                return Ok(None);
            }
            database.execute("UPDATE connections SET id = ?3 WHERE config = ?1 AND id = ?2", names)?;
            database.execute("UPDATE activity SET connection = ?3 WHERE config = ?1 AND connection = ?2", names)?;
            super::intents::replace(database, rename).map(Some)
        })?;
        deletion.ok_or_else(|| StoreError::Exists(format!("{}/{new}", reference.config)))
    }

    /// Deletes a connection, and clears the intent that announced it.
    pub fn delete_connection(&self, reference: &ConnectionRef, intent: Option<i64>) -> Result<(), StoreError> {
        self.write(|database| {
            let names = [reference.config.as_str(), reference.id.as_str()];
            database.execute("DELETE FROM connections WHERE config = ?1 AND id = ?2", names)?;
            super::intents::clear(database, intent)
        })
    }
}

fn word(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::NeedsAuthorization => "needs-authorization",
        ProblemKind::ClientRefused => "client-refused",
        ProblemKind::Transient => "transient",
    }
}

fn connection(row: &Row<'_>) -> rusqlite::Result<Connection> {
    let config: String = row.get("config")?;
    let id: String = row.get("id")?;
    let (provider, way): (String, String) = (row.get("provider")?, row.get("way")?);
    let granted: Option<String> = row.get("granted_scopes")?;
    let odd = |name: &'static str| move |error| column::odd(name, error);
    Ok(Connection {
        number: row.get("number")?,
        reference: ConnectionRef::new(
            ConfigKey::new(config).map_err(odd("config"))?,
            ConnectionId::new(id).map_err(odd("id"))?,
        ),
        provider: ProviderId::new(provider).map_err(odd("provider"))?,
        way: WayIn::from_word(&way).ok_or_else(|| column::odd("way", "an unknown word"))?,
        requested_scopes: column::json(row, "requested_scopes")?,
        granted_scopes: granted.map(|_| column::json(row, "granted_scopes")).transpose()?,
        expires_at: column::optional_time(row, "expires_at")?,
        obtained_at: column::time(row, "obtained_at")?,
        is_refreshable: row.get("is_refreshable")?,
        variables: column::json(row, "variables")?,
        problem: problem(row)?,
        created_at: column::time(row, "created_at")?,
        updated_at: column::time(row, "updated_at")?,
        refreshed_at: column::optional_time(row, "refreshed_at")?,
        is_untold: false,
        revision: row.get("revision")?,
    })
}

fn problem(row: &Row<'_>) -> rusqlite::Result<Option<Problem>> {
    let Some(stored) = row.get::<_, Option<String>>("problem_kind")? else { return Ok(None) };
    let kinds = [ProblemKind::NeedsAuthorization, ProblemKind::ClientRefused, ProblemKind::Transient];
    let kind = kinds
        .into_iter()
        .find(|kind| word(*kind) == stored)
        .ok_or_else(|| column::odd("problem_kind", "an unknown word"))?;
    Ok(Some(Problem { kind, reason: row.get("problem_reason")?, at: column::time(row, "problem_at")? }))
}
