//! The local server: Nango's REST API as it was in early 2023 and as it is today, the flow of its frontend
//! SDK, and a proxy to the providers' APIs. Nango's published SDKs work against it unchanged.
//!
//! ```text
//! accept → Host → guard (web pages, key) → route ─┬ era       /config, /connection
//!                                                 ├ today     /connections, /integrations, /providers
//!                                                 ├ sessions  /connect/sessions
//!                                                 ├ popup     /oauth/connect, /oauth/callback
//!                                                 ├ entered   /api-auth, /oauth2/auth
//!                                                 ├ sockets   WebSocket, on any path
//!                                                 └ proxy     /proxy
//! ```
//!
//! Like every face it decides nothing but how things are shown: what is done is a call to the service.

mod answer;
mod asked;
mod body;
mod consent;
mod entered;
mod era;
mod given;
mod guard;
mod options;
mod popup;
mod proxy;
mod query;
mod rendered;
mod sessions;
mod sockets;
mod today;
mod told;

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use tokio::sync::watch;

use crate::backend::{AboutHttps, AboutServer, RunningServer};
use crate::listener::reply::Reply;
use crate::listener::{Handler, Limits, Peer};
use crate::service::connect::Callback;
use crate::service::programs::Asking;
use crate::service::seat::ServerSeat;
use crate::service::{Result, Service};
use answer::Refusal;
use guard::Area;
pub use options::{Flags, Options};
use query::Query;
use rendered::Rendered;
use sessions::Sessions;
use sockets::Sockets;

/// What every request needs.
struct Server {
    service: Arc<Service>,
    options: Options,
    callback: Callback,
    /// Every Host that is served.
    hosts: Vec<String>,
    ports: Vec<u16>,
    rendered: Rendered,
    sockets: Sockets,
    sessions: Sessions,
    stop: watch::Receiver<bool>,
}

/// Starts a server over the service of this machine: another host's connections are that host's to serve.
pub async fn start(service: Arc<Service>, options: Options) -> Result<RunningServer> {
    let seat = service.take_port(options.listen, options.port).await?;
    let secure = match options.https {
        Some(port) => Some(service.take_https_port(port).await?),
        None => None,
    };
    let (port, https_port) = (seat.port(), secure.as_ref().map(|(seat, _)| seat.port()));
    let callback = Callback { uri: options.callback_at(port), port, https_port };
    let about = AboutServer {
        url: format!("http://localhost:{port}"),
        callback: callback.uri.clone(),
        needs_key: options.key.is_some(),
        listens_on: options.listen.map(|address| std::net::SocketAddr::new(address, port).to_string()),
        https: secure.as_ref().map(|(seat, certificate)| AboutHttps {
            url: format!("https://localhost:{}", seat.port()),
            certificate: certificate.path.clone(),
            fingerprint: certificate.fingerprint.clone(),
            ends: certificate.ends.clone(),
        }),
    };
    let (stop, stopping) = watch::channel(false);
    let hosts = [port].into_iter().chain(https_port).flat_map(|port| options.hosts_at(port)).collect();
    let key = if about.needs_key { "with a key" } else { "without a key" };
    let serving = service.serving(format!("at {}, {key}", addresses(&about)));
    let server = Arc::new(Server {
        service,
        options,
        callback,
        hosts,
        ports: [port].into_iter().chain(https_port).collect(),
        rendered: Rendered::default(),
        sockets: Sockets::default(),
        sessions: Sessions::default(),
        stop: stopping.clone(),
    });
    let handler: Handler = Arc::new(move |request| {
        let server = server.clone();
        Box::pin(async move { server.answer(request).await })
    });
    let seats: Vec<ServerSeat> = std::iter::once(seat).chain(secure.map(|(seat, _)| seat)).collect();
    let task = tokio::spawn(async move {
        // The guard knows the hosts, and what to say to others.
        let serve = |seat: ServerSeat| seat.serve(Limits::SERVER, Vec::new(), handler.clone(), stopping.clone());
        futures_util::future::join_all(seats.into_iter().map(serve)).await;
        drop(serving);
    });
    Ok(RunningServer::new(about, stop, task))
}

/// Says where a server answers.
fn addresses(about: &AboutServer) -> String {
    let https = about.https.as_ref().map(|https| https.url.as_str());
    let all = [Some(about.url.as_str()), https, about.listens_on.as_deref()];
    all.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

impl Server {
    /// Returns who asks.
    fn asking<'a>(&'a self, request: &'a Request<Incoming>) -> Asking<'a> {
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
        Asking { name: era::program(request), peer, ports: &self.ports }
    }

    async fn answer(self: &Arc<Self>, mut request: Request<Incoming>) -> Reply {
        let path = request.uri().path().to_owned();
        let Some(segments) = query::segments(&path) else {
            return Refusal::bad("invalid_path", "The path is not UTF-8.").era();
        };
        let area = if sockets::is_handshake(&request) {
            Area::Socket
        } else {
            Area::of(request.method(), &segments, &Query::of(&request))
        };
        if let Some(reply) = self.turned_away(area, &request).await {
            return reply;
        }
        match area {
            Area::Socket => return self.socket(&mut request),
            Area::Anybody if segments == ["health"] => return era::health(),
            // The commonest call of all is answered without a detour, where it can be.
            Area::Programs => {
                if let Some(reply) = self.at_hand(&segments, &request).await {
                    return reply;
                }
            }
            Area::Anybody | Area::Pages => {}
        }
        // On its own: a client that goes away must not stop what keeps a refresh token, and a panic is one
        // request's.
        let server = self.clone();
        let task = tokio::spawn(async move { Box::pin(server.route(area, &segments, &path, request)).await });
        task.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a request ended badly");
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "This is a bug in hallpass.").era()
        })
    }

    async fn route(self: &Arc<Self>, area: Area, segments: &[String], path: &str, request: Request<Incoming>) -> Reply {
        let method = request.method().clone();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (&method, segments.as_slice()) {
            (&Method::GET, _) if area == Area::Anybody => self.callback(path, &request).await,
            (&Method::GET, ["connection", id]) => self.era_connection(id, &request).await,
            (_, ["proxy", ..]) => self.proxy(path, request).await,
            (&Method::GET | &Method::POST, ["oauth", "connect", key]) => self.connect(key, request).await,
            (_, ["api-auth" | "oauth2" | "auth" | "unauth", ..]) => self.enter(&segments, request).await,
            (_, ["connect", ..]) => self.connect_sessions(&segments, request).await,
            (_, ["config" | "connection", ..]) => Box::pin(self.era(&segments, request)).await,
            (_, ["connections" | "integrations" | "providers", ..]) => Box::pin(self.today(&segments, request)).await,
            _ => answer::nothing_at(&method, path),
        }
    }
}
