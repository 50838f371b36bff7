//! The vault: secrets at rest.
//!
//! [`Vault`] is what the service holds. It runs one worker thread that makes all calls, one at a
//! time, each with a deadline: a keychain that waits for a prompt, or hangs, holds up neither the
//! program nor its end. Backends are opened when they are first needed, and opened anew after a
//! fault, so that a keychain daemon may be restarted under a running program.

mod header;
pub mod key;
pub mod keychain;
pub mod memory;
pub mod sealed;
pub mod split;
mod worker;

use std::path::PathBuf;
use std::time::Duration;

pub use worker::{Opener, ProbeError, Vault};

use crate::model::Secret;

/// How long a call may take while nobody is looking.
pub const DEADLINE: Duration = Duration::from_secs(4);

/// What can go wrong with the vault; cut by what the user has to do.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// It is there, and locked. Nothing is lost.
    #[error("the keychain is locked")]
    Locked,
    /// It did not answer in time; it may be waiting for a person.
    #[error("the keychain did not answer within {} seconds", .0.as_secs())]
    Timeout(Duration),
    /// There is none on this machine, or it cannot be reached.
    #[error("there is no keychain here: {0}")]
    Unavailable(String),
    /// It is there and will not do what was asked.
    #[error("the keychain refused: {0}")]
    Denied(String),
    /// A passphrase is needed, and none was given.
    #[error("the sealed vault needs {}", match .0 { key::Purpose::Make => "a passphrase", key::Purpose::Open => "its passphrase" })]
    PassphraseNeeded(key::Purpose),
    /// The passphrase, or the key file, does not open the vault.
    #[error("{0} does not open this vault")]
    WrongKey(&'static str),
    /// The vault is there and the key that opens it is not.
    #[error("the vault is there, but its key is not: {0}")]
    KeyMissing(String),
    /// The key file cannot be used.
    #[error("the key file `{path}` cannot be used: {why}")]
    KeyFile {
        /// The file.
        path: String,
        /// Why not.
        why: String,
    },
    /// A record is not what was written.
    #[error("the record `{item}` of the vault is damaged: {why}")]
    Damaged {
        /// The item.
        item: String,
        /// What was found.
        why: &'static str,
    },
    /// Its file is damaged so that the database notices: cut off, or overwritten.
    #[error("the sealed vault `{}` is damaged{}", path.display(), item.as_ref().map(|item| format!(" where `{item}` is")).unwrap_or_default())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The item that was asked for, if one was.
        item: Option<String>,
        /// What the database says.
        source: rusqlite::Error,
    },
    /// Secrets were put into it, and nothing is there any more.
    #[error("the sealed vault `{}` is {found}, and secrets were in it", path.display())]
    Gone {
        /// The file.
        path: PathBuf,
        /// `gone` or `empty`.
        found: &'static str,
    },
    /// Its header was put there from another vault.
    #[error("the header of the sealed vault is not the one that its records were sealed under")]
    ForeignHeader,
    /// The copy that is made before an upgrade did not work out.
    #[error("copying the sealed vault to `{}` before upgrading it", path.display())]
    Copy {
        /// The copy.
        path: PathBuf,
        /// Why not.
        source: crate::settings::private::CopyError,
    },
    /// A later version made it.
    #[error("the sealed vault was made by a newer hallpass (format {0})")]
    Newer(u32),
    /// Reading or writing its file failed.
    #[error("{doing} the sealed vault")]
    Database {
        /// What was tried.
        doing: &'static str,
        /// Why it did not work.
        source: rusqlite::Error,
    },
    /// Its file or folder is not safe to use.
    #[error(transparent)]
    Private(#[from] crate::settings::private::PrivateError),
}

/// A place where secrets rest. Items have readable names: `connection/github/jane`,
/// `config/github`.
pub trait VaultBackend: Send {
    /// Returns the item, or `None` where there is none. "Locked" is never "none".
    fn read(&mut self, item: &str) -> Result<Option<Secret>, VaultError>;

    /// Writes the item; it is durable when this returns.
    fn write(&mut self, item: &str, value: &Secret) -> Result<(), VaultError>;

    /// Deletes the item; there being none is no error.
    fn delete(&mut self, item: &str) -> Result<(), VaultError>;
}

impl VaultError {
    /// Tells whether it is certain that nothing was changed.
    pub fn did_nothing(&self) -> bool {
        !matches!(
            self,
            Self::Timeout(_)
                | Self::Unavailable(_)
                | Self::Database { .. }
                | Self::Corrupt { .. }
                | Self::Damaged { .. }
        )
    }

    /// Tells whether opening the backend anew may help.
    fn is_fault(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Timeout(_) | Self::Database { .. } | Self::Corrupt { .. })
    }
}

/// Says what a sealed vault was doing when its database said no.
fn failed(doing: &'static str) -> impl Fn(rusqlite::Error) -> VaultError {
    move |source| VaultError::Database { doing, source }
}
