//! What each argument can be, of what there is here.

use std::sync::Arc;

use clap::{ArgMatches, Command};
use clap_complete::{ArgValueCandidates, CompletionCandidate};

use crate::model::{Config, ConfigKey, Connection, Provider, ProviderId, WayIn};
use crate::service::Service;
use crate::service::sandbox::Weather;

/// How many providers are shown with their names.
const FEW: usize = 24;

/// What an argument can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A config.
    Config,
    /// A connection, or a config that has one.
    Connection,
    /// A connection that there may be already, so any config.
    NewConnection,
    /// The id of a connection under the config that stands before it.
    Id,
    /// What stands in the same place of a request: a connection in one word or two, a method, a path.
    Request,
    /// `config/connection`.
    Reference,
    /// A provider.
    Provider,
    /// A way in of the config's provider.
    Way,
    /// A variable of the config's provider.
    Variable,
    /// A scope of the config's provider.
    Scope,
    /// A weather of the sandbox.
    Weather,
    /// One of a few words.
    Words(&'static [&'static str]),
}

/// Every argument that takes a name, by the command's words and its own. A test looks whether they are there.
const KINDS: [(&str, &str, Kind); 35] = [
    ("", "vault", Kind::Words(&["keychain", "sealed", "memory"])),
    ("activity", "config", Kind::NewConnection),
    ("activity", "connection", Kind::Id),
    ("config create", "provider", Kind::Provider),
    ("config create", "client_secret", Kind::Words(&["-"])),
    ("config delete", "key", Kind::Config),
    ("config edit", "key", Kind::Config),
    ("config edit", "provider", Kind::Provider),
    ("config edit", "client_secret", Kind::Words(&["-"])),
    ("config edit", "new_client_secret", Kind::Words(&["-"])),
    ("config edit", "new_scopes", Kind::Scope),
    ("config get", "key", Kind::Config),
    ("config rename", "key", Kind::Config),
    ("connect", "config", Kind::NewConnection),
    ("connect", "connection", Kind::Id),
    ("connect", "parameters", Kind::Variable),
    ("connect", "scopes", Kind::Scope),
    ("connect", "way", Kind::Way),
    ("connection delete", "config", Kind::Connection),
    ("connection delete", "connection", Kind::Id),
    ("connection get", "config", Kind::Connection),
    ("connection get", "connection", Kind::Id),
    ("connection rename", "config", Kind::Connection),
    ("connection rename", "connection", Kind::Id),
    ("exec", "connections", Kind::Reference),
    ("import", "provider", Kind::Provider),
    ("provider list", "query", Kind::Provider),
    ("provider show", "id", Kind::Provider),
    ("request", "words", Kind::Request),
    ("sandbox", "weather", Kind::Weather),
    ("token get", "config", Kind::Connection),
    ("token get", "connection", Kind::Id),
    ("token inspect", "config", Kind::Connection),
    ("token inspect", "connection", Kind::Id),
    ("vault migrate", "to", Kind::Words(&["keychain", "sealed"])),
];

/// What there is, and what stands before the cursor.
pub(super) struct Candidates {
    service: Option<Service>,
    /// The config that was typed, or the config of the connection.
    config: Option<String>,
    /// The words of a request.
    words: Vec<String>,
    /// The beginning of the word at the cursor.
    last: String,
}

impl Candidates {
    pub(super) fn new(service: Option<Service>, before: &ArgMatches, last: &str) -> Self {
        let mut deepest = before;
        while let Some((_, matches)) = deepest.subcommand() {
            deepest = matches;
        }
        let one = |name| deepest.try_get_one::<String>(name).ok().flatten().cloned();
        let words = deepest.try_get_many::<String>("words").ok().flatten();
        let words: Vec<String> = words.map(|words| words.cloned().collect()).unwrap_or_default();
        Self {
            service,
            config: one("config").or_else(|| one("key")).or_else(|| words.first().cloned()),
            words,
            last: last.to_owned(),
        }
    }

    /// Lets the arguments of a command know them.
    pub(super) fn put_into(self, command: Command) -> Command {
        fn put(command: Command, path: &str, candidates: &Arc<Candidates>) -> Command {
            let names: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
            let command = command.mut_args(|argument| {
                let is_this = |(of, name, _): &&(&str, &str, Kind)| *of == path && argument.get_id() == name;
                let Some((.., kind)) = KINDS.iter().find(is_this) else { return argument };
                let candidates = candidates.clone();
                argument.add(ArgValueCandidates::new(move || candidates.of(*kind)))
            });
            names.iter().fold(command, |command, name| {
                command.mut_subcommand(name, |command| put(command, format!("{path} {name}").trim(), candidates))
            })
        }
        put(command, "", &Arc::new(self))
    }

    fn of(&self, kind: Kind) -> Vec<CompletionCandidate> {
        match kind {
            Kind::Config => self.configs(|_| true),
            Kind::Connection => {
                let connections = self.connections();
                let has_one = |config: &Config| connections.iter().any(|one| one.reference.config == config.key);
                let mut found = self.configs(has_one);
                found.extend(self.references());
                found
            }
            Kind::NewConnection => {
                let mut found = self.configs(|_| true);
                found.extend(self.references());
                found
            }
            Kind::Id => self.ids(),
            Kind::Request => self.of_request(),
            Kind::Reference => self.references(),
            Kind::Provider => self.providers(),
            Kind::Way => match self.provider() {
                Some(provider) => provider.ways().into_iter().map(|way| CompletionCandidate::new(way.word())).collect(),
                None => WayIn::ALL.into_iter().map(|way| CompletionCandidate::new(way.word())).collect(),
            },
            Kind::Variable => self.provider().map(|provider| variables(&provider)).unwrap_or_default(),
            Kind::Scope => self.scopes(),
            Kind::Weather => Weather::ALL.iter().map(|weather| CompletionCandidate::new(weather.word())).collect(),
            Kind::Words(words) => words.iter().map(|word| CompletionCandidate::new(*word)).collect(),
        }
    }

    /// Names of the store, which are those of another host where one is worked at: nobody asks it at a tab.
    fn store(&self) -> Option<&Service> {
        self.service.as_ref().filter(|service| service.settings().host.is_none())
    }

    fn connections(&self) -> Vec<Connection> {
        self.store().and_then(|service| service.connections().ok()).unwrap_or_default()
    }

    fn configs(&self, is_wanted: impl Fn(&Config) -> bool) -> Vec<CompletionCandidate> {
        let configs = self.store().and_then(|service| service.configs().ok()).unwrap_or_default();
        let wanted = configs.iter().filter(|config| is_wanted(config));
        wanted.filter_map(|config| candidate(config.key.as_str().to_owned(), config.provider.as_str())).collect()
    }

    fn references(&self) -> Vec<CompletionCandidate> {
        let written = |one: &Connection| format!("{}/{}", one.reference.config.as_str(), one.reference.id.as_str());
        self.connections().iter().filter_map(|one| candidate(written(one), one.provider.as_str())).collect()
    }

    fn ids(&self) -> Vec<CompletionCandidate> {
        let Some(key) = self.config.as_deref().and_then(|config| ConfigKey::new(config).ok()) else {
            return Vec::new();
        };
        let connections = self.connections();
        let under = connections.iter().filter(|one| one.reference.config == key);
        under.filter_map(|one| candidate(one.reference.id.as_str().to_owned(), one.provider.as_str())).collect()
    }

    fn of_request(&self) -> Vec<CompletionCandidate> {
        let methods = || ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"].map(CompletionCandidate::new);
        match self.words.as_slice() {
            [] => self.of(Kind::Connection),
            [target] if target.contains('/') => methods().into(),
            // A connection, or the method for the only one.
            [_] => self.ids().into_iter().chain(methods()).collect(),
            [target, method] if !target.contains('/') && method.chars().any(|letter| !letter.is_ascii_uppercase()) => {
                methods().into()
            }
            _ => Vec::new(),
        }
    }

    /// Reading every provider's file for its name takes longer than a tab may; of a few, it does not.
    fn providers(&self) -> Vec<CompletionCandidate> {
        let Some(service) = &self.service else { return Vec::new() };
        let mut ids = service.provider_ids();
        ids.retain(|id| id.as_str().starts_with(&self.last));
        let is_few = ids.len() <= FEW;
        let name =
            |id: &ProviderId| service.provider(id.as_str()).map(|(_, provider)| provider.name).unwrap_or_default();
        let shown = |id: &ProviderId| candidate(id.as_str().to_owned(), &if is_few { name(id) } else { String::new() });
        ids.iter().filter_map(shown).collect()
    }

    /// Returns the provider of the config that was typed.
    fn provider(&self) -> Option<Provider> {
        let key = self.config.as_deref()?.split('/').next()?;
        let config = self.store()?.config(&ConfigKey::new(key).ok()?).ok()?;
        self.store()?.provider(config.provider.as_str()).ok().map(|(_, provider)| provider)
    }

    fn scopes(&self) -> Vec<CompletionCandidate> {
        let Some(provider) = self.provider() else { return Vec::new() };
        let known = provider.ways().into_iter().flat_map(|way| provider.known_scopes(way));
        known.filter_map(|scope| candidate(scope.clone(), "")).collect()
    }
}

fn variables(provider: &Provider) -> Vec<CompletionCandidate> {
    let shown = |(name, variable): (&str, &crate::model::provider::Variable)| {
        candidate(format!("{name}="), variable.label.as_deref().unwrap_or_default())
    };
    provider.asked_variables().filter_map(shown).collect()
}

/// A name that begins with a dash would be read as an option.
fn candidate(value: String, text: &str) -> Option<CompletionCandidate> {
    let help = (!text.is_empty()).then(|| text.to_owned().into());
    (!value.starts_with('-')).then(|| CompletionCandidate::new(value).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Arguments;
    use clap::CommandFactory;

    #[test]
    fn every_argument_that_is_completed_is_there() {
        for (path, name, _) in KINDS {
            let mut command = Arguments::command();
            for word in path.split_whitespace() {
                command = command.find_subcommand(word).unwrap_or_else(|| panic!("no command `{path}`")).clone();
            }
            assert!(command.get_arguments().any(|argument| argument.get_id() == name), "`{path}` has no `{name}`");
        }
    }

    #[test]
    fn every_argument_that_names_something_of_the_store_is_completed() {
        fn look(command: &Command, path: &str, missing: &mut Vec<String>) {
            for argument in command.get_arguments().filter(|argument| argument.is_positional()) {
                let name = argument.get_id().as_str();
                let names_something = ["config", "connection", "connections", "key", "provider", "id"].contains(&name);
                let is_new = path == "config create" && name == "key";
                if names_something && !is_new && !KINDS.iter().any(|(of, known, _)| *of == path && *known == name) {
                    missing.push(format!("{path} {name}"));
                }
            }
            for command in command.get_subcommands() {
                look(command, format!("{path} {}", command.get_name()).trim(), missing);
            }
        }
        let mut missing = Vec::new();
        look(&Arguments::command(), "", &mut missing);
        assert!(missing.is_empty(), "{missing:?}");
    }
}
