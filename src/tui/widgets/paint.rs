//! Putting text on the screen so that it never runs over: cut to a width, wrapped to a width,
//! framed.

use std::borrow::Cow;

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Padding};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::tui::theme::Theme;

/// Cuts `text` to `width` columns, with an ellipsis where something is missing.
pub fn cut(text: &str, width: usize) -> String {
    let text = &*drawn(text);
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut used = 0;
    // A sign that changes the one before it (`0` and U+FE0F) is as wide as both are together.
    for grapheme in text.graphemes(true) {
        let more = grapheme.width();
        if used + more + 1 > width {
            break;
        }
        shown.push_str(grapheme);
        used += more;
    }
    if width > 0 {
        shown.push('…');
    }
    shown
}

/// Returns how many columns a text takes: it is drawn grapheme by grapheme, and what would be joined where it is drawn
/// whole (Arabic, Hebrew) is not.
fn columns(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Returns what is drawn of a text: ratatui leaves out control characters, which would be counted.
fn drawn(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) { Cow::from(text.replace(char::is_control, "")) } else { Cow::from(text) }
}

/// Cuts or fills `text` to exactly `width` columns.
pub fn padded(text: &str, width: usize) -> String {
    let shown = cut(text, width);
    let gap = width.saturating_sub(columns(&shown));
    format!("{shown}{}", " ".repeat(gap))
}

/// Wraps `text` at blanks into lines of at most `width` columns; words that are longer are cut
/// where the line ends.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace().map(drawn) {
        let needed = if line.is_empty() { columns(&word) } else { columns(&line) + 1 + columns(&word) };
        if needed > width && !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for piece in word.graphemes(true).flat_map(|grapheme| pieces(grapheme, width)) {
            if columns(&line) + columns(piece) > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(piece);
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Returns what a line takes at once: a grapheme whole, or its characters where it is wider than a line can be.
fn pieces(grapheme: &str, width: usize) -> Vec<&str> {
    if grapheme.width() <= width {
        return vec![grapheme];
    }
    // One of Khmer takes three columns alone.
    grapheme.split_inclusive(|_| true).map(|piece| if piece.width() <= width { piece } else { "…" }).collect()
}

/// Returns the lines of a name and a value: the value wrapped beside the name, or below it where
/// the screen is narrow.
pub fn field(name: &str, value: &str, style: Style, width: usize, theme: Theme) -> Vec<Line<'static>> {
    const NAMES: usize = 13;
    if width < 36 {
        let name = Line::styled(name.to_owned(), theme.faint());
        let value =
            wrapped(value, width.saturating_sub(1)).into_iter().map(|line| Line::styled(format!(" {line}"), style));
        return std::iter::once(name).chain(value).collect();
    }
    let lines = wrapped(value, width.saturating_sub(NAMES + 1));
    let named = |(index, line): (usize, String)| {
        let name = if index == 0 { name } else { "" };
        Line::from(vec![Span::styled(padded(name, NAMES), theme.faint()), Span::raw(" "), Span::styled(line, style)])
    };
    lines.into_iter().enumerate().map(named).collect()
}

/// Returns a bar of `width` columns of which `part` of `whole` is filled.
pub fn bar(part: std::time::Duration, whole: std::time::Duration, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (width as u128 * 8 * part.as_millis()).checked_div(whole.as_millis()).unwrap_or(0);
    let eighths = usize::try_from(eighths).unwrap_or(usize::MAX).min(width * 8);
    let filled = format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8]);
    let rest = width - filled.chars().count();
    format!("{filled}{}", "░".repeat(rest))
}

/// Returns the width inside a popup that is to be so wide.
pub fn inside_width(area: Rect, width: u16) -> usize {
    let width = width.min(area.width);
    usize::from(width.saturating_sub(2 + 2 * u16::from(width > 30)))
}

/// Clears a place in the middle of `area` for something in front, frames it, and returns its
/// inside.
pub fn popup(frame: &mut Frame<'_>, area: Rect, title: &str, size: (u16, u16), theme: Theme) -> Rect {
    let (width, height) = (size.0.min(area.width), size.1.min(area.height));
    let place = area.centered(Constraint::Length(width), Constraint::Length(height));
    frame.render_widget(Clear, place);
    let title = cut(title, usize::from(width.saturating_sub(4)));
    let block = Block::bordered()
        .border_style(theme.frame())
        .title(Span::styled(format!(" {title} "), theme.title()))
        .padding(Padding::horizontal(u16::from(width > 30)));
    let inside = block.inner(place);
    frame.render_widget(block, place);
    inside
}

/// Draws lines from the top of `area`, those that fit.
pub fn lines(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'_>>) {
    for (row, line) in (area.y..area.bottom()).zip(lines) {
        frame.render_widget(line, Rect { y: row, height: 1, ..area });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(padded("日本", 6), "日本  ");
        assert_eq!(cut("لالا", 3), "لا…", "each letter is drawn on its own");
        assert_eq!(padded("\u{1b}]a\u{7}", 4), "]a  ", "what is not drawn is not counted");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn a_sign_that_widens_the_one_before_it_is_counted_with_it() {
        assert_eq!(cut("0\u{fe0f}ab", 2), "…");
        assert_eq!(cut("0\u{fe0f}ab", 3), "0\u{fe0f}…");
        assert_eq!(wrapped("a0\u{fe0f}b", 2), ["a", "0\u{fe0f}", "b"]);
        assert!(wrapped("a\u{dd8}\u{b02}", 2).iter().all(|line| columns(line) <= 2), "a grapheme of three columns");
        assert_eq!(wrapped("a\u{17d8}", 2), ["a…"]);
    }

    #[test]
    fn a_bar_empties() {
        let seconds = std::time::Duration::from_secs;
        assert_eq!(bar(seconds(60), seconds(60), 4), "████");
        assert_eq!(bar(seconds(31), seconds(60), 4), "██░░");
        assert_eq!(bar(seconds(5), seconds(60), 4), "▎░░░");
        assert_eq!(bar(seconds(0), seconds(60), 4), "░░░░");
        assert_eq!(bar(seconds(90), seconds(60), 4), "████", "a clock that was set back");
        assert_eq!(bar(seconds(1), seconds(0), 4), "░░░░");
    }

    #[test]
    fn words_are_kept_whole_where_they_fit() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("", 4), [""]);
    }

    proptest! {
        #[test]
        fn nothing_is_ever_wider_than_it_may_be(text in "\\PC{0,60}", width in 2..40usize) {
            prop_assert!(columns(&cut(&text, width)) <= width);
            prop_assert!(columns(&padded(&text, width)) == width);
            for line in wrapped(&text, width) {
                prop_assert!(columns(&line) <= width, "{line:?}");
            }
        }
    }
}
