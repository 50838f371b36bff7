//! Scopes chosen from those that a provider is known to have.

use crossterm::event::{KeyCode, KeyEvent};

use crate::tui::widgets::list::List;

/// A scope that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeChoice {
    /// Its name.
    pub name: String,
    /// Whether it is asked for.
    pub is_chosen: bool,
    /// Whether it was asked for before the choice began: what differs is shown as added or taken away.
    pub was_chosen: bool,
    /// What is known of it: whether it is a usual one, or granted already.
    pub note: String,
}

/// The choice of scopes, in front of the form whose line it fills.
#[derive(Debug, Clone, PartialEq)]
pub struct ScopePicker {
    /// What can be chosen, what was chosen first.
    pub choices: Vec<ScopeChoice>,
    /// Which of them match what was typed, and which is selected.
    pub list: List,
}

/// What a key meant to the choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picked {
    /// These scopes.
    Scopes(Vec<String>),
    /// It is left as it was.
    Left,
    /// It goes on.
    GoesOn,
}

impl ScopePicker {
    /// Offers the scopes that are asked for now and those that are known; `usual` ones and `granted` ones are
    /// said to be such.
    pub fn new(asked: &[String], known: &[String], usual: &[String], granted: &[String]) -> Self {
        let more = known.iter().chain(granted).filter(|scope| !asked.contains(scope));
        let mut names: Vec<&String> = asked.iter().chain(more).collect();
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|name| seen.insert(name.as_str()));
        let choice = |name: &String| {
            let is_chosen = asked.contains(name);
            let notes = [
                (usual.contains(name), "usual"),
                (granted.contains(name), "granted now"),
                (!known.contains(name), "not among the known ones"),
            ];
            let notes: Vec<&str> = notes.into_iter().filter(|(is_so, _)| *is_so).map(|(_, note)| note).collect();
            ScopeChoice { name: name.clone(), is_chosen, was_chosen: is_chosen, note: notes.join(", ") }
        };
        let mut picker = Self { choices: names.into_iter().map(choice).collect(), list: List::default() };
        picker.refilter();
        picker
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent) -> Picked {
        match key.code {
            KeyCode::Esc => return Picked::Left,
            KeyCode::Enter => {
                let chosen = self.choices.iter().filter(|choice| choice.is_chosen);
                return Picked::Scopes(chosen.map(|choice| choice.name.clone()).collect());
            }
            KeyCode::Char(' ') | KeyCode::Tab => {
                if let Some(row) = self.list.selected_row() {
                    self.choices[row].is_chosen ^= true;
                }
                if key.code == KeyCode::Tab {
                    self.list.move_by(1);
                }
            }
            KeyCode::Down => self.list.move_by(1),
            KeyCode::Up => self.list.move_by(-1),
            KeyCode::PageDown => self.list.move_by(10),
            KeyCode::PageUp => self.list.move_by(-10),
            _ => {
                if self.list.filter_mut().key(key) {
                    self.refilter();
                    self.list.select_best();
                }
            }
        }
        Picked::GoesOn
    }

    /// Returns how many are added, and how many taken away.
    pub fn changes(&self) -> (usize, usize) {
        let count = |added: bool| {
            self.choices.iter().filter(|choice| choice.is_chosen == added && choice.was_chosen != added).count()
        };
        (count(true), count(false))
    }

    fn refilter(&mut self) {
        let names: Vec<&str> = self.choices.iter().map(|choice| choice.name.as_str()).collect();
        self.list.refresh(&names);
    }
}
