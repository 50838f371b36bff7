//! What the faces hold: the service of this machine, or, later, another host that speaks the same
//! protocol. A face asks for [`Capabilities`] instead of asking which one it is.

mod running;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

use crate::model::{
    Activity, Config, ConfigKey, Connection, ConnectionId, ConnectionRef, Provider, ProviderId, Secret, Time, WayIn,
};
use crate::service::configs::{ConfigChanges, NewConfig};
use crate::service::connect::{Authorization, ConnectRequest, Connected};
use crate::service::connections::Deleted;
use crate::service::copy::{Copied, CopiedTo, Form, HandedOut};
use crate::service::doctor::Finding;
use crate::service::enter::EnterRequest;
use crate::service::exec::Variable;
use crate::service::export::Exported;
use crate::service::fresh::{Fresh, Freshness};
use crate::service::import::{ImportFile, ImportOptions, Imported};
use crate::service::inspect::Inspection;
use crate::service::migrate::Migrated;
use crate::service::request::{Answer, ApiRequest};
use crate::service::vaults::VaultStatus;
use crate::service::{Result, Service};
use crate::settings::{Settings, VaultKind};

pub use running::{AboutHttps, AboutServer, RunningServer, StartServer};

/// Where everything is done.
#[derive(Clone)]
pub enum Backend {
    /// On this machine.
    Local(Arc<Service>),
}

/// What a backend can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Configs and connections can be made, changed and deleted.
    pub can_change: bool,
    /// Connections can be authorized.
    pub can_authorize: bool,
}

impl Backend {
    /// Returns what it can do.
    pub fn capabilities(&self) -> Capabilities {
        let may_change = !self.settings().read_only;
        Capabilities { can_change: may_change, can_authorize: may_change }
    }

    fn service(&self) -> &Arc<Service> {
        let Self::Local(service) = self;
        service
    }

    /// Returns the time of day.
    pub fn now(&self) -> Time {
        self.service().now()
    }

    /// Returns what the user decided.
    pub fn settings(&self) -> &Settings {
        self.service().settings()
    }

    /// Returns a number that changes when another process changes something.
    pub fn version(&self) -> Result<i64> {
        self.service().version()
    }

    /// Finishes or undoes interrupted writes.
    pub async fn mend(&self) -> Result<()> {
        self.service().mend().await
    }

    /// Tells whether tokens are being exchanged right now.
    pub fn is_exchanging(&self) -> bool {
        self.service().is_exchanging()
    }

    /// Waits until no tokens are being exchanged any more; not for ever.
    pub async fn settle(&self) {
        self.service().settle().await;
    }

    /// Returns every provider, sorted by id.
    pub fn providers(&self) -> Vec<(ProviderId, Result<Provider>)> {
        self.service().providers()
    }

    /// Returns one provider.
    pub fn provider(&self, id: &str) -> Result<(ProviderId, Provider)> {
        self.service().provider(id)
    }

    /// Returns all that is wrong with a provider file.
    pub fn check_provider_file(&self, path: &Path) -> Result<Vec<String>> {
        self.service().check_provider_file(path)
    }

    /// Returns every config, sorted by key.
    pub fn configs(&self) -> Result<Vec<Config>> {
        self.service().configs()
    }

    /// Returns one config.
    pub fn config(&self, key: &ConfigKey) -> Result<Config> {
        self.service().config(key)
    }

    /// Suggests a key for a new config.
    pub fn suggested_key(&self, provider: &ProviderId) -> Result<String> {
        self.service().suggested_key(provider)
    }

    /// Makes a config.
    pub async fn create_config(&self, new: NewConfig) -> Result<Config> {
        self.service().create_config(new).await
    }

    /// Changes a config.
    pub async fn edit_config(&self, key: &ConfigKey, changes: ConfigChanges) -> Result<Config> {
        self.service().edit_config(key, changes).await
    }

    /// Gives a config another key.
    pub async fn rename_config(&self, key: &ConfigKey, new: &ConfigKey) -> Result<()> {
        self.service().rename_config(key, new).await
    }

    /// Deletes a config with its connections.
    pub async fn delete_config(&self, key: &ConfigKey) -> Result<usize> {
        self.service().delete_config(key).await
    }

    /// Returns every connection, sorted by config and id.
    pub fn connections(&self) -> Result<Vec<Connection>> {
        self.service().connections()
    }

    /// Returns one connection.
    pub fn connection(&self, reference: &ConnectionRef) -> Result<Connection> {
        self.service().connection(reference)
    }

    /// Returns one connection, also one whose config was deleted.
    pub fn any_connection(&self, reference: &ConnectionRef) -> Result<Connection> {
        self.service().any_connection(reference)
    }

    /// Returns the only connection of a config.
    pub fn only_connection(&self, key: &ConfigKey) -> Result<ConnectionRef> {
        self.service().only_connection(key)
    }

    /// Begins an authorization.
    pub async fn begin(&self, request: ConnectRequest) -> Result<Authorization> {
        self.service().begin(request).await
    }

    /// Returns the way in which a config is authorized, and its provider.
    pub async fn way_in(&self, config: &Config, asked: Option<WayIn>) -> Result<(WayIn, Provider)> {
        self.service().way_in(config, asked).await
    }

    /// Tells whether a device code is to be offered before the browser.
    pub fn prefers_device(&self, config: &Config, way: WayIn) -> Result<bool> {
        self.service().prefers_device(config, way)
    }

    /// Makes a connection of what was entered, or of the token that the client gets for itself.
    pub async fn enter(&self, request: EnterRequest) -> Result<Connected> {
        self.service().enter(request).await
    }

    /// Returns the provider of an issuer, made for it if need be.
    pub async fn provider_of_issuer(&self, issuer: &str, api: Option<&str>) -> Result<ProviderId> {
        self.service().provider_of_issuer(issuer, api).await
    }

    /// Sends a request to the API of a connection.
    pub async fn request(&self, reference: &ConnectionRef, request: ApiRequest) -> Result<Answer> {
        self.service().request(reference, request).await
    }

    /// Returns fresh tokens for a program's environment.
    pub async fn environment(&self, variables: &[Variable], program: &str) -> Result<Vec<(String, Secret)>> {
        self.service().environment(variables, program).await
    }

    /// Runs a program in this one's place.
    pub fn replace_with(
        &self,
        program: &OsStr,
        arguments: &[OsString],
        environment: &[(String, Secret)],
    ) -> Result<i32> {
        self.service().replace_with(program, arguments, environment)
    }

    /// Gives a connection another id.
    pub async fn rename_connection(&self, reference: &ConnectionRef, new: &ConnectionId) -> Result<ConnectionRef> {
        self.service().rename_connection(reference, new).await
    }

    /// Deletes a connection.
    pub async fn delete_connection(&self, reference: &ConnectionRef, revoke: bool) -> Result<Deleted> {
        self.service().delete_connection(reference, revoke).await
    }

    /// Returns fresh credentials.
    pub async fn fresh_credentials(&self, reference: &ConnectionRef, freshness: Freshness) -> Result<Fresh> {
        self.service().fresh_credentials(reference, freshness).await
    }

    /// Returns a fresh token in the form that was asked for.
    pub async fn hand_out(&self, reference: &ConnectionRef, freshness: Freshness, form: Form) -> Result<HandedOut> {
        self.service().hand_out(reference, freshness, form).await
    }

    /// Puts a fresh token on the clipboard.
    pub async fn copy(&self, reference: &ConnectionRef, freshness: Freshness, form: Form) -> Result<Copied> {
        self.service().copy(reference, freshness, form).await
    }

    /// Copies text that is no secret.
    pub fn copy_text(&self, text: &str) -> Result<CopiedTo> {
        self.service().copy_text(text)
    }

    /// Opens a web page: a provider's console, its docs.
    pub fn open_page(&self, url: &str) -> Result<()> {
        self.service().open_page(url)
    }

    /// Clears what is still ours on the clipboard.
    pub fn clear_clipboard(&self) {
        self.service().clear_clipboard();
    }

    /// Looks into a token.
    pub async fn inspect(&self, reference: &ConnectionRef) -> Result<Inspection> {
        self.service().inspect(reference).await
    }

    /// Returns what happened, newest first.
    pub fn activity(&self, of: Option<&ConnectionRef>, most: u32) -> Result<Vec<Activity>> {
        self.service().activity(of, most)
    }

    /// Returns what happened after a row, oldest first.
    pub fn activity_after(&self, number: i64, of: Option<&ConnectionRef>) -> Result<Vec<Activity>> {
        self.service().activity_after(number, of)
    }

    /// Tells which vault is in use, and why.
    pub async fn vault_status(&self) -> VaultStatus {
        self.service().vault_status().await
    }

    /// Unlocks the vault.
    pub async fn unlock_vault(&self, passphrase: Option<Secret>) -> Result<()> {
        self.service().unlock_vault(passphrase).await
    }

    /// Moves every secret to another vault; `told` hears how many of how many are copied.
    pub async fn migrate_vault(&self, to: VaultKind, told: &(dyn Fn(usize, usize) + Sync)) -> Result<Migrated> {
        self.service().migrate_vault(to, told).await
    }

    /// Writes a backup.
    pub async fn export(&self, file: &Path, passphrase: &Secret) -> Result<Exported> {
        self.service().export(file, passphrase).await
    }

    /// Takes in a backup.
    pub async fn import_backup(
        &self,
        file: &ImportFile,
        passphrase: &Secret,
        options: &ImportOptions,
    ) -> Result<Vec<Imported>> {
        self.service().import_backup(file, passphrase, options).await
    }

    /// Takes in the clients that another program's file describes.
    pub async fn import_clients(&self, file: &ImportFile, options: &ImportOptions) -> Result<Vec<Imported>> {
        self.service().import_clients(file, options).await
    }

    /// Looks at everything that may go wrong on this machine.
    pub async fn doctor(&self) -> Vec<Finding> {
        self.service().doctor().await
    }
}
