//! Talking by lines: what is said, one sentence a line, and what is asked, one thing at a time.
//!
//! Nothing here moves the cursor, colours a word or draws: a screen reader reads it from top to bottom.
//! Whatever is asked, `?` says what can be typed, `cancel` goes back to the commands, and the end of input leaves.

use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::cli::{Failure, Output, prompt};
use crate::model::{Secret, untrusted};
use crate::service::Error;

/// The word that goes back.
const CANCEL: &str = "cancel";

/// Why something is not gone on with.
#[derive(Debug)]
pub(super) enum Stop {
    /// The user said so.
    Cancelled,
    /// There is nothing more to read.
    Left,
    /// ctrl-c was pressed.
    Interrupted,
    /// It does not work.
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What comes of a part of the conversation.
pub(super) type Said<T> = Result<T, Stop>;

/// The conversation.
pub(super) struct Talk {
    output: Output,
    /// Asks for one more line: they are read one at a time, on a thread, as a read cannot be taken back.
    wanted: mpsc::UnboundedSender<()>,
    lines: mpsc::Receiver<Option<String>>,
    /// Whether a line is being read that nobody waits for any more.
    is_reading: bool,
}

impl Talk {
    pub(super) fn new(output: Output) -> Self {
        let (wanted, mut asked) = mpsc::unbounded_channel();
        let (sender, lines) = mpsc::channel(1);
        std::thread::spawn(move || {
            while asked.blocking_recv().is_some() {
                let mut text = String::new();
                // A line that is not text ends it like the end of the input.
                let line = io::stdin().lock().read_line(&mut text).ok().filter(|read| *read > 0).map(|_| text);
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Self { output, wanted, lines, is_reading: false }
    }

    pub(super) fn output(&self) -> Output {
        self.output
    }

    /// Says one thing.
    pub(super) fn say(&self, text: &str) -> Said<()> {
        Ok(self.output.line(text)?)
    }

    /// Says what stands in a list, each under its number.
    pub(super) fn number(&self, items: impl IntoIterator<Item = String>) -> Said<()> {
        for (index, item) in items.into_iter().enumerate() {
            self.say(&format!("{}. {}", index + 1, untrusted::line(&item)))?;
        }
        Ok(())
    }

    /// Tells what went wrong, and what mends it.
    pub(super) fn tell(&self, error: &Error) -> Said<()> {
        self.say(&format!("That did not work: {}.", error.message.trim_end_matches('.')))?;
        for cause in &error.causes {
            self.say(&format!("Because: {cause}."))?;
        }
        match &error.hint {
            Some(hint) => self.say(&format!("What mends it: {hint}.")),
            None => Ok(()),
        }
    }

    /// Waits for one line as it is typed; it may be waited for in vain, and the next one gets it then.
    pub(super) async fn line(&mut self) -> Said<String> {
        if !self.is_reading {
            // The thread lives as long as this does.
            let _ = self.wanted.send(());
            self.is_reading = true;
        }
        let line = tokio::select! {
            line = self.lines.recv() => line.flatten(),
            _ = tokio::signal::ctrl_c() => return Err(Stop::Interrupted),
        };
        self.is_reading = false;
        match line {
            Some(line) if line.trim() == CANCEL => Err(Stop::Cancelled),
            Some(line) => Ok(line.trim().to_owned()),
            None => Err(Stop::Left),
        }
    }

    /// Asks for something; an empty line takes the default, where there is one. `help` says what can be typed.
    pub(super) async fn ask(&mut self, question: &str, default: Option<&str>, help: &str) -> Said<String> {
        let shown = default.filter(|default| !default.is_empty()).map(|default| format!(" (enter takes {default})"));
        loop {
            self.output.question(&format!("{question}{}: ", shown.as_deref().unwrap_or_default()))?;
            let typed = self.line().await?;
            match (typed.as_str(), default) {
                ("?", _) => self.say(&format!("{help} The word cancel goes back to the commands."))?,
                ("", Some(default)) => return Ok(default.to_owned()),
                ("", None) => self.say("Something must be typed here. ? says what.")?,
                _ => return Ok(typed),
            }
        }
    }

    /// Asks which one of a list is meant, by its number; the first one is the default.
    pub(super) async fn choose(&mut self, question: &str, items: &[String]) -> Said<usize> {
        self.number(items.iter().cloned())?;
        let help = format!("Type a number from 1 to {}.", items.len());
        loop {
            let typed = self.ask(question, Some("1"), &help).await?;
            match typed.parse::<usize>() {
                Ok(number) if (1..=items.len()).contains(&number) => return Ok(number - 1),
                _ => self.say(&help)?,
            }
        }
    }

    /// Asks for yes or no; what is neither is asked again.
    pub(super) async fn agree(&mut self, question: &str, default: bool) -> Said<bool> {
        loop {
            let usual = if default { "yes" } else { "no" };
            let typed = self.ask(&format!("{question} yes or no"), Some(usual), "Type yes or no.").await?;
            match typed.to_lowercase().as_str() {
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => self.say("Type yes or no.")?,
            }
        }
    }

    /// Asks for a secret, which is not shown on a terminal while it is typed; nothing is an answer too.
    pub(super) async fn secret(&mut self, question: &str) -> Said<Secret> {
        if !io::stdin().is_terminal() {
            self.output.question(&format!("{question}: "))?;
            return Ok(Secret::new(zeroize::Zeroizing::new(self.line().await?).as_str()));
        }
        if self.is_reading {
            // It would take what is typed away from the prompt that hides it.
            self.output.question("Press enter to go on: ")?;
            self.line().await?;
        }
        let secret = prompt::secret(&format!("{question} (it is not shown while you type)"))?;
        if secret.expose() == CANCEL { Err(Stop::Cancelled) } else { Ok(secret) }
    }
}

/// Returns a length of time in words, the two largest units: a screen reader reads `5m` as five metres.
pub(super) fn words(length: Duration) -> String {
    let seconds = length.as_secs();
    let parts = [
        (seconds / 86_400, "day"),
        (seconds / 3_600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let first = parts.iter().position(|(number, _)| *number > 0).unwrap_or(3);
    let mut text = String::new();
    for (number, unit) in parts[first..].iter().take(2).filter(|(number, _)| *number > 0 || seconds == 0) {
        let plural = if *number == 1 { "" } else { "s" };
        let gap = if text.is_empty() { "" } else { " " };
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{gap}{number} {unit}{plural}");
    }
    text
}

/// Returns a code letter by letter, with the signs named that a screen reader leaves out.
pub(super) fn spelled(code: &str) -> String {
    let letter = |letter: char| match letter {
        '-' => "dash".to_owned(),
        ' ' => "space".to_owned(),
        other => other.to_string(),
    };
    code.chars().map(letter).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_words() {
        let said =
            [(0, "0 seconds"), (1, "1 second"), (61, "1 minute 1 second"), (3_600, "1 hour"), (90_000, "1 day 1 hour")];
        for (seconds, text) in said {
            assert_eq!(words(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_code_is_spelled() {
        assert_eq!(spelled("AB-1"), "A, B, dash, 1");
    }
}
