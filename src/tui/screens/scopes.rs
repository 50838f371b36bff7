//! The choice of scopes: which are asked for, and what that adds or takes away.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::safe;
use crate::tui::app::App;
use crate::tui::modal::ScopePicker;
use crate::tui::widgets::paint::{cut, lines, padded, popup};
use crate::tui::widgets::prompt;

/// How wide and how high it is, where there is room.
const SIZE: (u16, u16) = (76, 24);

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, picker: &mut ScopePicker) {
    let theme = app.setup.look.theme;
    let inside = popup(frame, area, "Scopes", SIZE, theme);
    let [typed, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)]).areas(inside);
    let width = usize::from(inside.width);
    let (shown, total) = picker.list.counts();
    let (added, taken) = picker.changes();
    let count = format!("+{added} –{taken} · {shown} of {total}");
    prompt::draw(frame, typed, picker.list.filter(), count, theme);
    let rows = picker.list.window_rows(usize::from(body.height)).into_iter();
    let told = rows.map(|(row, is_selected)| {
        let choice = &picker.choices[row];
        let over = if is_selected { theme.selected() } else { Style::new() };
        let (mark, style) = match (choice.was_chosen, choice.is_chosen) {
            (false, true) => ("[+]", theme.good()),
            (true, false) => ("[–]", theme.warning()),
            (true, true) => ("[✓]", Style::new()),
            (false, false) => ("[ ]", theme.faint()),
        };
        let note = cut(&choice.note, width / 3);
        let name = width.saturating_sub(note.width() + 5);
        Line::from(vec![
            Span::styled(format!("{mark} "), style.patch(over)),
            Span::styled(padded(&safe(&choice.name, name), name), style.patch(over)),
            Span::styled(" ", over),
            Span::styled(note, theme.faint().patch(over)),
        ])
    });
    let told: Vec<Line<'static>> = told.collect();
    lines(frame, body, told);
    let hints = [("space", "asks for it or not"), ("enter", "takes the choice"), ("esc", "leaves it")];
    let hints = hints
        .into_iter()
        .flat_map(|(key, label)| [Span::styled(key, theme.key()), Span::styled(format!(" {label}  "), theme.faint())]);
    lines(frame, foot, vec![hints.collect()]);
}
