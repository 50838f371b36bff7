//! `token …`: a fresh token on standard output or on the clipboard, and a look into one.

use serde_json::json;

use super::args::{TokenArgs, TokenCommand, TokenFormat};
use super::interrupt::uninterrupted;
use super::{Outcome, Output};
use crate::backend::Backend;
use crate::model::ConnectionRef;
use crate::model::freshness::spoken;
use crate::service::copy::{Copied, CopiedTo, Form};
use crate::service::fresh::Freshness;
use crate::service::inspect::lines;

pub(super) async fn run(command: TokenCommand, backend: &Backend, output: Output) -> Outcome {
    match command {
        TokenCommand::Get(arguments) => get(arguments, backend, output).await,
        TokenCommand::Inspect(target) => inspect(&target.existing(backend, output).await?, backend, output).await,
    }
}

async fn get(arguments: TokenArgs, backend: &Backend, output: Output) -> Outcome {
    let freshness = Freshness { min_ttl: arguments.min_ttl, forced: arguments.refresh, ..Freshness::default() };
    let form = match arguments.format {
        None if output.json && !arguments.copy => Form::Json,
        None | Some(TokenFormat::Raw) => Form::Raw,
        Some(TokenFormat::Header) => Form::Header,
        Some(TokenFormat::Json) => Form::Json,
        Some(TokenFormat::Env) => Form::Env,
        Some(TokenFormat::Export) => Form::Export,
        Some(TokenFormat::Curl) => Form::Curl,
        Some(TokenFormat::Httpie) => Form::Httpie,
        Some(TokenFormat::Fetch) => Form::Fetch,
    };
    let reference = arguments.target.existing(backend, output).await?;
    if arguments.copy {
        let copying = uninterrupted(backend.copy(&reference, freshness, form), backend, output);
        return copied(&copying.await?, output);
    }
    let min_ttl = arguments.min_ttl;
    let handed_out = uninterrupted(backend.hand_out(&reference, freshness, form), backend, output).await?;
    // Told when it was authorized, and whenever a new token comes: not at every call.
    if handed_out.was_refreshed && !handed_out.refused_scopes.is_empty() {
        output.warn(&format!(
            "asked for and not granted: {}",
            crate::model::untrusted::line(&handed_out.refused_scopes.join(" "))
        ));
    }
    if let (Some(wanted), Some(left)) = (min_ttl, handed_out.valid_for)
        && left < wanted
    {
        output.warn(&format!("valid for {} only: the provider's tokens live too short for more", spoken(left)));
    }
    Ok(output.raw(zeroize::Zeroizing::new(format!("{}\n", handed_out.text.expose())).as_bytes())?)
}

fn copied(copied: &Copied, output: Output) -> Outcome {
    let valid = copied
        .valid_for
        .map_or_else(|| "valid without an end".to_owned(), |left| format!("valid for {}", spoken(left)));
    if output.json {
        let seconds = |time: Option<std::time::Duration>| time.map(|time| time.as_secs());
        return Ok(output.document(&json!({
            "copied_to": match copied.to { CopiedTo::Clipboard => "clipboard", CopiedTo::Terminal => "terminal" },
            "format": copied.form.word(),
            "valid_for_seconds": seconds(copied.valid_for),
            "cleared_after_seconds": seconds(copied.cleared_after),
        }))?);
    }
    match (copied.to, copied.cleared_after) {
        (CopiedTo::Clipboard, Some(time)) => output.done(&format!("copied · {valid} · cleared in {}", spoken(time))),
        (CopiedTo::Clipboard, None) => output.done(&format!("copied · {valid}")),
        (CopiedTo::Terminal, _) => {
            output.done(&format!("sent to your terminal's clipboard · {valid} · hallpass cannot clear it there"));
        }
    }
    Ok(())
}

async fn inspect(reference: &ConnectionRef, backend: &Backend, output: Output) -> Outcome {
    let inspection = backend.inspect(reference).await?;
    if output.json {
        return Ok(output.document(&json!({
            "provider_config_key": reference.config.as_str(),
            "connection_id": reference.id.as_str(),
            "format": inspection.format,
            "fingerprint": inspection.fingerprint,
            "token_type": inspection.token_type,
            "expires_at": inspection.expires_at.map(|end| end.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)),
            "verified": false,
            "header": inspection.header,
            "claims": inspection.claims,
            "introspection": inspection.introspection.as_ref().map(|said| json!({"active": said.is_active, "fields": said.fields})),
            "id_token": inspection.id_token.as_ref().map(|token| json!({
                "verified": token.doubt.is_none(), "why_not": token.doubt, "claims": token.claims,
            })),
            "requested_scopes": inspection.connection.requested_scopes,
            "granted_scopes": inspection.connection.granted_scopes,
            "warnings": inspection.warnings,
        }))?);
    }
    let now = backend.now();
    let end = match inspection.expires_at {
        None => "never, as far as the provider says".to_owned(),
        Some(end) => {
            let left = crate::model::freshness::remaining(end, now);
            let relative = if left.is_zero() { "ended".to_owned() } else { format!("in {}", spoken(left)) };
            format!("{} ({relative})", end.format("%Y-%m-%d %H:%M:%S UTC"))
        }
    };
    let fields = vec![
        ("token", format!("{} ({})", inspection.masked, inspection.format)),
        ("fingerprint", inspection.fingerprint.clone()),
        ("type", inspection.token_type.clone()),
        ("expires", end),
        (
            "scopes",
            inspection.connection.granted_scopes.as_ref().unwrap_or(&inspection.connection.requested_scopes).join(" "),
        ),
    ];
    output.fields(&fields)?;
    let section = |title: &str, lines: Vec<(String, String)>| -> Outcome {
        if !lines.is_empty() {
            output.line(&format!("\n{title}"))?;
            output.fields(&lines.iter().map(|(name, value)| (name.as_str(), value.clone())).collect::<Vec<_>>())?;
        }
        Ok(())
    };
    section("What the token says of itself (its signature is for its API to check)", inspection.claim_lines(now))?;
    if let Some(said) = &inspection.introspection {
        let active = ("active".to_owned(), if said.is_active { "yes" } else { "no" }.to_owned());
        let all = std::iter::once(active).chain(lines(&said.fields, now)).collect();
        section("What the server says of it (introspection)", all)?;
    }
    if let Some(token) = &inspection.id_token {
        let title = match &token.doubt {
            None => "ID token: signed by its issuer, for this client".to_owned(),
            Some(why) => format!("ID token, NOT verified: {why}"),
        };
        section(&title, lines(&token.claims, now))?;
    }
    for warning in &inspection.warnings {
        output.warn(warning);
    }
    Ok(())
}
