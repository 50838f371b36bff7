//! `config create`: what is left out is asked for.

use super::{asked_secret, warn_if_visible};
use crate::backend::Backend;
use crate::cli::{Outcome, Output, prompt};
use crate::model::config::split_scopes;
use crate::model::rest::ConfigView;
use crate::model::{Config, ConfigKey, Provider, ProviderId, WayIn, search};
use crate::service::configs::NewConfig;
use crate::service::error::quoted;
use crate::service::{Error, Result};

/// `config create`, with what stands beside its words.
pub(super) struct Create {
    pub(super) key: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) api: Option<String>,
    pub(super) mcp: Option<String>,
    pub(super) public: bool,
    pub(super) redirect_uri: Option<String>,
}

impl Create {
    /// Makes the config, and tells whether hallpass registered itself for it. `words` are provider, client id, client
    /// secret and scopes; with an issuer or an MCP server there is no provider.
    pub(super) async fn run(
        self,
        words: [Option<String>; 4],
        backend: &Backend,
        output: Output,
    ) -> Result<(Config, bool)> {
        let [first, second, third, fourth] = words;
        let found = match (&self.issuer, &self.mcp) {
            (None, None) => None,
            _ if fourth.is_some() => {
                return Err(Error::usage("with `--issuer` and with `--mcp` no provider is named").hinted(
                    "`hallpass config create KEY --issuer URL CLIENT_ID`, or `--mcp URL` with a client id or without",
                ));
            }
            (Some(issuer), _) => Some(backend.provider_of_issuer(issuer, self.api.as_deref()).await?),
            (_, Some(server)) => Some(backend.provider_of_mcp(server).await?),
        };
        let (provider, client_id, secret, scopes) = match found {
            None => (asked_provider(first, backend, output)?, second, third, fourth),
            Some(id) => (id.as_str().to_owned(), first, second, third),
        };
        let known = backend.provider(&provider);
        let (id, template) = match known {
            Ok((id, template)) => (id, Some(template)),
            // Another host may know more of them than this machine; it judges.
            Err(_) if backend.host().is_some() => (ProviderId::new(&provider)?, None),
            Err(error) => return Err(error),
        };
        let key = match self.key {
            Some(key) => key,
            // It is called like its provider until somebody renames it.
            None if prompt::is_interactive() => backend.suggested_key(&id).await?,
            None => return Err(prompt::missing("KEY")),
        };
        let ways = template.as_ref().map_or_else(|| vec![WayIn::default()], Provider::ways);
        // A provider that is authorized by a key alone knows no client, and so no secret of one.
        let knows_clients = ways.into_iter().any(WayIn::needs_client);
        if let Some(template) =
            template.as_ref().filter(|_| knows_clients && client_id.is_none() && prompt::is_interactive())
        {
            tell_where(template, self.redirect_uri.as_deref(), output);
        }
        let registers = template.as_ref().is_some_and(Provider::may_register);
        let client_id = match client_id {
            None if !knows_clients || registers && !prompt::is_interactive() => String::new(),
            None if registers => prompt::ask("Client id (enter lets hallpass register itself)", None)?,
            given => prompt::argument(given, "CLIENT_ID", "Client id", None)?,
        };
        if client_id == "-" {
            return Err(Error::usage("the client id is `-`: that reads a secret, which stands behind the client id")
                .hinted("`hallpass config create KEY PROVIDER CLIENT_ID -`"));
        }
        if let Some(template) = template.as_ref().filter(|_| !knows_clients && !client_id.is_empty()) {
            output.warn(&format!("{} takes no client: the client id is kept, and of no use", template.name));
        }
        // With `--public` the word behind the client id is the scopes.
        let (secret, scopes) = if self.public { (None, scopes.or(secret)) } else { (secret, scopes) };
        // One that registers itself is told its secret.
        let knows_clients = knows_clients && !client_id.is_empty();
        let is_asked = secret.is_none() && !self.public && knows_clients;
        warn_if_visible(secret.as_deref(), output);
        let signs = template.as_ref().is_some_and(Provider::signs);
        let client_secret =
            if self.public || !knows_clients { None } else { Some(asked_secret(secret.as_deref(), signs)?) };
        let scopes = match (scopes, template) {
            (None, Some(template)) if is_asked => asked_scopes(&template)?,
            (given, _) => given,
        };
        let new = NewConfig {
            key: ConfigKey::new(key)?,
            provider,
            client_id,
            client_secret,
            scopes: scopes.as_deref().map(split_scopes).unwrap_or_default(),
            redirect_uri: self.redirect_uri,
        };
        let is_registered = new.client_id.is_empty() && registers;
        Ok((backend.create_config(new).await?, is_registered))
    }
}

/// Asks for a provider until what is typed is one, showing what is like it.
fn asked_provider(given: Option<String>, backend: &Backend, output: Output) -> Result<String> {
    if let Some(given) = given {
        return Ok(given);
    }
    loop {
        let typed = prompt::argument(None, "PROVIDER", "Provider (a few letters are enough)", None)?;
        if backend.provider(&typed).is_ok() {
            return Ok(typed);
        }
        let providers = backend.listed_providers();
        let names: Vec<String> = providers
            .iter()
            .map(|(id, listed)| match listed {
                Ok(listed) => search::entry(id.as_str(), &listed.aliases, &listed.name, ""),
                Err(_) => id.to_string(),
            })
            .collect();
        match search::fuzzy(&typed, &names).as_slice() {
            [] => output.note("No provider matches."),
            [only] => return Ok(providers[*only].0.as_str().to_owned()),
            several => {
                let ids: Vec<String> = several.iter().take(12).map(|index| providers[*index].0.to_string()).collect();
                output.note(&format!("Which one? {}", ids.join(", ")));
            }
        }
    }
}

/// Says where an application is registered, before its client id is asked for.
fn tell_where(provider: &Provider, redirect_uri: Option<&str>, output: Output) {
    if provider.may_register() {
        output.note(&format!("{} lets hallpass register itself, or takes an application of yours.", provider.name));
    } else {
        output.note(&format!("{} wants an application of yours.", provider.name));
    }
    if let Some(console) = &provider.console {
        output.note(&format!("  register it at {console}"));
    }
    if provider.takes_redirect() {
        let usual = provider.default_redirect_uri();
        output.note(&format!("  with the redirect URI {}", redirect_uri.unwrap_or(usual)));
    }
    for note in &provider.notes {
        output.note(&format!("  • {note}"));
    }
}

/// Asks for the scopes, where the provider knows some; nothing takes its usual ones.
fn asked_scopes(provider: &Provider) -> Result<Option<String>> {
    let Some(way) = provider.ways().into_iter().next() else { return Ok(None) };
    let (usual, known) = (provider.default_scopes(way), provider.known_scopes(way));
    if usual.is_empty() && known.is_empty() {
        return Ok(None);
    }
    let usual = if usual.is_empty() { "none".to_owned() } else { usual.join(", ") };
    let some: Vec<&str> = known.iter().take(8).map(String::as_str).collect();
    let such = if some.is_empty() { String::new() } else { format!(", such as {}", some.join(", ")) };
    let answer = prompt::ask(&format!("Scopes, comma-separated{such} (enter takes the usual: {usual})"), None)?;
    Ok(Some(answer).filter(|answer| !answer.is_empty()))
}

pub(super) fn created(config: &Config, is_registered: bool, backend: &Backend, output: Output) -> Outcome {
    if output.json {
        return Ok(output.document(&ConfigView::from(config))?);
    }
    output.done(&format!("`{}` is ready", config.key));
    if backend.host().is_some() {
        output.note(&format!("  register this redirect URI at the provider: {}", config.redirect_uri()));
        output.note(&format!("  then authorize connections at {}", backend.place()));
        return Ok(());
    }
    let has_browser = backend.provider(config.provider.as_str()).is_ok_and(|(_, provider)| provider.takes_redirect());
    if config.client_id.is_empty() || !has_browser {
        output.note(&format!("  then: hallpass connect {} ID", quoted(config.key.as_str())));
        return Ok(());
    }
    let (uri, key) = (config.redirect_uri(), quoted(config.key.as_str()));
    if is_registered {
        output.note(&format!("  hallpass registered itself, as `{}` with the redirect URI {uri}", config.client_id));
    } else if uri.contains(":0/") {
        output.note(&format!("  the provider must accept any port in {uri}"));
    } else {
        output.note(&format!("  register this redirect URI at the provider: {uri}"));
    }
    let listens = ["http://", "https://localhost", "https://127.0.0.1", "https://[::1]"];
    let paste = if listens.iter().any(|start| uri.starts_with(start)) { "" } else { " --paste" };
    output.note(&format!("  then: hallpass connect {key} ID{paste}"));
    Ok(())
}
