//! The words of the trade as plain data: no IO, no clock, no async.
//!
//! Everything here can be built in a test without a file, a socket or the time of day; whoever
//! needs the current time passes it in.

pub mod activity;
pub mod config;
pub mod connection;
pub mod credentials;
pub mod freshness;
pub mod names;
pub mod provider;
pub mod qr;
pub mod rest;
pub mod search;
pub mod secret;
pub mod tape;
pub mod template;
pub mod untrusted;
pub mod uuid;

pub use activity::{Activity, Caller, Happening, Outcome};
pub use config::Config;
pub use connection::{Connection, Health, Problem, ProblemKind};
pub use credentials::{Credentials, Entered, TokenPair, TokenSet};
pub use names::{ConfigKey, ConnectionId, ConnectionRef, InvalidName, ProviderId};
pub use provider::{Provider, WayIn};
pub use secret::Secret;

/// A point in time, UTC.
pub type Time = chrono::DateTime<chrono::Utc>;
