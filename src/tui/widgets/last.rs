//! A frame before it goes to the terminal: harmless, and for terminals that show ASCII alone, ASCII: what is drawn by
//! us is replaced, what names hold is not.

use ratatui::buffer::Buffer;

use crate::model::untrusted;

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

/// Takes what would act on a terminal, or turn a line round, out of a frame. Every text is made harmless where it comes
/// in; this is the last door, for the one that was forgotten.
pub fn disarm(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() && cell.symbol().chars().any(untrusted::is_dangerous) {
            let harmless = untrusted::field(cell.symbol());
            cell.set_symbol(if harmless.is_empty() { " " } else { &harmless });
        }
    }
}

/// Replaces what is not ASCII in a frame.
pub fn spell_out(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii()
            && let Some((_, plain)) = REPLACEMENTS.iter().find(|(symbol, _)| *symbol == cell.symbol())
        {
            cell.set_symbol(plain);
        }
    }
}
