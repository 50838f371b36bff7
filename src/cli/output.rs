//! The one home of standard output and standard error.
//!
//! Standard output is for what was asked for, and only that. A reader that goes away ends the
//! program quietly, as `head` expects. Whatever is told in words is made harmless here once more:
//! a provider's file, a path and an error of the system hold what others wrote.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::args::{Color, Global};
use crate::model::{InvalidName, untrusted};
use crate::service::Error;

/// What went wrong in a command.
#[derive(Debug)]
pub enum Failure {
    /// The service says no.
    Service(Error),
    /// Standard output is gone.
    Output(io::Error),
    /// A program that was run ended with this code, and said why itself.
    Child(i32),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Service(error)
    }
}

impl From<InvalidName> for Failure {
    fn from(error: InvalidName) -> Self {
        Self::Service(error.into())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// What a command returns.
pub type Outcome = Result<(), Failure>;

/// How things are printed.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// Whether JSON was asked for.
    pub json: bool,
    quiet: bool,
    out: ColorChoice,
    err: ColorChoice,
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const GREEN: Style = AnsiColor::Green.on_default();

impl Output {
    /// Shows a picture of full and half blocks beside what was asked for, black on white where colours
    /// are on; on a terminal only.
    pub fn picture(self, lines: &[String]) {
        if self.quiet || !io::stderr().is_terminal() {
            return;
        }
        let style = Style::new().fg_color(Some(AnsiColor::BrightWhite.into())).bg_color(Some(AnsiColor::Black.into()));
        let mut err = AutoStream::new(io::stderr(), self.err);
        for line in lines {
            // Nobody seeing it will miss it.
            let _ = writeln!(err, "  {style}{line}{style:#}");
        }
        let _ = writeln!(err);
    }

    /// Takes what the command line and the environment say about printing.
    pub fn new(global: &Global, no_color: bool) -> Self {
        let choose = |is_terminal: bool| match global.color {
            Color::Always => ColorChoice::Always,
            Color::Auto if is_terminal && !no_color => ColorChoice::Always,
            Color::Auto | Color::Never => ColorChoice::Never,
        };
        Self {
            json: global.json,
            quiet: global.quiet,
            out: choose(io::stdout().is_terminal()),
            err: choose(io::stderr().is_terminal()),
        }
    }

    fn stdout(self) -> AutoStream<io::Stdout> {
        AutoStream::new(io::stdout(), self.out)
    }

    fn stderr(self) -> AutoStream<io::Stderr> {
        AutoStream::new(io::stderr(), self.err)
    }

    /// Prints one line that was asked for, or a few.
    pub fn line(self, text: &str) -> io::Result<()> {
        writeln!(self.stdout(), "{}", untrusted::lines(text))
    }

    /// Asks for something: the line is not ended, and stands there before anything is read.
    pub fn question(self, text: &str) -> io::Result<()> {
        let mut out = self.stdout();
        write!(out, "{}", untrusted::lines(text))?;
        out.flush()
    }

    /// Prints text that was asked for as it is.
    pub fn raw(self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(bytes)?;
        out.flush()
    }

    /// Prints a body that somebody else wrote: as it is for a program, harmless for a terminal.
    pub fn body(self, piece: &[u8], body: &mut Body) -> io::Result<()> {
        if !io::stdout().is_terminal() {
            return self.raw(piece);
        }
        let text = body.shown(piece);
        self.raw(text.as_bytes())
    }

    /// Ends the line that a body has left open on a terminal.
    pub fn end_body(self, body: &Body) -> io::Result<()> {
        if io::stdout().is_terminal() && body.is_open { self.raw(b"\n") } else { Ok(()) }
    }

    /// Prints a JSON document.
    pub fn document(self, value: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
        writeln!(io::stdout(), "{}", untrusted::json(&text))
    }

    /// Prints a JSON object on a line of its own.
    pub fn object(self, value: &Value) -> io::Result<()> {
        let mut out = io::stdout();
        writeln!(out, "{}", untrusted::json(&value.to_string()))?;
        out.flush()
    }

    /// Tells something that was not asked for, unless nobody wants to hear it. Nobody reading is
    /// no error.
    pub fn note(self, text: &str) {
        if !self.quiet {
            let _ = writeln!(self.stderr(), "{}", untrusted::lines(text));
        }
    }

    /// Tells what a person must do for the command to go on: whoever wants quiet needs it too.
    pub fn instruct(self, text: &str) {
        let _ = writeln!(self.stderr(), "{}", untrusted::lines(text));
    }

    /// Warns of something.
    pub fn warn(self, text: &str) {
        if !self.quiet {
            let _ = writeln!(self.stderr(), "{YELLOW}warning:{YELLOW:#} {}", untrusted::lines(text));
        }
    }

    /// Tells that something worked.
    pub fn done(self, text: &str) {
        if !self.quiet {
            let _ = writeln!(self.stderr(), "{GREEN}✓{GREEN:#} {}", untrusted::lines(text));
        }
    }

    /// Tells an error, its causes, and what mends it.
    pub fn error(self, error: &Error) {
        let mut err = self.stderr();
        if self.json {
            let _ = writeln!(err, "{}", untrusted::json(&json!({"error": error_value(error)}).to_string()));
            return;
        }
        let _ = writeln!(err, "{RED}error:{RED:#} {}", untrusted::lines(&error.message));
        for cause in &error.causes {
            let _ = writeln!(err, "  {DIM}because:{DIM:#} {}", untrusted::lines(cause));
        }
        if let Some(hint) = &error.hint {
            let _ = writeln!(err, "  {BOLD}hint:{BOLD:#} {}", untrusted::lines(hint));
        }
    }

    /// Prints a table: aligned on a terminal, separated by tabs elsewhere.
    pub fn table(self, heads: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
        let mut out = self.stdout();
        if !io::stdout().is_terminal() {
            for row in rows {
                writeln!(out, "{}", row.iter().map(|cell| untrusted::line(cell)).collect::<Vec<_>>().join("\t"))?;
            }
            return Ok(());
        }
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| untrusted::line(cell)).collect()).collect();
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
            cells.chain(heads.get(column).map(|head| head.width())).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..heads.len()).map(width).collect();
        let line = |cells: &[String]| {
            let padded =
                cells.iter().zip(&widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
        writeln!(out, "{DIM}{}{DIM:#}", line(&heads))?;
        rows.iter().try_for_each(|row| writeln!(out, "{}", line(row)))
    }

    /// Prints names and values, one a line.
    pub fn fields(self, fields: &[(&str, String)]) -> io::Result<()> {
        let width = fields.iter().map(|(name, _)| name.width()).max().unwrap_or_default();
        let mut out = self.stdout();
        for (name, value) in fields {
            let gap = " ".repeat(width - name.width());
            writeln!(out, "{DIM}{name}{DIM:#}{gap}  {}", untrusted::line(value))?;
        }
        Ok(())
    }
}

/// A body that is shown piece by piece on a terminal.
#[derive(Debug, Default)]
pub struct Body {
    /// The beginning of a character whose end has not come yet.
    rest: Vec<u8>,
    is_open: bool,
}

impl Body {
    fn shown(&mut self, piece: &[u8]) -> String {
        self.rest.extend_from_slice(piece);
        let whole = match std::str::from_utf8(&self.rest) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.rest.len(),
        };
        let bytes: Vec<u8> = self.rest.drain(..whole).collect();
        let text = untrusted::text(&String::from_utf8_lossy(&bytes));
        if let Some(last) = text.chars().last() {
            self.is_open = last != '\n';
        }
        text
    }
}

/// Returns an error as `--json` shows it.
pub fn error_value(error: &Error) -> Value {
    json!({"kind": error.kind.word(), "message": error.message, "causes": error.causes, "hint": error.hint})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_on_a_terminal_moves_nothing_and_keeps_characters_whole() {
        let mut body = Body::default();
        let text = "\u{1b}]0;title\u{7}\u{1b}[31mgr\u{fc}n\ta\r\n\u{202e}b".as_bytes();
        let shown: String = text.chunks(1).map(|piece| body.shown(piece)).collect();
        assert_eq!(shown, "]0;title[31mgr\u{fc}n\ta\nb");
        assert!(body.is_open);
        body.shown(b"\n");
        assert!(!body.is_open);
    }
}
