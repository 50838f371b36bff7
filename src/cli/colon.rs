//! Nango's colon forms: `config:create` is `config create`, for every command that has verbs.

use clap::CommandFactory;

use super::args::Arguments;

/// Returns the arguments with the first word that is a colon form taken apart.
pub fn expanded(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Vec<std::ffi::OsString> {
    let mut words: Vec<std::ffi::OsString> = arguments.into_iter().collect();
    let mut is_value = true; // The first word is the program.
    for index in 0..words.len() {
        let Some(word) = words[index].to_str() else { return words };
        if is_value || word.starts_with('-') {
            is_value = !is_value && takes_value(word);
            continue;
        }
        if let Some((noun, verb)) = word.split_once(':').filter(|(noun, verb)| is_command(noun, verb)) {
            let (noun, verb) = (noun.into(), verb.into());
            words.splice(index..=index, [noun, verb]);
        }
        return words;
    }
    words
}

/// Tells whether an option before the command takes the next word as its value.
fn takes_value(option: &str) -> bool {
    let command = Arguments::command();
    let is_this = |argument: &clap::Arg| option.strip_prefix("--") == argument.get_long();
    command.get_arguments().any(|argument| is_this(argument) && argument.get_action().takes_values())
}

fn is_command(noun: &str, verb: &str) -> bool {
    let command = Arguments::command();
    command.find_subcommand(noun).is_some_and(|noun| noun.find_subcommand(verb).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(line: &str) -> String {
        let words = expanded(line.split(' ').map(std::ffi::OsString::from));
        words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_colon_form_is_two_words() {
        assert_eq!(expand("hallpass token:get github jane"), "hallpass token get github jane");
        assert_eq!(expand("hallpass --json config:list"), "hallpass --json config list");
        assert_eq!(expand("hallpass --home a:b config:create x:y"), "hallpass --home a:b config create x:y");
        let host = "hallpass --read-only --host http://localhost:3003";
        assert_eq!(expand(&format!("{host} token:get a b")), format!("{host} token get a b"));
    }

    #[test]
    fn other_colons_stay() {
        for line in ["hallpass config get a:b", "hallpass nonsense:get", "hallpass config:nonsense", "hallpass"] {
            assert_eq!(expand(line), line);
        }
    }
}
