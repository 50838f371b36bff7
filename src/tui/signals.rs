//! Signals that end or stop the terminal UI, so that the terminal is given back as it was.

use std::io;

/// What a signal asks for.
pub(super) enum Asked {
    /// To end.
    End,
    /// To give the terminal back until the program is continued.
    #[cfg(unix)]
    Suspend,
}

/// Signals that end or stop the program.
pub(super) struct Signals {
    #[cfg(unix)]
    ends: [tokio::signal::unix::Signal; 3],
    #[cfg(unix)]
    stop: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    pub(super) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let stop = SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw());
        let ends = [signal(SignalKind::terminate())?, signal(SignalKind::hangup())?, signal(SignalKind::interrupt())?];
        Ok(Self { ends, stop: signal(stop)? })
    }

    #[cfg(unix)]
    pub(super) async fn next(&mut self) -> Asked {
        let [terminate, hangup, interrupt] = &mut self.ends;
        tokio::select! {
            _ = terminate.recv() => Asked::End,
            _ = hangup.recv() => Asked::End,
            _ = interrupt.recv() => Asked::End,
            _ = self.stop.recv() => Asked::Suspend,
        }
    }

    #[cfg(not(unix))]
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    pub(super) async fn next(&mut self) -> Asked {
        // An error would mean that no handler can be set; the key works all the same.
        let _ = tokio::signal::ctrl_c().await;
        Asked::End
    }
}
