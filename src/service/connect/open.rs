//! What the activity tells of an authorization: that it began, each of its steps, and how it ended, whatever the end.
//! One that is dropped was cancelled; of one whose process died, the next start says so (`mend`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::flow::Flow;
use super::spoken_scopes;
use crate::auth::{Tape, Transport};
use crate::model::{ConnectionRef, Happening, Outcome, Secret};
use crate::service::Service;
use crate::service::activity::About;
use crate::store::Place;

/// An authorization as the activity knows it.
pub(super) struct OpenFlow {
    service: Arc<Service>,
    connection: ConnectionRef,
    pub(super) tape: Tape,
    /// The row with which it began, once it has.
    began: Option<i64>,
    has_ended: AtomicBool,
}

impl OpenFlow {
    pub(super) fn new(service: &Arc<Service>, connection: &ConnectionRef) -> Self {
        Self {
            service: service.clone(),
            connection: connection.clone(),
            tape: Tape::default(),
            began: None,
            // Nothing has begun yet.
            has_ended: AtomicBool::new(true),
        }
    }

    /// Returns a transport that writes down what is said.
    pub(super) fn transport(&self) -> Transport {
        self.service.network.auth.taped(&self.tape)
    }

    /// Keeps that it has begun, and where a person was sent.
    pub(super) fn begin(&mut self, flow: &Flow, scopes: &[String]) {
        self.tape.page(self.service.now(), flow.page(), &flow.own_parameters());
        let about = About::saying(format!("asking for {}", spoken_scopes(scopes)));
        let about = about.at(self.service.open_place(), &self.tape);
        self.began = self.service.record(&self.connection, Happening::Started, Outcome::Done, about);
        self.has_ended.store(false, Ordering::SeqCst);
    }

    /// Writes down that the browser came back with what was waited for.
    pub(super) fn came_back(&self, redirect_uri: &str, query: &Secret, state: Option<&Secret>) {
        let secrets: Vec<&Secret> = state.into_iter().collect();
        self.tape.callback(self.service.now(), redirect_uri, query, &secrets);
    }

    /// Keeps how it ended.
    pub(super) fn end(&self, outcome: Outcome, about: About) {
        if self.has_ended.swap(true, Ordering::SeqCst) {
            return;
        }
        let place = self.began.map_or(Place::First, Place::Ends);
        self.service.record(&self.connection, Happening::Authorized, outcome, about.at(place, &self.tape));
    }
}

impl Drop for OpenFlow {
    fn drop(&mut self) {
        self.end(Outcome::Failed, About::saying("cancelled"));
    }
}
