//! The local server in the program of the terminal UI: started and stopped by a key.

use tokio::sync::Mutex;

use super::message::Message;
use crate::backend::{RunningServer, StartServer};
use crate::service::Error;

/// The local server, running or not.
pub(super) struct ServerSwitch {
    start: Option<StartServer>,
    running: Mutex<Option<RunningServer>>,
}

impl ServerSwitch {
    pub(super) fn new(start: Option<StartServer>) -> Self {
        Self { start, running: Mutex::new(None) }
    }

    /// Starts it, unless it runs.
    pub(super) async fn start(&self) -> Result<Message, Error> {
        let mut running = self.running.lock().await;
        let server = match running.take() {
            Some(server) => server,
            None => match &self.start {
                Some(start) => start().await?,
                None => return Ok(Message::Serving(None)),
            },
        };
        let about = server.about().clone();
        *running = Some(server);
        Ok(Message::Serving(Some(about)))
    }

    /// Stops it, if it runs.
    pub(super) async fn stop(&self) -> Message {
        if let Some(server) = self.running.lock().await.take() {
            server.stop().await;
        }
        Message::Serving(None)
    }
}
