//! Every action, once: its name, the keys that it has unless the settings give it others, where it counts,
//! what the footer and the help say of it, and what it asks of the backend.

use super::Action::{
    self, Allow, Authorize, AuthorizeWith, Back, ChangeSetting, CheckRedirect, CopyAs, CopyCode, CopyCurl, CopyLine,
    CopyRedirectUri, CopyToken, CopyUrl, Delete, Details, DuplicateConfig, EditConfig, Examine, Filter, Follow, Group,
    Help, Inspect, Jump, LastFlow, Mark, MarkAll, Messages, Motion, Mouse, Move, Narrow, NewConfig, NewMcp, NextTheme,
    OpenConsole, OpenDocs, OpenUrl, Palette, Paste, Quit, Refresh, Rename, Reveal, Reverse, Sandbox, Serve, Show, Sort,
    Undo, UseBrowser, UseDevice, WhoAmI,
};
use super::Context::{self, Activity, Configs, Connections, Device, Doctor, Everywhere, Providers, Settings, Waiting};
use super::{Step, View};
use crate::backend::Capabilities;

/// One action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the settings and in the palette.
    pub name: &'static str,
    /// What it does.
    pub action: Action,
    /// The keys that it has by itself, the usual one first.
    pub keys: &'static [&'static str],
    /// Where it counts.
    pub contexts: &'static [Context],
    /// What it does, in a word for the footer; empty where it never stands there.
    pub short: &'static str,
    /// What it does, in words.
    pub label: &'static str,
    /// How late it leaves a footer that is too narrow.
    pub weight: u8,
    /// What the backend must be able to do for it; where that cannot, it is hidden.
    needs: Need,
}

/// What an action asks of the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Nothing,
    Changing,
    Authorizing,
    Here,
    ChangingHere,
}

impl Entry {
    /// Tells whether the backend can do it.
    pub fn is_offered(&self, capabilities: Capabilities) -> bool {
        match self.needs {
            Need::Nothing => true,
            Need::Changing => capabilities.can_change,
            Need::Authorizing => capabilities.can_authorize,
            Need::Here => capabilities.can_serve,
            Need::ChangingHere => capabilities.can_change && capabilities.can_serve,
        }
    }

    /// Tells whether it can be done in a list that has no rows.
    pub fn counts_without_rows(&self) -> bool {
        self.contexts.contains(&Everywhere) || matches!(self.action, NewConfig | NewMcp | Examine)
    }

    const fn changing(self) -> Self {
        Self { needs: Need::Changing, ..self }
    }

    const fn authorizing(self) -> Self {
        Self { needs: Need::Authorizing, ..self }
    }

    const fn here(self) -> Self {
        Self { needs: Need::Here, ..self }
    }

    const fn changing_here(self) -> Self {
        Self { needs: Need::ChangingHere, ..self }
    }

    /// Says what the footer says, and how late it leaves one that is too narrow.
    const fn short(self, short: &'static str, weight: u8) -> Self {
        Self { short, weight, ..self }
    }
}

const fn entry(
    name: &'static str,
    action: Action,
    keys: &'static [&'static str],
    contexts: &'static [Context],
    label: &'static str,
) -> Entry {
    Entry { name, action, keys, contexts, short: "", label, weight: 0, needs: Need::Nothing }
}

/// The lists.
const LISTS: &[Context] = &[Connections, Configs, Providers, Activity, Settings, Doctor];

/// Every action.
pub const TABLE: &[Entry] = &[
    entry("copy-token", CopyToken, &["y"], &[Connections], "copy a fresh token").short("copy", 9),
    entry("copy-as", CopyAs, &["Y"], &[Connections], "copy as header, curl, env, JSON, …").short("as", 3),
    entry("refresh", Refresh, &["r"], &[Connections], "refresh now").changing().short("refresh", 7),
    entry("authorize", Authorize, &["a"], &[Connections, Configs], "authorize: again as it was, or anew")
        .authorizing()
        .short("authorize", 8),
    entry("authorize-with", AuthorizeWith, &["A"], &[Connections], "authorize again with other scopes").authorizing(),
    entry("inspect", Inspect, &["i"], &[Connections], "look into the token").short("inspect", 4),
    entry("who-am-i", WhoAmI, &["t"], &[Connections], "ask the API who the token is").short("who am I", 3),
    entry("reveal", Reveal, &["x"], &[Connections], "show the token for ten seconds").short("reveal", 2),
    entry("mark", Mark, &["space"], &[Connections], "mark it, for refresh and delete").short("mark", 2),
    entry("mark-all", MarkAll, &["*"], &[Connections], "mark every row that is shown, or none"),
    entry("new-config", NewConfig, &["n"], &[Connections, Configs, Providers], "new config").changing().short("new", 6),
    entry(
        "new-mcp",
        NewMcp,
        &["N"],
        &[Connections, Configs, Providers],
        "new config for an MCP server, by its address",
    )
    .changing_here(),
    entry("edit-config", EditConfig, &["e"], &[Configs], "edit it").changing().short("edit", 5),
    entry("duplicate-config", DuplicateConfig, &["D"], &[Configs], "make another one like it").changing_here(),
    entry("rename", Rename, &["m"], &[Connections, Configs], "rename it").changing().short("rename", 1),
    entry("copy-redirect-uri", CopyRedirectUri, &["u"], &[Configs, Waiting], "copy the redirect URI")
        .short("redirect URI", 5),
    entry("check-redirect-uri", CheckRedirect, &["c"], &[Configs], "check that the redirect URI can be reached")
        .here()
        .short("check", 4),
    entry("open-console", OpenConsole, &["o"], &[Configs, Providers], "open the provider's console")
        .short("console", 4),
    entry("open-docs", OpenDocs, &["O"], &[Configs, Providers], "open the provider's docs").short("docs", 2),
    entry("delete", Delete, &["d"], &[Connections, Configs], "delete it").changing().short("delete", 3),
    entry("undo", Undo, &["U"], &[Connections, Configs], "bring back what was deleted last").changing_here(),
    entry("narrow", Narrow, &["f"], &[Providers, Activity], "narrow the list").short("narrow", 6),
    entry("follow", Follow, &["F"], &[Activity], "follow what happens, or stay").short("follow", 5),
    entry("copy-curl", CopyCurl, &["y"], &[Activity], "copy its requests as curl, with $VARS").short("curl", 7),
    entry("copy-line", CopyLine, &["y"], &[Settings, Doctor], "copy it").short("copy", 7),
    entry("change-setting", ChangeSetting, &["space"], &[Settings], "change it until the program ends")
        .short("change", 8),
    entry("examine", Examine, &["r"], &[Doctor], "look again").short("look again", 8),
    entry("copy-code", CopyCode, &["u"], &[Device], "copy the code").short("code", 9),
    entry("copy-url", CopyUrl, &["c"], &[Waiting, Device], "copy the address").short("copy", 9),
    entry("paste", Paste, &["p"], &[Waiting], "paste the address it ended on").short("paste", 8),
    entry("open-url", OpenUrl, &["o"], &[Waiting, Device], "open it in the browser").short("open", 7),
    entry("use-device", UseDevice, &["d"], &[Waiting], "use a device code").short("device", 5),
    entry("use-browser", UseBrowser, &["d"], &[Device], "use the browser instead").short("browser", 5),
    entry("allow", Allow, &["A"], &[Waiting], "allow it here, in the browser's place").short("allow", 8),
    entry("details", Details, &["enter", "l", "right"], LISTS, "all about it").short("details", 7),
    entry("filter", Filter, &["/"], &[Everywhere], "filter as you type").short("filter", 6),
    entry("sort", Sort, &["S"], &[Connections, Configs, Providers], "sort by the next column").short("sort", 1),
    entry("reverse", Reverse, &["R"], &[Connections, Configs, Providers], "the other way round"),
    entry("group", Group, &["z g"], &[Connections], "grouped by config, or flat"),
    entry("palette", Palette, &[":", "ctrl-p"], &[Everywhere], "every action, by name").short("actions", 4),
    entry("jump", Jump, &["ctrl-k", "g j"], &[Everywhere], "jump to any config or connection").short("jump", 3),
    entry("messages", Messages, &["M"], &[Everywhere], "the last messages"),
    entry("last-flow", LastFlow, &["w"], &[Everywhere], "the last requests for a connection, and the answers"),
    entry("serve", Serve, &["s"], &[Everywhere], "start the local server, or stop it").here().short("serve", 6),
    entry("sandbox", Sandbox, &["b"], &[Everywhere], "into the sandbox, or out of it"),
    entry("show-connections", Show(View::Connections), &["1", "g c"], &[Everywhere], "connections"),
    entry("show-configs", Show(View::Configs), &["2", "g f"], &[Everywhere], "configs"),
    entry("show-providers", Show(View::Providers), &["3", "g p"], &[Everywhere], "providers"),
    entry("show-activity", Show(View::Activity), &["4", "g a"], &[Everywhere], "activity"),
    entry("show-settings", Show(View::Settings), &["5", "g s"], &[Everywhere], "settings"),
    entry("show-doctor", Show(View::Doctor), &["6", "g d"], &[Everywhere], "doctor: what works here"),
    entry("down", Move(Step::Down), &["down", "j"], &[Everywhere], "down"),
    entry("up", Move(Step::Up), &["up", "k"], &[Everywhere], "up"),
    entry("page-down", Move(Step::PageDown), &["page-down", "ctrl-d"], &[Everywhere], "a page down"),
    entry("page-up", Move(Step::PageUp), &["page-up", "ctrl-u"], &[Everywhere], "a page up"),
    entry("first", Move(Step::First), &["home", "g g"], &[Everywhere], "to the top"),
    entry("last", Move(Step::Last), &["end", "G"], &[Everywhere], "to the bottom"),
    entry("next-theme", NextTheme, &["z t"], &[Everywhere], "the next theme"),
    entry("mouse", Mouse, &["z m"], &[Everywhere], "take the mouse, or leave it to the terminal"),
    entry("motion", Motion, &["z r"], &[Everywhere], "less that moves, or all of it"),
    entry("back", Back, &["esc", "h", "left"], &[Everywhere, Waiting, Device], "back one step").short("back", 1),
    entry("help", Help, &["?"], &[Everywhere], "every key").short("keys", 10),
    entry("quit", Quit, &["q"], &[Everywhere], "quit").short("quit", 10),
];
