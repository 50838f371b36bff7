//! What a person enters: a key, a login, what an API wants beside a token; checked against what is asked for.

use std::collections::BTreeMap;

use super::{Error, Result, Service};
use crate::model::provider::CredentialField;
use crate::model::{Connection, ConnectionRef, Provider, Secret, WayIn, untrusted};

/// The longest value of a field, in bytes.
const LONGEST: usize = 64 * 1024;

/// What a client is told of beside its config: the variables of a connection, and what was entered for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beside<'a> {
    pub(super) variables: &'a BTreeMap<String, String>,
    pub(super) fields: &'a BTreeMap<String, Secret>,
}

impl<'a> Beside<'a> {
    /// Returns what a connection has.
    pub(super) fn of(connection: &'a Connection, fields: &'a BTreeMap<String, Secret>) -> Self {
        Self { variables: &connection.variables, fields }
    }
}

impl Service {
    /// Returns what goes with the tokens of a connection: what was given, and for the rest what it has already.
    pub(super) async fn fields_beside(
        &self,
        provider: &Provider,
        way: WayIn,
        reference: &ConnectionRef,
        given: &BTreeMap<String, Secret>,
    ) -> Result<BTreeMap<String, Secret>> {
        let asked = provider.credential_fields(way);
        let mut all = given.clone();
        all.retain(|_, value| !value.is_empty());
        // What is always the same is the file's, not the connection's.
        asked.iter().filter(|(_, field)| field.default.is_some()).for_each(|(name, _)| _ = all.remove(name));
        let wanted: Vec<&String> =
            asked.iter().filter(|(_, field)| field.default.is_none()).map(|(name, _)| name).collect();
        if !wanted.iter().all(|name| all.contains_key(*name))
            && let Some(before) = self.store.connection(reference)?
            && let Some(before) = self.kept_credentials(&before).await?
        {
            for (name, value) in before.fields().iter().filter(|(name, _)| wanted.contains(name)) {
                all.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        checked_fields(&asked, &all)
    }
}

/// Returns a key in PEM, which `@FILE` names the file of: a prompt takes one line, and a key has several.
pub fn key_of(given: Secret, name: &str) -> Result<Secret> {
    let Some(path) = given.expose().strip_prefix('@') else { return Ok(given) };
    let file = format!("the file `{}` of `{name}`", untrusted::line(path));
    let read = std::fs::read(path).map_err(|error| Error::usage(format!("{file} cannot be read: {error}")));
    let read = zeroize::Zeroizing::new(read?);
    let text = std::str::from_utf8(&read).map_err(|_| {
        Error::usage(format!("{file} is not in PEM, which is text")).hinted(
            "convert it: `openssl x509 -inform der`, `openssl pkey -inform der`, or `openssl pkcs12 -nodes` for both in one",
        )
    });
    Ok(Secret::new(text?))
}

/// Reads the keys in PEM that are named by their files.
pub(super) fn from_files(given: BTreeMap<String, Secret>, provider: &Provider) -> Result<BTreeMap<String, Secret>> {
    let read = |(name, value): (String, Secret)| {
        let is_pem = provider.credentials.get(&name).is_some_and(|field| field.pem);
        let value = if is_pem { key_of(value, &name)? } else { value };
        Ok((name, value))
    };
    given.into_iter().map(read).collect()
}

/// Checks what was entered against what the form asks for.
pub(super) fn checked_fields(
    asked: &[(String, CredentialField)],
    given: &BTreeMap<String, Secret>,
) -> Result<BTreeMap<String, Secret>> {
    if let Some(name) = given.keys().find(|name| asked.iter().all(|(known, _)| known != *name)) {
        let names: Vec<String> = asked.iter().map(|(name, _)| format!("`{name}`")).collect();
        return Err(Error::usage(format!("`{}` is not asked for", untrusted::line(name)))
            .hinted(format!("asked for: {}", names.join(", "))));
    }
    let mut fields = BTreeMap::new();
    for (name, field) in asked {
        let label = field.label.as_deref().unwrap_or(name);
        let value = match (given.get(name).filter(|value| !value.is_empty()), &field.default) {
            (Some(value), _) => value.clone(),
            (None, Some(default)) => Secret::new(default.as_str()),
            (None, None) if field.optional => continue,
            (None, None) => return Err(Error::usage(format!("`{name}` ({label}) is missing"))),
        };
        // What is shown in a header must be able to stand in one.
        if value.expose().chars().any(char::is_control) && !field.pem {
            return Err(Error::usage(format!(
                "`{name}` ({label}) has a line break or another control character in it"
            ))
            .hinted("paste it without what stands around it"));
        }
        if value.expose().len() > LONGEST {
            return Err(Error::usage(format!("`{name}` ({label}) is longer than {LONGEST} bytes")));
        }
        fields.insert(name.clone(), value);
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(default: Option<&str>, optional: bool) -> Vec<(String, CredentialField)> {
        let field = CredentialField { default: default.map(str::to_owned), optional, ..CredentialField::default() };
        vec![("key".to_owned(), field)]
    }

    fn given(value: &str) -> BTreeMap<String, Secret> {
        BTreeMap::from([("key".to_owned(), Secret::new(value))])
    }

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

    #[test]
    fn what_is_not_given_has_its_default_or_is_missed() {
        assert_eq!(checked_fields(&asked(None, false), &given("a")).unwrap()["key"].expose(), "a");
        assert_eq!(checked_fields(&asked(Some("X"), false), &BTreeMap::new()).unwrap()["key"].expose(), "X");
        assert!(checked_fields(&asked(None, true), &BTreeMap::new()).unwrap().is_empty());
        assert!(checked_fields(&asked(None, false), &given("")).unwrap_err().message.contains("missing"));
    }

    #[test]
    fn line_breaks_and_fields_that_nobody_asked_for_are_refused_without_being_shown() {
        let error = checked_fields(&asked(None, false), &given("canary\nx: y")).unwrap_err();
        assert!(error.message.contains("line break") && !format!("{error:?}").contains("canary"));
        let odd = BTreeMap::from([("other".to_owned(), Secret::new("v"))]);
        assert!(checked_fields(&asked(None, true), &odd).unwrap_err().message.contains("`other` is not asked for"));
    }
}
