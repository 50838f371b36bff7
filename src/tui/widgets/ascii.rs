//! Screens for terminals that show ASCII alone: what is drawn by us is replaced, what names hold is not.

use ratatui::buffer::Buffer;

/// What we draw, and what stands for it.
const REPLACEMENTS: [(&str, &str); 43] = [
    ("●", "*"),
    ("◐", "~"),
    ("✗", "x"),
    ("○", "o"),
    ("✓", "+"),
    ("■", "#"),
    ("•", "*"),
    ("·", "-"),
    ("–", "-"),
    ("—", "-"),
    ("…", "~"),
    ("×", "x"),
    ("→", ">"),
    ("←", "<"),
    ("↑", "^"),
    ("↓", "v"),
    ("‹", "<"),
    ("›", ">"),
    ("│", "|"),
    ("─", "-"),
    ("┌", "+"),
    ("┐", "+"),
    ("└", "+"),
    ("┘", "+"),
    ("█", "#"),
    ("▉", "#"),
    ("▊", "#"),
    ("▋", "="),
    ("▌", "="),
    ("▍", "-"),
    ("▎", "-"),
    ("▏", "-"),
    ("░", "."),
    ("⠋", "|"),
    ("⠙", "/"),
    ("⠹", "-"),
    ("⠸", "\\"),
    ("⠼", "|"),
    ("⠴", "/"),
    ("⠦", "-"),
    ("⠧", "\\"),
    ("⠇", "|"),
    ("⠏", "/"),
];

/// Replaces what is not ASCII in a frame.
pub fn replace(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii()
            && let Some((_, plain)) = REPLACEMENTS.iter().find(|(symbol, _)| *symbol == cell.symbol())
        {
            cell.set_symbol(plain);
        }
    }
}
