//! The accept loop under the callback, the sandbox and the local server: bind, limits, Host check, stop.
//!
//! Deliberately not here: what is answered. Whoever serves passes a handler.

pub mod callback;
pub mod page;
pub mod reply;
mod serving;
pub mod tls;

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

pub use reply::{Body, Reply};

/// Answers a request whose Host was checked.
pub type Handler = Arc<dyn Fn(Request<Incoming>) -> Pin<Box<dyn Future<Output = Reply> + Send>> + Send + Sync>;

/// Who sent a request: an extension of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// How much of its clients a listener bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many connections are served at once; the next ones wait.
    pub connections: usize,
    /// How long a client may take to send its headers. Where connections are kept, one that says nothing
    /// for as long is let go too.
    pub head_time: Duration,
    /// How long a client may go without taking any of its answer.
    pub stalled: Duration,
    /// Whether a connection serves one request after another.
    pub keeps_alive: bool,
}

impl Limits {
    /// Those of a callback: a browser comes once.
    pub const CALLBACK: Self = Self {
        connections: 16,
        head_time: Duration::from_secs(5),
        stalled: Duration::from_secs(10),
        keeps_alive: false,
    };
    /// Those of a server for programs, many at once.
    pub const SERVER: Self = Self {
        connections: 768,
        head_time: Duration::from_secs(10),
        stalled: Duration::from_secs(30),
        keeps_alive: true,
    };
}

/// A loopback name to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoopbackHost {
    /// `localhost`: both 127.0.0.1 and `::1`, since a browser may try either.
    Localhost,
    /// One address.
    Address(IpAddr),
}

impl LoopbackHost {
    /// Reads the host of a URL; `None` where it is not loopback.
    pub fn of(host: &url::Host<&str>) -> Option<Self> {
        match host {
            url::Host::Domain("localhost") => Some(Self::Localhost),
            url::Host::Ipv4(address) if address.is_loopback() => Some(Self::Address((*address).into())),
            url::Host::Ipv6(address) if address.is_loopback() => Some(Self::Address((*address).into())),
            _ => None,
        }
    }
}

/// A port that cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program listens there.
    #[error("port {0} is taken by another program")]
    Taken(u16),
    /// The system says no.
    #[error("cannot listen on port {port}")]
    Io {
        /// The port.
        port: u16,
        /// Why not.
        source: std::io::Error,
    },
}

/// Sockets that listen: on loopback, unless another address was asked for.
#[derive(Debug)]
pub struct Listener {
    sockets: Vec<TcpListener>,
    port: u16,
    limits: Limits,
    tls: Option<tls::Acceptor>,
}

impl Listener {
    /// Listens on a port of loopback; 0 takes any free one.
    pub async fn bind(host: LoopbackHost, port: u16) -> Result<Self, BindError> {
        match host {
            LoopbackHost::Address(address) => {
                let socket = bind_one(address, port).await?;
                let port = port_of(&socket, port)?;
                Ok(Self::of(vec![socket], port))
            }
            LoopbackHost::Localhost => {
                let v4 = bind_one(Ipv4Addr::LOCALHOST.into(), port).await?;
                let port = port_of(&v4, port)?;
                match bind_one(Ipv6Addr::LOCALHOST.into(), port).await {
                    Ok(v6) => Ok(Self::of(vec![v4, v6], port)),
                    // A machine without IPv6 sends its browser to 127.0.0.1.
                    Err(BindError::Io { source, .. }) if is_without_ipv6(&source) => Ok(Self::of(vec![v4], port)),
                    // A stranger on [::1] would get the callback of a browser that tries IPv6 first.
                    Err(error) => Err(error),
                }
            }
        }
    }

    fn of(sockets: Vec<TcpListener>, port: u16) -> Self {
        Self { sockets, port, limits: Limits::CALLBACK, tls: None }
    }

    /// Listens on `localhost` and on `address` as well, which other machines may reach; 0 takes any free
    /// port.
    pub async fn bind_wide(address: IpAddr, port: u16) -> Result<Self, BindError> {
        if [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()].contains(&address) {
            return Self::bind(LoopbackHost::Localhost, port).await;
        }
        // Every address of this machine has loopback among them.
        let (mut listener, rest) = match address {
            IpAddr::V4(v4) if v4.is_unspecified() => {
                let socket = bind_one(address, port).await?;
                let port = port_of(&socket, port)?;
                (Self::of(vec![socket], port), Some(Ipv6Addr::LOCALHOST.into()))
            }
            IpAddr::V6(v6) if v6.is_unspecified() => {
                let socket = bind_one(address, port).await?;
                let port = port_of(&socket, port)?;
                // Not every system takes IPv4 along.
                let v4 = bind_one(Ipv4Addr::UNSPECIFIED.into(), port).await.ok();
                (Self::of(std::iter::once(socket).chain(v4).collect(), port), None)
            }
            address => (Self::bind(LoopbackHost::Localhost, port).await?, Some(address)),
        };
        if let Some(address) = rest {
            match bind_one(address, listener.port).await {
                Ok(socket) => listener.sockets.push(socket),
                Err(BindError::Io { source, .. }) if address.is_loopback() && is_without_ipv6(&source) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(listener)
    }

    /// Bears as much as `limits` say.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Speaks HTTPS, if there is what greets with.
    #[must_use]
    pub fn with_tls(self, tls: Option<tls::Acceptor>) -> Self {
        Self { tls, ..self }
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Serves until `stop` is dropped or changes. Requests whose Host is not one of `hosts`
    /// (`localhost:3003`) are refused before `handler` sees them; where there are none, it looks for itself.
    pub async fn serve(self, hosts: Vec<String>, handler: Handler, stop: watch::Receiver<bool>) {
        let hosts: Arc<[String]> = hosts.into();
        let seats = Arc::new(Semaphore::new(self.limits.connections));
        let mut loops = JoinSet::new();
        for socket in self.sockets {
            let (hosts, handler, tls) = (hosts.clone(), handler.clone(), self.tls.clone());
            let served = serving::Served { hosts, handler, limits: self.limits, tls };
            loops.spawn(serving::accept(socket, served, seats.clone(), stop.clone()));
        }
        while loops.join_next().await.is_some() {}
    }
}

fn is_without_ipv6(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::AddrNotAvailable | std::io::ErrorKind::Unsupported)
        // EAFNOSUPPORT has no kind of its own: 97 on Linux, 47 on macOS, 10047 on Windows.
        || matches!(error.raw_os_error(), Some(97 | 47 | 10_047))
}

async fn bind_one(address: IpAddr, port: u16) -> Result<TcpListener, BindError> {
    TcpListener::bind(SocketAddr::new(address, port)).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => BindError::Taken(port),
        _ => BindError::Io { port, source },
    })
}

fn port_of(socket: &TcpListener, port: u16) -> Result<u16, BindError> {
    socket.local_addr().map(|address| address.port()).map_err(|source| BindError::Io { port, source })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use hyper::StatusCode;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    /// Sends raw bytes and returns all that comes back.
    pub(crate) async fn raw(port: u16, request: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn start() -> (u16, watch::Sender<bool>) {
        let listener = Listener::bind(LoopbackHost::Localhost, 0).await.unwrap();
        let port = listener.port();
        let (stop, stopping) = watch::channel(false);
        let handler: Handler = Arc::new(|_| Box::pin(async { reply::text(StatusCode::OK, "here") }));
        tokio::spawn(listener.serve(vec![format!("localhost:{port}")], handler, stopping));
        (port, stop)
    }

    #[tokio::test]
    async fn only_the_advertised_host_is_served() {
        let (port, _stop) = start().await;
        let ask = |host: String| async move { raw(port, &format!("GET / HTTP/1.1\r\n{host}\r\n")).await };
        assert!(ask(format!("Host: localhost:{port}\r\n")).await.starts_with("HTTP/1.1 200"));
        let wrong = [
            String::new(),
            "Host: localhost\r\n".to_owned(),
            format!("Host: evil.example:{port}\r\n"),
            format!("Host: localhost:{port}\r\nHost: evil\r\n"),
        ];
        for host in wrong {
            let answer = ask(host.clone()).await;
            assert!(answer.starts_with("HTTP/1.1 421") || answer.starts_with("HTTP/1.1 400"), "{host}: {answer}");
        }
    }

    #[tokio::test]
    async fn a_head_over_16_kib_is_refused() {
        let (port, _stop) = start().await;
        let answer =
            raw(port, &format!("GET /{} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n", "x".repeat(20_000))).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_half_a_head_is_let_go() {
        let (port, _stop) = start().await;
        let started = tokio::time::Instant::now();
        // The paused clock goes on by itself where nothing else happens.
        raw(port, &format!("GET / HTTP/1.1\r\nHost: localhost:{port}\r\nX-Slow: ")).await;
        let waited = started.elapsed();
        assert!(waited >= Duration::from_secs(4) && waited <= Duration::from_secs(30), "{waited:?}");
    }

    #[tokio::test]
    async fn a_taken_port_is_told_and_never_changed() {
        let (port, _stop) = start().await;
        let error = Listener::bind(LoopbackHost::Localhost, port).await.unwrap_err();
        assert!(matches!(error, BindError::Taken(taken) if taken == port));
    }

    #[tokio::test]
    async fn a_stopped_listener_frees_its_port() {
        let (port, stop) = start().await;
        raw(port, &format!("GET / HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n")).await;
        stop.send(true).unwrap();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    /// Linux answers on all of 127.0.0.0/8: a listener on every address would be found there.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn nothing_listens_on_any_other_address_of_this_machine() {
        let (port, _stop) = start().await;
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok());
        assert!(TcpStream::connect((Ipv4Addr::new(127, 0, 0, 2), port)).await.is_err());
    }

    #[test]
    fn only_loopback_hosts_can_be_listened_on() {
        let of = |text| LoopbackHost::of(&url::Host::parse(text).unwrap().as_ref_str());
        assert_eq!(of("localhost"), Some(LoopbackHost::Localhost));
        assert!(of("127.0.0.1").is_some() && of("[::1]").is_some());
        for other in ["0.0.0.0", "example.com", "192.168.0.1", "localhost.evil.com"] {
            assert!(of(other).is_none(), "{other}");
        }
    }

    trait AsRefStr {
        fn as_ref_str(&self) -> url::Host<&str>;
    }

    impl AsRefStr for url::Host<String> {
        fn as_ref_str(&self) -> url::Host<&str> {
            match self {
                Self::Domain(name) => url::Host::Domain(name),
                Self::Ipv4(address) => url::Host::Ipv4(*address),
                Self::Ipv6(address) => url::Host::Ipv6(*address),
            }
        }
    }
}
