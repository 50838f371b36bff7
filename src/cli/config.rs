//! `config …`: making, listing, changing and deleting configs.

mod create;

use std::io::IsTerminal;

use super::args::ConfigCommand;
use super::{Outcome, Output, prompt};
use crate::backend::Backend;
use crate::model::config::split_scopes;
use crate::model::rest::ConfigView;
use crate::model::{Config, ConfigKey, Secret};
use crate::service::configs::ConfigChanges;
use crate::service::{Error, Result};
use create::{Create, created};

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
                client_id: client_id.or(new_client_id),
                registers: register,
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

fn asked_key(key: Option<String>) -> Result<ConfigKey> {
    Ok(ConfigKey::new(prompt::argument(key, "KEY", "Config", None)?)?)
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
        && !changes.registers
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
        registers: false,
        client_secret: secret,
        scopes: answer("New scopes, comma-separated (enter leaves them)")?.as_deref().map(split_scopes),
        redirect_uri: answer("New redirect URI (enter leaves it)")?,
    })
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
