//! The terminal's own clipboard (OSC 52).

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use base64::Engine as _;
use zeroize::Zeroizing;

use super::{Clipboard, ClipboardError, CopiedTo, DEADLINE};
use crate::model::Secret;
use crate::settings::Multiplexer;
use crate::system::process;

/// Where OSC 52 sequences go.
pub enum Sink {
    /// To the controlling terminal, beside standard output.
    Terminal,
    /// To whoever draws the screen, which writes them between two frames.
    Screen(tokio::sync::mpsc::UnboundedSender<Zeroizing<String>>),
    /// Nowhere: this terminal would show them, and the secret in them.
    Nowhere,
}

/// The longest text that is sent, in bytes: in base64 with its frame it has 100,000, and terminals drop what is
/// longer.
const LONGEST: usize = 74_994;
/// How much of a sequence GNU screen passes on at once, with the frame that does it.
const SCREEN: usize = 240;
/// How often it is looked whether a command of tmux has ended.
const BETWEEN: Duration = Duration::from_millis(5);

/// The terminal's own clipboard (OSC 52).
pub struct TerminalClipboard {
    sink: Sink,
    through: Option<Multiplexer>,
}

impl TerminalClipboard {
    /// Sends to `sink`, `through` what stands between this program and the terminal.
    pub fn new(sink: Sink, through: Option<Multiplexer>) -> Self {
        Self { sink, through }
    }
}

impl Clipboard for TerminalClipboard {
    fn copy(&self, secret: &Secret, _time: Duration) -> Result<CopiedTo, ClipboardError> {
        let unavailable = |why: String| ClipboardError::Unavailable(why);
        let length = secret.expose().len();
        if length > LONGEST {
            let why = format!("this has {length} bytes, and a terminal takes at most {LONGEST}");
            return Err(unavailable(why));
        }
        let is_shown = !matches!(self.sink, Sink::Nowhere);
        let tmux_took = is_shown && self.through == Some(Multiplexer::Tmux) && tmux_takes(secret);
        let sequence = sequence(secret, self.through, tmux_took);
        match &self.sink {
            Sink::Screen(screen) => {
                screen.send(sequence).map_err(|_| unavailable("the screen is gone".to_owned()))?;
            }
            Sink::Nowhere => return Err(unavailable("this terminal (TERM=dumb) has none".to_owned())),
            Sink::Terminal => {
                let mut terminal = std::fs::OpenOptions::new()
                    .write(true)
                    .open(if cfg!(windows) { "CONOUT$" } else { "/dev/tty" })
                    .map_err(|error| unavailable(format!("there is no terminal ({error})")))?;
                terminal.write_all(sequence.as_bytes()).map_err(|error| unavailable(error.to_string()))?;
            }
        }
        Ok(CopiedTo::Terminal)
    }

    fn copy_plain(&self, text: &str) -> Result<CopiedTo, ClipboardError> {
        self.copy(&Secret::new(text), Duration::ZERO)
    }

    fn clear(&self) {}
}

/// Lets tmux put `secret` on the terminal's clipboard, which it does whatever `set-clipboard` is, and forget it again;
/// tells whether it has. `-w` is of 3.2.
fn tmux_takes(secret: &Secret) -> bool {
    let buffer = format!("hallpass-{}", std::process::id());
    let takes = tmux(&["load-buffer", "-b", &buffer, "-w", "-"], Some(secret));
    // By now it has been loaded, or never will be.
    tmux(&["delete-buffer", "-b", &buffer], None);
    takes
}

/// Runs a command of tmux to its end, which comes in time: a server that does not answer is waited for no longer.
fn tmux(arguments: &[&str], input: Option<&Secret>) -> bool {
    let mut command = process::detached("tmux");
    command.args(arguments).stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    let Ok(mut child) = command.spawn() else { return false };
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input.cloned()) {
        // Beside the waiting: a pipe that nobody reads would be waited for without an end.
        std::thread::spawn(move || {
            // Whoever does not read it does not take it either, and says so by how it ends.
            let _ = pipe.write_all(input.expose().as_bytes());
        });
    }
    let started = Instant::now();
    while started.elapsed() < DEADLINE {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(BETWEEN),
            Err(_) => break,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// Returns what asks a terminal to put `secret` on its clipboard (OSC 52).
///
/// tmux passes it on as it is where `allow-passthrough` is on (before 3.3 it always does); one that did not take it by
/// itself takes it from the plain sequence where `set-clipboard` is on. GNU screen passes on what is framed, a little
/// at a time.
fn sequence(secret: &Secret, through: Option<Multiplexer>, tmux_took: bool) -> Zeroizing<String> {
    let encoded = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(secret.expose()));
    let plain = joined(&["\u{1b}]52;c;", &encoded, "\u{7}"]);
    match through {
        None => plain,
        Some(Multiplexer::Tmux) => {
            let for_tmux = if tmux_took { "" } else { plain.as_str() };
            joined(&[for_tmux, "\u{1b}Ptmux;\u{1b}\u{1b}]52;c;", &encoded, "\u{7}\u{1b}\\"])
        }
        Some(Multiplexer::Screen) => {
            let mut pieces = Vec::new();
            let mut rest = plain.as_str();
            while !rest.is_empty() {
                let (part, after) = rest.split_at(rest.len().min(SCREEN));
                pieces.extend(["\u{1b}P", part, "\u{1b}\\"]);
                rest = after;
            }
            joined(&pieces)
        }
    }
}

/// Puts pieces together in memory that is large enough from the start: growing would leave copies of a secret behind.
fn joined(pieces: &[&str]) -> Zeroizing<String> {
    let mut whole = Zeroizing::new(String::with_capacity(pieces.iter().map(|piece| piece.len()).sum()));
    for piece in pieces {
        whole.push_str(piece);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminals_sequence_carries_the_text_in_base64() {
        assert_eq!(sequence(&Secret::new("tok"), None, false).as_str(), "\u{1b}]52;c;dG9r\u{7}");
    }

    #[test]
    fn a_screen_gets_the_secret_to_write_between_its_frames() {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let clipboard = TerminalClipboard::new(Sink::Screen(sender), None);
        assert_eq!(clipboard.copy(&Secret::new("t"), Duration::ZERO), Ok(CopiedTo::Terminal));
        assert_eq!(receiver.try_recv().unwrap(), sequence(&Secret::new("t"), None, false));
    }

    #[test]
    fn tmux_gets_it_twice_for_itself_and_to_pass_on() {
        assert_eq!(
            sequence(&Secret::new("tok"), Some(Multiplexer::Tmux), false).as_str(),
            "\u{1b}]52;c;dG9r\u{7}\u{1b}Ptmux;\u{1b}\u{1b}]52;c;dG9r\u{7}\u{1b}\\"
        );
        assert_eq!(
            sequence(&Secret::new("tok"), Some(Multiplexer::Tmux), true).as_str(),
            "\u{1b}Ptmux;\u{1b}\u{1b}]52;c;dG9r\u{7}\u{1b}\\",
            "it has it, and passes it on as well"
        );
    }

    #[test]
    fn screen_gets_it_in_pieces_that_make_the_whole() {
        let secret = Secret::new("t".repeat(1_000));
        let framed = sequence(&secret, Some(Multiplexer::Screen), false);
        let pieces: Vec<&str> =
            framed.split("\u{1b}\\").filter(|piece| !piece.is_empty()).map(|piece| &piece[2..]).collect();
        assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.len() <= SCREEN));
        assert_eq!(pieces.concat(), sequence(&secret, None, false).as_str());
    }

    #[test]
    fn what_no_terminal_takes_is_refused() {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let clipboard = TerminalClipboard::new(Sink::Screen(sender), None);
        let error = clipboard.copy(&Secret::new("t".repeat(LONGEST + 1)), Duration::ZERO).unwrap_err();
        assert!(error.to_string().contains("74995 bytes"), "{error}");
        assert!(receiver.try_recv().is_err());
        assert!(clipboard.copy(&Secret::new("t".repeat(LONGEST)), Duration::ZERO).is_ok());
        assert!(receiver.try_recv().unwrap().len() <= 100_000);
    }
}
