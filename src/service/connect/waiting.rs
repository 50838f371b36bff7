//! What can be shown of an authorization while it waits, and what came of it: plain data.

use url::Url;

use super::BrowserError;
use crate::model::{Connection, ConnectionRef, Time};

/// What is known about an authorization that waits for its answer: plain data, to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The connection.
    pub connection: ConnectionRef,
    /// The URL to open.
    pub url: Url,
    /// The redirect URI, as it must be registered.
    pub redirect_uri: String,
    /// When it ends by itself.
    pub deadline: Time,
    /// Whether a browser was opened, and why not.
    pub browser: Result<(), BrowserError>,
    /// Whether something listens for the answer.
    pub listens: bool,
    /// Whether another hallpass holds the port and will send the browser on.
    pub is_relayed: bool,
    /// The SHA-256 of this machine's own certificate, where the answer comes by HTTPS: the browser will ask.
    pub certificate: Option<String>,
    /// The code to enter, where it is a device that is authorized; `url` is the page for it.
    pub device: Option<DeviceCode>,
}

/// What a person needs to authorize a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCode {
    /// The code to enter.
    pub user_code: String,
    /// Where to enter it.
    pub verification_uri: Url,
    /// The same with the code in it, for a QR code.
    pub verification_uri_complete: Option<Url>,
}

/// What came of an authorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// The connection as it is now.
    pub connection: Connection,
    /// The fingerprint of its access token.
    pub fingerprint: String,
    /// Whatever deserves a second look.
    pub warnings: Vec<String>,
}
