//! Styles by meaning. Never a colour alone: a shape, a word or a modifier says the same, so that nothing is
//! lost without colours.

mod own;

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};

use crate::model::Health;
use crate::settings::{Mistake, OwnTheme};

/// What a style can be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything that no other one is for.
    Text,
    /// Something that works.
    Good,
    /// Something to look at.
    Warning,
    /// Something that does not work.
    Bad,
    /// The name of something that can be pressed.
    Key,
    /// What is less important.
    Faint,
    /// A heading.
    Title,
    /// The selected row.
    Selected,
    /// The view that is open.
    OpenTab,
    /// The frame of something in front.
    Frame,
    /// What matches a filter.
    Matched,
    /// A row that is marked.
    Marked,
}

impl Role {
    const ALL: [Self; 12] = [
        Self::Text,
        Self::Good,
        Self::Warning,
        Self::Bad,
        Self::Key,
        Self::Faint,
        Self::Title,
        Self::Selected,
        Self::OpenTab,
        Self::Frame,
        Self::Matched,
        Self::Marked,
    ];

    /// Returns its name in the settings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
            Self::Key => "key",
            Self::Faint => "faint",
            Self::Title => "title",
            Self::Selected => "selected",
            Self::OpenTab => "open_tab",
            Self::Frame => "frame",
            Self::Matched => "matched",
            Self::Marked => "marked",
        }
    }
}

/// The names of the themes that are built in.
pub const NAMES: [&str; 4] = ["dark", "light", "high-contrast", "ansi"];

/// The styles of the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    has_colors: bool,
    styles: [Style; Role::ALL.len()],
}

/// What the terminal shows colours on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Light text on something dark.
    Dark,
    /// Dark text on something light.
    Light,
}

impl Theme {
    /// Makes the theme that fits every terminal: its own sixteen colours, or none.
    pub fn new(has_colors: bool) -> Self {
        Self::ansi(Ground::Dark).with_colors(has_colors)
    }

    /// Returns a built-in theme; where the terminal has sixteen colours only, in those.
    pub fn named(name: &str, has_true_colors: bool) -> Option<Self> {
        Some(match name {
            "dark" if has_true_colors => Self::dark(),
            "light" if has_true_colors => Self::light(),
            "high-contrast" if has_true_colors => Self::high_contrast(),
            "light" => Self::ansi(Ground::Light),
            "high-contrast" => Self::high_contrast_ansi(),
            "dark" | "ansi" => Self::ansi(Ground::Dark),
            _ => return None,
        })
    }

    /// Returns every theme that can be chosen: the built-in ones and those of the settings, over them.
    pub fn all(own: &[OwnTheme], has_true_colors: bool) -> Result<BTreeMap<String, Self>, Vec<Mistake>> {
        let built_in = NAMES.iter().filter_map(|name| Some(((*name).to_owned(), Self::named(name, has_true_colors)?)));
        own::over(built_in.collect(), own)
    }

    /// Takes all colours away, or none.
    #[must_use]
    pub fn with_colors(mut self, has_colors: bool) -> Self {
        self.has_colors = has_colors;
        if !has_colors {
            for (role, style) in Role::ALL.into_iter().zip(&mut self.styles) {
                let modifiers = style.add_modifier | plain(role);
                *style = Style::new().add_modifier(modifiers);
            }
        }
        self
    }

    fn of(style: impl Fn(Role) -> Style) -> Self {
        Self { has_colors: true, styles: Role::ALL.map(style) }
    }

    /// The sixteen colours of the terminal, whose own palette decides.
    fn ansi(ground: Ground) -> Self {
        // Yellow cannot be read on white, nor cyan.
        let (warning, key) = match ground {
            Ground::Dark => (Color::Yellow, Color::Cyan),
            Ground::Light => (Color::Magenta, Color::Blue),
        };
        Self::of(|role| match role {
            Role::Text => Style::new(),
            Role::Good => Style::new().fg(Color::Green),
            Role::Warning => Style::new().fg(warning),
            Role::Bad => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
            Role::Key => Style::new().fg(key).add_modifier(Modifier::BOLD),
            Role::Faint => Style::new().fg(Color::DarkGray),
            Role::Title => Style::new().add_modifier(Modifier::BOLD),
            // One colour for the whole row: several would tear it apart.
            Role::Selected => Style::new().fg(Color::Reset).add_modifier(Modifier::REVERSED),
            Role::OpenTab => Style::new().fg(key).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            Role::Frame => Style::new().fg(key),
            Role::Matched => Style::new().fg(warning).add_modifier(Modifier::UNDERLINED),
            Role::Marked => Style::new().fg(Color::Magenta).add_modifier(Modifier::BOLD),
        })
    }

    /// For dark grounds; every text has a contrast of at least 4.5 to 1 on black and on #1e1e2e.
    fn dark() -> Self {
        let rgb = |red, green, blue| Style::new().fg(Color::Rgb(red, green, blue));
        Self::of(|role| match role {
            Role::Text => Style::new(),
            Role::Good => rgb(126, 231, 135),
            Role::Warning => rgb(227, 179, 65),
            Role::Bad => rgb(255, 123, 114).add_modifier(Modifier::BOLD),
            Role::Key => rgb(121, 192, 255).add_modifier(Modifier::BOLD),
            Role::Faint => rgb(145, 152, 161),
            Role::Title => Style::new().add_modifier(Modifier::BOLD),
            Role::Selected => rgb(255, 255, 255).bg(Color::Rgb(31, 74, 125)).add_modifier(Modifier::BOLD),
            Role::OpenTab => rgb(121, 192, 255).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            Role::Frame => rgb(88, 146, 210),
            Role::Matched => rgb(255, 166, 87).add_modifier(Modifier::UNDERLINED),
            Role::Marked => rgb(210, 168, 255).add_modifier(Modifier::BOLD),
        })
    }

    /// For light grounds; every text has a contrast of at least 4.5 to 1 on white and on #f0f0f0.
    fn light() -> Self {
        let rgb = |red, green, blue| Style::new().fg(Color::Rgb(red, green, blue));
        Self::of(|role| match role {
            Role::Text => Style::new(),
            Role::Good => rgb(17, 99, 41),
            Role::Warning => rgb(125, 78, 0),
            Role::Bad => rgb(164, 14, 38).add_modifier(Modifier::BOLD),
            Role::Key => rgb(5, 80, 174).add_modifier(Modifier::BOLD),
            Role::Faint => rgb(87, 96, 106),
            Role::Title => Style::new().add_modifier(Modifier::BOLD),
            Role::Selected => rgb(10, 20, 40).bg(Color::Rgb(191, 219, 254)).add_modifier(Modifier::BOLD),
            Role::OpenTab => rgb(5, 80, 174).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            Role::Frame => rgb(9, 105, 218),
            Role::Matched => rgb(149, 56, 0).add_modifier(Modifier::UNDERLINED),
            Role::Marked => rgb(102, 57, 186).add_modifier(Modifier::BOLD),
        })
    }

    /// White on black, and the colours of Okabe and Ito, which people with any colour vision tell apart.
    fn high_contrast() -> Self {
        let rgb = |red, green, blue| Style::new().fg(Color::Rgb(red, green, blue));
        Self::of(|role| match role {
            Role::Text => rgb(255, 255, 255).bg(Color::Rgb(0, 0, 0)),
            Role::Good => rgb(86, 180, 233),
            Role::Warning => rgb(240, 228, 66),
            Role::Bad => rgb(255, 128, 64).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            Role::Key => rgb(255, 255, 255).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            Role::Faint => rgb(208, 208, 208),
            Role::Title => rgb(255, 255, 255).add_modifier(Modifier::BOLD),
            Role::Selected => rgb(0, 0, 0).bg(Color::Rgb(255, 255, 255)).add_modifier(Modifier::BOLD),
            Role::OpenTab => rgb(0, 0, 0).bg(Color::Rgb(240, 228, 66)).add_modifier(Modifier::BOLD),
            Role::Frame => rgb(255, 255, 255),
            Role::Matched => rgb(240, 228, 66).add_modifier(Modifier::UNDERLINED | Modifier::BOLD),
            Role::Marked => rgb(230, 159, 0).add_modifier(Modifier::BOLD),
        })
    }

    fn high_contrast_ansi() -> Self {
        Self::of(|role| match role {
            Role::Text | Role::Faint | Role::Frame => Style::new().fg(Color::White).bg(Color::Black),
            Role::Good => Style::new().fg(Color::LightCyan),
            Role::Warning => Style::new().fg(Color::LightYellow),
            Role::Bad => Style::new().fg(Color::LightYellow).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            Role::Key => Style::new().fg(Color::White).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            Role::Title => Style::new().fg(Color::White).add_modifier(Modifier::BOLD),
            Role::Selected | Role::OpenTab => {
                Style::new().fg(Color::Black).bg(Color::White).add_modifier(Modifier::BOLD)
            }
            Role::Matched => Style::new().fg(Color::LightYellow).add_modifier(Modifier::UNDERLINED),
            Role::Marked => Style::new().fg(Color::LightMagenta).add_modifier(Modifier::BOLD),
        })
    }

    /// A picture of full and half blocks, a full block light.
    pub fn picture(self) -> Style {
        if self.has_colors {
            Style::new().fg(Color::White).bg(Color::Black).add_modifier(Modifier::BOLD)
        } else {
            Style::new()
        }
    }

    /// Returns the style for a role.
    pub fn style(self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// Everything that no other style is for.
    pub fn text(self) -> Style {
        self.style(Role::Text)
    }

    /// Something that works.
    pub fn good(self) -> Style {
        self.style(Role::Good)
    }

    /// Something to look at.
    pub fn warning(self) -> Style {
        self.style(Role::Warning)
    }

    /// Something that does not work.
    pub fn bad(self) -> Style {
        self.style(Role::Bad)
    }

    /// The name of something that can be pressed.
    pub fn key(self) -> Style {
        self.style(Role::Key)
    }

    /// What is less important.
    pub fn faint(self) -> Style {
        self.style(Role::Faint)
    }

    /// A heading.
    pub fn title(self) -> Style {
        self.style(Role::Title)
    }

    /// The selected row.
    pub fn selected(self) -> Style {
        self.style(Role::Selected)
    }

    /// The view that is open.
    pub fn open_tab(self) -> Style {
        self.style(Role::OpenTab)
    }

    /// The frame of something in front.
    pub fn frame(self) -> Style {
        self.style(Role::Frame)
    }

    /// What matches a filter.
    pub fn matched(self) -> Style {
        self.style(Role::Matched)
    }

    /// A row that is marked.
    pub fn marked(self) -> Style {
        self.style(Role::Marked)
    }

    /// The state of a connection: its shape and its style.
    pub fn health(self, health: Health) -> (&'static str, Style) {
        match health {
            Health::Fresh(_) | Health::Endless => ("●", self.good()),
            Health::Expiring(_) | Health::Refreshable => ("◐", self.warning()),
            Health::Expired | Health::Refused => ("✗", self.bad()),
            Health::Untold => ("○", self.faint()),
        }
    }
}

/// What says without colours what a colour says elsewhere.
fn plain(role: Role) -> Modifier {
    match role {
        Role::Faint => Modifier::DIM,
        Role::Bad | Role::Key | Role::Title | Role::Marked => Modifier::BOLD,
        Role::Selected => Modifier::REVERSED,
        Role::OpenTab => Modifier::BOLD.union(Modifier::UNDERLINED),
        Role::Matched => Modifier::UNDERLINED,
        Role::Text | Role::Good | Role::Warning | Role::Frame => Modifier::empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of WCAG 2.
    fn luminance((red, green, blue): (u8, u8, u8)) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    fn contrast(one: (u8, u8, u8), other: (u8, u8, u8)) -> f64 {
        let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
        one.max(other) / one.min(other)
    }

    #[test]
    fn every_text_of_the_true_colour_themes_can_be_read_on_its_ground() {
        let grounds = [
            ("dark", vec![(0, 0, 0), (30, 30, 46)]),
            ("light", vec![(255, 255, 255), (240, 240, 240)]),
            ("high-contrast", vec![(0, 0, 0)]),
        ];
        for (name, grounds) in grounds {
            let theme = Theme::named(name, true).unwrap();
            for role in Role::ALL {
                let style = theme.style(role);
                let Some(Color::Rgb(red, green, blue)) = style.fg else { continue };
                let own = style.bg.map(|color| match color {
                    Color::Rgb(red, green, blue) => (red, green, blue),
                    other => panic!("{other}"),
                });
                for ground in own.map_or(grounds.clone(), |own| vec![own]) {
                    let found = contrast((red, green, blue), ground);
                    let least = if name == "high-contrast" { 7.0 } else { 4.5 };
                    assert!(found >= least, "{name}: {} has {found:.2} on {ground:?}", role.word());
                }
            }
        }
    }

    #[test]
    fn without_colours_every_meaning_has_a_modifier_or_a_shape() {
        for name in NAMES {
            let theme = Theme::named(name, true).unwrap().with_colors(false);
            for role in Role::ALL {
                let style = theme.style(role);
                assert_eq!((style.fg, style.bg), (None, None), "{name}: {}", role.word());
            }
            assert!(theme.selected().add_modifier.contains(Modifier::REVERSED), "{name}");
        }
    }
}
