//! The terminal's own clipboard (OSC 52).

use std::io::Write;
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::Duration;

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
        if self.through == Some(Multiplexer::Tmux) && !matches!(self.sink, Sink::Nowhere) && tmux_takes(secret) {
            return Ok(CopiedTo::Terminal);
        }
        let sequence = sequence(secret, self.through);
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
    // Even where it was told too late: what is not there is not deleted.
    tmux(&["delete-buffer", "-b", &buffer], None);
    takes
}

fn tmux(arguments: &[&str], input: Option<&Secret>) -> bool {
    let mut command = process::detached("tmux");
    command.args(arguments).stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    let Ok(mut child) = command.spawn() else { return false };
    let (sender, ended) = channel();
    let input = input.cloned();
    std::thread::spawn(move || {
        let is_written = match (child.stdin.take(), input) {
            (Some(mut pipe), Some(input)) => pipe.write_all(input.expose().as_bytes()).is_ok(),
            _ => true,
        };
        let has_ended = child.wait().is_ok_and(|status| status.success());
        // Whoever waited may have gone on.
        let _ = sender.send(is_written && has_ended);
    });
    ended.recv_timeout(DEADLINE).unwrap_or(false)
}

/// Returns the sequence that asks a terminal to put `secret` on its clipboard.
///
/// A tmux that does not do it by itself takes it for the terminal where `set-clipboard` is on, and passes it on as it is where `allow-passthrough` is
/// (before 3.3 it always does): both are sent, since neither can be known. GNU screen passes on what is framed, a
/// little at a time.
fn sequence(secret: &Secret, through: Option<Multiplexer>) -> Zeroizing<String> {
    let plain = osc52(secret);
    match through {
        None => plain,
        Some(Multiplexer::Tmux) => {
            let escaped = Zeroizing::new(plain.replace('\u{1b}', "\u{1b}\u{1b}"));
            Zeroizing::new(format!("{}\u{1b}Ptmux;{}\u{1b}\\", plain.as_str(), escaped.as_str()))
        }
        Some(Multiplexer::Screen) => {
            // Whole from the start: growing would leave copies of a secret behind.
            let mut framed = Zeroizing::new(String::with_capacity(plain.len() + 4 * plain.len().div_ceil(SCREEN)));
            let mut rest = plain.as_str();
            while !rest.is_empty() {
                let (part, after) = rest.split_at(rest.len().min(SCREEN));
                for piece in ["\u{1b}P", part, "\u{1b}\\"] {
                    framed.push_str(piece);
                }
                rest = after;
            }
            framed
        }
    }
}

fn osc52(secret: &Secret) -> Zeroizing<String> {
    let encoded = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(secret.expose()));
    Zeroizing::new(format!("\u{1b}]52;c;{}\u{7}", encoded.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminals_sequence_carries_the_text_in_base64() {
        assert_eq!(sequence(&Secret::new("tok"), None).as_str(), "\u{1b}]52;c;dG9r\u{7}");
    }

    #[test]
    fn a_screen_gets_the_secret_to_write_between_its_frames() {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let clipboard = TerminalClipboard::new(Sink::Screen(sender), None);
        assert_eq!(clipboard.copy(&Secret::new("t"), Duration::ZERO), Ok(CopiedTo::Terminal));
        assert_eq!(receiver.try_recv().unwrap(), osc52(&Secret::new("t")));
    }

    #[test]
    fn tmux_gets_it_twice_for_itself_and_to_pass_on() {
        assert_eq!(
            sequence(&Secret::new("tok"), Some(Multiplexer::Tmux)).as_str(),
            "\u{1b}]52;c;dG9r\u{7}\u{1b}Ptmux;\u{1b}\u{1b}]52;c;dG9r\u{7}\u{1b}\\"
        );
    }

    #[test]
    fn screen_gets_it_in_pieces_that_make_the_whole() {
        let secret = Secret::new("t".repeat(1_000));
        let framed = sequence(&secret, Some(Multiplexer::Screen));
        let pieces: Vec<&str> =
            framed.split("\u{1b}\\").filter(|piece| !piece.is_empty()).map(|piece| &piece[2..]).collect();
        assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.len() <= SCREEN));
        assert_eq!(pieces.concat(), osc52(&secret).as_str());
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
