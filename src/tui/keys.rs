//! What keys do. [`TABLE`] names every action once; a [`Keymap`] says which keys do them here.

mod chord;
mod keymap;
mod table;

pub use chord::{Chord, Press};
pub use keymap::{Binding, Found, Keymap};
pub use table::{Entry, TABLE};

/// What a key can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Leave.
    Quit,
    /// Go back one step.
    Back,
    /// Open a view.
    Show(View),
    /// Move the selection.
    Move(Step),
    /// Type a filter.
    Filter,
    /// Show every key.
    Help,
    /// Find an action by its name.
    Palette,
    /// Find a config or a connection by its name.
    Jump,
    /// Show all of the details of the selected row, or the flow that a row of activity belongs to.
    Details,
    /// Copy a fresh token.
    CopyToken,
    /// Choose the form of a copy.
    CopyAs,
    /// Refresh now.
    Refresh,
    /// Authorize: a connection again, or a new one under a config.
    Authorize,
    /// Look into the token.
    Inspect,
    /// Delete.
    Delete,
    /// Make a config.
    NewConfig,
    /// Copy the redirect URI.
    CopyRedirectUri,
    /// Open the provider's console.
    OpenConsole,
    /// Open the provider's docs.
    OpenDocs,
    /// Copy the URL of an authorization.
    CopyUrl,
    /// Open the URL of an authorization in the browser again.
    OpenUrl,
    /// Paste the address that the browser ended on.
    Paste,
    /// Authorize by a code that is entered on another device instead.
    UseDevice,
    /// Authorize in the browser instead of by such a code.
    UseBrowser,
    /// Copy that code.
    CopyCode,
    /// Start the local server, or stop it.
    Serve,
    /// Show the last news.
    Messages,
    /// Take the next theme.
    NextTheme,
    /// Take the mouse, or leave it to the terminal.
    Mouse,
    /// Move what waits, or not.
    Motion,
    /// Mark a row.
    Mark,
    /// Mark every row.
    MarkAll,
    /// Sort by the next column.
    Sort,
    /// Turn the order round.
    Reverse,
    /// Group by config, or not.
    Group,
    /// Bring back what was deleted last.
    Undo,
    /// Change a setting until the program ends.
    ChangeSetting,
    /// Copy a line that is selected.
    CopyLine,
    /// Let the doctor look again.
    Examine,
    /// Authorize again with other scopes.
    AuthorizeWith,
    /// Ask the API who a token is.
    WhoAmI,
    /// Show the token for a moment.
    Reveal,
    /// Narrow the list.
    Narrow,
    /// Keep the newest activity selected, or not.
    Follow,
    /// Show the steps of the last flow of a connection.
    LastFlow,
    /// Copy the requests of a flow as curl commands.
    CopyCurl,
    /// Change a config.
    EditConfig,
    /// Make a config for an MCP server, which its address names.
    NewMcp,
    /// Make a config like the selected one.
    DuplicateConfig,
    /// Give another name.
    Rename,
    /// Check that the redirect URI can be reached.
    CheckRedirect,
    /// Go into the sandbox, or out of it.
    Sandbox,
    /// Give the sandbox's consent here.
    Allow,
}

impl Action {
    /// Tells whether it is done with the selected row of a list.
    pub fn needs_a_row(self) -> bool {
        use Action::{
            Authorize, AuthorizeWith, CheckRedirect, CopyAs, CopyRedirectUri, CopyToken, Delete, DuplicateConfig,
            EditConfig, Inspect, Mark, OpenConsole, OpenDocs, Refresh, Rename, Reveal, WhoAmI,
        };
        matches!(
            self,
            Authorize
                | AuthorizeWith
                | CheckRedirect
                | CopyAs
                | CopyRedirectUri
                | CopyToken
                | Delete
                | DuplicateConfig
                | EditConfig
                | Inspect
                | Mark
                | OpenConsole
                | OpenDocs
                | Refresh
                | Rename
                | Reveal
                | WhoAmI
        )
    }
}

/// The views.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Connections.
    Connections,
    /// Configs.
    Configs,
    /// Providers.
    Providers,
    /// Activity.
    Activity,
    /// Settings.
    Settings,
    /// What works on this machine.
    Doctor,
}

impl View {
    /// Every view, in the order of their keys.
    pub const ALL: [Self; 6] =
        [Self::Connections, Self::Configs, Self::Providers, Self::Activity, Self::Settings, Self::Doctor];

    /// Returns its name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Connections => "Connections",
            Self::Configs => "Configs",
            Self::Providers => "Providers",
            Self::Activity => "Activity",
            Self::Settings => "Settings",
            Self::Doctor => "Doctor",
        }
    }

    /// Returns its place among all.
    pub fn index(self) -> usize {
        match self {
            Self::Connections => 0,
            Self::Configs => 1,
            Self::Providers => 2,
            Self::Activity => 3,
            Self::Settings => 4,
            Self::Doctor => 5,
        }
    }

    /// Returns where its own keys count.
    pub fn context(self) -> Context {
        match self {
            Self::Connections => Context::Connections,
            Self::Configs => Context::Configs,
            Self::Providers => Context::Providers,
            Self::Activity => Context::Activity,
            Self::Settings => Context::Settings,
            Self::Doctor => Context::Doctor,
        }
    }
}

/// How far the selection moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

/// Where a key counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// In every view.
    Everywhere,
    /// In the list of connections and in the details of one.
    Connections,
    /// In the list of configs and in the details of one.
    Configs,
    /// In the list of providers and in the details of one.
    Providers,
    /// In the list of activity.
    Activity,
    /// In the settings.
    Settings,
    /// In what the doctor found.
    Doctor,
    /// While an authorization waits.
    Waiting,
    /// While a code waits to be entered on another device.
    Device,
}

impl Context {
    /// Every place, in the order of the help.
    pub const ALL: [Self; 9] = [
        Self::Everywhere,
        Self::Connections,
        Self::Configs,
        Self::Providers,
        Self::Activity,
        Self::Settings,
        Self::Doctor,
        Self::Waiting,
        Self::Device,
    ];

    /// Returns the heading of its group in the help.
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Connections => "Connections",
            Self::Configs => "Configs",
            Self::Providers => "Providers",
            Self::Activity => "Activity",
            Self::Settings => "Settings",
            Self::Doctor => "Doctor",
            Self::Waiting => "While an authorization waits",
            Self::Device => "While a code waits to be entered",
        }
    }

    /// Returns the view whose place it is.
    pub fn view(self) -> Option<View> {
        View::ALL.into_iter().find(|view| view.context() == self)
    }

    /// Tells whether it is a view's: there, the keys of everywhere count too.
    pub fn is_view(self) -> bool {
        self.view().is_some()
    }
}

/// Returns the contexts of a view, the special one first.
pub fn contexts(view: View) -> [Context; 2] {
    [view.context(), Context::Everywhere]
}
