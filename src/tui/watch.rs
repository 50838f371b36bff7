//! What others change beside the screen: the store, the settings file, and whether the terminal is still there.
//!
//! All of it on one thread that sleeps in between: timers of the runtime would wake three of its threads for each look,
//! which is most of what an idle program costs.

use std::path::{Path, PathBuf};
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
use crate::settings::Settings;

/// How often it is looked. Nothing is drawn for that.
const EVERY: Duration = Duration::from_millis(500);
/// How long the loop has to end by itself once the terminal is gone.
const GRACE: Duration = Duration::from_secs(2);

impl Runtime {
    /// Watches until the screens are left, and starts the `first` effects once it knows what it compares with: what
    /// changes after the lists were read must not be taken for what they were read from. A store that is being read or
    /// written may be waited for here; the screens must not. A terminal that is `gone` is told to the loop.
    pub(super) fn watch(&self, look: Look, first: Vec<Effect>, gone: Arc<Notify>) {
        let (runtime, handle) = (self.clone(), Handle::current());
        thread::spawn(move || {
            let _inside = handle.enter();
            let mut store = WatchedStore::new(&runtime);
            let all_settings = runtime.backend().settings();
            let mut settings = WatchedSettings::new(all_settings.paths.settings.clone(), look);
            runtime.start_all(first);
            while terminal::is_there() {
                if runtime.is_over() {
                    return;
                }
                store.look(&runtime);
                if let Some(news) = settings.news(all_settings) {
                    runtime.send(news);
                }
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
    /// Of the file that was looked at last. Nothing yet at first: the look was read before anybody watched, so the
    /// first look at the file reads it again.
    known: Option<Stamp>,
    look: Look,
}

impl WatchedSettings {
    fn new(path: PathBuf, look: Look) -> Self {
        Self { known: None, path, look }
    }

    /// Returns what the screens must be told, if anything.
    fn news(&mut self, settings: &Settings) -> Option<Message> {
        let now = stamp(&self.path);
        if self.known.replace(now) == Some(now) {
            return None;
        }
        match self.look.again(settings) {
            Ok(again) if again == self.look => None,
            Ok(again) => {
                self.look = again.clone();
                Some(Message::LookChanged(Box::new(again)))
            }
            Err(error) => Some(Message::LookRefused(error)),
        }
    }
}

/// When a file was written, and how long it is: one that is emptied and written at once has one time for both on a file
/// system with coarse ones. `None` where there is none.
type Stamp = Option<(SystemTime, u64)>;

fn stamp(path: &Path) -> Stamp {
    let file = std::fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Environment, Overrides};

    #[test]
    fn settings_that_changed_between_the_look_and_the_watching_are_news_once() {
        let home = tempfile::tempdir().unwrap();
        let environment = Environment::of(&[("HALLPASS_HOME", home.path().to_str().unwrap())]);
        let settings = Settings::load(&environment, &Overrides::default()).unwrap();
        let look = Look::of(&settings, || None).unwrap();
        let path = settings.paths.settings.clone();
        std::fs::write(&path, "ascii = true\n").unwrap();
        let mut watched = WatchedSettings::new(path, look);
        let Some(Message::LookChanged(changed)) = watched.news(&settings) else { panic!("nothing was told") };
        assert!(changed.is_ascii);
        assert!(watched.news(&settings).is_none());
    }
}
