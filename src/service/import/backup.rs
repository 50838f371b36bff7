//! Taking in a backup of ours.

use std::collections::BTreeSet;
use std::path::Path;

use super::{FROM_BACKUP, Fate, ImportFile, ImportOptions, Imported};
use crate::catalog::Catalog;
use crate::model::{Config, Connection, Credentials, Happening, Outcome, ProviderId, Secret};
use crate::service::activity::About;
use crate::service::configs::{checked_redirect_uri, known_client_id};
use crate::service::export::{CONTENTS, Contents, VERSION, keys};
use crate::service::items::{Item, client_secret_of};
use crate::service::{Error, Kind, Result, Service};
use crate::store::IntentKind;
use crate::vault::sealed::Sealed;
use crate::vault::{VaultBackend as _, VaultError};

/// Why something stays out.
const STRANGER: &str = "its provider file was not imported";

impl Service {
    /// Takes in a backup, sealed with `passphrase`.
    pub async fn import_backup(
        &self,
        file: &ImportFile,
        passphrase: &Secret,
        options: &ImportOptions,
    ) -> Result<Vec<Imported>> {
        self.may_change()?;
        let (bytes, file) = (&file.bytes, file.path.as_path());
        if options.key.is_some() || options.provider.is_some() {
            return Err(Error::usage(format!("`{}` is a backup: it has its own keys and providers", file.display()))
                .hinted("leave out `--key` and `--provider`"));
        }
        let broken = |error| not_whole(file, error);
        let mut backup = Sealed::from_bytes(bytes, file.to_owned(), keys(passphrase)).map_err(broken)?;
        let contents = contents(&mut backup, file)?;
        let mut imported = Vec::new();
        // What was authorized at another server than the one of this name here stays out: its secrets
        // would go to a stranger.
        let mut strangers = BTreeSet::new();
        for (id, text) in &contents.providers {
            let fate = self.take_provider(id, text, options)?;
            if matches!(fate, Fate::Refused(_)) {
                strangers.insert(id);
            }
            imported.push(Imported { what: "provider", name: id.to_string(), fate });
        }
        for config in &contents.configs {
            let secret = backup.read(&Item::Config(config.key.clone()).name()).map_err(broken)?;
            let fate = match self.store.config(&config.key)? {
                None if strangers.contains(&config.provider) => Fate::Refused(STRANGER.to_owned()),
                Some(_) if strangers.contains(&config.provider) => Fate::Kept,
                _ => self.take_config(config, secret.as_ref(), options, FROM_BACKUP).await?,
            };
            imported.push(Imported { what: "config", name: config.key.to_string(), fate });
        }
        for connection in &contents.connections {
            let record = backup.read(&Item::Connection(connection.reference.clone()).name()).map_err(broken)?;
            let fate = match record {
                _ if strangers.contains(&connection.provider) => Fate::Refused(STRANGER.to_owned()),
                Some(record) => self.take_connection(connection, &record, options, FROM_BACKUP).await?,
                None => Fate::Refused("its credentials are not in the backup".to_owned()),
            };
            imported.push(Imported { what: "connection", name: connection.reference.to_string(), fate });
        }
        Ok(imported)
    }

    fn take_provider(&self, id: &ProviderId, text: &str, options: &ImportOptions) -> Result<Fate> {
        let is_here = self.catalog.own_texts()?.contains_key(id);
        // A file of this name would stand over the one that is built in, for every config of it.
        if !is_here && Catalog::is_embedded(id) && !options.replaces {
            let why = "it would stand over the built-in provider; `--replace` lets it";
            return Ok(Fate::Refused(why.to_owned()));
        }
        Ok(match self.catalog.add_own(id, text)? {
            Some(here) if here == text => Fate::Kept,
            Some(_) => Fate::Refused("there is another file of this name; it stays as it is".to_owned()),
            None => Fate::Added,
        })
    }

    /// Tells whether an item is in the vault, whole. A vault that is gone has none.
    async fn is_kept(&self, item: &Item) -> Result<bool> {
        match self.vault.read(&item.name()).await {
            Err(VaultError::Gone { .. } | VaultError::Damaged { .. }) => Ok(false),
            outcome => Ok(outcome?.is_some()),
        }
    }

    pub(in crate::service) async fn take_config(
        &self,
        config: &Config,
        record: Option<&Secret>,
        options: &ImportOptions,
        told: &'static str,
    ) -> Result<Fate> {
        let _lock = self.hold_config(&config.key).await?;
        let (item, here) = (Item::Config(config.key.clone()), self.store.config(&config.key)?);
        if let Some(here) = &here {
            // A secret that was lost is brought back; what is whole stays.
            let is_whole = !here.has_client_secret || self.is_kept(&item).await?;
            if is_whole && !options.replaces {
                return Ok(Fate::Kept);
            }
            if here.provider != config.provider && !self.store.connections_of(&config.key)?.is_empty() {
                return Ok(Fate::Refused(format!("its connections here are at `{}`; rename it first", here.provider)));
            }
        }
        let checked = known_client_id(&config.client_id)
            .and_then(|id| Ok((id, config.redirect_uri.as_deref().map(checked_redirect_uri).transpose()?)));
        // One that cannot be taken does not keep the others out.
        let (client_id, redirect_uri) = match checked {
            Ok(checked) => checked,
            Err(error) => return Ok(Fate::Refused(error.message)),
        };
        let config = &Config {
            client_id,
            redirect_uri,
            // It changes here now: whoever mends takes it for later than what it replaces.
            updated_at: self.now(),
            ..config.clone()
        };
        if here.is_none() {
            self.forget_strangers(&config.key, &config.provider).await?;
        }
        let commit = |row: &Config, intent: Option<i64>| match &here {
            Some(_) => Ok(self.store.update_config(row, intent)?),
            None => Ok(self.store.add_config(row, intent).map(|_| ())?),
        };
        match record.and_then(client_secret_of) {
            Some((secret, _)) => {
                self.save_client_secret(config, &secret, |row, intent| commit(row, Some(intent))).await?;
            }
            None if config.has_client_secret => {
                return Ok(Fate::Refused("its client secret is not in the backup".to_owned()));
            }
            None => {
                let row = Config { revision: 0, ..config.clone() };
                match &here {
                    Some(here) if here.has_client_secret => self.drop_client_secret(&row, &item).await?,
                    _ => commit(&row, None)?,
                }
            }
        }
        self.record_config(&config.key, Happening::Changed, About::saying(told));
        Ok(if here.is_some() { Fate::Replaced } else { Fate::Added })
    }

    pub(in crate::service) async fn take_connection(
        &self,
        connection: &Connection,
        record: &Secret,
        options: &ImportOptions,
        told: &'static str,
    ) -> Result<Fate> {
        let reference = &connection.reference;
        let _config = self.hold_config(&reference.config).await?;
        let _lock = self.hold(reference).await?;
        let (item, here) = (Item::Connection(reference.clone()), self.store.connection(reference)?);
        if let Some(here) = &here
            && self.is_kept(&item).await?
        {
            if !options.replaces {
                return Ok(Fate::Kept);
            }
            // The backup's refresh token was spent for it: to send it again would end the whole grant.
            if here.obtained_at > connection.obtained_at {
                let why = "it was refreshed here after the backup was made; delete it first to take the backup's";
                return Ok(Fate::Refused(why.to_owned()));
            }
        }
        match self.store.config(&reference.config)? {
            None => return Ok(Fate::Refused("its config was not imported".to_owned())),
            Some(config) if config.provider != connection.provider => {
                let message = format!(
                    "its config here is for `{}`, and it was authorized at `{}`",
                    config.provider, connection.provider
                );
                return Ok(Fate::Refused(message));
            }
            Some(_) => {}
        }
        let credentials = match Credentials::from_record(record) {
            Ok((credentials, _)) => credentials,
            Err(error) => return Ok(Fate::Refused(error.to_string())),
        };
        let intent = self.announce(IntentKind::Write, &item).await?;
        self.save_announced(connection, &credentials, intent).await?;
        let fingerprint = Some(credentials.fingerprint());
        let about = About { fingerprint, ..About::saying(told) };
        self.record(reference, Happening::Changed, Outcome::Done, about);
        Ok(if here.is_some() { Fate::Replaced } else { Fate::Added })
    }
}

/// Says what is wrong with a backup, in its own words: it is not the vault of this home.
fn not_whole(file: &Path, error: VaultError) -> Error {
    let shown = file.display();
    match error {
        VaultError::WrongKey(_) => {
            Error::new(Kind::Vault, format!("the passphrase does not open the backup `{shown}`"))
                .hinted("nothing was changed; try again")
        }
        VaultError::Newer(_) => {
            Error::new(Kind::Vault, format!("`{shown}` was made by a newer hallpass")).hinted("install that one")
        }
        error => {
            let mut told = Error::new(Kind::Vault, format!("`{shown}` is no backup, or is damaged or cut off"));
            told.causes.push(error.to_string());
            told.hinted("use another copy; nothing was changed. The vault of a home is no backup: it is used in its place, beside its store")
        }
    }
}

fn contents(backup: &mut Sealed, file: &Path) -> Result<Contents> {
    let record = backup.read(CONTENTS).map_err(|error| not_whole(file, error))?.ok_or_else(|| {
        Error::usage(format!("`{}` is a sealed vault, and no backup", file.display()))
            .hinted("`hallpass export FILE` makes a backup; a vault is used in its place, beside its store")
    })?;
    let version =
        serde_json::from_str::<serde_json::Value>(record.expose()).ok().and_then(|value| value["version"].as_u64());
    if version.is_some_and(|version| version > u64::from(VERSION)) {
        return Err(Error::new(Kind::Vault, "the backup was made by a newer hallpass").hinted("install that one"));
    }
    serde_json::from_str(record.expose()).map_err(|error| {
        let mut shown = Error::new(Kind::Vault, format!("the contents of `{}` cannot be read", file.display()));
        shown.causes.push(format!("line {}, column {}", error.line(), error.column()));
        shown
    })
}
