//! Taking in what was kept elsewhere: a backup of ours, a `.env` file, Google's
//! `client_secret.json`. Nothing that is here already is replaced unless that is asked for.

mod dotenv;
mod google;

use std::path::Path;

use super::activity::About;
use super::configs::{ConfigChanges, NewConfig, checked_client_id, checked_redirect_uri};
use super::export::{CONTENTS, Contents, VERSION, keys};
use super::items::{Item, client_secret_of};
use super::{Error, Kind, Result, Service};
use crate::catalog::Catalog;
use crate::model::{Config, ConfigKey, Connection, Credentials, Happening, Outcome, ProviderId, Secret, untrusted};
use crate::store::IntentKind;
use crate::vault::sealed::Sealed;
use crate::vault::{VaultBackend as _, VaultError};

/// How large a file may be, in bytes.
const LARGEST: u64 = 256 << 20;
/// How every SQLite file begins.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// How a file is taken in.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// The provider, where the file does not say.
    pub provider: Option<String>,
    /// The key of the config, where there is just one.
    pub key: Option<ConfigKey>,
    /// Whether what is here already is replaced.
    pub replaces: bool,
}

/// What became of one thing in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is new here.
    Added,
    /// It was here, and was replaced.
    Replaced,
    /// It was here, and stays as it was.
    Kept,
    /// It was not taken in, and why.
    Refused(String),
}

/// One thing in the file, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// What it is: `config`, `connection`, `provider`.
    pub what: &'static str,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
}

/// A client that a file of another program describes.
#[derive(Debug)]
struct FoundClient {
    /// What the file calls it: the beginning of its variables' names, or `google`.
    name: String,
    client_id: String,
    client_secret: Option<Secret>,
    scopes: Vec<String>,
    redirect_uri: Option<String>,
    /// Whether it may have no secret; otherwise one is missing in the file.
    may_be_public: bool,
}

/// Tells whether a file is a backup, for which a passphrase is needed.
pub fn is_backup(file: &Path) -> Result<bool> {
    use std::io::Read;
    let mut head = Vec::new();
    let open = std::fs::File::open(file).map_err(|error| unreadable(file, &error))?;
    open.take(SQLITE.len() as u64).read_to_end(&mut head).map_err(|error| unreadable(file, &error))?;
    Ok(head == SQLITE)
}

impl Service {
    /// Takes in a backup, sealed with `passphrase`.
    pub async fn import_backup(
        &self,
        file: &Path,
        passphrase: &Secret,
        options: &ImportOptions,
    ) -> Result<Vec<Imported>> {
        self.may_change()?;
        if options.key.is_some() || options.provider.is_some() {
            return Err(Error::usage(format!("`{}` is a backup: it has its own keys and providers", file.display()))
                .hinted("leave out `--key` and `--provider`"));
        }
        let broken = |error| not_whole(file, error);
        let mut backup = Sealed::from_bytes(&read(file)?, file.to_owned(), keys(passphrase)).map_err(broken)?;
        let contents = contents(&mut backup, file)?;
        let mut imported = Vec::new();
        for (id, text) in &contents.providers {
            imported.push(Imported {
                what: "provider",
                name: id.to_string(),
                fate: self.take_provider(id, text, options)?,
            });
        }
        for config in &contents.configs {
            let secret = backup.read(&Item::Config(config.key.clone()).name()).map_err(broken)?;
            let fate = self.take_config(config, secret.as_ref(), options).await?;
            imported.push(Imported { what: "config", name: config.key.to_string(), fate });
        }
        for connection in &contents.connections {
            let record = backup.read(&Item::Connection(connection.reference.clone()).name()).map_err(broken)?;
            let fate = match record {
                Some(record) => self.take_connection(connection, &record, options).await?,
                None => Fate::Refused("its credentials are not in the backup".to_owned()),
            };
            imported.push(Imported { what: "connection", name: connection.reference.to_string(), fate });
        }
        Ok(imported)
    }

    /// Takes in the clients of a `.env` file or of Google's `client_secret.json`, a config each.
    pub async fn import_clients(&self, file: &Path, options: &ImportOptions) -> Result<Vec<Imported>> {
        self.may_change()?;
        let text = String::from_utf8(read(file)?).map(zeroize::Zeroizing::new);
        let text = text.map_err(|_| not_ours(file))?;
        // Windows' editors begin a file with a mark that nobody sees.
        let text = text.trim_start_matches('\u{feff}');
        let is_json = text.trim_start().starts_with(['{', '[']);
        let clients = if is_json { google::clients(text) } else { dotenv::clients(text) };
        let clients = clients.map_err(|error| Error {
            message: format!("`{}`: {}", file.display(), error.message),
            hint: error.hint.or_else(|| not_ours(file).hint),
            ..error
        })?;
        if clients.is_empty() {
            return Err(not_ours(file));
        }
        if options.key.is_some() && clients.len() > 1 {
            let names: Vec<String> = clients.iter().map(|client| untrusted::line(&client.name)).collect();
            return Err(Error::usage(format!("the file holds {} clients: {}", clients.len(), names.join(", ")))
                .hinted("`--key` is for a file with one; without it each gets a key of its own"));
        }
        let mut imported = Vec::new();
        let is_alone = clients.len() == 1;
        for client in clients {
            imported.push(self.take_client(client, is_alone, options).await?);
        }
        Ok(imported)
    }

    async fn take_client(&self, client: FoundClient, is_alone: bool, options: &ImportOptions) -> Result<Imported> {
        let name = untrusted::line(&client.name);
        let config = |name, fate| Imported { what: "config", name, fate };
        if client.client_secret.is_none() && !client.may_be_public {
            let why = format!("there is `{name}_CLIENT_ID`, and no `{name}_CLIENT_SECRET`");
            return Ok(config(name, Fate::Refused(why)));
        }
        let named = options.provider.as_ref().map(|id| self.provider(id).map(|(id, _)| id)).transpose()?;
        let called = self.provider_called(&client.name);
        // Of several clients, most say what they are for.
        let Some(provider) = (if is_alone { named.or(called) } else { called.or(named) }) else {
            let why = "no provider is called so; name it with `--provider ID`".to_owned();
            return Ok(config(name, Fate::Refused(why)));
        };
        let same = |config: &&Config| config.provider == provider && config.client_id == client.client_id;
        if let Some(here) = self.store.configs()?.iter().find(same) {
            let shown = here.key.to_string();
            if options.key.as_ref().is_some_and(|key| *key != here.key) {
                return Ok(config(shown, Fate::Refused("it has this client already, under its own key".to_owned())));
            }
            if !options.replaces || client.client_secret.is_none() {
                return Ok(config(shown, Fate::Kept));
            }
            let changes = ConfigChanges { client_secret: client.client_secret, ..ConfigChanges::default() };
            self.edit_config(&here.key, changes).await?;
            return Ok(config(shown, Fate::Replaced));
        }
        let key = match &options.key {
            Some(key) => key.clone(),
            None => ConfigKey::new(self.suggested_key(&provider)?)?,
        };
        let new = NewConfig {
            key: key.clone(),
            provider: provider.as_str().to_owned(),
            client_id: client.client_id,
            client_secret: client.client_secret,
            scopes: client.scopes,
            redirect_uri: client.redirect_uri,
        };
        match self.create_config(new).await {
            Ok(made) => Ok(config(made.key.to_string(), Fate::Added)),
            Err(error) if error.kind == Kind::Usage => Ok(config(key.to_string(), Fate::Refused(error.message))),
            Err(error) => Err(error),
        }
    }

    /// Finds the provider that the name of a variable means: `MYAPP_GITHUB_OAUTH` is `github`.
    fn provider_called(&self, name: &str) -> Option<ProviderId> {
        let name = name.to_ascii_lowercase();
        let words: Vec<&str> = name.split(['_', '-']).filter(|word| !word.is_empty()).collect();
        let longest_first = (1..=words.len()).rev();
        let candidates = longest_first.flat_map(|length| words.windows(length)).map(|part| part.join("-"));
        candidates.filter_map(|id| self.provider(&id).ok()).map(|(id, _)| id).next()
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

    /// Tells whether an item is in the vault. One that is gone as a whole has none.
    async fn is_kept(&self, item: &Item) -> Result<bool> {
        match self.vault.read(&item.name()).await {
            Err(VaultError::Gone { .. }) => Ok(false),
            outcome => Ok(outcome?.is_some()),
        }
    }

    async fn take_config(&self, config: &Config, record: Option<&Secret>, options: &ImportOptions) -> Result<Fate> {
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
        let config = &Config {
            client_id: checked_client_id(&config.client_id)?,
            redirect_uri: config.redirect_uri.as_deref().map(checked_redirect_uri).transpose()?,
            ..config.clone()
        };
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
                    Some(here) if here.has_client_secret => {
                        self.delete_item(&item, |intent| commit(&row, Some(intent))).await?;
                    }
                    _ => commit(&row, None)?,
                }
            }
        }
        self.record_config(&config.key, Happening::Changed, About::saying("imported from a backup"));
        Ok(if here.is_some() { Fate::Replaced } else { Fate::Added })
    }

    async fn take_connection(&self, connection: &Connection, record: &Secret, options: &ImportOptions) -> Result<Fate> {
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
        let (credentials, _) = Credentials::from_record(record)?;
        let intent = self.announce(IntentKind::Write, &item).await?;
        self.save_announced(connection, &credentials, intent).await?;
        let fingerprint = Some(credentials.tokens().access_token.fingerprint());
        let about = About { fingerprint, ..About::saying("imported from a backup") };
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

/// Returns a redirect URI if it leads to this machine: one of a server on the web is of no use here.
fn of_this_machine(uri: &str) -> Option<String> {
    let url = url::Url::parse(uri.trim()).ok()?;
    (url.scheme() == "http" && crate::model::template::is_loopback(&url)).then(|| uri.trim().to_owned())
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

fn read(file: &Path) -> Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let open = std::fs::File::open(file).map_err(|error| unreadable(file, &error))?;
    open.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(file, &error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::usage(format!("`{}` is larger than {} MiB", file.display(), LARGEST >> 20)));
    }
    Ok(bytes)
}

fn unreadable(file: &Path, error: &std::io::Error) -> Error {
    let mut shown = Error::usage(format!("`{}` cannot be read", file.display()));
    shown.causes.push(error.to_string());
    shown.hinted("check the path, and whether you may read it")
}

fn not_ours(file: &Path) -> Error {
    Error::usage(format!("`{}` holds nothing that hallpass knows", file.display())).hinted(
        "expected a backup of `hallpass export`, a `.env` file with lines such as GITHUB_CLIENT_ID=… and GITHUB_CLIENT_SECRET=…, or Google's `client_secret.json`",
    )
}
