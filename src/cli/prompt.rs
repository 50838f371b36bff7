//! Asking a person for what was left out. Only on a terminal: elsewhere a missing argument is an
//! error that names it.

use std::io::{self, BufRead, IsTerminal, Write};

use super::hidden;
use crate::model::{Secret, untrusted};
use crate::service::fields::key_of;
use crate::service::vaults::Purpose;
use crate::service::{Error, Result};

/// How many lines a key in PEM may have.
const MOST_LINES: usize = 400;

/// Tells whether there is a person to ask.
pub fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Returns what was given, or asks for it; `default` is taken where nothing is typed.
pub fn argument(given: Option<String>, name: &str, question: &str, default: Option<&str>) -> Result<String> {
    if let Some(given) = given {
        return Ok(given);
    }
    if !is_interactive() {
        return Err(missing(name));
    }
    loop {
        let answer = ask(question, default)?;
        match (answer.is_empty(), default) {
            (false, _) => return Ok(answer),
            (true, Some(default)) => return Ok(default.to_owned()),
            (true, None) => {}
        }
    }
}

/// Asks until what is typed is let in: a slip does not begin all again.
pub fn until<A, T, E: std::fmt::Display>(
    ask: impl Fn() -> Result<A>,
    read: impl Fn(A) -> std::result::Result<T, E>,
) -> Result<T> {
    loop {
        match read(ask()?) {
            Ok(read) => return Ok(read),
            Err(error) if is_interactive() => _ = writeln!(io::stderr(), "  {error}"),
            Err(error) => return Err(Error::usage(error.to_string())),
        }
    }
}

/// Asks for a key in PEM until there is one, or its file can be read.
pub fn key(question: &str, name: &str) -> Result<Secret> {
    until(|| secret(question), |given| key_of(given, name))
}

/// Says that an argument is missing.
pub fn missing(name: &str) -> Error {
    Error::usage(format!("{name} is missing"))
        .hinted("it is asked for on a terminal; elsewhere give it on the command line (`--help` shows where)")
}

/// Asks a question, and returns the line that was typed.
pub fn ask(question: &str, default: Option<&str>) -> Result<String> {
    // Part of it may come from a provider file.
    let question = untrusted::line(question);
    let shown = default.map(|default| format!(" [{}]", untrusted::line(default))).unwrap_or_default();
    let mut err = io::stderr();
    // Nobody seeing the question will answer it either.
    let _ = write!(err, "{question}{shown}: ");
    let _ = err.flush();
    line()
}

/// Asks for yes or no; yes is the default.
pub fn agree(question: &str) -> Result<bool> {
    Ok(!matches!(ask(&format!("{question} (Y/n)"), None)?.to_lowercase().as_str(), "n" | "no"))
}

/// Asks for yes or no; no is the default.
pub fn confirm(question: &str) -> Result<bool> {
    Ok(matches!(ask(&format!("{question} (y/N)"), None)?.to_lowercase().as_str(), "y" | "yes"))
}

fn line() -> Result<String> {
    let mut text = String::new();
    let read = io::stdin()
        .lock()
        .read_line(&mut text)
        .map_err(|error| Error::usage(format!("standard input cannot be read: {error}")))?;
    if read == 0 {
        return Err(Error::usage("nothing was typed"));
    }
    Ok(text.trim().to_owned())
}

/// Asks for a secret, without showing it.
pub fn secret(question: &str) -> Result<Secret> {
    // A key in PEM that is pasted has several lines: those left behind would be taken for commands, and kept by the
    // shell.
    let is_open = |text: &str| text.contains("-----BEGIN ") && !text.contains("-----END ");
    let mut lines = 0;
    let is_all = |text: &str| {
        lines += 1;
        lines > MOST_LINES || !is_open(text)
    };
    // Part of it may come from a provider file.
    let text = hidden::ask(&format!("{}: ", untrusted::line(question)), is_all);
    let text = text.map_err(|error| Error::usage(format!("the terminal cannot be read: {error}")))?;
    Ok(Secret::new(text.trim()))
}

/// Reads a secret from standard input, without its last newline.
pub fn piped_secret() -> Result<Secret> {
    let mut text = zeroize::Zeroizing::new(String::new());
    io::Read::read_to_string(&mut io::stdin().lock(), &mut text)
        .map_err(|error| Error::usage(format!("standard input cannot be read: {error}")))?;
    let secret = Secret::new(text.trim());
    if secret.is_empty() {
        return Err(Error::usage("standard input held no secret")
            .hinted("pipe the secret; `config create --public` makes a client that has none"));
    }
    Ok(secret)
}

/// Asks for the passphrase of a sealed vault; twice for a new one. `None` where nobody answers.
pub fn passphrase(purpose: Purpose) -> Option<Secret> {
    passphrase_of(
        purpose,
        "Passphrase of the vault",
        "A passphrase for the new vault (there is no way in without it; HALLPASS_KEY_FILE opens one unasked)",
    )
}

/// Asks for the passphrase of a backup; twice for a new one. `None` where nobody answers.
pub fn backup_passphrase(purpose: Purpose) -> Option<Secret> {
    passphrase_of(purpose, "Passphrase of the backup", "A passphrase for the backup (there is no way in without it)")
}

fn passphrase_of(purpose: Purpose, old: &str, new: &str) -> Option<Secret> {
    match purpose {
        Purpose::Open => secret(old).ok(),
        Purpose::Make => loop {
            let first = secret(new).ok()?;
            if first.is_empty() {
                let _ = writeln!(io::stderr(), "It must not be empty; ctrl-c leaves.");
                continue;
            }
            if first == secret("The same again").ok()? {
                return Some(first);
            }
            let _ = writeln!(io::stderr(), "The two differ.");
        },
    }
}
