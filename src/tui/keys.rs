//! Every key, once. The same table finds the action for a key, writes the footer, and writes the
//! help, so that the three cannot differ.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::backend::Capabilities;

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
    /// Show the details of the selected row, where they are not beside the list.
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
    /// Copy that code.
    CopyCode,
    /// Start the local server, or stop it.
    Serve,
}

/// The four views.
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
}

impl View {
    /// Every view, in the order of their keys.
    pub const ALL: [Self; 4] = [Self::Connections, Self::Configs, Self::Providers, Self::Activity];

    /// Returns its name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Connections => "Connections",
            Self::Configs => "Configs",
            Self::Providers => "Providers",
            Self::Activity => "Activity",
        }
    }

    /// Returns its place among all.
    pub fn index(self) -> usize {
        match self {
            Self::Connections => 0,
            Self::Configs => 1,
            Self::Providers => 2,
            Self::Activity => 3,
        }
    }

    fn context(self) -> Context {
        match self {
            Self::Connections => Connections,
            Self::Configs => Configs,
            Self::Providers => Providers,
            Self::Activity => Activity,
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
    /// While an authorization waits.
    Waiting,
    /// While a code waits to be entered on another device.
    Device,
}

impl Context {
    /// Returns the heading of its group in the help.
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Connections => "Connections",
            Self::Configs => "Configs",
            Self::Providers => "Providers",
            Self::Activity => "Activity",
            Self::Waiting => "While an authorization waits",
            Self::Device => "While a code waits to be entered",
        }
    }
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// The keys, the usual one first.
    keys: &'static [Key],
    /// How the usual one is written.
    pub shown: &'static str,
    /// What it does.
    pub action: Action,
    /// What it does, in a word for the footer.
    pub short: &'static str,
    /// What it does, in words.
    pub label: &'static str,
    /// Where it counts.
    pub contexts: &'static [Context],
    /// How early it leaves a footer that is too narrow; 0 never stands there.
    pub weight: u8,
    /// What the backend must be able to do for it; where that cannot, it is hidden.
    needs: Need,
}

/// What a key asks of the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Nothing,
    Changing,
    Authorizing,
    Serving,
}

impl Binding {
    /// Tells whether the backend can do it.
    pub fn is_offered(&self, capabilities: Capabilities) -> bool {
        match self.needs {
            Need::Nothing => true,
            Need::Changing => capabilities.can_change,
            Need::Authorizing => capabilities.can_authorize,
            Need::Serving => capabilities.can_serve,
        }
    }
}

/// A key with or without control.
type Key = (KeyCode, bool);

const fn plain(character: char) -> Key {
    (KeyCode::Char(character), false)
}

const fn control(character: char) -> Key {
    (KeyCode::Char(character), true)
}

const fn binding(
    keys: &'static [Key],
    shown: &'static str,
    action: Action,
    words: (&'static str, &'static str),
    contexts: &'static [Context],
    weight: u8,
) -> Binding {
    let (short, label) = words;
    Binding { keys, shown, action, short, label, contexts, weight, needs: Need::Nothing }
}

const fn changing(binding: Binding) -> Binding {
    Binding { needs: Need::Changing, ..binding }
}

const fn authorizing(binding: Binding) -> Binding {
    Binding { needs: Need::Authorizing, ..binding }
}

const fn serving(binding: Binding) -> Binding {
    Binding { needs: Need::Serving, ..binding }
}

use Action::{
    Authorize, Back, CopyAs, CopyCode, CopyRedirectUri, CopyToken, CopyUrl, Delete, Details, Filter, Help, Inspect,
    Move, NewConfig, OpenConsole, OpenDocs, OpenUrl, Paste, Quit, Refresh, Serve, Show, UseDevice,
};
use Context::{Activity, Configs, Connections, Device, Everywhere, Providers, Waiting};

/// The keys that open details.
const ENTER: &[Key] = &[(KeyCode::Enter, false), plain('l'), (KeyCode::Right, false)];
const ESC: &[Key] = &[(KeyCode::Esc, false), plain('h'), (KeyCode::Left, false)];
const PAGE_DOWN: &[Key] = &[(KeyCode::PageDown, false), control('d')];
const PAGE_UP: &[Key] = &[(KeyCode::PageUp, false), control('u')];
/// The contexts of the four lists.
const LISTS: &[Context] = &[Connections, Configs, Providers, Activity];

/// Every key.
pub const TABLE: &[Binding] = &[
    binding(&[plain('y')], "y", CopyToken, ("copy", "copy a fresh token"), &[Connections], 9),
    binding(&[plain('Y')], "Y", CopyAs, ("as", "copy as header, curl, env, JSON"), &[Connections], 3),
    changing(binding(&[plain('r')], "r", Refresh, ("refresh", "refresh now"), &[Connections], 7)),
    authorizing(binding(&[plain('a')], "a", Authorize, ("authorize", "authorize"), &[Connections, Configs], 8)),
    binding(&[plain('i')], "i", Inspect, ("inspect", "look into the token"), &[Connections], 4),
    changing(binding(&[plain('n')], "n", NewConfig, ("new", "new config"), &[Connections, Configs, Providers], 6)),
    binding(&[plain('u')], "u", CopyRedirectUri, ("redirect URI", "copy the redirect URI"), &[Configs], 5),
    binding(&[plain('o')], "o", OpenConsole, ("console", "open the provider's console"), &[Configs, Providers], 4),
    binding(&[plain('D')], "D", OpenDocs, ("docs", "open the provider's docs"), &[Configs, Providers], 2),
    changing(binding(&[plain('d')], "d", Delete, ("delete", "delete"), &[Connections, Configs], 3)),
    binding(&[plain('u')], "u", CopyCode, ("code", "copy the code"), &[Device], 9),
    binding(&[plain('c')], "c", CopyUrl, ("copy", "copy the address"), &[Waiting, Device], 9),
    binding(&[plain('p')], "p", Paste, ("paste", "paste the address it ended on"), &[Waiting], 8),
    binding(&[plain('o')], "o", OpenUrl, ("open", "open it in the browser"), &[Waiting, Device], 7),
    binding(&[plain('d')], "d", UseDevice, ("device", "use a device code"), &[Waiting], 5),
    binding(&[plain('u')], "u", CopyRedirectUri, ("redirect URI", "copy the redirect URI"), &[Waiting], 6),
    binding(ENTER, "enter", Details, ("details", "details"), LISTS, 5),
    binding(&[plain('/')], "/", Filter, ("filter", "filter as you type"), &[Everywhere], 6),
    serving(binding(&[plain('s')], "s", Serve, ("serve", "start the local server, or stop it"), &[Everywhere], 2)),
    binding(&[plain('1')], "1", Show(View::Connections), ("", "connections"), &[Everywhere], 0),
    binding(&[plain('2')], "2", Show(View::Configs), ("", "configs"), &[Everywhere], 0),
    binding(&[plain('3')], "3", Show(View::Providers), ("", "providers"), &[Everywhere], 0),
    binding(&[plain('4')], "4", Show(View::Activity), ("", "activity"), &[Everywhere], 0),
    binding(&[(KeyCode::Down, false), plain('j')], "↓ j", Move(Step::Down), ("", "down"), &[Everywhere], 0),
    binding(&[(KeyCode::Up, false), plain('k')], "↑ k", Move(Step::Up), ("", "up"), &[Everywhere], 0),
    binding(PAGE_DOWN, "page down", Move(Step::PageDown), ("", "a page down (also ctrl-d)"), &[Everywhere], 0),
    binding(PAGE_UP, "page up", Move(Step::PageUp), ("", "a page up (also ctrl-u)"), &[Everywhere], 0),
    binding(&[(KeyCode::Home, false), plain('g')], "home g", Move(Step::First), ("", "to the top"), &[Everywhere], 0),
    binding(&[(KeyCode::End, false), plain('G')], "end G", Move(Step::Last), ("", "to the bottom"), &[Everywhere], 0),
    binding(ESC, "esc", Back, ("back", "back one step"), &[Everywhere, Waiting, Device], 1),
    binding(&[plain('?')], "?", Help, ("keys", "every key"), &[Everywhere], 10),
    binding(&[plain('q')], "q", Quit, ("quit", "quit"), &[Everywhere], 10),
];

/// Returns what a key does in a view, or while an authorization waits.
pub fn action(key: KeyEvent, contexts: &[Context], capabilities: Capabilities) -> Option<Action> {
    let pressed = (key.code, key.modifiers.contains(KeyModifiers::CONTROL));
    bindings(contexts, capabilities).find(|binding| binding.keys.contains(&pressed)).map(|binding| binding.action)
}

/// Returns the bindings that count in any of `contexts`, in the order of the table.
pub fn bindings(contexts: &[Context], capabilities: Capabilities) -> impl Iterator<Item = &'static Binding> {
    let counts = move |binding: &&Binding| binding.contexts.iter().any(|context| contexts.contains(context));
    TABLE.iter().filter(move |binding| binding.is_offered(capabilities)).filter(counts)
}

/// Returns the contexts of a view, the special one first.
pub fn contexts(view: View) -> [Context; 2] {
    [view.context(), Everywhere]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Capabilities = Capabilities { can_change: true, can_authorize: true, can_serve: true, can_revoke: true };

    #[test]
    fn no_key_does_two_things_in_one_place() {
        for context in [Connections, Configs, Providers, Activity, Waiting, Device] {
            let mut seen: Vec<(KeyCode, bool)> = Vec::new();
            let contexts = if matches!(context, Waiting | Device) { vec![context] } else { vec![context, Everywhere] };
            for binding in bindings(&contexts, ALL) {
                for key in binding.keys {
                    assert!(!seen.contains(key), "{key:?} in {context:?}");
                    seen.push(*key);
                }
            }
        }
    }

    #[test]
    fn when_nothing_may_be_changed_the_keys_that_change_are_gone() {
        let key = KeyEvent::new(KeyCode::Char('d'), KeyModifiers::NONE);
        assert_eq!(action(key, &contexts(View::Connections), ALL), Some(Delete));
        assert_eq!(action(key, &contexts(View::Connections), Capabilities { can_change: false, ..ALL }), None);
    }
}
