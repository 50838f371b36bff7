//! Where the screens are: at the user's own home, or in the sandbox, which is gone when it is left.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};

use super::message::{Message, Stay};
use crate::backend::{Backend, OpenSandbox};
use crate::service::Error;
use crate::service::demo::Demo;
use crate::service::undo::Removed;

/// What belongs to one place.
#[derive(Clone)]
pub(super) struct Place {
    /// What is worked with there.
    pub(super) backend: Backend,
    /// How often the lists were asked for since they were last read.
    pub(super) loads: Arc<AtomicUsize>,
    /// What was deleted last, until it cannot be brought back any more.
    pub(super) removed: Arc<Mutex<Option<Removed>>>,
    /// Which stay it is: what comes of an earlier one is not told any more.
    pub(super) stay: u64,
}

impl Place {
    fn new(backend: Backend, stay: u64) -> Self {
        Self { backend, loads: Arc::default(), removed: Arc::default(), stay }
    }
}

/// Where the screens are now, and the way between the places.
pub(super) struct Places {
    home: Backend,
    now: Mutex<Place>,
    open_sandbox: Option<OpenSandbox>,
    sandbox: tokio::sync::Mutex<Option<Demo>>,
}

impl Places {
    pub(super) fn new(home: Backend, open_sandbox: Option<OpenSandbox>) -> Self {
        let now = Mutex::new(Place::new(home.clone(), 0));
        Self { home, now, open_sandbox, sandbox: tokio::sync::Mutex::default() }
    }

    /// Returns where the screens are now.
    pub(super) fn now(&self) -> Place {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells whether there is a sandbox to go to.
    pub(super) fn has_sandbox(&self) -> bool {
        self.open_sandbox.is_some()
    }

    fn move_to(&self, backend: Backend) -> Place {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = Place::new(backend, now.stay + 1);
        now.clone()
    }

    /// Opens a sandbox and goes there.
    pub(super) async fn enter_sandbox(&self) -> Result<Message, Error> {
        let Some(open) = &self.open_sandbox else {
            return Err(Error::usage("there is no sandbox here"));
        };
        let demo = open().await?;
        let config = demo.prepare().await?;
        let backend = Backend::Local(demo.service.clone());
        let (_, provider) = backend.provider(config.provider.as_str())?;
        *self.sandbox.lock().await = Some(demo);
        self.move_to(backend.clone());
        Ok(Message::Moved(Box::new(Stay::of(&backend, Some((config, provider))))))
    }

    /// Goes home; what was in the sandbox is gone.
    pub(super) async fn leave_sandbox(&self) -> Message {
        self.move_to(self.home.clone());
        if let Some(demo) = self.sandbox.lock().await.take() {
            demo.service.settle().await;
            demo.service.clear_clipboard();
        }
        Message::Moved(Box::new(Stay::of(&self.home, None)))
    }

    /// Gives the sandbox's consent, in the browser's place.
    pub(super) async fn allow(&self, page: &url::Url) -> Result<(), Error> {
        match self.sandbox.lock().await.as_ref() {
            Some(demo) => demo.allow(page).await,
            None => Err(Error::usage("only the sandbox lets this be done here")),
        }
    }
}
