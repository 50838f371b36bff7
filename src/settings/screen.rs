//! What the settings file says about the terminal UI. What it means, `tui` knows; here are the words and
//! the lines on which they stand, so that whatever is wrong with them can be told with its line.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::{Surroundings, Written};

/// How long a key that others follow is waited after before the screen says which, in milliseconds.
const WHICH_KEY: u64 = 500;

/// The keys that the settings give to an action of the terminal UI, in the place of its usual ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySetting {
    /// The name of the action.
    pub action: String,
    /// The keys, each as it is written: `ctrl-d`, `g g`.
    pub keys: Vec<String>,
    /// The line of the settings file, from 1.
    pub line: usize,
}

/// One style of a theme, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StyleSetting {
    /// What it is for.
    pub name: String,
    /// What it is.
    pub text: String,
    /// The line of the settings file, from 1.
    pub line: usize,
}

/// A theme of the settings, `[themes.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnTheme {
    /// Its name.
    pub name: String,
    /// The line of the settings file where it begins, from 1.
    pub line: usize,
    /// Its styles.
    pub styles: Vec<StyleSetting>,
}

/// What the settings say about the terminal UI.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScreenSettings {
    /// `[keys]`, in the order of the names.
    pub keys: Vec<KeySetting>,
    /// `which_key_ms`: how long a key that others follow is waited after before the screen says which;
    /// `None` never says it.
    pub which_key: Option<Duration>,
    /// `theme`, with its line; `None` chooses one that fits the terminal's ground.
    pub theme: Option<(String, usize)>,
    /// `[themes.NAME]`.
    pub themes: Vec<OwnTheme>,
    /// `ascii`: whether nothing but ASCII is drawn, but for what names hold.
    pub is_ascii: bool,
    /// `mouse`: whether the mouse is taken.
    pub takes_mouse: bool,
    /// `reduced_motion`: whether nothing moves that need not.
    pub reduces_motion: bool,
    /// `bell`: whether the bell rings when an authorization ends while nobody looks.
    pub rings_bell: bool,
}

/// `[themes]` as it is written.
pub(super) type WrittenThemes = BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, String>>;

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a key or a list of keys, as in \"y\" or [\"y\", \"ctrl-y\"]")]
pub(super) enum Keys {
    One(String),
    Many(Vec<String>),
}

impl ScreenSettings {
    /// Reads them from the file as it is `written`; lines are counted in its text.
    pub(super) fn of(written: &Written, text: &str, surroundings: &Surroundings) -> Self {
        let line = |offset: usize| 1 + text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count();
        let key = |(action, keys): (&Spanned<String>, &Keys)| KeySetting {
            line: line(action.span().start),
            action: action.get_ref().clone(),
            keys: match keys {
                Keys::One(key) => vec![key.clone()],
                Keys::Many(keys) => keys.clone(),
            },
        };
        let style = |(name, text): (&Spanned<String>, &String)| StyleSetting {
            line: line(name.span().start),
            name: name.get_ref().clone(),
            text: text.clone(),
        };
        let theme = |(name, styles): (&Spanned<String>, &BTreeMap<Spanned<String>, String>)| OwnTheme {
            line: line(name.span().start),
            name: name.get_ref().clone(),
            styles: styles.iter().map(style).collect(),
        };
        let which_key = Some(written.which_key_ms.unwrap_or(WHICH_KEY)).filter(|time| *time > 0);
        Self {
            keys: written.keys.iter().map(key).collect(),
            which_key: which_key.map(Duration::from_millis),
            theme: written.theme.as_ref().map(|theme| (theme.get_ref().clone(), line(theme.span().start))),
            themes: written.themes.iter().map(theme).collect(),
            is_ascii: written.ascii.unwrap_or(false) || surroundings.wants_ascii,
            takes_mouse: written.mouse.unwrap_or(true),
            reduces_motion: written.reduced_motion.unwrap_or(false) || surroundings.no_motion,
            rings_bell: written.bell.unwrap_or(true),
        }
    }
}
