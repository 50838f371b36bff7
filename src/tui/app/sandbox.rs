//! Into the sandbox and out of it. There, everything is as at home: but nothing of it is kept.

use super::App;
use crate::model::{Config, Provider};
use crate::tui::effect::Effect;
use crate::tui::keys::{Action, View};
use crate::tui::message::{Lists, Stay};
use crate::tui::modal::Modal;
use crate::tui::widgets::input::Input;

/// What the first connection of the sandbox is called, unless another name is typed.
const SUGGESTED: &str = "me";

impl App {
    /// Goes into the sandbox, or leaves it.
    pub(super) fn sandbox(&mut self) -> Vec<Effect> {
        if self.is_sandbox {
            return vec![Effect::Cancel, Effect::LeaveSandbox];
        }
        if !self.setup.has_sandbox {
            self.remark("this is the sandbox of the demo already; it is gone when you leave");
            return Vec::new();
        }
        vec![Effect::Cancel, Effect::EnterSandbox]
    }

    /// Shows the place where the screens are now.
    pub(super) fn moved(&mut self, stay: Stay) -> Vec<Effect> {
        (self.setup.capabilities, self.setup.host, self.setup.facts) = (stay.capabilities, stay.host, stay.facts);
        self.is_sandbox = stay.sandbox.is_some();
        self.lists = Lists::default();
        self.is_loaded = false;
        self.modals.clear();
        self.marked.clear();
        self.findings.clear();
        (self.undo_until, self.asked, self.notice) = (None, None, None);
        self.rows = Default::default();
        self.facets = Default::default();
        self.follows = false;
        self.is_filtering = false;
        for view in View::ALL {
            self.refilter(view);
        }
        if let Some((config, provider)) = stay.sandbox {
            self.begin_in_sandbox(config, provider);
        } else {
            self.view = View::Connections;
            self.tell_longer("the sandbox is gone, and everything in it");
        }
        vec![Effect::Load, Effect::LoadProviders]
    }

    /// One key is left to the first authorization: enter.
    fn begin_in_sandbox(&mut self, config: Config, provider: Provider) {
        let row = self.providers.binary_search_by(|(id, _)| id.cmp(&config.provider));
        if let Err(row) = row {
            self.providers.insert(row, (config.provider.clone(), provider));
        }
        self.view = View::Connections;
        self.lists.configs = vec![config.clone()];
        self.refilter(View::Configs);
        self.ask_how(config, None);
        if let Some(Modal::Authorize(form)) = self.modals.last_mut() {
            for field in form.form.fields.iter_mut().filter(|field| field.name == "id") {
                field.input = Input::with(SUGGESTED);
            }
            form.form.focus = form.form.fields.len().saturating_sub(1);
        }
        let key = self.setup.look.keymap.key_of(Action::Sandbox).to_owned();
        self.tell_longer(format!(
            "a real authorization server, inside hallpass; nothing of it is kept, {key} leaves it"
        ));
    }
}
