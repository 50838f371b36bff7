//! What this process read and handed out lately: fresh credentials in memory, so that a server that is asked
//! for the same token again and again reads, decrypts and notes it once.
//!
//! What is in memory is handed out only while the store is as it was when it was read. Where it is not,
//! whoever changed it, the connection's row is compared; it bears the number of the write of its
//! credentials, so that an equal row means equal credentials.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::fresh::{Fresh, Freshness, is_fresh};
use super::{Result, Service};
use crate::model::ConnectionRef;
use crate::store::Stamp;

/// How long credentials stay in memory after they were read from the vault.
const KEPT: Duration = Duration::from_mins(5);
/// How many connections' credentials stay in memory.
const MOST: usize = 1_000;
/// How long a hand-out of the same token to the same program is not noted again.
pub const NOTED: Duration = Duration::from_mins(10);

/// How long it is not noted again that the same program was turned away.
const REFUSAL: Duration = Duration::from_mins(1);
/// How many programs that were turned away are noted within that time.
const MOST_REFUSED: usize = 10;

/// What was read and handed out lately.
#[derive(Default)]
pub(super) struct Recent {
    held: Mutex<HashMap<ConnectionRef, Held>>,
    noted: Mutex<HashMap<(ConnectionRef, String, String), Instant>>,
    /// Who was turned away, by address and name.
    refused: Mutex<HashMap<(String, String), Instant>>,
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

    /// Tells whether it is news that a program was turned away, and remembers it.
    pub(super) fn is_refusal_news(&self, key: (String, String)) -> bool {
        let mut refused = lock(&self.refused);
        refused.retain(|_, at| at.elapsed() < REFUSAL);
        // Whoever asks under another name each time is no news any more.
        if refused.len() >= MOST_REFUSED || refused.contains_key(&key) {
            return false;
        }
        refused.insert(key, Instant::now());
        true
    }

    /// Tells whether this is news, and remembers it.
    pub(super) fn is_news(&self, key: (ConnectionRef, String, String)) -> bool {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_turned_away_is_noted_once_a_minute_and_nobody_fills_the_list() {
        let recent = Recent::default();
        let is_news = |name: &str| recent.is_refusal_news(("127.0.0.1".to_owned(), name.to_owned()));
        assert!(is_news("one") && !is_news("one") && is_news("two"));
        let noted = (0..1_000).filter(|number| is_news(&number.to_string())).count();
        assert_eq!(noted, MOST_REFUSED - 2);
    }
}
