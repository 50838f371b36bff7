//! Processes: how another one is started without our secrets, and how this one keeps its memory to
//! itself.

use std::process::{Command, Stdio};

use crate::settings::SECRET_VARIABLES;

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

/// Keeps other programs of the same user from reading this one's memory, and a crash from writing
/// it to disk. The same user's debugger with root's help is out of reach of any program.
pub fn harden() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // A refusal changes nothing else, and there is nobody to tell.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    #[cfg(all(target_os = "linux", not(debug_assertions)))]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
