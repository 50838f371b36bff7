//! Every key, and what is searched for among them.

use crossterm::event::{KeyCode, KeyEvent};

use crate::tui::widgets::input::Input;

/// The help as it is looked at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HelpView {
    /// How far it is scrolled.
    pub scroll: usize,
    /// What is searched for: part of a key, of what it does, of its name.
    pub search: Input,
    /// Whether that is being typed.
    pub is_typing: bool,
}

impl HelpView {
    /// Takes a key of what is searched for.
    pub fn type_key(&mut self, key: KeyEvent) {
        match key.code {
            KeyCode::Enter => self.is_typing = false,
            KeyCode::Esc => {
                self.is_typing = false;
                self.clear();
            }
            KeyCode::Down => self.scroll = self.scroll.saturating_add(1),
            KeyCode::Up => self.scroll = self.scroll.saturating_sub(1),
            _ if self.search.key(key) => self.scroll = 0,
            _ => {}
        }
    }

    /// Takes what was pasted, where something is typed.
    pub fn paste(&mut self, text: &str) {
        if self.is_typing {
            self.search.insert(text);
            self.scroll = 0;
        }
    }

    /// Forgets what was searched for; tells whether there was something.
    pub fn clear(&mut self) -> bool {
        self.scroll = 0;
        !self.search.take().is_empty()
    }
}
