//! Processes: how another one is started without our secrets, and how this one keeps its memory to
//! itself.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{Command, Stdio};

use crate::model::Secret;
use crate::settings::SECRET_VARIABLES;

/// The limit on core dumps that this process began with: a program that takes its place gets it back.
#[cfg(unix)]
static CORE: std::sync::OnceLock<rustix::process::Rlimit> = std::sync::OnceLock::new();

/// Runs a program in this one's place, with `environment` over the one that is there, and without our
/// own secrets. On Unix it *is* this process from then on, so that signals and the exit code are its own,
/// and this returns only where it could not be started; elsewhere it is waited for.
pub fn replace(program: &OsStr, arguments: &[OsString], environment: &[(String, Secret)]) -> io::Result<i32> {
    let mut command = Command::new(program);
    command.args(arguments);
    for variable in SECRET_VARIABLES {
        command.env_remove(variable);
    }
    for (name, value) in environment {
        command.env(name, value.expose());
    }
    #[cfg(unix)]
    {
        if let Some(limit) = CORE.get() {
            let _ = rustix::process::setrlimit(rustix::process::Resource::Core, *limit);
        }
        Err(std::os::unix::process::CommandExt::exec(&mut command))
    }
    #[cfg(not(unix))]
    Ok(command.status()?.code().unwrap_or(1))
}

/// Returns a command that inherits none of our secrets and none of our streams.
pub fn detached(program: &str) -> Command {
    let mut command = Command::new(program);
    detach(&mut command);
    command
}

/// Lets a command inherit none of our secrets and none of our streams, and outlive our terminal.
pub fn detach(command: &mut Command) {
    for variable in SECRET_VARIABLES {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(windows)]
    {
        /// The console would take its processes along when it is closed.
        const DETACHED_PROCESS: u32 = 0x0000_0008;
        std::os::windows::process::CommandExt::creation_flags(command, DETACHED_PROCESS);
    }
}

/// Tells whether whoever started this process wants it to outlive the terminal (`nohup`), where the system tells.
#[cfg(unix)]
pub fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // Bit 0 is signal 1, which is SIGHUP.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// Lets this process have as many connections open as a server may need, where the system allows it.
pub fn allow_many_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        const WANTED: u64 = 4_096;
        let found = getrlimit(Resource::Nofile);
        let wanted = found.maximum.map_or(WANTED, |most| most.min(WANTED));
        if found.current.is_some_and(|current| current < wanted) {
            // A refusal changes nothing else: fewer are served at once.
            let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: found.maximum });
        }
    }
}

/// Keeps other programs of the same user from reading this one's memory, and a crash from writing
/// it to disk. The same user's debugger with root's help is out of reach of any program.
pub fn harden() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let found = getrlimit(Resource::Core);
        let _ = CORE.set(found);
        // A refusal changes nothing else, and there is nobody to tell.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: found.maximum });
    }
    #[cfg(all(target_os = "linux", not(debug_assertions)))]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
