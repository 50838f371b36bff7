//! A server that runs, as the other faces see it: they tell about it and stop it, and do not know how it serves.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::service::Result;
use crate::service::demo::Demo;

/// Starts the local server of this machine.
pub type StartServer = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<RunningServer>> + Send>> + Send + Sync>;

/// Opens a sandbox to try things in.
pub type OpenSandbox = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Demo>> + Send>> + Send + Sync>;

/// What can be told of a running server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AboutServer {
    /// Its address, as programs write it.
    pub url: String,
    /// The redirect URI of configs that name none.
    pub callback: String,
    /// Whether callers must show a key.
    pub needs_key: bool,
    /// The other address that it listens on, if any.
    pub listens_on: Option<String>,
    /// How it answers by HTTPS, if it does.
    pub https: Option<AboutHttps>,
}

/// What can be told of HTTPS on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AboutHttps {
    /// Its address.
    pub url: String,
    /// The certificate, for whoever is to trust it.
    pub certificate: std::path::PathBuf,
    /// Its SHA-256, as browsers show it.
    pub fingerprint: String,
    /// Its last day.
    pub ends: String,
}

/// A running server. Dropping it stops it without a goodbye.
#[derive(Debug)]
pub struct RunningServer {
    about: AboutServer,
    stop: watch::Sender<bool>,
    served: JoinHandle<()>,
}

impl RunningServer {
    /// Takes a server that ends when `stop` changes.
    pub fn new(about: AboutServer, stop: watch::Sender<bool>, served: JoinHandle<()>) -> Self {
        Self { about, stop, served }
    }

    /// Returns what can be told of it.
    pub fn about(&self) -> &AboutServer {
        &self.about
    }

    /// Stops it: nobody new is let in, and answers under way still get out.
    pub async fn stop(self) {
        // The receivers may be gone already; and a task that panicked has stopped too.
        let _ = self.stop.send(true);
        let _ = self.served.await;
    }
}
