//! Whether tokens are being exchanged: between the request that spends a code or a refresh token and
//! the moment its answer is kept, the program must not end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// How long the end of the program may be held up: for all tries of a refresh, and for keeping what
/// it brings in a vault that takes its time.
const PATIENCE: Duration = super::fresh::DEADLINE.saturating_add(Duration::from_secs(20));

/// How many exchanges are under way.
#[derive(Debug)]
pub(super) struct Busy(Arc<watch::Sender<usize>>);

impl Default for Busy {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
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
        self.0.send_modify(|count| *count += 1);
        Exchange(self.0.clone())
    }

    /// Tells whether one is under way.
    pub(super) fn is_busy(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Waits until none is under way, or for as long as anybody would.
    pub(super) async fn wait(&self) {
        let mut count = self.0.subscribe();
        // Both errors mean that there is nothing left to wait for.
        let _ = tokio::time::timeout(PATIENCE, count.wait_for(|count| *count == 0)).await;
    }
}
