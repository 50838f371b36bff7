//! One binary for all tests of the product from outside. Each module says what it is about.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as expected")]

/// Who may use whom, how large files are, and other rules of the house.
mod architecture;
/// Backups, and files of other programs.
mod backup;
/// Every OAuth provider of the catalog, authorized against a server that plays it.
mod catalog;
/// What an API wants beside a token.
mod beside;
/// The command line as a user sees it: output, exit codes, colon forms.
mod cli;
/// What a shell offers at a tab.
mod completion;
/// Authorizing, through the listener and by paste, with strangers about.
mod connect;
/// Nango's wire contract: the 25 tests of its section 10, under their numbers.
mod contract;
/// Fresh tokens: refresh, rotation, bad weather, many at once.
mod exchanged;
mod fresh;
/// The inputs that the fuzzer keeps, on a stable compiler.
mod fuzz_corpora;
/// HTTPS on this machine: the certificate, callbacks, the server.
mod https;
/// MCP servers, found by their address alone.
mod kept;
mod mcp;
/// What is left of secrets in the memory of a program that used them.
mod memory;
/// What is left of an interrupted write is finished or undone.
mod mend;
/// Every prefix of what is announced, written and committed, mended.
mod prefixes;
/// Many processes on one home.
mod processes;
/// Whole sessions by lines, for screen readers.
mod new_provider;
mod plain;
/// Embedded provider files and the rules they are held to.
mod providers;
/// Odd token endpoints, over real sockets.
mod quirks;
/// The README's commands, each run.
mod readme;
/// Another host, seen from this machine.
mod remote;
/// The pictures of the screens, drawn anew and compared.
mod screenshots;
/// Planted secrets, looked for in everything that comes out.
mod secrets;
/// The local server: who is let in, web pages, the proxy, sessions, other processes.
mod serve;
/// The steps of flows: what is kept of them, and what is not.
mod tape;
/// The terminal UI in a real terminal: start, filter, leave, be killed.
mod terminal;
/// The screens by keys: what is shown, and what is asked for.
mod tui;
mod redirect_check;
mod undo;
/// Every way in besides the browser's, requests to an API, and tokens for a program.
mod ways;

mod signed;
mod support;
