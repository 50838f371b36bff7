//! The clipboard, marked as holding a secret where the system knows that, and cleared afterwards
//! only if what it holds is still ours.
//!
//! Over SSH and where there is no display, the secret goes to the terminal (OSC 52), which may or
//! may not put it on its own machine's clipboard, and tells nobody; so it is said differently.

mod terminal;

use std::io::{BufRead, Write};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::process;
use crate::model::Secret;
use crate::settings::Surroundings;
pub use terminal::{Sink, TerminalClipboard};

/// How long the desktop's clipboard may take to answer.
const DEADLINE: Duration = Duration::from_secs(3);

/// How long a child holds what is no secret.
const PLAIN: Duration = Duration::from_mins(10);

/// Where a copy went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopiedTo {
    /// The clipboard of this desktop; it will be cleared.
    Clipboard,
    /// The terminal, which may put it on its own clipboard; it cannot be cleared.
    Terminal,
}

/// Why nothing was copied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClipboardError {
    /// The desktop says no.
    #[error("the clipboard cannot be used: {0}")]
    Unavailable(String),
    /// The desktop did not answer.
    #[error("the clipboard did not answer within {} seconds", DEADLINE.as_secs())]
    Timeout,
}

/// Something that takes a secret and gives it to the user's next paste.
pub trait Clipboard: Send + Sync {
    /// Copies `secret`, and clears it after `time` if it is still there.
    fn copy(&self, secret: &Secret, time: Duration) -> Result<CopiedTo, ClipboardError>;

    /// Copies text that is no secret; it stays.
    fn copy_plain(&self, text: &str) -> Result<CopiedTo, ClipboardError>;

    /// Clears what was copied, if it is still there: at the end of the program.
    fn clear(&self);
}

/// Tells whether the desktop's clipboard is the one the user pastes from.
pub fn is_local(place: &Surroundings) -> bool {
    !place.is_ssh && (cfg!(any(windows, target_os = "macos")) || place.has_display)
}

enum Order {
    Copy(Secret, Duration, Sender<Result<(), ClipboardError>>),
    CopyPlain(String, Sender<Result<(), ClipboardError>>),
    Clear(Sender<()>),
}

/// The clipboard of the desktop, held by a thread of its own: on Linux, what was copied lives as
/// long as its holder.
#[derive(Default)]
pub struct DesktopClipboard {
    orders: Mutex<Option<Sender<Order>>>,
}

impl DesktopClipboard {
    fn ask(&self, order: impl FnOnce(Sender<Result<(), ClipboardError>>) -> Order) -> Result<CopiedTo, ClipboardError> {
        let (answer, answered) = channel();
        self.send(order(answer))?;
        match answered.recv_timeout(DEADLINE) {
            Ok(outcome) => outcome.map(|()| CopiedTo::Clipboard),
            Err(_) => Err(ClipboardError::Timeout),
        }
    }

    fn send(&self, order: Order) -> Result<(), ClipboardError> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = match orders.take() {
            Some(sender) => sender,
            None => start()?,
        };
        sender.send(order).map_err(|_| ClipboardError::Unavailable("its thread ended".to_owned()))?;
        *orders = Some(sender);
        Ok(())
    }
}

impl Clipboard for DesktopClipboard {
    fn copy(&self, secret: &Secret, time: Duration) -> Result<CopiedTo, ClipboardError> {
        self.ask(|answer| Order::Copy(secret.clone(), time, answer))
    }

    fn copy_plain(&self, text: &str) -> Result<CopiedTo, ClipboardError> {
        self.ask(|answer| Order::CopyPlain(text.to_owned(), answer))
    }

    fn clear(&self) {
        let started = self.orders.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let (answer, answered) = channel();
        if started && self.send(Order::Clear(answer)).is_ok() {
            // A desktop that does not answer must not hold up the end of the program.
            let _ = answered.recv_timeout(DEADLINE);
        }
    }
}

fn start() -> Result<Sender<Order>, ClipboardError> {
    let unavailable = |error: &dyn std::fmt::Display| ClipboardError::Unavailable(error.to_string());
    let (sender, receiver) = channel();
    thread::Builder::new()
        .name("clipboard".to_owned())
        .spawn(move || hold(&receiver))
        .map_err(|error| unavailable(&error))?;
    Ok(sender)
}

fn hold(orders: &Receiver<Order>) {
    let mut desktop: Option<arboard::Clipboard> = None;
    let mut held: Option<(Secret, Instant)> = None;
    loop {
        let order = match &held {
            Some((_, until)) => orders.recv_timeout(until.saturating_duration_since(Instant::now())),
            None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match order {
            Ok(Order::Copy(secret, time, answer)) => {
                let outcome = put(&mut desktop, |clipboard| sensitive(clipboard.set()).text(secret.expose()));
                if outcome.is_ok() {
                    held = Some((secret, Instant::now() + time));
                }
                // Whoever asked may have given up meanwhile.
                let _ = answer.send(outcome);
            }
            Ok(Order::CopyPlain(text, answer)) => {
                held = None;
                let _ = answer.send(put(&mut desktop, |clipboard| clipboard.set_text(text.as_str())));
            }
            Ok(Order::Clear(answer)) => {
                take_back(&mut desktop, held.take());
                let _ = answer.send(());
            }
            Err(RecvTimeoutError::Timeout) => take_back(&mut desktop, held.take()),
            Err(RecvTimeoutError::Disconnected) => {
                take_back(&mut desktop, held.take());
                return;
            }
        }
    }
}

/// Puts something on the clipboard. One that was open and fails is opened anew: the desktop may
/// have been restarted under a running program.
fn put(
    desktop: &mut Option<arboard::Clipboard>,
    set: impl Fn(&mut arboard::Clipboard) -> Result<(), arboard::Error>,
) -> Result<(), ClipboardError> {
    let unavailable = |error: arboard::Error| ClipboardError::Unavailable(error.to_string());
    if desktop.as_mut().is_some_and(|clipboard| set(clipboard).is_ok()) {
        return Ok(());
    }
    let clipboard = desktop.insert(arboard::Clipboard::new().map_err(unavailable)?);
    set(clipboard).map_err(unavailable)
}

#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "openbsd", target_os = "netbsd"))]
fn sensitive(set: arboard::Set<'_>) -> arboard::Set<'_> {
    arboard::SetExtLinux::exclude_from_history(set)
}

#[cfg(target_os = "macos")]
fn sensitive(set: arboard::Set<'_>) -> arboard::Set<'_> {
    arboard::SetExtApple::exclude_from_history(set)
}

#[cfg(windows)]
fn sensitive(set: arboard::Set<'_>) -> arboard::Set<'_> {
    use arboard::SetExtWindows;
    set.exclude_from_monitoring().exclude_from_cloud().exclude_from_history()
}

fn take_back(desktop: &mut Option<arboard::Clipboard>, held: Option<(Secret, Instant)>) {
    let (Some(clipboard), Some((secret, _))) = (desktop.as_mut(), held) else { return };
    let now = clipboard.get_text().map(Zeroizing::new);
    if now.is_ok_and(|text| Secret::new(text.as_str()) == secret) {
        // A desktop that will not be cleared cannot be made to.
        let _ = clipboard.clear();
    }
}

/// The desktop's clipboard, held by a child process that outlives this one: for a command that
/// ends at once. The child's only argument is a number of seconds; the secret goes through a pipe.
pub struct HeldByChild {
    program: std::path::PathBuf,
    subcommand: &'static str,
}

impl HeldByChild {
    /// Names the program to start, and its subcommand that calls [`hold_for`].
    pub fn new(program: std::path::PathBuf, subcommand: &'static str) -> Self {
        Self { program, subcommand }
    }
}

impl Clipboard for HeldByChild {
    fn copy(&self, secret: &Secret, time: Duration) -> Result<CopiedTo, ClipboardError> {
        let unavailable = |error: std::io::Error| ClipboardError::Unavailable(error.to_string());
        let mut command = process::detached(&self.program.to_string_lossy());
        command.args([self.subcommand, &time.as_secs().to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(unavailable)?;
        if let Some(mut pipe) = child.stdin.take() {
            pipe.write_all(secret.expose().as_bytes()).map_err(unavailable)?;
        }
        let mut answer = String::new();
        if let Some(pipe) = child.stdout.take() {
            std::io::BufReader::new(pipe).read_line(&mut answer).map_err(unavailable)?;
        }
        match answer.trim() {
            HELD => Ok(CopiedTo::Clipboard),
            why => Err(ClipboardError::Unavailable(crate::model::untrusted::line(why))),
        }
    }

    fn copy_plain(&self, text: &str) -> Result<CopiedTo, ClipboardError> {
        // It must live for as long as anybody may paste it; a child that lives a day is a day too long.
        self.copy(&Secret::new(text), PLAIN)
    }

    fn clear(&self) {}
}

/// What the holding child says once it holds.
const HELD: &str = "held";

/// Holds the secret that stands on `input` for `time`, after telling `output` whether it does;
/// then clears it, if it is still there.
pub fn hold_for(time: Duration, mut input: impl std::io::Read, mut output: impl Write) -> std::io::Result<()> {
    let mut text = Zeroizing::new(String::new());
    input.read_to_string(&mut text)?;
    let clipboard = DesktopClipboard::default();
    let outcome = clipboard.copy(&Secret::new(text.as_str()), time);
    match &outcome {
        Ok(_) => writeln!(output, "{HELD}")?,
        Err(error) => writeln!(output, "{error}")?,
    }
    output.flush()?;
    if outcome.is_ok() {
        thread::sleep(time);
        clipboard.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_ssh_the_desktop_is_not_the_users() {
        let place = Surroundings { has_display: true, ..Surroundings::default() };
        assert!(is_local(&place));
        assert!(!is_local(&Surroundings { is_ssh: true, ..place }));
    }
}
