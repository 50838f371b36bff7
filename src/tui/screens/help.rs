//! Every key, from the one table, and what can follow a key that others follow.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;
use unicode_width::UnicodeWidthStr;

use super::draw_scrolled;
use crate::tui::app::App;
use crate::tui::keys::{Context, contexts};
use crate::tui::widgets::paint::{cut, lines, padded, popup};

/// How much room the keys have.
const KEYS: usize = 18;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, scroll: &mut usize) {
    let look = &app.setup.look;
    let theme = look.theme;
    let inside = popup(frame, area, "Every key · ↓ scrolls, any other key ends it", (76, 60), theme);
    let width = usize::from(inside.width);
    let line = |key: &str, label: &str| {
        Line::from(vec![
            Span::raw("  "),
            Span::styled(padded(key, KEYS), theme.key()),
            Span::raw(" "),
            Span::raw(cut(label, width.saturating_sub(KEYS + 3))),
        ])
    };
    let mut told = Vec::new();
    for context in Context::ALL {
        told.push(Line::styled(context.title(), theme.title()));
        let here = [context];
        let bindings = look.keymap.offered(&here, app.setup.capabilities);
        told.extend(bindings.map(|binding| line(&binding.all_keys(), binding.entry.label)));
        told.push(Line::raw(""));
    }
    told.push(Line::styled("In forms, and wherever something is typed", theme.title()));
    for (key, label) in [
        ("tab, ↓, ↑", "from line to line"),
        ("enter", "to the next line, and at the last one: go"),
        ("ctrl-u, ctrl-w", "empty the line, take a word away"),
        ("esc", "leave"),
        ("ctrl-c", "leave the program, from anywhere"),
    ] {
        told.push(line(key, label));
    }
    told.push(Line::raw(""));
    let more = "Each action has a name (: shows them), and can have other keys: [keys] in the settings file.";
    told.extend(
        crate::tui::widgets::paint::wrapped(more, width).into_iter().map(|line| Line::styled(line, theme.faint())),
    );
    draw_scrolled(frame, inside, told, scroll);
}

/// Says which keys can follow, above the footer.
pub(super) fn draw_which_key(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let look = &app.setup.look;
    let here = contexts(app.view);
    let follow = look.keymap.after(&app.pending, &here, app.setup.capabilities);
    let cell = |(key, binding): &(String, &crate::tui::keys::Binding)| (key.clone(), binding.entry.label);
    let cells: Vec<(String, &str)> = follow.iter().map(cell).collect();
    let width = cells.iter().map(|(key, label)| key.width() + label.width() + 4).max().unwrap_or(1).max(1);
    let columns = (usize::from(area.width) / width).clamp(1, 4);
    let rows = cells.len().div_ceil(columns);
    let height = u16::try_from(rows + 1).unwrap_or(u16::MAX).min(area.height);
    let [_, place] = Layout::vertical([Constraint::Fill(1), Constraint::Length(height)]).areas(area);
    frame.render_widget(Clear, place);
    let pressed: Vec<String> = app.pending.iter().map(ToString::to_string).collect();
    let title = format!(" {} … esc leaves", pressed.join(" "));
    let mut told = vec![Line::styled(padded(&title, usize::from(place.width)), look.theme.faint())];
    for row in 0..rows {
        let cells = cells.iter().skip(row).step_by(rows);
        let spans = cells.flat_map(|(key, label)| {
            let gap = width.saturating_sub(key.width() + 3);
            [
                Span::raw(" "),
                Span::styled(key.clone(), look.theme.key()),
                Span::raw(" "),
                Span::raw(padded(label, gap)),
                Span::raw(" "),
            ]
        });
        told.push(spans.collect());
    }
    lines(frame, place, told);
}
