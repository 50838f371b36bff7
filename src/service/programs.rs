//! Programs that ask, as the activity tells of them: which one was given a token, which one was turned away because of
//! its key; and the server of ours that they asked.

use std::net::SocketAddr;
use std::sync::Arc;

use super::Service;
use super::activity::About;
use super::fresh::Fresh;
use crate::model::{Caller, Happening, Outcome, untrusted};
use crate::store::Place;
use crate::system::caller;

/// A program that asks a server of ours.
#[derive(Debug, Clone)]
pub struct Asking<'a> {
    /// What it calls itself.
    pub name: &'a str,
    /// Its end of the connection.
    pub peer: Option<SocketAddr>,
    /// The ports of the server.
    pub ports: &'a [u16],
}

impl Asking<'_> {
    /// Returns its name, with its address where it is on another machine.
    fn told(&self) -> String {
        let name = untrusted::line(self.name);
        match self.peer {
            Some(peer) if !peer.ip().is_loopback() => format!("{name} at {}", peer.ip()),
            _ => name,
        }
    }
}

/// A server of ours, as the activity knows it. Dropping it says that it has ended.
pub struct Serving {
    service: Arc<Service>,
    detail: String,
    began: Option<i64>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let place = self.began.map_or(Place::Alone, Place::Ends);
        let about = About { place, ..About::saying(self.detail.as_str()) };
        self.service.record_server(Happening::ServerStopped, Outcome::Done, about);
    }
}

impl Service {
    /// Keeps that a server of ours was started; its end is kept when what is returned is dropped.
    pub fn serving(self: &Arc<Self>, detail: String) -> Serving {
        let about = About { place: self.open_place(), ..About::saying(detail.as_str()) };
        let began = self.record_server(Happening::ServerStarted, Outcome::Done, about);
        Serving { service: self.clone(), detail, began }
    }

    /// Notes that a program was given the credentials of a connection; the same token for the same program
    /// is noted every ten minutes.
    pub async fn note_program(&self, fresh: &Fresh, asking: &Asking<'_>) {
        let reference = &fresh.connection.reference;
        let (fingerprint, program) = (fresh.credentials.fingerprint(), asking.told());
        if self.busy.recent.is_news((reference.clone(), fingerprint.clone(), program.clone())) {
            let by = self.caller(asking).await;
            let about = About { fingerprint: Some(fingerprint), by, ..About::saying(format!("to {program}")) };
            self.record(reference, Happening::HandedOut, Outcome::Done, about);
        }
    }

    /// Notes that a program was turned away because of its key: each program at most once a minute, and few in all, so
    /// that nobody can fill the list.
    pub async fn note_refused_key(&self, asking: &Asking<'_>, why: &str) {
        let address = asking.peer.map(|peer| peer.ip().to_string()).unwrap_or_default();
        let program = asking.told();
        if self.busy.recent.is_refusal_news((address, program.clone())) {
            let by = self.caller(asking).await;
            let about = About { by, ..About::saying(format!("{why}, by {program}")) };
            self.record_server(Happening::KeyRefused, Outcome::Refused, about);
        }
    }

    /// Returns the program that started this one.
    pub(super) fn parent(&self) -> Option<Caller> {
        caller::parent(self.settings.surroundings.home.as_deref())
    }

    async fn caller(&self, asking: &Asking<'_>) -> Option<Caller> {
        let peer = asking.peer.filter(|peer| peer.ip().is_loopback())?;
        let (ports, home) = (asking.ports.to_vec(), self.settings.surroundings.home.clone());
        // Every program of this user is looked at: others go on being answered meanwhile.
        let found = tokio::task::spawn_blocking(move || caller::peer(peer, &ports, home.as_deref()));
        found.await.ok().flatten()
    }
}
