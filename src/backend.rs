//! What the command line and the terminal UI hold: the service of this machine, or another host that speaks the
//! same protocol. A face asks for [`Capabilities`] instead of asking which one it is.

mod configs;
mod running;

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use crate::model::tape::Step;
use crate::model::{
    Activity, Config, ConfigKey, Connection, ConnectionId, ConnectionRef, Provider, ProviderId, Secret, Time, WayIn,
};
use crate::remote::Remote;
use crate::service::connect::{Authorization, ConnectRequest, Connected};
use crate::service::connections::Deleted;
use crate::service::copy::{Copied, CopiedTo, Form, HandedOut};
use crate::service::enter::EnterRequest;
use crate::service::exec::Variable;
use crate::service::fresh::Freshness;
use crate::service::inspect::Inspection;
use crate::service::request::{Answer, ApiRequest};
use crate::service::source::Source;
use crate::service::who_am_i::WhoAmI;
use crate::service::{Listed, Result, Service};
use crate::settings::Settings;

pub use running::{AboutHttps, AboutServer, OpenSandbox, RunningServer, StartServer};

/// Where everything is done.
#[derive(Clone)]
pub enum Backend {
    /// On this machine.
    Local(Arc<Service>),
    /// At another host.
    Remote(Arc<Remote>),
}

/// What a backend can do.
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Configs and connections can be changed and deleted, and tokens refreshed at will.
    pub can_change: bool,
    /// Connections can be authorized.
    pub can_authorize: bool,
    /// The local server can be started over it.
    pub can_serve: bool,
    /// Tokens can be revoked at their provider.
    pub can_revoke: bool,
}

impl Backend {
    /// Returns what it can do.
    pub fn capabilities(&self) -> Capabilities {
        let can_change = !self.settings().read_only;
        let is_here = matches!(self, Self::Local(_));
        Capabilities {
            can_change,
            can_authorize: can_change && is_here,
            can_serve: is_here,
            can_revoke: can_change && is_here,
        }
    }

    /// Returns the name of the host, where it is not this machine.
    pub fn host(&self) -> Option<String> {
        match self {
            Self::Local(_) => None,
            Self::Remote(remote) => Some(remote.host().name()),
        }
    }

    /// Says where configs and connections are: "this machine", or the address of the host.
    pub fn place(&self) -> String {
        match self {
            Self::Local(_) => "this machine".to_owned(),
            Self::Remote(remote) => format!("`{}`", remote.host().address()),
        }
    }

    /// Returns what this machine does in any case: its settings, clock, browser, clipboard, provider files.
    fn here(&self) -> &Arc<Service> {
        match self {
            Self::Local(service) => service,
            Self::Remote(remote) => remote.here(),
        }
    }

    /// Returns the service of this machine, for what no other host does for us.
    pub fn local(&self) -> Result<&Arc<Service>> {
        match self {
            Self::Local(service) => Ok(service),
            Self::Remote(remote) => Err(remote.not_offered("that is about this machine alone")),
        }
    }

    /// Returns the time of day.
    pub fn now(&self) -> Time {
        self.here().now()
    }

    /// Returns what the user decided.
    pub fn settings(&self) -> &Settings {
        self.here().settings()
    }

    /// Returns a number that changes when the lists may have changed: another process wrote to the store, or it is
    /// time to ask the host again.
    pub fn version(&self) -> Result<i64> {
        match self {
            Self::Local(service) => service.version(),
            Self::Remote(remote) => Ok(remote.version()),
        }
    }

    /// Finishes or undoes interrupted writes.
    pub async fn mend(&self) -> Result<()> {
        self.here().mend().await
    }

    /// Tells whether tokens are being exchanged right now.
    pub fn is_exchanging(&self) -> bool {
        self.here().is_exchanging()
    }

    /// Waits until no tokens are being exchanged any more; not for ever.
    pub async fn settle(&self) {
        self.here().settle().await;
    }

    /// Returns every provider, sorted by id.
    pub fn providers(&self) -> Vec<(ProviderId, Result<Provider>)> {
        self.here().providers()
    }

    /// Returns what a list shows of every provider of this machine, sorted by id.
    pub fn listed_providers(&self) -> Vec<(ProviderId, Result<Listed>)> {
        self.here().listed_providers()
    }

    /// Returns one provider.
    pub fn provider(&self, id: &str) -> Result<(ProviderId, Provider)> {
        self.here().provider(id)
    }

    /// Returns every connection, sorted by config and id.
    pub async fn connections(&self) -> Result<Vec<Connection>> {
        match self {
            Self::Local(service) => service.connections(),
            Self::Remote(remote) => remote.connections().await,
        }
    }

    /// Returns one connection.
    pub async fn connection(&self, reference: &ConnectionRef) -> Result<Connection> {
        match self {
            Self::Local(service) => service.connection(reference),
            Self::Remote(remote) => remote.connection(reference).await,
        }
    }

    /// Returns one connection, also one whose config was deleted.
    pub async fn any_connection(&self, reference: &ConnectionRef) -> Result<Connection> {
        match self {
            Self::Local(service) => service.any_connection(reference),
            Self::Remote(remote) => remote.connection(reference).await,
        }
    }

    /// Returns the only connection of a config.
    pub async fn only_connection(&self, key: &ConfigKey) -> Result<ConnectionRef> {
        match self {
            Self::Local(service) => service.only_connection(key),
            Self::Remote(remote) => remote.only_connection(key).await,
        }
    }

    /// Begins an authorization.
    pub async fn begin(&self, request: ConnectRequest) -> Result<Authorization> {
        match self {
            Self::Local(service) => service.begin(request).await,
            Self::Remote(remote) => Err(remote.not_authorized_here(&request.connection)),
        }
    }

    /// Returns the way in which a connection of a config is authorized, and the config's provider.
    pub async fn way_in(
        &self,
        config: &Config,
        connection: &ConnectionRef,
        asked: Option<WayIn>,
    ) -> Result<(WayIn, Provider)> {
        match self {
            Self::Local(service) => service.way_in_again(config, connection, asked).await,
            Self::Remote(remote) => Err(remote.not_authorized_here(connection)),
        }
    }

    /// Tells whether a browser can be opened that its user sees.
    pub fn has_browser(&self) -> bool {
        self.here().has_browser()
    }

    /// Tells whether a device code is to be offered before the browser.
    pub fn prefers_device(&self, config: &Config, way: WayIn) -> Result<bool> {
        self.here().prefers_device(config, way)
    }

    /// Makes a connection of what was entered, or of the token that the client gets for itself.
    pub async fn enter(&self, request: EnterRequest) -> Result<Connected> {
        match self {
            Self::Local(service) => service.enter(request).await,
            Self::Remote(remote) => Err(remote.not_authorized_here(&request.connection)),
        }
    }

    /// Sends a request to the API of a connection.
    pub async fn request(&self, reference: &ConnectionRef, request: ApiRequest) -> Result<Answer> {
        match self {
            Self::Local(service) => service.request(reference, request).await,
            Self::Remote(remote) => remote.here().request_of(&**remote, reference, request).await,
        }
    }

    /// Returns fresh tokens for a program's environment.
    pub async fn environment(&self, variables: &[Variable], program: &str) -> Result<Vec<(String, Secret)>> {
        match self {
            Self::Local(service) => service.environment(variables, program).await,
            Self::Remote(remote) => remote.here().environment_of(&**remote, variables, program).await,
        }
    }

    /// Runs a program in this one's place.
    pub fn replace_with(
        &self,
        program: &OsStr,
        arguments: &[OsString],
        environment: &[(String, Secret)],
    ) -> Result<i32> {
        self.here().replace_with(program, arguments, environment)
    }

    /// Gives a connection another id.
    pub async fn rename_connection(&self, reference: &ConnectionRef, new: &ConnectionId) -> Result<ConnectionRef> {
        match self {
            Self::Local(service) => service.rename_connection(reference, new).await,
            Self::Remote(remote) => Err(remote.not_offered("a connection is given another id")),
        }
    }

    /// Deletes a connection.
    pub async fn delete_connection(&self, reference: &ConnectionRef, revoke: bool) -> Result<Deleted> {
        match self {
            Self::Local(service) => service.delete_connection(reference, revoke).await,
            Self::Remote(remote) if revoke => Err(remote.not_offered("tokens are revoked at their provider")),
            Self::Remote(remote) => {
                remote.delete_connection(reference).await?;
                Ok(Deleted { revocation: None })
            }
        }
    }

    /// Gets a new token, whatever the age of the one that is there.
    pub async fn refresh(&self, reference: &ConnectionRef) -> Result<()> {
        let forced = Freshness { forced: true, ..Freshness::default() };
        match self {
            Self::Local(service) => service.fresh_credentials(reference, forced).await.map(drop),
            Self::Remote(remote) => remote.fresh(reference, forced).await.map(drop),
        }
    }

    /// Asks the API of a connection who its token is.
    pub async fn who_am_i(&self, reference: &ConnectionRef) -> Result<WhoAmI> {
        match self {
            Self::Local(service) => service.who_am_i(reference).await,
            Self::Remote(remote) => remote.who_am_i(reference).await,
        }
    }

    /// Returns a fresh token in the form that was asked for.
    pub async fn hand_out(&self, reference: &ConnectionRef, freshness: Freshness, form: Form) -> Result<HandedOut> {
        match self {
            Self::Local(service) => service.hand_out(reference, freshness, form).await,
            Self::Remote(remote) => remote.here().hand_out_of(&**remote, reference, freshness, form).await,
        }
    }

    /// Puts a fresh token on the clipboard.
    pub async fn copy(&self, reference: &ConnectionRef, freshness: Freshness, form: Form) -> Result<Copied> {
        match self {
            Self::Local(service) => service.copy(reference, freshness, form).await,
            Self::Remote(remote) => remote.here().copy_of(&**remote, reference, freshness, form).await,
        }
    }

    /// Copies text that is no secret.
    pub fn copy_text(&self, text: &str) -> Result<CopiedTo> {
        self.here().copy_text(text)
    }

    /// Opens a web page: a provider's console, its docs.
    pub fn open_page(&self, url: &str) -> Result<()> {
        self.here().open_page(url)
    }

    /// Clears what is still ours on the clipboard.
    pub fn clear_clipboard(&self) {
        self.here().clear_clipboard();
    }

    /// Looks into a token.
    pub async fn inspect(&self, reference: &ConnectionRef) -> Result<Inspection> {
        match self {
            Self::Local(service) => service.inspect(reference).await,
            Self::Remote(remote) => remote.inspect(reference).await,
        }
    }

    /// Returns what happened, newest first; with another host, what this program did there.
    pub fn activity(&self, of: Option<&ConnectionRef>, most: u32) -> Result<Vec<Activity>> {
        self.here().activity(of, most)
    }

    /// Returns one row of what happened.
    pub fn one_activity(&self, number: i64) -> Result<Activity> {
        self.here().one_activity(number)
    }

    /// Returns the steps of the flow that a row of activity belongs to; with another host, none.
    pub fn flow(&self, number: i64) -> Result<Vec<Step>> {
        match self {
            Self::Local(service) => service.flow(number),
            Self::Remote(_) => Ok(Vec::new()),
        }
    }

    /// Unlocks the vault.
    pub async fn unlock_vault(&self, passphrase: Option<Secret>) -> Result<()> {
        self.here().unlock_vault(passphrase).await
    }
}
