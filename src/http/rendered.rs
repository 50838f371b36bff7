//! Answers to the commonest call, written down once for each token.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Instant;

use hyper::body::Bytes;

use crate::model::ConnectionRef;
use crate::service::NOTED;
use crate::service::fresh::Fresh;

/// How many answers are kept.
const MOST: usize = 1_000;
/// How many programs are remembered for each.
const PROGRAMS: usize = 16;

/// The answers.
#[derive(Default)]
pub(super) struct Rendered {
    all: RwLock<HashMap<ConnectionRef, Answer>>,
}

struct Answer {
    /// Whose it is; gone once the service has let go of it.
    fresh: Weak<Fresh>,
    body: Bytes,
    told: Vec<(String, Instant)>,
}

impl Rendered {
    /// Returns the answer for these credentials, and whether the service was told lately that `program` got it.
    pub(super) fn get(&self, fresh: &Arc<Fresh>, program: &str) -> Option<(Bytes, bool)> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        let answer = all.get(&fresh.connection.reference)?;
        if !std::ptr::eq(answer.fresh.as_ptr(), Arc::as_ptr(fresh)) {
            return None;
        }
        let is_told = answer.told.iter().any(|(name, at)| name == program && at.elapsed() < NOTED);
        Some((answer.body.clone(), is_told))
    }

    /// Keeps an answer, of which `program` was told.
    pub(super) fn put(&self, fresh: &Arc<Fresh>, body: &Bytes, program: &str) {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, answer| answer.fresh.strong_count() > 0);
        if all.len() >= MOST {
            all.clear();
        }
        let fresh_one = || Answer { fresh: Arc::downgrade(fresh), body: body.clone(), told: Vec::new() };
        let answer = all.entry(fresh.connection.reference.clone()).or_insert_with(fresh_one);
        if !std::ptr::eq(answer.fresh.as_ptr(), Arc::as_ptr(fresh)) {
            *answer = fresh_one();
        }
        answer.told.retain(|(name, at)| name != program && at.elapsed() < NOTED);
        if answer.told.len() < PROGRAMS {
            answer.told.push((program.to_owned(), Instant::now()));
        }
    }
}
