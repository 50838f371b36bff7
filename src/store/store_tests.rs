use std::time::Duration;

use super::*;
use crate::model::config::tests;
use crate::model::connection::tests::connection;
use crate::model::tape::{Answer, Masked, Request, Step, What};
use crate::model::{Activity, Caller, Config, ConfigKey, ConnectionId, Happening, Outcome, Problem, ProblemKind, Time};

fn time(seconds: i64) -> Time {
    Time::from_timestamp(1_767_225_600 + seconds, 0).unwrap()
}

fn config(key: &str) -> Config {
    Config { number: 0, scopes: vec!["repo".to_owned()], ..tests::config(key, "github") }
}

fn announcement(kind: IntentKind, item: &str) -> Announcement<'_> {
    Announcement { kind, item, vault: "sealed", holder: "process-1", at: time(0) }
}

/// A store in memory with the config that the connections of these tests are under.
fn with_config() -> Store {
    let store = Store::in_memory().unwrap();
    store.add_config(&config("github"), None).unwrap();
    store
}

fn on_disk() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path().join("home/hallpass.db")).unwrap();
    (folder, store)
}

#[test]
fn nothing_is_written_until_something_is_saved() {
    let (folder, store) = on_disk();
    assert!(store.configs().unwrap().is_empty());
    assert!(store.connections().unwrap().is_empty());
    assert!(!store.exists());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    store.add_config(&config("github"), None).unwrap();
    assert!(store.exists());
}

#[test]
fn what_one_process_saves_another_sees() {
    let (folder, store) = on_disk();
    let other = Store::at(folder.path().join("home/hallpass.db")).unwrap();
    assert!(other.configs().unwrap().is_empty());
    store.add_config(&config("github"), None).unwrap();
    let version = other.version().unwrap();
    assert_eq!(other.configs().unwrap().len(), 1);
    store.add_config(&config("gitlab"), None).unwrap();
    assert_ne!(other.version().unwrap(), version);
}

#[test]
fn a_config_comes_back_as_it_was_and_its_key_is_unique() {
    let store = Store::in_memory().unwrap();
    let number = store.add_config(&config("github"), None).unwrap();
    let found = store.config(&ConfigKey::new("github").unwrap()).unwrap().unwrap();
    assert_eq!(found, Config { number, ..config("github") });
    assert!(matches!(store.add_config(&config("github"), None), Err(StoreError::Exists(_))));
}

#[test]
fn authorizing_again_keeps_the_number_and_the_birthday() {
    let store = with_config();
    store.save_connection(&connection(), None).unwrap();
    let again = Connection { created_at: time(99), ..connection() };
    store.save_connection(&again, None).unwrap();
    let found = store.connection(&connection().reference).unwrap().unwrap();
    assert_eq!(found.number, 1);
    assert_eq!(found.created_at, connection().created_at);
}

use crate::model::Connection;

#[test]
fn a_problem_is_kept_and_leaves_with_the_next_success() {
    let store = with_config();
    store.save_connection(&connection(), None).unwrap();
    let problem = Problem { kind: ProblemKind::NeedsAuthorization, reason: "revoked".to_owned(), at: time(1) };
    store.set_problem(&connection().reference, &problem).unwrap();
    assert_eq!(store.connection(&connection().reference).unwrap().unwrap().problem, Some(problem));
    store.save_connection(&connection(), None).unwrap();
    assert_eq!(store.connection(&connection().reference).unwrap().unwrap().problem, None);
}

#[test]
fn a_renamed_config_takes_its_connections_along() {
    let store = Store::in_memory().unwrap();
    store.add_config(&config("github"), None).unwrap();
    store.add_config(&config("taken"), None).unwrap();
    store.save_connection(&connection(), None).unwrap();
    let key = |text| ConfigKey::new(text).unwrap();
    assert!(matches!(store.rename_config(&key("github"), &key("taken"), &[]), Err(StoreError::Exists(_))));
    store.rename_config(&key("github"), &key("work"), &[]).unwrap();
    assert_eq!(store.connections().unwrap()[0].reference.to_string(), "work/jane");
}

#[test]
fn a_connection_is_not_renamed_over_another() {
    let store = with_config();
    store.save_connection(&connection(), None).unwrap();
    let mut other = connection();
    other.reference.id = ConnectionId::new("joe").unwrap();
    store.save_connection(&other, None).unwrap();
    let copied = store.announce(&announcement(IntentKind::Write, "connection/github/joe")).unwrap();
    let rename = Rename { copied: Some(copied), original: announcement(IntentKind::Delete, "connection/github/jane") };
    let clash = store.rename_connection(&connection().reference, &other.reference.id, &rename);
    assert!(matches!(clash, Err(StoreError::Exists(_))));
    let free = ConnectionId::new("jim").unwrap();
    let deletion = store.rename_connection(&connection().reference, &free, &rename).unwrap();
    let left = store.intents().unwrap();
    assert_eq!((left.len(), left[0].number, left[0].kind), (1, deletion, IntentKind::Delete));
}

#[test]
fn a_save_and_the_clearing_of_its_intent_are_one_transaction() {
    let store = with_config();
    let intent = store.announce(&announcement(IntentKind::Write, "connection/github/jane")).unwrap();
    assert_eq!(store.intents().unwrap().len(), 1);
    store.save_connection(&connection(), Some(intent)).unwrap();
    assert!(store.intents().unwrap().is_empty());
}

#[test]
fn pending_flows_are_found_by_digest_until_they_end() {
    let store = Store::in_memory().unwrap();
    let flow = PendingFlow {
        state_digest: "d".to_owned(),
        connection: connection().reference,
        relay_port: 4000,
        expires_at: time(10),
    };
    store.add_pending(&flow, time(0)).unwrap();
    assert_eq!(store.pending("d", time(9)).unwrap(), Some(flow));
    assert_eq!(store.pending("d", time(10)).unwrap(), None);
    assert_eq!(store.pending("e", time(0)).unwrap(), None);
}

#[test]
fn activity_comes_newest_first_and_by_connection() {
    let store = Store::in_memory().unwrap();
    let mut row = Activity {
        number: 0,
        at: time(0),
        config: Some(ConfigKey::new("github").unwrap()),
        connection: Some(ConnectionId::new("jane").unwrap()),
        happening: Happening::Refreshed,
        outcome: Outcome::Done,
        detail: "one".to_owned(),
        took: Some(Duration::from_millis(12)),
        fingerprint: Some("00".to_owned()),
        flow: None,
        by: Some(Caller { name: "sh".to_owned(), process: 7, folder: Some("~".to_owned()) }),
    };
    row.number = store.add_activity(&row, &Place::Alone, &[]).unwrap();
    let other = Activity { connection: None, detail: "two".to_owned(), by: None, ..row.clone() };
    store.add_activity(&other, &Place::Alone, &[]).unwrap();
    assert_eq!(store.activity(None, 10).unwrap()[0].detail, "two");
    assert_eq!(store.activity(Some(&connection().reference), 10).unwrap(), [row]);
    store.add_activity(&Activity { detail: "three".to_owned(), ..other }, &Place::Alone, &[]).unwrap();
    let after = |number, of| {
        let rows = store.activity_after(number, of).unwrap();
        rows.into_iter().map(|row| row.detail).collect::<Vec<_>>()
    };
    assert_eq!(after(1, None), ["two", "three"]);
    assert_eq!(after(0, Some(&connection().reference)), ["one"]);
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let (folder, store) = on_disk();
    store.add_config(&config("github"), None).unwrap();
    drop(store);
    let file = folder.path().join("home/hallpass.db");
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Store::at(file).unwrap().configs().unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
}

#[test]
fn an_older_schema_is_copied_upgraded_and_loses_nothing() {
    let (folder, store) = on_disk();
    store.add_config(&config("github"), None).unwrap();
    drop(store);
    let file = folder.path().join("home/hallpass.db");
    let old = rusqlite::Connection::open(&file).unwrap();
    // What a process of the first version left: its tables, and an intent of its own.
    old.execute_batch(
        "ALTER TABLE configs DROP COLUMN revision; ALTER TABLE connections DROP COLUMN revision; DROP TABLE intents;
         ALTER TABLE connections DROP COLUMN way; DROP TABLE metadata;
         ALTER TABLE activity DROP COLUMN flow; ALTER TABLE activity DROP COLUMN caller; DROP TABLE steps;
         DROP TABLE open_flows;
         CREATE TABLE intents (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, item TEXT NOT NULL,
            vault TEXT NOT NULL, process INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
         INSERT INTO intents (number, kind, item, vault, process, at) VALUES (7, 'delete', 'config/old', 'sealed', 1, 0);
         PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(old);
    let store = Store::at(file.clone()).unwrap();
    assert_eq!(store.configs().unwrap()[0].key.as_str(), "github");
    let left = store.intents().unwrap();
    assert_eq!((left[0].number, left[0].item.as_str(), left[0].after.is_none()), (7, "config/old", true));
    assert!(store.announce(&announcement(IntentKind::Write, "config/github")).unwrap() > 7);
    let copy = rusqlite::Connection::open(file.with_extension("db.schema-1")).unwrap();
    let version: u32 = copy.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 1);
}

#[test]
fn an_intent_says_what_the_store_was_to_say_afterwards() {
    let store = with_config();
    let number = store.announce(&announcement(IntentKind::Write, "connection/github/jane")).unwrap();
    let after = After::Connection(Box::new(Connection { revision: number, ..connection() }));
    store.complete_intent(number, &after).unwrap();
    assert_eq!(store.intent(number).unwrap().unwrap().after, Some(after));
}

#[test]
fn a_connection_is_not_saved_under_a_config_that_is_gone() {
    let store = Store::in_memory().unwrap();
    assert!(matches!(store.save_connection(&connection(), None), Err(StoreError::NoConfig(_))));
    assert!(store.connections().unwrap().is_empty());
}

#[test]
fn a_write_makes_an_earlier_deletion_void() {
    let store = Store::in_memory().unwrap();
    store.announce(&announcement(IntentKind::Delete, "connection/github/jane")).unwrap();
    store.announce(&announcement(IntentKind::Delete, "connection/github/joe")).unwrap();
    store.announce(&announcement(IntentKind::Write, "connection/github/jane")).unwrap();
    let left: Vec<(IntentKind, String)> =
        store.intents().unwrap().into_iter().map(|intent| (intent.kind, intent.item)).collect();
    assert_eq!(
        left,
        [
            (IntentKind::Delete, "connection/github/joe".to_owned()),
            (IntentKind::Write, "connection/github/jane".to_owned())
        ]
    );
}

#[cfg(unix)]
#[test]
fn the_files_are_private_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, store) = on_disk();
    store.add_config(&config("github"), None).unwrap();
    for entry in std::fs::read_dir(folder.path().join("home")).unwrap() {
        let mode = entry.as_ref().unwrap().metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{entry:?}");
    }
}

fn happened(detail: &str) -> Activity {
    Activity {
        number: 0,
        at: time(0),
        config: None,
        connection: None,
        happening: Happening::Started,
        outcome: Outcome::Done,
        detail: detail.to_owned(),
        took: None,
        fingerprint: None,
        flow: None,
        by: None,
    }
}

fn step(said: &str) -> Step {
    let request = Request { method: "POST".to_owned(), url: Masked::text("https://as.example"), ..Request::default() };
    let answer = Some(Answer::Failed(said.to_owned()));
    let took = Some(Duration::from_millis(3));
    Step { at: time(1), took, what: What::Refresh, times: 2, request: Some(request), answer }
}

#[test]
fn rows_of_one_flow_have_its_steps_in_their_order() {
    let store = Store::in_memory().unwrap();
    let alone = store.add_activity(&happened("alone"), &Place::Alone, &[]).unwrap();
    let begun = store.add_activity(&happened("begun"), &Place::First, &[step("one")]).unwrap();
    let other = store.add_activity(&happened("other"), &Place::First, &[step("of another")]).unwrap();
    let ended = store.add_activity(&happened("ended"), &Place::Ends(begun), &[step("two"), step("three")]).unwrap();
    let flows: Vec<Option<i64>> = store.activity(None, 9).unwrap().iter().map(|row| row.flow).collect();
    assert_eq!(flows, [Some(begun), Some(other), Some(begun), None]);
    for row in [begun, ended] {
        assert_eq!(store.steps(row).unwrap().unwrap(), [step("one"), step("two"), step("three")]);
    }
    assert_eq!(store.steps(alone).unwrap(), Some(Vec::new()));
    assert_eq!(store.steps(99).unwrap(), None);
}

#[test]
fn a_flow_is_open_until_it_ends_or_somebody_takes_it_for_ended() {
    let store = Store::in_memory().unwrap();
    let open = || -> Vec<(String, String)> {
        store.open_flows().unwrap().into_iter().map(|(row, holder)| (row.detail, holder)).collect()
    };
    let one = store.add_activity(&happened("one"), &Place::Opens("process-1".to_owned()), &[]).unwrap();
    let two = store.add_activity(&happened("two"), &Place::Opens("process-2".to_owned()), &[]).unwrap();
    assert_eq!(open(), [("one".to_owned(), "process-1".to_owned()), ("two".to_owned(), "process-2".to_owned())]);
    store.add_activity(&happened("end"), &Place::Ends(one), &[]).unwrap();
    assert_eq!(open(), [("two".to_owned(), "process-2".to_owned())]);
    assert!(store.close_flow(two).unwrap());
    assert!(!store.close_flow(two).unwrap() && open().is_empty());
}

#[test]
fn steps_go_with_the_rows_that_they_belong_to_and_there_are_never_too_many() {
    let (folder, store) = on_disk();
    let first = store.add_activity(&happened("old"), &Place::Opens("process-1".to_owned()), &[step("old")]).unwrap();
    let file = folder.path().join("home/hallpass.db");
    let other = rusqlite::Connection::open(&file).unwrap();
    let count = || other.query_row("SELECT count(*) FROM steps", [], |row| row.get::<_, i64>(0)).unwrap();
    // As if there had been ten thousand others.
    other.execute("UPDATE sqlite_sequence SET seq = 10000 WHERE name = 'activity'", []).unwrap();
    store.add_activity(&happened("new"), &Place::First, &[step("new")]).unwrap();
    assert_eq!((store.steps(first).unwrap(), count()), (None, 1));
    assert!(store.open_flows().unwrap().is_empty());
    let many: Vec<Step> = (0..64).map(|_| step("x")).collect();
    for _ in 0..80 {
        store.add_activity(&happened("many"), &Place::First, &many).unwrap();
    }
    assert_eq!(count(), 5_000);
}

#[test]
fn a_store_without_steps_is_copied_and_gets_a_place_for_them() {
    let (folder, store) = on_disk();
    store.add_activity(&happened("before"), &Place::Alone, &[]).unwrap();
    drop(store);
    let file = folder.path().join("home/hallpass.db");
    let old = rusqlite::Connection::open(&file).unwrap();
    old.execute_batch(
        "ALTER TABLE activity DROP COLUMN flow; ALTER TABLE activity DROP COLUMN caller; DROP TABLE steps;
         DROP TABLE open_flows; PRAGMA user_version = 3;",
    )
    .unwrap();
    drop(old);
    let store = Store::at(file.clone()).unwrap();
    let new = store.add_activity(&happened("after"), &Place::First, &[step("one")]).unwrap();
    assert_eq!(store.steps(new).unwrap().unwrap().len(), 1);
    let before = &store.activity(None, 9).unwrap()[1];
    assert_eq!((before.detail.as_str(), before.flow, &before.by), ("before", None, &None));
    let copy = rusqlite::Connection::open(file.with_extension("db.schema-3")).unwrap();
    let rows: i64 = copy.query_row("SELECT count(*) FROM activity", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 1);
}
