//! Arguments → settings → backend → one face → exit code.

mod start;

use std::process::ExitCode;

use clap::Parser;
use hallpass::cli::{self, Failure, Output, args::Arguments};
use hallpass::settings::Environment;
use hallpass::system::process;
use zeroizing_alloc::ZeroAlloc;

/// All memory is zeroed when it is given back: the copies of a secret that HTTP, JSON and the keychain
/// make on its way are not ours to zero.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    process::harden();
    let arguments = Arguments::parse_from(cli::colon::expanded(std::env::args_os()));
    let environment = Environment::of_process();
    let no_color = environment.get("NO_COLOR").is_some() || environment.get("CLICOLOR") == Some("0");
    let output = Output::new(&arguments.global, no_color);
    match start::run(arguments, &environment, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Service(error)) => {
            output.error(&error);
            ExitCode::from(error.kind.exit_code())
        }
        Err(Failure::Child(code)) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        // Whoever read our output has had enough.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Failure::Output(error)) => {
            output.note(&format!("error: standard output: {error}"));
            ExitCode::from(70)
        }
    }
}
