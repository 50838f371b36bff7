//! What others change beside the screen: the store, the settings file, and whether the terminal is still there.
//!
//! All of it on one thread that sleeps in between: timers of the runtime would wake three of its threads for each look,
//! which is most of what an idle program costs.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::effect::Effect;
use super::look::Look;
use super::message::Message;
use super::runtime::Runtime;
use super::terminal;

/// How often it is looked. Nothing is drawn for that.
const EVERY: Duration = Duration::from_millis(500);
/// How long the loop has to end by itself once the terminal is gone.
const GRACE: Duration = Duration::from_secs(2);

impl Runtime {
    /// Watches until the screens are left. A store that is being read or written may be waited for here; the screens
    /// must not. A terminal that is `gone` is told to the loop.
    pub(super) fn watch(&self, look: Look, gone: Arc<Notify>) {
        let (runtime, handle) = (self.clone(), Handle::current());
        thread::spawn(move || {
            let _inside = handle.enter();
            let mut store = WatchedStore::new(&runtime);
            let mut settings = WatchedSettings::new(&runtime, look);
            while terminal::is_there() {
                if runtime.is_over() {
                    return;
                }
                store.look(&runtime);
                settings.look(&runtime);
                thread::sleep(EVERY);
            }
            gone.notify_one();
            end_without_the_loop(&runtime, &handle);
        });
    }
}

/// Ends the program where the loop cannot any more: a terminal that goes away while crossterm reads from it is read for
/// ever (crossterm#793), on the thread of the loop, which then hears of nothing else.
fn end_without_the_loop(runtime: &Runtime, handle: &Handle) {
    thread::sleep(GRACE);
    tracing::warn!("the terminal is gone, and its reader does not end");
    let backend = runtime.now().backend;
    handle.block_on(backend.settle());
    backend.clear_clipboard();
    std::process::exit(0);
}

/// The store, which another process may change: then the lists are read again.
struct WatchedStore {
    /// Its version; one that cannot be read is a state of its own: what ends it is news too.
    known: Option<i64>,
}

impl WatchedStore {
    fn new(runtime: &Runtime) -> Self {
        Self { known: runtime.now().backend.version().ok() }
    }

    fn look(&mut self, runtime: &Runtime) {
        let now = runtime.now().backend.version().ok();
        if self.known != now {
            self.known = now;
            runtime.start(Effect::Load);
        }
    }
}

/// The settings file: what it says about the screens is read again whenever it has changed.
struct WatchedSettings {
    path: PathBuf,
    known: Option<SystemTime>,
    look: Look,
}

impl WatchedSettings {
    fn new(runtime: &Runtime, look: Look) -> Self {
        let path = runtime.backend().settings().paths.settings.clone();
        Self { known: changed(&path), path, look }
    }

    fn look(&mut self, runtime: &Runtime) {
        let now = changed(&self.path);
        if now == self.known {
            return;
        }
        self.known = now;
        match self.look.again(runtime.backend().settings()) {
            Ok(again) if again == self.look => {}
            Ok(again) => {
                self.look = again.clone();
                runtime.send(Message::LookChanged(Box::new(again)));
            }
            Err(error) => runtime.send(Message::LookRefused(error)),
        }
    }
}

fn changed(path: &std::path::Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|file| file.modified()).ok()
}
