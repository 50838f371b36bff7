//! `demo`: each step in words, or as an object a line.

use serde_json::json;

use super::{Failure, Output};
use crate::model::Time;
use crate::model::freshness::spoken;
use crate::service::demo::{Demo, Step, TokenSeen};

/// What comes after the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DemoEnd {
    /// Nothing.
    Report,
    /// The terminal UI, over what the demo made.
    Screen,
}

/// Runs the demo and tells each step.
pub async fn run(demo: &Demo, end: DemoEnd, output: Output) -> Result<(), Failure> {
    let mut gone: Option<std::io::Error> = None;
    let now = || demo.service.now();
    let running = demo.run(|step| {
        let told = if output.json {
            output.object(&object(&step))
        } else {
            text(&step, now()).iter().try_for_each(|line| output.line(line))
        };
        if let Err(error) = told {
            gone = Some(error);
        }
    });
    tokio::select! {
        outcome = running => outcome?,
        _ = tokio::signal::ctrl_c() => return Err(crate::service::Error::usage("the demo was cancelled").into()),
    }
    if let Some(error) = gone {
        return Err(error.into());
    }
    if end == DemoEnd::Screen {
        demo.leave_something_to_play_with().await?;
    } else if !output.json {
        output.line("\nThat was the whole life of a token, on this machine alone; nothing of it is kept.")?;
        output.line("Next: `hallpass config create` for an API of your own, or `hallpass` for the terminal UI.")?;
    }
    Ok(())
}

fn text(step: &Step, now: Time) -> Vec<String> {
    let valid = |seen: &TokenSeen| {
        seen.expires_at.map_or_else(
            || "without an end".to_owned(),
            |end| format!("valid for {}", spoken(crate::model::freshness::remaining(end, now))),
        )
    };
    match step {
        Step::Started { issuer } => vec![format!("● sandbox     an authorization server at {issuer}")],
        Step::Configured { key } => {
            vec![format!("● config      `{key}`, its client secret in the vault (in memory, for the demo)")]
        }
        Step::Waiting { is_auto: true, waiting } => {
            vec![format!("● listening   {}; the demo gives the consent itself", waiting.redirect_uri)]
        }
        Step::Waiting { is_auto: false, waiting } => vec![
            format!("● listening   {}; allow it in the browser", waiting.redirect_uri),
            format!("              {}", waiting.url),
        ],
        Step::Authorized(seen) => vec![format!(
            "● authorized  `{}`  token {}  ({}, {})",
            seen.connection,
            seen.masked,
            seen.fingerprint,
            valid(seen)
        )],
        Step::Expired => vec!["● expired     the token has ended".to_owned()],
        Step::Refreshed(seen) => vec![format!(
            "● refreshed   `{}`  token {}  ({}, {}), refresh token rotated",
            seen.connection,
            seen.masked,
            seen.fingerprint,
            valid(seen)
        )],
        Step::Revoked { fingerprint, refusal } => {
            vec![format!("● revoked     {fingerprint}; a refresh is refused now"), format!("              {refusal}")]
        }
    }
}

fn object(step: &Step) -> serde_json::Value {
    let token = |event: &str, seen: &TokenSeen| {
        json!({
            "event": event,
            "provider_config_key": seen.connection.config.as_str(),
            "connection_id": seen.connection.id.as_str(),
            "fingerprint": seen.fingerprint,
            "expires_at": seen.expires_at.map(|end| end.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)),
        })
    };
    match step {
        Step::Started { issuer } => json!({"event": "started", "issuer": issuer}),
        Step::Configured { key } => json!({"event": "configured", "provider_config_key": key.as_str()}),
        Step::Waiting { waiting, .. } => {
            json!({"event": "authorize", "url": waiting.url.as_str(), "redirect_uri": waiting.redirect_uri})
        }
        Step::Authorized(seen) => token("authorized", seen),
        Step::Expired => json!({"event": "expired"}),
        Step::Refreshed(seen) => token("refreshed", seen),
        Step::Revoked { fingerprint, refusal } => {
            json!({"event": "revoked", "fingerprint": fingerprint, "message": refusal})
        }
    }
}
