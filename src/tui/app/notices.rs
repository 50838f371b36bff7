//! What is told below the view, and what is being done.

use std::time::Duration;

use super::App;
use crate::model::{Time, untrusted};

/// How long good news stays.
const GOOD: Duration = Duration::from_secs(3);
/// How much of what was told is kept.
const KEPT: usize = 50;
/// What takes less is not shown: it would only flash.
const SHOWN_AFTER: Duration = Duration::from_millis(200);
/// How often what waits moves.
const FRAME: Duration = Duration::from_millis(120);

/// Something to tell, below the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whether it is bad news, which stays until it is dismissed.
    pub is_bad: bool,
    /// The words, most important first.
    pub lines: Vec<String>,
    /// When good news leaves.
    pub until: Option<Time>,
}

/// Something that is being done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doing {
    /// What, in words.
    pub text: String,
    /// Since when.
    pub since: Time,
}

impl Doing {
    /// Tells whether it takes long enough to be shown.
    pub fn is_shown(&self, now: Time) -> bool {
        self.elapsed(now) >= SHOWN_AFTER
    }

    /// Returns which of so many pictures is shown now.
    pub fn frame(&self, now: Time, pictures: usize) -> usize {
        let frame = self.elapsed(now).as_millis() / FRAME.as_millis();
        usize::try_from(frame % pictures.max(1) as u128).unwrap_or(0)
    }

    /// Returns in how long it looks different.
    pub(super) fn next_tick(&self, now: Time, moves: bool) -> Option<Duration> {
        if self.is_shown(now) { moves.then_some(FRAME) } else { Some(SHOWN_AFTER.saturating_sub(self.elapsed(now))) }
    }

    fn elapsed(&self, now: Time) -> Duration {
        (now - self.since).to_std().unwrap_or_default()
    }
}

impl App {
    /// Tells something good, for a moment.
    pub(super) fn tell(&mut self, text: impl Into<String>) {
        self.keep(Notice { is_bad: false, lines: vec![text.into()], until: Some(self.now + GOOD) });
    }

    /// Tells something good that takes longer to read.
    pub(super) fn tell_longer(&mut self, text: impl Into<String>) {
        self.keep(Notice { is_bad: false, lines: vec![text.into()], until: Some(self.now + GOOD * 3) });
    }

    /// Tells something bad, which stays until it is dismissed.
    pub(super) fn tell_bad(&mut self, lines: Vec<String>) {
        self.keep(Notice { is_bad: true, lines, until: None });
    }

    fn keep(&mut self, mut notice: Notice) {
        for line in &mut notice.lines {
            *line = untrusted::line(line);
        }
        if self.told.len() == KEPT {
            self.told.pop_front();
        }
        self.told.push_back((self.now, notice.clone()));
        self.notice = Some(notice);
    }
}
