//! The time of day.

use std::sync::{Arc, Mutex, PoisonError};

use crate::model::Time;

/// Tells the time of day.
pub trait Clock: Send + Sync {
    /// Returns the time of day, UTC.
    fn now(&self) -> Time;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one home of the time of day")]
    fn now(&self) -> Time {
        chrono::Utc::now()
    }
}

/// A clock that moves when it is told to. Clones show the same time.
#[derive(Debug, Clone)]
pub struct FixedClock(Arc<Mutex<Time>>);

impl FixedClock {
    /// Makes a clock that shows `time`.
    pub fn at(time: Time) -> Self {
        Self(Arc::new(Mutex::new(time)))
    }

    /// Sets it back, as somebody may set a clock.
    pub fn set_back(&self, by: std::time::Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) -= by;
    }

    /// Moves it forward.
    pub fn advance(&self, by: std::time::Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Time {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
