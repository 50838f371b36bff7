//! Each command of the README, in its order, in one home; `github` and `acme` are the sandbox here.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::program::{Home, SandboxProcess, said};
use crate::support::{Decision, visit};

/// Commands that another test runs, and which.
const ELSEWHERE: [(&str, &str); 9] = [
    ("cargo run --release -- demo", "tests/real/run"),
    ("cargo test", "whoever reads this"),
    ("cargo install --path .", "tests/real/run"),
    ("hallpass token get github --copy", "tests/real/clipboard.py"),
    ("hallpass connect github phone --device --timeout 10m", "tests/real/ways.py"),
    ("hallpass serve", "tests/real/sdks.py"),
    (
        "NANGO_SECRET_KEY=\"$KEY\" hallpass serve --listen 0.0.0.0 --allow-host host.docker.internal",
        "cli::a_server_that_others_reach_needs_a_key",
    ),
    (
        "NANGO_HOSTPORT=https://nango.example.com NANGO_SECRET_KEY=\"$KEY\" hallpass token get github jane",
        "contract::test_25_the_colon_forms_work_through_nango_hostport",
    ),
    ("hallpass sandbox --weather invalid-grant --lifetime 10s", "cli::a_refused_refresh_is_exit_code_4_everywhere"),
];

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The blocks of one kind, without their fences.
fn blocks(text: &str, kind: &str) -> Vec<String> {
    let fence = format!("```{kind}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

fn executable(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
}

#[tokio::test]
async fn every_command_of_the_readme_does_what_it_says() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lifetime", "1h"]);
    let provider = sandbox.started["provider_file"].as_str().unwrap();
    home.provider("github", provider);
    home.provider(
        "acme",
        &provider.replace("[api]", "[variables.shop]\nkind = \"text\"\n\n[api]\nquery = { shop = \"{shop}\" }"),
    );
    std::fs::create_dir_all(home.data()).unwrap();
    for block in blocks(&readme(), "toml") {
        let is_provider = block.trim_start().starts_with("name =");
        let file = if is_provider { home.path().join("acme.toml") } else { home.data().join("settings.toml") };
        std::fs::write(file, block).unwrap();
    }
    let files = [
        ("passphrase", "correct horse"),
        (".env", "GITLAB_CLIENT_ID=id\nGITLAB_CLIENT_SECRET=secret\n"),
        ("client_secret.json", r#"{"installed":{"client_id":"id","client_secret":"secret"}}"#),
    ];
    for (name, text) in files {
        std::fs::write(home.path().join(name), text).unwrap();
    }
    executable(
        &home.path().join("browser"),
        "#!/bin/sh\nprintf %s \"$1\" > \"$HOME/url.part\" && mv \"$HOME/url.part\" \"$HOME/url\"\n",
    );
    std::fs::create_dir(home.path().join("bin")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_hallpass"), home.path().join("bin/hallpass")).unwrap();
    let mut ran = 0;
    for command in blocks(&readme(), "sh").iter().flat_map(|block| block.lines()) {
        if ELSEWHERE.iter().any(|(elsewhere, _)| *elsewhere == command) {
            continue;
        }
        run(&home, sandbox.started["issuer"].as_str().unwrap(), command).await;
        for key in ["github", "acme"] {
            if command.contains(&format!("config create {key}")) {
                // Any free port here: tests run side by side.
                home.run(&["config", "edit", key, "--redirect-uri", "http://127.0.0.1:0/oauth/callback"]).ok();
            }
        }
        ran += 1;
    }
    assert!(ran > 30, "only {ran} commands were found");
}

async fn run(home: &Home, issuer: &str, command: &str) {
    let mut shell = home.command();
    let path = format!("{}:/usr/bin:/bin", home.path().join("bin").display());
    let program = std::mem::replace(&mut shell, std::process::Command::new("sh"));
    for (name, value) in program.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    let key = home.path().join("key");
    shell
        .env("PATH", path)
        .env("BROWSER", home.path().join("browser"))
        .env("API_KEY", "a key")
        .env("ISSUER", issuer)
        .env("CLIENT_ID", "sandbox-client")
        .env("CLIENT_SECRET", "sandbox-secret")
        .current_dir(home.path())
        // The key file of this home, under the name that the README gives it.
        // And the sandbox's user, where it is.
        .args([
            "-c",
            &command.replace("$HOME/hallpass.key", key.to_str().unwrap()).replace("GET /user", "GET /userinfo"),
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = shell.spawn().unwrap();
    // The demo asks in the browser too, where there is one.
    if command.starts_with("hallpass connect ") || command.ends_with(" demo") {
        let url = wait_for(&home.path().join("url")).await;
        visit(&url::Url::parse(&url).unwrap(), Decision::Allow).await;
    }
    let said = tokio::task::spawn_blocking(move || said(child.wait_with_output().unwrap())).await.unwrap();
    assert_eq!(said.code, 0, "{command}: {said:?}");
    assert!(!said.out.is_empty() || !said.err.is_empty(), "{command} says nothing");
}

async fn wait_for(path: &Path) -> String {
    let started = Instant::now();
    loop {
        if let Ok(text) = std::fs::read_to_string(path) {
            std::fs::remove_file(path).unwrap();
            return text;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "no browser was opened");
        tokio::task::yield_now().await;
    }
}

#[test]
fn the_exit_codes_of_the_readme_are_those_of_the_program() {
    use hallpass::service::Kind;
    let text = readme();
    for kind in [
        Kind::Usage,
        Kind::NotFound,
        Kind::AuthorizationNeeded,
        Kind::Provider,
        Kind::Network,
        Kind::Vault,
        Kind::Internal,
    ] {
        assert!(text.contains(&format!("\n| {} | ", kind.exit_code())), "{kind:?}");
    }
}

#[test]
fn the_providers_are_counted_right_and_the_pictures_are_there() {
    let text = readme();
    let count = hallpass::catalog::Catalog::default().ids().len();
    assert!(text.contains(&format!("knows {count} providers")), "{count}");
    for picture in text.split("](screenshots/").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots").join(picture).exists(), "{picture}");
    }
}
