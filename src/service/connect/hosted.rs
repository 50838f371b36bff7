//! Authorizations whose callback comes to a server of ours instead of a listener of their own: the server
//! hands over whatever arrives at its port, and the state says which authorization it is for.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::mpsc;
use url::Url;

use super::arrival::{self, Arrival};
use super::{Answered, Authorization, ConnectRequest};
use crate::model::{Config, ConnectionRef, Secret, template};
use crate::service::certificate::Certificate;
use crate::service::items::digest;
use crate::service::seat::{self, ServerSeat};
use crate::service::{Result, Service};

/// How many wait at once; the oldest makes room.
const MOST: usize = 128;
/// How many that have ended are remembered, so that a second callback can be told from a stranger's.
const REMEMBERED: usize = 512;

/// Where a server of ours takes callbacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The redirect URI of configs that name none.
    pub uri: String,
    /// The port that the server listens on.
    pub port: u16,
    /// The port on which it answers by HTTPS, if it does.
    pub https_port: Option<u16>,
}

/// The authorizations that wait for a callback to the server, oldest first.
#[derive(Debug, Default)]
pub(in crate::service) struct Hosted {
    waiting: VecDeque<(String, ConnectionRef, mpsc::Sender<Arrival>)>,
    ended: VecDeque<String>,
}

impl Callback {
    /// Returns the redirect URI of a config where its callback comes to the server; `None` where the config
    /// names another port of this machine, which must be listened at.
    pub(super) fn of(&self, config: &Config) -> Option<String> {
        let Some(own) = &config.redirect_uri else { return Some(self.uri.clone()) };
        let is_elsewhere = Url::parse(own).is_ok_and(|url| {
            let port = if url.scheme() == "https" { self.https_port } else { Some(self.port) };
            template::is_loopback(&url) && (port.is_none() || url.port_or_known_default() != port)
        });
        (!is_elsewhere).then(|| own.clone())
    }
}

impl Hosted {
    /// Lets an authorization wait; returns the one that had to make room, if one had.
    pub(in crate::service) fn add(
        &mut self,
        state: &Secret,
        connection: &ConnectionRef,
        sender: mpsc::Sender<Arrival>,
    ) -> Option<ConnectionRef> {
        self.waiting.retain(|(_, _, sender)| !sender.is_closed());
        let crowded = if self.waiting.len() < MOST { None } else { self.waiting.pop_front() };
        self.waiting.push_back((digest(state.expose()), connection.clone(), sender));
        crowded.map(|(digest, connection, _)| {
            self.end(digest);
            connection
        })
    }

    fn find(&self, digest: &str) -> Option<mpsc::Sender<Arrival>> {
        self.waiting.iter().find(|(known, ..)| known == digest).map(|(_, _, sender)| sender.clone())
    }

    /// Forgets one that has ended, but for the fact that there was one.
    pub(super) fn remove(&mut self, state: &Secret) {
        let digest = digest(state.expose());
        self.waiting.retain(|(known, ..)| *known != digest);
        self.end(digest);
    }

    fn end(&mut self, digest: String) {
        if self.ended.len() == REMEMBERED {
            self.ended.pop_front();
        }
        self.ended.push_back(digest);
    }

    fn has_ended(&self, digest: &str) -> bool {
        self.ended.iter().any(|known| known == digest)
    }
}

impl Service {
    /// Begins an authorization whose callback comes to a server of ours, which hands it to
    /// [`Service::answer_callback`]. No browser is opened. A config whose redirect URI names another port
    /// of this machine is listened for there.
    pub async fn begin_hosted(self: &Arc<Self>, request: ConnectRequest, callback: &Callback) -> Result<Authorization> {
        self.begin_with(request, Some(callback)).await
    }

    /// Takes a port for a server of ours: loopback, and another address as well if one is named.
    pub async fn take_port(&self, address: Option<IpAddr>, port: u16) -> Result<ServerSeat> {
        let locks = self.store_is_shared().then_some(self.settings.paths.locks.as_path());
        seat::take_for_server(address, port, locks).await
    }

    /// Takes a port for HTTPS on loopback; returns it with the certificate that it shows.
    pub async fn take_https_port(&self, port: u16) -> Result<(ServerSeat, Certificate)> {
        let certificate = self.certificate().await?;
        let seat = self.take_port(None, port).await?.with_tls(certificate.acceptor.clone());
        Ok((seat, certificate))
    }

    /// Judges a callback that came to a server of ours at `path`, whichever process began its
    /// authorization.
    pub async fn answer_callback(&self, path: &str, query: Secret) -> Answered {
        let states: Vec<Secret> = url::form_urlencoded::parse(query.expose().as_bytes())
            .filter(|(name, _)| name == "state")
            .map(|(_, value)| Secret::new(value))
            .collect();
        let state = match states.as_slice() {
            [state] => digest(state.expose()),
            [] => return Answered::NotExpected("it carries no state"),
            _ => return Answered::NotExpected("it carries two states"),
        };
        let waiting = self.busy.hosted(|hosted| hosted.find(&state));
        if let Some(sender) = waiting {
            return arrival::hand_over(&sender, query).await.unwrap_or(Answered::Used);
        }
        if self.busy.hosted(|hosted| hosted.has_ended(&state)) {
            return Answered::Used;
        }
        self.sent_on(&state, path, &query).unwrap_or(Answered::NotExpected(
            "its state is not one that was sent out since this server was started, at most ten minutes ago",
        ))
    }

    /// Sends a browser on whose callback came to the port of another authorization.
    pub(super) fn for_another(&self, path: &str, query: &Secret) -> Option<Answered> {
        let (_, state) = url::form_urlencoded::parse(query.expose().as_bytes()).find(|(name, _)| name == "state")?;
        self.sent_on(&digest(&state), path, query)
    }

    /// Sends a browser on to the process of ours that began its authorization.
    fn sent_on(&self, state: &str, path: &str, query: &Secret) -> Option<Answered> {
        let flow = self.store.pending(state, self.now()).ok()??;
        Some(Answered::Elsewhere(format!("http://127.0.0.1:{}{path}?{}", flow.relay_port, query.expose())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room_and_is_remembered() {
        let mut hosted = Hosted::default();
        let (sender, _receiver) = mpsc::channel(1);
        let jane = ConnectionRef::parse("github/jane").unwrap();
        for number in 0..MOST {
            assert_eq!(hosted.add(&Secret::new(number.to_string()), &jane, sender.clone()), None);
        }
        assert_eq!(hosted.add(&Secret::new("one more"), &jane, sender), Some(jane));
        assert!(hosted.find(&digest("0")).is_none() && hosted.has_ended(&digest("0")));
        assert!(hosted.find(&digest("1")).is_some() && hosted.find(&digest("one more")).is_some());
        hosted.remove(&Secret::new("1"));
        assert!(hosted.find(&digest("1")).is_none() && hosted.has_ended(&digest("1")));
        assert!(!hosted.has_ended(&digest("never")));
    }
}
