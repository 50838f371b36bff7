//! The line above a list of names, in which one types what narrows it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::input::Input;
use super::paint::{cut, padded};
use crate::tui::theme::Theme;

/// Draws what is typed, with the cursor in it, and `count` at its right.
pub fn draw(frame: &mut Frame<'_>, place: Rect, typed: &Input, count: String, theme: Theme) {
    let room = usize::from(place.width).saturating_sub(count.width() + 3);
    let line = Line::from(vec![
        Span::styled("› ", theme.key()),
        Span::raw(padded(&cut(typed.text(), room), room)),
        Span::raw(" "),
        Span::styled(count, theme.faint()),
    ]);
    frame.render_widget(line, place);
    let cursor = u16::try_from(typed.before_cursor().width()).unwrap_or(u16::MAX);
    let column = place.x.saturating_add(2).saturating_add(cursor);
    frame.set_cursor_position((column.min(place.right()), place.y));
}
