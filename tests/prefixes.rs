//! Every operation is a list of steps on the store and the vault. Whatever step is the last one that
//! happens, mending leaves the store and the vault saying the same.

use hallpass::model::{
    Config, ConfigKey, Connection, ConnectionId, ConnectionRef, Credentials, Secret, Time, TokenSet,
};
use hallpass::service::fresh::Freshness;
use hallpass::store::{After, Announcement, IntentKind, Rename, Store};
use hallpass::vault::VaultBackend;
use hallpass::vault::key::KeyRing;
use hallpass::vault::sealed::Sealed;
use proptest::prelude::*;
use proptest::test_runner::{Config as Runs, TestRunner};

use crate::support::trial::Trial;

/// A process that is killed: its name is held by nobody.
const KILLED: &str = "process-0";

#[derive(Debug, Clone)]
enum Operation {
    /// Writes credentials: of a new connection, or rotated ones.
    Save(String),
    Delete(String),
    Rename(String, String),
    EditConfig,
}

/// What a process that may be killed works on.
struct Hands {
    store: Store,
    vault: Sealed,
    at: Time,
    /// How many more steps happen.
    left: usize,
}

impl Hands {
    fn of(trial: &Trial, left: usize) -> Self {
        let keys = KeyRing { passphrase: None, ask: None, file: Some(trial.home.path().join("key")), chosen: None };
        Self {
            store: Store::at(trial.home.path().join("hallpass.db")).unwrap(),
            vault: Sealed::at(trial.home.path().join("vault.db"), keys),
            at: trial.service.now(),
            left,
        }
    }

    /// Does one step, or nothing any more: `None` ends the process.
    fn step<T>(&mut self, step: impl FnOnce(&Store, &mut Sealed) -> T) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        Some(step(&self.store, &mut self.vault))
    }

    fn announce(&mut self, kind: IntentKind, item: &str) -> Option<i64> {
        let at = self.at;
        self.step(|store, _| store.announce(&Announcement { kind, item, vault: "sealed", holder: KILLED, at }).unwrap())
    }

    fn perform(&mut self, operation: &Operation) -> Option<()> {
        match operation {
            Operation::Save(id) => {
                let reference = named(id);
                let item = item_of(id);
                let n = self.announce(IntentKind::Write, &item)?;
                let (credentials, row) = (credentials(n, self.at), connection(&reference, n, self.at));
                let after = After::Connection(Box::new(row.clone()));
                self.step(|store, _| store.complete_intent(n, &after).unwrap())?;
                self.step(|_, vault| vault.write(&item, &credentials.to_record(n)).unwrap())?;
                self.step(|store, _| store.save_connection(&row, Some(n)).unwrap())
            }
            Operation::Delete(id) => {
                self.store.connection(&named(id)).unwrap()?;
                let item = item_of(id);
                let n = self.announce(IntentKind::Delete, &item)?;
                self.step(|_, vault| vault.delete(&item).unwrap())?;
                self.step(|store, _| store.delete_connection(&named(id), Some(n)).unwrap())
            }
            Operation::Rename(from, to) => {
                self.store.connection(&named(from)).unwrap()?;
                if self.store.connection(&named(to)).unwrap().is_some() {
                    return Some(());
                }
                let (old, new, at) = (item_of(from), item_of(to), self.at);
                // An earlier one that was killed may have left a row without its item to mend.
                let value = self.vault.read(&old).unwrap()?;
                let copied = self.announce(IntentKind::Write, &new)?;
                self.step(|_, vault| vault.write(&new, &value).unwrap())?;
                let original =
                    Announcement { kind: IntentKind::Forget, item: &old, vault: "sealed", holder: KILLED, at };
                let rename = Rename { copied: Some(copied), original };
                let id = ConnectionId::new(to.as_str()).unwrap();
                let forget = self.step(|store, _| store.rename_connection(&named(from), &id, &rename).unwrap())?;
                self.step(|_, vault| vault.delete(&old).unwrap())?;
                self.step(|store, _| store.clear_intent(forget).unwrap())
            }
            Operation::EditConfig => {
                let key = ConfigKey::new("sandbox").unwrap();
                let n = self.announce(IntentKind::Write, "config/sandbox")?;
                let config = self.store.config(&key).unwrap()?;
                let config = Config { client_id: format!("client-{n}"), revision: n, ..config };
                let record = Secret::new(format!("{{\"client_secret\":\"secret-{n}\",\"revision\":{n}}}"));
                self.step(|store, _| store.complete_intent(n, &After::Config(Box::new(config.clone()))).unwrap())?;
                self.step(|_, vault| vault.write("config/sandbox", &record).unwrap())?;
                self.step(|store, _| store.update_config(&config, Some(n)).unwrap())
            }
        }
    }
}

fn named(id: &str) -> ConnectionRef {
    ConnectionRef::parse(&format!("sandbox/{id}")).unwrap()
}

fn item_of(id: &str) -> String {
    format!("connection/sandbox/{id}")
}

fn credentials(revision: i64, at: Time) -> Credentials {
    Credentials::OAuth2(TokenSet {
        refresh_token: Some(Secret::new(format!("refresh-{revision}"))),
        expires_at: Some(at + std::time::Duration::from_hours(1)),
        ..TokenSet::new(Secret::new(format!("token-{revision}")), at)
    })
}

fn connection(reference: &ConnectionRef, revision: i64, at: Time) -> Connection {
    let mut connection = Connection {
        number: 0,
        way: hallpass::model::WayIn::OAuth2,
        reference: reference.clone(),
        provider: hallpass::model::ProviderId::new("sandbox").unwrap(),
        requested_scopes: Vec::new(),
        granted_scopes: None,
        expires_at: None,
        obtained_at: at,
        is_refreshable: false,
        variables: [("of".to_owned(), revision.to_string())].into(),
        problem: None,
        created_at: at,
        updated_at: at,
        refreshed_at: None,
        is_untold: false,
        revision,
    };
    connection.record(&credentials(revision, at));
    connection
}

/// Whatever happened: one process mends, and then the store and the vault say the same.
async fn check(trial: &Trial) {
    let service = trial.another();
    service.mend().await.unwrap();
    let hands = Hands::of(trial, 0);
    assert_eq!(hands.store.intents().unwrap(), [], "intents are left");
    let database = rusqlite::Connection::open(trial.home.path().join("vault.db")).unwrap();
    let mut statement = database.prepare("SELECT name FROM records ORDER BY name").unwrap();
    let kept: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let connections = service.connections().unwrap();
    let mut wanted = vec!["config/sandbox".to_owned()];
    wanted.extend(connections.iter().map(|connection| item_of(connection.reference.id.as_str())));
    wanted.sort();
    assert_eq!(kept, wanted, "the vault and the store");
    for connection in connections {
        let fresh = service.fresh_credentials(&connection.reference, Freshness::default()).await.unwrap();
        let token = fresh.credentials.token().expose().to_owned();
        // Those that the sandbox gave came before all numbers of these operations.
        if let Some(number) = connection.variables.get("of") {
            assert_eq!(token, format!("token-{number}"), "the row belongs to the record");
        }
    }
    let config = service.config(&ConfigKey::new("sandbox").unwrap()).unwrap();
    let mut hands = Hands::of(trial, 0);
    let record = hands.vault.read("config/sandbox").unwrap().unwrap();
    let number = config.client_id.strip_prefix("client-");
    assert!(number.is_none_or(|number| record.expose().contains(&format!("secret-{number}\""))), "id and secret");
}

#[tokio::test]
async fn every_prefix_of_every_operation_recovers() {
    let name = str::to_owned;
    let operations = [
        Operation::Save(name("new")),
        Operation::Save(name("jane")),
        Operation::Delete(name("jane")),
        Operation::Rename(name("jane"), name("jim")),
        Operation::EditConfig,
    ];
    for operation in operations {
        let mut length = 0;
        loop {
            let trial = Trial::connected().await;
            let is_whole = Hands::of(&trial, length).perform(&operation).is_some();
            check(&trial).await;
            if is_whole {
                break;
            }
            length += 1;
        }
        assert!(length >= 3, "{operation:?} has {length} steps");
    }
}

#[test]
fn any_operations_one_after_another_each_killed_anywhere_recover() {
    let names = prop_oneof![Just("jane"), Just("joe"), Just("jim")].prop_map(str::to_owned);
    let operation = prop_oneof![
        names.clone().prop_map(Operation::Save),
        names.clone().prop_map(Operation::Delete),
        (names.clone(), names).prop_map(|(from, to)| Operation::Rename(from, to)),
        Just(Operation::EditConfig),
    ];
    let story = proptest::collection::vec((operation, 0..8usize), 1..6);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    TestRunner::new(Runs { cases: 48, failure_persistence: None, ..Runs::default() })
        .run(&story, |story| {
            runtime.block_on(async {
                let trial = Trial::connected().await;
                for (operation, steps) in &story {
                    // Whoever takes an item's lock mends it first.
                    trial.another().mend().await.unwrap();
                    Hands::of(&trial, *steps).perform(operation);
                }
                check(&trial).await;
            });
            Ok(())
        })
        .unwrap();
}
