//! What is told below the view, and what is being done.

use std::time::Duration;

use ratatui::style::Style;

use super::App;
use crate::model::{Activity, ConnectionRef, Time, untrusted};
use crate::tui::effect::Effect;
use crate::tui::keys::{Action, View};
use crate::tui::theme::Theme;

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
    /// What kind of news it is.
    pub tone: Tone,
    /// The words, most important first.
    pub lines: Vec<String>,
    /// Why, where that is known: told behind the first line where there is room.
    pub causes: Vec<String>,
    /// The connection whose last flow says more.
    pub about: Option<ConnectionRef>,
    /// When good news leaves.
    pub until: Option<Time>,
}

/// What kind of news a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something was done.
    Good,
    /// Nothing was, or nothing that counts: a remark.
    Plain,
    /// Something went wrong; it stays until it is dismissed.
    Bad,
}

impl Tone {
    /// Returns its mark.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Plain => "·",
            Self::Bad => "✗",
        }
    }

    /// Returns its style.
    pub fn style(self, theme: Theme) -> Style {
        match self {
            Self::Good => theme.good(),
            Self::Plain => theme.title(),
            Self::Bad => theme.bad(),
        }
    }
}

impl Notice {
    /// Returns the lines as they stand below each other.
    pub fn told(&self, with_causes: bool) -> impl Iterator<Item = &str> {
        let causes = self.causes.iter().filter(move |_| with_causes);
        self.lines.iter().take(1).chain(causes).chain(self.lines.iter().skip(1)).map(String::as_str)
    }
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
        self.tell_for(Tone::Good, text, GOOD);
    }

    /// Remarks something that changes nothing, for a moment.
    pub(super) fn remark(&mut self, text: impl Into<String>) {
        self.tell_for(Tone::Plain, text, GOOD);
    }

    /// Tells something good that takes longer to read.
    pub(super) fn tell_longer(&mut self, text: impl Into<String>) {
        self.tell_for(Tone::Good, text, GOOD * 3);
    }

    fn tell_for(&mut self, tone: Tone, text: impl Into<String>, time: Duration) {
        self.keep(Notice {
            tone,
            lines: vec![text.into()],
            causes: Vec::new(),
            about: None,
            until: Some(self.now + time),
        });
    }

    /// Tells something bad, which stays until it is dismissed.
    pub(super) fn tell_bad(&mut self, lines: Vec<String>) {
        self.tell_bad_of(None, lines, Vec::new());
    }

    /// Tells something bad and its causes; where a flow of a connection says more about it, with the key that shows
    /// that.
    pub(super) fn tell_bad_of(&mut self, about: Option<ConnectionRef>, mut lines: Vec<String>, causes: Vec<String>) {
        let key = self.setup.look.keymap.key_of(Action::LastFlow);
        // Another host keeps what it sends to itself.
        let about = about.filter(|_| self.setup.host.is_none() && !key.is_empty());
        lines.extend(about.is_some().then(|| format!("→ {key} shows what was sent, and what came back")));
        self.keep(Notice { tone: Tone::Bad, lines, causes, about, until: None });
    }

    /// Shows the last flow of the connection that the notice is about, or else of the selected row.
    pub(super) fn last_flow(&mut self) -> Vec<Effect> {
        let told = self.notice.as_ref().and_then(|notice| notice.about.clone());
        let selected = match self.view {
            View::Connections => self.selected_connection().map(|connection| connection.reference.clone()),
            View::Activity => self.selected_activity().and_then(Activity::reference),
            View::Configs | View::Providers | View::Settings | View::Doctor => None,
        };
        let Some(connection) = told.or(selected) else {
            self.remark("no connection is selected");
            return Vec::new();
        };
        let is_of = |row: &&Activity| row.flow.is_some() && row.is_of(&connection);
        if let Some(row) = self.lists.activity.iter().find(is_of) {
            return vec![Effect::ReadFlow(row.number)];
        }
        self.remark(format!("no request for {connection} is kept here"));
        Vec::new()
    }

    fn keep(&mut self, mut notice: Notice) {
        for line in notice.lines.iter_mut().chain(&mut notice.causes) {
            *line = untrusted::line(line);
        }
        if self.told.len() == KEPT {
            self.told.pop_front();
        }
        self.told.push_back((self.now, notice.clone()));
        self.notice = Some(notice);
    }
}
