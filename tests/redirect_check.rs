use hallpass::model::ConfigKey;
use hallpass::service::configs::{ConfigChanges, NewConfig};
use hallpass::service::doctor::Wellness;

use crate::support::trial::{Trial, jane};

fn sandbox() -> ConfigKey {
    ConfigKey::new("sandbox").unwrap()
}

async fn redirect_to(trial: &Trial, uri: &str) -> hallpass::service::doctor::Finding {
    let changes = ConfigChanges { redirect_uri: Some(uri.to_owned()), ..ConfigChanges::default() };
    trial.service.edit_config(&sandbox(), changes).await.unwrap();
    trial.service.check_redirect(&sandbox()).await.unwrap()
}

#[tokio::test]
async fn a_redirect_uri_that_can_be_reached_is_called_and_said_to_be_so() {
    let trial = Trial::configured().await;
    let found = redirect_to(&trial, "http://127.0.0.1:0/callback").await;
    assert_eq!(found.wellness, Wellness::Well, "{found:?}");
    assert!(found.found.contains("is reached at 127.0.0.1"), "{found:?}");
}

#[tokio::test]
async fn a_port_that_another_program_holds_is_told_with_what_to_do() {
    let trial = Trial::configured().await;
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let found = redirect_to(&trial, &format!("http://127.0.0.1:{port}/callback")).await;
    assert_eq!(found.wellness, Wellness::Ill, "{found:?}");
    assert!(found.found.contains(&port.to_string()) && found.mend.is_some(), "{found:?}");
}

#[tokio::test]
async fn a_redirect_uri_that_leads_elsewhere_cannot_be_listened_at() {
    let trial = Trial::configured().await;
    let found = redirect_to(&trial, "https://app.example.com/callback").await;
    assert_eq!(found.wellness, Wellness::Ill, "{found:?}");
    assert!(found.found.contains("does not lead to this machine"), "{found:?}");
}

#[tokio::test]
async fn a_config_like_another_has_its_secret_unless_it_has_its_own() {
    let trial = Trial::configured().await;
    let new = |key: &str, secret: Option<&str>| NewConfig {
        key: ConfigKey::new(key).unwrap(),
        provider: "sandbox".to_owned(),
        client_id: "sandbox-client".to_owned(),
        client_secret: secret.map(hallpass::model::Secret::new),
        scopes: Vec::new(),
        redirect_uri: None,
    };
    let service = &trial.service;
    let before = service.client_secret(&service.config(&sandbox()).unwrap()).await.unwrap();
    let like = service.create_config_like(&sandbox(), new("second", None)).await.unwrap();
    assert_eq!(service.client_secret(&like).await.unwrap(), before);
    let own = service.create_config_like(&sandbox(), new("third", Some("another"))).await.unwrap();
    assert_eq!(service.client_secret(&own).await.unwrap().unwrap().expose(), "another");
}

#[tokio::test]
async fn the_api_says_who_a_token_is() {
    let trial = Trial::connected().await;
    let who = trial.service.who_am_i(&jane()).await.unwrap();
    assert!(!who.lines(trial.service.now()).is_empty(), "{who:?}");
}
