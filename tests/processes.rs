use std::process::Stdio;

use crate::support::Decision;
use crate::support::program::{Home, SandboxProcess, configure, connect, said};

#[tokio::test]
async fn sixteen_processes_that_ask_at_once_make_one_refresh_and_get_one_answer() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lifetime", "2s"]);
    configure(&home);
    connect(&home, &["sandbox", "jane"], Decision::Allow).await.ok();
    let first = home.run(&["token", "get", "sandbox", "jane"]).ok().out;
    let issuer = sandbox.started["issuer"].as_str().unwrap().to_owned();
    while accepted(&issuer, first.trim()).await {
        tokio::task::yield_now().await;
    }
    let children: Vec<_> = (0..16)
        .map(|_| home.command().args(["token", "get", "sandbox", "jane"]).stdin(Stdio::null()).spawn().unwrap())
        .collect();
    let answers: Vec<String> =
        children.into_iter().map(|child| said(child.wait_with_output().unwrap()).ok().out).collect();
    let rows = home.run(&["--json", "activity", "sandbox/jane"]).ok().json();
    let refreshes = rows.as_array().unwrap().iter().filter(|row| row["event"] == "refreshed").count();
    // Two seconds may pass on a slow machine while sixteen processes start; then a second refresh
    // is right. Reuse of a refresh token would kill the connection, and never is.
    let mut distinct = answers.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), refreshes, "one answer for each refresh");
    assert!(refreshes <= 2, "{refreshes} refreshes");
    home.run(&["token", "get", "sandbox", "jane", "--refresh"]).ok();
}

async fn accepted(issuer: &str, token: &str) -> bool {
    let request =
        crate::support::http().get(format!("{issuer}/userinfo")).header("authorization", format!("Bearer {token}"));
    request.send().await.unwrap().status() == 200
}

#[test]
fn eight_processes_that_make_configs_at_once_all_succeed() {
    let home = Home::new();
    let children: Vec<_> = (0..8)
        .map(|number| {
            home.command().args(["config", "create", &format!("c{number}"), "github", "id", "secret"]).spawn().unwrap()
        })
        .collect();
    for child in children {
        said(child.wait_with_output().unwrap()).ok();
    }
    assert_eq!(home.run(&["--json", "config", "list"]).ok().json().as_array().unwrap().len(), 8);
    let store = rusqlite::Connection::open(home.data().join("hallpass.db")).unwrap();
    let left: i64 = store.query_row("SELECT count(*) FROM intents", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_process_that_is_killed_while_it_waits_leaves_no_lock_behind() {
    let home = Home::new();
    let _sandbox = SandboxProcess::start(&home, &["--lifetime", "0s", "--weather", "slow"]);
    configure(&home);
    connect(&home, &["sandbox", "jane"], Decision::Allow).await.ok();
    let mut stuck = home.command().args(["token", "get", "sandbox", "jane"]).spawn().unwrap();
    let locks = home.data().join("locks");
    while !locks.exists() || std::fs::read_dir(&locks).unwrap().count() == 0 {
        tokio::task::yield_now().await;
    }
    stuck.kill().unwrap();
    stuck.wait().unwrap();
    home.run(&["connection", "rename", "sandbox/jane", "jim"]).ok();
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_during_a_refresh_keeps_what_the_provider_answers() {
    let home = Home::new();
    let _sandbox = SandboxProcess::start(&home, &["--lifetime", "1h", "--weather", "slow"]);
    configure(&home);
    connect(&home, &["sandbox", "jane"], Decision::Allow).await.ok();
    let child = home.command().args(["token", "get", "sandbox", "jane", "--refresh"]).spawn().unwrap();
    let store = rusqlite::Connection::open(home.data().join("hallpass.db")).unwrap();
    // The intent is announced before the refresh token is spent; the answer takes three seconds.
    while store.query_row("SELECT count(*) FROM intents", [], |row| row.get::<_, i64>(0)).unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let interrupted = said(child.wait_with_output().unwrap()).ok();
    assert!(interrupted.err.contains("Keeping what the provider answers"), "{interrupted:?}");
    let kept = home.run(&["token", "get", "sandbox", "jane"]).ok();
    assert_eq!(kept.out, interrupted.out);
}
