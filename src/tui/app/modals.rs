//! What keys do in front of the views. A modal is taken off the stack, and put back unless the key
//! ended it.

use crossterm::event::{KeyCode, KeyEvent};

use super::App;
use super::forms::is_scopes_key;
use crate::model::{ConnectionRef, WayIn};
use crate::service::connect::{ConnectRequest, Way};
use crate::service::vaults::Purpose;
use crate::tui::effect::Effect;
use crate::tui::keys::{self, Action, Context, Found, Step};
use crate::tui::modal::{
    Asked, AuthorizeForm, Confirm, CopyForm, FlowView, HelpView, Modal, PassphraseForm, WaitingFor,
};
use crate::tui::widgets::form::Pressed;
use crate::tui::widgets::input::Input;

impl App {
    pub(super) fn press_in_front(&mut self, modal: Modal, key: KeyEvent) -> Vec<Effect> {
        match modal {
            Modal::Help(help) => self.press_in_help(help, key),
            Modal::Messages(scroll) => self.scrolled(scroll, key, Modal::Messages),
            Modal::Finder(finder) => self.press_in_finder(finder, key),
            Modal::Details(scroll) => self.press_in_details(scroll, key),
            Modal::Inspection(inspection, scroll) => {
                self.scrolled(scroll, key, |scroll| Modal::Inspection(inspection, scroll))
            }
            Modal::Confirm(question) => self.press_in_confirm(question, key),
            Modal::CopyAs(connection, forms, selected) => self.press_in_copy_as(connection, forms, selected, key),
            Modal::Config(form) => self.press_in_config(form, key),
            Modal::Rename(form) => self.press_in_rename(form, key),
            Modal::Address(form) => self.press_in_address(form, key),
            Modal::Flow(flow) => self.press_in_flow(flow, key),
            Modal::Scopes(picker) => self.press_in_scopes(picker, key),
            // Any key hides it, and does nothing else.
            Modal::Revealed(_) => Vec::new(),
            Modal::WhoAmI(who, scroll) => self.scrolled(scroll, key, |scroll| Modal::WhoAmI(who, scroll)),
            Modal::Authorize(form) => self.press_in_authorize(form, key),
            Modal::Waiting(waiting) => self.press_in_waiting(waiting, key),
            Modal::Passphrase(form) => self.press_in_passphrase(form, key),
        }
    }

    fn put_back(&mut self, modal: Modal) -> Vec<Effect> {
        self.modals.push(modal);
        Vec::new()
    }

    /// Something that is only read: it scrolls, and any other key ends it.
    fn scrolled(&mut self, scroll: usize, key: KeyEvent, back: impl FnOnce(usize) -> Modal) -> Vec<Effect> {
        match self.resolve(key, &[Context::Everywhere]) {
            Found::Action(Action::Move(step)) => self.put_back(back(scrolled(scroll, step))),
            Found::Prefix => self.put_back(back(scroll)),
            Found::Action(_) | Found::Nothing => Vec::new(),
        }
    }

    /// The help scrolls, and is searched; `esc` ends the search first.
    fn press_in_help(&mut self, mut help: Box<HelpView>, key: KeyEvent) -> Vec<Effect> {
        if help.is_typing {
            help.type_key(key);
            return self.put_back(Modal::Help(help));
        }
        match self.resolve(key, &[Context::Everywhere]) {
            Found::Action(Action::Move(step)) => help.scroll = scrolled(help.scroll, step),
            Found::Action(Action::Filter) => help.is_typing = true,
            Found::Action(Action::Back) if help.clear() => {}
            Found::Prefix => {}
            Found::Action(_) | Found::Nothing => return Vec::new(),
        }
        self.put_back(Modal::Help(help))
    }

    /// The keys of the view count in its details too.
    fn press_in_details(&mut self, scroll: usize, key: KeyEvent) -> Vec<Effect> {
        match self.resolve(key, &keys::contexts(self.view)) {
            Found::Action(Action::Move(step)) => self.put_back(Modal::Details(scrolled(scroll, step))),
            Found::Prefix => self.put_back(Modal::Details(scroll)),
            Found::Nothing | Found::Action(Action::Back | Action::Details) => Vec::new(),
            Found::Action(action @ (Action::Show(_) | Action::Filter | Action::NewConfig)) => self.act(action),
            Found::Action(action) => {
                self.modals.push(Modal::Details(scroll));
                self.act(action)
            }
        }
    }

    fn press_in_flow(&mut self, mut flow: Box<FlowView>, key: KeyEvent) -> Vec<Effect> {
        let mut effects = Vec::new();
        match self.resolve(key, &[Context::Activity, Context::Everywhere]) {
            Found::Action(Action::Move(step)) => flow.move_by(step),
            Found::Action(Action::CopyCurl) => effects.push(Effect::CopyCurl(flow.activity.number)),
            Found::Prefix => {}
            Found::Action(_) | Found::Nothing => return effects,
        }
        self.modals.push(Modal::Flow(flow));
        effects
    }

    fn press_in_confirm(&mut self, question: Confirm, key: KeyEvent) -> Vec<Effect> {
        self.modals.retain(|modal| !matches!(modal, Modal::Details(_)));
        match (key.code, question) {
            (KeyCode::Char('y'), Confirm::Connections(chosen)) => vec![Effect::DeleteConnections(chosen, false)],
            (KeyCode::Char('R'), Confirm::Connections(chosen)) if self.setup.capabilities.can_revoke => {
                vec![Effect::DeleteConnections(chosen, true)]
            }
            (KeyCode::Char('y'), Confirm::Config(key, _)) => vec![Effect::DeleteConfig(key)],
            (KeyCode::Char('y' | 'q'), Confirm::Quit) => vec![Effect::Quit],
            (_, Confirm::Quit) => {
                self.remark("the server goes on");
                Vec::new()
            }
            _ => {
                self.remark("nothing was deleted");
                Vec::new()
            }
        }
    }

    fn press_in_copy_as(
        &mut self,
        connection: ConnectionRef,
        forms: Vec<CopyForm>,
        selected: usize,
        key: KeyEvent,
    ) -> Vec<Effect> {
        let many = forms.len();
        let chosen = match key.code {
            KeyCode::Char(character) => forms.iter().find(|(key, ..)| *key == character).map(|(_, form, _)| *form),
            KeyCode::Enter => forms.get(selected).map(|(_, form, _)| *form),
            _ => None,
        };
        if let Some(form) = chosen {
            return vec![Effect::Copy(connection, form)];
        }
        match key.code {
            KeyCode::Down => self.put_back(Modal::CopyAs(connection, forms, (selected + 1) % many)),
            KeyCode::Up => self.put_back(Modal::CopyAs(connection, forms, (selected + many - 1) % many)),
            _ => Vec::new(),
        }
    }

    fn press_in_authorize(&mut self, mut form: Box<AuthorizeForm>, key: KeyEvent) -> Vec<Effect> {
        if key.code == KeyCode::Esc {
            // It may be being prepared already: no browser must open after this.
            return if self.doing.take().is_some() { vec![Effect::Cancel] } else { Vec::new() };
        }
        if is_scopes_key(key) {
            let picker = self.scopes_of_connection(&form);
            self.modals.push(Modal::Authorize(form));
            self.offer_scopes(picker);
            return Vec::new();
        }
        form.form.error = None;
        let mut effects = Vec::new();
        let way = form.form.text(crate::tui::modal::WAY).to_owned();
        if form.form.key(key) == Pressed::Submitted {
            match form.asked() {
                Ok(Asked::Authorize(request)) => effects.push(Effect::Authorize(request)),
                Ok(Asked::Enter(request)) => effects.push(Effect::Enter(request)),
                Err((line, error)) => form.form.fail(&line, error),
            }
        }
        if form.form.text(crate::tui::modal::WAY) != way {
            form.rebuild();
        }
        self.modals.push(Modal::Authorize(form));
        effects
    }

    fn press_in_waiting(&mut self, mut waiting: Box<WaitingFor>, key: KeyEvent) -> Vec<Effect> {
        if let Some(mut paste) = waiting.paste.take() {
            let mut effects = Vec::new();
            match key.code {
                KeyCode::Esc => {}
                KeyCode::Enter => effects.push(Effect::Paste(paste.take())),
                _ => {
                    paste.key(key);
                    waiting.paste = Some(paste);
                }
            }
            self.modals.push(Modal::Waiting(waiting));
            return effects;
        }
        let mut effects = Vec::new();
        let context = if waiting.waiting.device.is_some() { Context::Device } else { Context::Waiting };
        let action = match self.resolve(key, &[context]) {
            Found::Action(action) => Some(action),
            Found::Prefix | Found::Nothing => None,
        };
        match action {
            Some(Action::Back) => {
                self.modals.retain(|modal| !matches!(modal, Modal::Authorize(_)));
                self.remark("the authorization was cancelled");
                return vec![Effect::Cancel, Effect::Load];
            }
            Some(Action::CopyUrl) => effects.push(Effect::CopyText("the address", waiting.waiting.url.to_string())),
            Some(Action::CopyRedirectUri) => {
                effects.push(Effect::CopyText("the redirect URI", waiting.waiting.redirect_uri.clone()));
            }
            Some(Action::CopyCode) => {
                let code = waiting.waiting.device.as_ref().map(|device| device.user_code.clone());
                effects.extend(code.map(|code| Effect::CopyText("the code", code)));
            }
            Some(Action::UseDevice) => match self.by_device(&waiting) {
                Some(request) => return vec![Effect::Cancel, Effect::Authorize(request)],
                None => waiting.error = Some("this provider has no device codes".to_owned()),
            },
            Some(Action::UseBrowser) => match waiting.request.clone() {
                Some(request) => {
                    return vec![Effect::Cancel, Effect::Authorize(ConnectRequest { way: Way::Browser, ..request })];
                }
                None => waiting.error = Some("leave this, and authorize again".to_owned()),
            },
            Some(Action::Allow) if self.is_sandbox => effects.push(Effect::Allow(waiting.waiting.url.clone())),
            Some(Action::OpenUrl) => effects.push(Effect::OpenPage(waiting.waiting.url.to_string())),
            Some(Action::Paste) => {
                waiting.paste = Some(Input::default());
                waiting.error = None;
            }
            _ => {}
        }
        self.modals.push(Modal::Waiting(waiting));
        effects
    }

    /// Returns the request that authorizes the same connection by a device code.
    fn by_device(&self, waiting: &WaitingFor) -> Option<ConnectRequest> {
        let request = waiting.request.clone()?;
        let config = self.lists.configs.iter().find(|config| config.key == request.connection.config)?;
        let is_offered = self.provider(&config.provider).is_some_and(crate::model::Provider::offers_device);
        let is_oauth2 = request.way_in.is_none_or(|way| way == WayIn::OAuth2);
        (is_offered && is_oauth2).then_some(ConnectRequest { way: Way::Device, ..request })
    }

    fn press_in_passphrase(&mut self, mut form: Box<PassphraseForm>, key: KeyEvent) -> Vec<Effect> {
        if key.code == KeyCode::Esc {
            return Vec::new();
        }
        form.form.error = None;
        let mut effects = Vec::new();
        if form.form.key(key) == Pressed::Submitted {
            let passphrase = form.form.secret("passphrase");
            if passphrase.is_empty() {
                form.form.error = Some("type the passphrase, or leave with esc".to_owned());
            } else if form.purpose == Purpose::Make && passphrase != form.form.secret("again") {
                form.refuse("the two differ".to_owned());
            } else {
                effects.push(Effect::Unlock(passphrase));
            }
        }
        self.modals.push(Modal::Passphrase(form));
        effects
    }
}

/// Returns where a step scrolls to; drawing holds it within what there is.
fn scrolled(scroll: usize, step: Step) -> usize {
    match step {
        Step::Down => scroll.saturating_add(1),
        Step::Up => scroll.saturating_sub(1),
        Step::PageDown => scroll.saturating_add(10),
        Step::PageUp => scroll.saturating_sub(10),
        Step::First => 0,
        Step::Last => usize::MAX,
    }
}
