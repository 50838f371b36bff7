//! A line of text that is being typed. It may be a secret, so it prints nothing and is zeroed.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;
use zeroize::Zeroizing;

use crate::model::{Secret, untrusted};

/// The longest text that is taken, in bytes.
const LONGEST: usize = 16 * 1024;

/// A line of text with a cursor.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Input {
    text: Zeroizing<String>,
    /// A byte offset at the edge of a grapheme.
    cursor: usize,
}

impl fmt::Debug for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Input([redacted])")
    }
}

impl Input {
    /// Begins with `text`, the cursor at its end.
    pub fn with(text: &str) -> Self {
        Self { text: Zeroizing::new(text.to_owned()), cursor: text.len() }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text before the cursor.
    pub fn before_cursor(&self) -> &str {
        &self.text[..self.cursor]
    }

    /// Moves the text out as a secret.
    pub fn take(&mut self) -> Secret {
        self.cursor = 0;
        let text = std::mem::take(&mut self.text);
        Secret::new(text.as_str())
    }

    /// Inserts text at the cursor; control characters stay out.
    pub fn insert(&mut self, text: &str) {
        let text = Zeroizing::new(untrusted::field(text));
        if self.text.len() + text.len() <= LONGEST {
            // Grown by hand: a reallocation would leave a copy of a secret behind.
            let mut grown = Zeroizing::new(String::with_capacity(self.text.len() + text.len()));
            grown.push_str(&self.text[..self.cursor]);
            grown.push_str(&text);
            grown.push_str(&self.text[self.cursor..]);
            self.cursor += text.len();
            self.text = grown;
        }
    }

    /// Takes a key; tells whether it was one for editing.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('u') if control => self.delete(0, self.cursor),
            KeyCode::Char('w') if control => self.delete(self.word_start(), self.cursor),
            KeyCode::Char('a') if control => self.cursor = 0,
            KeyCode::Char('e') if control => self.cursor = self.text.len(),
            KeyCode::Char(character) if !control && !key.modifiers.contains(KeyModifiers::ALT) => {
                self.insert(character.encode_utf8(&mut [0; 4]));
            }
            KeyCode::Backspace => self.delete(self.before(), self.cursor),
            KeyCode::Delete => self.delete(self.cursor, self.after()),
            KeyCode::Left => self.cursor = self.before(),
            KeyCode::Right => self.cursor = self.after(),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            _ => return false,
        }
        true
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(index, _)| index)
    }

    fn after(&self) -> usize {
        self.cursor + self.text[self.cursor..].graphemes(true).next().map_or(0, str::len)
    }

    fn word_start(&self) -> usize {
        let trimmed = self.text[..self.cursor].trim_end();
        trimmed.rfind(char::is_whitespace).map_or(0, |index| index + 1)
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn press(input: &mut Input, code: KeyCode) {
        input.key(KeyEvent::new(code, KeyModifiers::NONE));
    }

    #[test]
    fn graphemes_are_edited_whole() {
        let mut input = Input::with("a👩‍👩‍👧b");
        press(&mut input, KeyCode::Left);
        press(&mut input, KeyCode::Backspace);
        assert_eq!(input.text(), "ab");
        input.insert("é");
        assert_eq!((input.text(), input.before_cursor()), ("aéb", "aé"));
    }

    #[test]
    fn control_characters_stay_out() {
        let mut input = Input::default();
        input.insert("a\u{1b}[31m\r\nb");
        assert_eq!(input.text(), "a[31mb");
    }

    #[test]
    fn words_and_lines_are_deleted() {
        let mut input = Input::with("one two ");
        input.key(KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL));
        assert_eq!(input.text(), "one ");
        input.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
        assert_eq!(input.text(), "");
    }

    #[test]
    fn debug_output_shows_nothing() {
        assert_eq!(format!("{:?}", Input::with("canary")), "Input([redacted])");
    }

    proptest! {
        #[test]
        fn any_keys_leave_the_cursor_within_the_text(texts in proptest::collection::vec("\\PC{0,4}", 0..8), keys in proptest::collection::vec(0..7u8, 0..40)) {
            let mut input = Input::default();
            for text in texts {
                input.insert(&text);
            }
            let codes = [KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::End, KeyCode::Backspace, KeyCode::Delete, KeyCode::Char('x')];
            for key in keys {
                press(&mut input, codes[usize::from(key)]);
                prop_assert!(input.text().is_char_boundary(input.before_cursor().len()));
            }
        }
    }
}
