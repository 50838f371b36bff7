//! The terminal: taken, drawn on, and given back in the state it was found in, whatever happens.

use std::io::{self, Stdout, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange};
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen};
use crossterm::{execute, queue};
use ratatui::Frame;
use ratatui::backend::CrosstermBackend;
use tokio::sync::Notify;

use super::theme::Ground;
use crate::settings::Surroundings;

/// A terminal in raw mode, on its alternate screen. Dropping it gives it back.
pub(super) struct Terminal {
    inner: ratatui::Terminal<CrosstermBackend<Stdout>>,
    takes_mouse: bool,
    fall: Arc<Fall>,
}

/// A panic, as the thread that draws hears of it.
#[derive(Debug, Default)]
pub(super) struct Fall {
    has_begun: AtomicBool,
    told: Notify,
}

impl Fall {
    /// Waits until a panic has been told.
    pub(super) async fn told(&self) {
        self.told.notified().await;
    }

    /// Nothing is written to a terminal that was given back.
    fn check(&self) -> io::Result<()> {
        if self.has_begun.load(Ordering::SeqCst) { Err(Self::error()) } else { Ok(()) }
    }

    /// What ends the screens then: what they were doing is unknown, and the terminal is not theirs any more.
    pub(super) fn error() -> io::Error {
        io::Error::other("hallpass ended itself because of a bug of its own, which is told above")
    }
}

/// Presses, releases and the wheel, in the encoding that knows no limit of columns.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

impl Terminal {
    /// Takes the terminal. A panic, of whatever thread, gives it back before its message is printed; nothing is drawn
    /// after that.
    pub(super) fn take(fall: Arc<Fall>) -> io::Result<Self> {
        let inner = enter()?;
        let falling = fall.clone();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            falling.has_begun.store(true, Ordering::SeqCst);
            leave();
            before(info);
            falling.told.notify_one();
        }));
        Ok(Self { inner, takes_mouse: false, fall })
    }

    /// Draws one frame, which appears at once on terminals that can do that.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.fall.check()?;
        queue!(self.inner.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = self.inner.draw(draw).map(|_| ());
        execute!(self.inner.backend_mut(), EndSynchronizedUpdate)?;
        drawn
    }

    /// Takes the mouse, or leaves it to the terminal. Motion is never asked for: it would wake the program at
    /// every move.
    pub(super) fn take_mouse(&mut self, takes: bool) -> io::Result<()> {
        self.takes_mouse = takes;
        self.write(if takes { MOUSE_ON } else { MOUSE_OFF })
    }

    /// Returns its size: columns and rows.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        self.inner.size().map(|size| (size.width, size.height))
    }

    /// Writes a sequence between two frames.
    pub(super) fn write(&mut self, sequence: &str) -> io::Result<()> {
        self.fall.check()?;
        let backend = self.inner.backend_mut();
        backend.write_all(sequence.as_bytes())?;
        Write::flush(backend)
    }

    /// Gives the terminal back, stops this process until somebody resumes it, and takes the
    /// terminal again.
    ///
    /// The signal may reach another thread of ours a moment later, so what counts is the one that
    /// ends the stop.
    #[cfg(unix)]
    pub(super) async fn suspend(&mut self) -> io::Result<()> {
        use rustix::process::{Signal, getpid, kill_process};
        let resumed = tokio::signal::unix::SignalKind::from_raw(Signal::CONT.as_raw());
        let mut resumed = tokio::signal::unix::signal(resumed)?;
        leave();
        kill_process(getpid(), Signal::STOP)?;
        resumed.recv().await;
        self.inner = enter()?;
        self.take_mouse(self.takes_mouse)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Given back already, and told why: to leave it once more would put the cursor before that.
        if self.fall.check().is_ok() {
            leave();
        }
    }
}

/// Raw mode and alternate screen. Not by `ratatui::init`, whose panic hook would come before ours, and give the
/// terminal back while a frame is being drawn.
fn enter() -> io::Result<ratatui::Terminal<CrosstermBackend<Stdout>>> {
    let entered = crossterm::terminal::enable_raw_mode()
        .and_then(|()| execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange))
        .and_then(|()| ratatui::Terminal::new(CrosstermBackend::new(io::stdout())));
    // Half of it is not left behind.
    entered.inspect_err(|_| leave())
}

/// Undoes everything. `ratatui::restore` prints when it fails, and printing to a terminal that is
/// gone panics; so failures are ignored: there is nobody left to tell.
fn leave() {
    let _ = io::stdout().write_all(MOUSE_OFF.as_bytes());
    let _ = execute!(io::stdout(), EndSynchronizedUpdate, DisableBracketedPaste, DisableFocusChange);
    let _ = ratatui::try_restore();
    let _ = execute!(io::stdout(), crossterm::cursor::Show);
}

/// Finds out what the terminal's ground is: by what it says in the environment, or by asking it. It is asked
/// before anything reads keys, since its answer comes as keys do; and never over SSH, where a late answer
/// would be read as keys.
pub fn ground(surroundings: &Surroundings) -> Option<Ground> {
    if let Some(color) = surroundings.ground {
        return Some(if color == 7 || color == 15 { Ground::Light } else { Ground::Dark });
    }
    if !surroundings.has_true_colors || surroundings.is_ssh {
        return None;
    }
    match terminal_colorsaurus::theme_mode(terminal_colorsaurus::QueryOptions::default()).ok()? {
        terminal_colorsaurus::ThemeMode::Dark => Some(Ground::Dark),
        terminal_colorsaurus::ThemeMode::Light => Some(Ground::Light),
    }
}

/// Tells whether the terminal still exists: a reader that outlives it would spin (crossterm#793).
#[cfg(unix)]
pub(super) fn is_there() -> bool {
    rustix::termios::tcgetwinsize(io::stdout()).is_ok()
}

/// Tells whether the terminal still exists.
#[cfg(not(unix))]
pub(super) fn is_there() -> bool {
    true
}
