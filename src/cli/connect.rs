//! `connect`: beginning an authorization, saying where to go, and telling how it ended.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::sync::atomic::Ordering;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::args::ConnectArgs;
use super::enter::Piped;
use super::interrupt::uninterrupted;
use super::output::error_value;
use super::{Failure, Outcome, Output, enter, prompt};
use crate::backend::Backend;
use crate::model::template::check_value;
use crate::model::{Config, ConnectionId, ConnectionRef, Provider, WayIn, qr};
use crate::service::connect::{
    Authorization, BrowserError, ConnectRequest, Connected, DeviceCode, Paster, Waiting, Way,
};
use crate::service::enter::EnterRequest;
use crate::service::error::quoted;
use crate::service::{Error, Result};

pub(super) async fn run(arguments: ConnectArgs, backend: &Backend, output: Output) -> Outcome {
    match Box::pin(authorize(arguments, backend, output)).await {
        Ok(connected) => told(&connected, backend, output),
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
    let asked = arguments.way.as_deref().map(way_in).transpose()?;
    let named = arguments.target.clone().under_a_config(backend, output).await?;
    let config = backend.config(&named.config).await?;
    let id = match named.id {
        Some(id) => id,
        None => prompt::until(
            || prompt::argument(None, "CONNECTION", "An id for this connection", Some("default")),
            ConnectionId::new,
        )?,
    };
    let reference = ConnectionRef::new(named.config, id);
    let (way_in, provider) = backend.way_in(&config, &reference, asked).await?;
    let known = backend.connection(&reference).await.ok();
    let is_known = known.as_ref().is_some_and(|connection| connection.way == way_in);
    let known = known.map(|connection| connection.variables).unwrap_or_default();
    let variables = variables(&arguments.parameters, &provider, &known)?;
    let scopes = (!arguments.scopes.is_empty()).then(|| arguments.scopes.clone());
    let piped = Piped { is_known, is_wanted: arguments.enter, has_address: arguments.paste };
    // Whoever asks for a browser's flow all the same is refused where it would begin.
    let wants_flow = arguments.device || arguments.paste;
    if !wants_flow && !way_in.has_flow() {
        let mut request = EnterRequest::new(reference).reading_files();
        (request.way_in, request.variables, request.scopes) = (Some(way_in), variables, scopes);
        request.unverified = arguments.unverified;
        request.fields = if way_in.is_entered() {
            enter::fields(&provider, way_in)?
        } else {
            enter::fields_beside(&provider, way_in, piped, output)?
        };
        return Box::pin(uninterrupted(backend.enter(request), backend, output)).await;
    }
    let mut request = ConnectRequest::new(reference).reading_files();
    (request.way_in, request.variables, request.scopes) = (Some(way_in), variables, scopes);
    if way_in.has_flow() {
        request.fields = enter::fields_beside(&provider, way_in, piped, output)?;
    }
    request.timeout = arguments.timeout;
    request.way = match (arguments.paste, arguments.no_browser, arguments.device) {
        (true, ..) => Way::Paste,
        (_, true, _) => Way::NoBrowser,
        (.., true) => Way::Device,
        (false, false, false) if wants_device(&config, way_in, backend)? => Way::Device,
        (false, false, false) => Way::Browser,
    };
    let way = request.way;
    let authorization = backend.begin(request).await?;
    show(authorization.waiting(), way, output)?;
    let is_typed = authorization.waiting().browser.is_err() && prompt::is_interactive() && way != Way::Device;
    finish(authorization, way == Way::Paste || is_typed, way, output).await
}

fn way_in(word: &str) -> Result<WayIn> {
    WayIn::from_word(word).ok_or_else(|| {
        let words = WayIn::ALL.map(WayIn::word).join(", ");
        Error::usage(format!("`{}` is no way in", crate::model::untrusted::line(word)))
            .hinted(format!("there are {words}"))
    })
}

/// Where no browser can be opened, a device code is offered before its address.
fn wants_device(config: &Config, way: WayIn, backend: &Backend) -> Result<bool> {
    if !prompt::is_interactive() || !backend.prefers_device(config, way)? {
        return Ok(false);
    }
    prompt::agree("No browser can be opened here. Show a code to enter in one elsewhere?")
}

/// Reads `NAME=VALUE`, and asks for what the provider needs and nobody gave.
fn variables(
    given: &[String],
    provider: &Provider,
    known: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for pair in given {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| Error::usage(format!("`{}` is not NAME=VALUE", crate::model::untrusted::line(pair))))?;
        variables.insert(name.to_owned(), value.to_owned());
    }
    for (name, variable) in provider.asked_variables() {
        let is_needed = variable.default.is_none() && !variable.optional;
        let is_there = variables.contains_key(name) || known.contains_key(name);
        if is_needed && !is_there && prompt::is_interactive() {
            let mut label = variable.label.clone().unwrap_or_else(|| name.to_owned());
            if !variable.choices.is_empty() {
                label = format!("{label} ({})", variable.choices.join(", "));
            }
            let asked = || prompt::argument(None, name, &label, None);
            let value =
                prompt::until(asked, |text| check_value(name, variable, &text, provider.is_own).map(|_| text.clone()))?;
            variables.insert(name.to_owned(), value);
        }
    }
    Ok(variables)
}

fn show(waiting: &Waiting, way: Way, output: Output) -> Result<()> {
    if output.json {
        let mut event = json!({"event": "authorize", "url": waiting.url.as_str()});
        match &waiting.device {
            None => event["redirect_uri"] = waiting.redirect_uri.clone().into(),
            Some(device) => {
                event["user_code"] = device.user_code.clone().into();
                event["verification_uri"] = device.verification_uri.as_str().into();
                event["expires_at"] = waiting.deadline.to_rfc3339_opts(chrono::SecondsFormat::Millis, true).into();
            }
        }
        return output.object(&event).map_err(|error| Error::usage(format!("standard output is gone: {error}")));
    }
    if let Some(device) = &waiting.device {
        show_device(device, output);
        return Ok(());
    }
    match (&waiting.browser, way) {
        (Ok(()), _) => output.instruct("Your browser was opened. If it shows nothing, open this address yourself:"),
        (Err(_), Way::Paste) => output.instruct(
            "Open this address, and paste the one that the browser ends on (it may show an error there, that is fine):",
        ),
        (Err(BrowserError::NotWanted), _) => output.instruct("Open this address:"),
        (Err(why), _) => output.instruct(&format!("No browser was opened ({why}). Open this address yourself:")),
    }
    output.instruct(&format!("\n  {}\n", waiting.url));
    output.note(&format!("  redirect URI  {}", waiting.redirect_uri));
    if waiting.is_relayed {
        output.note("  another hallpass listens there and will hand the answer on");
    }
    if let Some(fingerprint) = &waiting.certificate {
        output.note("  your browser will warn: the certificate is this machine's own. Go on if its SHA-256 is");
        output.note(&format!("  {fingerprint}"));
    }
    if matches!(waiting.browser, Err(BrowserError::Ssh)) && waiting.listens {
        let port =
            url::Url::parse(&waiting.redirect_uri).ok().and_then(|url| url.port_or_known_default()).unwrap_or_default();
        output.note(&format!(
            "  from your own machine, `ssh -L {port}:localhost:{port} HOST` lets its browser through to here"
        ));
    }
    // A browser elsewhere ends on an address of its own machine, where nothing listens.
    if waiting.browser.is_err() && way != Way::Paste && prompt::is_interactive() {
        output.note("  if the browser is elsewhere, paste the address that it ends on (it may show an error there):");
    }
    Ok(())
}

fn show_device(device: &DeviceCode, output: Output) {
    output.instruct("On any device, open this address and enter the code:");
    output.instruct(&format!("\n  {}\n\n  {}\n", device.verification_uri, device.user_code));
    if let Some(page) = &device.verification_uri_complete
        && let Some(lines) = qr::lines(page.as_str())
    {
        output.picture(&lines);
    }
    output.note("Enter only a code that you asked for yourself. Waiting; ctrl-c ends it.");
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

fn told(connected: &Connected, backend: &Backend, output: Output) -> Outcome {
    let connection = &connected.connection;
    let is_signed = |(_, provider): (_, Provider)| provider.signature_of(connection.way).is_some();
    let is_signed = backend.provider(connection.provider.as_str()).is_ok_and(is_signed);
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
        // A login that signs is no token, and good for nothing that is copied.
        output.note(&if is_signed {
            format!("  hallpass request {config} {id} GET /…")
        } else {
            format!("  hallpass token get {config} {id}")
        });
    }
    for warning in &connected.warnings {
        output.warn(warning);
    }
    Ok(())
}
