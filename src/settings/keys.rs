//! Every key of the settings file, once: what is checked, and the schema that editors read, come from this table.
//!
//! A new key is a line in [`KEYS`] and a field of `Written`; a test fails where one of the two is missing. A key of a
//! table bears the table's name before a dot (`keys.*`, which takes any name in `[keys]`).

use std::fmt;

use serde_json::{Value, json};
use toml::de::{DeTable, DeValue};

use crate::model::{search, untrusted};

/// A key of the settings file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it may say.
    pub kind: Kind,
    /// What it is for, in one sentence.
    pub about: &'static str,
}

/// What a key may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number, not below nought.
    Number,
    /// Any text.
    Text,
    /// A key, or a list of keys.
    Keys,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// Every key, sorted.
pub const KEYS: &[Key] = &[
    Key { name: "ascii", kind: Kind::Flag, about: "Whether the terminal UI draws ASCII alone." },
    Key {
        name: "bell",
        kind: Kind::Flag,
        about: "Whether the bell rings when an authorization ends while nobody looks; true unless said.",
    },
    Key {
        name: "clipboard_seconds",
        kind: Kind::Number,
        about: "For how many seconds a copied token stays on the clipboard; 30 unless said.",
    },
    Key {
        name: "key_file",
        kind: Kind::Text,
        about: "The file that opens the sealed vault; it must be readable by its owner alone.",
    },
    Key {
        name: "keys.*",
        kind: Kind::Keys,
        about: "The keys of an action of the terminal UI, in the place of its usual ones; [] takes them away.",
    },
    Key { name: "mouse", kind: Kind::Flag, about: "Whether the terminal UI takes the mouse; true unless said." },
    Key {
        name: "plain",
        kind: Kind::Flag,
        about: "Whether hallpass talks by lines instead of drawing, for screen readers.",
    },
    Key { name: "reduced_motion", kind: Kind::Flag, about: "Whether nothing moves in the terminal UI that need not." },
    Key {
        name: "theme",
        kind: Kind::Text,
        about: "The theme: auto, dark, light, high-contrast, ansi, or one of [themes.NAME].",
    },
    Key {
        name: "themes.*.*",
        kind: Kind::Text,
        about: "A style of a theme: bold, dim, italic, underlined, reversed, a colour, `on` a colour; `base` names the theme under it.",
    },
    Key {
        name: "vault",
        kind: Kind::Word(&["keychain", "sealed", "memory"]),
        about: "Where secrets rest; the keychain where there is one, unless said.",
    },
    Key {
        name: "vault_key",
        kind: Kind::Word(&["passphrase", "key-file", "keychain"]),
        about: "What opens the sealed vault.",
    },
    Key {
        name: "which_key_ms",
        kind: Kind::Number,
        about: "After how many milliseconds the keys are shown that can follow; 500 unless said, 0 never shows them.",
    },
];

impl Kind {
    /// Says what is expected, for a person.
    fn expected(self) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Number => "a whole number such as 30".to_owned(),
            Self::Text => "a text in quotes".to_owned(),
            Self::Keys => "a key or a list of keys, as in \"y\" or [\"y\", \"ctrl-y\"]".to_owned(),
            Self::Word(words) => format!("one of {}", words.join(", ")),
        }
    }

    fn takes(self, value: &DeValue<'_>) -> bool {
        match (self, value) {
            (Self::Flag, DeValue::Boolean(_)) | (Self::Text | Self::Keys, DeValue::String(_)) => true,
            (Self::Keys, DeValue::Array(keys)) => keys.iter().all(|key| matches!(key.get_ref(), DeValue::String(_))),
            (Self::Number, DeValue::Integer(number)) => u64::from_str_radix(number.as_str(), number.radix()).is_ok(),
            (Self::Word(words), DeValue::String(text)) => words.contains(&text.as_ref()),
            _ => false,
        }
    }

    fn schema(self) -> Value {
        match self {
            Self::Flag => json!({"type": "boolean"}),
            Self::Number => json!({"type": "integer", "minimum": 0}),
            Self::Text => json!({"type": "string"}),
            Self::Keys => json!({"type": ["string", "array"], "items": {"type": "string"}}),
            Self::Word(words) => json!({"enum": words}),
        }
    }
}

/// A mistake in a settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line that it is in, from 1 on.
    pub line: usize,
    /// What is wrong, and what may stand there.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.message)
    }
}

/// Returns every mistake in the text of a settings file, in the order of its lines.
pub fn mistakes(text: &str) -> Vec<Mistake> {
    let line = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut found: Vec<Mistake> = errors
        .iter()
        .map(|error| Mistake {
            line: line(error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        })
        .collect();
    // What is no TOML is read as something else by chance.
    if found.is_empty() {
        look(table.get_ref(), "", &mut |at, message| found.push(Mistake { line: line(at), message }));
        found.sort_by_key(|mistake| mistake.line);
    }
    found
}

fn look(table: &DeTable<'_>, above: &str, tell: &mut impl FnMut(usize, String)) {
    for (name, value) in table {
        let full = format!("{above}{}", name.get_ref());
        if let Some(key) = known(&full) {
            if !key.kind.takes(value.get_ref()) {
                tell(value.span().start, format!("`{}` must be {}", untrusted::line(&full), key.kind.expected()));
            }
        } else if let (DeValue::Table(inner), true) = (value.get_ref(), is_table(&full)) {
            look(inner, &format!("{full}."), tell);
        } else {
            tell(name.span().start, unknown(&full));
        }
    }
}

fn known(full: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| starts(key.name, full) && key.name.split('.').count() == full.split('.').count())
}

fn is_table(name: &str) -> bool {
    KEYS.iter().any(|key| starts(key.name, name) && key.name.split('.').count() > name.split('.').count())
}

/// Tells whether the parts of `name` are those with which `pattern` begins; `*` is any.
fn starts(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('.');
    name.split('.').all(|part| parts.next().is_some_and(|known| known == "*" || known == part))
}

fn unknown(full: &str) -> String {
    let near = search::nearest(full, KEYS.iter().map(|key| key.name));
    let meant = match near.first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", KEYS.iter().map(|key| key.name).collect::<Vec<_>>().join(", ")),
    };
    format!("there is no `{}`; {meant}", untrusted::line(full))
}

/// Returns the JSON schema of the settings file.
pub fn schema() -> Value {
    let mut all = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The settings file of hallpass",
        "type": "object",
        "properties": {},
        "additionalProperties": false,
    });
    for key in KEYS {
        let mut place = &mut all;
        for part in key.name.split('.') {
            if place["type"] != "object" {
                *place = json!({"type": "object", "properties": {}, "additionalProperties": false});
            }
            place = if part == "*" { &mut place["additionalProperties"] } else { &mut place["properties"][part] };
        }
        *place = key.kind.schema();
        place["description"] = key.about.into();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<(usize, String)> {
        mistakes(text).into_iter().map(|mistake| (mistake.line, mistake.message)).collect()
    }

    #[test]
    fn the_table_is_sorted_and_names_no_key_twice() {
        assert!(KEYS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let text = "# mine\nvalut = \"sealed\"\nclipboard_seconds = \"soon\"\n\nvault = 'cloud'\nplain = true\n[colours]\nx = 1\n";
        let told = said(text);
        assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3, 5, 7]);
        assert!(told[0].1.contains("did you mean `vault`?"), "{told:?}");
        assert!(told[1].1.contains("a whole number") && told[2].1.contains("keychain, sealed, memory"), "{told:?}");
        assert!(said("").is_empty() && said("clipboard_seconds = 0x10\n").is_empty());
        assert_eq!(said("clipboard_seconds = -1")[0].0, 1);
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        let told = said("vault = \"sealed\"\nplain = = true\n");
        assert_eq!(told[0].0, 2, "{told:?}");
    }

    #[test]
    fn a_hostile_key_is_shown_without_its_escapes() {
        let told = said("\"a\\u001b]0;x\\u0007\" = 1\n");
        assert!(!told[0].1.contains(['\u{1b}', '\u{7}']), "{told:?}");
    }

    #[test]
    fn the_keys_of_actions_and_the_styles_of_themes_have_names_of_ones_own() {
        let good = "[keys]\nrefresh = \"f\"\nquit = [\"q\", \"Q\"]\n[themes.mine]\nbase = \"dark\"\n";
        assert_eq!(said(good), []);
        let told = said("[keys]\nrefresh = 7\n[themes]\nmine = 1\n[themes.other]\ngood = true\n");
        assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4, 6], "{told:?}");
    }

    #[test]
    fn the_schema_has_every_key() {
        let schema = schema();
        for key in KEYS {
            let path: String = key
                .name
                .split('.')
                .map(
                    |part| if part == "*" { "/additionalProperties".to_owned() } else { format!("/properties/{part}") },
                )
                .collect();
            assert_eq!(schema.pointer(&format!("{path}/description")), Some(&key.about.into()), "{}", key.name);
        }
    }
}
