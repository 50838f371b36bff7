//! Names to choose from.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::safe;
use crate::tui::app::App;
use crate::tui::modal::Finder;
use crate::tui::widgets::paint::{lines, padded, popup};
use crate::tui::widgets::prompt;

/// How wide and how high it is, where there is room.
const SIZE: (u16, u16) = (76, 20);

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, finder: &mut Finder) {
    let theme = app.setup.look.theme;
    let inside = popup(frame, area, finder.title, SIZE, theme);
    let [typed, body] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(inside);
    let (shown, total) = finder.list.counts();
    let width = usize::from(typed.width);
    prompt::draw(frame, typed, finder.list.filter(), format!("{shown} of {total}"), theme);
    let rows = finder.list.window_rows(usize::from(body.height));
    if rows.is_empty() {
        let told = match finder.nearest() {
            Some(nearest) => format!("Nothing of this name. The nearest is {nearest}."),
            None => "Nothing of this name.".to_owned(),
        };
        lines(frame, body, vec![Line::styled(safe(&told, width), theme.faint())]);
        return;
    }
    let widest = rows.iter().map(|(row, _)| finder.candidates[*row].text.width()).max().unwrap_or(0);
    let told = rows.into_iter().map(|(row, is_selected)| {
        let candidate = &finder.candidates[row];
        let over = if is_selected { theme.selected() } else { Style::new() };
        let keys = candidate.key.width().max(1);
        let name = widest.clamp(20, (width.saturating_sub(keys + 2) / 2 + 4).max(20));
        let note = width.saturating_sub(name + keys + 2);
        Line::from(vec![
            Span::styled(padded(&candidate.text, name), over),
            Span::styled(" ", over),
            Span::styled(padded(&candidate.note, note), theme.faint().patch(over)),
            Span::styled(" ", over),
            Span::styled(candidate.key.clone(), theme.key().patch(over)),
        ])
    });
    lines(frame, body, told.collect());
}
