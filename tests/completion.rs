use crate::support::program::{Home, Said};

const BREAKS: &str = " \t\n\"'><=;|&(:";
const KEYED: &str = "name = \"Keyed\"\n[api_key]\n[api]\nbase_url = \"https://{shop}.keyed.example\"\n[variables.shop]\nkind = \"label\"\nlabel = \"The shop\"\ndefault = \"tea\"\n";

/// A home with configs and connections, some of whose names would run or expand, were they put in as they are.
fn home() -> Home {
    let home = Home::new();
    home.provider("keyed", KEYED);
    for (key, ids) in [
        ("work", &["jane", "jim"][..]),
        ("my config", &["a b", "$(id)", "it's", "\u{202e}odd", "-x"]),
        ("a:b", &["c"]),
        ("alone", &[]),
    ] {
        home.run(&["config", "create", key, "keyed"]).ok();
        for id in ids {
            let target = format!("{key}/{id}");
            home.pipe("key-canary", &["connect", &target]).ok();
        }
    }
    home
}

fn said(home: &Home, shell: &str, words: &[&str]) -> Said {
    let said = home.run(&[&["complete", shell, "--"], words].concat()).ok();
    assert!(said.err.is_empty(), "{said:?}");
    said
}

/// What is offered for a line of bash.
fn bash(home: &Home, line: &str) -> Vec<String> {
    said(home, "bash", &[line, BREAKS]).out.lines().map(str::to_owned).collect()
}

#[test]
fn configs_and_connections_come_from_the_store_in_both_forms() {
    let home = home();
    assert_eq!(bash(&home, "hallpass token get wor"), ["work", "work/jane", "work/jim"]);
    assert_eq!(bash(&home, "hallpass token get work j"), ["jane", "jim"]);
    assert_eq!(bash(&home, "hallpass token:get work ja"), ["jane"]);
    assert_eq!(bash(&home, "hallpass token get work/ja"), ["work/jane"]);
    assert_eq!(bash(&home, "hallpass exec work/ja"), ["work/jane"]);
    assert_eq!(bash(&home, "hallpass request work jane P"), ["POST", "PUT", "PATCH"]);
    assert_eq!(bash(&home, "hallpass request work/jane DEL"), ["DELETE"]);
    // A config without a connection has no token, and can be authorized.
    assert!(bash(&home, "hallpass token get al").is_empty());
    assert_eq!(bash(&home, "hallpass connect al"), ["alone"]);
    assert_eq!(bash(&home, "hallpass config delete al"), ["alone"]);
    assert!(bash(&home, "hallpass token get nobody ").iter().all(|offered| offered.starts_with("--")));
}

#[test]
fn providers_ways_forms_and_options_are_offered() {
    let home = home();
    assert_eq!(bash(&home, "hallpass provider show bitbuck"), ["bitbucket"]);
    assert_eq!(bash(&home, "hallpass config create x bitbuck"), ["bitbucket"]);
    assert_eq!(bash(&home, "hallpass connect work/new --way "), ["api_key"]);
    assert_eq!(bash(&home, "hallpass connect work new --param "), ["shop="]);
    assert_eq!(
        bash(&home, "hallpass token get work --format "),
        ["raw", "header", "json", "env", "export", "curl", "httpie", "fetch"]
    );
    assert_eq!(bash(&home, "hallpass token get work --format=h"), ["header", "httpie"]);
    assert_eq!(bash(&home, "hallpass token get work --form"), ["--format"]);
    assert_eq!(bash(&home, "hallpass --vault s"), ["sealed"]);
    assert_eq!(bash(&home, "hallpass vault migrate k"), ["keychain"]);
    assert_eq!(bash(&home, "hallpass sandbox --weather inv"), ["invalid-grant"]);
    assert_eq!(bash(&home, "hallpass completions nu"), ["nushell"]);
    assert!(bash(&home, "hallpass ").contains(&"token".to_owned()));
    assert!(!bash(&home, "hallpass ").contains(&"complete".to_owned()));
}

#[test]
fn each_shell_gets_hostile_names_as_it_must_read_them() {
    let home = home();
    let words = ["hallpass", "token", "get", "my config", ""];
    assert_eq!(bash(&home, "hallpass token get my\\ config "), ["\\$\\(id\\)", "a\\ b", "it\\'s"]);
    assert_eq!(bash(&home, "hallpass token get 'my config' \"$"), ["\\$(id)"]);
    assert_eq!(
        bash(&home, "hallpass token get \"my c"),
        ["my config", "my config/\\$(id)", "my config/-x", "my config/a b", "my config/it's"]
    );
    assert_eq!(bash(&home, "hallpass config get a:"), ["b"]);
    let raw = ["hallpass", "token", "get", "'my config'", ""];
    assert_eq!(said(&home, "zsh", &raw).out, "$(id)\tkeyed\na b\tkeyed\nit's\tkeyed\n");
    assert_eq!(said(&home, "fish", &words).out, "$(id)\tkeyed\na b\tkeyed\nit's\tkeyed\n");
    assert_eq!(said(&home, "elvish", &words).out, "$(id)\na b\nit's\n");
    let nushell = said(&home, "nushell", &raw).json();
    let values: Vec<&str> = nushell.as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["\"$(id)\"", "\"a b\"", "\"it's\""]);
    let mut command = home.command();
    command.args(["complete", "powershell"]).env("HALLPASS_WORDS", words.join("\n"));
    let powershell = crate::support::program::said(command.output().unwrap()).ok();
    assert_eq!(powershell.out, "'$(id)'\t$(id)\tkeyed\n'a b'\ta b\tkeyed\n'it''s'\tit's\tkeyed\n");
}

#[test]
fn whatever_is_wrong_no_word_stands_in_the_users_line() {
    let home = home();
    let other = Home::new();
    // In the line, a home goes before the environment's.
    let line = format!("hallpass --home {} token get wor", home.data().display());
    assert_eq!(bash(&other, &line), ["work", "work/jane", "work/jim"]);
    for line in [
        "",
        "hallpass",
        "hallpass nonsense ",
        "hallpass token get --min-ttl soon ",
        "hallpass --host",
        "hallpass 'token",
    ] {
        bash(&other, line);
    }
    bash(&other, "hallpass token get ");
    assert!(!other.data().exists() && !other.path().join("key").exists(), "nothing is made");
    std::fs::write(home.data().join("settings.toml"), "nonsense").unwrap();
    assert!(bash(&home, "hallpass token get wor").is_empty());
    std::fs::remove_file(home.data().join("settings.toml")).unwrap();
    std::fs::write(home.data().join("hallpass.db"), "this is no database at all").unwrap();
    assert!(bash(&home, "hallpass token get wor").is_empty());
}

#[test]
fn neither_a_secret_nor_another_host_is_asked() {
    let home = home();
    let complete = |name: &str, value: &str| {
        let mut command = home.command();
        command.args(["complete", "bash", "--", "hallpass token get wor", BREAKS]).env(name, value);
        crate::support::program::said(command.output().unwrap()).ok()
    };
    // Files that are not there would be an error, were they read.
    assert!(complete("HALLPASS_PASSPHRASE_FILE", "/nonexistent").out.contains("work/jane"));
    std::fs::remove_file(home.path().join("key")).unwrap();
    assert!(complete("HALLPASS_KEY_FILE", "/nonexistent").out.contains("work/jane"));
    // This machine's names are not those of the host, which is not asked.
    assert!(complete("NANGO_HOSTPORT", "http://127.0.0.1:9").out.is_empty());
}
