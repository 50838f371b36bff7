//! Another host, seen from this machine: a hallpass, a server of early 2023, one of today that takes bearer tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use hallpass::backend::Backend;
use hallpass::catalog::Catalog;
use hallpass::http::Flags;
use hallpass::model::{ConfigKey, ConnectionRef, Health, Secret};
use hallpass::remote::{Host, Remote};
use hallpass::service::configs::{ConfigChanges, NewConfig};
use hallpass::service::copy::Form;
use hallpass::service::exec::Variable;
use hallpass::service::fresh::Freshness;
use hallpass::service::request::ApiRequest;
use hallpass::service::{Kind, Machine, Service};
use hallpass::settings::Settings;
use hallpass::system::clock::FixedClock;
use serde_json::{Value, json};

use crate::support::player::{Player, Reply, Seen};
use crate::support::program::Home;
use crate::support::served::Served;
use crate::support::trial::{Remembering, Slate, Trial, jane, settings};

const KEY: &str = "planted-key-of-the-host";

/// A backend that works at `address`, and the clipboard of its machine. Its home does not exist.
fn at(address: &str, key: Option<&str>, clock: &FixedClock, change: impl FnOnce(&mut Settings)) -> (Backend, Slate) {
    let mut settings = settings(std::path::Path::new("/nowhere/at/all"));
    change(&mut settings);
    let slate = Slate::default();
    let machine = Machine {
        clock: Arc::new(clock.clone()),
        browser: Box::new(Remembering::default()),
        clipboard: Box::new(slate.clone()),
    };
    let here = Service::in_memory(Catalog::new(None), settings, machine).unwrap();
    (Backend::Remote(Arc::new(Remote::new(here, Host::new(address, key.map(Secret::new)).unwrap()))), slate)
}

fn github() -> ConfigKey {
    ConfigKey::new("gh").unwrap()
}

fn reference(text: &str) -> ConnectionRef {
    ConnectionRef::parse(text).unwrap()
}

fn new(key: &str) -> NewConfig {
    NewConfig {
        key: ConfigKey::new(key).unwrap(),
        provider: "github".to_owned(),
        client_id: "id".to_owned(),
        client_secret: Some(Secret::new("secret")),
        scopes: vec!["repo".to_owned(), "gist".to_owned()],
        redirect_uri: None,
    }
}

/// A hallpass with `sandbox/jane` that wants its key, and a backend that works at it.
async fn hallpass() -> (Trial, Served, Backend, Slate) {
    let trial = Trial::connected().await;
    let served = Served::with(trial.service.clone(), Some(KEY), &Flags::default()).await;
    let address = format!("http://localhost:{}/", served.port);
    let (backend, slate) = at(&address, Some(KEY), &trial.clock, |_| ());
    (trial, served, backend, slate)
}

#[tokio::test]
async fn another_hallpass_is_seen_as_it_is() {
    let (trial, _served, backend, _) = hallpass().await;
    let (there, here) = (trial.service.connections().unwrap(), backend.connections().await.unwrap());
    let health = |connections: &[hallpass::model::Connection]| connections[0].health(trial.service.now());
    assert_eq!(health(&here), health(&there));
    assert_eq!((&here[0].reference, &here[0].granted_scopes), (&there[0].reference, &there[0].granted_scopes));
    assert_eq!(backend.connection(&jane()).await.unwrap(), here[0]);
    assert_eq!(backend.only_connection(&jane().config).await.unwrap(), jane());
    let (there, here) = (trial.service.configs().unwrap(), backend.configs().await.unwrap());
    assert_eq!(
        (&here[0].key, &here[0].client_id, &here[0].scopes),
        (&there[0].key, &there[0].client_id, &there[0].scopes)
    );
    let missing = backend.connection(&reference("sandbox/nobody")).await.unwrap_err();
    assert_eq!(missing.kind, Kind::NotFound);
    assert_eq!(backend.config(&github()).await.unwrap_err().kind, Kind::NotFound);
}

#[tokio::test]
async fn a_token_of_another_host_is_fresh_and_is_refreshed_there() {
    let (trial, _served, backend, slate) = hallpass().await;
    let first = backend.hand_out(&jane(), Freshness::default(), Form::Raw).await.unwrap();
    assert!(trial.sandbox.accepts(first.text.expose()));
    backend.copy(&jane(), Freshness::default(), Form::Raw).await.unwrap();
    assert_eq!(*slate.0.lock().unwrap(), Some(first.text.clone()));
    backend.refresh(&jane()).await.unwrap();
    assert_eq!(trial.sandbox.counts().refreshes, 1);
    trial.clock.advance(Duration::from_mins(40));
    let same = backend.hand_out(&jane(), Freshness::default(), Form::Raw).await.unwrap();
    assert_eq!(trial.sandbox.counts().refreshes, 1, "its host finds it fresh");
    let longer = Freshness { min_ttl: Some(Duration::from_mins(30)), ..Freshness::default() };
    let next = backend.hand_out(&jane(), longer, Form::Raw).await.unwrap();
    assert!(next.text != same.text && trial.sandbox.counts().refreshes == 2);
    let variable = Variable { name: None, connection: jane() };
    let environment = backend.environment(&[variable], "sh").await.unwrap();
    assert_eq!((environment[0].0.as_str(), environment[0].1.expose()), ("SANDBOX_JANE_TOKEN", next.text.expose()));
    let refused = backend.hand_out(&reference("sandbox/nobody"), Freshness::default(), Form::Raw).await.unwrap_err();
    assert_eq!(refused.kind, Kind::NotFound);
}

#[tokio::test]
async fn what_one_may_only_read_is_not_changed_there() {
    let trial = Trial::connected().await;
    let served = Served::with(trial.service.clone(), Some(KEY), &Flags::default()).await;
    let address = format!("http://localhost:{}", served.port);
    let (backend, _) = at(&address, Some(KEY), &trial.clock, |settings| settings.read_only = true);
    backend.hand_out(&jane(), Freshness::default(), Form::Raw).await.unwrap();
    assert!(!backend.capabilities().can_change);
    for error in [
        backend.refresh(&jane()).await.unwrap_err(),
        backend.create_config(new("gh")).await.unwrap_err(),
        backend.delete_config(&jane().config).await.unwrap_err(),
        backend.delete_connection(&jane(), false).await.unwrap_err(),
    ] {
        assert!(error.message.contains("--read-only"), "{error}");
    }
    assert_eq!((trial.sandbox.counts().refreshes, trial.service.configs().unwrap().len()), (0, 1));
}

#[tokio::test]
async fn configs_are_made_changed_and_deleted_at_another_hallpass() {
    let (trial, _served, backend, _) = hallpass().await;
    let made = backend.create_config(new("gh")).await.unwrap();
    assert_eq!((made.client_id.as_str(), made.scopes.len(), made.has_client_secret), ("id", 2, true));
    let edit = ConfigChanges { client_id: Some("other".to_owned()), ..ConfigChanges::default() };
    backend.edit_config(&github(), edit).await.unwrap();
    let there = trial.service.config(&github()).unwrap();
    assert_eq!((there.client_id.as_str(), there.scopes.len()), ("other", 2));
    let secret = trial.service.client_secret(&there).await.unwrap().unwrap();
    assert_eq!(secret.expose(), "secret", "what was not to change stays");
    let renamed = ConfigKey::new("hub").unwrap();
    backend.rename_config(&github(), &renamed).await.unwrap();
    assert_eq!(backend.delete_config(&renamed).await.unwrap(), 0);
    assert_eq!(backend.delete_config(&jane().config).await.unwrap(), 1);
    assert!(trial.service.connections().unwrap().is_empty() && trial.service.configs().unwrap().is_empty());
    let twice = new("gh");
    backend.create_config(twice.clone()).await.unwrap();
    assert_eq!(backend.create_config(twice).await.unwrap_err().kind, Kind::Usage);
}

#[tokio::test]
async fn what_a_host_does_not_do_says_where_it_is_done() {
    let (_trial, served, backend, _) = hallpass().await;
    let connect = hallpass::service::connect::ConnectRequest::new(reference("sandbox/a b"));
    let Err(error) = backend.begin(connect).await else { panic!("it began") };
    let url = format!("http://localhost:{}/oauth/connect/sandbox?connection_id=a+b", served.port);
    assert!(error.hint.as_deref().is_some_and(|hint| hint.contains(&url)), "{error:?}");
    let revoke = backend.delete_connection(&jane(), true).await.unwrap_err();
    assert!(revoke.message.contains("revoked") && backend.connection(&jane()).await.is_ok(), "nothing was deleted");
    assert!(backend.local().is_err());
    let (wrong, _) =
        at(&format!("http://localhost:{}", served.port), Some("nonsense"), &FixedClock::at(backend.now()), |_| ());
    let refused = wrong.connections().await.unwrap_err();
    assert!(refused.hint.as_deref().is_some_and(|hint| hint.contains("NANGO_SECRET_KEY")), "{refused:?}");
    let (nobody, _) = at("http://127.0.0.1:9", None, &FixedClock::at(backend.now()), |_| ());
    assert_eq!(nobody.connections().await.unwrap_err().kind, Kind::Network);
}

/// A server of early 2023: the older routes alone, the key as the user name of Basic; anything else is a web page.
fn era(seen: &Seen) -> Reply {
    let page = Reply { status: 200, headers: Vec::new(), kind: "text/html", body: "<!doctype html>".to_owned() };
    if !seen.path.starts_with("/config") && !seen.path.starts_with("/connection/") && seen.path != "/connection" {
        return page;
    }
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{KEY}:")));
    if seen.headers.get("authorization") != Some(&basic) {
        return Reply::json(401, &json!({"error": "Authentication failed. The provided secret key is invalid."}));
    }
    let config = json!({"id": 1, "unique_key": "gh", "provider": "github", "oauth_client_id": "id", "oauth_client_secret": "s", "oauth_scopes": "repo,gist", "account_id": 0, "created_at": "2023-03-01T00:00:00.000Z", "updated_at": "2023-03-01T00:00:00.000Z"});
    let connection = |end: Value| json!({"id": 7, "provider_config_key": "gh", "connection_id": "a b+c", "credentials": {"type": "OAUTH2", "access_token": "era-token", "expires_at": end, "raw": {"scope": "repo"}}, "connection_config": {}, "account_id": 0, "metadata": {}});
    match (seen.method.as_str(), seen.path.as_str()) {
        ("GET", "/config") => Reply::json(200, &json!({"configs": [config]})),
        ("GET", "/config/gh") if seen.query.get("include_creds").is_none_or(|asked| asked != "true") => {
            Reply::json(200, &json!({"config": {"unique_key": "gh", "provider": "github"}}))
        }
        ("GET", "/config/gh") => Reply::json(200, &json!({"config": config})),
        ("GET", "/connection") => Reply::json(
            200,
            &json!({"connections": [{"connection_id": "a b+c", "provider": "gh", "created": "2023-03-01T00:00:00.000Z"}]}),
        ),
        ("GET", "/connection/a%20b%2Bc") => Reply::json(200, &connection("2026-01-01T01:00:00.000Z".into())),
        ("GET", "/connection/old") => {
            let mut old = connection("2025-12-31T23:00:00.000Z".into());
            old["connection_id"] = "old".into();
            Reply::json(200, &old)
        }
        ("POST" | "PUT", "/config") => Reply::json(200, &json!({"config_id": 2})),
        ("DELETE", _) => Reply { status: 200, headers: Vec::new(), kind: "text/plain", body: String::new() },
        _ => Reply::json(
            400,
            &json!({"error": "No connection matching params 'connection_id' and 'provider_config_key'."}),
        ),
    }
}

fn start() -> FixedClock {
    FixedClock::at("2026-01-01T00:00:00Z".parse().unwrap())
}

#[tokio::test]
async fn a_server_of_early_2023_is_worked_at_over_its_own_routes() {
    let player = Player::start(era);
    let (backend, _) = at(&player.base(), Some(KEY), &start(), |_| ());
    let connections = backend.connections().await.unwrap();
    assert_eq!(
        (connections[0].reference.to_string().as_str(), connections[0].provider.as_str()),
        ("gh/a b+c", "github")
    );
    assert_eq!(connections[0].health(backend.now()), Health::Untold, "it does not tell");
    let header = backend.hand_out(&connections[0].reference, Freshness::default(), Form::Header).await.unwrap();
    assert!(header.text.expose().contains("era-token"));
    let old = backend.hand_out(&reference("gh/old"), Freshness::default(), Form::Raw).await.unwrap_err();
    assert_eq!(old.kind, Kind::AuthorizationNeeded, "a token that has ended is not handed out");
    let missing = backend.hand_out(&reference("gh/nobody"), Freshness::default(), Form::Raw).await.unwrap_err();
    assert!(missing.message.contains("No connection matching"), "{missing}");
    let edit = ConfigChanges { client_id: Some("new".to_owned()), ..ConfigChanges::default() };
    backend.edit_config(&github(), edit).await.unwrap();
    let put = player.seen().into_iter().find(|seen| seen.method == "PUT").unwrap();
    let body: Value = serde_json::from_str(&put.body).unwrap();
    assert_eq!(
        body,
        json!({"provider_config_key": "gh", "provider": "github", "oauth_client_id": "new", "oauth_client_secret": "s", "oauth_scopes": "repo,gist"})
    );
    assert!(backend.rename_config(&github(), &jane().config).await.is_err());
    assert_eq!(backend.delete_config(&github()).await.unwrap(), 1);
    let deleted: Vec<String> =
        player.seen().into_iter().filter(|seen| seen.method == "DELETE").map(|seen| seen.path).collect();
    assert_eq!(deleted, ["/connection/a%20b%2Bc", "/config/gh"], "its connections are not left behind");
}

#[tokio::test]
async fn a_host_that_takes_bearer_tokens_alone_gets_one_after_basic_was_refused() {
    let is_asked = Arc::new(AtomicBool::new(false));
    let basic = is_asked.clone();
    let row = json!({"id": 1, "connection_id": "c", "provider_config_key": "gh", "provider": "github", "errors": [{"type": "auth", "log_id": "x"}], "created": "2026-01-01T00:00:00.000Z"});
    let player = Player::start(move |seen: &Seen| {
        if seen.headers.get("authorization").is_some_and(|shown| shown == "Bearer planted-key-of-the-host") {
            return Reply::json(200, &json!({"connections": [row]}));
        }
        assert!(!basic.swap(true, Ordering::SeqCst), "what was refused once is not tried again");
        Reply::json(401, &json!({"error": {"code": "invalid_secret_key", "message": "no"}}))
    });
    let (backend, _) = at(&player.base(), Some(KEY), &start(), |_| ());
    for _ in 0..2 {
        let connections = backend.connections().await.unwrap();
        assert_eq!(connections[0].health(backend.now()), Health::Refused);
    }
    assert!(is_asked.load(Ordering::SeqCst));
}

#[tokio::test]
async fn the_key_goes_to_no_other_host_and_odd_answers_end_nothing() {
    let elsewhere = Player::start(|_: &Seen| Reply::json(200, &json!({"connections": []})));
    let target = elsewhere.base();
    let redirecting = Player::start(move |_: &Seen| Reply::redirect(302, &format!("{target}/connections")));
    let (backend, _) = at(&redirecting.base(), Some(KEY), &start(), |_| ());
    let error = backend.connections().await.unwrap_err();
    assert!(error.message.contains("sends elsewhere") && elsewhere.seen().is_empty(), "{error}");
    for body in [
        json!({"credentials": {"type": "OAUTH2", "access_token": "a\nb"}, "connection_id": "c", "provider_config_key": "gh", "provider": "github"}),
        json!({"credentials": {"type": "TBA", "token_id": "x"}, "connection_id": "c", "provider_config_key": "gh", "provider": "github"}),
        json!({"credentials": {"type": "OAUTH2", "access_token": "other"}, "connection_id": "somebody-else", "provider_config_key": "gh", "provider": "github"}),
        json!({"connections": 7}),
    ] {
        let shown = body.clone();
        let odd = Player::start(move |_: &Seen| Reply::json(200, &shown));
        let (backend, _) = at(&odd.base(), None, &start(), |_| ());
        let error = backend.hand_out(&reference("gh/c"), Freshness::default(), Form::Raw).await.unwrap_err();
        assert_eq!(error.kind, Kind::Provider, "{body}: {error}");
        assert!(backend.connections().await.unwrap().is_empty());
    }
    let (_page, backend) = backend_of_a_page();
    let error = backend.connections().await.unwrap_err();
    assert!(error.message.contains("not as Nango's REST API does"), "{error}");
}

fn backend_of_a_page() -> (Player, Backend) {
    let page = Reply { status: 200, headers: Vec::new(), kind: "text/html", body: "<!doctype html>".to_owned() };
    let player = Player::start(move |_: &Seen| page.clone());
    let (backend, _) = at(&player.base(), None, &start(), |_| ());
    (player, backend)
}

#[tokio::test]
async fn a_request_with_a_refused_token_is_sent_again_with_another_of_its_host() {
    let api = Player::start(|seen: &Seen| {
        let is_new = seen.headers.get("authorization").is_some_and(|value| value.ends_with("two"));
        Reply::json(if is_new { 200 } else { 401 }, &json!({}))
    });
    let clock = start();
    let at_each = clock.clone();
    let host = Player::start(move |seen: &Seen| {
        at_each.advance(Duration::from_secs(1));
        let token = if seen.query.get("force_refresh").is_some_and(|forced| forced == "true") { "two" } else { "one" };
        Reply::json(
            200,
            &json!({
                "connection_id": "c", "provider_config_key": "gh", "provider": "mine", "connection_config": {},
                "credentials": {"type": "OAUTH2", "access_token": token},
                "data": {"unique_key": "gh", "provider": "mine", "credentials": {"client_id": "id"}},
            }),
        )
    });
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("providers")).unwrap();
    let file = format!(
        "name = \"Mine\"\n[oauth2]\nauthorization_endpoint = \"{0}/a\"\ntoken_endpoint = \"{0}/t\"\n[api]\nbase_url = \"{0}\"\n",
        api.base()
    );
    std::fs::write(home.path().join("providers/mine.toml"), file).unwrap();
    let machine = Machine {
        clock: Arc::new(clock),
        browser: Box::new(Remembering::default()),
        clipboard: Box::new(Slate::default()),
    };
    let here =
        Service::in_memory(Catalog::new(Some(home.path().join("providers"))), settings(home.path()), machine).unwrap();
    let backend = Backend::Remote(Arc::new(Remote::new(here, Host::new(&host.base(), None).unwrap())));
    let request = ApiRequest { method: "GET".to_owned(), path: "/me".to_owned(), ..ApiRequest::default() };
    assert_eq!(backend.request(&reference("gh/c"), request).await.unwrap().status(), 200);
    assert!(host.seen().iter().all(|seen| !seen.headers.contains_key("authorization")), "there is no key to show");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_host_is_kept_on_disk_or_said_by_the_program() {
    let (trial, served, _, _) = hallpass().await;
    // The program has the clock of this machine.
    trial
        .clock
        .advance((hallpass::model::Time::from(std::time::SystemTime::now()) - trial.service.now()).to_std().unwrap());
    let home = Home::new();
    let address = format!("http://localhost:{}", served.port);
    let run = |arguments: Vec<&'static str>| {
        let mut command = home.command();
        command.env("NANGO_HOSTPORT", &address).env("NANGO_SECRET_KEY", KEY).args(arguments);
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    let got = run(vec!["-vvv", "token", "get", "sandbox"]).await.unwrap();
    let (token, told) = (String::from_utf8(got.stdout).unwrap(), String::from_utf8(got.stderr).unwrap());
    assert!(got.status.success() && token.starts_with("sbx_at_"), "{token}{told}");
    assert!(told.contains("asked the host") && !told.contains(KEY) && !told.contains(token.trim()), "{told}");
    run(vec!["-vvv", "config", "list"]).await.unwrap();
    assert!(!home.data().exists(), "not even a folder is made");
}

#[tokio::test]
async fn what_a_host_does_not_tell_of_a_config_is_not_overwritten() {
    let scopes: Vec<String> = (0..60).map(|number| format!("https://www.googleapis.com/auth/scope-{number}")).collect();
    let told = json!({"unique_key": "gh", "provider": "github", "credentials": {"type": "OAUTH2", "client_id": "id", "client_secret": "s", "scopes": scopes.join(",")}});
    let untold = json!({"unique_key": "gh", "provider": "github"});
    for (config, is_told) in [(told, true), (untold, false)] {
        let player = Player::start(move |_: &Seen| Reply::json(200, &json!({"data": config})));
        let (backend, _) = at(&player.base(), None, &start(), |_| ());
        let edit = ConfigChanges { client_id: Some("new".to_owned()), ..ConfigChanges::default() };
        let edited = backend.edit_config(&github(), edit).await;
        let patch = player.seen().into_iter().find(|seen| seen.method == "PATCH");
        if !is_told {
            let error = edited.unwrap_err();
            assert!(error.message.contains("does not tell the client secret") && patch.is_none(), "{error}");
            continue;
        }
        let body: Value = serde_json::from_str(&patch.unwrap().body).unwrap();
        let credentials = &body["credentials"];
        assert_eq!((&credentials["client_id"], &credentials["client_secret"]), (&json!("new"), &json!("s")));
        assert_eq!(credentials["scopes"], json!(scopes.join(",")), "to the last one");
    }
}

#[tokio::test]
async fn a_gateway_that_hiccups_is_no_sign_of_older_routes_and_nothing_is_written_twice() {
    let is_up = Arc::new(AtomicBool::new(false));
    let up = is_up.clone();
    let player = Player::start(move |seen: &Seen| {
        if !up.load(Ordering::SeqCst) {
            return Reply { status: 502, headers: Vec::new(), kind: "text/html", body: "<html>Bad Gateway".to_owned() };
        }
        match seen.path.as_str() {
            "/integrations" => Reply::json(200, &json!({"data": []})),
            _ => Reply::json(200, &json!({"data": {"unique_key": "gh", "provider": "github"}})),
        }
    });
    let (backend, _) = at(&player.base(), None, &start(), |_| ());
    let error = backend.create_config(new("gh")).await.unwrap_err();
    assert!(error.kind == Kind::Network && error.message.contains("behind its gateway (502)"), "{error}");
    assert!(player.seen().iter().all(|seen| seen.method == "GET"), "nothing was written");
    is_up.store(true, Ordering::SeqCst);
    backend.create_config(new("gh")).await.unwrap();
    let written: Vec<String> =
        player.seen().into_iter().filter(|seen| seen.method == "POST").map(|seen| seen.path).collect();
    assert_eq!(written, ["/integrations"]);
    let keyed = NewConfig {
        provider: "openai".to_owned(),
        client_id: String::new(),
        client_secret: None,
        scopes: Vec::new(),
        ..new("gh")
    };
    backend.create_config(keyed).await.unwrap();
    let last = player.seen().into_iter().rfind(|seen| seen.method == "POST").unwrap();
    let body: Value = serde_json::from_str(&last.body).unwrap();
    assert_eq!(body, json!({"unique_key": "gh", "provider": "openai"}), "what is authorized by a key has no client");
}

#[tokio::test]
async fn a_host_that_tells_the_same_page_again_and_again_is_asked_twice() {
    let row = |number: usize| json!({"connection_id": format!("c{number}"), "provider_config_key": "gh", "provider": "github"});
    let rows: Vec<Value> = (0..3_000).map(row).collect();
    let player = Player::start(move |_: &Seen| Reply::json(200, &json!({"connections": rows})));
    let (backend, _) = at(&player.base(), None, &start(), |_| ());
    assert_eq!(backend.connections().await.unwrap().len(), 2_000, "a page has so many");
    assert_eq!(player.seen().len(), 2);
}

#[tokio::test]
async fn no_credential_of_a_host_acts_on_a_terminal_or_adds_a_line() {
    for credentials in [
        json!({"type": "API_KEY", "apiKey": "key\u{1b}]0;owned\u{7}"}),
        json!({"type": "API_KEY", "apiKey": "key\nSECOND=evil"}),
        json!({"type": "BASIC", "username": "u\n", "password": "p"}),
        json!({"type": "OAUTH1", "oauth_token": "t\n", "oauth_token_secret": "s"}),
    ] {
        let answer = json!({"connection_id": "c", "provider_config_key": "gh", "provider": "github", "credentials": credentials});
        let player = Player::start(move |_: &Seen| Reply::json(200, &answer));
        let (backend, _) = at(&player.base(), None, &start(), |_| ());
        let error = backend.hand_out(&reference("gh/c"), Freshness::default(), Form::Env).await.unwrap_err();
        assert!(error.message.contains("characters in it that no credential has"), "{credentials}: {error}");
    }
}

#[tokio::test]
async fn a_server_of_early_2023_is_not_said_to_have_refreshed_what_it_did_not() {
    let player = Player::start(era);
    let (backend, _) = at(&player.base(), Some(KEY), &start(), |_| ());
    let error = backend.refresh(&reference("gh/a b+c")).await.unwrap_err();
    assert!(error.message.contains("refreshed at will"), "{error}");
    let moved = ConfigChanges { provider: Some("gitlab".to_owned()), ..ConfigChanges::default() };
    let error = backend.edit_config(&github(), moved).await.unwrap_err();
    assert!(error.message.contains("cannot move") && player.seen().iter().all(|seen| seen.method == "GET"), "{error}");
}

#[tokio::test]
async fn the_client_secret_stays_where_it_is_unless_a_request_wants_it() {
    let answer = json!({"connection_id": "c", "provider_config_key": "gh", "provider": "github", "credentials": {"type": "OAUTH2", "access_token": "t"}});
    let player = Player::start(move |_: &Seen| Reply::json(200, &answer));
    let (backend, _) = at(&player.base(), None, &start(), |_| ());
    backend.hand_out(&reference("gh/c"), Freshness::default(), Form::Header).await.unwrap();
    let paths: Vec<String> = player.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/connections/c"]);
}
