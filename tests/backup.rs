use serde_json::json;

use crate::support::Decision;
use crate::support::program::{Home, Said, SandboxProcess, configure, connect};

impl Home {
    /// Runs a command with a passphrase in its environment.
    fn with_passphrase(&self, passphrase: &str, arguments: &[&str]) -> Said {
        let file = self.path().join("passphrase");
        std::fs::write(&file, format!("{passphrase}\n")).unwrap();
        let output = self.command().args(arguments).env("HALLPASS_PASSPHRASE_FILE", file).output().unwrap();
        crate::support::program::said(output)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_backup_brings_everything_to_another_home() {
    let (home, other) = (Home::new(), Home::new());
    let _sandbox = SandboxProcess::start(&home, &["--lifetime", "1h"]);
    configure(&home);
    connect(&home, &["sandbox", "jane"], Decision::Allow).await.ok();
    home.run(&["config", "create", "public", "github", "id", "--public"]).ok();
    let token = home.run(&["token", "get", "sandbox", "jane"]).ok().out;
    let file = home.path().join("all.backup");
    let file = file.to_str().unwrap();
    assert!(home.run(&["export", file]).fails_with(2).err.contains("passphrase"));
    home.with_passphrase("correct horse", &["export", file]).ok();
    assert!(home.with_passphrase("correct horse", &["export", file]).fails_with(2).err.contains("exists already"));
    let bytes = std::fs::read(file).unwrap();
    for secret in [token.trim(), "sandbox-secret", "sandbox-client"] {
        assert!(
            !bytes.windows(secret.len()).any(|window| window == secret.as_bytes()),
            "`{secret}` stands in the file"
        );
    }

    let wrong = other.with_passphrase("wrong", &["import", file]).fails_with(7);
    assert!(wrong.err.contains("the passphrase does not open the backup"), "{}", wrong.err);
    assert!(!other.data().join("hallpass.db").exists(), "a wrong passphrase changes nothing");
    let fates = other.with_passphrase("correct horse", &["--json", "import", file]).ok().json();
    assert!(fates.as_array().unwrap().iter().all(|one| one["fate"] == "added"), "{fates}");
    assert_eq!(other.run(&["token", "get", "sandbox", "jane"]).ok().out, token);
    other.run(&["token", "get", "sandbox", "jane", "--refresh"]).ok();
    let view = |home: &Home| home.run(&["--json", "config", "get", "sandbox"]).ok().json();
    assert_eq!(view(&other)["oauth_client_id"], view(&home)["oauth_client_id"]);

    let refreshed = other.run(&["token", "get", "sandbox", "jane"]).ok().out;
    let again = other.with_passphrase("correct horse", &["--json", "import", file]).ok().json();
    assert!(again.as_array().unwrap().iter().all(|one| one["fate"] == "kept"), "{again}");
    assert_eq!(other.run(&["token", "get", "sandbox", "jane"]).ok().out, refreshed, "what is here stays");
    let told = other.with_passphrase("correct horse", &["import", "--replace", file]).ok();
    assert!(told.err.contains("it was refreshed here after the backup was made"), "{}", told.err);
    assert_eq!(
        other.run(&["token", "get", "sandbox", "jane"]).ok().out,
        refreshed,
        "a spent refresh token ends it all"
    );
    other.run(&["connection", "delete", "sandbox", "jane", "--yes"]).ok();
    other.with_passphrase("correct horse", &["import", file]).ok();
    assert_eq!(other.run(&["token", "get", "sandbox", "jane"]).ok().out, token);
}

#[cfg(unix)]
#[test]
fn a_backup_is_readable_by_its_owner_alone_and_there_whole_or_not_at_all() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.run(&["config", "create", "gh", "github", "id", "secret"]).ok();
    let file = home.path().join("all.backup");
    home.with_passphrase("p", &["export", file.to_str().unwrap()]).ok();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let nowhere = home.path().join("no/such/folder/all.backup");
    let said = home.with_passphrase("p", &["export", nowhere.to_str().unwrap()]).fails_with(2);
    assert!(said.err.contains("cannot be written"), "{}", said.err);
}

#[test]
fn a_damaged_backup_is_refused_and_changes_nothing() {
    let (home, other) = (Home::new(), Home::new());
    home.run(&["config", "create", "gh", "github", "id", "secret"]).ok();
    let file = home.path().join("all.backup");
    home.with_passphrase("p", &["export", file.to_str().unwrap()]).ok();
    let whole = std::fs::read(&file).unwrap();
    for length in [16, 100, whole.len() / 2, whole.len() - 4096] {
        std::fs::write(&file, &whole[..length]).unwrap();
        let said = other.with_passphrase("p", &["import", file.to_str().unwrap()]).fails_with(7);
        assert!(said.err.contains("all.backup` is no backup, or is damaged or cut off"), "at {length}: {}", said.err);
    }
    assert_eq!(other.run(&["--json", "config", "list"]).ok().json(), json!([]));
}

#[test]
fn clients_of_an_env_file_become_configs() {
    let home = Home::new();
    let file = home.write(
        ".env",
        "DATABASE_URL=x\nAUTH_GITHUB_ID=gh-id\nAUTH_GITHUB_SECRET='canary-one'\nMYAPP_GOOGLE_CLIENT_ID=g-id\n\
         MYAPP_GOOGLE_CLIENT_SECRET=canary-two\nNOBODY_CLIENT_ID=n\nNOBODY_CLIENT_SECRET=canary-three\n",
    );
    let said = home.run(&["import", &file]).ok();
    assert!(said.err.contains("config `github`") && said.err.contains("config `google`"), "{}", said.err);
    assert!(said.err.contains("`NOBODY` was not imported") && said.err.contains("--provider"), "{}", said.err);
    assert!(!said.err.contains("canary"));
    let config = home.run(&["--json", "config", "get", "github"]).ok().json();
    assert_eq!((&config["oauth_client_id"], &config["has_client_secret"]), (&json!("gh-id"), &json!(true)));
    let again = home.run(&["--json", "import", &file]).ok().json();
    assert_eq!(again.as_array().unwrap().iter().filter(|one| one["fate"] == "kept").count(), 2, "{again}");
    let one = home.write("one.env", "CLIENT_ID=c\nCLIENT_SECRET=canary-four\n");
    assert!(home.run(&["import", &one]).fails_with(2).err.contains("--provider"));
    home.run(&["import", &one, "--provider", "gitlab", "--key", "work"]).ok();
    assert_eq!(home.run(&["--json", "config", "get", "work"]).ok().json()["provider"], "gitlab");
}

#[cfg(unix)]
#[test]
fn what_is_piped_in_is_read_once() {
    let home = Home::new();
    home.pipe("GITHUB_CLIENT_ID=a-client-id\nGITHUB_CLIENT_SECRET=b\n", &["import", "/dev/stdin"]).ok();
    assert_eq!(home.run(&["--json", "config", "get", "github"]).ok().json()["oauth_client_id"], "a-client-id");
}

#[test]
fn googles_client_secret_json_becomes_a_config() {
    let home = Home::new();
    let file = home.write(
        "client_secret.json",
        r#"{"installed":{"client_id":"i.apps.googleusercontent.com","client_secret":"GOCSPX-canary","redirect_uris":["http://localhost"]}}"#,
    );
    home.run(&["import", &file]).ok();
    let config = home.run(&["--json", "config", "get", "google"]).ok().json();
    assert_eq!(config["oauth_client_id"], "i.apps.googleusercontent.com");
    assert_eq!(config["redirect_uri"], "http://127.0.0.1:0/");
}

#[test]
fn a_file_that_is_none_of_these_says_what_was_expected() {
    let home = Home::new();
    for (name, text) in
        [("a", ""), ("b", "{\"x\":1}"), ("c", "PATH=/bin\n"), ("d", "no pairs here"), ("e", "\u{0}\u{1}")]
    {
        let file = home.write(name, text);
        let said = home.run(&["import", &file]).fails_with(2);
        assert!(said.err.contains("expected"), "{name}: {}", said.err);
    }
    assert!(home.run(&["import", "/nowhere/at/all"]).fails_with(2).err.contains("cannot be read"));
}

#[test]
fn a_backup_brings_back_what_a_lost_vault_held() {
    let home = Home::new();
    home.run(&["config", "create", "gh", "github", "id", "secret"]).ok();
    let file = home.path().join("all.backup");
    home.with_passphrase("p", &["export", file.to_str().unwrap()]).ok();
    for name in ["vault.db", "vault.db-wal", "vault.db-shm"] {
        let _ = std::fs::remove_file(home.data().join(name));
    }
    home.run(&["vault", "status"]).fails_with(7);
    let fates = home.with_passphrase("p", &["--json", "import", file.to_str().unwrap()]).ok().json();
    assert_eq!(fates[0]["fate"], "replaced", "{fates}");
    home.run(&["vault", "status"]).ok();
    let fates = home.with_passphrase("p", &["--json", "import", file.to_str().unwrap()]).ok().json();
    assert_eq!(fates[0]["fate"], "kept", "{fates}");
}

#[test]
fn a_provider_file_of_a_backup_does_not_stand_over_a_built_in_one_unasked() {
    let (home, other) = (Home::new(), Home::new());
    home.provider("github", "extends = \"github\"\nname = \"Evil\"\n");
    home.run(&["config", "create", "gh", "github", "id", "secret"]).ok();
    let file = home.path().join("all.backup");
    let file = file.to_str().unwrap();
    home.with_passphrase("p", &["export", file]).ok();
    let said = other.with_passphrase("p", &["import", file]).fails_with(2);
    assert!(said.err.contains("stand over the built-in provider"), "{}", said.err);
    assert!(said.err.contains("config `gh` was not imported: its provider file was not imported"), "{}", said.err);
    assert_eq!(other.run(&["--json", "config", "list"]).ok().json(), json!([]), "its secret would go to a stranger");
    assert_eq!(other.run(&["--json", "provider", "show", "github"]).ok().json()["name"], "GitHub");
    other.with_passphrase("p", &["import", "--replace", file]).ok();
    assert_eq!(other.run(&["--json", "provider", "show", "github"]).ok().json()["name"], "Evil");
}

#[test]
fn a_client_secret_that_changed_in_an_env_file_is_taken_where_that_is_asked_for() {
    let home = Home::new();
    let file = home.write(".env", "\u{feff}GITHUB_CLIENT_ID=a\r\nGITHUB_CLIENT_SECRET=old\r\nGOOGLE_CLIENT_ID=b\r\n");
    let said = home.run(&["import", &file]).ok();
    assert!(said.err.contains("no `GOOGLE_CLIENT_SECRET`"), "{}", said.err);
    assert_eq!(home.run(&["--json", "import", &file]).ok().json()[0]["fate"], "kept");
    assert_eq!(home.run(&["--json", "import", &file, "--replace"]).ok().json()[0]["fate"], "replaced");
    assert!(home.run(&["import", &file, "--key", "other"]).fails_with(2).err.contains("holds 2 clients"));
}

#[cfg(unix)]
#[test]
fn an_export_opens_and_replaces_nothing_that_is_there() {
    let home = Home::new();
    home.run(&["config", "create", "gh", "github", "id", "secret"]).ok();
    let (victim, link) = (home.path().join("victim"), home.path().join("all.backup"));
    std::fs::write(&victim, "precious").unwrap();
    std::os::unix::fs::symlink(&victim, &link).unwrap();
    home.with_passphrase("p", &["export", link.to_str().unwrap()]).fails_with(2);
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
    assert_eq!(
        std::fs::read_dir(home.path())
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "part"))
            .count(),
        0
    );
}

#[test]
fn a_public_client_of_a_backup_over_one_with_a_secret_leaves_no_secret_behind() {
    let home = Home::new();
    home.run(&["config", "create", "gh", "github", "public", "--public"]).ok();
    let file = home.path().join("all.backup");
    let file = file.to_str().unwrap();
    home.with_passphrase("p", &["export", file]).ok();
    home.run(&["config", "delete", "gh", "--yes"]).ok();
    home.run(&["config", "create", "gh", "github", "id", "secret"]).ok();
    home.with_passphrase("p", &["import", "--replace", file]).ok();
    let config = home.run(&["--json", "config", "get", "gh"]).ok().json();
    assert_eq!((&config["oauth_client_id"], &config["has_client_secret"]), (&json!("public"), &json!(false)));
    let vault = rusqlite::Connection::open(home.data().join("vault.db")).unwrap();
    let left: i64 = vault.query_row("SELECT count(*) FROM records", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}
