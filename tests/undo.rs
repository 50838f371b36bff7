use hallpass::model::{ConfigKey, Happening};
use hallpass::service::fresh::Freshness;

use crate::support::trial::{Trial, jane};

#[tokio::test]
async fn a_connection_that_was_deleted_comes_back_as_it_was_and_still_refreshes() {
    let trial = Trial::connected().await;
    let service = &trial.service;
    let before = service.fresh_credentials(&jane(), Freshness::default()).await.unwrap();
    let removed = service.before_deleting(&[jane()]).await;
    assert!(!removed.is_empty() && !format!("{removed:?}").contains(before.credentials.token().expose()));
    service.delete_connection(&jane(), false).await.unwrap();
    assert!(service.connection(&jane()).is_err());
    assert_eq!(service.bring_back(&removed).await.unwrap(), 1);
    let after = service.fresh_credentials(&jane(), Freshness::default()).await.unwrap();
    assert_eq!(after.credentials, before.credentials);
    assert_eq!(after.connection.created_at, before.connection.created_at);
    let forced = Freshness { forced: true, ..Freshness::default() };
    service.fresh_credentials(&jane(), forced).await.unwrap();
    let told = service.activity(Some(&jane()), 10).unwrap();
    assert!(told.iter().any(|row| row.happening == Happening::Changed && row.detail.contains("brought back")));
}

#[tokio::test]
async fn a_config_comes_back_with_its_secret_and_its_connections() {
    let trial = Trial::connected().await;
    let service = &trial.service;
    let key = ConfigKey::new("sandbox").unwrap();
    let removed = service.before_deleting_config(&key).await;
    service.delete_config(&key).await.unwrap();
    assert!(service.config(&key).is_err());
    assert_eq!(service.bring_back(&removed).await.unwrap(), 2);
    let forced = Freshness { forced: true, ..Freshness::default() };
    service.fresh_credentials(&jane(), forced).await.unwrap();
}

#[tokio::test]
async fn what_has_taken_its_place_meanwhile_stays() {
    let trial = Trial::connected().await;
    let service = &trial.service;
    let removed = service.before_deleting(&[jane()]).await;
    service.delete_connection(&jane(), false).await.unwrap();
    trial.connect(crate::support::Decision::Allow).await.unwrap();
    let new = service.fresh_credentials(&jane(), Freshness::default()).await.unwrap();
    assert_eq!(service.bring_back(&removed).await.unwrap(), 0);
    let still = service.fresh_credentials(&jane(), Freshness::default()).await.unwrap();
    assert_eq!(still.credentials, new.credentials);
}
