//! The sandbox alone, for whoever tries their own program against it.

use std::sync::Arc;
use std::time::Duration;

use super::{Error, Kind, Result};
use crate::model::untrusted;
use crate::sandbox::Options;
pub use crate::sandbox::{CLIENT_ID, CLIENT_SECRET, PUBLIC_CLIENT_ID, Sandbox, Weather};
use crate::system::Clock;

/// Starts a sandbox on a port of 127.0.0.1; `weather` is one of [`Weather`]'s words.
pub async fn start(port: u16, weather: &str, lifetime: Duration, clock: Arc<dyn Clock>) -> Result<Sandbox> {
    let weather = Weather::from_word(weather).ok_or_else(|| {
        let words: Vec<&str> = Weather::ALL.iter().map(|weather| weather.word()).collect();
        Error::usage(format!("`{}` is not a weather", untrusted::line(weather)))
            .hinted(format!("there are {}", words.join(", ")))
    })?;
    let options = Options { port, lifetime, weather, now: Arc::new(move || clock.now()) };
    let failed = |error: crate::listener::BindError| {
        Error::new(Kind::Usage, error.to_string()).hinted("choose another port with `--port`; 0 takes any free one")
    };
    Sandbox::start(options).await.map_err(failed)
}
