use hallpass::model::{ConfigKey, ConnectionRef};
use hallpass::service::fresh::Freshness;

use crate::support::trial::{Trial, jane};

/// A process number that no process has: the largest that Linux gives out is 2^22.
const NOBODY: u32 = 99_999_999;

impl Trial {
    fn leave_intent(&self, kind: &str, item: &str) {
        self.leave_intent_of(NOBODY, kind, item);
    }

    /// Leaves an intent of 1970.
    fn leave_intent_of(&self, process: u32, kind: &str, item: &str) {
        let store = rusqlite::Connection::open(self.home.path().join("hallpass.db")).unwrap();
        store
            .execute(
                "INSERT INTO intents (kind, item, vault, process, at) VALUES (?1, ?2, 'sealed', ?3, 0)",
                rusqlite::params![kind, item, process],
            )
            .unwrap();
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
    trial.store("UPDATE connections SET expires_at = 0, obtained_at = 0");
    trial.leave_intent("write", "connection/sandbox/jane");
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
    let store = rusqlite::Connection::open(trial.home.path().join("hallpass.db")).unwrap();
    let now = trial.service.now().timestamp_millis();
    let living = std::process::id();
    store
        .execute(
            "INSERT INTO intents (kind, item, vault, process, at) VALUES ('delete', 'connection/sandbox/jane', 'sealed', ?1, ?2)",
            rusqlite::params![living, now],
        )
        .unwrap();
    trial.another().mend().await.unwrap();
    assert_eq!(trial.intents(), 1);
    assert!(trial.service.connection(&jane()).is_ok());
}

#[tokio::test]
async fn an_older_process_of_the_same_number_is_another_one() {
    let trial = Trial::connected().await;
    trial.leave_intent_of(std::process::id(), "delete", "connection/sandbox/jane");
    trial.another().mend().await.unwrap();
    assert_eq!(trial.intents(), 0);
    assert!(trial.service.connection(&jane()).is_err());
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
