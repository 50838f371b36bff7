use std::time::Duration;

use hallpass::model::{ConfigKey, Happening, Outcome};
use hallpass::sandbox::{CLIENT_SECRET, Weather};
use hallpass::service::Kind;
use hallpass::service::configs::ConfigChanges;
use hallpass::service::connect::{ConnectRequest, Way};
use url::Url;

use crate::support::trial::{Trial, jane};
use crate::support::{Decision, consent, get, visit};

async fn port_is_closed(url: &Url) -> bool {
    tokio::net::TcpStream::connect((url.host_str().unwrap(), url.port().unwrap())).await.is_err()
}

#[tokio::test]
async fn an_authorization_ends_with_a_connection_whose_token_the_server_accepts() {
    let trial = Trial::configured().await;
    let authorization = trial.service.begin(ConnectRequest::new(jane())).await.unwrap();
    let waiting = authorization.waiting().clone();
    assert_eq!(trial.browser.0.lock().unwrap().as_slice(), std::slice::from_ref(&waiting.url), "one tab");
    let redirect = Url::parse(&waiting.redirect_uri).unwrap();
    let (outcome, (status, page)) = tokio::join!(authorization.finish(), visit(&waiting.url, Decision::Allow));
    let connected = outcome.unwrap();
    assert_eq!(status, 200);
    assert!(page.contains("Connected") && page.contains("sandbox/jane"), "{page}");
    assert!(port_is_closed(&redirect).await);
    assert_eq!(connected.connection.granted_scopes.unwrap(), ["read", "write"]);
    let fresh = trial.service.fresh_credentials(&jane(), hallpass::service::fresh::Freshness::default()).await.unwrap();
    assert!(trial.sandbox.accepts(fresh.credentials.token().expose()));
    assert!(!fresh.was_refreshed);
}

#[tokio::test]
async fn a_stranger_ends_nothing_and_changes_nothing() {
    let trial = Trial::configured().await;
    let authorization = trial.service.begin(ConnectRequest::new(jane())).await.unwrap();
    let waiting = authorization.waiting().clone();
    let callback = waiting.redirect_uri.clone();
    let finishing = tokio::spawn(authorization.finish());
    let strange =
        ["", "?code=x", "?code=x&state=guess", "?error=access_denied", "?error=access_denied&state=guess", "?state="];
    for query in strange {
        let (status, page) = get(&Url::parse(&format!("{callback}{query}")).unwrap()).await;
        assert_eq!(status, 400, "{query}: {page}");
    }
    let (status, _) = get(&Url::parse(&callback).unwrap().join("/favicon.ico").unwrap()).await;
    assert_eq!(status, 404);
    visit(&waiting.url, Decision::Allow).await;
    finishing.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_callback_is_taken_once_even_when_two_come_together() {
    let trial = Trial::configured().await;
    let authorization = trial.service.begin(ConnectRequest::new(jane())).await.unwrap();
    let back = consent(&authorization.waiting().url, Decision::Allow).await;
    let finishing = tokio::spawn(authorization.finish());
    let (first, second) = tokio::join!(get(&back), get(&back));
    finishing.await.unwrap().unwrap();
    let mut statuses = [first.0, second.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 410], "{} {}", first.1, second.1);
    assert_eq!(trial.sandbox.counts().exchanges, 1);
}

#[tokio::test]
async fn a_denial_is_told_in_the_providers_words_with_a_hint() {
    let trial = Trial::configured().await;
    let authorization = trial.service.begin(ConnectRequest::new(jane())).await.unwrap();
    let url = authorization.waiting().url.clone();
    let (outcome, (_, page)) = tokio::join!(authorization.finish(), visit(&url, Decision::Deny));
    let error = outcome.unwrap_err();
    assert_eq!(error.kind, Kind::Provider);
    assert!(error.message.contains("access_denied: The user said no"), "{error}");
    assert!(error.hint.unwrap().contains("hallpass connect sandbox jane"));
    assert!(page.contains("The user said no"), "{page}");
    assert_eq!(trial.service.connection(&jane()).unwrap_err().kind, Kind::NotFound);
    let told = &trial.service.activity(None, 1).unwrap()[0];
    assert_eq!((told.happening, told.outcome), (Happening::Authorized, Outcome::Refused));
}

#[tokio::test]
async fn a_refused_scope_is_told_with_the_scopes_that_were_asked_for() {
    let trial = Trial::configured().await;
    let mut request = ConnectRequest::new(jane());
    request.scopes = Some(vec!["forbidden".to_owned()]);
    let authorization = trial.service.begin(request).await.unwrap();
    let url = authorization.waiting().url.clone();
    let (outcome, _) = tokio::join!(authorization.finish(), visit(&url, Decision::Allow));
    let error = outcome.unwrap_err();
    assert!(error.message.contains("invalid_scope"), "{error}");
    assert!(error.hint.unwrap().contains("asked for: forbidden"));
}

#[tokio::test]
async fn a_wrong_client_secret_is_told_with_the_command_that_mends_it() {
    let trial = Trial::new().await;
    trial.configure("sandbox", "wrong", "http://127.0.0.1:0/oauth/callback").await;
    let error = trial.connect(Decision::Allow).await.unwrap_err();
    assert!(error.message.contains("invalid_client"), "{error}");
    assert!(error.hint.unwrap().contains("hallpass config edit sandbox"));
}

#[tokio::test]
async fn fewer_scopes_than_asked_for_are_a_warning() {
    let trial = Trial::configured().await;
    trial.sandbox.set_next(&[Weather::FewerScopes]);
    let connected = trial.connect(Decision::Allow).await.unwrap();
    assert_eq!(connected.warnings, ["asked for and not granted: write"]);
    assert_eq!(connected.connection.refused_scopes(), ["write"]);
}

#[tokio::test]
async fn a_pasted_address_is_judged_as_strictly_as_a_callback() {
    let trial = Trial::configured().await;
    trial.configure("https", CLIENT_SECRET, "http://localhost:3003/oauth/callback").await;
    let mut request = ConnectRequest::new(hallpass::model::ConnectionRef::parse("https/jane").unwrap());
    request.way = Way::Paste;
    let authorization = trial.service.begin(request).await.unwrap();
    assert!(!authorization.waiting().listens);
    assert!(trial.browser.0.lock().unwrap().is_empty());
    let back = consent(&authorization.waiting().url, Decision::Allow).await;
    let paster = authorization.paster();
    let finishing = tokio::spawn(authorization.finish());
    for bad in [
        "",
        "a-bare-code",
        "https://evil.example/oauth/callback?code=x",
        "http://localhost:3003/oauth/callback?code=x&state=guess",
    ] {
        assert!(paster.paste(bad).await.is_err(), "{bad}");
    }
    paster.paste(&format!("  {back}\n")).await.unwrap();
    finishing.await.unwrap().unwrap();
    assert!(paster.paste(back.as_str()).await.unwrap_err().message.contains("ended already"));
}

#[tokio::test]
async fn time_runs_out_and_closes_the_port() {
    let trial = Trial::configured().await;
    let mut request = ConnectRequest::new(jane());
    request.timeout = Some(Duration::from_millis(50));
    let authorization = trial.service.begin(request).await.unwrap();
    let redirect = Url::parse(&authorization.waiting().redirect_uri).unwrap();
    let error = authorization.finish().await.unwrap_err();
    assert!(error.message.contains("no answer came in time"), "{error}");
    assert!(port_is_closed(&redirect).await);
}

#[tokio::test]
async fn dropping_an_authorization_closes_its_port() {
    let trial = Trial::configured().await;
    let authorization = trial.service.begin(ConnectRequest::new(jane())).await.unwrap();
    let redirect = Url::parse(&authorization.waiting().redirect_uri).unwrap();
    assert!(!port_is_closed(&redirect).await);
    drop(authorization);
    while !port_is_closed(&redirect).await {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_second_authorization_of_the_same_connection_ends_the_first() {
    let trial = Trial::configured().await;
    let first = trial.service.begin(ConnectRequest::new(jane())).await.unwrap();
    let first = tokio::spawn(first.finish());
    let second = trial.service.begin(ConnectRequest::new(jane())).await.unwrap();
    let error = first.await.unwrap().unwrap_err();
    assert!(error.message.contains("another authorization"), "{error}");
    let url = second.waiting().url.clone();
    let (outcome, _) = tokio::join!(second.finish(), visit(&url, Decision::Allow));
    outcome.unwrap();
}

#[tokio::test]
async fn authorizing_again_keeps_number_and_birthday_and_forgets_the_problem() {
    let trial = Trial::connected().await;
    let before = trial.service.connection(&jane()).unwrap();
    trial.expire();
    trial.sandbox.set_weather(Weather::InvalidGrant);
    let dead =
        trial.service.fresh_credentials(&jane(), hallpass::service::fresh::Freshness::default()).await.unwrap_err();
    assert_eq!(dead.kind, Kind::AuthorizationNeeded);
    trial.sandbox.set_weather(Weather::Fine);
    trial.connect(Decision::Allow).await.unwrap();
    let after = trial.service.connection(&jane()).unwrap();
    assert_eq!((after.number, after.created_at, after.problem), (before.number, before.created_at, None));
}

#[tokio::test]
async fn while_another_process_holds_the_port_it_sends_our_browser_on() {
    let trial = Trial::new().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    trial.configure("sandbox", CLIENT_SECRET, &format!("http://127.0.0.1:{free}/oauth/callback")).await;
    let first = trial.service.begin(ConnectRequest::new(jane())).await.unwrap();
    let joe = hallpass::model::ConnectionRef::parse("sandbox/joe").unwrap();
    let second = trial.another().begin(ConnectRequest::new(joe.clone())).await.unwrap();
    assert!(second.waiting().is_relayed && !first.waiting().is_relayed);
    assert_eq!(second.waiting().redirect_uri, first.waiting().redirect_uri);
    let (first_url, second_url) = (first.waiting().url.clone(), second.waiting().url.clone());
    let first = tokio::spawn(first.finish());
    let second = tokio::spawn(second.finish());
    let (status, page) = visit(&second_url, Decision::Allow).await;
    assert_eq!(status, 200, "{page}");
    second.await.unwrap().unwrap();
    visit(&first_url, Decision::Allow).await;
    first.await.unwrap().unwrap();
    assert_eq!(trial.service.connections().unwrap().len(), 2);
}

#[tokio::test]
async fn when_the_holder_of_the_port_ends_the_other_takes_over() {
    let trial = Trial::new().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    trial.configure("sandbox", CLIENT_SECRET, &format!("http://127.0.0.1:{free}/oauth/callback")).await;
    let holder = trial.another().begin(ConnectRequest::new(jane())).await.unwrap();
    let second = trial.service.begin(ConnectRequest::new(jane())).await.unwrap();
    let url = second.waiting().url.clone();
    let second = tokio::spawn(second.finish());
    drop(holder);
    let back = consent(&url, Decision::Allow).await;
    // The port is closed for the moment between the two.
    while tokio::net::TcpStream::connect(("127.0.0.1", free)).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    get(&back).await;
    second.await.unwrap().unwrap();
}

#[tokio::test]
async fn nothing_is_asked_of_a_provider_while_nothing_can_be_kept() {
    let trial = Trial::configured().await;
    std::fs::remove_file(trial.home.path().join("key")).unwrap();
    let error = trial.another().begin(ConnectRequest::new(jane())).await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind, Kind::Vault);
    assert!(trial.browser.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_variable_that_the_provider_does_not_know_is_named() {
    let trial = Trial::configured().await;
    let mut request = ConnectRequest::new(jane());
    request.variables.insert("subdomain".to_owned(), "acme".to_owned());
    let error = trial.service.begin(request).await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind, Kind::Usage);
    assert!(error.message.contains("`subdomain`"), "{error}");
}

#[tokio::test]
async fn a_config_that_moves_to_another_provider_meanwhile_gets_no_tokens_of_the_first() {
    let trial = Trial::configured().await;
    let authorization = trial.service.begin(ConnectRequest::new(jane())).await.unwrap();
    let url = authorization.waiting().url.clone();
    let key = ConfigKey::new("sandbox").unwrap();
    let changes = ConfigChanges { provider: Some("github".to_owned()), ..ConfigChanges::default() };
    trial.service.edit_config(&key, changes).await.unwrap();
    let (outcome, _page) = tokio::join!(authorization.finish(), visit(&url, Decision::Allow));
    let error = outcome.unwrap_err();
    assert!(error.message.contains("was moved to `github`"), "{error}");
    assert!(trial.service.connection(&jane()).is_err());
}

#[tokio::test]
async fn a_config_that_is_renamed_meanwhile_keeps_every_token_where_it_can_be_found() {
    let trial = Trial::configured().await;
    let authorization = trial.service.begin(ConnectRequest::new(jane())).await.unwrap();
    let url = authorization.waiting().url.clone();
    let (key, new) = (ConfigKey::new("sandbox").unwrap(), ConfigKey::new("work").unwrap());
    trial.service.rename_config(&key, &new).await.unwrap();
    let (outcome, _page) = tokio::join!(authorization.finish(), visit(&url, Decision::Allow));
    assert!(outcome.unwrap_err().message.contains("no config `sandbox`"));
    assert!(trial.service.connections().unwrap().is_empty());
}
