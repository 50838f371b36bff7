//! `config …`: making, listing, changing and deleting configs.

use std::io::IsTerminal;

use super::args::ConfigCommand;
use super::{Outcome, Output, prompt};
use crate::backend::Backend;
use crate::model::config::split_scopes;
use crate::model::rest::ConfigView;
use crate::model::{Config, ConfigKey, Provider, ProviderId, Secret, WayIn, search};
use crate::service::configs::{ConfigChanges, NewConfig};
use crate::service::error::quoted;
use crate::service::{Error, Result};

pub(super) async fn run(command: ConfigCommand, backend: &Backend, output: Output) -> Outcome {
    match command {
        ConfigCommand::Create {
            key,
            provider,
            client_id,
            client_secret,
            scopes,
            public,
            issuer,
            mcp,
            api,
            redirect_uri,
        } => {
            let words = [provider, client_id, client_secret, scopes];
            let create = Create { key, issuer, api, mcp, public, redirect_uri };
            let (config, is_registered) = create.run(words, backend, output).await?;
            created(&config, is_registered, backend, output)
        }
        ConfigCommand::List => list(&backend.configs().await?, output),
        ConfigCommand::Get { key } => get(&backend.config(&asked_key(key)?).await?, backend, output),
        ConfigCommand::Edit {
            key,
            provider,
            client_id,
            client_secret,
            scopes,
            new_client_id,
            new_client_secret,
            register,
            new_scopes,
            redirect_uri,
        } => {
            let key = asked_key(key)?;
            let config = backend.config(&key).await?;
            warn_if_visible(client_secret.as_deref(), output);
            let template = backend.provider(provider.as_deref().unwrap_or(config.provider.as_str()));
            let signs = template.is_ok_and(|(_, template)| template.signs());
            let changes = ConfigChanges {
                provider,
                client_id: client_id.or(new_client_id).or_else(|| register.then(String::new)),
                client_secret: match (client_secret, new_client_secret) {
                    (Some(given), _) => Some(asked_secret(Some(&given), signs)?),
                    (None, Some(given)) if given == "-" => Some(asked_secret(Some(&given), signs)?),
                    (None, Some(given)) if given.is_empty() => Some(typed_secret(signs)?),
                    (None, Some(_)) => {
                        return Err(Error::usage("a client secret does not stand on the command line, where others can see it")
                            .hinted("pipe it and write `--client-secret -`, or write `--client-secret` alone to be asked for it")
                            .into());
                    }
                    (None, None) => None,
                },
                scopes: scopes.or(new_scopes).as_deref().map(split_scopes),
                redirect_uri,
            };
            let changes = if is_empty(&changes) { asked_changes(signs)? } else { changes };
            edited(&backend.edit_config(&key, changes).await?, output)?;
            if register {
                output
                    .note("  what its connections were granted belongs to the client of before: authorize them again");
            }
            Ok(())
        }
        ConfigCommand::Rename { key, new } => {
            let key = asked_key(key)?;
            let new = match new {
                Some(new) => ConfigKey::new(new)?,
                None => prompt::until(|| prompt::argument(None, "NEW", "The new key", None), ConfigKey::new)?,
            };
            backend.rename_config(&key, &new).await?;
            output.done(&format!("`{key}` is now `{new}`"));
            Ok(())
        }
        ConfigCommand::Delete { key, yes } => delete(&asked_key(key)?, yes, backend, output).await,
    }
}

/// `config create`, with what stands beside its words.
struct Create {
    key: Option<String>,
    issuer: Option<String>,
    api: Option<String>,
    mcp: Option<String>,
    public: bool,
    redirect_uri: Option<String>,
}

impl Create {
    /// Makes the config, and tells whether hallpass registered itself for it. `words` are provider, client id, client
    /// secret and scopes; with an issuer or an MCP server there is no provider.
    async fn run(self, words: [Option<String>; 4], backend: &Backend, output: Output) -> Result<(Config, bool)> {
        let [first, second, third, fourth] = words;
        let found = match (&self.issuer, &self.mcp) {
            (None, None) => None,
            _ if fourth.is_some() => {
                return Err(Error::usage("with `--issuer` and with `--mcp` no provider is named")
                    .hinted("`hallpass config create KEY --issuer URL CLIENT_ID`"));
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

fn asked_key(key: Option<String>) -> Result<ConfigKey> {
    Ok(ConfigKey::new(prompt::argument(key, "KEY", "Config", None)?)?)
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

fn warn_if_visible(secret: Option<&str>, output: Output) {
    if secret.is_some_and(|given| given != "-" && !given.is_empty()) {
        output.warn("others on this machine can see what stands on a command line; write `-` and pipe the secret");
    }
}

/// Asks for the new client secret of a config that there is.
fn typed_secret(signs: bool) -> Result<Secret> {
    if !prompt::is_interactive() {
        return Err(prompt::missing("CLIENT_SECRET").hinted("pipe it and write `--client-secret -`"));
    }
    let secret = if signs {
        prompt::key("New private key (PEM: paste it, or @FILE)", "the client")?
    } else {
        prompt::secret("New client secret")?
    };
    if secret.is_empty() {
        return Err(Error::usage("nothing was typed; the client secret is as it was"));
    }
    Ok(secret)
}

/// Reads the client secret: `-` stands for standard input, nothing for the prompt.
fn asked_secret(given: Option<&str>, signs: bool) -> Result<Secret> {
    match given {
        Some("-") => prompt::piped_secret(),
        // Only where Nango's own command line takes one.
        Some(given) => Ok(Secret::new(given)),
        None if prompt::is_interactive() && signs => prompt::key("Private key (PEM: paste it, or @FILE)", "the client"),
        None if prompt::is_interactive() => prompt::secret("Client secret (nothing for a public client)"),
        None => Err(prompt::missing("CLIENT_SECRET")
            .hinted("pipe it and write `-` in its place, or say `--public` if there is none")),
    }
}

fn is_empty(changes: &ConfigChanges) -> bool {
    changes.provider.is_none()
        && changes.client_id.is_none()
        && changes.client_secret.is_none()
        && changes.scopes.is_none()
        && changes.redirect_uri.is_none()
}

/// Asks what is to change, where nothing was said: an empty answer leaves it as it is.
fn asked_changes(signs: bool) -> Result<ConfigChanges> {
    if !prompt::is_interactive() {
        return Err(Error::usage("nothing was said to change")
            .hinted("`--client-id`, `--client-secret -`, `--scopes` and `--redirect-uri` say what"));
    }
    let answer = |question: &str| -> Result<Option<String>> {
        Ok(Some(prompt::ask(question, None)?).filter(|answer| !answer.is_empty()))
    };
    let label =
        if signs { "New private key (PEM: @FILE; enter leaves it)" } else { "New client secret (enter leaves it)" };
    let client_id = answer("New client id (enter leaves it)")?;
    let secret = if signs { prompt::key(label, "the client")? } else { prompt::secret(label)? };
    let secret = Some(secret).filter(|secret| !secret.is_empty());
    Ok(ConfigChanges {
        provider: None,
        client_id,
        client_secret: secret,
        scopes: answer("New scopes, comma-separated (enter leaves them)")?.as_deref().map(split_scopes),
        redirect_uri: answer("New redirect URI (enter leaves it)")?,
    })
}

fn created(config: &Config, is_registered: bool, backend: &Backend, output: Output) -> Outcome {
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

fn edited(config: &Config, output: Output) -> Outcome {
    if output.json {
        return Ok(output.document(&ConfigView::from(config))?);
    }
    output.done(&format!("`{}` was changed; its connections stay", config.key));
    Ok(())
}

fn list(configs: &[Config], output: Output) -> Outcome {
    if output.json {
        return Ok(output.document(&configs.iter().map(ConfigView::from).collect::<Vec<_>>())?);
    }
    let row = |config: &Config| {
        vec![config.key.to_string(), config.provider.to_string(), config.client_id.clone(), config.scopes.join(",")]
    };
    output.table(&["KEY", "PROVIDER", "CLIENT ID", "SCOPES"], &configs.iter().map(row).collect::<Vec<_>>())?;
    if configs.is_empty() && std::io::stdout().is_terminal() {
        output.note("No config yet; `hallpass config create` makes one, `hallpass demo` shows how it all works.");
    }
    Ok(())
}

fn get(config: &Config, backend: &Backend, output: Output) -> Outcome {
    if output.json {
        return Ok(output.document(&ConfigView::from(config))?);
    }
    let mut fields = vec![("key", config.key.to_string()), ("provider", config.provider.to_string())];
    if !config.client_id.is_empty() {
        let secret = if config.has_client_secret { "in the vault" } else { "none (a public client)" };
        let usual = config.scopes.is_empty();
        fields.extend([
            ("client id", config.client_id.clone()),
            ("client secret", secret.to_owned()),
            ("scopes", if usual { "the provider's usual ones".to_owned() } else { config.scopes.join(",") }),
        ]);
        if backend.provider(config.provider.as_str()).is_ok_and(|(_, provider)| provider.takes_redirect()) {
            fields.push(("redirect URI", config.redirect_uri().to_owned()));
        }
    }
    fields.extend([
        ("made", config.created_at.format("%Y-%m-%d %H:%M UTC").to_string()),
        ("changed", config.updated_at.format("%Y-%m-%d %H:%M UTC").to_string()),
    ]);
    Ok(output.fields(&fields)?)
}

async fn delete(key: &ConfigKey, yes: bool, backend: &Backend, output: Output) -> Outcome {
    backend.config(key).await?;
    let connections =
        backend.connections().await?.into_iter().filter(|connection| connection.reference.config == *key).count();
    if !yes {
        let question =
            format!("Delete `{key}` with its {connections} connections? What the provider granted stays granted");
        if !prompt::is_interactive() {
            return Err(Error::usage(format!("`{key}` was not deleted: nobody was there to confirm it"))
                .hinted("say `--yes`")
                .into());
        }
        if !prompt::confirm(&question)? {
            return Err(Error::usage("nothing was deleted").into());
        }
    }
    let deleted = backend.delete_config(key).await?;
    output.done(&format!("`{key}` and its {deleted} connections are gone from {}", backend.place()));
    Ok(())
}
