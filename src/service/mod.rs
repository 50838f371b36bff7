//! The use cases, and the only layer that sees the rooms below together: it locks, retries and
//! keeps the activity. The faces hold no rules; whatever they offer is a call to here.

mod access;
mod activity;
mod busy;
pub mod certificate;
pub mod configs;
pub mod connect;
pub mod connections;
pub mod copy;
pub mod demo;
pub mod doctor;
pub mod drift;
pub mod enter;
pub mod error;
pub mod exec;
pub mod export;
pub mod fields;
pub mod fresh;
mod hints;
pub mod import;
pub mod inspect;
mod items;
mod mend;
mod metadata;
pub mod migrate;
pub mod new_provider;
mod presence;
pub mod programs;
mod recent;
mod refresh_lock;
pub mod report;
pub mod request;
pub mod sandbox;
pub mod seat;
pub mod source;
pub mod take_in;
pub mod undo;
pub mod vaults;
pub mod who_am_i;

use std::sync::Arc;

#[cfg(unix)]
pub use crate::system::process::ignores_hangup;
pub use error::{Error, Kind};
pub use recent::NOTED;

use crate::api;
use crate::auth::Transport;
use crate::auth::transport::Now;
use crate::catalog::Catalog;
pub use crate::catalog::Listed;
use crate::model::{Provider, ProviderId, Time};
use crate::settings::Settings;
use crate::store::Store;
use crate::system::{Browser, Clipboard, Clock};
use busy::Busy;
use refresh_lock::RefreshLocks;
use vaults::ChosenVault;

/// What every use case returns.
pub type Result<T> = std::result::Result<T, Error>;

/// The parts of the machine that a test replaces.
pub struct Machine {
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// The browser.
    pub browser: Box<dyn Browser>,
    /// The clipboard.
    pub clipboard: Box<dyn Clipboard>,
}

/// Those who are talked to.
struct Network {
    /// Authorization servers.
    auth: Transport,
    /// APIs.
    api: api::Client,
}

/// Everything the program can do.
pub struct Service {
    catalog: Catalog,
    store: Arc<Store>,
    vault: ChosenVault,
    network: Network,
    machine: Machine,
    settings: Settings,
    refresh_locks: RefreshLocks,
    busy: Busy,
}

impl Service {
    /// Takes the home that `settings` name. Nothing is opened or made yet.
    pub fn open(settings: Settings, machine: Machine, ask: Option<vaults::AskPassphrase>) -> Result<Self> {
        let store = Arc::new(Store::at(settings.paths.store.clone())?);
        let catalog = Catalog::new(Some(settings.paths.providers.clone()));
        let vault = ChosenVault::of(&settings, store.clone(), ask);
        let locks = RefreshLocks::in_folder(settings.paths.locks.clone());
        Ok(Self::assemble(catalog, store, vault, machine, settings, locks))
    }

    /// Makes a service that leaves nothing behind: store and vault in memory.
    pub fn in_memory(catalog: Catalog, settings: Settings, machine: Machine) -> Result<Self> {
        let store = Arc::new(Store::in_memory()?);
        let vault = ChosenVault::in_memory(store.clone());
        Ok(Self::assemble(catalog, store, vault, machine, settings, RefreshLocks::in_process()))
    }

    fn assemble(
        catalog: Catalog,
        store: Arc<Store>,
        vault: ChosenVault,
        machine: Machine,
        settings: Settings,
        refresh_locks: RefreshLocks,
    ) -> Self {
        let clock = machine.clock.clone();
        let now: Now = Arc::new(move || clock.now());
        let network = Network { auth: Transport::new(now.clone()), api: api::Client::new(now) };
        Self { catalog, store, vault, network, machine, settings, refresh_locks, busy: Busy::default() }
    }

    /// Returns the time of day.
    pub fn now(&self) -> Time {
        self.machine.clock.now()
    }

    /// Returns what the user decided.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns a number that changes when another process changes the store.
    pub fn version(&self) -> Result<i64> {
        Ok(self.store.version()?)
    }

    /// Returns every provider, sorted by id; those whose files have mistakes with these.
    pub fn providers(&self) -> Vec<(ProviderId, Result<Provider>)> {
        self.catalog.all().into_iter().map(|(id, provider)| (id, provider.map_err(Error::from))).collect()
    }

    /// Returns what a list shows of every provider, sorted by id; those whose files have mistakes with these.
    pub fn listed_providers(&self) -> Vec<(ProviderId, Result<Listed>)> {
        self.catalog.list().into_iter().map(|(id, listed)| (id, listed.map_err(Error::from))).collect()
    }

    /// Returns why there is no provider of an id that others list, where that is known.
    pub fn absence(&self, id: &str) -> Option<&'static str> {
        crate::catalog::absent::reason(id.trim())
    }

    /// Returns the id of every provider, sorted, without reading their files.
    pub fn provider_ids(&self) -> Vec<ProviderId> {
        self.catalog.ids()
    }

    /// Returns one provider, found by its id or an old one.
    pub fn provider(&self, id: &str) -> Result<(ProviderId, Provider)> {
        Ok(self.catalog.get(id)?)
    }

    /// Returns all that is wrong with a provider file.
    pub fn check_provider_file(&self, path: &std::path::Path) -> Result<Vec<String>> {
        Ok(self.catalog.check_file(path)?)
    }

    /// Refuses whatever changes something when nothing may be changed.
    pub fn may_change(&self) -> Result<()> {
        if self.settings.read_only { Err(Error::usage("this is `--read-only`: nothing is changed")) } else { Ok(()) }
    }

    /// Opens a web page in the browser: a provider's console, its docs.
    pub fn open_page(&self, url: &str) -> Result<()> {
        let bad = || Error::usage(format!("`{}` is not a web address", crate::model::untrusted::line(url)));
        let url = url::Url::parse(url).map_err(|_| bad())?;
        self.machine
            .browser
            .open(&url)
            .map_err(|error| Error::usage(error.to_string()).hinted(format!("open it yourself: {url}")))
    }

    /// Tells whether tokens are being exchanged right now. To end the program meanwhile would lose
    /// what the provider answers.
    pub fn is_exchanging(&self) -> bool {
        self.busy.is_busy()
    }

    /// Waits until no tokens are being exchanged any more; not for ever.
    pub async fn settle(&self) {
        self.busy.wait().await;
    }

    /// Clears what is still ours on the clipboard; called at the end of the program.
    pub fn clear_clipboard(&self) {
        self.machine.clipboard.clear();
    }
}
