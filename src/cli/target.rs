//! Which connection is meant: `CONFIG CONNECTION`, `CONFIG/CONNECTION`, or `CONFIG` alone.

use super::Output;
use super::args::Target;
use super::prompt;
use crate::backend::Backend;
use crate::model::{ConfigKey, ConnectionId, ConnectionRef};
use crate::service::{Error, Result};

/// What was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) config: ConfigKey,
    pub(super) id: Option<ConnectionId>,
}

/// Returns the connection that is meant by `config/connection`, or by a config that has just one.
pub(super) async fn connection_of(text: &str, backend: &Backend) -> Result<ConnectionRef> {
    let reference = match text.split_once('/') {
        Some((config, id)) => ConnectionRef::new(ConfigKey::new(config)?, ConnectionId::new(id)?),
        None => backend.only_connection(&ConfigKey::new(text)?).await?,
    };
    Ok(reference)
}

/// Reads `CONFIG` or `CONFIG/CONNECTION`.
pub(super) fn named(text: &str) -> Result<Named> {
    Ok(match text.split_once('/') {
        Some((config, id)) => Named { config: ConfigKey::new(config)?, id: Some(ConnectionId::new(id)?) },
        None => Named { config: ConfigKey::new(text)?, id: None },
    })
}

impl Target {
    /// Reads what is to be authorized: the only config where none was named, or the one that is typed.
    pub(super) async fn under_a_config(self, backend: &Backend, output: Output) -> Result<Named> {
        if self.config.is_some() || !prompt::is_interactive() {
            return self.named();
        }
        let configs = backend.configs().await?;
        if let [only] = configs.as_slice() {
            output.note(&format!("Under {}, the only config.", only.key));
            return Ok(Named { config: only.key.clone(), id: None });
        }
        if configs.is_empty() {
            return Err(Error::not_found("there is no config yet").hinted("make one with `hallpass config create`"));
        }
        let names: Vec<&str> = configs.iter().map(|config| config.key.as_str()).collect();
        output.note(&format!("Which config? {}", names.join(", ")));
        self.named()
    }

    /// Reads it, asking for the config where it was left out.
    pub(super) fn named(self) -> Result<Named> {
        let config = prompt::argument(self.config, "CONFIG", "Config", None)?;
        match self.connection {
            None => named(&config),
            // With both given, a slash is a slash, and the key says that it may not have one.
            Some(id) => Ok(Named { config: ConfigKey::new(config)?, id: Some(ConnectionId::new(id)?) }),
        }
    }

    /// Returns the connection that is meant, which exists or not.
    pub(super) async fn existing(self, backend: &Backend, output: Output) -> Result<ConnectionRef> {
        if self.config.is_none() && prompt::is_interactive() {
            let names: Vec<String> =
                backend.connections().await?.iter().map(|connection| connection.reference.to_string()).collect();
            output.note(&format!("Which one? {}", names.join(", ")));
        }
        let named = self.named()?;
        match named.id {
            Some(id) => Ok(ConnectionRef::new(named.config, id)),
            None => backend.only_connection(&named.config).await,
        }
    }
}
