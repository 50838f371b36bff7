//! `connect` without a browser: a key or a login, typed or piped, and never on the command line.

use std::collections::BTreeMap;
use std::io::Read;

use super::prompt;
use crate::model::provider::CredentialField;
use crate::model::{Provider, Secret, WayIn, untrusted};
use crate::service::{Error, Result};

/// Asks for the fields of a key or a login, or reads them from standard input.
pub(super) fn fields(provider: &Provider, way: WayIn) -> Result<BTreeMap<String, Secret>> {
    let all = provider.credential_fields(way);
    let asked: Vec<&(String, CredentialField)> = all.iter().filter(|(_, field)| field.default.is_none()).collect();
    if !prompt::is_interactive() {
        return from_files(piped(&asked)?, provider);
    }
    let mut given = BTreeMap::new();
    for (name, field) in asked {
        let mut label = field.label.clone().unwrap_or_else(|| name.clone());
        if field.pem {
            label.push_str(" (PEM: @FILE reads it from there)");
        }
        let label = label.as_str();
        let value = match (field.secret, field.optional) {
            (true, _) => prompt::secret(label)?,
            (false, true) => Secret::new(prompt::ask(&format!("{label} (enter leaves it out)"), None)?),
            (false, false) => Secret::new(prompt::argument(None, name, label, None)?),
        };
        if !value.is_empty() {
            given.insert(name.clone(), value);
        }
    }
    from_files(given, provider)
}

/// Reads the keys that are given by the names of their files: a prompt takes one line, and a key in PEM has several.
fn from_files(mut given: BTreeMap<String, Secret>, provider: &Provider) -> Result<BTreeMap<String, Secret>> {
    for (name, value) in &mut given {
        let is_pem = provider.credentials.get(name).is_some_and(|field| field.pem);
        let Some(path) = value.expose().strip_prefix('@').filter(|_| is_pem) else { continue };
        let read = std::fs::read_to_string(path).map_err(|error| {
            Error::usage(format!("the file `{}` of `{name}` cannot be read: {error}", untrusted::line(path)))
        });
        *value = Secret::new(zeroize::Zeroizing::new(read?).as_str());
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

    #[test]
    fn a_key_is_read_from_the_file_that_is_named_for_it_and_nothing_else_is() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "-----BEGIN\n").unwrap();
        let named = format!("@{}", file.path().display());
        let provider = toml::from_str("name = \"Acme\"\n[credentials.key]\npem = true\n[credentials.other]\n").unwrap();
        let given = ["key", "other"].map(|name| (name.to_owned(), Secret::new(named.as_str())));
        let read = from_files(BTreeMap::from(given), &provider).unwrap();
        assert_eq!((read["key"].expose(), read["other"].expose()), ("-----BEGIN\n", named.as_str()));
        let missing = BTreeMap::from([("key".to_owned(), Secret::new("@/nowhere/key.pem"))]);
        assert!(from_files(missing, &provider).unwrap_err().message.contains("`/nowhere/key.pem` of `key`"));
    }

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
