//! What keys do in the forms for configs and names, and in the choice of scopes.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::App;
use crate::model::config::{split_scopes, suggested_key};
use crate::model::{Provider, ProviderId};
use crate::tui::effect::Effect;
use crate::tui::modal::{AddressForm, AuthorizeForm, ConfigForm, Modal, Picked, RenameForm, SCOPES, ScopePicker};
use crate::tui::widgets::form::{Form, Pressed};
use crate::tui::widgets::input::Input;

/// Tells whether a key opens the choice of scopes.
pub(super) fn is_scopes_key(key: KeyEvent) -> bool {
    key.code == KeyCode::Char('s') && key.modifiers.contains(KeyModifiers::CONTROL)
}

impl App {
    pub(super) fn press_in_config(&mut self, mut form: Box<ConfigForm>, key: KeyEvent) -> Vec<Effect> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let mut effects = Vec::new();
        match key.code {
            KeyCode::Esc => return Vec::new(),
            KeyCode::Char('r') if control => {
                effects.push(Effect::CopyText("the redirect URI", form.form.text("redirect_uri").to_owned()));
            }
            KeyCode::Char('o') if control => effects.extend(form.provider.console.clone().map(Effect::OpenPage)),
            _ if is_scopes_key(key) => {
                let picker = scopes_of_config(&form);
                self.modals.push(Modal::Config(form));
                self.offer_scopes(picker);
                return effects;
            }
            _ => {
                form.form.error = None;
                if form.form.key(key) == Pressed::Submitted {
                    match form.asked() {
                        Ok(effect) => effects.push(effect),
                        Err((line, error)) => form.form.fail(line, error),
                    }
                }
            }
        }
        self.modals.push(Modal::Config(form));
        effects
    }

    /// Takes over the provider of an MCP server.
    pub(super) fn found(&mut self, id: ProviderId, provider: Provider) -> Vec<Effect> {
        if matches!(self.modals.last(), Some(Modal::Address(_))) {
            self.modals.pop();
            self.ask_for_config(id, provider);
        } else {
            // Nobody waits for it any more, and what is on the screen stays there.
            self.tell(format!("{} is there now, as {id}", provider.name));
        }
        // It may be a new one.
        vec![Effect::LoadProviders]
    }

    /// Asks what a new config of a provider is to be made of.
    pub(super) fn ask_for_config(&mut self, id: ProviderId, provider: Provider) {
        let key = suggested_key(id.as_str(), |key| self.lists.configs.iter().any(|config| config.key.as_str() == key));
        self.is_filtering = false;
        self.notice = None;
        self.modals.push(Modal::Config(Box::new(ConfigForm::new(id, provider, &key, self.setup.host.is_none()))));
    }

    pub(super) fn press_in_rename(&mut self, mut form: Box<RenameForm>, key: KeyEvent) -> Vec<Effect> {
        let mut effects = Vec::new();
        if key.code == KeyCode::Esc {
            return effects;
        }
        form.form.error = None;
        if form.form.key(key) == Pressed::Submitted {
            let asked = form.asked();
            effects = of_line(&mut form.form, asked);
        }
        self.modals.push(Modal::Rename(form));
        effects
    }

    pub(super) fn press_in_address(&mut self, mut form: Box<AddressForm>, key: KeyEvent) -> Vec<Effect> {
        let mut effects = Vec::new();
        if key.code == KeyCode::Esc {
            return effects;
        }
        if form.is_asked && key.code == KeyCode::Enter {
            self.modals.push(Modal::Address(form));
            return effects;
        }
        form.form.error = None;
        if form.form.key(key) == Pressed::Submitted {
            let asked = form.asked();
            effects = of_line(&mut form.form, asked);
            form.is_asked = !effects.is_empty();
        }
        self.modals.push(Modal::Address(form));
        effects
    }

    pub(super) fn press_in_scopes(&mut self, mut picker: Box<ScopePicker>, key: KeyEvent) -> Vec<Effect> {
        match picker.key(key) {
            Picked::GoesOn => self.modals.push(Modal::Scopes(picker)),
            Picked::Left => {}
            Picked::Scopes(scopes) => {
                let form = match self.modals.last_mut() {
                    Some(Modal::Config(form)) => Some(&mut form.form),
                    Some(Modal::Authorize(form)) => Some(&mut form.form),
                    _ => None,
                };
                if let Some(form) = form {
                    fill_scopes(form, &scopes);
                }
            }
        }
        Vec::new()
    }

    /// Offers the scopes that a provider is known to have.
    pub(super) fn offer_scopes(&mut self, picker: Option<ScopePicker>) {
        match picker {
            Some(picker) => self.modals.push(Modal::Scopes(Box::new(picker))),
            None => self.remark("no scopes are known here: type them, separated by commas"),
        }
    }

    /// Returns the choice of scopes for a connection: what it was granted is said.
    pub(super) fn scopes_of_connection(&self, form: &AuthorizeForm) -> Option<ScopePicker> {
        let id = form.form.text("id");
        let connection = self.lists.connections.iter().find(|connection| {
            connection.reference.config == form.config.key && connection.reference.id.as_str() == id
        });
        let granted = connection.and_then(|connection| connection.granted_scopes.clone()).unwrap_or_default();
        let known = form.provider.known_scopes(form.way);
        offered(&form.form, known, form.provider.default_scopes(form.way), &granted)
    }
}

fn scopes_of_config(form: &ConfigForm) -> Option<ScopePicker> {
    let way = form.provider.ways().into_iter().find(|way| way.needs_client())?;
    offered(&form.form, form.provider.known_scopes(way), form.provider.default_scopes(way), &[])
}

fn offered(form: &Form, known: &[String], usual: &[String], granted: &[String]) -> Option<ScopePicker> {
    let has_line = form.fields.iter().any(|field| field.name == SCOPES);
    let picker = ScopePicker::new(&split_scopes(form.text(SCOPES)), known, usual, granted);
    Some(picker).filter(|picker| has_line && !picker.choices.is_empty())
}

fn fill_scopes(form: &mut Form, scopes: &[String]) {
    if let Some(field) = form.fields.iter_mut().find(|field| field.name == SCOPES) {
        field.input = Input::with(&scopes.join(","));
        field.error = None;
    }
}

/// Takes over what a form of one line asks for, or says in it what is wrong.
fn of_line(form: &mut Form, asked: Result<Effect, (&'static str, String)>) -> Vec<Effect> {
    match asked {
        Ok(effect) => vec![effect],
        Err((line, error)) => {
            form.fail(line, error);
            Vec::new()
        }
    }
}
