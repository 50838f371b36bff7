use hallpass::model::{ConfigKey, ConnectionRef};
use hallpass::service::fresh::Freshness;

use crate::support::trial::{Trial, jane};

/// A name that no living process has.
const NOBODY: &str = "process-0";

impl Trial {
    fn leave_intent(&self, kind: &str, item: &str) {
        self.leave_intent_of(NOBODY, kind, item);
    }

    /// Leaves an intent, as a process that is killed does; returns its number.
    fn leave_intent_of(&self, holder: &str, kind: &str, item: &str) -> i64 {
        let store = rusqlite::Connection::open(self.home.path().join("hallpass.db")).unwrap();
        let sql = "INSERT INTO intents (kind, item, vault, holder, at) VALUES (?1, ?2, 'sealed', ?3, 0)";
        store.execute(sql, rusqlite::params![kind, item, holder]).unwrap();
        store.last_insert_rowid()
    }

    /// Leaves what a process leaves that is killed between the vault and the store's commit: the
    /// intent of the last write, the row it was to write, and the record in the vault.
    fn leave_written(&self, item: &str) {
        let store = rusqlite::Connection::open(self.home.path().join("hallpass.db")).unwrap();
        let (table, key) = if item.starts_with("config/") { ("configs", "key") } else { ("connections", "id") };
        let name = item.rsplit('/').next().unwrap();
        let sql = format!("SELECT revision FROM {table} WHERE {key} = ?1");
        let revision: i64 = store.query_row(&sql, [name], |row| row.get(0)).unwrap();
        let sql =
            "INSERT INTO intents (number, kind, item, vault, holder, at) VALUES (?1, 'write', ?2, 'sealed', ?3, 0)";
        store.execute(sql, rusqlite::params![revision, item, NOBODY]).unwrap();
    }

    fn store(&self, sql: &str) {
        rusqlite::Connection::open(self.home.path().join("hallpass.db")).unwrap().execute_batch(sql).unwrap();
    }

    fn items(&self) -> Vec<String> {
        let vault = rusqlite::Connection::open(self.home.path().join("vault.db")).unwrap();
        let mut statement = vault.prepare("SELECT name FROM records ORDER BY name").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn intents(&self) -> i64 {
        let store = rusqlite::Connection::open(self.home.path().join("hallpass.db")).unwrap();
        store.query_row("SELECT count(*) FROM intents", [], |row| row.get(0)).unwrap()
    }
}

#[tokio::test]
async fn a_new_connection_that_never_reached_the_store_leaves_no_orphan() {
    let trial = Trial::connected().await;
    trial.store("DELETE FROM connections");
    trial.leave_intent("write", "connection/sandbox/jane");
    trial.another().mend().await.unwrap();
    assert_eq!(trial.items(), ["config/sandbox"]);
    assert_eq!(trial.intents(), 0);
}

#[tokio::test]
async fn a_rotation_that_never_reached_the_store_stands() {
    let trial = Trial::connected().await;
    trial.expire();
    let rotated = trial.service.fresh_credentials(&jane(), Freshness::default()).await.unwrap();
    trial.leave_written("connection/sandbox/jane");
    trial.store("UPDATE connections SET expires_at = 0, obtained_at = 0, revision = 0");
    let service = trial.another();
    service.mend().await.unwrap();
    assert_eq!(service.connection(&jane()).unwrap().expires_at, rotated.connection.expires_at);
    assert_eq!(trial.intents(), 0);
}

#[tokio::test]
async fn a_deletion_that_was_interrupted_is_finished() {
    let trial = Trial::connected().await;
    trial.leave_intent("delete", "connection/sandbox/jane");
    trial.another().mend().await.unwrap();
    assert_eq!(trial.items(), ["config/sandbox"]);
    assert!(trial.service.connections().unwrap().is_empty());
    trial.leave_intent("delete", "config/sandbox");
    trial.another().mend().await.unwrap();
    assert!(trial.items().is_empty() && trial.service.configs().unwrap().is_empty());
}

#[tokio::test]
async fn a_rename_that_stopped_half_way_loses_nothing() {
    let trial = Trial::connected().await;
    // Copied to the new name, and the store never told.
    let vault = trial.another();
    let before = vault.fresh_credentials(&jane(), Freshness::default()).await.unwrap();
    trial.leave_intent("write", "connection/sandbox/jim");
    trial.another().mend().await.unwrap();
    let after = trial.another().fresh_credentials(&jane(), Freshness::default()).await.unwrap();
    assert_eq!(before.credentials, after.credentials);
    assert_eq!(trial.items(), ["config/sandbox", "connection/sandbox/jane"]);
}

#[tokio::test]
async fn what_a_living_process_is_doing_is_left_alone() {
    let trial = Trial::connected().await;
    let locks = trial.home.path().join("locks");
    let living = std::fs::File::create(locks.join("process-1f.lock")).unwrap();
    living.lock().unwrap();
    trial.leave_intent_of("process-1f", "delete", "connection/sandbox/jane");
    trial.another().mend().await.unwrap();
    assert_eq!(trial.intents(), 1);
    assert!(trial.service.connection(&jane()).is_ok());
    drop(living);
    trial.another().mend().await.unwrap();
    assert_eq!(trial.intents(), 0);
    assert!(trial.service.connection(&jane()).is_err());
    assert!(!locks.join("process-1f.lock").exists(), "nothing is left of a process that is gone");
}

#[tokio::test]
async fn a_new_connection_that_is_in_the_vault_alone_gets_the_row_that_was_announced() {
    let trial = Trial::connected().await;
    let before = trial.service.connection(&jane()).unwrap();
    trial.leave_written("connection/sandbox/jane");
    let after = serde_json::json!({"connection": &before}).to_string();
    trial.store(&format!("UPDATE intents SET after = '{after}'; DELETE FROM connections"));
    let service = trial.another();
    service.mend().await.unwrap();
    let found = service.connection(&jane()).unwrap();
    assert_eq!(
        (found.expires_at, found.variables, found.revision),
        (before.expires_at, before.variables, before.revision)
    );
    service.fresh_credentials(&jane(), Freshness::default()).await.unwrap();
    assert_eq!(trial.intents(), 0);
}

#[tokio::test]
async fn an_edit_that_is_in_the_vault_alone_takes_its_client_id_along() {
    let trial = Trial::connected().await;
    let key = ConfigKey::new("sandbox").unwrap();
    let mut config = trial.service.config(&key).unwrap();
    trial.leave_written("config/sandbox");
    config.client_id = "another".to_owned();
    let after = serde_json::json!({"config": &config}).to_string();
    trial.store(&format!("UPDATE intents SET after = '{after}'"));
    trial.another().mend().await.unwrap();
    assert_eq!(trial.service.config(&key).unwrap().client_id, "another");
}

#[tokio::test]
async fn an_edit_that_never_reached_the_vault_changes_nothing() {
    let trial = Trial::connected().await;
    let key = ConfigKey::new("sandbox").unwrap();
    let config = trial.service.config(&key).unwrap();
    let number = trial.leave_intent_of(NOBODY, "write", "config/sandbox");
    let after = serde_json::json!({"config": {"client_id": "another"}}).to_string();
    trial.store(&format!("UPDATE intents SET after = '{after}' WHERE number = {number}"));
    trial.another().mend().await.unwrap();
    assert_eq!(trial.service.config(&key).unwrap(), config);
    assert_eq!((trial.intents(), trial.items().len()), (0, 2));
}

#[tokio::test]
async fn a_probe_that_was_interrupted_is_taken_away() {
    let trial = Trial::connected().await;
    rusqlite::Connection::open(trial.home.path().join("vault.db"))
        .unwrap()
        .execute_batch("INSERT INTO records (name, sealed) VALUES ('probe/process-0', x'00')")
        .unwrap();
    trial.leave_intent("write", "probe/process-0");
    trial.another().mend().await.unwrap();
    assert_eq!(trial.items(), ["config/sandbox", "connection/sandbox/jane"]);
    assert_eq!(trial.intents(), 0);
}

#[tokio::test]
async fn an_older_copy_of_a_record_under_a_newer_store_is_refused_by_name() {
    let trial = Trial::connected().await;
    let home = trial.home.path().display();
    trial.store(&format!("ATTACH '{home}/vault.db' AS vault; VACUUM vault INTO '{home}/copy.db'"));
    trial.expire();
    trial.service.fresh_credentials(&jane(), Freshness::default()).await.unwrap();
    trial.store(&format!(
        "ATTACH '{home}/copy.db' AS old; ATTACH '{home}/vault.db' AS vault;
         UPDATE vault.records SET sealed = (SELECT sealed FROM old.records WHERE name = vault.records.name)"
    ));
    let error = trial.another().fresh_credentials(&jane(), Freshness::default()).await.unwrap_err();
    assert!(error.message.contains("older copy of `connection/sandbox/jane`"), "{error}");
    assert!(error.hint.unwrap().contains("hallpass connect sandbox jane"));
    assert_eq!(trial.service.activity(Some(&jane()), 9).unwrap().len(), 3, "nothing was sent to the provider");
}

#[tokio::test]
async fn a_deletion_of_a_config_that_has_connections_again_is_not_finished() {
    let trial = Trial::connected().await;
    trial.leave_intent("delete", "config/sandbox");
    trial.another().mend().await.unwrap();
    assert_eq!(trial.intents(), 0);
    assert_eq!(trial.items(), ["config/sandbox", "connection/sandbox/jane"]);
    assert!(trial.service.connection(&jane()).is_ok());
}

#[tokio::test]
async fn an_intent_that_nobody_understands_is_dropped_and_touches_nothing() {
    let trial = Trial::connected().await;
    for item in ["nonsense", "connection/a/b/c", "config/\u{1b}", ""] {
        trial.leave_intent("delete", item);
    }
    trial.another().mend().await.unwrap();
    assert_eq!(trial.intents(), 0);
    assert_eq!(trial.items().len(), 2);
    assert!(trial.service.config(&ConfigKey::new("sandbox").unwrap()).is_ok());
    assert!(trial.service.connection(&ConnectionRef::parse("sandbox/jane").unwrap()).is_ok());
}

#[tokio::test]
async fn a_connection_that_is_being_deleted_is_not_called_in_need_of_authorization() {
    let trial = Trial::connected().await;
    // Half the way of a deletion: gone from the vault, still in the store, its lock held.
    let digest = ring::digest::digest(&ring::digest::SHA256, b"sandbox/jane");
    let name = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, digest);
    let lock = std::fs::File::create(trial.home.path().join(format!("locks/{name}.lock"))).unwrap();
    lock.lock().unwrap();
    let vault = rusqlite::Connection::open(trial.home.path().join("vault.db")).unwrap();
    vault.execute("DELETE FROM records WHERE name = 'connection/sandbox/jane'", []).unwrap();
    let service = trial.another();
    let (jane, freshness) = (jane(), Freshness::default());
    let mut asking = Box::pin(service.fresh_credentials(&jane, freshness));
    let waited = tokio::time::timeout(std::time::Duration::from_millis(200), asking.as_mut()).await;
    assert!(waited.is_err(), "it waits for whoever holds the lock");
    trial.store("DELETE FROM connections");
    drop(lock);
    assert_eq!(asking.await.unwrap_err().kind, hallpass::service::Kind::NotFound);
}

#[tokio::test]
async fn a_run_with_another_vault_mends_nothing_and_writes_nothing() {
    let trial = Trial::connected().await;
    trial.leave_written("connection/sandbox/jane");
    let mut settings = crate::support::trial::settings(trial.home.path());
    settings.vault.kind = Some(hallpass::settings::VaultKind::Memory);
    let service = trial.with_settings(settings);
    service.mend().await.unwrap();
    assert_eq!((trial.intents(), trial.items().len()), (1, 2), "the only copy is still there");
    let error = service.delete_connection(&jane(), false).await.unwrap_err();
    assert!(error.message.contains("keeps its secrets in the sealed vault"), "{error}");
    assert!(service.rename_config(&ConfigKey::new("sandbox").unwrap(), &ConfigKey::new("x").unwrap()).await.is_err());
    let error = service.fresh_credentials(&jane(), Freshness::default()).await.unwrap_err();
    assert!(error.message.contains("keeps its secrets in the sealed vault"), "{error}");
    trial.another().mend().await.unwrap();
    assert_eq!((trial.intents(), trial.items().len()), (0, 2));
}

#[tokio::test]
async fn a_deletion_that_was_given_up_does_not_take_a_config_that_was_made_since() {
    let trial = Trial::configured().await;
    let key = ConfigKey::new("sandbox").unwrap();
    trial.leave_intent("delete", "config/sandbox");
    trial.store("DELETE FROM configs");
    let new = hallpass::service::configs::NewConfig {
        key: key.clone(),
        provider: "github".to_owned(),
        client_id: "public".to_owned(),
        client_secret: None,
        scopes: Vec::new(),
        redirect_uri: None,
    };
    trial.service.create_config(new).await.unwrap();
    trial.another().mend().await.unwrap();
    assert_eq!(trial.service.config(&key).unwrap().client_id, "public");
}

#[tokio::test]
async fn what_was_moved_away_is_forgotten_without_its_row() {
    let trial = Trial::connected().await;
    trial.leave_intent("forget", "connection/sandbox/jane");
    trial.another().mend().await.unwrap();
    assert_eq!(trial.items(), ["config/sandbox"]);
    assert!(trial.service.connection(&jane()).is_ok());
}

#[tokio::test]
async fn a_later_edit_stands_over_an_earlier_one_that_was_interrupted() {
    let trial = Trial::connected().await;
    let key = ConfigKey::new("sandbox").unwrap();
    let before = trial.service.config(&key).unwrap();
    trial.leave_written("config/sandbox");
    let after = serde_json::json!({"config": &before}).to_string();
    trial.store(&format!("UPDATE intents SET after = '{after}'"));
    trial.clock.advance(std::time::Duration::from_secs(1));
    let changes =
        hallpass::service::configs::ConfigChanges { client_id: Some("later".to_owned()), ..Default::default() };
    trial.service.edit_config(&key, changes).await.unwrap();
    trial.another().mend().await.unwrap();
    assert_eq!(trial.service.config(&key).unwrap().client_id, "later");
}

#[cfg(unix)]
#[tokio::test]
async fn the_doctor_writes_through_nothing_that_somebody_put_there() {
    let trial = Trial::connected().await;
    let victim = trial.home.path().join("victim");
    std::fs::write(&victim, "precious").unwrap();
    std::os::unix::fs::symlink(&victim, trial.home.path().join(format!("doctor-{}", std::process::id()))).unwrap();
    trial.service.doctor().await;
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
}
