//! Words as shells write them: taking those apart that were typed, and writing those that are offered.
//!
//! What is typed is not whole yet, so nothing here is an error: an open quote is closed by the end. Nothing is
//! expanded; a variable in a command line stands for itself.

use crate::cli::args::Shell;

/// The words that were typed as far as the cursor; the last one, which may be empty, is the one to complete.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Typed {
    /// The words, without their quotes.
    pub(super) words: Vec<String>,
    /// The quote that is open at the cursor.
    quote: Option<char>,
    /// How much of the last word stays as it stands, whatever is offered: bash takes a word behind each colon
    /// and each equals sign as a new one.
    settled: usize,
}

impl Typed {
    /// Takes words that the shell has parted, and left in their quotes: all of them, the one at the cursor, or none.
    pub(super) fn of_words(shell: Shell, mut words: Vec<String>) -> Self {
        let last = words.pop().unwrap_or_default();
        let (last, quote) = if shell == Shell::Elvish { (last, None) } else { unquoted(shell, &last) };
        if matches!(shell, Shell::Bash | Shell::Zsh | Shell::Nushell) {
            for word in &mut words {
                *word = unquoted(shell, word).0;
            }
        }
        words.push(last);
        Self { words, quote, settled: 0 }
    }

    /// Takes a command line of bash, as far as the cursor, and the characters at which it parts words.
    pub(super) fn of_line(line: &str, breaks: &str) -> Self {
        let (mut words, mut start, mut quote) = (Vec::new(), None, None);
        let mut characters = line.char_indices();
        while let Some((at, character)) = characters.next() {
            match (quote, character) {
                (None, ' ' | '\t' | '\n') => {
                    words.extend(start.take().map(|start| &line[start..at]));
                    continue;
                }
                (None, '\'' | '"') => quote = Some(character),
                (Some(open), _) if open == character => quote = None,
                (None | Some('"'), '\\') => {
                    start = start.or(Some(at));
                    characters.next();
                    continue;
                }
                _ => {}
            }
            start = start.or(Some(at));
        }
        let last = start.map_or("", |start| &line[start..]);
        words.push(last);
        let typed = Self::of_words(Shell::Bash, words.into_iter().map(str::to_owned).collect());
        // In an open quote, the word is whole from the quote on.
        let end = if quote.is_some() { last.rfind(['\'', '"']).unwrap_or_default() } else { last.len() };
        let breaks = |character: char| matches!(character, ':' | '=') && breaks.contains(character);
        let settled = last[..end].rfind(breaks).map_or(0, |at| unquoted(Shell::Bash, &last[..=at]).0.len());
        Self { quote, settled, ..typed }
    }

    /// Returns what a shell is to insert for `value`; nothing where it would not go on from what stands there.
    pub(super) fn inserted(&self, shell: Shell, value: &str) -> Option<String> {
        let rest = value.get(self.settled..)?;
        Some(match shell {
            Shell::Bash => bash(rest, self.quote),
            Shell::Powershell => powershell(rest),
            Shell::Nushell => nushell(rest),
            // They quote by themselves.
            Shell::Zsh | Shell::Fish | Shell::Elvish => rest.to_owned(),
        })
    }
}

/// Returns a word without its quotes, and the quote that is open at its end.
fn unquoted(shell: Shell, word: &str) -> (String, Option<char>) {
    let (mut text, mut quote) = (String::with_capacity(word.len()), None);
    let mut characters = word.chars().peekable();
    while let Some(character) = characters.next() {
        let escapes = match (shell, quote) {
            (Shell::Powershell, _) => false,
            (Shell::Nushell, open) => open == Some('"'),
            (_, None) => true,
            (_, Some('"')) => characters.peek().is_some_and(|next| "\"\\$`".contains(*next)),
            (Shell::Fish, Some('\'')) => characters.peek().is_some_and(|next| "'\\".contains(*next)),
            (_, Some(_)) => false,
        };
        let opens = matches!(character, '\'' | '"') || (shell == Shell::Nushell && character == '`');
        match quote {
            _ if character == '\\' && escapes => text.extend(characters.next()),
            None if opens => quote = Some(character),
            Some(open) if open == character => quote = None,
            _ => text.push(character),
        }
    }
    (text, quote)
}

/// Tells whether a character means nothing to any of the shells.
fn is_plain(character: char) -> bool {
    character.is_alphanumeric() || "/_-.,+:@=%".contains(character)
}

/// Bash puts in what it is told, behind the quote that is open.
fn bash(value: &str, quote: Option<char>) -> String {
    let mut text = String::with_capacity(value.len());
    for character in value.chars() {
        match (quote, character) {
            (Some('\''), '\'') => text.push_str("'\\''"),
            // Nothing keeps it from meaning an earlier line but single quotes.
            (Some('"'), '!') => text.push_str("\"'!'\""),
            (Some('"'), '"' | '$' | '`' | '\\') => text.extend(['\\', character]),
            (Some(_), _) => text.push(character),
            (None, _) if is_plain(character) => text.push(character),
            (None, _) => text.extend(['\\', character]),
        }
    }
    text
}

fn powershell(value: &str) -> String {
    // A comma or an @ begins something there.
    if value.chars().all(|character| is_plain(character) && !",@%".contains(character)) {
        return value.to_owned();
    }
    let mut text = String::from("'");
    for character in value.chars() {
        text.push(character);
        // The curly ones end a text there too.
        if matches!(character, '\'' | '\u{2018}'..='\u{201b}') {
            text.push(character);
        }
    }
    text + "'"
}

fn nushell(value: &str) -> String {
    if value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typed(line: &str) -> Typed {
        Typed::of_line(line, " \t\n\"'><=;|&(:")
    }

    #[test]
    fn a_line_of_bash_is_parted_at_its_blanks_and_not_within_quotes() {
        assert_eq!(
            typed(r#"hallpass token get "my config" a\ b 'c"#).words,
            ["hallpass", "token", "get", "my config", "a b", "c"]
        );
        assert_eq!(typed("hallpass token get ").words, ["hallpass", "token", "get", ""]);
        assert_eq!(typed("").words, [""]);
        assert_eq!(typed(r"hallpass a\").words, ["hallpass", "a"]);
    }

    #[test]
    fn what_bash_has_parted_off_already_is_not_offered_again() {
        assert_eq!(typed("hallpass token get a:b").inserted(Shell::Bash, "a:bc").unwrap(), "bc");
        assert_eq!(typed("hallpass connect x --way=o").inserted(Shell::Bash, "--way=oauth2").unwrap(), "oauth2");
        assert_eq!(typed("hallpass get 'a:b").inserted(Shell::Bash, "a:bc d").unwrap(), "a:bc d");
        assert_eq!(Typed::of_line("hallpass get a:b", " ").inserted(Shell::Bash, "a:bc").unwrap(), "a:bc");
    }

    #[test]
    fn each_shell_gets_a_name_that_means_nothing_else_to_it() {
        let name = "a b;$(x)'";
        assert_eq!(typed("hallpass ").inserted(Shell::Bash, name).unwrap(), r"a\ b\;\$\(x\)\'");
        assert_eq!(typed("hallpass \"").inserted(Shell::Bash, "a$!").unwrap(), "a\\$\"'!'\"");
        assert_eq!(powershell(name), "'a b;$(x)'''");
        assert_eq!(powershell("@home"), "'@home'");
        assert_eq!(powershell("it\u{2019}s"), "'it\u{2019}\u{2019}s'");
        assert_eq!(nushell("a \"\\"), r#""a \"\\""#);
    }

    proptest! {
        #[test]
        fn whatever_is_offered_reads_as_itself(value in "[^\\x00-\\x1f]{1,20}") {
            let quotes = |shell, text: &str| unquoted(shell, text).0;
            prop_assert_eq!(quotes(Shell::Bash, &bash(&value, None)), value.clone());
            prop_assert_eq!(quotes(Shell::Bash, &format!("'{}'", bash(&value, Some('\'')))), value.clone());
            prop_assert_eq!(quotes(Shell::Bash, &format!("\"{}\"", bash(&value, Some('"')))), value.clone());
            prop_assert_eq!(quotes(Shell::Nushell, &nushell(&value)), value);
        }

        #[test]
        fn no_line_is_too_odd_to_be_read(line in any::<String>(), value in any::<String>()) {
            typed(&line).inserted(Shell::Bash, &value);
        }
    }
}
