//! How keys are written: `y`, `ctrl-d`, `page-down`, `g g`.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The most keys that can be pressed one after the other for one action.
const LONGEST: usize = 3;

/// Names of keys that no character stands for, and of the one whose character cannot be seen.
const NAMES: [(&str, KeyCode); 13] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("page-up", KeyCode::PageUp),
];
const PAGE_DOWN: &str = "page-down";

/// One key, with or without control and alt. Shift stands in the character itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Press {
    code: KeyCode,
    has_control: bool,
    has_alt: bool,
}

impl From<KeyEvent> for Press {
    fn from(key: KeyEvent) -> Self {
        let has = |modifier| key.modifiers.contains(modifier);
        Self { code: key.code, has_control: has(KeyModifiers::CONTROL), has_alt: has(KeyModifiers::ALT) }
    }
}

impl Press {
    /// Reads one key as it is written in the settings.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut rest, mut has_control, mut has_alt) = (text, false, false);
        loop {
            if let Some(inner) = rest.strip_prefix("ctrl-").filter(|inner| !inner.is_empty()) {
                (rest, has_control) = (inner, true);
            } else if let Some(inner) = rest.strip_prefix("alt-").filter(|inner| !inner.is_empty()) {
                (rest, has_alt) = (inner, true);
            } else {
                break;
            }
        }
        let mut characters = rest.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(character), None) if !character.is_control() && !character.is_whitespace() => {
                // Terminals send no case with control.
                KeyCode::Char(if has_control { character.to_ascii_lowercase() } else { character })
            }
            _ => named(rest).ok_or_else(|| {
                let names = NAMES.map(|(name, _)| name).join(", ");
                format!("there is no key `{rest}`; keys are characters, and {names}, {PAGE_DOWN}; ctrl- and alt- may stand before them")
            })?,
        };
        Ok(Self { code, has_control, has_alt })
    }

    /// Tells whether it is the one key that always leaves, and the one that stops the program.
    fn is_taken(self) -> bool {
        self.has_control && matches!(self.code, KeyCode::Char('c' | 'z'))
    }
}

fn named(name: &str) -> Option<KeyCode> {
    if name == PAGE_DOWN {
        return Some(KeyCode::PageDown);
    }
    NAMES.iter().find(|(other, _)| *other == name).map(|(_, code)| *code)
}

impl fmt::Display for Press {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_control {
            formatter.write_str("ctrl-")?;
        }
        if self.has_alt {
            formatter.write_str("alt-")?;
        }
        match self.code {
            KeyCode::Char(' ') => formatter.write_str("space"),
            KeyCode::Char(character) => write!(formatter, "{character}"),
            KeyCode::PageDown => formatter.write_str(PAGE_DOWN),
            code => {
                let name = NAMES.iter().find(|(_, other)| *other == code).map_or("?", |(name, _)| name);
                formatter.write_str(name)
            }
        }
    }
}

/// Keys that are pressed one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chord(Vec<Press>);

impl Chord {
    /// Reads keys as they are written in the settings, blanks between them.
    pub fn parse(text: &str) -> Result<Self, String> {
        let presses: Vec<Press> = text.split_whitespace().map(Press::parse).collect::<Result<_, _>>()?;
        if presses.is_empty() {
            return Err("it names no key; `[]` takes an action's keys away".to_owned());
        }
        if presses.len() > LONGEST {
            return Err(format!("`{text}` is longer than {LONGEST} keys"));
        }
        if let Some(taken) = presses.iter().find(|press| press.is_taken()) {
            return Err(format!("`{taken}` cannot be had: ctrl-c always leaves, and ctrl-z stops the program"));
        }
        Ok(Self(presses))
    }

    /// Returns its keys.
    pub fn presses(&self) -> &[Press] {
        &self.0
    }

    /// Tells whether one of the two is where the other one begins: then one of them can never be pressed.
    pub fn is_in_the_way_of(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0) || other.0.starts_with(&self.0)
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, press) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(formatter, "{gap}{press}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_written_as_it_is_read() {
        for text in
            ["y", "Y", "ctrl-d", "alt-x", "space", "page-down", "page-up", "g g", "esc", "-", "?", "é", "ctrl--"]
        {
            assert_eq!(Chord::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Chord::parse("ctrl-D").unwrap(), Chord::parse("ctrl-d").unwrap());
    }

    #[test]
    fn a_key_that_does_not_exist_is_named_with_what_there_is() {
        let error = Chord::parse("pagedown").unwrap_err();
        assert!(error.contains("no key `pagedown`") && error.contains("page-down"), "{error}");
        assert!(Chord::parse("  ").unwrap_err().contains("no key"));
        assert!(Chord::parse("a b c d").unwrap_err().contains("longer"));
    }

    #[test]
    fn the_keys_that_always_leave_cannot_be_had() {
        assert!(Chord::parse("ctrl-c").unwrap_err().contains("always leaves"));
        assert!(Chord::parse("g ctrl-z").is_err());
    }
}
