//! The outside world behind small traits: clock, browser, clipboard. Each has an implementation
//! that cannot run in a test.

pub mod browser;
pub mod caller;
pub mod clipboard;
pub mod clock;
pub mod os;
pub mod port_holder;
pub mod process;

pub use browser::{Browser, BrowserError};
pub use clipboard::{Clipboard, ClipboardError, CopiedTo};
pub use clock::Clock;
