//! `connection …`: listing, showing, renaming and deleting connections.

use std::io::IsTerminal;

use super::args::{ConnectionCommand, Target};
use super::{Outcome, Output, prompt};
use crate::backend::Backend;
use crate::model::freshness::spoken;
use crate::model::rest::ConnectionView;
use crate::model::{Connection, ConnectionId, ConnectionRef, Health, Time, WayIn};
use crate::service::Error;

pub(super) async fn run(command: ConnectionCommand, backend: &Backend, output: Output) -> Outcome {
    match command {
        ConnectionCommand::List => list(backend, output).await,
        ConnectionCommand::Get(target) => get(&target.existing(backend, output).await?, backend, output).await,
        ConnectionCommand::Rename { config, connection, new } => {
            let (target, new) = match (&config, new) {
                // `rename github/jane jim` has the new id in second place.
                (Some(config), None) if config.contains('/') => {
                    (Target { config: Some(config.clone()), connection: None }, connection)
                }
                (_, new) => (Target { config, connection }, new),
            };
            let reference = target.existing(backend, output).await?;
            let new = match new {
                Some(new) => ConnectionId::new(new)?,
                None => prompt::until(|| prompt::argument(None, "NEW", "The new id", None), ConnectionId::new)?,
            };
            let renamed = backend.rename_connection(&reference, &new).await?;
            output.done(&format!("`{reference}` is now `{renamed}`"));
            Ok(())
        }
        ConnectionCommand::Delete { target, revoke, yes } => {
            delete(&target.existing(backend, output).await?, revoke, yes, backend, output).await
        }
    }
}

/// Says how a connection is, in a few words.
pub(super) fn state(connection: &Connection, now: Time) -> String {
    match connection.health(now) {
        Health::Fresh(left) => format!("● ok {}", spoken(left)),
        Health::Endless => "● ok, no end".to_owned(),
        Health::Expiring(left) => format!("◐ expiring {}", spoken(left)),
        Health::Refreshable => "◐ stale, refreshed on use".to_owned(),
        Health::Expired => "✗ expired, re-authorize".to_owned(),
        Health::Refused => "✗ re-authorize".to_owned(),
        Health::Untold => "○ known to its host alone".to_owned(),
    }
}

/// Keeps a reason on one line of a table; `connection get` shows it whole.
fn short(reason: &str) -> String {
    const WIDTH: usize = 48;
    let mut shown: String = reason.chars().take(WIDTH).collect();
    if reason.chars().count() > WIDTH {
        shown.push('…');
    }
    shown
}

async fn list(backend: &Backend, output: Output) -> Outcome {
    let (connections, now) = (backend.connections().await?, backend.now());
    if output.json {
        let shown: Vec<ConnectionView> =
            connections.iter().map(|connection| ConnectionView::new(connection, now)).collect();
        return Ok(output.document(&shown)?);
    }
    let row = |connection: &Connection| {
        let problem = connection.problem.as_ref().map(|problem| short(&problem.reason)).unwrap_or_default();
        vec![
            connection.reference.config.to_string(),
            connection.reference.id.to_string(),
            connection.provider.to_string(),
            state(connection, now),
            problem,
        ]
    };
    output.table(
        &["CONFIG", "CONNECTION", "PROVIDER", "STATUS", "LAST PROBLEM"],
        &connections.iter().map(row).collect::<Vec<_>>(),
    )?;
    if connections.is_empty() && std::io::stdout().is_terminal() {
        output.note(
            "No connection yet; `hallpass connect CONFIG ID` authorizes one, `hallpass demo` shows how it all works.",
        );
    }
    Ok(())
}

pub(super) fn refreshed_by(connection: &Connection) -> &'static str {
    if connection.is_untold {
        return "its host, if it can be";
    }
    match (connection.way, connection.is_refreshable) {
        (WayIn::ClientCredentials, _) => "the client itself, which gets another",
        (WayIn::TokenExchange, _) => "what was entered, which is traded again",
        (WayIn::SignedJwt, _) => "what was entered, which signs again",
        (_, true) => "a refresh token",
        (_, false) => "nothing: it is authorized or entered again",
    }
}

async fn get(reference: &ConnectionRef, backend: &Backend, output: Output) -> Outcome {
    let (connection, now) = (backend.any_connection(reference).await?, backend.now());
    if output.json {
        return Ok(output.document(&ConnectionView::new(&connection, now))?);
    }
    let time = |time: Time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let mut fields = vec![
        ("connection", reference.to_string()),
        ("provider", connection.provider.to_string()),
        ("way in", connection.way.to_string()),
        ("status", state(&connection, now)),
        ("expires", connection.expires_at.map_or_else(|| "never, as far as the provider says".to_owned(), time)),
        ("refreshed by", refreshed_by(&connection).to_owned()),
        ("scopes asked for", connection.requested_scopes.join(" ")),
        (
            "scopes granted",
            connection
                .granted_scopes
                .as_ref()
                .map_or_else(|| "the provider did not say".to_owned(), |scopes| scopes.join(" ")),
        ),
        ("authorized first", time(connection.created_at)),
        ("token from", time(connection.obtained_at)),
        ("refreshed", connection.refreshed_at.map_or_else(|| "never".to_owned(), time)),
    ];
    let variables: Vec<String> = connection.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if !variables.is_empty() {
        fields.push(("variables", variables.join(" ")));
    }
    output.fields(&fields)?;
    if let Some(problem) = &connection.problem {
        output.warn(&problem.reason);
        if connection.health(now).needs_authorization() {
            output.note(&match backend.host() {
                None => format!("  mend it with {}", crate::service::error::authorize_command(reference)),
                Some(_) => format!("  authorize it at {}", backend.place()),
            });
        }
    }
    Ok(())
}

async fn delete(reference: &ConnectionRef, revoke: bool, yes: bool, backend: &Backend, output: Output) -> Outcome {
    backend.any_connection(reference).await?;
    if !yes {
        let what = if revoke {
            "after revoking it at the provider, which cannot be undone"
        } else {
            "what the provider granted stays granted"
        };
        if !prompt::is_interactive() {
            return Err(Error::usage(format!("`{reference}` was not deleted: nobody was there to confirm it"))
                .hinted("say `--yes`")
                .into());
        }
        if !prompt::confirm(&format!("Delete `{reference}` from {} ({what})?", backend.place()))? {
            return Err(Error::usage("nothing was deleted").into());
        }
    }
    let deleted = backend.delete_connection(reference, revoke).await?;
    output.done(&format!("`{reference}` is gone from {}", backend.place()));
    match deleted.revocation {
        None => {}
        Some(Ok(())) => output.done("the provider revoked its tokens"),
        Some(Err(error)) => output.warn(&format!("the provider was asked to revoke its tokens, and: {error}")),
    }
    Ok(())
}
