//! What the settings file says about the terminal UI. What it means, `tui` knows; here are the words and
//! the lines on which they stand, so that whatever is wrong with them can be told with its line.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

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

/// What the settings say about the terminal UI.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScreenSettings {
    /// `[keys]`, in the order of the names.
    pub keys: Vec<KeySetting>,
    /// `which_key_ms`: how long a key that others follow is waited after before the screen says which;
    /// `None` never says it.
    pub which_key: Option<Duration>,
}

/// `[keys]` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct WrittenKeys(BTreeMap<Spanned<String>, Keys>);

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a key or a list of keys, as in \"y\" or [\"y\", \"ctrl-y\"]")]
enum Keys {
    One(String),
    Many(Vec<String>),
}

impl ScreenSettings {
    pub(super) fn of(text: &str, keys: WrittenKeys, which_key_ms: Option<u64>) -> Self {
        let line = |offset: usize| 1 + text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count();
        let setting = |(action, keys): (Spanned<String>, Keys)| KeySetting {
            line: line(action.span().start),
            action: action.into_inner(),
            keys: match keys {
                Keys::One(key) => vec![key],
                Keys::Many(keys) => keys,
            },
        };
        let which_key = Some(which_key_ms.unwrap_or(WHICH_KEY)).filter(|time| *time > 0);
        Self { keys: keys.0.into_iter().map(setting).collect(), which_key: which_key.map(Duration::from_millis) }
    }
}
