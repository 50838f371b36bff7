//! What the app wants done. A closed set of plain data; `runtime` does it.

use crate::model::{ConfigKey, ConnectionRef, Secret};
use crate::service::configs::NewConfig;
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
    /// Refresh a token now.
    Refresh(ConnectionRef),
    /// Begin an authorization.
    Authorize(ConnectRequest),
    /// Keep what was entered, or get a token for the client itself.
    Enter(EnterRequest),
    /// Cancel the authorization that waits.
    Cancel,
    /// Hand over the address that the browser ended on.
    Paste(Secret),
    /// Make a config.
    MakeConfig(NewConfig),
    /// Delete a connection, after revoking it if so.
    DeleteConnection(ConnectionRef, bool),
    /// Delete a config.
    DeleteConfig(ConfigKey),
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
    /// Start the local server.
    StartServer,
    /// Stop it.
    StopServer,
}

impl Effect {
    /// Says what is being done, for effects that may take a while.
    pub fn doing(&self) -> Option<String> {
        match self {
            Self::Copy(connection, _) => Some(format!("getting a fresh token for {connection}")),
            Self::Refresh(connection) => Some(format!("refreshing {connection}")),
            Self::Authorize(request) => Some(format!("preparing {}", request.connection)),
            Self::Enter(request) => Some(format!("proving and keeping {}", request.connection)),
            Self::MakeConfig(new) => Some(format!("making {}", new.key)),
            Self::DeleteConnection(connection, true) => Some(format!("revoking {connection}")),
            Self::DeleteConnection(connection, false) => Some(format!("deleting {connection}")),
            Self::DeleteConfig(key) => Some(format!("deleting {key}")),
            Self::Inspect(connection) => Some(format!("looking into {connection}")),
            Self::Unlock(_) => Some("unlocking the vault".to_owned()),
            Self::StartServer => Some("starting the server".to_owned()),
            Self::StopServer => Some("stopping the server".to_owned()),
            Self::Quit
            | Self::Load
            | Self::LoadProviders
            | Self::CopyText(..)
            | Self::Cancel
            | Self::Paste(_)
            | Self::OpenPage(_)
            | Self::TakeMouse(_)
            | Self::Ring => None,
        }
    }
}
