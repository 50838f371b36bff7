//! What happened, kept.

use std::time::Duration;

use super::{Result, Service};
use crate::model::{Activity, ConfigKey, ConnectionRef, Happening, Outcome};

/// What one happening says besides its kind.
#[derive(Default)]
pub(super) struct About {
    pub(super) detail: String,
    pub(super) took: Option<Duration>,
    pub(super) fingerprint: Option<String>,
}

impl About {
    pub(super) fn saying(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::default() }
    }
}

impl Service {
    /// Returns what happened, newest first, at most `most` rows.
    pub fn activity(&self, of: Option<&ConnectionRef>, most: u32) -> Result<Vec<Activity>> {
        Ok(self.store.activity(of, most)?)
    }

    /// Returns what happened after the row `number`, oldest first.
    pub fn activity_after(&self, number: i64, of: Option<&ConnectionRef>) -> Result<Vec<Activity>> {
        Ok(self.store.activity_after(number, of)?)
    }

    pub(super) fn record(&self, connection: &ConnectionRef, happening: Happening, outcome: Outcome, about: About) {
        self.keep(Some(connection.config.clone()), Some(connection), happening, outcome, about);
    }

    pub(super) fn record_config(&self, key: &ConfigKey, happening: Happening, about: About) {
        self.keep(Some(key.clone()), None, happening, Outcome::Done, about);
    }

    /// Keeps what happened to this home as a whole.
    pub(super) fn record_home(&self, detail: String) {
        self.keep(None, None, Happening::Changed, Outcome::Done, About::saying(detail));
    }

    fn keep(
        &self,
        config: Option<ConfigKey>,
        connection: Option<&ConnectionRef>,
        happening: Happening,
        outcome: Outcome,
        about: About,
    ) {
        let activity = Activity {
            number: 0,
            at: self.now(),
            config,
            connection: connection.map(|connection| connection.id.clone()),
            happening,
            outcome,
            detail: about.detail,
            took: about.took,
            fingerprint: about.fingerprint,
        };
        let subject = activity.subject();
        tracing::info!(
            subject,
            what = happening.word(),
            outcome = outcome.word(),
            detail = activity.detail,
            "activity"
        );
        if self.settings.read_only || !self.store.exists() {
            return;
        }
        // What happened has happened: not being able to write it down must not undo it.
        if let Err(error) = self.store.add_activity(&activity) {
            tracing::warn!(%error, "keeping the activity");
        }
    }
}
