//! A place to be called back at: the port of the redirect URI, or, while another hallpass of the
//! same user holds that, a port of our own to which it sends our browser on.

use std::fs::{File, TryLockError};
use std::net::IpAddr;
use std::path::Path;

use tokio::sync::watch;
use url::Url;

use super::{Error, Result};
use crate::listener::tls::Acceptor;
use crate::listener::{BindError, Handler, Limits, Listener, LoopbackHost};
use crate::settings::private;
use crate::system::port_holder;

/// A place to listen, taken.
#[derive(Debug)]
pub(super) struct Seat {
    /// The sockets.
    pub(super) listener: Listener,
    /// What browsers call it: `localhost:3003`.
    pub(super) host: String,
    /// Held while the port of the redirect URI is ours, so that others know who has it.
    lock: Option<File>,
}

/// How a seat was come by.
#[derive(Debug)]
pub(super) enum Taken {
    /// The port of the redirect URI is ours.
    Own(Seat),
    /// Another hallpass holds it; this is where it sends our browser on.
    Relayed(Seat),
}

/// The port of a server of ours, held so that other processes know that it hands on their callbacks.
#[derive(Debug)]
pub struct ServerSeat {
    listener: Listener,
    _lock: Option<File>,
}

impl ServerSeat {
    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.listener.port()
    }

    /// Speaks HTTPS with this.
    pub(super) fn with_tls(self, tls: Acceptor) -> Self {
        Self { listener: self.listener.with_tls(Some(tls)), ..self }
    }

    /// Serves until `stop` changes, and gives the port back then.
    pub async fn serve(self, limits: Limits, hosts: Vec<String>, handler: Handler, stop: watch::Receiver<bool>) {
        let Self { listener, _lock } = self;
        listener.with_limits(limits).serve(hosts, handler, stop).await;
    }
}

/// The lock file of a server's port.
fn server_lock(locks: &Path, port: u16) -> std::io::Result<File> {
    private::folder(locks).map_err(std::io::Error::other)?;
    private::options().create(true).truncate(false).open(locks.join(format!("server-{port}.lock")))
}

/// Nobody else can have it for long: the port is ours. But whoever looks whether it is held holds it for an
/// instant.
async fn hold_server_lock(locks: &Path, port: u16) -> Option<File> {
    for _ in 0..40 {
        match server_lock(locks, port) {
            Ok(file) if file.try_lock().is_ok() => return Some(file),
            Ok(_) => tokio::time::sleep(std::time::Duration::from_millis(25)).await,
            Err(error) => {
                tracing::warn!(%error, "the folder of the locks cannot be written");
                return None;
            }
        }
    }
    tracing::warn!(port, "other processes will not know that this port is one of ours");
    None
}

fn is_locked(file: &File) -> bool {
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// Takes a port for a server; 0 takes any free one.
pub(super) async fn take_for_server(address: Option<IpAddr>, port: u16, locks: Option<&Path>) -> Result<ServerSeat> {
    let bound = match address {
        Some(address) => Listener::bind_wide(address, port).await,
        None => Listener::bind(LoopbackHost::Localhost, port).await,
    };
    let listener = bound.map_err(|error| match (&error, address) {
        (BindError::Io { .. }, Some(address)) => {
            let message = format!("cannot listen on {address}, port {port}");
            Error { message, ..refused(port, &error) }
                .hinted("name an address that this machine has, or 0.0.0.0 for all of them")
        }
        _ => refused(port, &error).hinted(
            "end that program (a `hallpass connect` that waits ends by itself), or serve on another port: `hallpass serve --port`, or SERVER_PORT",
        ),
    })?;
    let lock = match locks {
        Some(locks) => hold_server_lock(locks, listener.port()).await,
        None => None,
    };
    Ok(ServerSeat { listener, _lock: lock })
}

/// The parts of a redirect URI that can be listened at.
#[derive(Debug, Clone)]
pub(super) struct Address {
    host: LoopbackHost,
    named: String,
    port: u16,
    /// Whether it is https.
    pub(super) is_secure: bool,
    tls: Option<Acceptor>,
    /// The path, which a request must name to the letter.
    pub(super) path: String,
}

impl Address {
    /// Reads a redirect URI; one that cannot be listened at gets an error that says what else can
    /// be done.
    pub(super) fn of(redirect_uri: &str) -> Result<Self> {
        let bad = |why: &str| {
            Error::usage(format!("`{}` cannot be listened at: {why}", crate::model::untrusted::line(redirect_uri)))
                .hinted("authorize with `--paste`, and paste the address the browser ends on; or choose another redirect URI with `hallpass config edit KEY --redirect-uri`")
        };
        let url = Url::parse(redirect_uri).map_err(|_| bad("it is not a URL"))?;
        let is_secure = url.scheme() == "https";
        if !is_secure && url.scheme() != "http" {
            return Err(bad("it is neither http nor https"));
        }
        let host = url
            .host()
            .and_then(|host| LoopbackHost::of(&host))
            .ok_or_else(|| bad("it does not lead to this machine"))?;
        let named = url.host_str().unwrap_or_default().to_owned();
        let port = url.port_or_known_default().unwrap_or(80);
        Ok(Self { host, named, port, is_secure, tls: None, path: url.path().to_owned() })
    }

    /// Speaks HTTPS with this.
    pub(super) fn with_tls(self, tls: Acceptor) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Returns the redirect URI with the port that was taken.
    pub(super) fn uri(&self, port: u16) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}:{port}{}", self.named, self.path)
    }

    /// Tells whether any port will do.
    pub(super) fn takes_any_port(&self) -> bool {
        self.port == 0
    }

    /// Takes the port, or a place beside it if another hallpass of the same user holds it.
    pub(super) async fn take(&self, locks: Option<&Path>) -> Result<Taken> {
        match self.bind(locks).await {
            Ok(seat) => Ok(Taken::Own(seat)),
            Err(BindError::Taken(port)) if self.is_held_by_hallpass(locks) => {
                let address = std::net::Ipv4Addr::LOCALHOST;
                let listener = Listener::bind(LoopbackHost::Address(address.into()), 0)
                    .await
                    .map_err(|error| refused(port, &error))?;
                let host = format!("{address}:{}", listener.port());
                Ok(Taken::Relayed(Seat { listener, host, lock: None }))
            }
            Err(error) => Err(refused(self.port, &error)),
        }
    }

    /// Takes the port if it is free now. The lock comes first: whoever finds it held knows that the
    /// port is one of ours, or will be in a moment.
    pub(super) async fn bind(&self, locks: Option<&Path>) -> std::result::Result<Seat, BindError> {
        let file = locks.filter(|_| !self.takes_any_port()).and_then(|locks| self.lock_file(locks).ok());
        if file.as_ref().is_some_and(is_locked) {
            return Err(BindError::Taken(self.port));
        }
        let listener = Listener::bind(self.host, self.port).await?.with_tls(self.tls.clone());
        let host = format!("{}:{}", self.named, listener.port());
        Ok(Seat { listener, host, lock: file })
    }

    /// Another redirect URI on the same port is another listener: it would not let ours through.
    fn lock_file(&self, locks: &Path) -> std::io::Result<File> {
        private::folder(locks).map_err(std::io::Error::other)?;
        let name = super::items::digest(&self.uri(self.port));
        private::options().create(true).truncate(false).open(locks.join(format!("callback-{name}.lock")))
    }

    fn is_held_by_hallpass(&self, locks: Option<&Path>) -> bool {
        let Some(locks) = locks.filter(|_| !self.takes_any_port()) else { return false };
        [self.lock_file(locks), server_lock(locks, self.port)].into_iter().flatten().any(|file| is_locked(&file))
    }
}

impl Seat {
    /// Takes it apart into what listens and what is held meanwhile.
    pub(super) fn into_parts(self) -> (Listener, String, Option<File>) {
        (self.listener, self.host, self.lock)
    }
}

fn refused(port: u16, error: &BindError) -> Error {
    let mut shown = Error::usage(match error {
        BindError::Taken(_) => match port_holder::holder(port) {
            Some(holder) => format!("port {port} is taken by {holder}"),
            None => format!("port {port} is taken by another program"),
        },
        BindError::Io { .. } => error.to_string(),
    });
    if let BindError::Io { source, .. } = error {
        shown.causes.push(source.to_string());
    }
    shown.hinted("end that program, or authorize with `--paste`; another port needs another redirect URI at the provider (`hallpass config edit KEY --redirect-uri`)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_can_be_listened_at() {
        for uri in ["https://example.com/cb", "http://example.com/cb", "http://0.0.0.0/cb", "nonsense"] {
            let error = Address::of(uri).unwrap_err();
            assert!(error.hint.unwrap().contains("--paste"), "{uri}");
        }
        let address = Address::of("http://localhost:3003/oauth/callback").unwrap();
        assert_eq!(
            (address.path.as_str(), address.uri(3003).as_str()),
            ("/oauth/callback", "http://localhost:3003/oauth/callback")
        );
    }

    #[tokio::test]
    async fn a_stranger_on_the_port_is_named_with_two_ways_out() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let locks = tempfile::tempdir().unwrap();
        let address = Address::of(&format!("http://127.0.0.1:{port}/cb")).unwrap();
        let error = address.take(Some(locks.path())).await.unwrap_err();
        assert!(error.message.contains(&format!("port {port} is taken by")), "{error}");
        assert!(error.hint.unwrap().contains("--paste"));
    }

    #[tokio::test]
    async fn a_server_of_ours_hands_on_the_callbacks_of_every_redirect_uri_on_its_port() {
        let locks = tempfile::tempdir().unwrap();
        let server = take_for_server(None, 0, Some(locks.path())).await.unwrap();
        let port = server.listener.port();
        for uri in ["http://localhost:PORT/oauth/callback", "http://127.0.0.1:PORT/other"] {
            let address = Address::of(&uri.replace("PORT", &port.to_string())).unwrap();
            assert!(matches!(address.take(Some(locks.path())).await.unwrap(), Taken::Relayed(_)), "{uri}");
        }
        let error = take_for_server(None, port, Some(locks.path())).await.unwrap_err();
        assert!(error.message.contains("is taken by") && error.hint.unwrap().contains("--port"));
    }

    #[tokio::test]
    async fn while_another_hallpass_holds_the_port_a_place_beside_it_is_taken() {
        let locks = tempfile::tempdir().unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = Address::of(&format!("http://127.0.0.1:{free}/cb")).unwrap();
        let Taken::Own(first) = address.take(Some(locks.path())).await.unwrap() else { panic!() };
        let Taken::Relayed(second) = address.take(Some(locks.path())).await.unwrap() else { panic!() };
        assert_ne!(second.listener.port(), free);
        drop(first);
        assert!(matches!(address.take(Some(locks.path())).await.unwrap(), Taken::Own(_)));
    }
}
