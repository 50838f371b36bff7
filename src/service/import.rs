//! Taking in what was kept elsewhere: a backup of ours, a `.env` file, Google's
//! `client_secret.json`. Nothing that is here already is replaced unless that is asked for.

mod backup;
mod clients;
mod dotenv;
mod found;
mod google;

use std::path::Path;

use super::{Error, Result};
use crate::model::ConfigKey;

/// How large a file may be, in bytes.
const LARGEST: u64 = 256 << 20;
/// How every SQLite file begins.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// How a file is taken in.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// The provider, where the file does not say.
    pub provider: Option<String>,
    /// The key of the config, where there is just one.
    pub key: Option<ConfigKey>,
    /// Whether what is here already is replaced.
    pub replaces: bool,
}

/// What became of one thing in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is new here.
    Added,
    /// It was here, and was replaced.
    Replaced,
    /// It was here, and stays as it was.
    Kept,
    /// It was not taken in, and why.
    Refused(String),
}

/// One thing in the file, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// What it is: `config`, `connection`, `provider`.
    pub what: &'static str,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
}

/// Tells whether a file is a backup, for which a passphrase is needed.
pub fn is_backup(file: &Path) -> Result<bool> {
    use std::io::Read;
    let mut head = Vec::new();
    let open = std::fs::File::open(file).map_err(|error| unreadable(file, &error))?;
    open.take(SQLITE.len() as u64).read_to_end(&mut head).map_err(|error| unreadable(file, &error))?;
    Ok(head == SQLITE)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let open = std::fs::File::open(file).map_err(|error| unreadable(file, &error))?;
    open.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(file, &error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::usage(format!("`{}` is larger than {} MiB", file.display(), LARGEST >> 20)));
    }
    Ok(bytes)
}

fn unreadable(file: &Path, error: &std::io::Error) -> Error {
    let mut shown = Error::usage(format!("`{}` cannot be read", file.display()));
    shown.causes.push(error.to_string());
    shown.hinted("check the path, and whether you may read it")
}

fn not_ours(file: &Path) -> Error {
    Error::usage(format!("`{}` holds nothing that hallpass knows", file.display())).hinted(
        "expected a backup of `hallpass export`, a `.env` file with lines such as GITHUB_CLIENT_ID=… and GITHUB_CLIENT_SECRET=…, or Google's `client_secret.json`",
    )
}
