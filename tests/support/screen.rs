//! The screens, driven by keys written as text: `"3/git<enter>n"`.

use std::collections::BTreeMap;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use hallpass::backend::Capabilities;
use hallpass::catalog::Catalog;
use hallpass::model::{
    Activity, Config, ConfigKey, Connection, ConnectionRef, Happening, Outcome, Problem, ProblemKind, Provider,
    ProviderId, Time,
};
use hallpass::tui::Look;
use hallpass::tui::app::{App, Setup};
use hallpass::tui::draw::draw;
use hallpass::tui::effect::Effect;
use hallpass::tui::facts::Fact;
use hallpass::tui::message::{Lists, Message};
use hallpass::tui::theme::Theme;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

/// The time of every fixture.
pub fn now() -> Time {
    "2026-03-14T09:26:53Z".parse().unwrap()
}

/// The app on a test terminal.
pub struct Screen {
    app: App,
    terminal: Terminal<TestBackend>,
}

/// What a screen starts with.
#[derive(Clone)]
pub struct Start {
    pub width: u16,
    pub height: u16,
    pub has_colors: bool,
    pub may_change: bool,
    pub host: Option<&'static str>,
    pub lists: Lists,
    /// Another look than the usual one.
    pub look: Option<Look>,
}

impl Start {
    pub fn sized(self, width: u16, height: u16) -> Self {
        Self { width, height, ..self }
    }
}

impl Screen {
    pub fn with(start: Start) -> Self {
        let may = start.may_change;
        let is_here = start.host.is_none();
        let capabilities = Capabilities {
            can_change: may,
            can_authorize: may && is_here,
            can_serve: is_here,
            can_revoke: may && is_here,
        };
        let host = start.host.map(str::to_owned);
        let (app, effects) = App::new(Setup {
            now: now(),
            capabilities,
            host,
            look: start.look.unwrap_or_else(|| look(start.has_colors)),
            prefers_device: false,
            facts: facts(),
            has_sandbox: true,
        });
        assert_eq!(effects, [Effect::Load, Effect::LoadProviders]);
        let terminal = Terminal::new(TestBackend::new(start.width, start.height)).unwrap();
        let mut screen = Self { app, terminal };
        screen.send(Message::Resized(start.width, start.height));
        screen.send(Message::ProvidersLoaded(providers()));
        screen.send(Message::Loaded(Box::new(start.lists)));
        screen
    }

    pub fn send(&mut self, message: Message) -> Vec<Effect> {
        let effects = self.app.update(message);
        self.terminal.draw(|frame| draw(&mut self.app, frame)).unwrap();
        effects
    }

    /// Presses keys, and returns the effects of all.
    pub fn keys(&mut self, keys: &str) -> Vec<Effect> {
        parsed(keys).into_iter().flat_map(|key| self.send(Message::Key(key))).collect()
    }

    pub fn resize(&mut self, width: u16, height: u16) {
        self.terminal.backend_mut().resize(width, height);
        self.send(Message::Resized(width, height));
    }

    pub fn buffer(&self) -> &Buffer {
        self.terminal.backend().buffer()
    }

    /// Returns the text of the screen, without blanks at the ends of its lines.
    pub fn text(&self) -> String {
        let buffer = self.buffer();
        let line = |row: u16| {
            (0..buffer.area.width)
                .map(|column| buffer[(column, row)].symbol())
                .collect::<String>()
                .trim_end()
                .to_owned()
        };
        (0..buffer.area.height).map(line).collect::<Vec<_>>().join("\n")
    }

    pub fn app(&self) -> &App {
        &self.app
    }
}

fn facts() -> Vec<Fact> {
    let fact = |name: &str, value: &str, line: Option<&str>| Fact {
        name: name.to_owned(),
        value: value.to_owned(),
        help: "what it means".to_owned(),
        line: line.map(str::to_owned),
        change: None,
    };
    vec![
        fact("vault", "keychain", Some("vault = \"keychain\"")),
        fact("clipboard", "a token is cleared after 30s", Some("clipboard_seconds = 30")),
        fact("port", "3003", None),
    ]
}

/// How screens look in tests: the usual keys, at once.
pub fn look(has_colors: bool) -> Look {
    Look { theme: Theme::new(has_colors), ..Look::default() }
}

/// Reads keys: characters, and `<enter>`, `<esc>`, `<tab>`, `<down>`, `<c-r>`, ….
pub fn parsed(keys: &str) -> Vec<KeyEvent> {
    let mut events = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let (code, modifiers, length) = match rest.strip_prefix('<').and_then(|inner| inner.split_once('>')) {
            Some((name, _)) => {
                let (code, modifiers) = named(name);
                (code, modifiers, name.len() + 2)
            }
            None => (KeyCode::Char(first), KeyModifiers::NONE, first.len_utf8()),
        };
        events.push(KeyEvent::new(code, modifiers));
        rest = &rest[length..];
    }
    events
}

fn named(name: &str) -> (KeyCode, KeyModifiers) {
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pagedown" => KeyCode::PageDown,
        "pageup" => KeyCode::PageUp,
        "space" => KeyCode::Char(' '),
        "backspace" => KeyCode::Backspace,
        _ => return (KeyCode::Char(name.strip_prefix("c-").unwrap().chars().next().unwrap()), KeyModifiers::CONTROL),
    };
    (code, KeyModifiers::NONE)
}

/// Some of the built-in providers, sorted by id: a file that is added changes no picture.
const PROVIDERS: [&str; 37] = [
    "airtable",
    "airtable-pat",
    "amazon",
    "anthropic",
    "asana",
    "auth0",
    "auth0-cc",
    "basecamp",
    "bitbucket",
    "box",
    "calendly",
    "cloudflare",
    "discord",
    "dropbox",
    "facebook",
    "github",
    "gitlab",
    "google",
    "google-calendar",
    "google-drive",
    "hubspot",
    "jira",
    "linear",
    "microsoft",
    "microsoft-teams",
    "notion",
    "openai",
    "salesforce",
    "shopify",
    "slack",
    "stripe-api-key",
    "trello",
    "twitch",
    "twitter",
    "twitter-v2",
    "xero",
    "zoom",
];

pub fn providers() -> Vec<(ProviderId, Provider)> {
    let catalog = Catalog::default();
    PROVIDERS.map(|id| catalog.get(id).unwrap()).into()
}

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// A connection for a fixture: it ends in so many seconds, or never.
pub fn connection(name: &str, provider: &str, ends_in: Option<i64>, scopes: &[&str]) -> Connection {
    let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let obtained_at = now() - seconds(1_200);
    Connection {
        number: 1,
        reference: ConnectionRef::parse(name).unwrap(),
        provider: ProviderId::new(provider).unwrap(),
        way: hallpass::model::WayIn::OAuth2,
        requested_scopes: scopes.clone(),
        granted_scopes: Some(scopes),
        expires_at: ends_in.map(|ends_in| now() + chrono::TimeDelta::seconds(ends_in)),
        obtained_at,
        is_refreshable: true,
        variables: BTreeMap::new(),
        problem: None,
        created_at: now() - seconds(40 * 86_400),
        updated_at: obtained_at,
        is_untold: false,
        refreshed_at: Some(obtained_at),
        revision: 0,
    }
}

/// A config for a fixture.
pub fn config(key: &str, provider: &str, scopes: &[&str]) -> Config {
    Config {
        number: 1,
        key: ConfigKey::new(key).unwrap(),
        provider: ProviderId::new(provider).unwrap(),
        client_id: format!("{provider}-3f9a0c"),
        has_client_secret: true,
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        redirect_uri: None,
        created_at: now() - seconds(50 * 86_400),
        updated_at: now() - seconds(50 * 86_400),
        revision: 0,
    }
}

pub fn happening(number: i64, name: &str, happening: Happening, outcome: Outcome, detail: &str, ago: u64) -> Activity {
    let reference = ConnectionRef::parse(name).unwrap();
    Activity {
        number,
        at: now() - seconds(ago),
        config: Some(reference.config),
        connection: Some(reference.id),
        happening,
        outcome,
        detail: detail.to_owned(),
        took: (happening == Happening::Refreshed).then(|| Duration::from_millis(184)),
        fingerprint: (outcome == Outcome::Done).then(|| "60c71d24".to_owned()),
        flow: None,
        by: None,
    }
}

/// A home that has been used for a while.
pub fn fixture() -> Start {
    let mut refused = connection("hubspot/acme", "hubspot", Some(-7_200), &["oauth", "crm.objects.contacts.read"]);
    let reason = "the provider refused the refresh (invalid_grant: missing or unknown refresh token)";
    refused.problem =
        Some(Problem { kind: ProblemKind::NeedsAuthorization, reason: reason.to_owned(), at: now() - seconds(600) });
    let mut shop = connection("shopify/tea-shop", "shopify", Some(3_480), &["read_orders", "write_products"]);
    shop.variables.insert("subdomain".to_owned(), "tea-shop".to_owned());
    let mut plain = connection("github/jane", "github", None, &["repo", "read:user"]);
    (plain.refreshed_at, plain.is_refreshable) = (None, false);
    let mut fewer = connection("slack/team", "slack", None, &["chat:write", "channels:read"]);
    fewer.granted_scopes = Some(vec!["chat:write".to_owned()]);
    let connections = vec![
        plain,
        connection(
            "google/calendar-bot",
            "google",
            Some(2_745),
            &["https://www.googleapis.com/auth/calendar.readonly"],
        ),
        connection(
            "google/jane@example.com",
            "google",
            Some(48),
            &["email", "openid", "https://www.googleapis.com/auth/gmail.readonly"],
        ),
        refused,
        connection("linear/acme", "linear", Some(81_000), &["read", "issues:create"]),
        shop,
        fewer,
        connection("zoom/recordings", "zoom", Some(-60), &["recording:read"]),
    ];
    let configs = vec![
        config("github", "github", &["repo", "read:user"]),
        config("google", "google", &["email", "openid"]),
        config("hubspot", "hubspot", &["oauth", "crm.objects.contacts.read"]),
        config("linear", "linear", &["read", "issues:create"]),
        config("shopify", "shopify", &["read_orders", "write_products"]),
        config("slack", "slack", &["chat:write", "channels:read"]),
        config("zoom", "zoom", &["recording:read"]),
    ];
    let activity = vec![
        happening(9, "github/jane", Happening::Copied, Outcome::Done, "as raw", 12),
        happening(8, "google/calendar-bot", Happening::HandedOut, Outcome::Done, "as header", 95),
        happening(7, "hubspot/acme", Happening::Refreshed, Outcome::Refused, reason, 600),
        happening(
            6,
            "shopify/tea-shop",
            Happening::Refreshed,
            Outcome::Done,
            "new access token, and a new refresh token",
            1_200,
        ),
        happening(5, "linear/acme", Happening::Refreshed, Outcome::Failed, "api.linear.app answered 502", 1_260),
        happening(
            4,
            "slack/team",
            Happening::Authorized,
            Outcome::Done,
            "without a refresh token, for chat:write",
            7_000,
        ),
        happening(3, "slack/team", Happening::Started, Outcome::Done, "asking for chat:write channels:read", 7_030),
    ];
    Start {
        width: 120,
        height: 40,
        has_colors: true,
        may_change: true,
        host: None,
        lists: Lists { connections, configs, activity },
        look: None,
    }
}

/// A home in which nothing was saved yet.
pub fn empty() -> Start {
    Start { lists: Lists::default(), ..fixture() }
}
