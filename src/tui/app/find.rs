//! Which action a key is, and finding actions, configs and connections by their names.

use crossterm::event::KeyEvent;

use super::App;
use crate::tui::effect::Effect;
use crate::tui::keys::{Binding, Context, Found, View, contexts};
use crate::tui::modal::{Candidate, Choice, Finder, Modal, Target};

impl App {
    /// Finds what a key is, after those that wait for it. One that others follow waits for them; one that was
    /// meant to follow and does not ends the waiting, and nothing else.
    pub(super) fn resolve(&mut self, key: KeyEvent, contexts: &[Context]) -> Found {
        let mut pressed = std::mem::take(&mut self.pending);
        let found = self.setup.look.keymap.find(&pressed, key.into(), contexts, self.setup.capabilities);
        if found == Found::Prefix {
            pressed.push(key.into());
            self.pending = pressed;
            self.pending_since = self.now;
        } else if found == Found::Nothing && !pressed.is_empty() {
            return Found::Prefix;
        }
        found
    }

    /// Tells whether the keys that can follow are shown by now.
    pub(in crate::tui) fn shows_which_key(&self) -> bool {
        let delay = self.setup.look.which_key.filter(|_| !self.pending.is_empty());
        delay.is_some_and(|delay| self.pending_since + delay <= self.now)
    }

    /// Offers every action: those of the open view first, then those of the others.
    pub(super) fn offer_actions(&mut self) {
        let here = contexts(self.view);
        let elsewhere: Vec<Context> =
            View::ALL.into_iter().map(View::context).filter(|context| !here.contains(context)).collect();
        let keymap = &self.setup.look.keymap;
        let candidate = |binding: &Binding, view: Option<View>| Candidate {
            text: binding.entry.name.to_owned(),
            note: view.map_or_else(
                || binding.entry.label.to_owned(),
                |view| format!("{} ({})", binding.entry.label, view.title().to_lowercase()),
            ),
            key: binding.shown.clone(),
            target: Target::Action(binding.entry.action, view),
        };
        let mut candidates: Vec<Candidate> =
            keymap.offered(&here, self.setup.capabilities).map(|binding| candidate(binding, None)).collect();
        for binding in keymap.offered(&elsewhere, self.setup.capabilities) {
            if !binding.entry.contexts.iter().any(|context| here.contains(context)) {
                candidates.push(candidate(binding, binding.entry.contexts[0].view()));
            }
        }
        self.modals.push(Modal::Finder(Box::new(Finder::new("Every action", candidates))));
    }

    /// Offers every config and every connection.
    pub(super) fn offer_places(&mut self) {
        let connections = self.lists.connections.iter().map(|connection| Candidate {
            text: connection.reference.to_string(),
            note: format!("{} · {}", connection.provider, connection.health(self.now).word()),
            key: String::new(),
            target: Target::Connection(connection.reference.clone()),
        });
        let configs = self.lists.configs.iter().map(|config| Candidate {
            text: config.key.to_string(),
            note: format!("config · {}", config.provider),
            key: String::new(),
            target: Target::Config(config.key.clone()),
        });
        let candidates: Vec<Candidate> = connections.chain(configs).collect();
        if candidates.is_empty() {
            self.remark("there is nothing to jump to yet");
            return;
        }
        self.modals.push(Modal::Finder(Box::new(Finder::new("Jump to", candidates))));
    }

    pub(super) fn press_in_finder(&mut self, mut finder: Box<Finder>, key: KeyEvent) -> Vec<Effect> {
        match finder.key(key) {
            Choice::GoesOn => self.modals.push(Modal::Finder(finder)),
            Choice::Left => {}
            Choice::Chosen(target) => {
                self.modals.retain(|modal| !matches!(modal, Modal::Details(_)));
                return self.go_to(target);
            }
        }
        Vec::new()
    }

    pub(super) fn go_to(&mut self, target: Target) -> Vec<Effect> {
        match target {
            Target::Action(action, view) => {
                self.view = view.unwrap_or(self.view);
                return self.act(action);
            }
            Target::Facet(facet) => self.narrow(facet),
            Target::Config(key) => {
                self.view = View::Configs;
                let row = self.lists.configs.iter().position(|config| config.key == key);
                self.select(row);
            }
            Target::Connection(reference) => {
                self.view = View::Connections;
                let row = self.lists.connections.iter().position(|connection| connection.reference == reference);
                self.select(row);
            }
        }
        Vec::new()
    }

    /// Selects a row of the open view; a filter that hides it ends.
    pub(super) fn select(&mut self, row: Option<usize>) {
        let Some(row) = row else { return };
        if !self.list().shows(row) {
            self.list().filter_mut().take();
            self.refilter(self.view);
        }
        self.list().select_row(row);
    }
}
