//! How the screens look and what keys they take: what the settings say of it, checked before the terminal
//! is taken, and again whenever the settings file changes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::keys::Keymap;
use super::theme::{Ground, Theme};
use crate::service::Error;
use crate::settings::{Mistake, OwnTheme, ScreenSettings, Settings};

/// The word of the settings for the theme that fits the terminal.
const AUTO: &str = "auto";

/// How the screens look and what keys they take.
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Which key does what.
    pub keymap: Keymap,
    /// The styles.
    pub theme: Theme,
    /// Their name.
    pub theme_name: String,
    /// What the terminal shows colours on, as far as that was found out.
    pub ground: Option<Ground>,
    /// Every theme that can be chosen.
    pub themes: BTreeMap<String, Theme>,
    /// How long a key that others follow is waited after before the screen says which; `None` never says it.
    pub which_key: Option<Duration>,
    /// Whether nothing but ASCII is drawn, but for what names hold.
    pub is_ascii: bool,
    /// Whether the mouse is taken.
    pub takes_mouse: bool,
    /// Whether what waits moves.
    pub moves: bool,
    /// Whether the bell rings when an authorization ends while nobody looks.
    pub rings: bool,
}

impl Default for Look {
    fn default() -> Self {
        let themes = Theme::all(&[], false).unwrap_or_default();
        Self {
            keymap: Keymap::default(),
            theme: Theme::new(true),
            theme_name: "ansi".to_owned(),
            themes,
            ground: None,
            which_key: Some(Duration::from_millis(500)),
            is_ascii: false,
            takes_mouse: true,
            moves: true,
            rings: true,
        }
    }
}

impl Look {
    /// Reads it from the settings; `ground` is asked where a theme is to fit it. Whatever is wrong in the
    /// settings is told at once, each with its line.
    pub fn of(settings: &Settings, ground: impl FnOnce() -> Option<Ground>) -> Result<Self, Error> {
        Self::read(&settings.screen, settings, ground)
    }

    /// Reads it again from a settings file that has changed. The ground stays the one that was found before.
    pub(super) fn again(&self, settings: &Settings) -> Result<Self, Error> {
        let screen = settings.screen_again().map_err(|error| Error::usage(error.to_string()))?;
        Self::read(&screen, settings, || self.ground)
    }

    fn read(
        screen: &ScreenSettings,
        settings: &Settings,
        ground: impl FnOnce() -> Option<Ground>,
    ) -> Result<Self, Error> {
        let (has_colors, has_true_colors) = (!settings.surroundings.no_color, settings.surroundings.has_true_colors);
        let (keymap, themes) = checked(screen, has_true_colors).map_err(|mistakes| {
            let path = settings.paths.settings.display();
            let mut error = Error::usage(format!("`{path}` says something that the terminal UI cannot do"));
            error.causes = mistakes.iter().map(ToString::to_string).collect();
            error.hinted("mend these lines, or take them away: every setting has a default")
        })?;
        let (theme_name, ground) = match &screen.theme {
            Some((name, _)) if name != AUTO => (name.clone(), None),
            _ => {
                let ground = ground();
                (fitting(ground, has_true_colors).to_owned(), ground)
            }
        };
        let themes: BTreeMap<String, Theme> =
            themes.into_iter().map(|(name, theme)| (name, theme.with_colors(has_colors))).collect();
        Ok(Self {
            keymap,
            theme: themes.get(&theme_name).copied().unwrap_or_else(|| Theme::new(has_colors)),
            theme_name,
            themes,
            ground,
            which_key: screen.which_key,
            is_ascii: screen.is_ascii,
            takes_mouse: screen.takes_mouse,
            moves: !screen.reduces_motion,
            rings: screen.rings_bell,
        })
    }

    /// Takes the next theme, by name.
    pub fn next_theme(&mut self) {
        let after = self.themes.iter().find(|(name, _)| **name > self.theme_name);
        if let Some((name, theme)) = after.or_else(|| self.themes.first_key_value()) {
            (self.theme_name, self.theme) = (name.clone(), *theme);
        }
    }
}

/// Returns what is wrong with the text of a settings file, as far as it concerns the terminal UI: names of actions and
/// styles that do not exist, keys that cannot be had. `others` are the mistakes that were found in it before.
pub fn mistakes(text: &str, others: &[Mistake]) -> Vec<Mistake> {
    let checked = Settings::screen_of(text, others).map(|screen| checked(&screen, true));
    checked.and_then(Result::err).unwrap_or_default()
}

/// Returns the keys and the themes that the settings ask for, or everything that is wrong with them, in the order of
/// its lines.
fn checked(screen: &ScreenSettings, has_true_colors: bool) -> Result<(Keymap, BTreeMap<String, Theme>), Vec<Mistake>> {
    let (keymap, themes) = (Keymap::with(&screen.keys), Theme::all(&screen.themes, has_true_colors));
    let unknown = screen.theme.as_ref().and_then(|(name, line)| unknown_theme(name, *line, &screen.themes));
    match (keymap, themes, unknown) {
        (Ok(keymap), Ok(themes), None) => Ok((keymap, themes)),
        (keymap, themes, unknown) => {
            let wrong = [keymap.err(), themes.err(), unknown.map(|mistake| vec![mistake])];
            let mut mistakes: Vec<Mistake> = wrong.into_iter().flatten().flatten().collect();
            mistakes.sort_by_key(|mistake| mistake.line);
            Err(mistakes)
        }
    }
}

fn unknown_theme(name: &str, line: usize, own: &[OwnTheme]) -> Option<Mistake> {
    let ours = Theme::all(&[], false).unwrap_or_default();
    let names = ours.keys().map(String::as_str).chain(own.iter().map(|own| own.name.as_str()));
    let names: BTreeSet<&str> = names.collect();
    if name == AUTO || names.contains(name) {
        return None;
    }
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    let name = crate::model::untrusted::line(name);
    Some(Mistake { line, message: format!("there is no theme `{name}`; there are {AUTO}, {names}") })
}

/// The theme that fits a ground. Where that is not known, the terminal's own colours do.
fn fitting(ground: Option<Ground>, has_true_colors: bool) -> &'static str {
    match (ground, has_true_colors) {
        (Some(Ground::Light), _) => "light",
        (Some(Ground::Dark), true) => "dark",
        (Some(Ground::Dark), false) | (None, _) => "ansi",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Environment, Overrides};

    fn settings(text: &str, environment: &[(&str, &str)]) -> Settings {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("settings.toml"), text).unwrap();
        let mut pairs = vec![("HALLPASS_HOME", home.path().to_str().unwrap())];
        pairs.extend(environment);
        Settings::load(&Environment::of(&pairs), &Overrides::default()).unwrap()
    }

    fn look(text: &str, environment: &[(&str, &str)], ground: Option<Ground>) -> Result<Look, Error> {
        Look::of(&settings(text, environment), || ground)
    }

    #[test]
    fn the_theme_fits_the_ground_and_what_the_terminal_can_show() {
        let all = [("COLORTERM", "truecolor")];
        let name = |text, environment: &[_], ground| look(text, environment, ground).unwrap().theme_name;
        assert_eq!(name("", &all, Some(Ground::Light)), "light");
        assert_eq!(name("theme = \"auto\"", &all, Some(Ground::Dark)), "dark");
        assert_eq!(name("", &all, None), "ansi", "what is not known is left to the terminal");
        assert_eq!(name("", &[], Some(Ground::Dark)), "ansi");
        assert_eq!(name("theme = \"high-contrast\"", &[], Some(Ground::Light)), "high-contrast");
    }

    #[test]
    fn a_ground_is_only_asked_for_where_the_theme_is_to_fit_it() {
        let settings = settings("theme = \"light\"", &[]);
        Look::of(&settings, || panic!("nobody asked")).unwrap();
    }

    #[test]
    fn everything_wrong_is_told_at_once_each_with_its_line() {
        let text = "theme = \"drak\"\n[keys]\nrefrsh = \"x\"\n[themes.mine]\ngod = \"red\"\n";
        let error = look(text, &[], None).unwrap_err();
        let causes = error.causes.join("\n");
        assert!(causes.contains("line 3: there is no action `refrsh`"), "{causes}");
        assert!(causes.contains("line 5: a theme has no style `god`"), "{causes}");
        assert!(causes.contains("line 1: there is no theme `drak`; there are auto, ansi,"), "{causes}");
        assert!(causes.contains("mine"), "{causes}");
    }

    #[test]
    fn colours_are_taken_away_from_every_theme() {
        let mut look = look("", &[("NO_COLOR", "1")], None).unwrap();
        for _ in 0..look.themes.len() {
            assert_eq!(look.theme.good().fg, None, "{}", look.theme_name);
            look.next_theme();
        }
    }
}
