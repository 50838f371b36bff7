//! Finding something by a few letters of its name: an action, or a config or connection.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::model::{ConfigKey, ConnectionRef, search};
use crate::tui::app::Facet;
use crate::tui::keys::{Action, View};
use crate::tui::widgets::list::List;

/// What is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An action, in a view of its own or in any.
    Action(Action, Option<View>),
    /// A config.
    Config(ConfigKey),
    /// A connection.
    Connection(ConnectionRef),
    /// What the open list is narrowed to, or nothing.
    Facet(Option<Facet>),
}

/// One thing that can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What stands in the list first.
    pub text: String,
    /// What stands beside it.
    pub note: String,
    /// The key that does the same, where there is one.
    pub key: String,
    /// What it is.
    pub target: Target,
}

/// Names to choose from, narrowed as one types.
#[derive(Debug, Clone, PartialEq)]
pub struct Finder {
    /// What stands above it.
    pub title: &'static str,
    /// What there is.
    pub candidates: Vec<Candidate>,
    /// Which of them match, and which is selected.
    pub list: List,
}

/// What a key meant to a finder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// This one.
    Chosen(Target),
    /// None.
    Left,
    /// It goes on.
    GoesOn,
}

impl Finder {
    /// Offers `candidates`, the first one selected.
    pub fn new(title: &'static str, candidates: Vec<Candidate>) -> Self {
        let mut finder = Self { title, candidates, list: List::default() };
        finder.refilter();
        finder
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent) -> Choice {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return Choice::Left,
            KeyCode::Enter => {
                return match self.list.selected_row() {
                    Some(row) => Choice::Chosen(self.candidates[row].target.clone()),
                    None => Choice::GoesOn,
                };
            }
            KeyCode::Down => self.list.move_by(1),
            KeyCode::Up => self.list.move_by(-1),
            KeyCode::Char('n') if control => self.list.move_by(1),
            KeyCode::Char('p') if control => self.list.move_by(-1),
            KeyCode::PageDown => self.list.move_by(10),
            KeyCode::PageUp => self.list.move_by(-10),
            _ => {
                if self.list.filter_mut().key(key) {
                    self.typed();
                }
            }
        }
        Choice::GoesOn
    }

    /// Inserts pasted text.
    pub fn paste(&mut self, text: &str) {
        self.list.filter_mut().insert(text);
        self.typed();
    }

    /// Returns the name most like what was typed, where nothing matches it.
    pub fn nearest(&self) -> Option<String> {
        let typed = self.list.filter().text();
        search::nearest(typed, self.candidates.iter().map(|candidate| candidate.text.as_str())).into_iter().next()
    }

    fn typed(&mut self) {
        self.refilter();
        self.list.select_best();
    }

    fn refilter(&mut self) {
        let rows: Vec<String> =
            self.candidates.iter().map(|candidate| format!("{} {}", candidate.text, candidate.note)).collect();
        self.list.refresh(&rows);
        // A whole name means what it names; else what can be done in the open view goes before what opens another.
        let typed = self.list.filter().text().trim().to_lowercase();
        let rank = |row: usize| {
            let candidate = &self.candidates[row];
            (candidate.text.to_lowercase() != typed, matches!(candidate.target, Target::Action(_, Some(_))))
        };
        self.list.sort_by(|one, other| rank(one).cmp(&rank(other)));
    }
}
