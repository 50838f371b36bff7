//! hallpass gives a developer a fresh token for any API at the moment it is needed.
//!
//! One package: this library and one binary. The modules below stand in reading order; each is a
//! room, and who may use whom is this picture, and nothing else (`tests/architecture.rs` holds it):
//!
//! ```text
//!          cli        tui        http             faces: blind to each other, hold no rules;
//!             \        /            |              http holds the service, and stands on listener too
//!              backend              |              where everything is done: here, or at another host
//!              /      \             |
//!         remote ───→ service ──────┘              locks, retries, activity; remote asks another host for tokens,
//!    /      /      |      |     |      \       \       \       and does with them what service does
//! catalog store  vault   auth  api  listener system  sandbox    blind to each other; but api signs and asks
//!                                                              as auth does, and sandbox stands on listener
//!                       model                      plain data
//! ```
//!
//! `settings` sits beside them: the environment, the settings file and every path.
//!
//! # Invariants
//!
//! - Faces hold no rules. Deleting a face deletes no behaviour.
//! - [`tui::app::App::update`] and everything in [`model`] do no IO and cannot block.
//! - Only [`service`] locks, retries and keeps the activity. A new token is durable before it is
//!   handed out.
//! - Adding a provider touches no Rust: it is a file in `providers/`. A new way of authenticating
//!   does, on purpose.
//! - A secret is exposed at the socket, the vault, the clipboard, and on standard output when it
//!   was asked for there; never in a message, a log line, `Debug`, argv or an error.
//! - Lists are drawn from the store alone: they work while the vault is locked.
//! - A trait has two implementations that ship, or one that cannot run in a test. HTTP is no
//!   trait: tests talk to the sandbox.
//!
//! # A fresh token
//!
//! ```text
//! tui `y` · cli `token get`
//!   └ service::fresh: read the store and the vault
//!       ├ valid for at least the margin → hand out
//!       └ take the connection's refresh lock, read again, and if still stale: refresh
//!           ├ answered  → merge, write the vault, then the store
//!           ├ transient → again, with back-off; nothing is marked dead
//!           └ refused   → the connection needs authorization; its config and history stay
//! ```
//!
//! # A secret at rest
//!
//! ```text
//! announce in the store → write the vault → commit in the store, which clears what was announced
//! ```
//!
//! The number of the announcement is the revision of what is written, in the vault's record and in the
//! store's row. Whoever finds an announcement whose process is gone tells from it what happened:
//! [`service`]'s `mend` finishes or undoes it, at the next start and under each lock that is taken. A
//! record with a smaller number than its row is an older copy, and is refused. `tests/prefixes.rs` plays
//! every prefix of this, `tests/campaigns/crash` every system call of it.
//!
//! # How to add something
//!
//! - **A provider**: a file in `providers/`, checked by `catalog::check`.
//! - **A quirk of token answers**: a key of `model::provider::Answer`, a line in
//!   `auth::answer`, a test beside it.
//! - **A key of the terminal UI**: a line in `tui::keys::TABLE`, a case in `tui::app`.
//! - **A command**: a variant in `cli::args`, a file in `cli`, a method on `backend::Backend`; or, where it is about
//!   this machine whatever host is worked at, on [`service::Service`].

pub mod model;
pub mod settings;
pub mod catalog;
pub mod store;
pub mod vault;
pub mod auth;
pub mod api;
pub mod listener;
pub mod system;
pub mod sandbox;
pub mod service;
pub mod remote;
pub mod backend;
pub mod cli;
pub mod http;
pub mod tui;
