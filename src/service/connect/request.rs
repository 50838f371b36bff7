//! What is to be authorized, and how.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::auth::authorization_code::Further;
use crate::model::{ConnectionRef, Secret, WayIn};

/// How long an authorization in a browser may take unless the user says otherwise.
pub const TIMEOUT: Duration = Duration::from_mins(5);

/// How the answer comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// Through the listener; the browser is opened.
    #[default]
    Browser,
    /// Through the listener; the user opens the URL themselves.
    NoBrowser,
    /// The user pastes the URL that the browser ended on; nothing listens.
    Paste,
    /// The user enters a code on another device; nothing listens, and nothing comes back but the answer
    /// to a poll (RFC 8628).
    Device,
}

/// What is to be authorized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectRequest {
    /// The connection.
    pub connection: ConnectionRef,
    /// The provider's variables.
    pub variables: BTreeMap<String, String>,
    /// Further variables, which the provider file does not know: kept beside the others for whoever reads
    /// the connection (Nango's `params[…]` may have any name).
    pub further: BTreeMap<String, String>,
    /// What the API wants beside the token, by the names of the fields; what is not given is taken over from the
    /// connection that is there.
    pub fields: BTreeMap<String, Secret>,
    /// Whether a key in PEM may be given as the name of a file of this machine, `@FILE`: only by whoever sits at it.
    pub reads_files: bool,
    /// Further parameters of the authorization request; `None` takes one of the provider file's away.
    pub parameters: Further,
    /// The scopes, if not those of the config.
    pub scopes: Option<Vec<String>>,
    /// The way of authenticating, if not the usual one of the config.
    pub way_in: Option<WayIn>,
    /// Whether a connection that exists is replaced.
    pub may_replace: bool,
    /// How the answer comes back.
    pub way: Way,
    /// How long it may take; unless said, [`TIMEOUT`], or for as long as a device code is good.
    pub timeout: Option<Duration>,
}

impl ConnectRequest {
    /// Returns the same request of somebody who sits at this machine, whose files it may name.
    #[must_use]
    pub fn reading_files(self) -> Self {
        Self { reads_files: true, ..self }
    }

    /// Asks for a connection in the usual way.
    pub fn new(connection: ConnectionRef) -> Self {
        Self {
            connection,
            variables: BTreeMap::new(),
            further: BTreeMap::new(),
            fields: BTreeMap::new(),
            reads_files: false,
            parameters: Further::new(),
            scopes: None,
            way_in: None,
            may_replace: true,
            way: Way::default(),
            timeout: None,
        }
    }
}
