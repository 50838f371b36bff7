//! Taking in what was kept elsewhere: a backup of ours, a `.env` file, Google's
//! `client_secret.json`. Nothing that is here already is replaced unless that is asked for.

mod backup;
mod clients;
mod dotenv;
mod found;
mod google;

use std::path::{Path, PathBuf};

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

impl Fate {
    /// Tells whether it was taken in.
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Added | Self::Replaced)
    }
}

/// What the activity says of what came from a backup.
const FROM_BACKUP: &str = "imported from a backup";

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

/// A file that was read, once: what is piped in is there no second time.
pub struct ImportFile {
    path: PathBuf,
    bytes: zeroize::Zeroizing<Vec<u8>>,
}

impl ImportFile {
    /// Reads the file.
    pub fn read(path: PathBuf) -> Result<Self> {
        use std::io::Read;
        let mut bytes = zeroize::Zeroizing::new(Vec::new());
        let open = std::fs::File::open(&path).map_err(|error| unreadable(&path, &error))?;
        open.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&path, &error))?;
        if bytes.len() as u64 > LARGEST {
            return Err(Error::usage(format!("`{}` is larger than {} MiB", path.display(), LARGEST >> 20)));
        }
        Ok(Self { path, bytes })
    }

    /// Tells whether it is a backup, for which a passphrase is needed.
    pub fn is_backup(&self) -> bool {
        self.bytes.starts_with(SQLITE)
    }
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
