//! `connect`: beginning an authorization, saying where to go, and telling how it ended.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::sync::atomic::Ordering;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::args::ConnectArgs;
use super::output::error_value;
use super::{Failure, Outcome, Output, prompt};
use crate::backend::Backend;
use crate::model::{ConnectionId, ConnectionRef, Provider};
use crate::service::connect::{Authorization, BrowserError, ConnectRequest, Connected, Paster, Waiting, Way};
use crate::service::error::quoted;
use crate::service::{Error, Result};

pub(super) async fn run(arguments: ConnectArgs, backend: &Backend, output: Output) -> Outcome {
    match authorize(arguments, backend, output).await {
        Ok(connected) => told(&connected, output),
        Err(error) => {
            if output.json {
                let mut event = error_value(&error);
                event["event"] = "failed".into();
                output.object(&event)?;
            }
            Err(Failure::Service(error))
        }
    }
}

async fn authorize(arguments: ConnectArgs, backend: &Backend, output: Output) -> Result<Connected> {
    let named = arguments.target.named()?;
    let config = backend.config(&named.config)?;
    let id = match named.id {
        Some(id) => id,
        None => ConnectionId::new(prompt::argument(None, "CONNECTION", "An id for this connection", Some("default"))?)?,
    };
    let (_, provider) = backend.provider(config.provider.as_str())?;
    let mut request = ConnectRequest::new(ConnectionRef::new(named.config, id));
    request.variables = variables(&arguments.parameters, &provider)?;
    request.scopes = (!arguments.scopes.is_empty()).then_some(arguments.scopes);
    request.timeout = Some(arguments.timeout);
    request.way = match (arguments.paste, arguments.no_browser) {
        (true, _) => Way::Paste,
        (false, true) => Way::NoBrowser,
        (false, false) => Way::Browser,
    };
    let way = request.way;
    let authorization = backend.begin(request).await?;
    show(authorization.waiting(), way, output)?;
    let can_paste = way == Way::Paste || (authorization.waiting().browser.is_err() && prompt::is_interactive());
    finish(authorization, can_paste, way, output).await
}

/// Reads `NAME=VALUE`, and asks for what the provider needs and nobody gave.
fn variables(given: &[String], provider: &Provider) -> Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for pair in given {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| Error::usage(format!("`{}` is not NAME=VALUE", crate::model::untrusted::line(pair))))?;
        variables.insert(name.to_owned(), value.to_owned());
    }
    for (name, variable) in provider.asked_variables() {
        let is_needed = variable.default.is_none() && !variable.optional;
        if is_needed && !variables.contains_key(name) && prompt::is_interactive() {
            let label = variable.label.as_deref().unwrap_or(name);
            variables.insert(name.to_owned(), prompt::argument(None, name, label, None)?);
        }
    }
    Ok(variables)
}

fn show(waiting: &Waiting, way: Way, output: Output) -> Result<()> {
    if output.json {
        let event = json!({"event": "authorize", "url": waiting.url.as_str(), "redirect_uri": waiting.redirect_uri});
        return output.object(&event).map_err(|error| Error::usage(format!("standard output is gone: {error}")));
    }
    match (&waiting.browser, way) {
        (Ok(()), _) => output.note("Your browser was opened. If it shows nothing, open this address yourself:"),
        (Err(_), Way::Paste) => output.note(
            "Open this address, and paste the one that the browser ends on (it may show an error there, that is fine):",
        ),
        (Err(BrowserError::NotWanted), _) => output.note("Open this address:"),
        (Err(why), _) => output.note(&format!("No browser was opened ({why}). Open this address yourself:")),
    }
    output.note(&format!("\n  {}\n", waiting.url));
    output.note(&format!("  redirect URI  {}", waiting.redirect_uri));
    if waiting.is_relayed {
        output.note("  another hallpass listens there and will hand the answer on");
    }
    if matches!(waiting.browser, Err(BrowserError::Ssh)) && waiting.listens {
        let port =
            url::Url::parse(&waiting.redirect_uri).ok().and_then(|url| url.port_or_known_default()).unwrap_or_default();
        output.note(&format!(
            "  from your own machine, `ssh -L {port}:localhost:{port} HOST` lets its browser through to here;"
        ));
        output.note("  or paste the address that the browser ends on:");
    }
    Ok(())
}

async fn finish(authorization: Authorization, can_paste: bool, way: Way, output: Output) -> Result<Connected> {
    let (paster, is_exchanging) = (authorization.paster(), authorization.progress());
    let mut finishing = std::pin::pin!(authorization.finish());
    let mut lines = if can_paste { typed_lines() } else { mpsc::channel(1).1 };
    // What is pasted is judged beside the waiting, which is what answers it.
    let mut handed_over = JoinSet::new();
    let mut can_paste = can_paste;
    loop {
        tokio::select! {
            outcome = &mut finishing => return outcome,
            line = lines.recv(), if can_paste => match line {
                Some(line) => {
                    let paster = paster.clone();
                    handed_over.spawn(async move { paste(&paster, &line, output).await });
                }
                None => can_paste = false,
            },
            Some(_) = handed_over.join_next(), if !handed_over.is_empty() => {}
            // An answer that came already is still kept.
            _ = tokio::signal::ctrl_c() => if !is_exchanging.load(Ordering::SeqCst) {
                return Err(Error::usage("the authorization was cancelled"));
            },
        }
        // Nothing more will be typed; where nothing listens, nothing more will come.
        if way == Way::Paste && !can_paste && handed_over.is_empty() && !is_exchanging.load(Ordering::SeqCst) {
            return Err(Error::usage("standard input ended before the address was pasted"));
        }
    }
}

async fn paste(paster: &Paster, line: &str, output: Output) {
    if line.trim().is_empty() {
        return;
    }
    // The answer to a good address comes from the authorization itself.
    if let Err(error) = paster.paste(line).await {
        output.error(&error);
    }
}

/// Reads lines on a thread of its own: a read of a terminal cannot be taken back.
fn typed_lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(4);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(std::result::Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn told(connected: &Connected, output: Output) -> Outcome {
    let connection = &connected.connection;
    if output.json {
        output.object(&json!({
            "event": "connected",
            "provider_config_key": connection.reference.config.as_str(),
            "connection_id": connection.reference.id.as_str(),
            "expires_at": connection.expires_at.map(|end| end.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)),
            "fingerprint": connected.fingerprint,
            "warnings": connected.warnings,
        }))?;
    } else {
        output.done(&format!("`{}` is authorized", connection.reference));
        let (config, id) = (quoted(connection.reference.config.as_str()), quoted(connection.reference.id.as_str()));
        output.note(&format!("  hallpass token get {config} {id}"));
    }
    for warning in &connected.warnings {
        output.warn(warning);
    }
    Ok(())
}
