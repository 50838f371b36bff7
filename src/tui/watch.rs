//! What others change beside the screen: the store, and the settings file.

use std::time::Duration;

use super::effect::Effect;
use super::look::Look;
use super::message::Message;
use super::runtime::Runtime;
use super::terminal;

/// How often the store is asked whether another process changed it.
const STORE: Duration = Duration::from_millis(500);
/// How often the settings file is looked at. Nothing of this draws, and all of it together costs less than a thousandth
/// of a core.
const SETTINGS: Duration = Duration::from_secs(1);
/// How often it is asked whether the terminal is still there, beside the loop that asks for itself.
const TERMINAL: Duration = Duration::from_secs(2);
/// How long the loop has to end by itself once the terminal is gone.
const GRACE: Duration = Duration::from_secs(2);

impl Runtime {
    /// Ends the program where the loop cannot any more: a terminal that goes away while crossterm reads from it is
    /// read for ever (crossterm#793), on the thread of the loop, which then hears of nothing else.
    pub(super) fn watch_the_terminal(&self) {
        let runtime = self.clone();
        tokio::spawn(async move {
            while terminal::is_there() {
                tokio::time::sleep(TERMINAL).await;
            }
            tokio::time::sleep(GRACE).await;
            tracing::warn!("the terminal is gone, and its reader does not end");
            let backend = runtime.places.now().backend;
            backend.settle().await;
            backend.clear_clipboard();
            std::process::exit(0);
        });
    }

    /// Reads the lists again whenever another process has changed the store. Beside the loop: a
    /// store that is being read or written may be waited for, and the screen must not.
    pub(super) fn watch_the_store(&self) {
        let runtime = self.clone();
        tokio::spawn(async move {
            let mut known = None;
            loop {
                let backend = runtime.places.now().backend;
                // A store that cannot be read is a state of its own: what ends it is news too.
                let now = tokio::task::spawn_blocking(move || backend.version().ok()).await.ok().flatten();
                if known.is_some_and(|known| known != now) {
                    runtime.start(Effect::Load);
                }
                known = Some(now);
                tokio::time::sleep(STORE).await;
            }
        });
    }

    /// Reads what the settings say about the screens again whenever their file has changed.
    pub(super) fn watch_the_settings(&self, mut look: Look) {
        let runtime = self.clone();
        tokio::spawn(async move {
            let path = runtime.backend().settings().paths.settings.clone();
            let changed = || std::fs::metadata(&path).and_then(|file| file.modified()).ok();
            let mut known = changed();
            loop {
                tokio::time::sleep(SETTINGS).await;
                let now = changed();
                if now == known {
                    continue;
                }
                known = now;
                match look.again(runtime.backend().settings()) {
                    Ok(again) if again == look => {}
                    Ok(again) => {
                        look = again.clone();
                        runtime.send(Message::LookChanged(Box::new(again)));
                    }
                    Err(error) => runtime.send(Message::LookRefused(error)),
                }
            }
        });
    }
}
