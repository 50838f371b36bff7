//! Accepting connections, and answering what comes over them, within the limits.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::{Request, StatusCode, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;

use super::reply::{self, Reply};
use super::tls::Acceptor;
use super::{Handler, Limits, Peer};

/// The largest request line and headers together, in bytes.
const LARGEST_HEAD: usize = 16 * 1024;
/// How many headers a request may have.
const MOST_HEADERS: usize = 64;
/// How long answers under way may take to get out when the listener stops.
const GOODBYE: Duration = Duration::from_secs(2);

/// What each connection needs.
#[derive(Clone)]
pub(super) struct Served {
    pub(super) hosts: Arc<[String]>,
    pub(super) handler: Handler,
    pub(super) limits: Limits,
    pub(super) tls: Option<Acceptor>,
}

/// Accepts connections of one socket until `stop` changes.
pub(super) async fn accept(
    socket: TcpListener,
    served: Served,
    seats: Arc<Semaphore>,
    mut stop: watch::Receiver<bool>,
) {
    let is_loopback = socket.local_addr().is_ok_and(|address| address.ip().is_loopback());
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            () = stopped(&mut stop) => break,
        };
        match accepted {
            Ok((stream, peer)) if !is_loopback || peer.ip().is_loopback() => {
                let seat = tokio::select! {
                    seat = seats.clone().acquire_owned() => seat,
                    () = stopped(&mut stop) => break,
                };
                let Ok(seat) = seat else { break };
                let peer = Peer(SocketAddr::new(peer.ip().to_canonical(), peer.port()));
                let serving = connection(stream, peer, served.clone(), stop.clone());
                connections.spawn(async move {
                    serving.await;
                    drop(seat);
                });
            }
            Ok((_, peer)) => tracing::warn!(%peer, "refused a connection that is not from this machine"),
            Err(error) => {
                // Out of file descriptors, most likely: others will be closed soon.
                tracing::warn!(%error, "accepting a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(socket);
    // Answers under way still get out; whatever hangs is dropped with the set.
    let _ = tokio::time::timeout(GOODBYE, async { while connections.join_next().await.is_some() {} }).await;
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the other end is gone, which is a stop too.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn connection(stream: TcpStream, peer: Peer, served: Served, stop: watch::Receiver<bool>) {
    let limits = served.limits;
    // Small answers, and a client that waits for each.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.stalled));
    let stream = Box::pin(stream);
    let Some(tls) = served.tls.clone() else { return answer_all(stream, peer, served, stop).await };
    match tokio::time::timeout(limits.head_time, tls.accept(stream)).await {
        Ok(Ok(stream)) => answer_all(stream, peer, served, stop).await,
        // Browsers ask for a certificate and go away when they do not trust it.
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake did not work"),
        Err(_) => tracing::debug!("a TLS handshake did not come in time"),
    }
}

async fn answer_all<S>(stream: S, peer: Peer, served: Served, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Served { hosts, handler, limits, .. } = served;
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let is_for_us = hosts.is_empty() || is_for(&request, &hosts);
        let answer = if is_for_us { Ok(handler(request)) } else { Err(wrong_host()) };
        async move {
            Ok::<_, Infallible>(match answer {
                Ok(answer) => answer.await,
                Err(refusal) => refusal,
            })
        }
    });
    let mut connection = std::pin::pin!(
        hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_time)
            .keep_alive(limits.keeps_alive)
            .max_headers(MOST_HEADERS)
            .max_buf_size(LARGEST_HEAD)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
}

/// Exactly one Host, and it is ours: anything else is a rebound DNS name or a confused client.
fn is_for(request: &Request<Incoming>, hosts: &[String]) -> bool {
    let mut values = request.headers().get_all(HOST).iter();
    let (first, second) = (values.next(), values.next());
    let named = first.and_then(|value| value.to_str().ok());
    second.is_none() && named.is_some_and(|named| hosts.iter().any(|host| host.eq_ignore_ascii_case(named)))
}

fn wrong_host() -> Reply {
    tracing::warn!("refused a request for another host");
    reply::text(StatusCode::MISDIRECTED_REQUEST, "This address is not served here.\n")
}
