//! What is left of secrets in the memory of a program that used them. Linux shows it in a file.
#![cfg(target_os = "linux")]

use std::os::unix::fs::FileExt;
use std::time::Instant;

use crate::support::Decision;
use crate::support::program::{Home, SandboxProcess, configure, connect};
use crate::support::session::{PATIENCE, Session};

/// Returns whether any writable memory of the process holds `text`, and where.
fn found_in(process: u32, text: &str) -> Vec<String> {
    let memory = std::fs::File::open(format!("/proc/{process}/mem")).unwrap();
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let mut found = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (range, name) = line.split_once(' ').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let (start, end) = (u64::from_str_radix(start, 16).unwrap(), u64::from_str_radix(end, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        // Some of it belongs to the kernel.
        if memory.read_exact_at(&mut bytes, start).is_ok() {
            let places = bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count();
            found.extend((0..places).map(|_| name.split_whitespace().last().unwrap_or_default().to_owned()));
        }
    }
    found
}

#[tokio::test]
async fn no_secret_stays_in_memory_after_it_was_used() {
    let home = Home::new();
    let _sandbox = SandboxProcess::start(&home, &["--lifetime", "1h"]);
    configure(&home);
    connect(&home, &["sandbox", "jane"], Decision::Allow).await.ok();
    let tokens = || home.run(&["token", "get", "sandbox", "jane", "--format", "json"]).ok().json();
    let before = tokens();
    let mut session = Session::start(&home, &[]);
    session.wait_for("jane");
    session.send("r");
    session.wait_for("refreshed");
    session.send("y");
    session.wait_for("sent");
    let after = tokens();
    let process = session.child.process_id().unwrap();
    let field = |tokens: &serde_json::Value, name: &str| tokens[name].as_str().unwrap().to_owned();
    let key = std::fs::read_to_string(home.path().join("key")).unwrap();
    let secrets = [
        ("the old access token", field(&before, "access_token")),
        ("the new access token", field(&after, "access_token")),
        ("the old refresh token", field(&before, "refresh_token")),
        ("the new refresh token", field(&after, "refresh_token")),
        ("the client secret", "sandbox-secret".to_owned()),
        ("the key file", key.trim().to_owned()),
    ];
    assert_ne!(secrets[0].1, secrets[1].1);
    assert!(!found_in(process, "sandbox").is_empty(), "this looks at the right memory");
    // What was just used may be on its way out: a connection that is being closed, a task that ends.
    let started = Instant::now();
    loop {
        let left: Vec<(&str, Vec<String>)> = secrets
            .iter()
            .map(|(what, text)| (*what, found_in(process, text)))
            .filter(|(_, found)| !found.is_empty())
            .collect();
        if left.is_empty() {
            break;
        }
        assert!(started.elapsed() < PATIENCE / 4, "{left:?}");
        tokio::task::yield_now().await;
    }
}
