//! The built program in a pseudo-terminal. Screens are waited for, never slept for.
#![cfg(unix)]

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::support::program::Home;

/// Longer than any of these may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

struct Session {
    writer: Box<dyn Write + Send>,
    bytes: Arc<Mutex<Vec<u8>>>,
    child: Box<dyn Child + Send + Sync>,
    /// Held so that the terminal stays.
    _master: Box<dyn MasterPty + Send>,
}

impl Session {
    fn command(home: &Home, arguments: &[&str]) -> CommandBuilder {
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

    fn start(home: &Home, arguments: &[&str]) -> Self {
        let pair =
            native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
        let child = pair.slave.spawn_command(Self::command(home, arguments)).unwrap();
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
        Self { writer: pair.master.take_writer().unwrap(), bytes, child, _master: pair.master }
    }

    fn screen(&self) -> String {
        let mut parser = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        parser.process(&self.bytes.lock().unwrap());
        parser.screen().contents()
    }

    #[track_caller]
    fn wait_for(&self, text: &str) {
        self.wait_until(|session| session.screen().contains(text), text);
    }

    #[track_caller]
    fn wait_until(&self, is_so: impl Fn(&Self) -> bool, what: &str) {
        let started = Instant::now();
        while !is_so(self) {
            assert!(started.elapsed() < PATIENCE, "no {what:?} in\n{}", self.screen());
            std::thread::yield_now();
        }
    }

    fn send(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    #[track_caller]
    fn end(&mut self) -> u32 {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(started.elapsed() < PATIENCE, "still running:\n{}", self.screen());
            std::thread::yield_now();
        }
    }

    fn output(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    /// Waits until the terminal was given back: everything that was switched on is off.
    #[track_caller]
    fn wait_until_restored(&self) {
        let ends = ["\u{1b}[?1049l", "\u{1b}[?2004l", "\u{1b}[?1004l", "\u{1b}[?25h"];
        self.wait_until(|session| ends.iter().all(|end| session.output().contains(end)), "the terminal given back");
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.process_id().unwrap()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

#[test]
fn it_starts_filters_by_paste_and_leaves_the_terminal_as_it_was() {
    let home = Home::new();
    let mut session = Session::start(&home, &[]);
    session.wait_for("Nothing here yet.");
    assert!(!home.data().exists(), "nothing is made by looking");
    session.send("3/");
    session.send("\u{1b}[200~qshop\u{1b}[201~");
    session.wait_for("0 of");
    session.send("\u{15}shop");
    session.wait_for("Shopify");
    session.send("\r");
    session.wait_for("enter details");
    session.send("q");
    assert_eq!(session.end(), 0);
    session.wait_until_restored();
}

#[test]
fn ctrl_c_and_signals_end_it_with_the_terminal_given_back() {
    use rustix::process::Signal;
    for signal in [None, Some(Signal::TERM), Some(Signal::HUP), Some(Signal::INT)] {
        let home = Home::new();
        let mut session = Session::start(&home, &[]);
        session.wait_for("Nothing here yet.");
        match signal {
            None => session.send("\u{3}"),
            Some(signal) => session.signal(signal),
        }
        assert_eq!(session.end(), 0, "{signal:?}");
        session.wait_until_restored();
    }
}

#[test]
fn a_stopped_program_gives_the_terminal_back_and_takes_it_again() {
    let home = Home::new();
    let mut session = Session::start(&home, &[]);
    session.wait_for("Nothing here yet.");
    session.send("\u{1a}");
    session.wait_until_restored();
    session.bytes.lock().unwrap().clear();
    // It may be stopped a moment after it gave the terminal back; going on twice does no harm.
    session.wait_until(
        |session| {
            session.signal(rustix::process::Signal::CONT);
            session.screen().contains("Nothing here yet.")
        },
        "the screen again",
    );
    session.send("q");
    assert_eq!(session.end(), 0);
}

#[test]
fn a_terminal_that_is_gone_ends_it() {
    let home = Home::new();
    // Read here and not by a thread, which would keep the terminal open.
    let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
    let mut child = pair.slave.spawn_command(Session::command(&home, &[])).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&seen).contains("Nothing here yet.") {
        let read = reader.read(&mut buffer).unwrap();
        seen.extend_from_slice(&buffer[..read]);
    }
    drop((reader, pair.master));
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < PATIENCE, "still running");
        std::thread::yield_now();
    }
}

#[test]
fn the_demo_ends_in_the_screens_with_something_to_play_with() {
    let home = Home::new();
    let mut session = Session::start(&home, &["demo", "--auto"]);
    session.wait_for("sandbox/play");
    session.send("/play\rr");
    session.wait_for("refreshed sandbox/play");
    // Good news leaves by itself, and what is left of the token runs down, with no key pressed.
    let told = Instant::now();
    session.wait_until(|session| !session.screen().contains("refreshed sandbox/play"), "the notice gone");
    let shown = session.screen();
    session.wait_until(|session| session.screen() != shown, "the countdown");
    assert!(told.elapsed() < PATIENCE / 2, "three seconds of notice and one of countdown took {:?}", told.elapsed());
    session.send("q");
    assert_eq!(session.end(), 0);
    assert!(!home.data().exists());
}

#[test]
fn a_config_that_another_process_makes_is_shown() {
    let home = Home::new();
    home.run(&["config", "create", "one", "github", "id", "secret"]).ok();
    let mut session = Session::start(&home, &[]);
    session.wait_for("No connection yet.");
    session.send("2");
    session.wait_for("one");
    home.run(&["config", "create", "another", "github", "id", "secret"]).ok();
    session.wait_for("another");
    session.send("q");
    assert_eq!(session.end(), 0);
}

#[test]
fn without_colors_the_screens_have_none() {
    let home = Home::new();
    let mut session = Session::start(&home, &["--color", "never"]);
    session.wait_for("Nothing here yet.");
    session.send("q");
    assert_eq!(session.end(), 0);
    session.wait_until_restored();
    let output = session.output();
    assert!(!output.contains("[36m") && !output.contains("38;5;"), "{output:?}");
}
