//! What happened, for the activity list. Never a secret: at most a fingerprint of one.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ConfigKey, ConnectionId, ConnectionRef, Time};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// The number of its row; it grows.
    pub number: i64,
    /// When.
    pub at: Time,
    /// The config it concerns.
    pub config: Option<ConfigKey>,
    /// The connection it concerns.
    pub connection: Option<ConnectionId>,
    /// What.
    pub happening: Happening,
    /// How it ended.
    pub outcome: Outcome,
    /// More about it in words, already made harmless for a terminal.
    pub detail: String,
    /// How long it took, where that says something.
    pub took: Option<Duration>,
    /// The fingerprint of the token concerned.
    pub fingerprint: Option<String>,
    /// The flow that it belongs to: the number of the row with which that began.
    pub flow: Option<i64>,
    /// The program that asked for it, where that is known.
    pub by: Option<Caller>,
}

/// A program of this machine that asked for something, as far as the system tells.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Caller {
    /// Its name, made harmless for a terminal.
    pub name: String,
    /// The number of its process.
    pub process: u32,
    /// Its working folder, the home folder as `~`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

impl fmt::Display for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (process {})", self.name, self.process)?;
        self.folder.as_ref().map_or(Ok(()), |folder| write!(formatter, " in {folder}"))
    }
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// An authorization began.
    Started,
    /// An authorization ended.
    Authorized,
    /// A token was refreshed, or should have been.
    Refreshed,
    /// A token was handed out on standard output.
    HandedOut,
    /// A token was put on the clipboard.
    Copied,
    /// Tokens were revoked at the provider.
    Revoked,
    /// A config or connection was made or changed.
    Changed,
    /// A config or connection was deleted.
    Deleted,
    /// An interrupted write was finished or undone.
    Mended,
    /// A request was sent to the provider's API.
    Requested,
    /// The local server was started.
    ServerStarted,
    /// It was stopped.
    ServerStopped,
    /// A program was turned away there because of its key.
    KeyRefused,
}

impl Happening {
    /// Every kind, in the order of their declaration.
    pub const ALL: [Self; 13] = [
        Self::Started,
        Self::Authorized,
        Self::Refreshed,
        Self::HandedOut,
        Self::Copied,
        Self::Revoked,
        Self::Changed,
        Self::Deleted,
        Self::Mended,
        Self::Requested,
        Self::ServerStarted,
        Self::ServerStopped,
        Self::KeyRefused,
    ];

    /// Returns the word that is stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Authorized => "authorized",
            Self::Refreshed => "refreshed",
            Self::HandedOut => "handed out",
            Self::Copied => "copied",
            Self::Revoked => "revoked",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
            Self::Mended => "mended",
            Self::Requested => "requested",
            Self::ServerStarted => "server started",
            Self::ServerStopped => "server stopped",
            Self::KeyRefused => "key refused",
        }
    }

    /// Returns the kind of the row with which a flow ends that began with one of this kind.
    #[must_use]
    pub fn end(self) -> Self {
        match self {
            Self::Started => Self::Authorized,
            Self::ServerStarted => Self::ServerStopped,
            other => other,
        }
    }

    /// Finds a kind by its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|happening| happening.word() == word)
    }
}

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Done,
    /// It did not work this time.
    Failed,
    /// The provider said no.
    Refused,
}

impl Outcome {
    /// Returns the word that is stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }

    /// Finds an outcome by its word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Done, Self::Failed, Self::Refused].into_iter().find(|outcome| outcome.word() == word)
    }
}

impl Activity {
    /// Returns what it concerns as `config/connection`, `config`, or nothing.
    pub fn subject(&self) -> String {
        match (&self.config, &self.connection) {
            (Some(config), Some(connection)) => format!("{config}/{connection}"),
            (Some(config), None) => config.to_string(),
            (None, _) => String::new(),
        }
    }

    /// Says what happened, or what should have and did not.
    pub fn what(&self) -> String {
        let word = self.happening.word();
        match (self.outcome, self.happening) {
            (Outcome::Done, _) | (_, Happening::KeyRefused | Happening::Requested | Happening::ServerStopped) => {
                word.to_owned()
            }
            (_, Happening::ServerStarted) => "not started".to_owned(),
            _ => format!("not {word}"),
        }
    }

    /// Returns the connection that it concerns, where it is one.
    pub fn reference(&self) -> Option<ConnectionRef> {
        Some(ConnectionRef::new(self.config.clone()?, self.connection.clone()?))
    }

    /// Tells whether it concerns a connection.
    pub fn is_of(&self, connection: &ConnectionRef) -> bool {
        (self.config.as_ref(), self.connection.as_ref()) == (Some(&connection.config), Some(&connection.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_leads_back_to_its_kind() {
        for happening in Happening::ALL {
            assert_eq!(Happening::from_word(happening.word()), Some(happening));
        }
        for outcome in [Outcome::Done, Outcome::Failed, Outcome::Refused] {
            assert_eq!(Outcome::from_word(outcome.word()), Some(outcome));
        }
    }
}
