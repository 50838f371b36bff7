//! Colours by meaning. The sixteen ANSI colours alone, so that the terminal's own palette decides;
//! and never colour alone, so that nothing is lost without it.

use ratatui::style::{Color, Modifier, Style};

use crate::model::Health;

/// The styles of the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    has_colors: bool,
}

impl Theme {
    /// Makes the theme for a terminal with or without colours.
    pub fn new(has_colors: bool) -> Self {
        Self { has_colors }
    }

    fn colored(self, color: Color) -> Style {
        if self.has_colors { Style::new().fg(color) } else { Style::new() }
    }

    /// A picture of full and half blocks, a full block light.
    pub fn picture(self) -> Style {
        if self.has_colors {
            Style::new().fg(Color::White).bg(Color::Black).add_modifier(Modifier::BOLD)
        } else {
            Style::new()
        }
    }

    /// Something that works.
    pub fn good(self) -> Style {
        self.colored(Color::Green)
    }

    /// Something to look at.
    pub fn warning(self) -> Style {
        self.colored(Color::Yellow)
    }

    /// Something that does not work.
    pub fn bad(self) -> Style {
        self.colored(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// The name of something that can be pressed.
    pub fn key(self) -> Style {
        self.colored(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// What is less important.
    pub fn faint(self) -> Style {
        if self.has_colors { Style::new().fg(Color::DarkGray) } else { Style::new().add_modifier(Modifier::DIM) }
    }

    /// A heading.
    pub fn title(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The selected row.
    pub fn selected(self) -> Style {
        // One colour for the whole row: several would tear it apart.
        Style::new().fg(Color::Reset).add_modifier(Modifier::REVERSED)
    }

    /// The view that is open.
    pub fn open_tab(self) -> Style {
        self.colored(Color::Cyan).add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// The frame of something in front.
    pub fn frame(self) -> Style {
        self.colored(Color::Cyan)
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
