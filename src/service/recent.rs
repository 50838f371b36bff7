//! What this process read and handed out lately: fresh credentials in memory, so that a server that is asked
//! for the same token again and again reads, decrypts and notes it once.
//!
//! What is in memory is handed out only while the store is as it was when it was read. Where it is not,
//! whoever changed it, the connection's row is compared; it bears the number of the write of its
//! credentials, so that an equal row means equal credentials.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::activity::About;
use super::fresh::{Fresh, Freshness, is_fresh};
use super::{Result, Service};
use crate::model::{ConnectionRef, Happening, Outcome, untrusted};
use crate::store::Stamp;

/// How long credentials stay in memory after they were read from the vault.
const KEPT: Duration = Duration::from_mins(5);
/// How many connections' credentials stay in memory.
const MOST: usize = 1_000;
/// How long a hand-out of the same token to the same program is not noted again.
pub const NOTED: Duration = Duration::from_mins(10);

/// What was read and handed out lately.
#[derive(Default)]
pub(super) struct Recent {
    held: Mutex<HashMap<ConnectionRef, Held>>,
    noted: Mutex<HashMap<(ConnectionRef, String, String), Instant>>,
}

/// Credentials in memory.
struct Held {
    fresh: Arc<Fresh>,
    /// What the provider file says of how fresh a token must be.
    margin: Option<Duration>,
    stamp: Stamp,
    read_at: Instant,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recent {
    fn get(&self, reference: &ConnectionRef) -> Option<(Arc<Fresh>, Option<Duration>, Stamp)> {
        let mut all = lock(&self.held);
        let held = all.get(reference)?;
        if held.read_at.elapsed() >= KEPT {
            all.remove(reference);
            return None;
        }
        Some((held.fresh.clone(), held.margin, held.stamp))
    }

    fn confirm(&self, reference: &ConnectionRef, stamp: Stamp) {
        if let Some(held) = lock(&self.held).get_mut(reference) {
            held.stamp = stamp;
        }
    }

    fn drop(&self, reference: &ConnectionRef) {
        lock(&self.held).remove(reference);
    }

    fn put(&self, fresh: Arc<Fresh>, margin: Option<Duration>, stamp: Stamp) {
        let mut held = lock(&self.held);
        held.retain(|_, held| held.read_at.elapsed() < KEPT);
        if held.len() >= MOST {
            held.clear();
        }
        let reference = fresh.connection.reference.clone();
        held.insert(reference, Held { fresh, margin, stamp, read_at: Instant::now() });
    }

    /// Tells whether this is news, and remembers it.
    fn is_news(&self, key: (ConnectionRef, String, String)) -> bool {
        let mut noted = lock(&self.noted);
        if noted.get(&key).is_some_and(|at| at.elapsed() < NOTED) {
            return false;
        }
        if noted.len() >= MOST {
            noted.clear();
        }
        noted.insert(key, Instant::now());
        true
    }
}

impl Service {
    /// Returns fresh credentials as [`Service::fresh_credentials`] does, from memory where they were read
    /// lately and nothing has changed since.
    pub async fn recent_credentials(&self, reference: &ConnectionRef, freshness: Freshness) -> Result<Arc<Fresh>> {
        if let Some(fresh) = self.credentials_at_hand(reference, freshness)? {
            return Ok(fresh);
        }
        let stamp = self.store.stamp()?;
        let fresh = Arc::new(Box::pin(self.fresh_credentials(reference, freshness)).await?);
        let kept = Fresh { was_refreshed: false, ..Fresh::clone(&fresh) };
        // The stamp is of before the reading: whatever changed meanwhile is looked at again.
        self.busy.recent.put(Arc::new(kept), self.declared_margin(&fresh.connection), stamp);
        Ok(fresh)
    }

    /// Returns fresh credentials if they are in memory and nothing has changed. Nobody is asked, and nothing is
    /// waited for.
    pub fn credentials_at_hand(&self, reference: &ConnectionRef, freshness: Freshness) -> Result<Option<Arc<Fresh>>> {
        if freshness.forced {
            return Ok(None);
        }
        let recent = &self.busy.recent;
        let Some((fresh, margin, known)) = recent.get(reference) else { return Ok(None) };
        let stamp = self.store.stamp()?;
        if known != stamp {
            let is_same = self.store.connection(reference)?.as_ref() == Some(&fresh.connection)
                && self.store.config(&reference.config)?.is_some();
            if !is_same {
                recent.drop(reference);
                return Ok(None);
            }
            recent.confirm(reference, stamp);
        }
        Ok(is_fresh(&fresh.credentials, freshness, margin, self.now()).then_some(fresh))
    }

    /// Notes that a program was given the credentials of a connection; the same token for the same program
    /// is noted every ten minutes.
    pub fn note_program(&self, fresh: &Fresh, program: &str) {
        let reference = &fresh.connection.reference;
        let (fingerprint, program) = (fresh.credentials.fingerprint(), untrusted::line(program));
        if self.busy.recent.is_news((reference.clone(), fingerprint.clone(), program.clone())) {
            let about = About { fingerprint: Some(fingerprint), ..About::saying(format!("to {program}")) };
            self.record(reference, Happening::HandedOut, Outcome::Done, about);
        }
    }
}
