//! `serve`: the local server, until it is interrupted.

use serde_json::json;

use super::{Outcome, Output};
use crate::backend::{Backend, RunningServer};

/// Tells about a running server, lets it run until the program is to end, and stops it.
pub async fn run(server: RunningServer, backend: &Backend, output: Output) -> Outcome {
    let about = server.about();
    if output.json {
        output.object(&json!({
            "event": "started",
            "url": about.url,
            "callback_url": about.callback,
            "needs_key": about.needs_key,
            "listens_on": about.listens_on,
        }))?;
    } else {
        output.done(&format!("Serving at {}; ctrl-c ends it.", about.url));
        if let Some(address) = &about.listens_on {
            output.note(&format!("  also reachable at {address}"));
        }
        output.note(&format!("  callback URL: {}", about.callback));
        if about.needs_key {
            output.note("  programs must show NANGO_SECRET_KEY");
        } else {
            output.warn("without NANGO_SECRET_KEY every program of this machine gets tokens here (web pages get none)");
        }
    }
    ended().await?;
    if !output.json {
        output.note("Stopping.");
    }
    server.stop().await;
    // What a provider answers right now must still be kept; whoever cannot wait says so once more.
    tokio::select! {
        () = backend.settle() => Ok(()),
        again = ended() => Ok(again?),
    }
}

/// Waits until somebody wants the program to end.
#[cfg(unix)]
async fn ended() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut hangup) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended,
        _ = terminate.recv() => Ok(()),
        _ = hangup.recv() => Ok(()),
    }
}

/// Waits until somebody wants the program to end.
#[cfg(not(unix))]
async fn ended() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
