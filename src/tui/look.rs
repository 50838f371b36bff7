//! How the screens look and what keys they take: what the settings say of it, checked before the terminal
//! is taken.

use std::time::Duration;

use super::keys::Keymap;
use super::theme::Theme;
use crate::service::Error;
use crate::settings::Settings;

/// How the screens look and what keys they take.
#[derive(Debug, Clone)]
pub struct Look {
    /// Which key does what.
    pub keymap: Keymap,
    /// The styles.
    pub theme: Theme,
    /// How long a key that others follow is waited after before the screen says which; `None` never says it.
    pub which_key: Option<Duration>,
}

impl Look {
    /// Reads it from the settings. Whatever is wrong there is told at once, each with its line.
    pub fn of(settings: &Settings) -> Result<Self, Error> {
        let keymap = Keymap::with(&settings.screen.keys).map_err(|problems| {
            let mut error = Error::usage(format!("`{}` has mistakes in its [keys]", settings.paths.settings.display()));
            error.causes = problems.iter().map(ToString::to_string).collect();
            error.hinted("mend these lines, or take them away: every action has keys of its own")
        })?;
        let theme = Theme::new(!settings.surroundings.no_color);
        Ok(Self { keymap, theme, which_key: settings.screen.which_key })
    }
}
