//! A backup of everything, in one file that a passphrase seals: the format of the sealed vault, with
//! one more record that holds what the store knows.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Error, Kind, Result, Service};
use crate::model::{Config, Connection, ProviderId, Secret, Time};
use crate::settings::{KeySource, private};
use crate::vault::VaultBackend as _;
use crate::vault::key::{self, KeyRing};
use crate::vault::sealed::Sealed;

/// The record that holds what the store knows.
pub(super) const CONTENTS: &str = "backup";
/// The version of that record.
pub(super) const VERSION: u32 = 1;

/// What the store knows, in a backup.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Contents {
    pub(super) version: u32,
    pub(super) made_at: Time,
    pub(super) configs: Vec<Config>,
    pub(super) connections: Vec<Connection>,
    /// The user's own provider files, by id.
    pub(super) providers: BTreeMap<ProviderId, String>,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// How many configs.
    pub configs: usize,
    /// How many connections.
    pub connections: usize,
    /// What the store knows of and the vault did not have.
    pub missing: Vec<String>,
}

/// Returns what opens a backup.
pub(super) fn keys(passphrase: &Secret) -> KeyRing {
    KeyRing { passphrase: Some(passphrase.clone()), ask: None, file: None, chosen: Some(KeySource::Passphrase) }
}

impl Service {
    /// Writes a backup to `file`, which must not exist yet: configs, connections, their secrets, and
    /// the user's own provider files.
    pub async fn export(&self, file: &Path, passphrase: &Secret) -> Result<Exported> {
        if passphrase.is_empty() {
            return Err(Error::usage("a backup needs a passphrase"));
        }
        if std::fs::symlink_metadata(file).is_ok() {
            return Err(Error::usage(format!("`{}` exists already", file.display())).hinted("name another file"));
        }
        self.home_vault().await?;
        // As it is at one moment: nobody refreshes or changes anything meanwhile.
        let _alone = if self.settings.read_only { None } else { Some(self.refresh_locks.acquire_vault().await?) };
        let contents = Contents {
            version: VERSION,
            made_at: self.now(),
            configs: self.store.configs()?,
            connections: self.store.connections()?,
            providers: self.catalog.own_texts()?,
        };
        let mut missing = Vec::new();
        let mut backup = Sealed::in_memory(keys(passphrase))?;
        for item in self.all_items()? {
            match self.vault.read(&item).await? {
                Some(record) => backup.write(&item, &record)?,
                None => missing.push(item),
            }
        }
        let text = serde_json::to_string(&contents)
            .map_err(|error| Error::new(Kind::Internal, format!("the contents cannot be written down: {error}")))?;
        backup.write(CONTENTS, &Secret::new(text))?;
        write_whole(file, &backup.to_bytes()?).map_err(|error| {
            let mut shown = Error::usage(format!("`{}` cannot be written", file.display()));
            shown.causes.push(error.to_string());
            shown.hinted("name a file in a folder that you may write into, with room for it")
        })?;
        Ok(Exported { configs: contents.configs.len(), connections: contents.connections.len(), missing })
    }
}

/// Writes a new file (0600) that is there whole or not at all. Its folder may be anybody's: nothing
/// that is there already is opened, and nothing is put in its place.
fn write_whole(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let part = file.with_added_extension(format!("{:016x}.part", u64::from_le_bytes(key::fresh())));
    let mut open = private::options().create_new(true).open(&part)?;
    let written = open.write_all(bytes).and_then(|()| open.sync_all()).and_then(|()| put(&part, file));
    // Half a backup is of no use to anybody.
    let _ = std::fs::remove_file(&part);
    written
}

/// Gives a file its name, unless something has it. Some file systems know no links.
fn put(part: &Path, file: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(part, file) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            // The name is taken first: nothing that comes to be there meanwhile is replaced.
            private::options().create_new(true).open(file)?;
            std::fs::rename(part, file)?;
        }
        outcome => outcome?,
    }
    private::sync_folder_of(file)
}
