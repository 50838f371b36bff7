//! What the app wants done. A closed set of plain data; `runtime` does it.

use url::Url;

use crate::model::{ConfigKey, ConnectionId, ConnectionRef, Secret};
use crate::service::configs::{ConfigChanges, NewConfig};
use crate::service::connect::ConnectRequest;
use crate::service::copy::Form;
use crate::service::enter::EnterRequest;

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// End the program.
    Quit,
    /// Read the lists.
    Load,
    /// Read the providers.
    LoadProviders,
    /// Copy a fresh token.
    Copy(ConnectionRef, Form),
    /// Copy text that is no secret, called this.
    CopyText(&'static str, String),
    /// Show a fresh token for a moment.
    Reveal(ConnectionRef),
    /// Refresh tokens now.
    Refresh(Vec<ConnectionRef>),
    /// Begin an authorization.
    Authorize(ConnectRequest),
    /// Keep what was entered, or get a token for the client itself.
    Enter(EnterRequest),
    /// Cancel the authorization that waits.
    Cancel,
    /// Hand over the address that the browser ended on.
    Paste(Secret),
    /// Find the provider of the MCP server at an address.
    FindMcp(String),
    /// Make a config.
    MakeConfig(NewConfig),
    /// Make a config like another, with its client secret where none is given.
    MakeConfigLike(ConfigKey, NewConfig),
    /// Change a config.
    EditConfig(ConfigKey, ConfigChanges),
    /// Give a config another key.
    RenameConfig(ConfigKey, ConfigKey),
    /// Give a connection another id.
    RenameConnection(ConnectionRef, ConnectionId),
    /// Check that the redirect URI of a config can be reached.
    CheckRedirect(ConfigKey),
    /// Ask the API who a token is.
    WhoAmI(ConnectionRef),
    /// Delete connections, after revoking them if so.
    DeleteConnections(Vec<ConnectionRef>, bool),
    /// Delete a config.
    DeleteConfig(ConfigKey),
    /// Bring back what was deleted last.
    BringBack,
    /// Forget what was deleted last.
    ForgetRemoved,
    /// Let the doctor look at this machine.
    Examine,
    /// Read the steps of the flow that a row of activity belongs to.
    ReadFlow(i64),
    /// Copy its requests as curl commands, secrets as variables.
    CopyCurl(i64),
    /// Look into a token.
    Inspect(ConnectionRef),
    /// Open a web page.
    OpenPage(String),
    /// Unlock the vault with a passphrase.
    Unlock(Secret),
    /// Take the mouse, or leave it to the terminal.
    TakeMouse(bool),
    /// Ring the bell.
    Ring,
    /// Go into a sandbox.
    EnterSandbox,
    /// Leave it; what was in it is gone.
    LeaveSandbox,
    /// Give the sandbox's consent on this page.
    Allow(Url),
    /// Start the local server.
    StartServer,
    /// Stop it.
    StopServer,
}

impl Effect {
    /// Returns the connection that it asks somebody about, where it is one.
    pub(super) fn connection(&self) -> Option<&ConnectionRef> {
        match self {
            Self::Copy(connection, _)
            | Self::Reveal(connection)
            | Self::WhoAmI(connection)
            | Self::Inspect(connection) => Some(connection),
            Self::Refresh(connections) => match connections.as_slice() {
                [connection] => Some(connection),
                _ => None,
            },
            Self::Authorize(request) => Some(&request.connection),
            Self::Enter(request) => Some(&request.connection),
            _ => None,
        }
    }

    /// Says what is being done, for effects that may take a while.
    pub fn doing(&self) -> Option<String> {
        match self {
            Self::Copy(connection, _) | Self::Reveal(connection) => {
                Some(format!("getting a fresh token for {connection}"))
            }
            Self::Refresh(connections) => Some(format!("refreshing {}", named(connections))),
            Self::Authorize(request) => Some(format!("preparing {}", request.connection)),
            Self::Enter(request) => Some(format!("proving and keeping {}", request.connection)),
            Self::EditConfig(key, _) => Some(format!("changing {key}")),
            Self::RenameConfig(key, _) => Some(format!("renaming {key}")),
            Self::RenameConnection(connection, _) => Some(format!("renaming {connection}")),
            Self::FindMcp(_) => Some("asking the server whose tokens it takes".to_owned()),
            Self::CheckRedirect(key) => Some(format!("checking the redirect URI of {key}")),
            Self::WhoAmI(connection) => Some(format!("asking who {connection} is")),
            Self::MakeConfig(new) | Self::MakeConfigLike(_, new) => Some(format!("making {}", new.key)),
            Self::DeleteConnections(connections, true) => Some(format!("revoking {}", named(connections))),
            Self::DeleteConnections(connections, false) => Some(format!("deleting {}", named(connections))),
            Self::Examine => Some("looking at this machine".to_owned()),
            Self::BringBack => Some("bringing back what was deleted".to_owned()),
            Self::DeleteConfig(key) => Some(format!("deleting {key}")),
            Self::Inspect(connection) => Some(format!("looking into {connection}")),
            Self::Unlock(_) => Some("unlocking the vault".to_owned()),
            Self::EnterSandbox => Some("opening the sandbox".to_owned()),
            Self::LeaveSandbox => Some("leaving the sandbox".to_owned()),
            Self::StartServer => Some("starting the server".to_owned()),
            Self::StopServer => Some("stopping the server".to_owned()),
            Self::Quit
            | Self::Load
            | Self::LoadProviders
            | Self::CopyText(..)
            | Self::Cancel
            | Self::Paste(_)
            | Self::OpenPage(_)
            | Self::ReadFlow(_)
            | Self::CopyCurl(_)
            | Self::Allow(_)
            | Self::ForgetRemoved
            | Self::TakeMouse(_)
            | Self::Ring => None,
        }
    }
}

/// Returns the name of one connection, or how many there are.
pub(super) fn named(connections: &[ConnectionRef]) -> String {
    match connections {
        [connection] => connection.to_string(),
        connections => format!("{} connections", connections.len()),
    }
}
