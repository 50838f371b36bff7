//! The built program in a pseudo-terminal. Screens are waited for, never slept for.
#![cfg(unix)]

use std::sync::Arc;
use std::time::Instant;

use hallpass::backend::Backend;
use hallpass::system::clock::FixedClock;
use hallpass::tui::{Look, Starters};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::support::program::Home;
use crate::support::session::{PATIENCE, Session};
use crate::support::trial::{Remembering, Slate, service_of, settings};

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

/// A terminal UI with a bug: starting the server panics.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "the program of the test below, which starts it in a terminal"]
async fn a_program_with_a_bug() {
    let home = tempfile::tempdir().unwrap();
    let clock = FixedClock::at("2026-01-01T00:00:00Z".parse().unwrap());
    let service = service_of(settings(home.path()), &clock, &Remembering::default(), &Slate::default());
    let starters = Starters { server: Some(Arc::new(|| panic!("a bug on its way"))), sandbox: None };
    let (_sender, sequences) = tokio::sync::mpsc::unbounded_channel();
    let outcome = hallpass::tui::run(Backend::Local(service), sequences, starters, Look::default()).await;
    assert!(outcome.is_err(), "it goes on as if nothing had been");
}

#[test]
fn a_bug_ends_it_with_the_terminal_given_back_before_it_is_told() {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "--nocapture", "terminal::a_program_with_a_bug"]);
    command.env("TERM", "xterm-256color");
    let mut session = Session::of(command);
    session.wait_for("Nothing here yet.");
    session.send("s");
    session.wait_until_restored();
    session.wait_for("a bug on its way");
    assert_eq!(session.end(), 0, "the screens are left: {}", session.screen());
    let output = session.output();
    assert!(output.find("\u{1b}[?1049l").unwrap() < output.find("a bug on its way").unwrap(), "{output:?}");
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
fn a_question_for_a_secret_is_left_with_the_terminal_as_it_was() {
    let home = Home::new();
    let ask = || Session::start(&home, &["config", "create", "k", "github", "the-id"]);
    for (key, how) in [("ab\u{3}", "ctrl-c"), ("\u{4}", "ctrl-d")] {
        let mut session = ask();
        session.wait_for("Client secret (nothing for a public client):");
        session.send(key);
        assert_ne!(session.end(), 0, "{how}");
        assert!(session.echoes(), "{how} gives the terminal back");
        assert!(!home.run(&["config", "get", "k"]).out.contains("the-id"), "{how}");
    }
}

#[test]
fn a_first_config_takes_four_questions_and_says_where_to_register_before_the_client_id() {
    let home = Home::new();
    let mut session = Session::start(&home, &["config", "create"]);
    session.wait_for("Provider (a few letters are enough):");
    session.send("linear\r");
    session.wait_for("with the redirect URI http://localhost:3003/oauth/callback");
    session.wait_for("Client id:");
    session.send("the-client\r");
    session.wait_for("Client secret (nothing for a public client):");
    assert!(!session.echoes(), "nothing is shown from the moment that the question is");
    session.send("canary\r");
    session.wait_for("Scopes, comma-separated");
    assert!(session.echoes());
    session.send("read,write\r");
    session.wait_for("`linear` is ready");
    assert_eq!(session.end(), 0);
    assert!(!session.output().contains("canary"), "what is typed there is not shown");
    let config = home.run(&["--json", "config", "get", "linear"]).ok().json();
    let said = |name: &str| config[name].as_str().unwrap().to_owned();
    assert_eq!((said("oauth_client_id"), said("oauth_scopes")), ("the-client".to_owned(), "read,write".to_owned()));
}

#[test]
fn a_question_is_harmless_whatever_a_provider_file_calls_its_fields() {
    let home = Home::new();
    home.provider("bad", "name = \"Bad\"\n[api_key]\n[credentials.key]\nlabel = \"\\u001b]0;owned\\u0007Key\"\nsecret = true\n[api]\nbase_url = \"https://bad.example\"\nheaders = { x = \"{credential.key}\" }\n");
    home.run(&["config", "create", "bad", "bad"]).ok();
    let mut session = Session::start(&home, &["connect", "bad", "one", "--unverified"]);
    session.wait_for("Key: ");
    assert!(!session.output().contains("\u{1b}]0;"), "{:?}", session.output());
    session.send("canary\r");
    session.end();
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

#[test]
fn a_new_user_has_a_token_from_the_sandbox_after_three_keys_and_nothing_is_kept() {
    let home = Home::new();
    let mut session = Session::start(&home, &[]);
    session.wait_for("b   try the sandbox");
    session.send("b");
    session.wait_for("Authorize a connection under sandbox");
    session.send("\r");
    session.wait_for("sandbox/me is authorized");
    session.send("y");
    session.wait_for("to your terminal's clipboard");
    session.wait_until(|session| session.output().contains("\u{1b}]52;c;"), "the token on its way");
    session.send("b");
    session.wait_for("the sandbox is gone");
    assert!(!home.data().exists(), "nothing was written");
    session.send("q");
    assert_eq!(session.end(), 0);
    session.wait_until_restored();
}

#[test]
fn mistakes_in_the_settings_of_the_screen_are_told_before_the_terminal_is_taken() {
    let home = Home::new();
    std::fs::create_dir_all(home.data()).unwrap();
    std::fs::write(home.data().join("settings.toml"), "[keys]\ncopy-tokn = \"c\"\nrefresh = \"y\"\n").unwrap();
    let mut session = Session::start(&home, &[]);
    session.wait_for("line 2: there is no action `copy-tokn`; did you mean `copy-token`?");
    session.wait_for("line 3: refresh: `y` is in the way of copy-token");
    assert_eq!(session.end(), 2);
}

#[test]
fn settings_that_are_changed_meanwhile_are_taken_over() {
    let home = Home::new();
    let mut session = Session::start(&home, &[]);
    session.wait_for("Nothing here yet.");
    std::fs::create_dir_all(home.data()).unwrap();
    std::fs::write(home.data().join("settings.toml"), "ascii = true\n[keys]\nquit = \"Q\"\n").unwrap();
    session.wait_for("the settings were read again");
    session.wait_for("Q quit");
    session.send("Q");
    assert_eq!(session.end(), 0);
}
