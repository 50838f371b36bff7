use std::sync::Arc;
use std::time::Duration;

use hallpass::model::{Health, ProblemKind};
use hallpass::sandbox::Weather;
use hallpass::service::copy::Form;
use hallpass::service::fresh::{Fresh, Freshness};
use hallpass::service::{Kind, Result, Service};

use crate::support::trial::{LIFETIME, Trial, jane};

async fn fresh(service: &Service) -> Result<Fresh> {
    service.fresh_credentials(&jane(), Freshness::default()).await
}

fn token(fresh: &Fresh) -> String {
    fresh.credentials.token().expose().to_owned()
}

#[tokio::test]
async fn a_fresh_token_is_handed_out_as_it_is() {
    let trial = Trial::connected().await;
    let (first, second) = (fresh(&trial.service).await.unwrap(), fresh(&trial.service).await.unwrap());
    assert_eq!(token(&first), token(&second));
    assert_eq!(trial.sandbox.counts().refreshes, 0);
}

#[tokio::test]
async fn a_token_within_the_margin_is_refreshed_and_the_rotated_one_kept() {
    let trial = Trial::connected().await;
    let before = token(&fresh(&trial.service).await.unwrap());
    trial.clock.advance(LIFETIME.checked_sub(Duration::from_secs(59)).unwrap());
    let refreshed = fresh(&trial.service).await.unwrap();
    assert!(refreshed.was_refreshed);
    assert_ne!(token(&refreshed), before);
    assert!(trial.sandbox.accepts(&token(&refreshed)));
    for _ in 0..3 {
        trial.expire();
        assert!(
            trial.sandbox.accepts(&token(&fresh(&trial.another()).await.unwrap())),
            "another process goes on with the rotated token"
        );
    }
    assert_eq!((trial.sandbox.counts().refreshes, trial.sandbox.counts().reuses), (4, 0));
}

#[tokio::test]
async fn a_longer_life_may_be_asked_for_but_never_more_than_half() {
    let trial = Trial::connected().await;
    let ask = |seconds| Freshness { min_ttl: Some(Duration::from_secs(seconds)), ..Freshness::default() };
    assert!(!trial.service.fresh_credentials(&jane(), ask(1_800)).await.unwrap().was_refreshed);
    trial.clock.advance(Duration::from_mins(10));
    assert!(
        !trial.service.fresh_credentials(&jane(), ask(99_999)).await.unwrap().was_refreshed,
        "half of an hour is enough"
    );
    trial.clock.advance(Duration::from_mins(21));
    assert!(trial.service.fresh_credentials(&jane(), ask(99_999)).await.unwrap().was_refreshed);
}

#[tokio::test]
async fn fifty_at_once_are_one_refresh_and_equal_answers() {
    let trial = Trial::connected().await;
    trial.expire();
    let services = [trial.service.clone(), trial.another(), trial.another()];
    let asked = (0..50).map(|index| {
        let service: Arc<Service> = services[index % 3].clone();
        tokio::spawn(async move { token(&fresh(&service).await.unwrap()) })
    });
    let mut answers = Vec::new();
    for asked in asked.collect::<Vec<_>>() {
        answers.push(asked.await.unwrap());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    assert!(trial.sandbox.accepts(&answers[0]));
    assert_eq!((trial.sandbox.counts().refreshes, trial.sandbox.counts().reuses), (1, 0));
}

#[tokio::test]
async fn forced_refreshes_at_once_share_one_answer() {
    let trial = Trial::connected().await;
    let forced = Freshness { forced: true, ..Freshness::default() };
    let asked: Vec<_> = (0..8)
        .map(|_| {
            let service = trial.service.clone();
            tokio::spawn(async move { token(&service.fresh_credentials(&jane(), forced).await.unwrap()) })
        })
        .collect();
    let mut answers = Vec::new();
    for asked in asked {
        answers.push(asked.await.unwrap());
    }
    answers.dedup();
    assert_eq!((answers.len(), trial.sandbox.counts().refreshes), (1, 1));
}

#[tokio::test]
async fn a_refused_refresh_marks_the_connection_and_keeps_everything_else() {
    let trial = Trial::connected().await;
    trial.expire();
    trial.sandbox.set_weather(Weather::InvalidGrant);
    let error = fresh(&trial.service).await.unwrap_err();
    assert_eq!(error.kind, Kind::AuthorizationNeeded);
    assert!(error.message.contains("invalid_grant"), "{error}");
    assert_eq!(error.hint.as_deref(), Some("`hallpass connect sandbox jane`"));
    let asked_once = trial.sandbox.counts().requests;
    let again = fresh(&trial.another()).await.unwrap_err();
    assert_eq!((again.kind, again.hint), (Kind::AuthorizationNeeded, error.hint));
    assert_eq!(trial.sandbox.counts().requests, asked_once, "a dead connection asks nobody");
    let connection = trial.service.connection(&jane()).unwrap();
    assert_eq!(connection.health(trial.service.now()), Health::Refused);
    assert!(!trial.service.configs().unwrap().is_empty());
    assert!(!trial.service.activity(Some(&jane()), 10).unwrap().is_empty());
}

#[tokio::test]
async fn bad_weather_that_passes_is_waited_for() {
    for weather in [Weather::TooMany, Weather::ServerError, Weather::SlowDown] {
        let trial = Trial::connected().await;
        trial.expire();
        trial.sandbox.set_next(&[weather]);
        let fresh = fresh(&trial.service).await.unwrap();
        assert!(trial.sandbox.accepts(&token(&fresh)), "{weather:?}");
        assert_eq!(trial.service.connection(&jane()).unwrap().problem, None);
    }
}

#[tokio::test]
async fn bad_weather_that_stays_is_an_error_and_kills_nothing() {
    let trial = Trial::connected().await;
    trial.expire();
    trial.sandbox.set_weather(Weather::ServerError);
    let error = fresh(&trial.service).await.unwrap_err();
    assert_eq!(error.kind, Kind::Provider);
    assert!(error.message.contains("500"), "{error}");
    let connection = trial.service.connection(&jane()).unwrap();
    assert_eq!(connection.problem.as_ref().unwrap().kind, ProblemKind::Transient);
    assert_eq!(connection.health(trial.service.now()), Health::Refreshable);
    trial.sandbox.set_weather(Weather::Fine);
    assert!(trial.sandbox.accepts(&token(&fresh(&trial.service).await.unwrap())));
    assert_eq!(trial.service.connection(&jane()).unwrap().problem, None);
}

#[tokio::test]
async fn a_wrong_client_secret_leaves_the_connection_alive() {
    let trial = Trial::connected().await;
    trial.expire();
    let key = jane().config;
    let change = |secret: &str| hallpass::service::configs::ConfigChanges {
        client_secret: Some(hallpass::model::Secret::new(secret)),
        ..Default::default()
    };
    trial.service.edit_config(&key, change("wrong")).await.unwrap();
    let error = fresh(&trial.service).await.unwrap_err();
    assert_eq!(error.kind, Kind::Provider);
    assert!(error.hint.unwrap().contains("hallpass config edit sandbox"));
    trial.service.edit_config(&key, change(hallpass::sandbox::CLIENT_SECRET)).await.unwrap();
    assert!(trial.sandbox.accepts(&token(&fresh(&trial.service).await.unwrap())));
}

#[tokio::test]
async fn a_token_that_comes_expired_is_not_handed_out_in_silence() {
    let trial = Trial::configured().await;
    trial.sandbox.set_weather(Weather::Expired);
    trial.connect(crate::support::Decision::Allow).await.unwrap();
    let error = fresh(&trial.service).await.unwrap_err();
    assert_eq!(error.kind, Kind::Provider);
    assert!(error.message.contains("has ended already"), "{error}");
    trial.sandbox.set_weather(Weather::Fine);
    assert!(trial.sandbox.accepts(&token(&fresh(&trial.service).await.unwrap())), "the rotated refresh token was kept");
}

#[tokio::test]
async fn a_clock_that_was_set_back_does_not_bring_an_ended_token_to_life() {
    let trial = Trial::connected().await;
    let before = token(&fresh(&trial.service).await.unwrap());
    trial.clock.set_back(Duration::from_hours(24));
    assert_ne!(token(&fresh(&trial.service).await.unwrap()), before);
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_only_when_that_is_asked_for() {
    let trial = Trial::connected().await;
    trial.expire();
    trial.sandbox.set_next(&[Weather::InvalidGrant]);
    assert_eq!(fresh(&trial.service).await.unwrap_err().kind, Kind::AuthorizationNeeded);
    assert_eq!(fresh(&trial.service).await.unwrap_err().kind, Kind::AuthorizationNeeded);
    let forced = Freshness { forced: true, ..Freshness::default() };
    trial.service.fresh_credentials(&jane(), forced).await.unwrap();
    assert_eq!(trial.service.connection(&jane()).unwrap().problem, None);
}

#[tokio::test]
async fn while_the_provider_is_down_those_who_waited_do_not_try_in_turn() {
    let trial = Trial::connected().await;
    trial.expire();
    trial.sandbox.set_weather(Weather::ServerError);
    let before = trial.sandbox.counts().requests;
    let tries: Vec<_> = (0..6)
        .map(|_| {
            let (service, clock) = (trial.another(), trial.clock.clone());
            tokio::spawn(async move {
                let outcome = fresh(&service).await;
                clock.advance(Duration::from_millis(1));
                outcome.unwrap_err().kind
            })
        })
        .collect();
    // The clock moves on while the first one tries, as clocks do.
    trial.clock.advance(Duration::from_millis(1));
    for tried in tries {
        tried.await.unwrap();
    }
    assert!(trial.sandbox.counts().requests - before <= 6, "{} requests", trial.sandbox.counts().requests - before);
}

#[tokio::test]
async fn revoked_tokens_are_refused_by_the_server_and_a_deleted_connection_leaves_nothing() {
    let trial = Trial::connected().await;
    let before = token(&fresh(&trial.service).await.unwrap());
    let deleted = trial.service.delete_connection(&jane(), true).await.unwrap();
    assert_eq!(deleted.revocation, Some(Ok(())));
    assert!(!trial.sandbox.accepts(&before));
    assert_eq!(fresh(&trial.service).await.unwrap_err().kind, Kind::NotFound);
    let vault = rusqlite::Connection::open(trial.home.path().join("vault.db")).unwrap();
    let names: Vec<String> = vault
        .prepare("SELECT name FROM records")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(std::result::Result::unwrap)
        .collect();
    assert_eq!(names, ["config/sandbox"]);
}

#[tokio::test]
async fn names_change_and_tokens_go_along() {
    let trial = Trial::connected().await;
    let before = token(&fresh(&trial.service).await.unwrap());
    let jim =
        trial.service.rename_connection(&jane(), &hallpass::model::ConnectionId::new("jim").unwrap()).await.unwrap();
    let work = hallpass::model::ConfigKey::new("work").unwrap();
    trial.service.rename_config(&jim.config, &work).await.unwrap();
    let moved = hallpass::model::ConnectionRef::new(work, jim.id);
    trial.expire();
    let after = trial.another().fresh_credentials(&moved, Freshness::default()).await.unwrap();
    assert_ne!(token(&after), before);
    assert!(trial.sandbox.accepts(&token(&after)));
    let vault = rusqlite::Connection::open(trial.home.path().join("vault.db")).unwrap();
    let mut names: Vec<String> = vault
        .prepare("SELECT name FROM records")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(std::result::Result::unwrap)
        .collect();
    names.sort();
    assert_eq!(names, ["config/work", "connection/work/jim"]);
}

#[tokio::test]
async fn a_token_is_handed_out_in_the_form_that_is_asked_for() {
    let trial = Trial::connected().await;
    let token = token(&fresh(&trial.service).await.unwrap());
    let form = |form| {
        let service = trial.service.clone();
        async move { service.hand_out(&jane(), Freshness::default(), form).await.unwrap().text.expose().to_owned() }
    };
    assert_eq!(form(Form::Raw).await, token);
    assert_eq!(form(Form::Header).await, format!("authorization: Bearer {token}"));
    assert_eq!(form(Form::Env).await, format!("SANDBOX_JANE_TOKEN={token}"));
    let curl = form(Form::Curl).await;
    assert_eq!(curl, format!("curl -H 'authorization: Bearer {token}' {}/userinfo", trial.sandbox.issuer()));
    let json: serde_json::Value = serde_json::from_str(&form(Form::Json).await).unwrap();
    assert_eq!((json["type"].as_str(), json["access_token"].as_str()), (Some("OAUTH2"), Some(token.as_str())));
    assert_eq!(json["expires_at"], "2026-01-01T01:00:00.000Z");
}

#[tokio::test]
async fn a_copy_is_a_fresh_token_and_leaves_at_the_end() {
    let trial = Trial::connected().await;
    trial.expire();
    let copied = trial.service.copy(&jane(), Freshness::default(), Form::Raw).await.unwrap();
    assert!(copied.was_refreshed);
    assert_eq!((copied.valid_for, copied.cleared_after), (Some(LIFETIME), Some(Duration::from_secs(30))));
    let held = trial.clipboard.0.lock().unwrap().clone().unwrap();
    assert!(trial.sandbox.accepts(held.expose()));
    trial.service.clear_clipboard();
    assert_eq!(*trial.clipboard.0.lock().unwrap(), None);
}
