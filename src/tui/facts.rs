//! What the settings screen shows: what can be changed while the program runs, and what it was started with.

use super::look::Look;
use crate::backend::Backend;
use crate::model::config::DEFAULT_REDIRECT_URI;
use crate::model::freshness::spoken;
use crate::model::untrusted;
use crate::settings::Settings;

/// One row of the settings screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub value: String,
    /// What it means, and where it comes from.
    pub help: String,
    /// The line of the settings file that says it, where it can stand there.
    pub line: Option<String>,
    /// How it is changed while the program runs, where it can be.
    pub change: Option<Change>,
}

/// What can be changed while the program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The theme.
    Theme,
    /// Whether the mouse is taken.
    Mouse,
    /// Whether ASCII alone is drawn.
    Ascii,
    /// Whether nothing moves that need not.
    Motion,
    /// Whether the bell rings.
    Bell,
}

impl Fact {
    fn new(name: &str, value: impl Into<String>, help: &str) -> Self {
        let value = untrusted::line(&value.into());
        Self { name: name.to_owned(), value, help: help.to_owned(), line: None, change: None }
    }

    fn in_file(self, line: String) -> Self {
        Self { line: Some(line), ..self }
    }

    fn changed_by(self, change: Change) -> Self {
        Self { change: Some(change), ..self }
    }
}

/// Returns what the program was started with.
pub(super) fn of(backend: &Backend) -> Vec<Fact> {
    let settings = backend.settings();
    let mut facts = vec![
        Fact::new("works at", backend.place(), "NANGO_HOSTPORT or --host name another host"),
        vault(settings),
        Fact::new(
            "clipboard",
            format!("a token is cleared after {}", spoken(settings.clipboard_time)),
            "if it is still there then, and in any case when the program ends",
        )
        .in_file(format!("clipboard_seconds = {}", settings.clipboard_time.as_secs())),
        port(settings),
    ];
    if settings.read_only {
        facts.push(Fact::new("read-only", "yes", "--read-only: nothing is changed"));
    }
    facts.extend(settings.paths.named().map(|(name, path)| {
        let help = "where it is, or will be: nothing is made before something is saved";
        Fact::new(&name.replace('_', " "), path.display().to_string(), help)
    }));
    facts
}

/// Returns the same for the sandbox, which uses none of the places at home.
pub(super) fn of_sandbox() -> Vec<Fact> {
    let help = "configs, connections and tokens are gone when it is left";
    vec![Fact::new("works at", "the sandbox, in memory", help), Fact::new("vault", "memory", help)]
}

fn vault(settings: &Settings) -> Fact {
    let value = settings.vault.kind.map_or("the one that fits this machine", |kind| kind.word());
    let fact = Fact::new(
        "vault",
        value,
        "the doctor says which one that is, and why; `hallpass vault migrate` moves everything to another",
    );
    match settings.vault.kind {
        Some(kind) => fact.in_file(format!("vault = \"{}\"", kind.word())),
        None => fact,
    }
}

fn port(settings: &Settings) -> Fact {
    let (value, help) = match &settings.server.port {
        Some((name, port)) => (port.clone(), format!("of the local server; {name} says so")),
        None => ("3003".to_owned(), "of the local server; SERVER_PORT names another".to_owned()),
    };
    let callback = settings.server.callback_url.as_deref().unwrap_or(DEFAULT_REDIRECT_URI);
    Fact::new("port", value, &format!("{help}. The usual redirect URI is {}", untrusted::line(callback)))
}

fn word(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

/// Returns what can be changed while the program runs.
pub(super) fn of_look(look: &Look) -> Vec<Fact> {
    let themes = look.themes.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let own = look.keymap.own_keys();
    vec![
        Fact::new(
            "theme",
            &look.theme_name,
            &format!("there are {themes}; `auto` takes the one that fits the terminal"),
        )
        .in_file(format!("theme = \"{}\"", look.theme_name))
        .changed_by(Change::Theme),
        Fact::new(
            "mouse",
            word(look.takes_mouse),
            "with shift (or option) held, most terminals select text all the same",
        )
        .in_file(format!("mouse = {}", look.takes_mouse))
        .changed_by(Change::Mouse),
        Fact::new("ASCII alone", word(look.is_ascii), "for terminals and fonts that lack the shapes")
            .in_file(format!("ascii = {}", look.is_ascii))
            .changed_by(Change::Ascii),
        Fact::new("reduced motion", word(!look.moves), "NO_MOTION says the same: nothing moves that need not")
            .in_file(format!("reduced_motion = {}", !look.moves))
            .changed_by(Change::Motion),
        Fact::new("bell", word(look.rings), "it rings when an authorization ends while nobody looks")
            .in_file(format!("bell = {}", look.rings))
            .changed_by(Change::Bell),
        Fact::new(
            "which key",
            look.which_key.map_or_else(|| "never".to_owned(), |time| format!("after {} ms", time.as_millis())),
            "how long a key that others follow is waited after before the screen says which; 0 never does",
        )
        .in_file(format!("which_key_ms = {}", look.which_key.map_or(0, |time| time.as_millis()))),
        Fact::new(
            "keys",
            if own.is_empty() { "the usual ones".to_owned() } else { own.join(", ") },
            "[keys] gives an action other ones: its name is the one that the list of actions shows",
        )
        .in_file("[keys]\ncopy-token = [\"y\", \"ctrl-y\"]".to_owned()),
    ]
}
