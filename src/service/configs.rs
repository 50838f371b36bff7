//! Making, changing and deleting configs.

mod issuer;
mod like;
mod mcp;
mod register;

use super::activity::About;
use super::items::Item;
use super::{Error, Result, Service};
use crate::auth::Tape;
use crate::model::config::{DEFAULT_REDIRECT_URI, suggested_key};
use crate::model::{Config, ConfigKey, Happening, Provider, ProviderId, Secret, search, untrusted};
use crate::store::{Announcement, IntentKind, Rename};

/// What a new config is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConfig {
    /// Its key.
    pub key: ConfigKey,
    /// The provider's id, or an old one.
    pub provider: String,
    /// The client id.
    pub client_id: String,
    /// The client secret, unless it is a public client.
    pub client_secret: Option<Secret>,
    /// The scopes.
    pub scopes: Vec<String>,
    /// The redirect URI, if not the default one.
    pub redirect_uri: Option<String>,
}

/// What is to change of a config; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigChanges {
    /// Another provider.
    pub provider: Option<String>,
    /// Another client id.
    pub client_id: Option<String>,
    /// Whether hallpass registers itself anew (RFC 7591), in the place of another client id and secret.
    pub registers: bool,
    /// Another client secret.
    pub client_secret: Option<Secret>,
    /// Other scopes.
    pub scopes: Option<Vec<String>>,
    /// Another redirect URI; an empty one means the default.
    pub redirect_uri: Option<String>,
}

/// Refuses to give a config another provider while it has connections: their refresh tokens, and the client secret,
/// would go to a stranger.
pub fn cannot_move(key: &ConfigKey, from: &ProviderId, to: &str, connections: usize) -> Error {
    let to = untrusted::line(to);
    Error::usage(format!("`{key}` has {connections} connections at `{from}`; they cannot move to `{to}`"))
        .hinted(format!("make another config: `hallpass config create KEY {to}`"))
}

impl Service {
    /// Returns every config, sorted by key.
    pub fn configs(&self) -> Result<Vec<Config>> {
        Ok(self.store.configs()?)
    }

    /// Returns the config `key`.
    pub fn config(&self, key: &ConfigKey) -> Result<Config> {
        if let Some(config) = self.store.config(key)? {
            return Ok(config);
        }
        let configs = self.store.configs()?;
        let near = search::nearest(key.as_str(), configs.iter().map(|config| config.key.as_str()));
        let hint = match near.first() {
            Some(near) => format!("did you mean `{near}`?"),
            None if configs.is_empty() => "make one with `hallpass config create`".to_owned(),
            None => "`hallpass config list` shows what there is".to_owned(),
        };
        Err(Error::not_found(format!("there is no config `{key}`")).hinted(hint))
    }

    /// Makes a config.
    pub async fn create_config(&self, new: NewConfig) -> Result<Config> {
        self.may_change()?;
        let (provider_id, provider) = self.provider(&new.provider)?;
        let _lock = self.hold_config(&new.key).await?;
        if self.store.config(&new.key)?.is_some() {
            return Err(Error::usage(format!("there is a config `{}` already", new.key)).hinted(format!(
                "choose another key, or change it with `hallpass config edit {}`",
                super::error::quoted(new.key.as_str())
            )));
        }
        let redirect_uri = new.redirect_uri.as_deref().map(checked_redirect_uri).transpose()?;
        let redirect_uri = redirect_uri.or_else(|| unusual_redirect_uri(&provider));
        let mut secret = new.client_secret.filter(|secret| !secret.is_empty());
        let tape = Tape::default();
        let registers = new.client_id.trim().is_empty() && provider.may_register();
        let client_id = if registers {
            if secret.is_some() {
                return Err(Error::usage("a client secret is given, and no client id")
                    .hinted("give both, or neither: then hallpass registers itself"));
            }
            let uri = redirect_uri.as_deref().unwrap_or(DEFAULT_REDIRECT_URI);
            let registered = Box::pin(self.register(&new.key, &provider_id, uri, &tape)).await?;
            secret = registered.client_secret;
            registered.client_id
        } else {
            client_id_for(&provider, &new.client_id)?
        };
        self.forget_strangers(&new.key, &provider_id).await?;
        let now = self.now();
        let mut config = Config {
            number: 0,
            key: new.key,
            provider: provider_id,
            client_id,
            has_client_secret: secret.is_some(),
            scopes: new.scopes,
            redirect_uri,
            created_at: now,
            updated_at: now,
            revision: 0,
        };
        config.number = match &secret {
            Some(secret) => {
                self.save_client_secret(&config, secret, |row, intent| Ok(self.store.add_config(row, Some(intent))?))
                    .await?
            }
            None => self.store.add_config(&config, None)?,
        };
        let about = About::saying(format!("made for {}", provider.name));
        let about = if registers { about.on(&tape) } else { about };
        self.record_config(&config.key, Happening::Changed, about);
        Ok(config)
    }

    /// Changes a config. Its connections stay as they are.
    pub async fn edit_config(&self, key: &ConfigKey, changes: ConfigChanges) -> Result<Config> {
        self.may_change()?;
        let _lock = self.hold_config(key).await?;
        let mut config = self.config(key)?;
        if let Some(provider) = &changes.provider {
            let provider = self.provider(provider)?.0;
            let connections = self.store.connections_of(key)?.len();
            if provider != config.provider && connections > 0 {
                return Err(cannot_move(key, &config.provider, provider.as_str(), connections));
            }
            config.provider = provider;
        }
        let (_, provider) = self.provider(config.provider.as_str())?;
        if changes.registers && (changes.client_id.is_some() || changes.client_secret.is_some()) {
            return Err(Error::usage("a client is given, and hallpass is to register itself")
                .hinted("leave out one of them: who registers is told id and secret"));
        }
        if changes.registers && !provider.may_register() {
            return Err(Error::usage(format!("{} registers no clients", provider.name))
                .hinted("register an application there, and give its id with `--client-id`"));
        }
        if let Some(client_id) = &changes.client_id {
            config.client_id = client_id_for(&provider, client_id)?;
        }
        if let Some(scopes) = changes.scopes {
            config.scopes = scopes;
        }
        if let Some(redirect_uri) = changes.redirect_uri {
            config.redirect_uri = match redirect_uri.as_str() {
                "" => unusual_redirect_uri(&provider),
                uri => Some(checked_redirect_uri(uri)?),
            };
        }
        config.updated_at = self.now();
        if changes.registers {
            return self.register_anew(config).await;
        }
        match changes.client_secret.filter(|secret| !secret.is_empty()) {
            Some(secret) => config = self.update_with_secret(&config, &secret).await?,
            None => self.store.update_config(&config, None)?,
        }
        self.record_config(key, Happening::Changed, About::saying("edited"));
        Ok(config)
    }

    /// Keeps a config that changes, with another client secret; returns its row as it is now.
    async fn update_with_secret(&self, config: &Config, secret: &Secret) -> Result<Config> {
        self.save_client_secret(config, secret, |row, intent| {
            self.store.update_config(row, Some(intent))?;
            Ok(row.clone())
        })
        .await
    }

    /// Gives a config another key; its connections and secrets go along.
    pub async fn rename_config(&self, key: &ConfigKey, new: &ConfigKey) -> Result<()> {
        self.may_change()?;
        self.home_vault().await?;
        let (first, second) = if key <= new { (key, new) } else { (new, key) };
        let _first = self.hold_config(first).await?;
        let _second = if first == second { None } else { Some(self.hold_config(second).await?) };
        self.config(key)?;
        if self.store.config(new)?.is_some() {
            return Err(Error::usage(format!("there is a config `{new}` already")).hinted("choose another key"));
        }
        if key != new && !self.store.connections_of(new)?.is_empty() {
            return Err(Error::usage(format!("there are connections of an earlier config `{new}`"))
                .hinted("choose another key, or delete them with `hallpass connection delete`"));
        }
        // Nobody refreshes one of them meanwhile, or a rotated token would go to the old name.
        let mut held = Vec::new();
        for connection in self.store.connections_of(key)? {
            // And nobody mends what an earlier rename left under the new one.
            let mut there = connection.reference.clone();
            there.config = new.clone();
            held.push(self.hold(&connection.reference).await?);
            if there != connection.reference {
                held.push(self.hold(&there).await?);
            }
        }
        let connections = self.store.connections_of(key)?;
        let moved = connections.iter().map(|connection| {
            let mut there = connection.reference.clone();
            there.config = new.clone();
            (Item::Connection(connection.reference.clone()), Item::Connection(there))
        });
        let items: Vec<(Item, Item)> =
            [(Item::Config(key.clone()), Item::Config(new.clone()))].into_iter().chain(moved).collect();
        let mut copies = Vec::new();
        for (from, to) in &items {
            copies.push((self.copy_item(from, to).await?, from.name()));
        }
        let (at, vault, holder) = (self.now(), self.vault.word().await, self.holder()?);
        let renames: Vec<Rename<'_>> = copies
            .iter()
            .map(|(copied, item)| Rename {
                copied: *copied,
                original: Announcement { kind: IntentKind::Forget, item, vault, holder: &holder, at },
            })
            .collect();
        let deletions = self.store.rename_config(key, new, &renames)?;
        for (deletion, (_, old_item)) in deletions.into_iter().zip(&copies) {
            self.vault.delete(old_item).await?;
            self.store.clear_intent(deletion)?;
        }
        self.record_config(new, Happening::Changed, About::saying(format!("was `{key}`")));
        Ok(())
    }

    /// Deletes a config with the connections under it, and returns how many these were. What the
    /// providers granted stays granted.
    pub async fn delete_config(&self, key: &ConfigKey) -> Result<usize> {
        self.may_change()?;
        let _lock = self.hold_config(key).await?;
        self.config(key)?;
        let connections = self.store.connections_of(key)?;
        for connection in &connections {
            self.forget(&connection.reference).await?;
        }
        self.delete_item(&Item::Config(key.clone()), |intent| Ok(self.store.delete_config(key, &[intent])?)).await?;
        self.record_config(key, Happening::Deleted, About::saying(format!("with {} connections", connections.len())));
        Ok(connections.len())
    }

    /// Deletes a config and leaves the connections under it. They come back with a config of the same key and
    /// provider; until then they can be listed and deleted, and nothing else (Nango's `DELETE /config`).
    pub async fn set_config_aside(&self, key: &ConfigKey) -> Result<()> {
        self.may_change()?;
        let _lock = self.hold_config(key).await?;
        self.config(key)?;
        self.home_vault().await?;
        // A refresh under way still finds its config.
        let mut held = Vec::new();
        for connection in self.store.connections_of(key)? {
            held.push(self.hold(&connection.reference).await?);
        }
        let name = Item::Config(key.clone()).name();
        let (vault, holder) = (self.vault.word().await, self.holder()?);
        let forget = Announcement { kind: IntentKind::Forget, item: &name, vault, holder: &holder, at: self.now() };
        let intent = self.store.set_config_aside(key, &forget)?;
        self.vault.delete(&name).await?;
        self.store.clear_intent(intent)?;
        let left = self.store.connections_of(key)?.len();
        self.record_config(key, Happening::Deleted, About::saying(format!("its {left} connections stay")));
        Ok(())
    }

    /// What an earlier config of this key left comes back with a new one, unless its tokens are another
    /// provider's: those would go to a stranger.
    pub(super) async fn forget_strangers(&self, key: &ConfigKey, provider: &ProviderId) -> Result<()> {
        for left in self.store.connections_of(key)?.iter().filter(|left| left.provider != *provider) {
            self.forget(&left.reference).await?;
        }
        Ok(())
    }

    /// Returns the client secret of a config, for whoever registered it (Nango's `GET /config`).
    pub async fn client_secret(&self, config: &Config) -> Result<Option<Secret>> {
        self.load_client_secret(config).await
    }

    /// Suggests a key for a new config of a provider: its id, or that with a number.
    pub fn suggested_key(&self, provider: &ProviderId) -> Result<String> {
        let configs = self.configs()?;
        Ok(suggested_key(provider.as_str(), |key| configs.iter().any(|config| config.key.as_str() == key)))
    }
}

/// A provider that is authorized by keys alone knows no client.
fn client_id_for(provider: &Provider, text: &str) -> Result<String> {
    let needs_none = provider.ways().into_iter().any(|way| !way.needs_client());
    match (text.trim().is_empty(), needs_none) {
        (true, true) => Ok(String::new()),
        (true, false) => {
            Err(Error::usage(format!("no client id is given, and {} registers none by itself", provider.name))
                .hinted("register an application there, and give its client id"))
        }
        (false, _) => checked_client_id(text),
    }
}

/// Checks a client id that stands somewhere already, where one may be missing.
pub(super) fn known_client_id(text: &str) -> Result<String> {
    if text.is_empty() { Ok(String::new()) } else { checked_client_id(text) }
}

pub(super) fn checked_client_id(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(Error::usage(format!(
            "`{}` is not a client id: expected some text without control characters",
            untrusted::line(text)
        )));
    }
    Ok(text.to_owned())
}

/// The provider's default, where that is not the one of configs that name none.
fn unusual_redirect_uri(provider: &Provider) -> Option<String> {
    Some(provider.default_redirect_uri()).filter(|uri| *uri != DEFAULT_REDIRECT_URI).map(str::to_owned)
}

pub(super) fn checked_redirect_uri(text: &str) -> Result<String> {
    let expected = "expected an address such as `http://localhost:3003/oauth/callback`; a port of 0 takes any free one";
    let bad = || Error::usage(format!("`{}` is not a redirect URI", untrusted::line(text))).hinted(expected);
    let url = url::Url::parse(text).map_err(|_| bad())?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    if !is_web
        || url.fragment().is_some()
        || url.query().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err(bad());
    }
    if url.scheme() == "http" && !crate::model::template::is_loopback(&url) {
        return Err(bad().hinted("plain http is for this machine only (localhost, 127.0.0.1)"));
    }
    Ok(text.to_owned())
}
