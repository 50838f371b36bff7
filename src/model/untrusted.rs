//! Text that somebody else wrote, made harmless for a terminal.
//!
//! Provider messages, account names, scopes and claims can hold escape sequences that move the
//! cursor, set the title or answer questions, and bidirectional controls that make a line read
//! as something else. Whatever is shown goes through here first.

use std::fmt::Write as _;

/// The longest untrusted text that is shown, in characters.
const LONGEST: usize = 600;

/// Returns `text` on one line: control and bidirectional characters gone, white space folded, at
/// most 600 characters.
pub fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(LONGEST));
    let mut length = 0;
    let mut space_before = true;
    for character in text.chars() {
        if length == LONGEST {
            shown.push('…');
            break;
        }
        if character.is_whitespace() {
            if !space_before {
                shown.push(' ');
                length += 1;
            }
            space_before = true;
        } else if !is_dangerous(character) {
            shown.push(character);
            length += 1;
            space_before = false;
        }
    }
    shown.truncate(shown.trim_end().len());
    shown
}

/// Returns `text` with control and bidirectional characters gone, its inner spaces kept: for
/// fields that a person edits.
pub fn field(text: &str) -> String {
    text.chars().filter(|character| !is_dangerous(*character)).collect()
}

/// Returns `text` with control and bidirectional characters gone but for its line breaks: for words
/// of several lines that quote what somebody else wrote.
pub fn lines(text: &str) -> String {
    text.chars().filter(|character| *character == '\n' || !is_dangerous(*character)).collect()
}

/// Returns `text` with control and bidirectional characters gone but for its line breaks and tabs: for a
/// body that a person reads.
pub fn text(text: &str) -> String {
    text.chars().filter(|character| matches!(character, '\n' | '\t') || !is_dangerous(*character)).collect()
}

/// Tells whether a text has nothing but the characters of tokens (VSCHAR, RFC 6749 appendix A.12): any other
/// would act on a terminal, or end a header.
pub fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Returns a JSON text with control and bidirectional characters written as escapes, which mean the
/// same: `serde_json` leaves those above U+001F as they are.
pub fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\n' || !is_dangerous(character) {
            shown.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a `String` cannot fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        }
    }
    shown
}

/// Tells whether a character acts on a terminal, turns a line round, or cannot be seen.
pub fn is_dangerous(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061C}' // Arabic letter mark
            | '\u{200B}'..='\u{200F}' // zero width, left-to-right and right-to-left marks
            | '\u{2028}'..='\u{202E}' // line and paragraph separators, embeddings, overrides
            | '\u{2060}'..='\u{206F}' // invisible operators, isolates
            | '\u{FEFF}' // zero width no-break space
            | '\u{FFF9}'..='\u{FFFB}' // interlinear annotation
            | '\u{E0000}'..='\u{E007F}') // tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_lose_their_escape() {
        assert_eq!(line("a\u{1b}]0;owned\u{7}b"), "a]0;ownedb");
        assert_eq!(line("\u{9b}31mred"), "31mred");
    }

    #[test]
    fn bidirectional_overrides_are_gone() {
        assert_eq!(line("user\u{202e}gpj.exe"), "usergpj.exe");
    }

    #[test]
    fn lines_are_folded_into_one() {
        assert_eq!(line(" two\r\n  lines\t"), "two lines");
    }

    #[test]
    fn words_of_several_lines_keep_them_and_nothing_else_that_moves() {
        assert_eq!(lines("a\n  b\u{1b}[2J\r\u{202e}c"), "a\n  b[2Jc");
    }

    proptest! {
        #[test]
        fn json_means_the_same_and_moves_nothing(text in any::<String>()) {
            let shown = json(&serde_json::to_string(&text).unwrap());
            prop_assert!(!shown.chars().any(is_dangerous));
            prop_assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }

        #[test]
        fn whatever_comes_in_no_control_character_goes_out(text in any::<String>()) {
            let shown = line(&text);
            prop_assert!(!shown.chars().any(is_dangerous));
            prop_assert!(shown.chars().count() <= LONGEST + 1);
        }
    }
}
