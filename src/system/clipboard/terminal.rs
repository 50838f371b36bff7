//! The terminal's own clipboard (OSC 52).

use std::io::Write;
use std::time::Duration;

use base64::Engine as _;
use zeroize::Zeroizing;

use super::{Clipboard, ClipboardError, CopiedTo};
use crate::model::Secret;

/// Where OSC 52 sequences go.
pub enum Sink {
    /// To the controlling terminal, beside standard output.
    Terminal,
    /// To whoever draws the screen, which writes them between two frames.
    Screen(tokio::sync::mpsc::UnboundedSender<Zeroizing<String>>),
    /// Nowhere: this terminal would show them, and the secret in them.
    Nowhere,
}

/// The terminal's own clipboard (OSC 52).
pub struct TerminalClipboard {
    sink: Sink,
}

impl TerminalClipboard {
    /// Sends to `sink`.
    pub fn new(sink: Sink) -> Self {
        Self { sink }
    }
}

impl Clipboard for TerminalClipboard {
    fn copy(&self, secret: &Secret, _time: Duration) -> Result<CopiedTo, ClipboardError> {
        let unavailable = |why: String| ClipboardError::Unavailable(why);
        match &self.sink {
            Sink::Screen(screen) => {
                screen.send(osc52(secret)).map_err(|_| unavailable("the screen is gone".to_owned()))?;
            }
            Sink::Nowhere => return Err(unavailable("this terminal (TERM=dumb) has none".to_owned())),
            Sink::Terminal => {
                let mut terminal = std::fs::OpenOptions::new()
                    .write(true)
                    .open(if cfg!(windows) { "CONOUT$" } else { "/dev/tty" })
                    .map_err(|error| unavailable(format!("there is no terminal ({error})")))?;
                terminal.write_all(osc52(secret).as_bytes()).map_err(|error| unavailable(error.to_string()))?;
            }
        }
        Ok(CopiedTo::Terminal)
    }

    fn copy_plain(&self, text: &str) -> Result<CopiedTo, ClipboardError> {
        self.copy(&Secret::new(text), Duration::ZERO)
    }

    fn clear(&self) {}
}

/// Returns the sequence that asks a terminal to put `secret` on its clipboard.
fn osc52(secret: &Secret) -> Zeroizing<String> {
    let encoded = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(secret.expose()));
    Zeroizing::new(format!("\u{1b}]52;c;{}\u{7}", encoded.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminals_sequence_carries_the_text_in_base64() {
        assert_eq!(osc52(&Secret::new("tok")).as_str(), "\u{1b}]52;c;dG9r\u{7}");
    }

    #[test]
    fn a_screen_gets_the_secret_to_write_between_its_frames() {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let clipboard = TerminalClipboard::new(Sink::Screen(sender));
        assert_eq!(clipboard.copy(&Secret::new("t"), Duration::ZERO), Ok(CopiedTo::Terminal));
        assert_eq!(receiver.try_recv().unwrap(), osc52(&Secret::new("t")));
    }
}
