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
    /// The log of the terminal UI, written when `-v` asks for it.
    pub logs: PathBuf,
}

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
        }
    }

    /// Returns every path with its name, in the order in which people ask for them.
    pub fn named(&self) -> [(&'static str, &Path); 8] {
        [
            ("settings", &self.settings),
            ("providers", &self.providers),
            ("store", &self.store),
            ("sealed_vault", &self.sealed_vault),
            ("certificate", &self.certificate),
            ("certificate_key", &self.certificate_key),
            ("locks", &self.locks),
            ("logs", &self.logs),
        ]
    }
}
