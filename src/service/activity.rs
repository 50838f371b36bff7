//! What happened, kept: rows, and the steps of the flows that they belong to.

use std::time::Duration;

use super::{Error, Kind, Result, Service};
use crate::auth::Tape;
use crate::model::tape::Step;
use crate::model::{Activity, Caller, ConfigKey, ConnectionRef, Happening, Outcome};
use crate::store::Place;

/// What one happening says besides its kind.
#[derive(Default)]
pub(super) struct About {
    pub(super) detail: String,
    pub(super) took: Option<Duration>,
    pub(super) fingerprint: Option<String>,
    pub(super) by: Option<Caller>,
    /// What it is to its flow, and the steps of that which are not kept yet.
    pub(super) place: Place,
    pub(super) steps: Vec<Step>,
}

impl About {
    pub(super) fn saying(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::default() }
    }

    /// Says that this is a flow, with the steps on its tape.
    pub(super) fn on(self, tape: &Tape) -> Self {
        self.at(Place::First, tape)
    }

    /// Says what this is to a flow, and takes along the steps that are on its tape.
    pub(super) fn at(self, place: Place, tape: &Tape) -> Self {
        Self { place, steps: tape.take(), ..self }
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

    /// Returns one row of what happened.
    pub fn one_activity(&self, number: i64) -> Result<Activity> {
        self.store.one_activity(number)?.ok_or_else(|| no_row(number))
    }

    /// Returns the steps of the flow that a row of activity belongs to, in their order; none where it belongs to none.
    pub fn flow(&self, number: i64) -> Result<Vec<Step>> {
        self.store.steps(number)?.ok_or_else(|| no_row(number))
    }

    /// Keeps what happened; returns the number of its row, where there is one.
    pub(super) fn record(
        &self,
        connection: &ConnectionRef,
        happening: Happening,
        outcome: Outcome,
        about: About,
    ) -> Option<i64> {
        self.keep(Some(connection.config.clone()), Some(connection), happening, outcome, about)
    }

    pub(super) fn record_config(&self, key: &ConfigKey, happening: Happening, about: About) {
        self.keep(Some(key.clone()), None, happening, Outcome::Done, about);
    }

    /// Records something that did not happen to a config.
    pub(super) fn record_failed_config(&self, key: &ConfigKey, outcome: Outcome, about: About) {
        self.keep(Some(key.clone()), None, Happening::Changed, outcome, about);
    }

    /// Returns the place of a row with which a flow begins that ends by itself or with this process.
    pub(super) fn open_place(&self) -> Place {
        if !self.refresh_locks.are_shared() {
            return Place::First;
        }
        match self.refresh_locks.presence.name() {
            Ok(holder) => Place::Opens(holder),
            Err(error) => {
                tracing::warn!(%error, "nobody will know when this process ends");
                Place::First
            }
        }
    }

    /// Says of each flow that its program has ended, where it has.
    pub(super) fn end_flows_of_the_dead(&self) -> Result<()> {
        for (began, holder) in self.store.open_flows()? {
            if self.refresh_locks.presence.is_alive(&holder) || !self.store.close_flow(began.number)? {
                continue;
            }
            let end = Activity {
                at: self.now(),
                happening: began.happening.end(),
                outcome: Outcome::Failed,
                detail: "its program ended".to_owned(),
                ..began.clone()
            };
            self.store.add_activity(&end, &Place::Ends(began.number), &[])?;
        }
        Ok(())
    }

    /// Keeps what happened to a server of ours.
    pub(super) fn record_server(&self, happening: Happening, outcome: Outcome, about: About) -> Option<i64> {
        self.keep(None, None, happening, outcome, about)
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
    ) -> Option<i64> {
        // A clock that is wrong explains tokens that end early or never: it is told with what happened.
        let clock = about.steps.iter().rev().find_map(Step::clock).map(|clock| format!("; {clock}"));
        let activity = Activity {
            number: 0,
            at: self.now(),
            config,
            connection: connection.map(|connection| connection.id.clone()),
            happening,
            outcome,
            detail: about.detail + clock.as_deref().unwrap_or_default(),
            took: about.took,
            fingerprint: about.fingerprint,
            flow: None,
            by: about.by,
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
            return None;
        }
        // What happened has happened: not being able to write it down must not undo it.
        match self.store.add_activity(&activity, &about.place, &about.steps) {
            Ok(number) => Some(number),
            Err(error) => {
                tracing::warn!(%error, "keeping the activity");
                None
            }
        }
    }
}

fn no_row(number: i64) -> Error {
    Error::new(Kind::NotFound, format!("there is no row {number} in the activity; the newest ten thousand are kept"))
        .hinted("`hallpass activity` shows the numbers")
}
