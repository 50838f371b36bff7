//! What keys do in the views.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::App;
use super::notices::Tone;
use crate::model::config::suggested_key;
use crate::model::{ConnectionRef, Secret, WayIn};
use crate::service::connect::{ConnectRequest, Way};
use crate::service::copy::Form;
use crate::service::enter::EnterRequest;
use crate::tui::effect::Effect;
use crate::tui::keys::{self, Action, Found, Step, View};
use crate::tui::modal::{ConfigForm, Confirm, CopyForm, Modal, RenameForm, Renamed, copy_forms};

impl App {
    pub(super) fn press(&mut self, key: KeyEvent) -> Vec<Effect> {
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return vec![Effect::Quit];
        }
        if let Some(modal) = self.modals.pop() {
            return self.press_in_front(modal, key);
        }
        if self.is_filtering {
            return self.press_in_filter(key);
        }
        match self.resolve(key, &keys::contexts(self.view)) {
            Found::Action(action) => self.act(action),
            Found::Prefix | Found::Nothing => Vec::new(),
        }
    }

    fn press_in_filter(&mut self, key: KeyEvent) -> Vec<Effect> {
        match key.code {
            KeyCode::Enter => self.is_filtering = false,
            KeyCode::Esc => {
                self.is_filtering = false;
                self.list().filter_mut().take();
                self.refilter(self.view);
            }
            KeyCode::Down => self.list().move_by(1),
            KeyCode::Up => self.list().move_by(-1),
            _ => {
                if self.list().filter_mut().key(key) {
                    self.typed_filter();
                }
            }
        }
        Vec::new()
    }

    fn typed_filter(&mut self) {
        self.refilter(self.view);
        self.list().select_best();
    }

    pub(super) fn pasted(&mut self, text: &Secret) -> Vec<Effect> {
        match self.modals.last_mut() {
            // A paste while an authorization waits can only be the address it ended on.
            Some(Modal::Waiting(waiting)) if waiting.waiting.device.is_none() => {
                waiting.paste = None;
                waiting.error = None;
                return vec![Effect::Paste(text.clone())];
            }
            Some(Modal::Finder(finder)) => finder.paste(text.expose()),
            Some(Modal::Help(help)) => help.paste(text.expose()),
            Some(Modal::Config(form)) => form.form.paste(text.expose()),
            Some(Modal::Rename(form)) => form.form.paste(text.expose()),
            Some(Modal::Address(form)) => form.form.paste(text.expose()),
            Some(Modal::Authorize(form)) => form.form.paste(text.expose()),
            Some(Modal::Passphrase(form)) => form.form.paste(text.expose()),
            None if self.is_filtering => {
                self.list().filter_mut().insert(text.expose());
                self.typed_filter();
            }
            // Pasted text never acts as keys.
            Some(_) | None => {}
        }
        Vec::new()
    }

    pub(super) fn act(&mut self, action: Action) -> Vec<Effect> {
        match action {
            // Programs may be using it right now.
            Action::Quit if self.server.is_some() => self.modals.push(Modal::Confirm(Confirm::Quit)),
            Action::Quit => return vec![Effect::Quit],
            Action::Back => self.back(),
            Action::Show(view) => {
                self.view = view;
                self.notice.take_if(|notice| notice.tone != Tone::Bad);
                if view == View::Doctor && self.findings.is_empty() {
                    return self.act(Action::Examine);
                }
            }
            Action::Examine if self.setup.capabilities.can_serve => return vec![Effect::Examine],
            Action::Examine => self.remark("the doctor looks at this machine, and this is about another one"),
            Action::ChangeSetting => return self.change_setting(),
            Action::CopyLine => return self.copy_line(),
            Action::Move(step) => {
                self.follows &= self.view != View::Activity;
                self.step(step);
            }
            Action::Filter => self.is_filtering = true,
            Action::Serve if self.is_sandbox => {
                self.remark("the server serves what is your own: leave the sandbox first");
            }
            Action::Serve => {
                return vec![if self.server.is_some() { Effect::StopServer } else { Effect::StartServer }];
            }
            Action::Sandbox => return self.sandbox(),
            Action::Help => self.modals.push(Modal::Help(Box::default())),
            Action::Messages => self.modals.push(Modal::Messages(usize::MAX)),
            Action::NextTheme => {
                self.setup.look.next_theme();
                self.remark(format!("theme {}", self.setup.look.theme_name));
            }
            Action::Mouse => {
                let takes_mouse = !self.setup.look.takes_mouse;
                self.setup.look.takes_mouse = takes_mouse;
                self.remark(if takes_mouse { "the mouse is taken" } else { "the mouse is left to the terminal" });
                return vec![Effect::TakeMouse(takes_mouse)];
            }
            Action::Motion => {
                self.setup.look.moves = !self.setup.look.moves;
                self.remark(if self.setup.look.moves { "what waits moves" } else { "nothing moves that need not" });
            }
            Action::Palette => self.offer_actions(),
            Action::Jump => self.offer_places(),
            Action::Details if self.view == View::Activity => {
                let number = self.selected_activity().map(|row| row.number);
                return number.map(Effect::ReadFlow).into_iter().collect();
            }
            Action::LastFlow => return self.last_flow(),
            Action::Narrow => self.offer_facets(),
            Action::Follow => {
                self.follows ^= true;
                if self.follows {
                    self.list().select_first();
                }
                self.remark(if self.follows {
                    "following: the newest stays selected"
                } else {
                    "not following any more"
                });
            }
            Action::CopyCurl => {
                let number = self.selected_activity().map(|row| row.number);
                return number.map(Effect::CopyCurl).into_iter().collect();
            }
            Action::Details => {
                if self.list().selected_row().is_some() {
                    self.modals.push(Modal::Details(0));
                }
            }
            action => return self.act_on_row(action),
        }
        Vec::new()
    }

    /// Does what concerns the selected row, or those that are marked.
    fn act_on_row(&mut self, action: Action) -> Vec<Effect> {
        let has_marks = self.view == View::Connections && !self.marked.is_empty();
        let is_for_marks = has_marks && matches!(action, Action::Refresh | Action::Delete);
        if self.list().selected_row().is_none() && action.needs_a_row() && !is_for_marks {
            self.remark("nothing is selected that this could be done with");
            return Vec::new();
        }
        match action {
            Action::CopyToken => return self.with_connection(|connection| Effect::Copy(connection, Form::Raw)),
            Action::CopyAs => {
                if let Some(connection) = self.selected_connection() {
                    let provider = self.provider(&connection.provider);
                    let offered = provider.map(|provider| Form::offered(provider, connection.way));
                    let is_offered = |form: &CopyForm| offered.as_ref().is_none_or(|offered| offered.contains(&form.1));
                    let forms = copy_forms().into_iter().filter(is_offered).collect();
                    self.modals.push(Modal::CopyAs(connection.reference.clone(), forms, 0));
                }
            }
            Action::Refresh => {
                let chosen = self.chosen();
                return Some(Effect::Refresh(chosen.clone())).filter(|_| !chosen.is_empty()).into_iter().collect();
            }
            Action::Mark => self.mark(),
            Action::MarkAll => self.mark_all(),
            Action::Sort => self.sort_by_next(),
            Action::Reverse => self.reverse(),
            Action::Group => self.group(),
            Action::Undo if self.undo_until.take().is_some() => return vec![Effect::BringBack],
            Action::Undo => self.remark("there is nothing to bring back"),
            Action::Inspect => return self.with_connection(Effect::Inspect),
            Action::Authorize => return self.authorize(),
            Action::AuthorizeWith => self.authorize_with(),
            Action::Reveal => return self.with_connection(Effect::Reveal),
            Action::WhoAmI => return self.with_connection(Effect::WhoAmI),
            Action::EditConfig => self.edit_config(),
            Action::DuplicateConfig => self.duplicate_config(),
            Action::NewMcp => self.modals.push(Modal::Address(Box::default())),
            Action::Rename => self.rename(),
            Action::CheckRedirect => {
                return self
                    .selected_config()
                    .map(|config| Effect::CheckRedirect(config.key.clone()))
                    .into_iter()
                    .collect();
            }
            Action::Delete => self.delete(),
            Action::NewConfig => self.new_config(),
            Action::CopyRedirectUri => {
                return self
                    .selected_config()
                    .map(|config| Effect::CopyText("the redirect URI", config.redirect_uri().to_owned()))
                    .into_iter()
                    .collect();
            }
            Action::OpenConsole => return self.open_page("console", |provider| provider.console.clone()),
            Action::OpenDocs => return self.open_page("docs", |provider| provider.docs.clone()),
            // The others were done before, or belong to an authorization that waits.
            _ => {}
        }
        Vec::new()
    }

    fn back(&mut self) {
        if self.notice.take().is_some() {
            return;
        }
        let now = self.now;
        if let Some(doing) = self.doing.take_if(|doing| doing.is_shown(now)) {
            // It is not torn off: a refresh that was sent may bring the only token that is left.
            self.remark(format!("not waited for any more: {}; it ends by itself", doing.text));
            return;
        }
        if self.view == View::Connections && !self.marked.is_empty() {
            self.marked.clear();
        } else if self.facets[self.view.index()].is_some() && self.list().filter().text().is_empty() {
            self.narrow(None);
        } else if self.list().filter().text().is_empty() {
            self.view = View::Connections;
        } else {
            self.list().filter_mut().take();
            self.refilter(self.view);
        }
    }

    fn step(&mut self, step: Step) {
        let page = isize::try_from(self.size.1.saturating_sub(6).max(1)).unwrap_or(10);
        self.list().move_by(match step {
            Step::Up => -1,
            Step::Down => 1,
            Step::PageUp => -page,
            Step::PageDown => page,
            Step::First => isize::MIN / 2,
            Step::Last => isize::MAX / 2,
        });
    }

    fn with_connection(&mut self, effect: impl FnOnce(ConnectionRef) -> Effect) -> Vec<Effect> {
        match self.selected_connection().map(|connection| connection.reference.clone()) {
            Some(connection) => vec![effect(connection)],
            None => Vec::new(),
        }
    }

    /// Authorizes the selected connection again as it was, or asks how a new one is to be.
    fn authorize(&mut self) -> Vec<Effect> {
        if self.view == View::Configs {
            if let Some(config) = self.selected_config().cloned() {
                self.ask_how(config, None);
            }
            return Vec::new();
        }
        let Some(connection) = self.selected_connection().cloned() else { return Vec::new() };
        let config = self.lists.configs.iter().find(|config| config.key == connection.reference.config).cloned();
        let provider = self.provider(&connection.provider);
        let has_fields = provider.is_some_and(|provider| !provider.credential_fields(connection.way).is_empty());
        if has_fields {
            // A key is entered anew, and what goes with a token may be.
            if let Some(config) = config {
                self.ask_how(config, Some(&connection));
            }
            return Vec::new();
        }
        let is_asked =
            |name: &str| provider.is_some_and(|provider| provider.asked_variables().any(|(asked, _)| asked == name));
        let variables = connection.variables.into_iter().filter(|(name, _)| is_asked(name)).collect();
        let scopes = Some(connection.requested_scopes);
        if connection.way == WayIn::ClientCredentials {
            let request = EnterRequest {
                way_in: Some(connection.way),
                variables,
                scopes,
                ..EnterRequest::new(connection.reference)
            };
            return vec![Effect::Enter(request)];
        }
        let by_device = self.setup.prefers_device
            && connection.way == WayIn::OAuth2
            && provider.is_some_and(crate::model::Provider::offers_device);
        let way = if by_device { Way::Device } else { Way::Browser };
        let request = ConnectRequest {
            way_in: Some(connection.way),
            variables,
            scopes,
            way,
            ..ConnectRequest::new(connection.reference)
        };
        vec![Effect::Authorize(request)]
    }

    fn delete(&mut self) {
        let question = match self.view {
            View::Connections => Some(self.chosen()).filter(|chosen| !chosen.is_empty()).map(Confirm::Connections),
            View::Configs => self
                .selected_config()
                .map(|config| Confirm::Config(config.key.clone(), self.connections_under(&config.key))),
            View::Providers | View::Activity | View::Settings | View::Doctor => None,
        };
        self.modals.extend(question.map(Modal::Confirm));
    }

    /// Opens the form for the selected provider; elsewhere, lets one be chosen first.
    fn new_config(&mut self) {
        if self.view != View::Providers {
            self.view = View::Providers;
            self.is_filtering = true;
            self.tell_longer("choose a provider: type a few letters, enter, then n");
            return;
        }
        let Some((id, provider)) = self.selected_provider().cloned() else { return };
        self.ask_for_config(id, provider);
    }

    /// Asks with which scopes the selected connection is authorized again. It stays as it is until that is done.
    fn authorize_with(&mut self) {
        let Some(connection) = self.selected_connection().cloned() else { return };
        let config = self.lists.configs.iter().find(|config| config.key == connection.reference.config).cloned();
        if let Some(config) = config {
            self.ask_how(config, Some(&connection));
            if let Some(Modal::Authorize(form)) = self.modals.last_mut() {
                form.form.focus_on("scopes");
            }
        }
    }

    fn edit_config(&mut self) {
        let Some(config) = self.selected_config().cloned() else { return };
        if let Some(provider) = self.provider(&config.provider).cloned() {
            let form = ConfigForm::edit(&config, provider, self.setup.host.is_none());
            self.modals.push(Modal::Config(Box::new(form)));
        }
    }

    fn duplicate_config(&mut self) {
        let Some(config) = self.selected_config().cloned() else { return };
        if let Some(provider) = self.provider(&config.provider).cloned() {
            let is_taken = |key: &str| self.lists.configs.iter().any(|config| config.key.as_str() == key);
            let key = suggested_key(config.key.as_str(), is_taken);
            self.modals.push(Modal::Config(Box::new(ConfigForm::like(&config, provider, &key))));
        }
    }

    fn rename(&mut self) {
        let what = match self.view {
            View::Configs => self.selected_config().map(|config| Renamed::Config(config.key.clone())),
            _ => self.selected_connection().map(|connection| Renamed::Connection(connection.reference.clone())),
        };
        self.modals.extend(what.map(|what| Modal::Rename(Box::new(RenameForm::new(what)))));
    }

    fn open_page(&mut self, what: &str, page: impl Fn(&crate::model::Provider) -> Option<String>) -> Vec<Effect> {
        let provider = match self.view {
            View::Configs => self.selected_config().and_then(|config| self.provider(&config.provider)),
            _ => self.selected_provider().map(|(_, provider)| provider),
        };
        let Some(provider) = provider else { return Vec::new() };
        if let Some(url) = page(provider) {
            vec![Effect::OpenPage(url)]
        } else {
            let text = format!("{} names no {what}", provider.name);
            self.remark(text);
            Vec::new()
        }
    }
}
