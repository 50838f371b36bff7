//! Every key, from the one table.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::draw_scrolled;
use crate::tui::app::App;
use crate::tui::keys::{Context, TABLE};
use crate::tui::widgets::paint::{cut, padded, popup};

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, scroll: usize) {
    let theme = app.setup.theme;
    let inside = popup(frame, area, "Every key · ↓ scrolls, any other key ends it", (64, 40), theme);
    let width = usize::from(inside.width);
    let mut lines = Vec::new();
    for context in [
        Context::Everywhere,
        Context::Connections,
        Context::Configs,
        Context::Providers,
        Context::Activity,
        Context::Waiting,
        Context::Device,
    ] {
        let bindings = TABLE.iter().filter(|binding| binding.contexts.contains(&context));
        let bindings = bindings.filter(|binding| binding.is_offered(app.setup.capabilities));
        lines.push(Line::styled(context.title(), theme.title()));
        for binding in bindings {
            let label = cut(binding.label, width.saturating_sub(14));
            lines.push(Line::from(vec![
                Span::raw("  "),
                Span::styled(padded(binding.shown, 11), theme.key()),
                Span::raw(label),
            ]));
        }
        lines.push(Line::raw(""));
    }
    lines.push(Line::styled("In forms", theme.title()));
    for (key, label) in [
        ("tab ↓ ↑", "from line to line"),
        ("enter", "to the next line, and at the last one: go"),
        ("ctrl-u", "empty the line"),
        ("esc", "leave"),
        ("ctrl-c", "leave the program, from anywhere"),
    ] {
        let label = cut(label, width.saturating_sub(14));
        lines.push(Line::from(vec![Span::raw("  "), Span::styled(padded(key, 11), theme.key()), Span::raw(label)]));
    }
    draw_scrolled(frame, inside, lines, scroll);
}
