//! Face 3: the terminal UI, after the Elm architecture.
//!
//! ```text
//! terminal ── key, paste, resize ──▶ Message ──▶ App::update ──▶ Effect ──▶ runtime ──▶ backend
//!                                       ▲                                      │
//!                                       └────────────── results ◀──────────────┘
//! ```
//!
//! [`app::App`] does no IO and cannot block; `runtime` is the one file that awaits, spawns and
//! draws. Messages and effects are closed sets of plain data. Something is drawn only when
//! something has changed.

pub mod app;
pub mod draw;
pub mod effect;
pub mod facts;
pub mod keys;
mod look;
pub mod message;
pub mod modal;
mod perform;
mod place;
mod runtime;
mod screens;
mod server;
mod signals;
mod terminal;
pub mod theme;
mod watch;
pub mod widgets;

pub use look::{Look, mistakes};
pub use runtime::{Starters, run};
pub use terminal::ground;
