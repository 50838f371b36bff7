//! Settings, environment and every path, in one place: nothing else reads `std::env`.
//!
//! Defaults ← `settings.toml` ← environment ← flags.

mod keys;
mod paths;
pub mod private;
mod screen;
mod server;
mod surroundings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::model::Secret;
pub use keys::{KEYS, Key, Kind, Mistake, mistakes, schema};
pub use paths::{Paths, paths_of_home};
pub use screen::{KeySetting, OwnTheme, ScreenSettings, StyleSetting};
use screen::{Keys, WrittenThemes};
pub use server::ServerEnvironment;
pub use surroundings::{Multiplexer, Surroundings, without_user_info};

/// How long a copied token stays on the clipboard unless the settings say otherwise.
const CLIPBOARD_SECONDS: u64 = 30;

/// Variables that hold secrets of ours; no child process inherits them.
pub const SECRET_VARIABLES: [&str; 4] =
    ["HALLPASS_PASSPHRASE", "HALLPASS_PASSPHRASE_FILE", "HALLPASS_KEY_FILE", "NANGO_SECRET_KEY"];

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The settings file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The settings file is not what it should be.
    #[error("`{}` has a mistake in it:\n{message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the parser says, with line and caret.
        message: String,
    },
    /// A value of the environment or a flag cannot be used.
    #[error("`{value}` is not a value for {name}: expected {expected}")]
    BadValue {
        /// The variable or flag.
        name: &'static str,
        /// What it says.
        value: String,
        /// What it may say.
        expected: &'static str,
    },
    /// There is no folder to put anything in.
    #[error("this system names no home folder; set HALLPASS_HOME")]
    NoHome,
}

/// Where secrets rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VaultKind {
    /// The keychain of the operating system.
    Keychain,
    /// A file of sealed records.
    Sealed,
    /// Nowhere: gone when the program ends.
    Memory,
}

impl VaultKind {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::Sealed => "sealed",
            Self::Memory => "memory",
        }
    }

    /// Finds a kind by its word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Keychain, Self::Sealed, Self::Memory].into_iter().find(|kind| kind.word() == word)
    }
}

/// What unwraps the key of a sealed vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeySource {
    /// A passphrase.
    Passphrase,
    /// A file that only its owner may read.
    KeyFile,
    /// One entry of the operating system's keychain.
    Keychain,
}

impl KeySource {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passphrase => "passphrase",
            Self::KeyFile => "key-file",
            Self::Keychain => "keychain",
        }
    }
}

/// What the user decided about the vault.
#[derive(Debug, Clone, Default)]
pub struct VaultSettings {
    /// The kind asked for, if any.
    pub kind: Option<VaultKind>,
    /// The key source asked for, if any.
    pub key_source: Option<KeySource>,
    /// The passphrase, where the environment gives it.
    pub passphrase: Option<Secret>,
    /// The key file, where one is named.
    pub key_file: Option<PathBuf>,
}

/// Everything the user decided, and everything the environment tells.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Every path.
    pub paths: Paths,
    /// What is wrong with the settings file, where a line of it was left out for that.
    pub file_mistake: Option<String>,
    /// The vault.
    pub vault: VaultSettings,
    /// Where the program is running.
    pub surroundings: Surroundings,
    /// How long a copied token stays on the clipboard.
    pub clipboard_time: Duration,
    /// Whether nothing may be changed.
    pub read_only: bool,
    /// Whether lines are written and read instead of a screen being drawn.
    pub plain: bool,
    /// What the environment says about the local server.
    pub server: ServerEnvironment,
    /// The other host that `--host` or `NANGO_HOSTPORT` names.
    pub host: Option<String>,
    /// What the settings file says about the terminal UI.
    pub screen: ScreenSettings,
    /// Origins that requests to APIs may go to beside those of the provider files.
    pub api_origins: Vec<url::Origin>,
}

/// What the command line says.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--home`.
    pub home: Option<PathBuf>,
    /// `--vault`.
    pub vault: Option<String>,
    /// `--read-only`.
    pub read_only: bool,
    /// `--host`.
    pub host: Option<String>,
    /// `--ascii`.
    pub ascii: bool,
}

/// A copy of the environment, so that a test can make one. It prints nothing: there are secrets in it.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Copies the environment of this process; values that are not Unicode are left out.
    #[expect(clippy::disallowed_methods, reason = "the one home of the environment")]
    pub fn of_process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        )
    }

    /// Makes an environment from pairs.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// Returns the same environment without what opens the vault or a host: for what needs neither.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let is_open = |name: &&String| !SECRET_VARIABLES.contains(&name.as_str());
        let kept = self.0.iter().filter(|(name, _)| is_open(name));
        Self(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Returns the value of `name`, where it is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    vault: Option<VaultKind>,
    vault_key: Option<KeySource>,
    key_file: Option<PathBuf>,
    clipboard_seconds: Option<u64>,
    keys: BTreeMap<Spanned<String>, Keys>,
    which_key_ms: Option<u64>,
    theme: Option<Spanned<String>>,
    themes: WrittenThemes,
    ascii: Option<bool>,
    mouse: Option<bool>,
    reduced_motion: Option<bool>,
    bell: Option<bool>,
    plain: Option<bool>,
}

impl Settings {
    /// Reads the settings file and puts the environment and the flags over it.
    pub fn load(environment: &Environment, overrides: &Overrides) -> Result<Self, SettingsError> {
        let paths = Paths::find(environment, overrides)?;
        let (file, text) = Written::read(&paths.settings)?;
        Self::of(paths, file, &text, environment, overrides)
    }

    /// The same without the lines of the settings file that cannot be used: for commands that look at what is wrong,
    /// and change nothing.
    pub fn load_without_mistakes(environment: &Environment, overrides: &Overrides) -> Result<Self, SettingsError> {
        let paths = Paths::find(environment, overrides)?;
        match Written::read(&paths.settings) {
            Ok((file, text)) => Self::of(paths, file, &text, environment, overrides),
            Err(error) => {
                let text = std::fs::read_to_string(&paths.settings).unwrap_or_default();
                let found = mistakes(&text);
                let rest = without(&text, &found);
                let file = toml::from_str(&rest).unwrap_or_default();
                let settings = Self::of(paths, file, &rest, environment, overrides)?;
                let file_mistake = Some(found.first().map_or_else(|| error.to_string(), ToString::to_string));
                Ok(Self { file_mistake, ..settings })
            }
        }
    }

    fn of(
        paths: Paths,
        file: Written,
        text: &str,
        environment: &Environment,
        overrides: &Overrides,
    ) -> Result<Self, SettingsError> {
        let mut surroundings = Surroundings::of(environment);
        // The console of Linux has letters, and few shapes.
        surroundings.wants_ascii = overrides.ascii || surroundings.terminal.as_deref() == Some("linux");
        let screen = ScreenSettings::of(&file, text, &surroundings);
        let named = overrides.vault.as_deref().map(|value| ("--vault", value));
        let named = named.or_else(|| environment.get("HALLPASS_VAULT").map(|value| ("HALLPASS_VAULT", value)));
        let kind = named.map(|(name, value)| vault_kind(name, value)).transpose()?;
        let key_file = environment.get("HALLPASS_KEY_FILE").map(PathBuf::from).or(file.key_file);
        Ok(Self {
            file_mistake: None,
            vault: VaultSettings {
                kind: kind.or(file.vault),
                key_source: file.vault_key,
                passphrase: passphrase(environment)?,
                key_file,
            },
            surroundings,
            clipboard_time: Duration::from_secs(file.clipboard_seconds.unwrap_or(CLIPBOARD_SECONDS)),
            read_only: overrides.read_only,
            plain: is_plain(environment, file.plain)?,
            server: ServerEnvironment::of(environment),
            host: overrides.host.clone().or_else(|| environment.get("NANGO_HOSTPORT").map(str::to_owned)),
            screen,
            api_origins: Vec::new(),
            paths,
        })
    }
}

impl Settings {
    /// Returns what the text of a settings file says about the terminal UI, but for the lines that are `mistakes`
    /// already; nothing where the rest cannot be read.
    pub fn screen_of(text: &str, mistakes: &[Mistake]) -> Option<ScreenSettings> {
        let rest = without(text, mistakes);
        let written: Written = toml::from_str(&rest).ok()?;
        Some(ScreenSettings::of(&written, &rest, &Surroundings::default()))
    }

    /// Reads again what the settings file says about the terminal UI.
    pub fn screen_again(&self) -> Result<ScreenSettings, SettingsError> {
        let (file, text) = Written::read(&self.paths.settings)?;
        Ok(ScreenSettings::of(&file, &text, &self.surroundings))
    }
}

/// Returns a settings file with its mistakes emptied; a table that must not be there goes with all that stands in it.
fn without(text: &str, mistakes: &[Mistake]) -> String {
    let mut is_left_out = false;
    let mut rest = String::with_capacity(text.len());
    for (number, line) in (1..).zip(text.lines()) {
        let is_wrong = mistakes.iter().any(|mistake| mistake.line == number);
        if line.trim_start().starts_with('[') {
            is_left_out = is_wrong;
        }
        if !is_wrong && !is_left_out {
            rest.push_str(line);
        }
        rest.push('\n');
    }
    rest
}

fn vault_kind(name: &'static str, value: &str) -> Result<VaultKind, SettingsError> {
    let bad = || SettingsError::BadValue {
        name,
        value: crate::model::untrusted::line(value),
        expected: "keychain, sealed or memory",
    };
    VaultKind::from_word(value).ok_or_else(bad)
}

/// What is about hallpass goes before what is about every program (`ACCESSIBLE`, as the programs made with Charm's
/// libraries read it).
fn is_plain(environment: &Environment, file: Option<bool>) -> Result<bool, SettingsError> {
    match environment.get("HALLPASS_PLAIN") {
        Some("1" | "true" | "yes") => Ok(true),
        Some("0" | "false" | "no") => Ok(false),
        Some(value) => Err(SettingsError::BadValue {
            name: "HALLPASS_PLAIN",
            value: crate::model::untrusted::line(value),
            expected: "1 or 0",
        }),
        None => Ok(file.unwrap_or_else(|| environment.get("ACCESSIBLE").is_some_and(|value| value != "0"))),
    }
}

fn passphrase(environment: &Environment) -> Result<Option<Secret>, SettingsError> {
    if let Some(passphrase) = environment.get("HALLPASS_PASSPHRASE") {
        return Ok(Some(Secret::new(passphrase)));
    }
    let Some(path) = environment.get("HALLPASS_PASSPHRASE_FILE").map(PathBuf::from) else { return Ok(None) };
    let text = std::fs::read_to_string(&path).map_err(|source| SettingsError::Unreadable { path, source })?;
    let text = zeroize::Zeroizing::new(text);
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Some(Secret::new(line.strip_suffix('\r').unwrap_or(line))))
}

impl Written {
    /// Reads the file, and returns its text too: lines are counted in it.
    fn read(path: &Path) -> Result<(Self, String), SettingsError> {
        match std::fs::read_to_string(path) {
            Ok(text) => match toml::from_str(&text) {
                Ok(written) => Ok((written, text)),
                Err(error) => Err(SettingsError::Malformed { path: path.to_owned(), message: error.to_string() }),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok((Self::default(), String::new())),
            Err(source) => Err(SettingsError::Unreadable { path: path.to_owned(), source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(pairs: &[(&str, &str)], overrides: &Overrides) -> Result<Settings, SettingsError> {
        Settings::load(&Environment::of(pairs), overrides)
    }

    #[test]
    fn one_folder_holds_everything_when_a_home_is_named() {
        let settings = load(&[("HALLPASS_HOME", "/nowhere/h")], &Overrides::default()).unwrap();
        for (_, path) in settings.paths.named() {
            assert!(path.starts_with("/nowhere/h"), "{path:?}");
        }
    }

    #[test]
    fn a_flag_goes_before_the_environment_and_that_before_the_file() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("settings.toml"), "vault = \"memory\"\n").unwrap();
        let home_text = home.path().to_str().unwrap();
        let file_only = load(&[("HALLPASS_HOME", home_text)], &Overrides::default()).unwrap();
        assert_eq!(file_only.vault.kind, Some(VaultKind::Memory));
        let pairs = [("HALLPASS_HOME", home_text), ("HALLPASS_VAULT", "sealed")];
        assert_eq!(load(&pairs, &Overrides::default()).unwrap().vault.kind, Some(VaultKind::Sealed));
        let flag = Overrides { vault: Some("keychain".to_owned()), ..Overrides::default() };
        assert_eq!(load(&pairs, &flag).unwrap().vault.kind, Some(VaultKind::Keychain));
    }

    #[test]
    fn an_unknown_key_of_the_file_is_named_with_its_line() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("settings.toml"), "\nvolt = \"memory\"\n").unwrap();
        let error = load(&[("HALLPASS_HOME", home.path().to_str().unwrap())], &Overrides::default()).unwrap_err();
        assert!(error.to_string().contains("line 2") && error.to_string().contains("volt"), "{error}");
    }

    #[test]
    fn the_keys_of_an_action_come_with_their_line() {
        let home = tempfile::tempdir().unwrap();
        let text = "which_key_ms = 0\n[keys]\nrefresh = \"f\"\n\ncopy-token = [\"y\", \"ctrl-y\"]\n";
        std::fs::write(home.path().join("settings.toml"), text).unwrap();
        let home_text = home.path().to_str().unwrap();
        let screen = load(&[("HALLPASS_HOME", home_text)], &Overrides::default()).unwrap().screen;
        let told: Vec<_> = screen.keys.iter().map(|key| (key.action.as_str(), key.keys.len(), key.line)).collect();
        assert_eq!(told, [("copy-token", 2, 5), ("refresh", 1, 3)]);
        assert_eq!(screen.which_key, None, "never");
        std::fs::write(home.path().join("settings.toml"), "[keys]\nrefresh = 3\n").unwrap();
        let error = load(&[("HALLPASS_HOME", home_text)], &Overrides::default()).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("a key or a list of keys"), "{error}");
    }

    #[test]
    fn every_key_that_is_read_stands_in_the_table_and_the_other_way_round() {
        let error = toml::from_str::<Written>("nonsense = 1").unwrap_err().to_string();
        let expected = error.split("expected one of ").nth(1).unwrap();
        let mut read: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        read.sort_unstable();
        let mut known: Vec<&str> = KEYS.iter().filter_map(|key| key.name.split('.').next()).collect();
        known.dedup();
        assert_eq!(read, known);
        for key in KEYS {
            let values = match key.kind {
                Kind::Flag => vec!["true".to_owned()],
                Kind::Number => vec!["7".to_owned()],
                Kind::Text | Kind::Keys => vec!["\"x\"".to_owned()],
                Kind::Word(words) => words.iter().map(|word| format!("\"{word}\"")).collect(),
            };
            for value in values {
                let text = format!("{} = {value}\n", key.name.replace('*', "x"));
                assert!(mistakes(&text).is_empty(), "{text}");
                assert!(toml::from_str::<Written>(&text).is_ok(), "{text}");
            }
        }
    }

    #[test]
    fn an_unknown_vault_is_an_error_that_says_what_there_is() {
        let error = load(&[("HALLPASS_HOME", "/x"), ("HALLPASS_VAULT", "cloud")], &Overrides::default()).unwrap_err();
        assert_eq!(error.to_string(), "`cloud` is not a value for HALLPASS_VAULT: expected keychain, sealed or memory");
    }

    #[test]
    fn a_passphrase_file_loses_its_last_newline_only() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), " two words \n").unwrap();
        let settings = load(
            &[("HALLPASS_HOME", "/x"), ("HALLPASS_PASSPHRASE_FILE", file.path().to_str().unwrap())],
            &Overrides::default(),
        )
        .unwrap();
        assert_eq!(settings.vault.passphrase.unwrap().expose(), " two words ");
    }

    #[test]
    fn the_credentials_of_a_proxy_are_not_kept() {
        let settings =
            load(&[("HALLPASS_HOME", "/x"), ("HTTPS_PROXY", "http://user:canary@proxy:3128")], &Overrides::default())
                .unwrap();
        assert_eq!(settings.surroundings.proxies, ["HTTPS_PROXY=http://proxy:3128"]);
    }
}
