//! What became of effects.

use super::App;
use crate::backend::AboutServer;
use crate::model::freshness::spoken;
use crate::model::tape::Step;
use crate::model::{Config, Connection, ConnectionRef};
use crate::service::Error;
use crate::service::connect::Connected;
use crate::service::connections::Deleted;
use crate::service::copy::{Copied, CopiedTo, Form};
use crate::service::doctor::{Finding, Wellness};
use crate::tui::effect::{Effect, named};
use crate::tui::keys::{Action, View};
use crate::tui::message::{Lists, Message};
use crate::tui::modal::{AuthorizeForm, FlowView, Modal, PassphraseForm, Renamed, Revealed, Target, WaitingFor};

/// For how long a token is shown.
const REVEAL: std::time::Duration = std::time::Duration::from_secs(10);
/// For how long what was deleted can be brought back.
const UNDO: std::time::Duration = std::time::Duration::from_mins(1);

impl App {
    pub(super) fn result(&mut self, message: Message) -> Vec<Effect> {
        if !matches!(message, Message::Loaded(_) | Message::ProvidersLoaded(_)) {
            self.doing = None;
        }
        let rings = self.setup.look.rings
            && !self.has_focus
            && match &message {
                Message::Connected(_) => true,
                Message::Failed(_, effect) => matches!(**effect, Effect::Authorize(_)),
                _ => false,
            };
        let mut effects = self.taken(message);
        effects.extend(rings.then_some(Effect::Ring));
        effects
    }

    fn taken(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Loaded(lists) => self.loaded(*lists),
            Message::ProvidersLoaded(providers) => {
                self.providers = providers;
                self.refilter(View::Providers);
            }
            Message::Copied(connection, copied) => {
                self.tell_longer(format!("{connection}: {}", copied_words(&copied)));
                return vec![Effect::Load];
            }
            Message::Revealed(connection, token) if self.has_focus => {
                let until = self.now + REVEAL;
                self.modals.push(Modal::Revealed(Box::new(Revealed { connection, token, until })));
                return vec![Effect::Load];
            }
            Message::Revealed(..) => self.remark("nobody looks: the token is not shown"),
            Message::TextCopied(what, to) => self.tell(match to {
                CopiedTo::Clipboard => format!("copied {what}"),
                CopiedTo::Terminal => format!("sent {what} to your terminal's clipboard"),
            }),
            Message::Refreshed(outcomes) => return self.refreshed(&outcomes),
            Message::Waits(waiting) => {
                let asked = self.asked.clone().filter(|request| request.connection == waiting.connection);
                self.modals.push(Modal::Waiting(Box::new(WaitingFor {
                    waiting: *waiting,
                    request: asked,
                    since: self.now,
                    paste: None,
                    error: None,
                })));
            }
            Message::Connected(connected) => return self.connected(*connected),
            Message::PasteRefused(error) => {
                if let Some(Modal::Waiting(waiting)) = self.modals.last_mut() {
                    waiting.error = Some(with_hint(&error));
                }
            }
            Message::McpFound(id, provider) => return self.found(id, *provider),
            Message::ConfigMade(config) => {
                self.modals.retain(|modal| !matches!(modal, Modal::Config(_)));
                self.view = View::Configs;
                self.tell_longer(format!("{} is ready; now authorize a connection", config.key));
                self.show_config(&config);
                self.ask_how(*config, None);
                return vec![Effect::Load];
            }
            Message::ConfigEdited(config) => {
                self.modals.retain(|modal| !matches!(modal, Modal::Config(_)));
                self.tell(format!("{} is changed; its connections stay as they are", config.key));
                return vec![Effect::Load];
            }
            Message::Renamed(before, target) => return self.renamed(&before, &target),
            Message::RedirectChecked(finding) => self.tell_finding(&finding),
            Message::Identified(who) => {
                self.modals.push(Modal::WhoAmI(who, 0));
                return vec![Effect::Load];
            }
            Message::ConnectionsDeleted(outcomes, can_undo) => return self.deleted(outcomes, can_undo),
            Message::ConfigDeleted(key, connections, can_undo) => {
                self.can_undo(
                    can_undo,
                    match connections {
                        0 => format!("{key} is deleted"),
                        1 => format!("{key} and its connection are deleted"),
                        _ => format!("{key} and its {connections} connections are deleted"),
                    },
                );
                return vec![Effect::Load];
            }
            Message::BroughtBack(back) => {
                self.tell(match back {
                    1 => "it is there again".to_owned(),
                    back => format!("{back} are there again"),
                });
                return vec![Effect::Load];
            }
            Message::Examined(findings) => self.examined(findings),
            Message::Inspected(inspection) => self.modals.push(Modal::Inspection(inspection, 0)),
            Message::Serving(server) => self.serving(server),
            Message::Unlocked => {
                if let Some(Modal::Passphrase(form)) = self.modals.pop_if(|modal| matches!(modal, Modal::Passphrase(_)))
                {
                    return vec![form.then];
                }
            }
            Message::FlowRead(number, steps) => self.show_flow(number, steps),
            Message::Moved(stay) => return self.moved(*stay),
            Message::LookRefused(error) => self.tell_error(&error, None),
            Message::Failed(error, effect) => return self.failed(&error, *effect),
            // Those that are no results were taken before.
            Message::Key(_)
            | Message::Pasted(_)
            | Message::Mouse(_)
            | Message::Focused(_)
            | Message::LookChanged(_)
            | Message::Resized(..)
            | Message::Ticked(_) => {}
        }
        Vec::new()
    }

    fn connected(&mut self, connected: Connected) -> Vec<Effect> {
        let reference = connected.connection.reference.clone();
        self.close_waiting(&reference);
        self.modals.retain(|modal| !matches!(modal, Modal::Authorize(form) if form.asks_for(&reference)));
        if connected.warnings.is_empty() {
            self.tell_longer(format!("{reference} is authorized; y copies its token"));
        } else {
            let but = format!("{reference} is authorized, but:");
            self.tell_bad(std::iter::once(but).chain(connected.warnings.clone()).collect());
        }
        self.show_connection(connected);
        vec![Effect::Load]
    }

    /// What has another name stays selected under that one.
    fn renamed(&mut self, before: &Renamed, target: &Target) -> Vec<Effect> {
        self.rename_marks(before, target);
        self.modals.retain(|modal| !matches!(modal, Modal::Rename(_)));
        let name = match target {
            Target::Config(key) => key.to_string(),
            Target::Connection(reference) => reference.to_string(),
            Target::Action(..) | Target::Facet(_) => String::new(),
        };
        self.tell(format!("it is {name} now"));
        self.to_select = Some(target.clone());
        vec![Effect::Load]
    }

    fn tell_finding(&mut self, finding: &Finding) {
        let mend = finding.mend.iter().map(|mend| format!("→ {mend}"));
        let lines: Vec<String> = std::iter::once(finding.found.clone()).chain(mend).collect();
        if finding.wellness == Wellness::Well {
            self.tell_longer(finding.found.clone());
        } else {
            self.tell_bad(lines);
        }
    }

    fn refreshed(&mut self, outcomes: &[(ConnectionRef, Option<Error>)]) -> Vec<Effect> {
        let all: Vec<ConnectionRef> = outcomes.iter().map(|(connection, _)| connection.clone()).collect();
        let failed: Vec<String> = outcomes
            .iter()
            .filter_map(|(connection, error)| Some(format!("{connection}: {}", with_hint(error.as_ref()?))))
            .collect();
        if failed.is_empty() {
            self.tell(format!("refreshed {}", named(&all)));
        } else {
            let head = format!("{} of {} were not refreshed:", failed.len(), all.len());
            // Of one alone its name says it.
            let head = Some(head).filter(|_| all.len() > 1);
            let lines = head.into_iter().chain(failed).collect();
            let is_of_a_flow = |error: &Option<Error>| error.as_ref().is_some_and(|error| error.kind.is_of_a_flow());
            let first = outcomes.iter().find(|(_, error)| is_of_a_flow(error));
            self.tell_bad_of(first.map(|(connection, _)| connection.clone()), lines, Vec::new());
        }
        self.marked.clear();
        vec![Effect::Load]
    }

    fn deleted(&mut self, outcomes: Vec<(ConnectionRef, Result<Deleted, Error>)>, can_undo: bool) -> Vec<Effect> {
        let there = if self.setup.host.is_some() { "there" } else { "here" };
        let mut wrong = Vec::new();
        let (mut done, mut are_revoked) = (Vec::new(), false);
        for (connection, outcome) in outcomes {
            match outcome {
                Err(error) => wrong.push(format!("{connection} is not deleted: {}", with_hint(&error))),
                Ok(Deleted { revocation: Some(Err(error)) }) => {
                    wrong.push(format!(
                        "{connection} is deleted {there}; the provider did not revoke it: {}",
                        with_hint(&error)
                    ));
                }
                Ok(Deleted { revocation }) => {
                    are_revoked = revocation.is_some();
                    done.push(connection);
                }
            }
        }
        let what = named(&done);
        let told = match (done.len(), are_revoked) {
            (1, true) => format!("{what} is revoked and deleted"),
            (1, false) => format!("{what} is deleted {there}"),
            (_, true) => format!("{what} are revoked and deleted"),
            (_, false) => format!("{what} are deleted {there}"),
        };
        self.marked.clear();
        if wrong.is_empty() {
            self.can_undo(can_undo, told);
        } else {
            wrong.extend((!done.is_empty()).then_some(told));
            self.undo_until = can_undo.then(|| self.now + UNDO);
            self.tell_bad(wrong);
        }
        vec![Effect::Load]
    }

    /// Tells what was deleted, and for how long it can be brought back.
    fn can_undo(&mut self, can_undo: bool, told: String) {
        self.undo_until = can_undo.then(|| self.now + UNDO);
        let key = self.setup.look.keymap.key_of(Action::Undo);
        if can_undo && !key.is_empty() {
            let told = format!("{told} · {key} brings it back for {}", spoken(UNDO));
            self.tell_longer(told);
        } else {
            self.tell(told);
        }
    }

    fn serving(&mut self, server: Option<AboutServer>) {
        match &server {
            None => self.tell("the server has stopped"),
            Some(about) if about.needs_key => {
                self.tell_longer(format!("serving at {} · programs show NANGO_SECRET_KEY", about.url));
            }
            Some(about) => self.tell_longer(format!(
                "serving at {} · every program of this machine gets tokens there, web pages get none",
                about.url
            )),
        }
        self.server = server;
    }

    fn loaded(&mut self, lists: Lists) {
        let selected = self.selected_connection().map(|connection| connection.reference.clone());
        let selected_config = self.selected_config().map(|config| config.key.clone());
        self.lists = lists;
        self.is_loaded = true;
        self.keep_marks();
        for view in [View::Connections, View::Configs, View::Activity] {
            self.refilter(view);
        }
        let row = selected
            .and_then(|selected| self.lists.connections.iter().position(|connection| connection.reference == selected));
        if let Some(row) = row {
            self.rows[View::Connections.index()].select_row(row);
        }
        let row = selected_config.and_then(|key| self.lists.configs.iter().position(|config| config.key == key));
        if let Some(row) = row {
            self.rows[View::Configs.index()].select_row(row);
        }
        if self.follows {
            self.rows[View::Activity.index()].select_first();
        }
        if let Some(target) = self.to_select.take() {
            self.go_to(target);
        }
    }

    fn show_flow(&mut self, number: i64, steps: Vec<Step>) {
        let Some(activity) = self.lists.activity.iter().find(|row| row.number == number).cloned() else { return };
        self.modals.push(if steps.is_empty() {
            Modal::Details(0)
        } else {
            Modal::Flow(Box::new(FlowView::new(activity, steps)))
        });
    }

    /// Selects a config that was just made, before the lists are read again.
    fn show_config(&mut self, config: &Config) {
        self.rows[View::Configs.index()].filter_mut().take();
        let found = self.lists.configs.binary_search_by(|other| other.key.cmp(&config.key));
        let row = found.unwrap_or_else(|row| {
            self.lists.configs.insert(row, config.clone());
            row
        });
        self.refilter(View::Configs);
        self.rows[View::Configs.index()].select_row(row);
    }

    /// Shows a connection that was just authorized, before the lists are read again.
    fn show_connection(&mut self, connected: Connected) {
        let connection = connected.connection;
        self.view = View::Connections;
        let found = self.lists.connections.binary_search_by(|other| other.reference.cmp(&connection.reference));
        let row = match found {
            Ok(row) => {
                self.lists.connections[row] = connection;
                row
            }
            Err(row) => {
                self.lists.connections.insert(row, connection);
                row
            }
        };
        self.refilter(View::Connections);
        // What comes next is about this one: a filter that hides it ends.
        self.select(Some(row));
    }

    /// Opens the form for a connection under a config: a new one, or one that is there.
    pub(super) fn ask_how(&mut self, config: Config, connection: Option<&Connection>) {
        let Some(provider) = self.provider(&config.provider) else { return };
        match AuthorizeForm::new(config, provider, connection, self.setup.prefers_device) {
            Some(form) => self.modals.push(Modal::Authorize(Box::new(form))),
            None => self.tell_bad(vec![
                "this config has no client id, and its provider's ways in need one".to_owned(),
                "→ `hallpass config edit KEY --client-id ID` gives it one".to_owned(),
            ]),
        }
    }

    /// Closes what shows that this connection waits; another one may wait meanwhile.
    fn close_waiting(&mut self, connection: &ConnectionRef) {
        self.modals.retain(|modal| !matches!(modal, Modal::Waiting(other) if other.waiting.connection == *connection));
    }

    fn failed(&mut self, error: &Error, effect: Effect) -> Vec<Effect> {
        if let Effect::Authorize(request) = &effect {
            self.close_waiting(&request.connection);
        }
        // The lists that are read beside everything else concern no form.
        let is_read = matches!(effect, Effect::Load | Effect::LoadProviders);
        let again = if is_read { Vec::new() } else { vec![Effect::Load] };
        match (error.needs_passphrase, self.modals.last_mut()) {
            // A wrong passphrase is said in the form that asked for it.
            (_, Some(Modal::Passphrase(form))) if matches!(effect, Effect::Unlock(_)) => form.refuse(with_hint(error)),
            // It is asked for already.
            (Some(_), Some(Modal::Passphrase(_))) => {}
            (Some(purpose), _) => self.modals.push(Modal::Passphrase(Box::new(PassphraseForm::new(purpose, effect)))),
            (None, Some(Modal::Config(form))) if !is_read => form.form.error = Some(with_hint(error)),
            (None, Some(Modal::Address(form))) if !is_read => {
                form.is_asked = false;
                form.form.error = Some(with_hint(error));
            }
            (None, Some(Modal::Rename(form))) if !is_read => form.form.error = Some(with_hint(error)),
            (None, Some(Modal::Authorize(form))) if !is_read => form.form.error = Some(with_hint(error)),
            (None, _) => self.tell_error(error, effect.connection().filter(|_| error.kind.is_of_a_flow()).cloned()),
        }
        again
    }

    fn tell_error(&mut self, error: &Error, about: Option<ConnectionRef>) {
        let causes = error.causes.iter().map(|cause| format!("because {cause}")).collect();
        let hint = error.hint.iter().map(|hint| format!("→ {hint}"));
        let lines = std::iter::once(error.message.clone()).chain(hint).collect();
        self.tell_bad_of(about, lines, causes);
    }
}

fn with_hint(error: &Error) -> String {
    error.hint.as_ref().map_or_else(|| error.message.clone(), |hint| format!("{} → {hint}", error.message))
}

fn copied_words(copied: &Copied) -> String {
    let what = if copied.form == Form::Raw { "token" } else { copied.form.word() };
    let valid = copied
        .valid_for
        .map_or_else(|| "valid without an end".to_owned(), |left| format!("valid for {}", spoken(left)));
    match (copied.to, copied.cleared_after) {
        (CopiedTo::Clipboard, Some(time)) => format!("{what} copied · {valid} · clipboard cleared in {}", spoken(time)),
        (CopiedTo::Clipboard, None) => format!("{what} copied · {valid}"),
        (CopiedTo::Terminal, _) => format!("{what} sent to your terminal's clipboard · {valid}"),
    }
}
