//! What a person enters for `connect`: a key or a login, or what an API wants beside a token; typed or piped, and never
//! on the command line.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};

use super::prompt;
use crate::model::provider::CredentialField;
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

/// Where an address may be pasted behind what is piped, that is read no further than it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    /// All of standard input.
    Nothing,
    /// An address: up to an empty line, or the only line there is to read.
    Address,
}

/// Asks for what goes with the tokens of a connection, or reads it from standard input. One that is known has it
/// already, and keeps what is not given anew.
pub(super) fn fields_beside(
    provider: &Provider,
    way: WayIn,
    is_known: bool,
    behind: Behind,
) -> Result<BTreeMap<String, Secret>> {
    let all = provider.credential_fields(way);
    let asked: Vec<&(String, CredentialField)> = all.iter().filter(|(_, field)| field.default.is_none()).collect();
    // Where nothing is asked for, standard input is somebody else's.
    if asked.is_empty() || is_known && behind == Behind::Address && !prompt::is_interactive() {
        return Ok(BTreeMap::new());
    }
    if prompt::is_interactive() {
        return typed(&asked, is_known);
    }
    let text = match behind {
        Behind::Nothing => all_of_input()?,
        Behind::Address => first_lines(asked.len() == 1)?,
    };
    if text.trim().is_empty() { Ok(BTreeMap::new()) } else { read(&text, &asked) }
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

fn first_lines(is_one: bool) -> Result<zeroize::Zeroizing<String>> {
    let mut text = zeroize::Zeroizing::new(String::new());
    loop {
        let before = text.len();
        std::io::stdin().lock().read_line(&mut text).map_err(|error| unreadable(&error))?;
        if is_one || text[before..].trim().is_empty() {
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
            return Err(Error::usage(format!(
                "line {} of standard input has a name that is not asked for",
                number + 1
            ))
            .hinted(lines_for(asked)));
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
