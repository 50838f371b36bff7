//! What a person enters for `connect`: a key or a login, or what an API wants beside a token; typed or piped, and never
//! on the command line.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, Read};

use super::{Output, prompt};
use crate::model::provider::CredentialField;
use crate::model::search;
use crate::model::{Provider, Secret, WayIn, untrusted};
use crate::service::{Error, Result};

/// Asks for the fields of a key or a login, or reads them from standard input.
pub(super) fn fields(provider: &Provider, way: WayIn) -> Result<BTreeMap<String, Secret>> {
    let all = provider.credential_fields(way);
    let asked: Vec<&(String, CredentialField)> = all.iter().filter(|(_, field)| field.default.is_none()).collect();
    if !prompt::is_interactive() {
        return piped(&asked);
    }
    typed(&asked, false)
}

/// How what goes with a token comes in where nobody types it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piped {
    /// Whether the connection has it already: then it keeps it.
    pub(super) is_known: bool,
    /// Whether it is read all the same (`--enter`), to the end or an empty line, with what may be left out.
    pub(super) is_wanted: bool,
    /// Whether an address is pasted behind it.
    pub(super) has_address: bool,
}

/// Asks for what goes with the tokens of a connection, or reads it from standard input: no more of it than is needed,
/// since it may be somebody else's, and may never end.
pub(super) fn fields_beside(
    provider: &Provider,
    way: WayIn,
    piped: Piped,
    output: Output,
) -> Result<BTreeMap<String, Secret>> {
    let all = provider.credential_fields(way);
    let asked: Vec<&(String, CredentialField)> = all.iter().filter(|(_, field)| field.default.is_none()).collect();
    if asked.is_empty() {
        return Ok(BTreeMap::new());
    }
    if prompt::is_interactive() {
        return typed(&asked, piped.is_known);
    }
    let is_needed = !piped.is_known && asked.iter().any(|(_, field)| !field.optional);
    if std::io::stdin().is_terminal() {
        return Ok(BTreeMap::new());
    }
    if !(is_needed || piped.is_wanted) {
        if piped.is_known && !piped.has_address {
            output.note("what goes with its tokens is kept; `--enter` reads it anew from standard input");
        }
        return Ok(BTreeMap::new());
    }
    let text = match (piped.is_wanted, piped.has_address) {
        (true, false) => all_of_input()?,
        (true, true) => first_lines(|lines| lines.ends_with("\n\n") || lines.trim().is_empty())?,
        (false, _) => first_lines(|lines| has_needed(lines, &asked))?,
    };
    if text.trim().is_empty() { Ok(BTreeMap::new()) } else { read(&text, &asked) }
}

/// Tells whether lines hold all that may not be left out: the only field is the first line, of several each has its name.
fn has_needed(lines: &str, asked: &[&(String, CredentialField)]) -> bool {
    let names = lines.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name.trim()).collect::<Vec<_>>();
    let mut needed = asked.iter().filter(|(_, field)| !field.optional);
    asked.len() == 1 || needed.all(|(name, _)| names.contains(&name.as_str()))
}

fn typed(asked: &[&(String, CredentialField)], is_known: bool) -> Result<BTreeMap<String, Secret>> {
    let mut given = BTreeMap::new();
    for (name, field) in asked {
        let label = if field.pem {
            format!("{} (in PEM; @FILE reads it from a file)", field.short_label(name))
        } else {
            field.label.clone().unwrap_or_else(|| name.clone())
        };
        let label = match (is_known, field.optional) {
            (true, _) => format!("{label} (enter keeps what is there)"),
            (false, true) => format!("{label} (enter leaves it out)"),
            (false, false) => label,
        };
        let missed = |value: Secret| {
            let is_missed = value.is_empty() && !field.optional && !is_known;
            if is_missed { Err("it cannot be left out") } else { Ok(value) }
        };
        let value = match (field.pem, field.secret) {
            (true, _) => prompt::until(|| prompt::key(&label, name), missed)?,
            (false, true) => prompt::until(|| prompt::secret(&label), missed)?,
            (false, false) => prompt::until(|| Ok(Secret::new(prompt::ask(&label, None)?)), missed)?,
        };
        if !value.is_empty() {
            given.insert(name.clone(), value);
        }
    }
    Ok(given)
}

fn all_of_input() -> Result<zeroize::Zeroizing<String>> {
    let mut text = zeroize::Zeroizing::new(String::new());
    std::io::stdin().lock().read_to_string(&mut text).map_err(|error| unreadable(&error))?;
    Ok(text)
}

/// Reads lines until they are enough, or there are no more.
fn first_lines(is_enough: impl Fn(&str) -> bool) -> Result<zeroize::Zeroizing<String>> {
    let mut text = zeroize::Zeroizing::new(String::new());
    loop {
        let before = text.len();
        std::io::stdin().lock().read_line(&mut text).map_err(|error| unreadable(&error))?;
        let line = text[before..].trim_start();
        if line.starts_with("http://") || line.starts_with("https://") {
            return Err(Error::usage("standard input has an address where something is to be entered first")
                .hinted("pipe what the API wants beside the token, and the address behind it"));
        }
        if text.len() == before || is_enough(&text) {
            return Ok(text);
        }
    }
}

fn unreadable(error: &std::io::Error) -> Error {
    Error::usage(format!("standard input cannot be read: {error}"))
}

/// Reads what was piped: the value of the only field, or a line `NAME=VALUE` for each.
fn piped(asked: &[&(String, CredentialField)]) -> Result<BTreeMap<String, Secret>> {
    read(&all_of_input()?, asked)
}

fn read(text: &str, asked: &[&(String, CredentialField)]) -> Result<BTreeMap<String, Secret>> {
    let names: Vec<&str> = asked.iter().map(|(name, _)| name.as_str()).collect();
    if text.trim().is_empty() && !names.is_empty() {
        let form = if names.len() == 1 { "pipe it".to_owned() } else { lines_for(asked) };
        return Err(Error::usage(format!("standard input held nothing; asked for: {}", names.join(", "))).hinted(form));
    }
    if let [only] = names.as_slice() {
        // As where there are several, too.
        let value = text.trim();
        let behind = value.strip_prefix(only).and_then(|rest| rest.trim_start().strip_prefix('='));
        return Ok(BTreeMap::from([((*only).to_owned(), Secret::new(behind.unwrap_or(value).trim()))]));
    }
    let mut given = BTreeMap::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        // Not shown: it may be a secret.
        let bad = || {
            Error::usage(format!("line {} of standard input is not NAME=VALUE", number + 1)).hinted(lines_for(asked))
        };
        let (name, value) = line.split_once('=').ok_or_else(bad)?;
        let name = name.trim();
        if !names.contains(&name) {
            let message = format!("line {} of standard input has a name that is not asked for", number + 1);
            // What is like one of them is no secret.
            let meant = search::nearest(name, names.iter().copied()).into_iter().next();
            let meant = meant.map(|meant| format!("did you mean `{meant}`? "));
            let hint = format!("{}{}", meant.unwrap_or_default(), lines_for(asked));
            return Err(Error::usage(message).hinted(hint));
        }
        if given.insert(name.to_owned(), Secret::new(value.trim())).is_some() {
            return Err(Error::usage(format!("`{}` is given twice on standard input", untrusted::line(name))));
        }
    }
    Ok(given)
}

fn lines_for(asked: &[&(String, CredentialField)]) -> String {
    let (optional, needed): (Vec<_>, Vec<_>) = asked.iter().partition(|(_, field)| field.optional);
    let names = |fields: &[&&(String, CredentialField)]| {
        fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let besides = if optional.is_empty() { String::new() } else { format!(" ({} may be left out)", names(&optional)) };
    format!("pipe a line NAME=VALUE for each of {}{besides}", names(&needed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(names: &[&str]) -> Vec<(String, CredentialField)> {
        names.iter().map(|name| ((*name).to_owned(), CredentialField::default())).collect()
    }

    #[test]
    fn the_only_field_is_the_whole_of_what_is_piped() {
        let fields = asked(&["api_key"]);
        let given = read("abc=def==\n", &fields.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(given["api_key"].expose(), "abc=def==");
        let named = read("api_key = abc=\n", &fields.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(named["api_key"].expose(), "abc=");
    }

    #[test]
    fn several_fields_are_lines_and_a_line_that_is_none_is_not_shown() {
        let fields = asked(&["username", "password"]);
        let fields: Vec<_> = fields.iter().collect();
        let given = read("username = u\npassword=p=q\n\n", &fields).unwrap();
        assert_eq!((given["username"].expose(), given["password"].expose()), ("u", "p=q"));
        for text in ["canary", "canary=x", "username=a\nusername=canary", ""] {
            let error = read(text, &fields).unwrap_err();
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }
}
