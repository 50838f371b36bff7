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

/// Asks for what goes with the tokens of a flow, or reads it from the first lines of standard input: behind them an
/// address may be pasted. A connection that is known has it already, and keeps what is not typed anew.
pub(super) fn fields_beside(provider: &Provider, way: WayIn, is_known: bool) -> Result<BTreeMap<String, Secret>> {
    let all = provider.credential_fields(way);
    let asked: Vec<&(String, CredentialField)> = all.iter().filter(|(_, field)| field.default.is_none()).collect();
    if prompt::is_interactive() {
        return typed(&asked, is_known);
    }
    let wanted = if is_known { 0 } else { asked.iter().filter(|(_, field)| !field.optional).count() };
    let mut text = zeroize::Zeroizing::new(String::new());
    for _ in 0..wanted {
        let read = std::io::stdin().lock().read_line(&mut text);
        read.map_err(|error| Error::usage(format!("standard input cannot be read: {error}")))?;
    }
    if wanted == 0 { Ok(BTreeMap::new()) } else { read(&text, &asked) }
}

fn typed(asked: &[&(String, CredentialField)], is_known: bool) -> Result<BTreeMap<String, Secret>> {
    let mut given = BTreeMap::new();
    for (name, field) in asked {
        let mut label = field.label.clone().unwrap_or_else(|| name.clone());
        if is_known {
            label.push_str(" (enter keeps the one that is there)");
        }
        if field.pem {
            label.push_str(" (PEM: @FILE reads it from there)");
        }
        let label = label.as_str();
        let missed = |value: Secret| {
            let is_missed = value.is_empty() && !field.optional && !is_known;
            if is_missed { Err("it cannot be left out") } else { Ok(value) }
        };
        let value = match (field.secret, field.optional) {
            _ if field.pem => prompt::until(|| prompt::key(label, name), missed)?,
            (true, _) => prompt::until(|| prompt::secret(label), missed)?,
            (false, _) if is_known => Secret::new(prompt::ask(label, None)?),
            (false, true) => Secret::new(prompt::ask(&format!("{label} (enter leaves it out)"), None)?),
            (false, false) => Secret::new(prompt::argument(None, name, label, None)?),
        };
        if !value.is_empty() {
            given.insert(name.clone(), value);
        }
    }
    Ok(given)
}

/// Reads what was piped: the value of the only field, or a line `NAME=VALUE` for each.
fn piped(asked: &[&(String, CredentialField)]) -> Result<BTreeMap<String, Secret>> {
    let mut text = zeroize::Zeroizing::new(String::new());
    std::io::stdin()
        .lock()
        .read_to_string(&mut text)
        .map_err(|error| Error::usage(format!("standard input cannot be read: {error}")))?;
    read(&text, asked)
}

fn read(text: &str, asked: &[&(String, CredentialField)]) -> Result<BTreeMap<String, Secret>> {
    let names: Vec<&str> = asked.iter().map(|(name, _)| name.as_str()).collect();
    if text.trim().is_empty() && !names.is_empty() {
        let form = if names.len() == 1 {
            "pipe it".to_owned()
        } else {
            format!("pipe a line NAME=VALUE for each of {}", names.join(", "))
        };
        return Err(Error::usage(format!("standard input held nothing; asked for: {}", names.join(", "))).hinted(form));
    }
    if let [only] = names.as_slice() {
        return Ok(BTreeMap::from([((*only).to_owned(), Secret::new(text.trim()))]));
    }
    let mut given = BTreeMap::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        // Not shown: it may be a secret.
        let bad = || {
            Error::usage(format!("line {} of standard input is not NAME=VALUE", number + 1))
                .hinted(format!("asked for: {}", names.join(", ")))
        };
        let (name, value) = line.split_once('=').ok_or_else(bad)?;
        let name = name.trim();
        if !names.contains(&name) {
            return Err(Error::usage(format!(
                "line {} of standard input has a name that is not asked for",
                number + 1
            ))
            .hinted(format!("asked for: {}", names.join(", "))));
        }
        if given.insert(name.to_owned(), Secret::new(value.trim())).is_some() {
            return Err(Error::usage(format!("`{}` is given twice on standard input", untrusted::line(name))));
        }
    }
    Ok(given)
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
