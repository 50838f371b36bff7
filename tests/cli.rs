use serde_json::json;

use crate::support::Decision;
use crate::support::program::{Home, SandboxProcess, configure, connect};

#[test]
fn help_and_version_need_nothing() {
    let home = Home::new();
    let help = home.run(&["--help"]).ok();
    for word in ["demo", "connect", "token", "--home", "HALLPASS_HOME"] {
        assert!(help.out.contains(word), "{word}");
    }
    assert!(home.run(&["--version"]).ok().out.starts_with("hallpass "));
    for command in ["doctor", "paths"] {
        home.run(&[command]).ok();
    }
    assert!(!home.data().exists(), "nothing is made");
}

#[test]
fn without_a_terminal_there_is_no_screen_but_a_word_about_what_there_is() {
    let said = Home::new().run(&[]).fails_with(2);
    assert!(said.out.is_empty());
    assert!(said.err.contains("needs a terminal") && said.err.contains("hallpass token get"), "{}", said.err);
}

#[test]
fn a_missing_argument_is_named_and_exits_with_2() {
    let home = Home::new();
    let cases: [(&[&str], &str); 6] = [
        (&["config", "create"], "PROVIDER"),
        (&["config", "get"], "KEY"),
        (&["connect"], "CONFIG"),
        (&["token", "get"], "CONFIG"),
        (&["provider", "show"], "ID"),
        (&["config", "create", "k", "github", "id"], "CLIENT_SECRET"),
    ];
    for (arguments, name) in cases {
        let said = home.run(arguments).fails_with(2);
        assert!(said.err.contains(&format!("{name} is missing")), "{arguments:?}: {}", said.err);
    }
    home.run(&["nonsense"]).fails_with(2);
    assert!(home.run(&["config", "creat"]).fails_with(2).err.contains("create"));
}

#[test]
fn what_does_not_exist_exits_with_3_and_a_hint() {
    let home = Home::new();
    assert!(home.run(&["provider", "show", "gihub"]).fails_with(3).err.contains("did you mean `github`"));
    assert!(home.run(&["config", "get", "github"]).fails_with(3).err.contains("hallpass config create"));
    assert!(home.run(&["token", "get", "github", "jane"]).fails_with(3).err.contains("no config `github`"));
}

#[test]
fn a_config_is_made_listed_changed_renamed_and_deleted() {
    let home = Home::new();
    home.pipe("s3cret\n", &["config", "create", "gh", "github", "the-id", "-", "repo, gist"]).ok();
    let shown = home.run(&["--json", "config", "get", "gh"]).ok().json();
    assert_eq!(shown["unique_key"], "gh");
    assert_eq!(shown["oauth_scopes"], "repo,gist");
    assert_eq!(shown["redirect_uri"], "http://localhost:3003/oauth/callback");
    assert_eq!(shown["has_client_secret"], true);
    assert!(home.run(&["config", "create", "gh", "github", "x", "--public"]).fails_with(2).err.contains("already"));
    home.pipe("another", &["config", "edit", "gh", "--client-secret", "-", "--scopes", "user", "--client-id", "new"])
        .ok();
    home.run(&["config", "rename", "gh", "work"]).ok();
    let list = home.run(&["config", "list", "--json"]).ok().json();
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(
        (&list[0]["unique_key"], &list[0]["oauth_client_id"], &list[0]["oauth_scopes"]),
        (&json!("work"), &json!("new"), &json!("user"))
    );
    assert!(home.run(&["config", "delete", "work"]).fails_with(2).err.contains("--yes"));
    home.run(&["config", "delete", "work", "--yes"]).ok();
    assert_eq!(home.run(&["--json", "config", "list"]).ok().json(), json!([]));
}

#[test]
fn the_key_of_a_client_that_signs_is_read_from_its_file_whether_it_is_the_first_or_a_new_one() {
    let home = Home::new();
    home.pipe("a key", &["config", "create", "okta", "okta-cc", "the-id", "-"]).ok();
    let new = ["config", "edit", "okta", "--client-secret", "-"];
    for arguments in [&["config", "create", "other", "okta-cc", "the-id", "-"][..], &new] {
        let failed = home.pipe("@/nowhere/key.pem", arguments).fails_with(2);
        assert!(failed.err.contains("`/nowhere/key.pem`") && failed.err.contains("cannot be read"), "{}", failed.err);
    }
}

#[test]
fn a_redirect_uri_is_one_that_the_provider_takes() {
    let home = Home::new();
    for (provider, uri) in [
        ("spotify", "http://127.0.0.1:3003/oauth/callback"),
        ("twitter", "http://127.0.0.1:3003/oauth/callback"),
        ("bungie", "https://localhost:3004/oauth/callback"),
        ("github", "http://localhost:3003/oauth/callback"),
    ] {
        let said = home.pipe("secret", &["config", "create", provider, provider, "id", "-"]).ok();
        assert!(said.err.contains(&format!("register this redirect URI at the provider: {uri}\n")), "{}", said.err);
        assert_eq!(home.run(&["--json", "config", "get", provider]).ok().json()["redirect_uri"], uri);
    }
}

#[test]
fn a_client_id_that_is_needed_is_not_left_out_though_a_token_is_entered() {
    let home = Home::new();
    for provider in ["netsuite-tba", "twitter"] {
        let said = home.run(&["config", "create", "own", provider, "", "--public"]).fails_with(2);
        assert!(said.err.contains("no client id is given"), "{}", said.err);
    }
}

#[test]
fn nangos_colon_forms_are_the_same_commands() {
    let home = Home::new();
    home.run(&["config:create", "gh", "github", "id", "secret", "repo,gist"]).ok();
    assert_eq!(home.run(&["config:list"]).ok().out, home.run(&["config", "list"]).ok().out);
    home.run(&["config:edit", "gh", "github", "id2", "secret2", "user"]).ok();
    assert_eq!(home.run(&["--json", "config:get", "gh"]).ok().json()["oauth_client_id"], "id2");
    home.run(&["connection:list"]).ok();
    home.run(&["token:get", "gh", "jane"]).fails_with(3);
    home.run(&["config:delete", "gh", "--yes"]).ok();
    home.run(&["vault:status"]).ok();
    home.run(&["provider:list"]).ok();
}

#[test]
fn providers_are_found_by_a_few_letters_and_shown_with_their_notes() {
    let home = Home::new();
    let found = home.run(&["provider", "list", "gith"]).ok();
    assert!(found.out.starts_with("github\tGitHub\toauth2\t"), "{}", found.out);
    assert!(home.run(&["provider", "list"]).ok().out.lines().count() >= 12);
    let shown = home.run(&["provider", "show", "shopify"]).ok();
    assert!(shown.out.contains("--param subdomain=") && shown.out.contains("x-shopify-access-token"), "{}", shown.out);
    let json = home.run(&["--json", "provider", "show", "shopify"]).ok().json();
    assert_eq!(json["variables"][0]["name"], "subdomain");
}

#[test]
fn a_provider_file_of_ones_own_is_checked_with_all_its_mistakes_at_once() {
    let home = Home::new();
    let path = home.path().join("mine.toml");
    let file = path.to_str().unwrap();
    std::fs::write(&path, "name = \"Mine\"\n[oauth2]\nauthorization_endpoint = \"https://a.com/{x}\"\ntoken_endpoint = \"http://a.com\"\n").unwrap();
    let said = home.run(&["provider", "check", file]).fails_with(2);
    assert!(said.out.contains("`{x}`") && said.out.contains("plain http"), "{}", said.out);
    std::fs::write(&path, "name = \"Mine\"\n[oauth2]\nauthorization_endpoint = \"http://127.0.0.1:9/a\"\ntoken_endpoint = \"http://localhost:9/t\"\n").unwrap();
    assert!(home.run(&["provider", "check", file]).ok().out.contains("good"));
    assert!(home.run(&["provider", "check", "/nonexistent.toml"]).fails_with(2).err.contains("/nonexistent.toml"));
}

#[tokio::test]
async fn a_token_goes_from_the_browser_to_standard_output() {
    let home = Home::new();
    let _sandbox = SandboxProcess::start(&home, &[]);
    configure(&home);
    let said = connect(&home, &["sandbox", "jane"], Decision::Allow).await.ok();
    let events = said.objects();
    assert_eq!((&events[0]["event"], &events[1]["event"]), (&json!("authorize"), &json!("connected")));
    assert_eq!((&events[1]["provider_config_key"], &events[1]["connection_id"]), (&json!("sandbox"), &json!("jane")));
    let token = home.run(&["token", "get", "sandbox", "jane"]).ok();
    assert!(token.out.starts_with("sbx_at_") && token.out.ends_with('\n') && token.err.is_empty(), "{token:?}");
    assert_eq!(home.run(&["token", "get", "sandbox/jane"]).ok().out, token.out);
    assert_eq!(home.run(&["token", "get", "sandbox"]).ok().out, token.out, "its only connection");
    assert_eq!(home.run(&["--json", "token", "get", "sandbox"]).ok().json()["access_token"], token.out.trim());
    assert_eq!(
        home.run(&["token", "get", "sandbox", "--format", "header"]).ok().out,
        format!("authorization: Bearer {}", token.out)
    );
    let refreshed = home.run(&["token", "get", "sandbox", "--refresh"]).ok();
    assert_ne!(refreshed.out, token.out);
    let inspected = home.run(&["--json", "token", "inspect", "sandbox/jane"]).ok().json();
    assert_eq!((&inspected["format"], &inspected["granted_scopes"]), (&json!("opaque"), &json!(["read", "write"])));
    let listed = home.run(&["--json", "connection", "list"]).ok().json();
    assert_eq!((&listed[0]["connection_id"], &listed[0]["status"]), (&json!("jane"), &json!("ok")));
    let happened = home.run(&["--json", "activity", "sandbox/jane"]).ok().json();
    let events: Vec<&str> = happened.as_array().unwrap().iter().map(|row| row["event"].as_str().unwrap()).collect();
    assert!(
        events.contains(&"authorized") && events.contains(&"refreshed") && events.contains(&"handed out"),
        "{events:?}"
    );
    let of_config = home.run(&["--json", "activity", "sandbox", "-n", "2"]).ok().json();
    assert_eq!(of_config.as_array().unwrap().len(), 2);
    home.run(&["activity", "nobody"]).fails_with(3);
    home.run(&["connection", "rename", "sandbox/jane", "jim"]).ok();
    home.run(&["connection", "delete", "sandbox", "jim", "--revoke", "--yes"]).ok();
    assert!(home.run(&["token", "get", "sandbox", "jim"]).fails_with(3).err.contains("hallpass connect sandbox jim"));
}

#[tokio::test]
async fn a_denial_is_an_event_and_exit_code_5() {
    let home = Home::new();
    let _sandbox = SandboxProcess::start(&home, &[]);
    configure(&home);
    let said = connect(&home, &["sandbox/jane"], Decision::Deny).await.fails_with(5);
    let failed = said.objects().remove(1);
    assert_eq!((&failed["event"], &failed["kind"]), (&json!("failed"), &json!("provider")));
    assert!(failed["message"].as_str().unwrap().contains("The user said no"), "{failed}");
}

#[tokio::test]
async fn a_refused_refresh_is_exit_code_4_everywhere() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lifetime", "0s", "--weather", "invalid-grant"]);
    assert_eq!(sandbox.started["weather"], "invalid-grant");
    configure(&home);
    connect(&home, &["sandbox", "jane"], Decision::Allow).await.ok();
    let said = home.run(&["token", "get", "sandbox", "jane"]).fails_with(4);
    assert!(said.err.contains("invalid_grant") && said.err.contains("hallpass connect sandbox jane"), "{}", said.err);
    let listed = home.run(&["--json", "connection", "list"]).ok().json();
    assert_eq!((&listed[0]["status"], &listed[0]["needs_authorization"]), (&json!("re-authorize"), &json!(true)));
    assert!(home.run(&["connection", "get", "sandbox", "jane"]).ok().err.contains("hallpass connect sandbox jane"));
}

#[test]
fn the_demo_tells_the_whole_life_of_a_token_without_touching_anything() {
    let home = Home::new();
    let said = home.run(&["demo", "--json"]).ok();
    let events = said.objects();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["started", "configured", "authorize", "authorized", "expired", "refreshed", "revoked"]);
    let fingerprint = |index: usize| events[index]["fingerprint"].as_str().unwrap();
    assert_ne!(fingerprint(3), fingerprint(5));
    assert_eq!(fingerprint(5), fingerprint(6));
    assert!(!home.data().exists() && !home.path().join("key").exists());
}

#[test]
fn a_vault_without_its_key_is_exit_code_7_and_nothing_is_made_over_it() {
    let home = Home::new();
    home.pipe("s", &["config", "create", "gh", "github", "id", "-"]).ok();
    std::fs::remove_file(home.path().join("key")).unwrap();
    assert!(home.run(&["connect", "gh", "jane", "--no-browser"]).fails_with(7).err.contains("its key is not"));
    assert!(!home.path().join("key").exists());
    let status = home.run(&["--json", "vault", "status"]).fails_with(7).json();
    assert_eq!(
        (&status["vault"], &status["is_open"], &status["key_source"]),
        (&json!("sealed"), &json!(false), &json!("key-file"))
    );
    home.run(&["config", "list"]).ok();
}

#[test]
fn without_keychain_and_passphrase_the_error_says_how_to_go_on() {
    let home = Home::new();
    let mut command = home.command();
    command.env_remove("HALLPASS_VAULT").env_remove("HALLPASS_KEY_FILE");
    let said = crate::support::program::said(
        command.args(["config", "create", "gh", "github", "id", "secret"]).output().unwrap(),
    );
    if cfg!(target_os = "linux") {
        let said = said.fails_with(7);
        assert!(said.err.contains("HALLPASS_KEY_FILE"), "{}", said.err);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    let mut child = home.command().args(["man"]).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn completions_and_the_manual_page_are_printed() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish", "nushell"] {
        assert!(home.run(&["completions", shell]).ok().out.contains("hallpass"), "{shell}");
    }
    assert!(home.run(&["man"]).ok().out.contains(".TH hallpass"));
    let folder = home.path().join("man/man1");
    home.run(&["man", folder.to_str().unwrap()]).ok();
    let page = std::fs::read_to_string(folder.join("hallpass-token-get.1")).unwrap();
    assert!(page.contains("hallpass token get") && page.contains("min\\-ttl"), "{page}");
    assert!(folder.join("hallpass.1").exists() && !folder.join("hallpass-complete.1").exists());
    assert!(!home.data().exists());
}

#[test]
fn read_only_changes_nothing() {
    let home = Home::new();
    let said = home.run(&["--read-only", "config", "create", "gh", "github", "id", "secret"]).fails_with(2);
    assert!(said.err.contains("--read-only"), "{}", said.err);
    assert!(!home.data().exists());
}

#[test]
fn a_mistake_in_the_settings_file_is_shown_with_its_line() {
    let home = Home::new();
    hallpass::settings::private::folder(&home.data()).unwrap();
    std::fs::write(home.data().join("settings.toml"), "clipboard_seconds = \"soon\"\n").unwrap();
    let said = home.run(&["config", "list"]).fails_with(2);
    assert!(said.err.contains("settings.toml") && said.err.contains("line 1"), "{}", said.err);
}

#[test]
fn every_mistake_in_the_settings_is_told_at_once_and_the_schema_is_json() {
    let home = Home::new();
    assert!(home.run(&["settings", "check"]).ok().err.contains("every setting has its default"));
    assert!(!home.data().exists());
    hallpass::settings::private::folder(&home.data()).unwrap();
    let file = home.data().join("settings.toml");
    std::fs::write(&file, "# what I like\nclipbord_seconds = 5\nvault = \"cloud\"\n").unwrap();
    let said = home.run(&["settings", "check"]).fails_with(2);
    assert!(said.out.contains(":2: there is no `clipbord_seconds`; did you mean `clipboard_seconds`?"), "{said:?}");
    assert!(said.out.contains(":3: `vault` must be one of keychain, sealed, memory"), "{said:?}");
    let said = home.run(&["--json", "settings", "check", file.to_str().unwrap()]).fails_with(2);
    assert_eq!(said.json()[1]["line"], 3);
    let all = "ascii = \"no\"\ntheme = \"dakr\"\nfoo = 1\n[keys]\ncopy-tokn = \"y\"\nrefresh = \"ctrl-\"\n[themes.mine]\ngood = \"bld\"\n";
    std::fs::write(&file, all).unwrap();
    let said = home.run(&["doctor"]).fails_with(7);
    assert!(said.out.contains("✗ settings") && said.out.contains("line 1: `ascii` must be"), "{said:?}");
    assert!(said.out.contains("● store"), "{said:?}");
    home.run(&["paths"]).ok();
    let said = home.run(&["settings", "check"]).fails_with(2);
    for line in [1, 2, 3, 5, 6, 8] {
        assert!(said.out.contains(&format!("settings.toml:{line}: ")), "{line} in {said:?}");
    }
    assert!(home.run(&["config", "list"]).fails_with(2).err.contains("hallpass settings check"));
    let schema = home.run(&["settings", "schema"]).ok().json();
    assert_eq!(schema["properties"]["vault"]["enum"], json!(["keychain", "sealed", "memory"]));
    // What stands in a table that must not be there is no mistake of the one before.
    std::fs::write(&file, "[themes.mine]\ngood = \"red\"\n[kyes]\ncopy-token = \"c\"\n").unwrap();
    let said = home.run(&["settings", "check"]).fails_with(2);
    assert!(said.out.contains(":3: there is no `kyes`") && !said.out.contains(":4:"), "{said:?}");
    // The lines that are good count all the same.
    std::fs::write(&file, "vault = \"memory\"\nasci = true\n").unwrap();
    let mut command = home.command();
    let said = crate::support::program::said(command.env_remove("HALLPASS_VAULT").arg("doctor").output().unwrap());
    assert!(said.out.contains("vault        memory"), "{said:?}");
    std::fs::write(&file, "theme = \"drak\"\n").unwrap();
    assert!(home.run(&["doctor"]).fails_with(7).out.contains("✗ settings"), "the screens would not begin");
    std::fs::write(&file, "plain = false\n").unwrap();
    home.run(&["settings", "check"]).ok();
    assert!(home.run(&["settings", "check", "/nonexistent.toml"]).fails_with(2).err.contains("/nonexistent.toml"));
}

#[tokio::test]
async fn a_bug_report_has_what_helps_and_neither_a_secret_nor_a_name() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lifetime", "0s", "--weather", "invalid-grant"]);
    home.provider("acme-corp", sandbox.started["provider_file"].as_str().unwrap());
    let uri = "http://127.0.0.1:0/oauth/callback";
    for key in ["planted-key", "gone-key", "github"] {
        home.pipe(
            "sandbox-secret",
            &["config", "create", key, "acme-corp", "sandbox-client", "-", "read", "--redirect-uri", uri],
        )
        .ok();
    }
    connect(&home, &["planted-key", "jane@planted.example"], Decision::Allow).await.ok();
    let token = home.run(&["token", "get", "planted-key"]).fails_with(4);
    assert!(token.out.is_empty());
    home.run(&["config", "delete", "gone-key", "--yes"]).ok();
    hallpass::settings::private::folder(&home.data().join("logs")).unwrap();
    let log = format!("refreshing planted-key/jane@planted.example below {}", home.path().display());
    std::fs::write(home.data().join("logs/hallpass.log"), log).unwrap();
    let mut command = home.command();
    command
        .env("NANGO_SECRET_KEY", "secret-key-canary")
        .env("HTTPS_PROXY", "http://user:canary@proxy.planted.example:9");
    let said = crate::support::program::said(command.args(["bug-report"]).output().unwrap()).ok();
    for helps in [
        env!("CARGO_PKG_VERSION"),
        "config-1/connection-1",
        "connections: 1",
        "invalid_grant",
        "vault: sealed",
        "## Doctor",
        "refreshing config-",
        "changed github, done",
        "xterm-256color",
        "NANGO_SECRET_KEY: set",
    ] {
        assert!(said.out.contains(helps), "{helps}: {}", said.out);
    }
    for planted in
        ["planted", "gone-key", "jane", "acme", "sandbox-client", "sandbox-secret", "sbx_", "canary", "user:"]
    {
        assert!(!said.out.contains(planted), "{planted}: {}", said.out);
    }
    assert!(!said.out.contains(home.path().to_str().unwrap()), "{}", said.out);
    assert!(home.run(&["--json", "bug-report"]).ok().json()["Counts"].is_array());
    assert!(home.run(&["paths"]).ok().out.contains("hallpass.log"));
}

#[test]
fn hostile_names_never_reach_the_terminal_as_they_are() {
    let home = Home::new();
    for arguments in
        [["config", "get", "a\u{1b}]0;x\u{7}"], ["provider", "show", "a\u{1b}[31m"], ["token", "get", "a\u{9b}b/c"]]
    {
        let said = home.run(&arguments);
        assert_ne!(said.code, 0);
        assert!(!said.err.contains(['\u{1b}', '\u{9b}', '\u{7}']), "{said:?}");
    }
}

#[test]
fn a_hostile_provider_file_never_reaches_the_terminal_as_it_is() {
    let home = Home::new();
    let path = home.path().join("mine.toml");
    let folder = home.data().join("providers");
    std::fs::create_dir_all(&folder).unwrap();
    let good = "[oauth2]\nauthorization_endpoint = \"https://a.com/\"\ntoken_endpoint = \"https://a.com\"\n";
    let texts = [
        "name = \"\u{9b}2J\u{202e}\" broken".to_owned(),
        "name = \"x\"\ncategories = [\"\\u001b]0;x\\u0007\"]\n[oauth2]\nscope_separator = \"\"\n[oauth2.authorization_params]\n\"\\u001b[2J\" = \"{\\u001b}\"\n".to_owned(),
        format!("name = \"\\u001b]0;x\\u0007\"\nnotes = [\"\\u001b[2J\\u202e\"]\n{good}"),
    ];
    for text in texts {
        std::fs::write(&path, &text).unwrap();
        std::fs::write(folder.join("mine.toml"), &text).unwrap();
        for arguments in [
            vec!["provider", "check", path.to_str().unwrap()],
            vec!["--json", "provider", "check", path.to_str().unwrap()],
            vec!["provider", "show", "mine"],
            vec!["--json", "provider", "show", "mine"],
            vec!["provider", "list"],
        ] {
            let said = home.run(&arguments);
            let all = format!("{}{}", said.out, said.err);
            assert!(!all.contains(['\u{1b}', '\u{9b}', '\u{7}', '\u{202e}']), "{arguments:?} {all:?}");
        }
    }
}

#[tokio::test]
async fn a_pasted_address_is_taken_from_standard_input_after_wrong_ones_were_refused() {
    use std::io::{BufRead, BufReader, Read, Write};
    let home = Home::new();
    let _sandbox = SandboxProcess::start(&home, &[]);
    configure(&home);
    home.run(&["config", "edit", "sandbox", "--redirect-uri", "http://localhost:3003/oauth/callback"]).ok();
    let mut command = home.command();
    command.args(["--json", "connect", "sandbox", "jane", "--paste"]).stdin(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut input, mut out) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let event: serde_json::Value = serde_json::from_str(&line).unwrap();
    let url = url::Url::parse(event["url"].as_str().unwrap()).unwrap();
    let back = crate::support::consent(&url, Decision::Allow).await;
    input.write_all(b"nonsense\nhttp://localhost:3003/oauth/callback?code=x&state=guess\n").unwrap();
    input.write_all(format!("{back}\n").as_bytes()).unwrap();
    drop(input);
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    let said = crate::support::program::said(child.wait_with_output().unwrap()).ok();
    assert!(rest.contains("connected"), "{rest} {said:?}");
    assert!(said.err.contains("not a URL") && said.err.contains("state is not one"), "{said:?}");
    home.run(&["token", "get", "sandbox"]).ok();
}

#[test]
fn standard_input_that_ends_before_a_paste_is_an_error() {
    let home = Home::new();
    home.run(&["config", "create", "gh", "github", "id", "secret"]).ok();
    let said = home.pipe("", &["connect", "gh", "jane", "--paste"]).fails_with(2);
    assert!(said.err.contains("standard input ended"), "{said:?}");
}

#[tokio::test]
async fn a_config_with_connections_does_not_move_to_another_provider() {
    let home = Home::new();
    let _sandbox = SandboxProcess::start(&home, &[]);
    configure(&home);
    connect(&home, &["sandbox", "jane"], Decision::Allow).await.ok();
    let said = home.run(&["config", "edit", "sandbox", "github"]).fails_with(2);
    assert!(said.err.contains("1 connections at `sandbox`"), "{said:?}");
    home.run(&["token", "get", "sandbox"]).ok();
}

#[test]
fn the_doctor_works_where_the_store_does_not() {
    let home = Home::new();
    hallpass::settings::private::folder(&home.data()).unwrap();
    std::fs::write(home.data().join("hallpass.db"), "this is no database, and it is long enough to look at").unwrap();
    let said = home.run(&["doctor"]).fails_with(7);
    assert!(said.out.contains("✗ store") && said.out.contains("● providers"), "{said:?}");
    assert!(!said.out.contains("hallpass doctor"), "{said:?}");
}

#[test]
fn an_empty_secret_is_no_secret() {
    let home = Home::new();
    assert!(home.pipe("\n", &["config", "create", "gh", "github", "id", "-"]).fails_with(2).err.contains("--public"));
    assert!(
        home.run(&["config", "create", "gh", "github", "id", "secret"]).ok().err.contains("others on this machine")
    );
}

#[test]
fn a_vault_that_was_not_made_yet_is_told_as_that() {
    let home = Home::new();
    assert!(home.run(&["vault", "status"]).ok().out.contains("not made yet"));
    let status = home.run(&["--json", "vault", "status"]).ok().json();
    assert_eq!((&status["is_new"], &status["is_open"]), (&json!(true), &json!(false)));
    assert!(!home.data().exists());
}

#[test]
fn a_store_that_is_gone_beside_a_vault_with_secrets_is_a_loss_and_not_a_fresh_start() {
    let home = Home::new();
    home.run(&["config", "create", "gh", "github", "id", "secret"]).ok();
    for name in ["hallpass.db", "hallpass.db-wal", "hallpass.db-shm"] {
        let _ = std::fs::remove_file(home.data().join(name));
    }
    let said = home.run(&["doctor"]);
    assert!(said.out.contains("it is gone, and the sealed vault beside it holds secrets"), "{}", said.out);
}

#[test]
fn what_a_person_must_open_is_told_however_quiet_it_is_to_be() {
    let home = Home::new();
    let any_port = ["--redirect-uri", "http://127.0.0.1:0/oauth/callback"];
    home.pipe("secret", &[&["config", "create", "gh", "github", "id", "-"], &any_port[..]].concat()).ok();
    let said = home.run(&["connect", "gh", "jane", "--quiet", "--no-browser", "--timeout", "1s"]);
    assert!(said.err.contains("https://github.com/login/oauth/authorize?"), "{said:?}");
}

/// `hallpass serve` on any free port, until this is dropped.
struct Serving {
    child: std::process::Child,
    started: serde_json::Value,
}

impl Serving {
    fn start(home: &Home, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        use std::io::{BufRead, BufReader};
        let mut command = home.command();
        command.args(["--json", "serve", "--port", "0"]).args(arguments).envs(environment.iter().copied());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let started = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
        Self { child, started }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.started["url"].as_str().unwrap())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself, which a test would notice elsewhere.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_config_of_the_command_line_is_served_and_the_other_way_round() {
    let home = Home::new();
    let serving = Serving::start(&home, &[], &[]);
    assert_eq!(serving.started["needs_key"], false);
    home.pipe("secret", &["config", "create", "gh", "github", "id", "-"]).ok();
    let http = crate::support::http();
    let configs = async || http.get(serving.url("/config")).send().await.unwrap().text().await.unwrap();
    assert!(configs().await.contains("\"unique_key\":\"gh\""));
    let body = r#"{"provider":"gitlab","unique_key":"gl","credentials":{"type":"OAUTH2","client_id":"i","client_secret":"s"}}"#;
    let made = http.post(serving.url("/integrations")).header("content-type", "application/json").body(body);
    assert_eq!(made.send().await.unwrap().status(), 200);
    assert!(home.run(&["config", "list"]).ok().out.contains("gl"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_ends_when_it_is_told_to() {
    use rustix::process::{Pid, Signal, kill_process};
    let home = Home::new();
    for signal in [Signal::TERM, Signal::INT] {
        let mut serving = Serving::start(&home, &[], &[]);
        assert_eq!(crate::support::http().get(serving.url("/health")).send().await.unwrap().status(), 200);
        kill_process(Pid::from_child(&serving.child), signal).unwrap();
        let code = tokio::task::spawn_blocking(move || serving.child.wait().unwrap().code()).await.unwrap();
        assert_eq!(code, Some(0), "{signal:?}");
    }
}

#[test]
fn a_server_that_others_reach_needs_a_key() {
    let home = Home::new();
    let arguments = ["serve", "--port", "0", "--listen", "0.0.0.0", "--allow-host", "host.docker.internal"];
    let refused = home.run(&arguments).fails_with(2);
    assert!(refused.err.contains("NANGO_SECRET_KEY"), "{refused:?}");
    let serving = Serving::start(&home, &arguments[3..], &[("NANGO_SECRET_KEY", "canary-key")]);
    assert_eq!(serving.started["needs_key"], true);
    assert!(serving.started["listens_on"].as_str().unwrap().starts_with("0.0.0.0:"));
    for bad in [&["--allow-origin", "app.example"][..], &["--allow-host", "http://x"], &["--proxy-to", "ftp://x"]] {
        let refused = home.run(&[&["serve", "--port", "0"], bad].concat()).fails_with(2);
        assert!(refused.err.contains("expected"), "{refused:?}");
    }
}

#[test]
fn a_port_that_is_taken_is_told_with_the_ways_out() {
    let home = Home::new();
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port().to_string();
    let refused = home.run(&["serve", "--port", &port]).fails_with(2);
    assert!(refused.err.contains(&format!("port {port} is taken by")) && refused.err.contains("--port"), "{refused:?}");
}

#[tokio::test]
async fn a_connection_whose_config_was_deleted_can_be_looked_at_and_deleted() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lifetime", "1h"]);
    configure(&home);
    connect(&home, &["sandbox", "jane"], Decision::Allow).await;
    let serving = Serving::start(&home, &[], &[]);
    let deleted = crate::support::http().delete(serving.url("/config/sandbox")).send().await.unwrap();
    assert_eq!(deleted.status(), 200);
    let refused = home.run(&["token", "get", "sandbox", "jane"]).fails_with(3);
    assert!(refused.err.contains("hallpass connection delete sandbox jane"), "{refused:?}");
    assert!(home.run(&["connection", "get", "sandbox", "jane"]).ok().err.contains("its config was deleted"));
    home.run(&["connection", "delete", "sandbox", "jane", "--yes"]).ok();
    assert_eq!(home.run(&["--json", "connection", "list"]).ok().json(), serde_json::json!([]));
    drop(sandbox);
}

#[test]
fn a_server_whose_vault_cannot_be_opened_says_so_at_once() {
    use std::io::{BufRead, BufReader};
    let home = Home::new();
    home.pipe("secret", &["config", "create", "gh", "github", "id", "-"]).ok();
    let mut child = home
        .command()
        .args(["serve", "--port", "0"])
        .env("HALLPASS_KEY_FILE", home.path().join("other"))
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let warned = told.into_iter().find(|line| line.contains("no token can be read yet"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(warned.unwrap().contains("key"));
}
