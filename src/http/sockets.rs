//! The WebSocket of Nango's frontend SDK (0.9.0 to today): the server says who the page is, the page opens a
//! popup with that name, and hears here how it ended.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::body::Incoming;
use hyper::header::UPGRADE;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::create_response;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::Server;
use super::answer::Refusal;
use crate::listener::reply::{self, Reply};
use crate::model::uuid::uuid;

/// How many pages may be connected at once.
const MOST: usize = 256;
/// The largest message that is read: nothing that a page says is listened to.
const LARGEST: usize = 4 * 1024;
/// How long a page stays connected: longer than any flow.
const LIFETIME: Duration = Duration::from_mins(15);

/// How long a page may take to close what the server has closed.
const GOODBYE: Duration = Duration::from_secs(5);

/// The pages that are connected, by the names they were given.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    open: Mutex<HashMap<String, oneshot::Sender<Value>>>,
}

impl Sockets {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Value>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether a page of this name is connected.
    pub(super) fn is_open(&self, name: &str) -> bool {
        self.lock().get(name).is_some_and(|page| !page.is_closed())
    }

    /// Tells a page how its flow ended; that is the last it hears.
    pub(super) fn tell(&self, name: &str, message: Value) {
        if let Some(page) = self.lock().remove(name) {
            // It may have gone.
            let _ = page.send(message);
        }
    }

    fn add(&self, name: &str) -> Option<oneshot::Receiver<Value>> {
        let (sender, receiver) = oneshot::channel();
        let mut open = self.lock();
        open.retain(|_, page| !page.is_closed());
        if open.len() >= MOST {
            return None;
        }
        open.insert(name.to_owned(), sender);
        Some(receiver)
    }
}

impl Server {
    /// Connects a page that the guard let in.
    pub(super) fn socket(&self, request: &mut Request<Incoming>) -> Reply {
        let mut head = Request::builder().method(request.method()).uri(request.uri()).version(request.version());
        if let Some(headers) = head.headers_mut() {
            headers.clone_from(request.headers());
        }
        let Some(response) = head.body(()).ok().and_then(|head| create_response(&head).ok()) else {
            return Refusal::bad("not_a_websocket", "This is no WebSocket handshake.").era();
        };
        let name = uuid();
        let Some(told) = self.sockets.add(&name) else {
            return Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_pages", "Too many pages are connected.")
                .hinted("close some of them; each is let go a quarter of an hour after it came")
                .era();
        };
        let upgrade = hyper::upgrade::on(request);
        let stop = self.stop.clone();
        tokio::spawn(async move {
            let Ok(upgraded) = upgrade.await else { return };
            let config = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
            let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
            if let Err(error) = tokio::time::timeout(LIFETIME, converse(socket, &name, told, stop)).await {
                tracing::debug!(%error, "a page was connected for too long");
            }
        });
        response.map(|()| reply::whole(hyper::body::Bytes::new()))
    }
}

/// Tells whether a request asks for a WebSocket (RFC 6455 section 4.1). Other upgrades (`h2c`) are no business of
/// ours, and their requests are answered as they are.
pub(super) fn is_handshake(request: &Request<Incoming>) -> bool {
    let upgrade = request.headers().get(UPGRADE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    request.method() == Method::GET && upgrade.split(',').any(|word| word.trim().eq_ignore_ascii_case("websocket"))
}

type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

/// Says the page's name, and then how its flow ended; ends when the page does.
async fn converse(mut socket: Socket, name: &str, mut told: oneshot::Receiver<Value>, mut stop: watch::Receiver<bool>) {
    let ack = json!({"message_type": "connection_ack", "ws_client_id": name});
    if socket.send(Message::text(ack.to_string())).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            message = &mut told => {
                if let Ok(message) = message {
                    // The page may have gone meanwhile.
                    let _ = socket.send(Message::text(message.to_string())).await;
                }
                break;
            }
            said = socket.next() => match said {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
            () = stopped(&mut stop) => break,
        }
    }
    let _ = socket.close(None).await;
    // Until the page has closed it too.
    let _ = tokio::time::timeout(GOODBYE, async { while let Some(Ok(_)) = socket.next().await {} }).await;
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the server is gone, which is a stop too.
    let _ = stop.wait_for(|stop| *stop).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_are_gone_make_room_and_no_more_than_the_limit_are_let_in() {
        let sockets = Sockets::default();
        let mut open: Vec<_> = (0..MOST).map(|number| sockets.add(&number.to_string()).unwrap()).collect();
        assert!(sockets.add("one more").is_none());
        drop(open.pop());
        assert!(sockets.add("one more").is_some() && sockets.is_open("0") && !sockets.is_open("nobody"));
    }
}
