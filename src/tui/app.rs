//! The state of the screens, and how messages change it. No IO here: what is to be done comes out
//! as effects.

mod find;
mod forms;
mod modals;
mod mouse;
mod narrow;
mod notices;
mod order;
mod sandbox;
mod settings;
mod press;
mod results;

use std::collections::{BTreeSet, VecDeque};

use super::effect::Effect;
use super::facts::Fact;
use super::keys::{Press, View};
use super::look::Look;
use super::message::{Lists, Message};
use super::modal::{Modal, Revealed, Target};
use super::widgets::list::List;
use crate::backend::{AboutServer, Capabilities};
use crate::model::freshness::remaining;
use crate::model::{Activity, Config, ConfigKey, Connection, ConnectionRef, Provider, ProviderId, Time, search};
use crate::service::connect::ConnectRequest;
use crate::service::doctor::Finding;

/// Below this many columns, details are a screen of their own.
pub const NARROW: u16 = 84;
const SECOND: std::time::Duration = std::time::Duration::from_secs(1);

pub use mouse::Clickable;
pub use narrow::Facet;
pub use notices::{Doing, Notice};
pub use order::{Order, columns};

/// What the app starts with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The time of day.
    pub now: Time,
    /// What the backend can do.
    pub capabilities: Capabilities,
    /// The host that is worked at, if not this machine.
    pub host: Option<String>,
    /// How the screens look, and what keys they take.
    pub look: Look,
    /// Whether the user's browser is elsewhere, so that a device code is the better way.
    pub prefers_device: bool,
    /// What the program was started with.
    pub facts: Vec<Fact>,
    /// Whether there is a sandbox to try things in.
    pub has_sandbox: bool,
}

/// The state of the screens.
#[expect(clippy::struct_excessive_bools, reason = "each is a state of its own")]
pub struct App {
    pub(super) setup: Setup,
    pub(super) now: Time,
    pub(super) view: View,
    pub(super) lists: Lists,
    pub(super) providers: Vec<(ProviderId, Provider)>,
    pub(super) is_loaded: bool,
    /// What the doctor found.
    pub(super) findings: Vec<Finding>,
    pub(super) rows: [List; View::ALL.len()],
    pub(super) orders: [Order; View::ALL.len()],
    /// What the lists are narrowed to.
    pub(super) facets: [Option<Facet>; View::ALL.len()],
    /// Whether the newest activity stays selected.
    pub(super) follows: bool,
    /// Whether connections are grouped by their config.
    pub(super) is_grouped: bool,
    /// The connections that are marked.
    pub(super) marked: BTreeSet<ConnectionRef>,
    /// Until when what was deleted last can be brought back.
    pub(super) undo_until: Option<Time>,
    pub(super) is_filtering: bool,
    pub(super) modals: Vec<Modal>,
    /// Keys that others follow, and since when those are waited for.
    pub(super) pending: Vec<Press>,
    pub(super) pending_since: Time,
    pub(super) notice: Option<Notice>,
    /// The last news, newest last.
    pub(super) told: VecDeque<(Time, Notice)>,
    pub(super) doing: Option<Doing>,
    /// Whether somebody looks, as far as the terminal says.
    pub(super) has_focus: bool,
    /// Where things stand that the mouse can press, as they were drawn last.
    pub(super) clickable: Clickable,
    /// Whether this is the sandbox.
    pub(super) is_sandbox: bool,
    /// The local server that runs in this program.
    pub(super) server: Option<AboutServer>,
    /// The authorization that was asked for last.
    pub(super) asked: Option<ConnectRequest>,
    /// What is selected once the lists are read again.
    pub(super) to_select: Option<Target>,
    pub(super) size: (u16, u16),
}

impl App {
    /// Makes the app, and says what is to be done first.
    pub fn new(setup: Setup) -> (Self, Vec<Effect>) {
        let mut app = Self {
            now: setup.now,
            pending: Vec::new(),
            pending_since: setup.now,
            setup,
            view: View::Connections,
            lists: Lists::default(),
            providers: Vec::new(),
            is_loaded: false,
            findings: Vec::new(),
            rows: Default::default(),
            orders: Default::default(),
            facets: Default::default(),
            follows: false,
            is_grouped: false,
            marked: BTreeSet::new(),
            undo_until: None,
            is_filtering: false,
            modals: Vec::new(),
            notice: None,
            told: VecDeque::new(),
            doing: None,
            has_focus: true,
            clickable: Clickable::default(),
            server: None,
            is_sandbox: false,
            asked: None,
            to_select: None,
            size: (80, 24),
        };
        app.refilter(View::Settings);
        (app, vec![Effect::Load, Effect::LoadProviders])
    }

    /// Takes a message.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        let effects = match message {
            Message::Key(key) => self.press(key),
            Message::Pasted(text) => self.pasted(&text),
            Message::Mouse(event) => self.mouse(event),
            Message::Focused(has_focus) => {
                self.has_focus = has_focus;
                self.hide_revealed(|_| !has_focus);
                Vec::new()
            }
            Message::LookChanged(look) => {
                let takes_mouse = look.takes_mouse;
                self.setup.look = *look;
                self.refilter(View::Settings);
                self.tell("the settings were read again");
                vec![Effect::TakeMouse(takes_mouse)]
            }
            Message::Resized(width, height) => {
                let was_wide = self.is_wide();
                self.size = (width, height);
                if !was_wide && self.is_wide() {
                    self.modals.retain(|modal| !matches!(modal, Modal::Details(_)));
                }
                Vec::new()
            }
            Message::Ticked(now) => {
                self.now = now;
                self.notice.take_if(|notice| notice.until.is_some_and(|until| until <= now));
                self.hide_revealed(|revealed| revealed.until <= now);
                let has_ended = self.undo_until.take_if(|until| *until <= now).is_some();
                has_ended.then_some(Effect::ForgetRemoved).into_iter().collect()
            }
            result => self.result(result),
        };
        for effect in &effects {
            if let Effect::Authorize(request) = effect {
                self.asked = Some(request.clone());
            }
        }
        if let Some(text) = effects.iter().find_map(Effect::doing) {
            self.doing = Some(Doing { text, since: self.now });
        }
        effects
    }

    /// Returns in how long something on the screen changes by itself, or something ends that it holds.
    pub fn next_tick(&self) -> Option<std::time::Duration> {
        let look = &self.setup.look;
        let left = |until| Some(remaining(until, self.now)).filter(|left| !left.is_zero());
        let which_key = look.which_key.filter(|_| !self.pending.is_empty());
        let doing = self.doing.as_ref().and_then(|doing| doing.next_tick(self.now, look.moves));
        let is_waiting = self.modals.iter().any(|modal| matches!(modal, Modal::Waiting(_) | Modal::Revealed(_)));
        let is_told = self.notice.as_ref().is_some_and(|notice| notice.until.is_some());
        [
            which_key.and_then(|delay| left(self.pending_since + delay)),
            doing,
            (is_waiting || is_told).then_some(SECOND),
            self.undo_until.map(|until| remaining(until, self.now).max(SECOND)),
            self.countdown(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Minutes are shown but for the last five, where seconds are; and nobody sees the time pass while nobody looks.
    fn countdown(&self) -> Option<std::time::Duration> {
        let ends = self.lists.connections.iter().filter_map(|connection| connection.expires_at);
        let lefts = ends.map(|end| remaining(end, self.now)).filter(|left| !left.is_zero());
        let soonest = lefts.min().filter(|_| self.has_focus)?;
        let is_soon = soonest.as_secs() <= 300 && self.setup.look.moves;
        Some(if is_soon { SECOND } else { SECOND * 15 })
    }

    fn hide_revealed(&mut self, is_over: impl Fn(&Revealed) -> bool) {
        self.modals.retain(|modal| !matches!(modal, Modal::Revealed(revealed) if is_over(revealed)));
    }

    /// Tells whether details stand beside the list.
    pub(super) fn is_wide(&self) -> bool {
        self.size.0 >= NARROW
    }

    pub(super) fn list(&mut self) -> &mut List {
        &mut self.rows[self.view.index()]
    }

    pub(super) fn selected_connection(&self) -> Option<&Connection> {
        self.lists.connections.get(self.rows[View::Connections.index()].selected_row()?)
    }

    pub(super) fn selected_config(&self) -> Option<&Config> {
        self.lists.configs.get(self.rows[View::Configs.index()].selected_row()?)
    }

    pub(super) fn selected_provider(&self) -> Option<&(ProviderId, Provider)> {
        self.providers.get(self.rows[View::Providers.index()].selected_row()?)
    }

    pub(super) fn selected_activity(&self) -> Option<&Activity> {
        self.lists.activity.get(self.rows[View::Activity.index()].selected_row()?)
    }

    pub(super) fn provider(&self, id: &ProviderId) -> Option<&Provider> {
        let index = self.providers.binary_search_by(|(other, _)| other.cmp(id)).ok()?;
        Some(&self.providers[index].1)
    }

    /// Tells whether a connection can be authorized by a device code.
    pub fn offers_device(&self, connection: &ConnectionRef) -> bool {
        let config = self.lists.configs.iter().find(|config| config.key == connection.config);
        config.and_then(|config| self.provider(&config.provider)).is_some_and(Provider::offers_device)
    }

    /// Finds anew what the filters of the lists match.
    fn refilter(&mut self, view: View) {
        let rows: Vec<String> = match view {
            View::Connections => {
                self.lists.connections.iter().map(|connection| connection_text(connection, self.now)).collect()
            }
            View::Configs => self
                .lists
                .configs
                .iter()
                .map(|config| format!("{} {} {}", config.key, config.provider, config.scopes.join(" ")))
                .collect(),
            View::Providers => self
                .providers
                .iter()
                .map(|(id, provider)| {
                    let categories = provider.categories.join(" ");
                    search::entry(id.as_str(), &provider.aliases, &provider.name, &categories)
                })
                .collect(),
            View::Activity => self
                .lists
                .activity
                .iter()
                .map(|row| {
                    let by = row.by.as_ref().map(ToString::to_string).unwrap_or_default();
                    format!("{} {} {} {} {by}", row.subject(), row.what(), row.outcome.word(), row.detail)
                })
                .collect(),
            View::Settings => self.facts().iter().map(|fact| format!("{} {}", fact.name, fact.value)).collect(),
            View::Doctor => self.findings.iter().map(|finding| format!("{} {}", finding.what, finding.found)).collect(),
        };
        let facet = &self.facets[view.index()];
        let is_in = |row: usize| match (facet, view) {
            (Some(facet), View::Providers) => facet.has_provider(&self.providers[row].1),
            (Some(facet), View::Activity) => facet.has_activity(&self.lists.activity[row]),
            _ => true,
        };
        self.rows[view.index()].refresh_where(&rows, is_in);
        self.arrange(view);
    }

    /// Returns how many connections there are under a config.
    pub(super) fn connections_under(&self, config: &ConfigKey) -> usize {
        // The list is sorted by config, so that those of one stand together.
        let start = self.lists.connections.partition_point(|connection| connection.reference.config < *config);
        self.lists.connections[start..].iter().take_while(|other| other.reference.config == *config).count()
    }
}

/// What of a connection a filter looks at: all that its row shows, but for what changes every second.
fn connection_text(connection: &Connection, now: Time) -> String {
    let scopes = connection.granted_scopes.as_ref().unwrap_or(&connection.requested_scopes).join(" ");
    format!("{} {} {} {scopes}", connection.reference, connection.provider, connection.health(now).word())
}
