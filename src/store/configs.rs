//! Configs.

use rusqlite::{Connection as Sqlite, OptionalExtension, Row, params};

use super::intents::{Announcement, Rename};
use super::{Store, StoreError, column};
use crate::model::{Config, ConfigKey, ProviderId};

impl Store {
    /// Returns every config, sorted by key.
    pub fn configs(&self) -> Result<Vec<Config>, StoreError> {
        self.read(|database| {
            let mut statement = database.prepare("SELECT * FROM configs ORDER BY key")?;
            statement.query_map([], config)?.collect()
        })
    }

    /// Returns the config `key`.
    pub fn config(&self, key: &ConfigKey) -> Result<Option<Config>, StoreError> {
        self.read(|database| {
            database.query_row("SELECT * FROM configs WHERE key = ?1", [key.as_str()], config).optional()
        })
    }

    /// Saves a new config and clears the intent that announced it; returns its number.
    pub fn add_config(&self, config: &Config, intent: Option<i64>) -> Result<i64, StoreError> {
        let inserted = self.write(|database| {
            let sql = "INSERT INTO configs (key, provider, client_id, has_client_secret, scopes, redirect_uri, created_at, updated_at, revision)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (key) DO NOTHING";
            let rows = database.execute(sql, params![
                config.key.as_str(), config.provider.as_str(), config.client_id, config.has_client_secret,
                column::to_json(&config.scopes), config.redirect_uri,
                config.created_at.timestamp_millis(), config.updated_at.timestamp_millis(), config.revision,
            ])?;
            super::intents::clear(database, intent)?;
            super::intents::void_deletions(database, &format!("config/{}", config.key.as_str()))?;
            Ok((rows == 1).then(|| database.last_insert_rowid()))
        })?;
        inserted.ok_or_else(|| StoreError::Exists(config.key.to_string()))
    }

    /// Saves what was edited of a config, and clears the intent that announced it.
    pub fn update_config(&self, config: &Config, intent: Option<i64>) -> Result<(), StoreError> {
        self.write(|database| {
            update(database, config)?;
            super::intents::clear(database, intent)
        })
    }

    /// Saves a config that has no client secret any more, and announces that its item in the vault is
    /// forgotten, in one transaction; returns that intent.
    pub fn drop_client_secret(&self, config: &Config, forget: &Announcement<'_>) -> Result<i64, StoreError> {
        self.write(|database| {
            update(database, config)?;
            super::intents::announce(database, forget)
        })
    }

    /// Gives a config another key, with all its connections; clears the intents of the new items
    /// and announces the deletion of the old ones; returns those intents.
    pub fn rename_config(
        &self,
        key: &ConfigKey,
        new: &ConfigKey,
        renames: &[Rename<'_>],
    ) -> Result<Vec<i64>, StoreError> {
        let names = [key.as_str(), new.as_str()];
        let deletions = self.write(|database| {
            let taken: bool =
                database.query_row("SELECT EXISTS (SELECT 1 FROM configs WHERE key = ?1)", [new.as_str()], |row| {
                    row.get(0)
                })?;
            if taken {
                return Ok(None);
            }
            database.execute("UPDATE configs SET key = ?2 WHERE key = ?1", names)?;
            database.execute("UPDATE connections SET config = ?2 WHERE config = ?1", names)?;
            database.execute("UPDATE activity SET config = ?2 WHERE config = ?1", names)?;
            super::intents::void_deletions(database, &format!("config/{}", new.as_str()))?;
            renames.iter().map(|rename| super::intents::replace(database, rename)).collect::<Result<_, _>>().map(Some)
        })?;
        deletions.ok_or_else(|| StoreError::Exists(new.to_string()))
    }

    /// Deletes a config and leaves the connections under it; announces that its item in the vault is forgotten,
    /// in one transaction; returns that intent.
    pub fn set_config_aside(&self, key: &ConfigKey, forget: &Announcement<'_>) -> Result<i64, StoreError> {
        self.write(|database| {
            database.execute("DELETE FROM configs WHERE key = ?1", [key.as_str()])?;
            super::intents::announce(database, forget)
        })
    }

    /// Deletes a config and the connections under it, and clears the intents that announced it.
    pub fn delete_config(&self, key: &ConfigKey, intents: &[i64]) -> Result<(), StoreError> {
        self.write(|database| {
            database.execute("DELETE FROM connections WHERE config = ?1", [key.as_str()])?;
            database.execute("DELETE FROM configs WHERE key = ?1", [key.as_str()])?;
            intents.iter().try_for_each(|intent| super::intents::clear(database, Some(*intent)))
        })
    }
}

fn update(database: &Sqlite, config: &Config) -> rusqlite::Result<()> {
    let sql = "UPDATE configs SET provider = ?2, client_id = ?3, has_client_secret = ?4, scopes = ?5, redirect_uri = ?6, updated_at = ?7, revision = ?8 WHERE key = ?1";
    database
        .execute(
            sql,
            params![
                config.key.as_str(),
                config.provider.as_str(),
                config.client_id,
                config.has_client_secret,
                column::to_json(&config.scopes),
                config.redirect_uri,
                config.updated_at.timestamp_millis(),
                config.revision,
            ],
        )
        .map(|_| ())
}

fn config(row: &Row<'_>) -> rusqlite::Result<Config> {
    let key: String = row.get("key")?;
    let provider: String = row.get("provider")?;
    Ok(Config {
        number: row.get("number")?,
        key: ConfigKey::new(key).map_err(|error| column::odd("key", error))?,
        provider: ProviderId::new(provider).map_err(|error| column::odd("provider", error))?,
        client_id: row.get("client_id")?,
        has_client_secret: row.get("has_client_secret")?,
        scopes: column::json(row, "scopes")?,
        redirect_uri: row.get("redirect_uri")?,
        created_at: column::time(row, "created_at")?,
        updated_at: column::time(row, "updated_at")?,
        revision: row.get("revision")?,
    })
}
