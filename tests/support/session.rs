//! The built program in a pseudo-terminal. Screens are waited for, never slept for.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::program::Home;

/// Longer than any of these may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The terminal UI in a pseudo-terminal.
pub struct Session {
    writer: Box<dyn Write + Send>,
    pub bytes: Arc<Mutex<Vec<u8>>>,
    pub child: Box<dyn Child + Send + Sync>,
    /// Held so that the terminal stays.
    master: Box<dyn MasterPty + Send>,
}

impl Session {
    pub fn command(home: &Home, arguments: &[&str]) -> CommandBuilder {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_hallpass"));
        command.args(arguments);
        command.env_clear();
        command.env("HOME", home.path());
        command.env("HALLPASS_HOME", home.data());
        command.env("HALLPASS_VAULT", "sealed");
        command.env("HALLPASS_KEY_FILE", home.path().join("key"));
        command.env("TERM", "xterm-256color");
        command
    }

    pub fn start(home: &Home, arguments: &[&str]) -> Self {
        Self::of(Self::command(home, arguments))
    }

    /// Runs any program in a pseudo-terminal.
    pub fn of(command: CommandBuilder) -> Self {
        let pair =
            native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let bytes: Arc<Mutex<Vec<u8>>> = Arc::default();
        let sink = bytes.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read) = reader.read(&mut buffer) {
                if read == 0 {
                    break;
                }
                sink.lock().unwrap().extend_from_slice(&buffer[..read]);
            }
        });
        Self { writer: pair.master.take_writer().unwrap(), bytes, child, master: pair.master }
    }

    pub fn screen(&self) -> String {
        let mut parser = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        parser.process(&self.bytes.lock().unwrap());
        parser.screen().contents()
    }

    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        self.wait_until(|session| session.screen().contains(text), text);
    }

    #[track_caller]
    pub fn wait_until(&self, is_so: impl Fn(&Self) -> bool, what: &str) {
        let started = Instant::now();
        while !is_so(self) {
            assert!(started.elapsed() < PATIENCE, "no {what:?} in\n{}", self.screen());
            std::thread::yield_now();
        }
    }

    /// Tells whether the terminal shows what is typed.
    pub fn echoes(&self) -> bool {
        let flags = format!("{:?}", self.master.get_termios().unwrap().local_flags);
        flags.split(|character: char| !character.is_ascii_uppercase()).any(|flag| flag == "ECHO")
    }

    pub fn send(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    #[track_caller]
    pub fn end(&mut self) -> u32 {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(started.elapsed() < PATIENCE, "still running:\n{}", self.screen());
            std::thread::yield_now();
        }
    }

    pub fn output(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    /// Waits until the terminal was given back: everything that was switched on is off.
    #[track_caller]
    pub fn wait_until_restored(&self) {
        let ends = ["\u{1b}[?1049l", "\u{1b}[?2004l", "\u{1b}[?1004l", "\u{1b}[?25h"];
        self.wait_until(|session| ends.iter().all(|end| session.output().contains(end)), "the terminal given back");
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.process_id().unwrap()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }
}
