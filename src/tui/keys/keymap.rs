//! Which key does what: the keys of the table, and those of the settings in their place. The same map finds
//! the action for a key and writes the footer, the help and the palette, so that they cannot differ.

use super::chord::{Chord, Press};
use super::table::{Entry, TABLE};
use super::{Action, Context};
use crate::backend::Capabilities;
use crate::model::search;
use crate::settings::{KeySetting, Mistake};

/// An action with the keys that it has here.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The action.
    pub entry: &'static Entry,
    keys: Vec<Chord>,
    /// How its usual key is written; empty where it has none.
    pub shown: String,
}

impl Binding {
    fn new(entry: &'static Entry, keys: Vec<Chord>) -> Self {
        Self { entry, shown: keys.first().map(written).unwrap_or_default(), keys }
    }

    /// Returns how all of its keys are written.
    pub fn all_keys(&self) -> String {
        self.keys.iter().map(written).collect::<Vec<_>>().join(", ")
    }
}

/// Arrows are shown as arrows.
fn written(chord: &Chord) -> String {
    match chord.to_string().as_str() {
        "up" => "↑".to_owned(),
        "down" => "↓".to_owned(),
        "left" => "←".to_owned(),
        "right" => "→".to_owned(),
        text => text.to_owned(),
    }
}

/// What a key is, after those that were pressed before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// An action.
    Action(Action),
    /// The beginning of one or more.
    Prefix,
    /// Nothing.
    Nothing,
}

/// Which key does what.
#[derive(Debug, Clone, PartialEq)]
pub struct Keymap(Vec<Binding>);

impl Default for Keymap {
    fn default() -> Self {
        let parsed = |keys: &[&str]| keys.iter().filter_map(|key| Chord::parse(key).ok()).collect();
        Self(TABLE.iter().map(|entry| Binding::new(entry, parsed(entry.keys))).collect())
    }
}

impl Keymap {
    /// Puts the keys of the settings in the place of the usual ones, or says everything that is wrong with them.
    pub fn with(settings: &[KeySetting]) -> Result<Self, Vec<Mistake>> {
        let mut keymap = Self::default();
        let mut problems = Vec::new();
        for setting in settings {
            let mut problem = |message| problems.push(Mistake { line: setting.line, message });
            let Some(binding) = keymap.0.iter_mut().find(|binding| binding.entry.name == setting.action) else {
                problem(unknown(&setting.action));
                continue;
            };
            match setting.keys.iter().map(|key| Chord::parse(key)).collect::<Result<Vec<_>, _>>() {
                Ok(keys) => *binding = Binding::new(binding.entry, keys),
                Err(message) => problem(format!("{}: {message}", setting.action)),
            }
        }
        let line = |name: &str| settings.iter().find(|setting| setting.action == name).map(|setting| setting.line);
        problems.extend(keymap.conflicts().filter_map(|(one, other, key)| {
            let (line, mine, theirs) =
                line(other).map(|line| (line, other, one)).or_else(|| line(one).map(|line| (line, one, other)))?;
            let message = format!("{mine}: `{key}` is in the way of {theirs}; give one of them another key");
            Some(Mistake { line, message })
        }));
        problems.sort_by_key(|problem| problem.line);
        if problems.is_empty() { Ok(keymap) } else { Err(problems) }
    }

    /// Returns each two actions that count in one place and have keys of which only one can be pressed.
    fn conflicts(&self) -> impl Iterator<Item = (&'static str, &'static str, &Chord)> {
        let pairs = self
            .0
            .iter()
            .enumerate()
            .flat_map(|(index, one)| self.0[index + 1..].iter().map(move |other| (one, other)));
        pairs.filter(|(one, other)| meet(one.entry, other.entry)).flat_map(|(one, other)| {
            let keys = one.keys.iter().flat_map(|key| other.keys.iter().map(move |theirs| (key, theirs)));
            keys.filter(|(key, theirs)| key.is_in_the_way_of(theirs))
                .map(|(key, _)| (one.entry.name, other.entry.name, key))
        })
    }

    /// Returns what `press` is after `before`, where `contexts` count.
    pub fn find(&self, before: &[Press], press: Press, contexts: &[Context], capabilities: Capabilities) -> Found {
        let pressed: Vec<Press> = before.iter().copied().chain([press]).collect();
        let mut found = Found::Nothing;
        for binding in self.offered(contexts, capabilities) {
            for key in &binding.keys {
                if key.presses() == pressed {
                    return Found::Action(binding.entry.action);
                }
                if key.presses().starts_with(&pressed) {
                    found = Found::Prefix;
                }
            }
        }
        found
    }

    /// Returns what can follow after `before`: the rest of the keys, and the action.
    pub fn after(&self, before: &[Press], contexts: &[Context], capabilities: Capabilities) -> Vec<(String, &Binding)> {
        let rest = |key: &Chord| {
            let rest = key.presses().strip_prefix(before)?;
            Some(rest.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        let bindings = self.offered(contexts, capabilities);
        bindings.flat_map(|binding| binding.keys.iter().filter_map(rest).map(move |rest| (rest, binding))).collect()
    }

    /// Returns the actions that count in any of `contexts` and that the backend can do, in the order of the table.
    pub fn offered(&self, contexts: &[Context], capabilities: Capabilities) -> impl Iterator<Item = &Binding> {
        let counts = move |binding: &&Binding| binding.entry.contexts.iter().any(|context| contexts.contains(context));
        self.0.iter().filter(move |binding| binding.entry.is_offered(capabilities)).filter(counts)
    }

    /// Returns the names of the actions whose keys the settings have changed, each with its keys.
    pub fn own_keys(&self) -> Vec<String> {
        let usual = Self::default();
        let changed = self.0.iter().zip(&usual.0).filter(|(own, usual)| own.keys != usual.keys);
        changed.map(|(own, _)| format!("{} = {}", own.entry.name, own.all_keys())).collect()
    }

    /// Returns how the usual key of an action is written; empty where it has none.
    pub fn key_of(&self, action: Action) -> &str {
        self.0.iter().find(|binding| binding.entry.action == action).map_or("", |binding| &binding.shown)
    }
}

/// Tells whether two actions count in one place.
fn meet(one: &Entry, other: &Entry) -> bool {
    let views = |entry: &Entry| entry.contexts.iter().any(|context| context.is_view());
    let everywhere = |entry: &Entry| entry.contexts.contains(&Context::Everywhere);
    one.contexts.iter().any(|context| other.contexts.contains(context))
        || (everywhere(one) && views(other))
        || (everywhere(other) && views(one))
}

fn unknown(name: &str) -> String {
    let shown = crate::model::untrusted::line(name);
    let alike = search::nearest(name, TABLE.iter().map(|entry| entry.name));
    match alike.first() {
        Some(alike) => format!("there is no action `{shown}`; did you mean `{alike}`?"),
        None => format!("there is no action `{shown}`; `?` in the terminal UI shows every one"),
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;
    use crate::tui::keys::{View, contexts};

    const ALL: Capabilities = Capabilities { can_change: true, can_authorize: true, can_serve: true, can_revoke: true };

    fn setting(action: &str, keys: &[&str], line: usize) -> KeySetting {
        KeySetting { action: action.to_owned(), keys: keys.iter().map(|key| (*key).to_owned()).collect(), line }
    }

    fn press(character: char) -> Press {
        KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE).into()
    }

    fn problems(settings: &[KeySetting]) -> Vec<String> {
        Keymap::with(settings).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn no_key_of_the_table_does_two_things_in_one_place() {
        assert_eq!(Keymap::default().conflicts().collect::<Vec<_>>(), []);
    }

    #[test]
    fn every_key_of_the_table_can_be_read_and_every_name_is_there_once() {
        for entry in TABLE {
            assert!(entry.keys.iter().all(|key| Chord::parse(key).is_ok()), "{}", entry.name);
            assert_eq!(TABLE.iter().filter(|other| other.name == entry.name).count(), 1, "{}", entry.name);
            assert!(!entry.keys.is_empty() && !entry.label.is_empty(), "{}", entry.name);
        }
    }

    #[test]
    fn the_settings_give_an_action_other_keys() {
        let keymap = Keymap::with(&[setting("copy-token", &["c", "g y"], 2)]).unwrap();
        let here = contexts(View::Connections);
        assert_eq!(keymap.find(&[], press('c'), &here, ALL), Found::Action(Action::CopyToken));
        assert_eq!(keymap.find(&[], press('y'), &here, ALL), Found::Nothing);
        assert_eq!(keymap.find(&[], press('g'), &here, ALL), Found::Prefix);
        assert_eq!(keymap.find(&[press('g')], press('y'), &here, ALL), Found::Action(Action::CopyToken));
        assert_eq!(keymap.key_of(Action::CopyToken), "c");
    }

    #[test]
    fn an_action_may_have_no_key_at_all() {
        let keymap = Keymap::with(&[setting("delete", &[], 2)]).unwrap();
        assert_eq!(keymap.find(&[], press('d'), &contexts(View::Connections), ALL), Found::Nothing);
    }

    #[test]
    fn unknown_names_and_keys_are_told_with_their_lines_all_at_once() {
        let told = problems(&[setting("copy-tokn", &["c"], 4), setting("quit", &["pgup"], 7)]);
        assert_eq!(told[0], "line 4: there is no action `copy-tokn`; did you mean `copy-token`?");
        assert!(told[1].starts_with("line 7: quit: there is no key `pgup`"), "{told:?}");
    }

    #[test]
    fn a_key_that_is_taken_is_told_with_whose_it_is() {
        let told = problems(&[setting("refresh", &["y"], 3)]);
        assert_eq!(told, ["line 3: refresh: `y` is in the way of copy-token; give one of them another key"]);
        let told = problems(&[setting("refresh", &["g"], 3)]);
        assert!(!told.is_empty(), "`g` begins other keys");
        assert!(Keymap::with(&[setting("refresh", &["y"], 3), setting("copy-token", &["r"], 4)]).is_ok(), "a swap");
    }

    #[test]
    fn when_nothing_may_be_changed_the_keys_that_change_are_gone() {
        let (keymap, here) = (Keymap::default(), contexts(View::Connections));
        assert_eq!(keymap.find(&[], press('d'), &here, ALL), Found::Action(Action::Delete));
        let may = Capabilities { can_change: false, ..ALL };
        assert_eq!(keymap.find(&[], press('d'), &here, may), Found::Nothing);
    }
}
