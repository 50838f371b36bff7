//! What can happen to the app. A closed set of plain data: a message can be compared, logged and
//! replayed, and holds no secret that its `Debug` would show.

use crossterm::event::{KeyEvent, MouseEvent};

use super::effect::Effect;
use super::facts::Fact;
use super::look::Look;
use super::modal::{Renamed, Target};
use crate::backend::{AboutServer, Backend, Capabilities};
use crate::model::tape::Step;
use crate::model::{Activity, Config, Connection, ConnectionRef, Provider, ProviderId, Secret, Time};
use crate::service::Error;
use crate::service::connect::{Connected, Waiting};
use crate::service::connections::Deleted;
use crate::service::copy::{Copied, CopiedTo};
use crate::service::doctor::Finding;
use crate::service::inspect::Inspection;
use crate::service::who_am_i::WhoAmI;

/// What can happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// Something was pasted; it may be a secret.
    Pasted(Secret),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The terminal got the focus, or lost it.
    Focused(bool),
    /// The settings file has changed.
    LookChanged(Box<Look>),
    /// The settings file has changed, and has a mistake in it.
    LookRefused(Error),
    /// The terminal has another size: columns and rows.
    Resized(u16, u16),
    /// Time has passed.
    Ticked(Time),
    /// The lists were read.
    Loaded(Box<Lists>),
    /// The providers were read.
    ProvidersLoaded(Vec<(ProviderId, Provider)>),
    /// A token was copied.
    Copied(ConnectionRef, Copied),
    /// A token is to be shown for a moment.
    Revealed(ConnectionRef, Secret),
    /// Some text was copied.
    TextCopied(&'static str, CopiedTo),
    /// Tokens were refreshed, or what went wrong.
    Refreshed(Vec<(ConnectionRef, Option<Error>)>),
    /// An authorization waits for its answer.
    Waits(Box<Waiting>),
    /// An authorization ended well.
    Connected(Box<Connected>),
    /// A pasted address was not the one that is waited for; the authorization goes on.
    PasteRefused(Error),
    /// The provider of an MCP server was found.
    McpFound(ProviderId, Box<Provider>),
    /// A config was made.
    ConfigMade(Box<Config>),
    /// A config was changed.
    ConfigEdited(Box<Config>),
    /// A config or a connection, by its name before, has another one now.
    Renamed(Renamed, Target),
    /// The redirect URI of a config was checked.
    RedirectChecked(Finding),
    /// An API said who a token is.
    Identified(Box<WhoAmI>),
    /// Connections were deleted, or what went wrong; and whether they can be brought back.
    ConnectionsDeleted(Vec<(ConnectionRef, Result<Deleted, Error>)>, bool),
    /// A config was deleted, with so many connections; and whether it can be brought back.
    ConfigDeleted(String, usize, bool),
    /// So much of what was deleted is there again.
    BroughtBack(usize),
    /// The doctor has looked at this machine.
    Examined(Vec<Finding>),
    /// A token was looked into.
    Inspected(Box<Inspection>),
    /// The local server runs, or does not any more.
    Serving(Option<AboutServer>),
    /// The vault was unlocked.
    Unlocked,
    /// The steps of the flow of a row of activity were read.
    FlowRead(i64, Vec<Step>),
    /// The screens are elsewhere now: in the sandbox, or at home again.
    Moved(Box<Stay>),
    /// Something did not work.
    Failed(Error, Box<Effect>),
}

/// What the lists show.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lists {
    /// Connections, sorted by config and id.
    pub connections: Vec<Connection>,
    /// Configs, sorted by key.
    pub configs: Vec<Config>,
    /// Activity, newest first.
    pub activity: Vec<Activity>,
}

/// Where the screens are.
#[derive(Debug, Clone, PartialEq)]
pub struct Stay {
    /// What can be done there.
    pub capabilities: Capabilities,
    /// The host that is worked at, if not this machine.
    pub host: Option<String>,
    /// What the settings screen shows.
    pub facts: Vec<Fact>,
    /// The config and the provider of the sandbox, where it is one.
    pub sandbox: Option<(Config, Provider)>,
}

impl Stay {
    /// Reads what a backend says of itself.
    pub(super) fn of(backend: &Backend, sandbox: Option<(Config, Provider)>) -> Self {
        let facts = if sandbox.is_some() { super::facts::of_sandbox() } else { super::facts::of(backend) };
        Self { capabilities: backend.capabilities(), host: backend.host(), facts, sandbox }
    }
}
