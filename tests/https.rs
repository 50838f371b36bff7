//! HTTPS on this machine: the certificate, a callback that comes by it, and the server that answers by it.

use std::time::Duration;

use hallpass::http::Flags;
use hallpass::model::ConfigKey;
use hallpass::service::configs::{ConfigChanges, NewConfig};
use hallpass::service::connect::{ConnectRequest, Way};

use crate::support::served::Served;
use crate::support::trial::{Trial, jane};
use crate::support::{Decision, consent};

/// A browser whose user has agreed to the certificate.
fn trusting() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true);
    client.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

#[tokio::test]
async fn the_certificate_is_made_once_kept_for_its_owner_and_made_anew_before_it_ends() {
    let trial = Trial::new().await;
    let first = trial.service.certificate().await.unwrap();
    assert_eq!(first.ends, "2027-02-02");
    let paths = trial.service.settings().paths.clone();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for path in [&paths.certificate, &paths.certificate_key] {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
        }
    }
    assert!(!std::fs::read_to_string(&paths.certificate).unwrap().contains("PRIVATE KEY"));
    let same = trial.another().certificate().await.unwrap();
    assert_eq!(same.fingerprint, first.fingerprint);
    trial.clock.advance(Duration::from_hours(24 * 370));
    let second = trial.another().certificate().await.unwrap();
    assert_ne!(second.fingerprint, first.fingerprint);
    std::fs::write(&paths.certificate_key, "cut off").unwrap();
    let third = trial.another().certificate().await.unwrap();
    assert_ne!(third.fingerprint, second.fingerprint, "a key that does not go with it is replaced with it");
}

#[tokio::test]
async fn two_that_need_a_certificate_at_once_get_the_same_one() {
    let trial = Trial::new().await;
    let (one, other) = (trial.another(), trial.another());
    let (one, other) = tokio::join!(one.certificate(), other.certificate());
    assert_eq!(one.unwrap().fingerprint, other.unwrap().fingerprint);
}

#[tokio::test]
async fn a_callback_comes_by_https_where_the_redirect_uri_says_so() {
    let trial = Trial::new().await;
    trial.configure("sandbox", "sandbox-secret", "https://localhost:0/oauth/callback").await;
    let request = ConnectRequest { way: Way::NoBrowser, ..ConnectRequest::new(jane()) };
    let authorization = trial.service.begin(request).await.unwrap();
    let waiting = authorization.waiting().clone();
    assert!(waiting.redirect_uri.starts_with("https://localhost:"), "{}", waiting.redirect_uri);
    assert_eq!(waiting.certificate.unwrap(), trial.service.certificate().await.unwrap().fingerprint);
    let back = consent(&waiting.url, Decision::Allow).await;
    let come_back = async {
        let page = trusting().get(back).send().await.unwrap();
        (page.status().as_u16(), page.text().await.unwrap())
    };
    let (outcome, (status, page)) = tokio::join!(authorization.finish(), come_back);
    outcome.unwrap();
    assert!(status == 200 && page.contains("is authorized"), "{page}");
}

#[tokio::test]
async fn a_provider_that_takes_https_alone_gets_such_a_redirect_uri_by_itself() {
    let trial = Trial::new().await;
    let new = |key: &str, provider: &str| NewConfig {
        key: ConfigKey::new(key).unwrap(),
        provider: provider.to_owned(),
        client_id: "id".to_owned(),
        client_secret: None,
        scopes: Vec::new(),
        redirect_uri: None,
    };
    let slack = trial.service.create_config(new("slack", "slack")).await.unwrap();
    assert_eq!(slack.redirect_uri(), "https://localhost:3004/oauth/callback");
    let github = trial.service.create_config(new("github", "github")).await.unwrap();
    assert_eq!(github.redirect_uri(), "http://localhost:3003/oauth/callback");
    let named = ConfigChanges { redirect_uri: Some("https://me.example/cb".to_owned()), ..ConfigChanges::default() };
    trial.service.edit_config(&slack.key, named).await.unwrap();
    let usual = ConfigChanges { redirect_uri: Some(String::new()), ..ConfigChanges::default() };
    let slack = trial.service.edit_config(&slack.key, usual).await.unwrap();
    assert_eq!(slack.redirect_uri(), "https://localhost:3004/oauth/callback");
}

#[tokio::test]
async fn the_server_answers_by_both_and_takes_callbacks_by_both() {
    let trial = Trial::new().await;
    let flags = Flags { https: Some(0), ..Flags::default() };
    let served = Served::with(trial.service.clone(), None, &flags).await;
    let https = served.https().unwrap();
    assert_eq!(served.get("/health").await.status, 200);
    let answer = trusting().get(format!("{https}/health")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let other_host = trusting().get(format!("{https}/health")).header("host", "evil.example");
    assert_eq!(other_host.send().await.unwrap().status(), 421);
    trial.configure("sandbox", "sandbox-secret", &format!("{https}/oauth/callback")).await;
    let begun = served.get("/oauth/connect/sandbox?connection_id=jane").await;
    let back = consent(&Served::location(&begun), Decision::Allow).await;
    assert_eq!(back.scheme(), "https");
    let page = trusting().get(back).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("is authorized"), "{page}");
    // Whoever does not speak TLS there ends nothing.
    let port: u16 = https.rsplit(':').next().unwrap().parse().unwrap();
    let plain = crate::support::http().get(format!("http://localhost:{port}/health")).send().await;
    assert!(plain.is_err());
    assert_eq!(trusting().get(format!("{https}/health")).send().await.unwrap().status(), 200);
}
