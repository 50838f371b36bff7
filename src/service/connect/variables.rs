//! The variables of a connection: those that its provider asks for, and further ones of the user's own; and
//! which parameters of an authorization request may be added.

use std::collections::BTreeMap;

use crate::auth::authorization_code::Further;
use crate::model::provider::{Variable, VariableKind};
use crate::model::template::check_value;
use crate::model::{ConfigKey, ConnectionRef, Provider, untrusted};
use crate::service::{Error, Result, Service};

impl Service {
    /// Returns the variables of a connection: those given, and for the rest those it has already.
    pub(in crate::service) fn variables_for(
        &self,
        provider: &Provider,
        reference: &ConnectionRef,
        given: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>> {
        asked_variables(provider, &self.with_known(provider, reference, given)?)
    }

    /// Returns the name of a variable that a new authorization of a connection would miss.
    pub fn missing_variable(
        &self,
        reference: &ConnectionRef,
        provider: &Provider,
        given: &BTreeMap<String, String>,
    ) -> Result<Option<String>> {
        let all = self.with_known(provider, reference, given)?;
        Ok(missing(provider, &all).map(|(name, _)| name.to_owned()))
    }

    /// Returns the variables that name a host at which no connection of this config has been yet: the client
    /// secret would be sent there.
    pub fn new_hosts(
        &self,
        key: &ConfigKey,
        provider: &Provider,
        given: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>> {
        let is_host = |name: &str| {
            let variable = provider.variables.get(name);
            variable.is_some_and(|variable| matches!(variable.kind, VariableKind::Host | VariableKind::Url))
        };
        let mut hosts = given.clone();
        hosts.retain(|name, _| is_host(name));
        if hosts.is_empty() {
            return Ok(hosts);
        }
        for connection in self.connections()?.iter().filter(|connection| connection.reference.config == *key) {
            hosts.retain(|name, value| connection.variables.get(name) != Some(value));
        }
        Ok(hosts)
    }

    fn with_known(
        &self,
        provider: &Provider,
        reference: &ConnectionRef,
        given: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>> {
        let mut all = given.clone();
        if let Some(before) = self.store.connection(reference)? {
            for (name, _) in provider.asked_variables() {
                if let Some(value) = before.variables.get(name) {
                    all.entry(name.to_owned()).or_insert_with(|| value.clone());
                }
            }
        }
        Ok(all)
    }
}

fn given_value<'a>(given: &'a BTreeMap<String, String>, name: &str) -> Option<&'a String> {
    given.get(name).filter(|value| !value.trim().is_empty())
}

/// Returns the first variable that must be given and is not.
fn missing<'a>(provider: &'a Provider, given: &BTreeMap<String, String>) -> Option<(&'a str, &'a Variable)> {
    provider
        .asked_variables()
        .find(|(name, variable)| variable.default.is_none() && !variable.optional && given_value(given, name).is_none())
}

/// Checks the variables a user gave, and that none is missing.
fn asked_variables(provider: &Provider, given: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    for name in given.keys() {
        if !provider.asked_variables().any(|(asked, _)| asked == name) {
            let names: Vec<String> = provider.asked_variables().map(|(name, _)| format!("`{name}`")).collect();
            let hint = if names.is_empty() {
                format!("{} asks for none", provider.name)
            } else {
                format!("{} asks for {}", provider.name, names.join(", "))
            };
            return Err(Error::usage(format!("`{}` is not a variable of {}", untrusted::line(name), provider.name))
                .hinted(hint));
        }
    }
    if let Some((name, variable)) = missing(provider, given) {
        let label = variable.label.as_deref().unwrap_or(name);
        return Err(Error::usage(format!("{} needs `{name}` ({label})", provider.name))
            .hinted(format!("give it with `--param {name}=VALUE`")));
    }
    let mut checked = BTreeMap::new();
    for (name, variable) in provider.asked_variables() {
        if let Some(value) = given_value(given, name) {
            checked.insert(name.to_owned(), check_value(name, variable, value, provider.is_own)?);
        }
    }
    Ok(checked)
}

/// Adds variables that the provider file does not know. What it does know comes from nowhere else.
pub(in crate::service) fn add_further(
    variables: &mut BTreeMap<String, String>,
    further: &BTreeMap<String, String>,
    provider: &Provider,
) -> Result<()> {
    for (name, value) in further.iter().filter(|(name, _)| !provider.variables.contains_key(*name)) {
        let is_fit = |text: &str, most: usize| text.len() <= most && !text.chars().any(char::is_control);
        if !is_fit(name, 64) || !is_fit(value, 1024) || variables.len() >= 64 {
            return Err(Error::usage(format!("`{}` cannot be kept", untrusted::line(name))).hinted(
                "a name has at most 64 bytes, a value 1024, neither control characters; and there are at most 64",
            ));
        }
        variables.insert(name.clone(), value.clone());
    }
    Ok(())
}

/// The parameters of an authorization request that are hallpass's own (RFC 6749 section 4.1.1, RFC 7636,
/// RFC 9101): whoever set them could send the answer elsewhere.
const RESERVED: [&str; 11] = [
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "oauth_token",
    "redirect_uri",
    "request",
    "request_uri",
    "response_type",
    "state",
];

pub(super) fn refuse_reserved(parameters: &Further) -> Result<()> {
    match parameters.keys().find(|name| RESERVED.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            Err(Error::usage(format!("the parameter `{name}` of an authorization request is hallpass's own"))
                .hinted("leave it out"))
        }
    }
}
