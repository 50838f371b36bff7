//! The keys that an authorization takes while it waits, in a browser or on another device.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::tui::app::App;
use crate::tui::keys::{Action, Binding, Context};

pub(super) fn keys(app: &App, context: Context, has_device: bool, width: usize) -> Vec<Line<'static>> {
    let mut rows: Vec<Vec<Span<'static>>> = vec![Vec::new()];
    let mut used = 0;
    let setup = &app.setup;
    let is_offered = |binding: &&Binding| match binding.entry.action {
        Action::UseDevice => has_device,
        Action::Allow => app.is_sandbox,
        _ => true,
    };
    for binding in setup.look.keymap.offered(&[context], setup.capabilities).filter(is_offered) {
        let label = match binding.entry.action {
            Action::Back => "cancel",
            _ if width < 60 => binding.entry.short,
            _ => binding.entry.label,
        };
        let more = binding.shown.width() + label.width() + 4;
        if used + more > width {
            rows.push(Vec::new());
            used = 0;
        }
        used += more;
        if let Some(row) = rows.last_mut() {
            row.extend([
                Span::styled(binding.shown.clone(), setup.look.theme.key()),
                Span::styled(format!(" {label}   "), Style::new()),
            ]);
        }
    }
    rows.into_iter().map(Line::from).collect()
}
