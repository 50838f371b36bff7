//! QR codes for a terminal: two modules in each character.

use qrcode::QrCode;
use qrcode::types::Color;

/// The light border that a reader needs around the code, in modules.
const QUIET: usize = 2;

/// Returns the lines of a QR code of `text`, in half blocks where a full block is light: drawn in black on
/// white the other way round, or in the usual light on dark as they are. `None` where the text is too
/// long for one.
pub fn lines(text: &str) -> Option<Vec<String>> {
    let code = QrCode::with_error_correction_level(text, qrcode::EcLevel::L).ok()?;
    let width = code.width();
    let colors = code.to_colors();
    let side = width + 2 * QUIET;
    let is_light = |x: usize, y: usize| {
        let inside = (QUIET..QUIET + width).contains(&x) && (QUIET..QUIET + width).contains(&y);
        !inside || colors[(y - QUIET) * width + (x - QUIET)] == Color::Light
    };
    let character = |x: usize, y: usize| match (is_light(x, y), y + 1 >= side || is_light(x, y + 1)) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    };
    Some((0..side).step_by(2).map(|y| (0..side).map(|x| character(x, y)).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_a_light_border_and_three_corners() {
        let lines = lines("https://example.com/device?user_code=WDJB-MJHT").unwrap();
        let width = lines[0].chars().count();
        assert!(lines.iter().all(|line| line.chars().count() == width) && lines.len() == width.div_ceil(2));
        assert!(lines[0].chars().all(|character| character == '█'), "the border");
        // The finder in the upper left: seven dark modules in a row.
        let second: Vec<char> = lines[1].chars().collect();
        assert!(second[2..9].iter().all(|character| matches!(character, ' ' | '▄')), "{}", lines[1]);
    }

    #[test]
    fn a_text_that_is_too_long_has_none() {
        assert!(lines(&"x".repeat(3_000)).is_none());
    }
}
