//! Whatever a command prints or logs, at the highest verbosity, holds no secret but where it was
//! asked for.

use hallpass::model::Secret;

use crate::support::player::{Player, Reply};
use crate::support::program::{Home, SandboxProcess, configure, connect};
use crate::support::trial::{Trial, jane};
use crate::support::{Decision, screen};

const CLIENT_SECRET: &str = "canary-client-secret-5f1e";

/// Everything that a home's files hold, but for the sealed vault and its key.
fn store_bytes(home: &Home) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(home.data()).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_file() {
            bytes.extend(std::fs::read(entry).unwrap());
        }
    }
    bytes
}

#[tokio::test]
async fn no_output_log_or_file_holds_a_secret() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lifetime", "1s"]);
    configure(&home);
    let mut printed = String::new();
    let said = connect(&home, &["-vvv", "sandbox", "jane"], Decision::Allow).await.ok();
    // The URL holds state and challenge: it is what was asked for, on standard output.
    printed.push_str(&said.err);
    printed.push_str(said.out.lines().nth(1).unwrap());
    let token = home.run(&["token", "get", "sandbox", "jane"]).ok().out.trim().to_owned();
    let json = home.run(&["token", "get", "sandbox", "jane", "--format", "json"]).ok().json();
    let secrets = [
        token.clone(),
        json["access_token"].as_str().unwrap().to_owned(),
        json["refresh_token"].as_str().unwrap().to_owned(),
        "sandbox-secret".to_owned(),
        CLIENT_SECRET.to_owned(),
        std::fs::read_to_string(home.path().join("key")).unwrap().trim().to_owned(),
    ];
    let pipe = home.pipe(CLIENT_SECRET, &["-vvv", "config", "create", "other", "github", "id", "-"]).ok();
    let commands: [&[&str]; 14] = [
        &["config", "list"],
        &["config", "get", "other"],
        &["connection", "list"],
        &["connection", "get", "sandbox", "jane"],
        &["token", "inspect", "sandbox", "jane"],
        &["token", "get", "sandbox", "jane", "--refresh", "--min-ttl", "1s"],
        &["activity"],
        &["doctor"],
        &["paths"],
        &["vault", "status"],
        &["vault", "unlock"],
        &["config", "rename", "other", "third"],
        &["connection", "rename", "sandbox/jane", "jim"],
        &["connection", "delete", "sandbox", "jim", "--revoke", "--yes"],
    ];
    printed.push_str(&pipe.out);
    printed.push_str(&pipe.err);
    for command in commands {
        for json in [false, true] {
            let mut arguments = vec!["-vvv"];
            arguments.extend(json.then_some("--json"));
            arguments.extend(command);
            // What comes second finds the names changed: errors are printed too.
            let said = home.run(&arguments);
            if !command.starts_with(&["token", "get"]) {
                printed.push_str(&said.out);
            }
            printed.push_str(&said.err);
        }
    }
    assert!(printed.contains("asked the authorization server"), "the logs are there at all");
    let stored = store_bytes(&home);
    for secret in &secrets {
        assert!(!printed.contains(secret.as_str()), "{secret} in the output:\n{printed}");
        assert!(!stored.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} in the files");
    }
    drop(sandbox);
}

#[tokio::test]
async fn no_frame_and_no_message_of_the_screens_shows_a_secret() {
    let trial = Trial::connected().await;
    let fresh = trial.service.fresh_credentials(&jane(), hallpass::service::fresh::Freshness::default()).await.unwrap();
    let token = fresh.credentials.token().expose().to_owned();
    let inspection = trial.service.inspect(&jane()).await.unwrap();
    let mut screen = screen::Screen::with(screen::fixture());
    screen.send(hallpass::tui::message::Message::Inspected(Box::new(inspection)));
    assert!(screen.text().contains("fingerprint"));
    assert!(!screen.text().contains(&token));
    screen.keys("<esc>3/git<enter>n");
    let pasted = hallpass::tui::message::Message::Pasted(Secret::new(CLIENT_SECRET));
    assert!(!format!("{pasted:?}").contains("canary"));
    screen.keys("the-id<enter>");
    screen.send(pasted);
    assert!(screen.text().contains("Client secret  ••••"), "{}", screen.text());
    assert!(!screen.text().contains("canary"));
    let effects = screen.keys("<enter><enter><enter>");
    assert!(format!("{effects:?}").contains("MakeConfig") && !format!("{effects:?}").contains("canary"), "{effects:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_browser_gets_none_of_our_secrets_and_a_crash_writes_no_memory_to_disk() {
    use std::io::{BufRead, BufReader};
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let _sandbox = SandboxProcess::start(&home, &["--lifetime", "1h"]);
    configure(&home);
    let (browser, seen) = (home.path().join("browser"), home.path().join("seen"));
    std::fs::write(&browser, format!("#!/bin/sh\n(env; echo \"$@\") > {0}.part; mv {0}.part {0}\n", seen.display()))
        .unwrap();
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = home.command();
    command.args(["--json", "connect", "sandbox", "jane"]).env("BROWSER", &browser);
    command.env("HALLPASS_PASSPHRASE", "canary-passphrase").env("NANGO_SECRET_KEY", "canary-key");
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    let arguments = std::fs::read_to_string(format!("/proc/{}/cmdline", child.id())).unwrap();
    while !seen.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before the browser was opened");
        tokio::task::yield_now().await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let given = std::fs::read_to_string(&seen).unwrap();
    assert!(given.contains("/authorize?"), "the browser was opened: {given}");
    assert!(
        !given.contains("canary") && !given.contains("HALLPASS_KEY_FILE") && !arguments.contains("canary"),
        "{given}"
    );
}

#[test]
fn a_key_that_stands_in_an_address_stands_in_no_log_and_no_step() {
    let player = Player::start(|seen| match seen.path.as_str() {
        "/keys/canary-key-5f1e" | "/botcanary-key-5f1e/echo" => Reply::json(200, &serde_json::json!({})),
        _ => Reply::json(404, &serde_json::json!({"error": seen.path})),
    });
    let home = Home::new();
    let base = player.base();
    let file = |api: &str| format!("name = \"Acme\"\n[api_key]\n[api]\nsecret_in_url = true\n{api}");
    home.provider("called", &file(&format!("base_url = \"{base}\"\nverify = \"GET /keys/{{token}}\"\n")));
    home.provider(
        "based",
        &file(&format!("base_url = \"{base}/bot{{credential.api_key}}\"\nverify = \"GET /echo\"\n")),
    );
    let mut printed = String::new();
    for provider in ["called", "based"] {
        home.run(&["config", "create", provider, provider]).ok();
        let said = home.pipe("canary-key-5f1e", &["-vvv", "connect", provider, "main"]).ok();
        printed.push_str(&(said.out + &said.err));
        let wrong = home.pipe("canary-wrong-77", &["-vvv", "connect", provider, "wrong"]).fails_with(5);
        printed.push_str(&(wrong.out + &wrong.err));
        let path = "/nothing";
        let asked = home.run(&["-vvv", "request", provider, "main", "GET", path]).fails_with(5);
        printed.push_str(&asked.err);
    }
    // What cannot be an address is told without what was to stand in it.
    let hosted = "base_url = \"https://{host}/bot{credential.api_key}\"\nverify = \"GET /echo\"\n[variables.host]\nkind = \"host\"\n";
    home.provider("hosted", &file(hosted));
    home.run(&["config", "create", "hosted", "hosted"]).ok();
    for host in ["1.2.3.0x4", "a.0x7f", "xn--a.example"] {
        let arguments = ["-vvv", "connect", "hosted", "main", "--param", &format!("host={host}")];
        let said = home.pipe("canary-key-5f1e", &arguments);
        assert_ne!(said.code, 0, "{host}");
        printed.push_str(&(said.out + &said.err));
    }
    assert!(printed.contains("{credential.api_key}"), "{printed}");
    let echoed = home.run(&["request", "based", "main", "GET", "/echo"]).ok();
    assert_eq!(echoed.out.trim(), "{}");
    printed.push_str(&home.run(&["--json", "activity"]).ok().out);
    for row in 1..9 {
        printed.push_str(&home.run(&["activity", "show", &row.to_string()]).out);
    }
    assert!(printed.contains("asked the API") && printed.contains("/echo"), "{printed}");
    assert!(!printed.contains("canary"), "{printed}");
}
