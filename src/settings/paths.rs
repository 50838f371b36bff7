//! Where everything is: under one folder, or where the platform keeps such things.

use std::path::{Path, PathBuf};

use super::{Environment, Overrides, SettingsError};

/// Every place that is read or written.
#[derive(Debug, Clone)]
pub struct Paths {
    /// `settings.toml`.
    pub settings: PathBuf,
    /// The user's own provider files.
    pub providers: PathBuf,
    /// The store.
    pub store: PathBuf,
    /// The sealed vault.
    pub sealed_vault: PathBuf,
    /// The certificate for HTTPS on this machine.
    pub certificate: PathBuf,
    /// Its private key.
    pub certificate_key: PathBuf,
    /// Lock files.
    pub locks: PathBuf,
    /// The folder of the log.
    pub logs: PathBuf,
    /// The log of the terminal UI, written when `-v` asks for it.
    pub log: PathBuf,
}

/// Returns the folders that say whose machine this is, and what is shown in their place; the longest first.
pub fn paths_of_home(paths: &Paths) -> Vec<(String, &'static str)> {
    let user = directories::BaseDirs::new().map(|dirs| (dirs.home_dir().display().to_string(), "~"));
    let own = paths.store.parent().map(|folder| (folder.display().to_string(), "(data)"));
    let settings = paths.settings.parent().map(|folder| (folder.display().to_string(), "(settings)"));
    let mut all: Vec<_> = [own, settings, user].into_iter().flatten().filter(|(path, _)| path.len() > 1).collect();
    // Where they are below the user's home, it is said so.
    let home = all.last().filter(|(_, shown)| *shown == "~").cloned();
    all.retain(|(path, shown)| {
        *shown == "~" || !home.as_ref().is_some_and(|(home, _)| path.starts_with(home.as_str()))
    });
    all
}

/// The name of the log's file.
const LOG: &str = "hallpass.log";

impl Paths {
    /// Finds them, as the environment and the flags name them.
    pub fn find(environment: &Environment, overrides: &Overrides) -> Result<Self, SettingsError> {
        let home = overrides.home.clone().or_else(|| environment.get("HALLPASS_HOME").map(PathBuf::from));
        if let Some(home) = home {
            return Ok(Self::below(&home));
        }
        // XDG on every system where it is set: macOS users of terminal programs expect it too.
        let xdg = |name| environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let usual = directories::ProjectDirs::from("", "", "hallpass");
        let folder = |name, usual: Option<&Path>| {
            xdg(name)
                .map(|path| path.join("hallpass"))
                .or_else(|| usual.map(Path::to_owned))
                .ok_or(SettingsError::NoHome)
        };
        let config = folder("XDG_CONFIG_HOME", usual.as_ref().map(directories::ProjectDirs::config_dir))?;
        let data = folder("XDG_DATA_HOME", usual.as_ref().map(directories::ProjectDirs::data_local_dir))?;
        let state = usual.as_ref().map(|usual| usual.state_dir().unwrap_or_else(|| usual.data_local_dir()));
        let state = folder("XDG_STATE_HOME", state)?;
        Ok(Self {
            settings: config.join("settings.toml"),
            providers: config.join("providers"),
            store: data.join("hallpass.db"),
            sealed_vault: data.join("vault.db"),
            certificate: data.join("localhost.crt"),
            certificate_key: data.join("localhost.key"),
            locks: state.join("locks"),
            logs: state.join("logs"),
            log: state.join("logs").join(LOG),
        })
    }

    /// Puts everything below one folder.
    pub fn below(home: &Path) -> Self {
        Self {
            settings: home.join("settings.toml"),
            providers: home.join("providers"),
            store: home.join("hallpass.db"),
            sealed_vault: home.join("vault.db"),
            certificate: home.join("localhost.crt"),
            certificate_key: home.join("localhost.key"),
            locks: home.join("locks"),
            logs: home.join("logs"),
            log: home.join("logs").join(LOG),
        }
    }

    /// Returns every path with its name, in the order in which people ask for them.
    pub fn named(&self) -> [(&'static str, &Path); 9] {
        [
            ("settings", &self.settings),
            ("providers", &self.providers),
            ("store", &self.store),
            ("sealed_vault", &self.sealed_vault),
            ("certificate", &self.certificate),
            ("certificate_key", &self.certificate_key),
            ("locks", &self.locks),
            ("logs", &self.logs),
            ("log", &self.log),
        ]
    }
}
