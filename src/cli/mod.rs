//! The command line: one file per noun. A command reads its arguments, calls the backend, and
//! prints; it decides nothing.

mod activity;
pub mod args;
mod backup;
pub mod colon;
mod complete;
mod config;
mod connect;
mod connection;
mod demo;
mod doctor;
mod enter;
mod exec;
mod flow;
mod hidden;
mod interrupt;
pub mod output;
mod plain;
pub mod prompt;
mod provider;
mod report;
mod request;
mod sandbox;
mod serve;
mod settings;
mod shell;
mod target;
mod token;
mod vault;

use crate::backend::Backend;
use args::Command;
pub use complete::{Line, complete};
pub use demo::{DemoEnd, run as demo};
pub use output::{Failure, Outcome, Output};
pub use plain::run as plain;
pub use sandbox::run as sandbox;
pub use serve::run as serve;
pub use settings::run as settings;
pub use shell::{completions, man};

/// Runs a command that works on a backend.
pub async fn run(command: Command, backend: &Backend, output: Output) -> Outcome {
    match command {
        Command::Config(command) => config::run(command, backend, output).await,
        Command::Connect(arguments) => connect::run(arguments, backend, output).await,
        Command::Connection(command) => connection::run(command, backend, output).await,
        Command::Token(command) => token::run(command, backend, output).await,
        Command::Request(arguments) => request::run(arguments, backend, output).await,
        Command::Exec(arguments) => exec::run(arguments, backend, output).await,
        Command::Provider(command) => provider::run(command, backend.local()?, output).await,
        Command::Vault(command) => vault::run(&command, backend.local()?, output).await,
        Command::Export { file } => backup::export(file, backend.local()?, output).await,
        Command::Import(arguments) => backup::import(arguments, backend.local()?, output).await,
        Command::Activity(arguments) => activity::run(arguments, backend.local()?, output).await,
        Command::Doctor => doctor::run(backend.local()?, output).await,
        Command::BugReport => report::run(backend.local()?, output).await,
        Command::Paths => doctor::paths(backend.local()?, output),
        Command::Demo(_)
        | Command::Sandbox(_)
        | Command::Serve(_)
        | Command::Completions { .. }
        | Command::Settings(_)
        | Command::Man { .. }
        | Command::Complete { .. }
        | Command::ClipboardHold { .. } => {
            unreachable!("main runs the commands that need no backend of the user's")
        }
    }
}
