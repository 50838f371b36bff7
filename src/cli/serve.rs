//! `serve`: the local server, until it is interrupted.

use serde_json::json;

use super::{Outcome, Output};
use crate::backend::RunningServer;
use crate::service::Service;

/// Tells about a running server, lets it run until the program is to end, and stops it.
pub async fn run(server: RunningServer, service: &Service, output: Output) -> Outcome {
    // Before anybody is told that it runs, and may want it to end.
    let mut end = End::new()?;
    let about = server.about();
    if output.json {
        output.object(&json!({
            "event": "started",
            "url": about.url,
            "callback_url": about.callback,
            "needs_key": about.needs_key,
            "listens_on": about.listens_on,
            "https": about.https.as_ref().map(|https| json!({
                "url": https.url,
                "certificate": https.certificate,
                "fingerprint": https.fingerprint,
                "ends": https.ends,
            })),
        }))?;
    } else {
        output.done(&format!("Serving at {}; ctrl-c ends it.", about.url));
        if let Some(address) = &about.listens_on {
            output.note(&format!("  also listening on {address}, for the hosts that `--allow-host` names"));
        }
        output.note(&format!("  callback URL: {}", about.callback));
        if let Some(https) = &about.https {
            output.note(&format!("  and at {}, with the certificate `{}`", https.url, https.certificate.display()));
            output.note(&format!("  which ends {}; SHA-256 {}", https.ends, https.fingerprint));
        }
        if about.needs_key {
            output.note("  programs must show NANGO_SECRET_KEY");
        } else {
            output.warn("without NANGO_SECRET_KEY every program of this machine gets tokens here (web pages get none)");
        }
    }
    // Lists work without it; better to hear of it now than at the first token.
    if let Some(problem) = service.vault_status().await.problem {
        let hint = problem.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
        output.warn(&format!("no token can be read yet: {}{hint}", problem.message));
    }
    end.wanted().await?;
    if !output.json {
        output.note("Stopping.");
    }
    server.stop().await;
    // What a provider answers right now must still be kept; whoever cannot wait says so once more.
    tokio::select! {
        () = service.settle() => Ok(()),
        again = end.wanted() => Ok(again?),
    }
}

/// The wish that the program end.
#[cfg(unix)]
struct End {
    signals: [tokio::signal::unix::Signal; 2],
    /// Whoever started it with `nohup` wants it to outlive the terminal.
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl End {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let is_nohup = crate::service::ignores_hangup();
        let hangup = if is_nohup { None } else { Some(signal(SignalKind::hangup())?) };
        Ok(Self { signals: [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?], hangup })
    }

    async fn wanted(&mut self) -> std::io::Result<()> {
        let [interrupt, terminate] = &mut self.signals;
        let hung_up = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hung_up => {}
        }
        Ok(())
    }
}

/// The wish that the program end.
#[cfg(not(unix))]
struct End;

#[cfg(not(unix))]
impl End {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn wanted(&mut self) -> std::io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}
