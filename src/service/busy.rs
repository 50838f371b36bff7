//! What is under way in this process: exchanges of tokens, during which the program must not end
//! (from the request that spends a code or a refresh token to the moment its answer is kept), and
//! authorizations, of which there is one for each connection. And what it did a moment ago.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::connect::{Arrival, Hosted};
use super::recent::Recent;
use crate::model::{ConnectionRef, Secret};

/// How long the end of the program may be held up: for all tries of a refresh, and for keeping what
/// it brings in a vault that takes its time.
const PATIENCE: Duration = super::fresh::DEADLINE.saturating_add(Duration::from_secs(20));

/// What is under way, and what was done lately.
pub(super) struct Busy {
    exchanges: Arc<watch::Sender<usize>>,
    /// Sending cancels one.
    authorizations: Mutex<HashMap<ConnectionRef, oneshot::Sender<()>>>,
    hosted: Mutex<Hosted>,
    pub(super) recent: Recent,
}

impl Default for Busy {
    fn default() -> Self {
        Self {
            exchanges: Arc::new(watch::Sender::new(0)),
            authorizations: Mutex::default(),
            hosted: Mutex::default(),
            recent: Recent::default(),
        }
    }
}

/// An exchange under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Exchange(Arc<watch::Sender<usize>>);

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Busy {
    /// Begins an exchange.
    pub(super) fn begin(&self) -> Exchange {
        self.exchanges.send_modify(|count| *count += 1);
        Exchange(self.exchanges.clone())
    }

    /// Registers an authorization as the one for its connection; an earlier one is cancelled.
    /// Receiving something means that this one is.
    pub(super) fn authorize(&self, connection: &ConnectionRef) -> oneshot::Receiver<()> {
        let (cancel, cancelled) = oneshot::channel();
        let mut authorizations = self.authorizations.lock().unwrap_or_else(PoisonError::into_inner);
        authorizations.retain(|_, cancel| !cancel.is_closed());
        if let Some(earlier) = authorizations.insert(connection.clone(), cancel) {
            // It may have ended meanwhile.
            let _ = earlier.send(());
        }
        cancelled
    }

    /// Registers an authorization as one whose callback comes to a server of ours. Too many at once cancel
    /// the oldest.
    pub(super) fn host(&self, state: &Secret, connection: &ConnectionRef, sender: mpsc::Sender<Arrival>) {
        if let Some(crowded) = self.hosted(|hosted| hosted.add(state, connection, sender)) {
            let mut authorizations = self.authorizations.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(cancel) = authorizations.remove(&crowded) {
                // It may have ended meanwhile.
                let _ = cancel.send(());
            }
        }
    }

    /// Looks at the authorizations whose callback comes to a server of ours.
    pub(super) fn hosted<T>(&self, look: impl FnOnce(&mut Hosted) -> T) -> T {
        look(&mut self.hosted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells whether one is under way.
    pub(super) fn is_busy(&self) -> bool {
        *self.exchanges.borrow() > 0
    }

    /// Waits until none is under way, or for as long as anybody would.
    pub(super) async fn wait(&self) {
        let mut count = self.exchanges.subscribe();
        // Both errors mean that there is nothing left to wait for.
        let _ = tokio::time::timeout(PATIENCE, count.wait_for(|count| *count == 0)).await;
    }
}
