use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hallpass::model::{ConfigKey, ConnectionRef, Health, Secret, WayIn};
use hallpass::service::configs::NewConfig;
use hallpass::service::connect::{ConnectRequest, Connected, Way};
use hallpass::service::copy::Form;
use hallpass::service::enter::EnterRequest;
use hallpass::service::exec::Variable;
use hallpass::service::fresh::Freshness;
use hallpass::service::request::ApiRequest;
use hallpass::service::{Kind, Result, Service};
use hallpass::system::clock::FixedClock;
use serde_json::json;

use crate::support::player::{Player, Reply, Seen};
use crate::support::trial::{Remembering, Slate, service_of, settings};

/// A service over a server that plays a provider.
pub struct Stage {
    pub player: Player,
    pub clock: FixedClock,
    home: tempfile::TempDir,
    pub service: Arc<Service>,
}

impl Stage {
    /// `file` is the provider `acme`, with `{base}` where the server's address belongs.
    pub async fn new(file: &str, answer: impl FnMut(&Seen) -> Reply + Send + 'static) -> Self {
        let player = Player::start(answer);
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("providers")).unwrap();
        std::fs::write(home.path().join("providers/acme.toml"), file.replace("{base}", &player.base())).unwrap();
        let clock = FixedClock::at("2026-01-01T00:00:00Z".parse().unwrap());
        let service = service_of(settings(home.path()), &clock, &Remembering::default(), &Slate::default());
        let stage = Self { player, clock, home, service };
        stage.configure("acme", "me").await;
        stage
    }

    async fn configure(&self, key: &str, client_id: &str) {
        let new = NewConfig {
            key: ConfigKey::new(key).unwrap(),
            provider: "acme".to_owned(),
            client_id: client_id.to_owned(),
            client_secret: (!client_id.is_empty()).then(|| Secret::new("client-secret-canary")),
            scopes: Vec::new(),
            redirect_uri: Some("http://127.0.0.1:0/oauth/callback".to_owned()),
        };
        self.service.create_config(new).await.unwrap();
    }

    pub async fn enter(&self, fields: &[(&str, &str)]) -> Result<Connected> {
        let mut request = EnterRequest::new(jane());
        request.fields = fields.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
        self.service.enter(request).await
    }

    pub async fn hand_out(&self, form: Form) -> String {
        self.service.hand_out(&jane(), Freshness::default(), form).await.unwrap().text.expose().to_owned()
    }

    pub async fn get(&self, path: &str) -> Result<(u16, String)> {
        let request = ApiRequest { method: "get".to_owned(), path: path.to_owned(), ..ApiRequest::default() };
        let mut answer = self.service.request(&jane(), request).await?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.unwrap() {
            body.extend_from_slice(chunk.as_ref());
        }
        Ok((status, String::from_utf8(body).unwrap()))
    }
}

pub fn jane() -> ConnectionRef {
    ConnectionRef::parse("acme/jane").unwrap()
}

const KEY: &str = "name = \"Acme\"\n[api_key]\n[api]\nbase_url = \"{base}/v1\"\nverify = \"GET /me\"\n";

fn who_am_i(key: &'static str) -> impl FnMut(&Seen) -> Reply + Send + 'static {
    move |seen| {
        let is_good = seen.headers.get("authorization").is_some_and(|value| value == &format!("Bearer {key}"));
        Reply::json(if is_good { 200 } else { 401 }, &json!({"path": seen.path}))
    }
}

#[tokio::test]
async fn a_key_is_proven_kept_and_handed_out_like_any_other_token() {
    let stage = Stage::new(KEY, who_am_i("good-key")).await;
    let connected = stage.enter(&[("api_key", "good-key")]).await.unwrap();
    assert_eq!(
        (connected.connection.way, connected.connection.health(stage.service.now())),
        (WayIn::ApiKey, Health::Endless)
    );
    assert!(connected.warnings.is_empty(), "{:?}", connected.warnings);
    assert_eq!(stage.hand_out(Form::Raw).await, "good-key");
    assert_eq!(stage.hand_out(Form::Header).await, "authorization: Bearer good-key");
    assert_eq!(stage.hand_out(Form::Env).await, "ACME_JANE_TOKEN=good-key");
    let shown: serde_json::Value = serde_json::from_str(&stage.hand_out(Form::Json).await).unwrap();
    assert_eq!(shown, json!({"type": "API_KEY", "apiKey": "good-key"}));
    assert_eq!(stage.get("/things?x=1").await.unwrap(), (200, "{\"path\":\"/v1/things\"}".to_owned()));
}

#[tokio::test]
async fn a_key_that_the_provider_refuses_is_not_kept_unless_that_is_said() {
    let stage = Stage::new(KEY, who_am_i("good-key")).await;
    let error = stage.enter(&[("api_key", "bad-key-canary")]).await.unwrap_err();
    assert!(error.kind == Kind::Provider && error.message.contains("refuses what was entered"), "{error:?}");
    assert!(!format!("{error:?}").contains("canary"));
    assert!(stage.service.connection(&jane()).is_err());
    let mut request = EnterRequest::new(jane());
    request.fields = BTreeMap::from([("api_key".to_owned(), Secret::new("bad-key-canary"))]);
    request.unverified = true;
    let connected = stage.service.enter(request).await.unwrap();
    assert!(connected.warnings[0].contains("refuses what was entered"), "{:?}", connected.warnings);
    let happened = stage.service.activity(None, 10).unwrap();
    let words: Vec<&str> = happened.iter().map(|row| row.detail.as_str()).collect();
    assert!(words.iter().any(|words| words.contains("not proven")), "{words:?}");
    assert!(words.iter().any(|words| words.contains("refuses what was entered")), "{words:?}");
}

#[tokio::test]
async fn a_provider_in_trouble_is_not_the_fault_of_a_key() {
    for status in [429, 500, 503] {
        let stage = Stage::new(KEY, move |_| Reply::json(status, &json!({}))).await;
        let error = stage.enter(&[("api_key", "key")]).await.unwrap_err();
        assert!(error.kind == Kind::Network && error.hint.as_ref().unwrap().contains("try again"), "{error:?}");
    }
}

#[tokio::test]
async fn a_login_page_that_a_key_is_sent_to_proves_nothing() {
    let answer = |seen: &Seen| match seen.path.as_str() {
        "/v1/me" => Reply::redirect(302, "/v1/login"),
        _ => Reply::json(200, &json!({})),
    };
    let error = Stage::new(KEY, answer).await.enter(&[("api_key", "bad-key")]).await.unwrap_err();
    assert!(error.message.contains("could not prove what was entered (it answered 302)"), "{error:?}");
}

#[tokio::test]
async fn a_header_given_twice_is_sent_twice_and_takes_the_place_of_the_files() {
    let file = KEY.replace("[api]\n", "[api]\nheaders = { accept = \"a/a\" }\n");
    let stage = Stage::new(&file, |_| Reply::json(200, &json!({}))).await;
    stage.enter(&[("api_key", "key")]).await.unwrap();
    let headers = [("accept", "a/b"), ("accept", "a/c")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let request =
        ApiRequest { method: "GET".to_owned(), path: "/".to_owned(), headers: headers.into(), ..ApiRequest::default() };
    stage.service.request(&jane(), request).await.unwrap();
    assert_eq!(stage.player.seen().last().unwrap().headers["accept"], "a/b, a/c");
}

#[tokio::test]
async fn a_login_is_shown_as_rfc_7617_has_it_and_what_is_always_the_same_is_not_asked_for() {
    let file = "name = \"Acme\"\n[basic]\n[credentials.username]\nlabel = \"Key\"\nsecret = true\n[credentials.password]\ndefault = \"X\"\n[api]\nbase_url = \"{base}\"\n";
    let stage = Stage::new(file, |_| Reply::json(200, &json!({}))).await;
    let connected = stage.enter(&[("username", "key")]).await.unwrap();
    assert!(connected.warnings[0].contains("names no call"), "{:?}", connected.warnings);
    assert_eq!(stage.hand_out(Form::Header).await, "authorization: Basic a2V5Olg=");
    let shown: serde_json::Value = serde_json::from_str(&stage.hand_out(Form::Json).await).unwrap();
    assert_eq!(shown, json!({"type": "BASIC", "username": "key", "password": "X"}));
    assert!(stage.enter(&[]).await.unwrap_err().message.contains("`username` (Key) is missing"));
}

#[tokio::test]
async fn several_keys_stand_where_the_file_puts_them() {
    let file = "name = \"Acme\"\n[api_key]\n[credentials.api_key]\nsecret = true\n[credentials.app]\nsecret = true\n[api]\nbase_url = \"{base}\"\nheaders = { x-api = \"{credential.api_key}\", x-app = \"{credential.app}\" }\n";
    let stage = Stage::new(file, |_| Reply::json(200, &json!({}))).await;
    stage.enter(&[("api_key", "one"), ("app", "two")]).await.unwrap();
    assert_eq!(stage.hand_out(Form::Header).await, "x-api: one\nx-app: two");
    stage.get("/").await.unwrap();
    let seen = stage.player.seen();
    assert_eq!((seen[0].headers["x-api"].as_str(), seen[0].headers.get("authorization")), ("one", None));
}

#[tokio::test]
async fn a_key_cannot_be_refreshed_or_revoked_and_says_so() {
    let stage = Stage::new(KEY, who_am_i("good-key")).await;
    stage.enter(&[("api_key", "good-key")]).await.unwrap();
    let forced = Freshness { forced: true, ..Freshness::default() };
    let error = stage.service.fresh_credentials(&jane(), forced).await.unwrap_err();
    assert!(error.kind == Kind::Usage && error.message.contains("nothing to refresh it with"), "{error:?}");
    let deleted = stage.service.delete_connection(&jane(), true).await.unwrap();
    assert!(deleted.revocation.unwrap().unwrap_err().message.contains("nothing to revoke it by"));
    assert!(stage.service.connection(&jane()).is_err(), "it is gone from here");
}

const OAUTH2: &str = "name = \"Acme\"\n[oauth2]\nauthorization_endpoint = \"{base}/a\"\ntoken_endpoint = \"{base}/t\"\ndevice_authorization_endpoint = \"{base}/d\"\n[api]\nbase_url = \"{base}/v1\"\n";

fn device_code(interval: u64) -> Reply {
    Reply::json(
        200,
        &json!({"device_code": "device-canary", "user_code": "AB-CD", "verification_uri": "https://acme.example/device", "interval": interval, "expires_in": 600}),
    )
}

/// Answers polls in order; the last one is repeated.
fn polls(answers: Vec<(u16, serde_json::Value)>) -> impl FnMut(&Seen) -> Reply + Send + 'static {
    let mut number = 0;
    move |seen| {
        if seen.path == "/d" {
            return device_code(1);
        }
        let (status, body) = answers.get(number).or(answers.last()).unwrap();
        number += 1;
        Reply::json(*status, body)
    }
}

async fn by_device(stage: &Stage) -> Result<Connected> {
    let mut request = ConnectRequest::new(jane());
    request.way = Way::Device;
    let authorization = stage.service.begin(request).await?;
    let device = authorization.waiting().device.clone().unwrap();
    assert_eq!((device.user_code.as_str(), device.verification_uri.as_str()), ("AB-CD", "https://acme.example/device"));
    authorization.finish().await
}

fn tokens() -> serde_json::Value {
    json!({"access_token": "access-1", "refresh_token": "refresh-1", "expires_in": 3600})
}

#[tokio::test]
async fn a_device_is_polled_for_until_the_code_was_entered() {
    let pending = json!({"error": "authorization_pending"});
    // GitHub answers 200 with an error.
    let stage = Stage::new(OAUTH2, polls(vec![(400, pending.clone()), (200, pending), (200, tokens())])).await;
    let connected = by_device(&stage).await.unwrap();
    assert!(connected.connection.is_refreshable);
    let polled: Vec<Seen> = stage.player.seen().into_iter().filter(|seen| seen.path == "/t").collect();
    assert_eq!(polled.len(), 3);
    let form = polled[0].form();
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:device_code");
    assert_eq!((form["device_code"].as_str(), form["client_id"].as_str()), ("device-canary", "me"));
}

#[tokio::test]
async fn a_server_that_does_not_answer_polls_is_named_when_time_is_up() {
    let stage = Stage::new(OAUTH2, polls(vec![(503, json!({}))])).await;
    let mut request = ConnectRequest::new(jane());
    (request.way, request.timeout) = (Way::Device, Some(Duration::from_millis(1_500)));
    let error = stage.service.begin(request).await.unwrap().finish().await.unwrap_err();
    assert!(error.kind == Kind::Network && error.causes[0].contains("503"), "{error:?}");
}

#[tokio::test]
async fn a_denied_and_an_expired_code_end_the_waiting() {
    for (code, kind, words) in [
        ("access_denied", Kind::Provider, "was denied"),
        ("expired_token", Kind::AuthorizationNeeded, "no answer came in time"),
    ] {
        let stage = Stage::new(OAUTH2, polls(vec![(400, json!({"error": code}))])).await;
        let error = by_device(&stage).await.unwrap_err();
        assert!(error.kind == kind && error.message.contains(words), "{error:?}");
        assert!(!format!("{error:?}").contains("canary"));
    }
}

#[tokio::test]
async fn a_way_in_without_device_codes_says_so_at_once() {
    let file = "name = \"Acme\"\n[oauth1]\nrequest_token_endpoint = \"{base}/r\"\nauthorization_endpoint = \"{base}/a\"\ntoken_endpoint = \"{base}/t\"\n";
    let stage = Stage::new(file, |_| Reply::json(500, &json!({}))).await;
    let error = by_device(&stage).await.unwrap_err();
    assert!(error.kind == Kind::Usage && error.message.contains("no device codes"), "{error:?}");
    assert!(stage.player.seen().is_empty());
}

#[tokio::test]
async fn a_provider_without_device_codes_says_so() {
    let file = OAUTH2.replace("device_authorization_endpoint = \"{base}/d\"\n", "");
    let stage = Stage::new(&file, |_| Reply::json(500, &json!({}))).await;
    assert!(by_device(&stage).await.unwrap_err().message.contains("no device authorization endpoint"));
}

async fn authorized(answer: impl FnMut(&Seen) -> Reply + Send + 'static) -> Stage {
    let stage = Stage::new(OAUTH2, polls(vec![(200, tokens())])).await;
    by_device(&stage).await.unwrap();
    stage.player.answer(answer);
    stage
}

#[tokio::test]
async fn a_401_is_answered_by_one_refresh_and_one_more_try() {
    let refreshed = Arc::new(AtomicUsize::new(0));
    let count = refreshed.clone();
    let stage = authorized(move |seen| {
        if seen.path == "/t" {
            count.fetch_add(1, Ordering::SeqCst);
            return Reply::json(
                200,
                &json!({"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 3600}),
            );
        }
        let is_new = seen.headers["authorization"] == "Bearer access-2";
        Reply::json(if is_new { 200 } else { 401 }, &json!({}))
    })
    .await;
    assert_eq!(stage.get("/me").await.unwrap().0, 200);
    stage.player.answer(|_| Reply::json(401, &json!({})));
    assert_eq!(stage.get("/me").await.unwrap().0, 401);
    assert_eq!(refreshed.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_401_after_which_the_refresh_is_refused_asks_for_authorization() {
    let stage = authorized(|seen| match seen.path.as_str() {
        "/t" => Reply::json(400, &json!({"error": "invalid_grant"})),
        _ => Reply::json(401, &json!({})),
    })
    .await;
    assert_eq!(stage.get("/me").await.unwrap_err().kind, Kind::AuthorizationNeeded);
}

#[tokio::test]
async fn a_401_to_a_token_that_was_replaced_meanwhile_is_answered_by_the_new_one_without_a_refresh() {
    let cell = Arc::new(std::sync::OnceLock::<Arc<Service>>::new());
    let (service, runtime) = (cell.clone(), tokio::runtime::Handle::current());
    let api = Player::start(move |seen| {
        let is_old = seen.headers["authorization"] == "Bearer access-1";
        if is_old {
            // While this request is under way, somebody else refreshes.
            let forced = Freshness { forced: true, ..Freshness::default() };
            runtime.block_on(service.get().unwrap().fresh_credentials(&jane(), forced)).unwrap();
        }
        Reply::json(if is_old { 401 } else { 200 }, &json!({}))
    });
    let file = OAUTH2.replace("base_url = \"{base}", &format!("base_url = \"{}", api.base()));
    let stage = Stage::new(&file, polls(vec![(200, tokens())])).await;
    by_device(&stage).await.unwrap();
    assert!(cell.set(stage.service.clone()).is_ok());
    stage.player.answer(|_| {
        Reply::json(200, &json!({"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 3600}))
    });
    assert_eq!(stage.get("/me").await.unwrap().0, 200);
    assert_eq!(stage.player.seen().len(), 1, "one refresh: somebody else's");
}

#[tokio::test]
async fn a_redirect_takes_the_credential_along_within_the_api_only() {
    let elsewhere = Player::start(|_| Reply::json(200, &json!({"here": "elsewhere"})));
    let base = elsewhere.base();
    let stage = authorized(move |seen| match seen.path.as_str() {
        "/v1/within" => Reply::redirect(302, "/v1/there"),
        "/v1/away" => Reply::redirect(307, &format!("{base}/there?signed=1")),
        "/v1/there" => Reply::json(200, &json!({"here": seen.headers.get("authorization")})),
        _ => Reply::json(404, &json!({})),
    })
    .await;
    assert_eq!(stage.get("/within").await.unwrap(), (200, "{\"here\":\"Bearer access-1\"}".to_owned()));
    let request = ApiRequest {
        method: "GET".to_owned(),
        path: "/away".to_owned(),
        headers: vec![("x-own".to_owned(), "v".to_owned())],
        ..ApiRequest::default()
    };
    assert_eq!(stage.service.request(&jane(), request).await.unwrap().status(), 200);
    let seen = elsewhere.seen();
    assert_eq!(seen[0].query["signed"], "1");
    assert!(!seen[0].headers.contains_key("authorization") && !seen[0].headers.contains_key("x-own"), "{seen:?}");
}

#[tokio::test]
async fn no_path_takes_the_credential_elsewhere_and_no_header_replaces_it() {
    let stage = authorized(|_| Reply::json(200, &json!({}))).await;
    for path in ["https://evil.example/", "http://127.0.0.1:1/v1", "//evil.example@x/ y"] {
        let error = stage.get(path).await.unwrap_err();
        assert_eq!(error.kind, Kind::Usage, "{error:?}");
    }
    for (name, value) in [("Authorization", "Bearer x"), ("host", "evil.example"), ("x", "a\r\nb: c"), ("a b", "c")] {
        let headers = vec![(name.to_owned(), value.to_owned())];
        let request = ApiRequest { method: "GET".to_owned(), path: "/".to_owned(), headers, ..ApiRequest::default() };
        assert_eq!(stage.service.request(&jane(), request).await.unwrap_err().kind, Kind::Usage, "{name}");
    }
    assert!(stage.player.seen().is_empty());
}

#[tokio::test]
async fn a_program_gets_each_token_under_its_own_name() {
    let stage = authorized(|_| Reply::json(200, &json!({}))).await;
    let variable = |name: Option<&str>| Variable { name: name.map(str::to_owned), connection: jane() };
    let environment = stage.service.environment(&[variable(None), variable(Some("OTHER"))], "sh").await.unwrap();
    let names: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    assert_eq!(names, [("ACME_JANE_TOKEN", "access-1"), ("OTHER", "access-1")]);
    let twice = stage.service.environment(&[variable(None), variable(None)], "sh").await.unwrap_err();
    assert!(twice.message.contains("would be set twice"), "{twice:?}");
    let told = stage.service.activity(Some(&jane()), 10).unwrap();
    assert!(told.iter().any(|activity| activity.detail == "to `sh` as OTHER"), "{told:?}");
}

const ITSELF: &str =
    "name = \"Acme\"\n[client_credentials]\ntoken_endpoint = \"{base}/t\"\ndefault_scopes = [\"a\", \"b\"]\n";

#[tokio::test]
async fn no_record_of_a_login_says_anything_of_its_password() {
    let stage =
        Stage::new("name = \"Acme\"\n[basic]\n[api]\nbase_url = \"{base}\"\n", |_| Reply::json(200, &json!({}))).await;
    stage.enter(&[("username", "jane"), ("password", "hunter2")]).await.unwrap();
    stage.hand_out(Form::Raw).await;
    stage.get("/").await.unwrap();
    stage.service.environment(&[Variable { name: None, connection: jane() }], "npm").await.unwrap();
    let told = Secret::new("jane:hunter2").fingerprint();
    let happened = stage.service.activity(None, 20).unwrap();
    assert!(happened.len() >= 4, "{happened:?}");
    assert!(happened.iter().all(|row| row.fingerprint.as_ref() != Some(&told)), "{happened:?}");
}

#[tokio::test]
async fn a_clients_own_token_is_fetched_again_when_it_ends_and_has_no_refresh_token() {
    let mut number = 0;
    let stage = Stage::new(ITSELF, move |_| {
        number += 1;
        Reply::json(
            200,
            &json!({"access_token": format!("access-{number}"), "refresh_token": "not-to-be-kept", "expires_in": 3600}),
        )
    })
    .await;
    let connected = stage.enter(&[]).await.unwrap();
    assert_eq!((connected.connection.way, connected.connection.is_refreshable), (WayIn::ClientCredentials, true));
    let form = stage.player.seen()[0].form();
    assert_eq!((form["grant_type"].as_str(), form["scope"].as_str()), ("client_credentials", "a b"));
    assert_eq!(stage.hand_out(Form::Raw).await, "access-1");
    stage.clock.advance(Duration::from_hours(1));
    assert_eq!(stage.hand_out(Form::Raw).await, "access-2");
    assert!(!stage.hand_out(Form::Json).await.contains("not-to-be-kept"));
}

#[tokio::test]
async fn a_token_without_an_end_is_asked_about_where_the_file_says_so() {
    let file = format!(
        "{ITSELF}introspection_endpoint = \"{{base}}/i\"\n[client_credentials.response]\nexpiry_from = \"introspection\"\nlifetime = 60\n"
    );
    let answer = |seen: &Seen| match seen.path.as_str() {
        "/i" => Reply::json(200, &json!({"active": true, "exp": 1_767_229_200})),
        _ => Reply::json(200, &json!({"access_token": "access"})),
    };
    let stage = Stage::new(&file, answer).await;
    let connected = stage.enter(&[]).await.unwrap();
    assert_eq!(connected.connection.expires_at.unwrap().timestamp(), 1_767_229_200);
    // A server that does not say leaves what the file assumes.
    stage
        .player
        .answer(|seen| Reply::json(if seen.path == "/i" { 503 } else { 200 }, &json!({"access_token": "access"})));
    let connected = stage.enter(&[]).await.unwrap();
    assert_eq!(connected.connection.expires_at.unwrap() - stage.service.now(), chrono::TimeDelta::seconds(60));
}

/// Everything of a server that is found by its issuer.
fn metadata(base: &str) -> serde_json::Value {
    json!({"issuer": base, "authorization_endpoint": format!("{base}/a"), "token_endpoint": format!("{base}/t"), "scopes_supported": ["openid"]})
}

#[tokio::test]
async fn an_issuers_metadata_is_fetched_once_a_day_and_serves_on_where_it_cannot_be() {
    let stage = Stage::new(KEY, |_| Reply::json(404, &json!({}))).await;
    let base = stage.player.base();
    let document = metadata(&base);
    stage.player.answer(move |_| Reply::json(200, &document));
    let id = stage.service.provider_of_issuer(&base, None).await.unwrap();
    assert_eq!(stage.player.seen()[0].path, "/.well-known/openid-configuration");
    assert!(stage.home.path().join(format!("providers/{id}.toml")).exists());
    assert_eq!(stage.service.provider_of_issuer(&format!("{base}/"), None).await.unwrap(), id, "it is known");
    #[cfg(unix)]
    {
        let path = stage.service.settings().paths.providers.join(format!("{id}.toml"));
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "like every file of a home");
    }
    let new = NewConfig {
        key: ConfigKey::new("found").unwrap(),
        provider: id.to_string(),
        client_id: "me".to_owned(),
        client_secret: None,
        scopes: Vec::new(),
        redirect_uri: None,
    };
    let config = stage.service.create_config(new).await.unwrap();
    let (_, provider) = stage.service.way_in(&config, None).await.unwrap();
    assert_eq!(provider.oauth2.unwrap().known_scopes, ["openid"]);
    assert_eq!(stage.player.seen().len(), 1, "it was kept");
    stage.player.answer(|_| Reply::json(503, &json!({})));
    stage.clock.advance(Duration::from_hours(25));
    assert!(stage.service.way_in(&config, None).await.is_ok(), "what was kept serves on");
    assert_eq!(stage.player.seen().len(), 1, "it was asked again");
}

#[tokio::test]
async fn another_issuers_metadata_makes_no_provider() {
    let stage = Stage::new(KEY, |_| Reply::json(200, &metadata("https://evil.example"))).await;
    let error = stage.service.provider_of_issuer(&stage.player.base(), None).await.unwrap_err();
    assert!(error.message.contains("another issuer"), "{error:?}");
    let files = std::fs::read_dir(stage.home.path().join("providers")).unwrap().count();
    assert_eq!(files, 1, "nothing was written");
}

#[tokio::test]
async fn metadata_without_a_token_endpoint_makes_no_provider() {
    let stage = Stage::new(KEY, |_| Reply::json(500, &json!({}))).await;
    let base = stage.player.base();
    stage.player.answer(move |_| Reply::json(200, &json!({"issuer": base})));
    let error = stage.service.provider_of_issuer(&stage.player.base(), None).await.unwrap_err();
    assert!(error.message.contains("names no `token_endpoint`"), "{error:?}");
}

#[tokio::test]
async fn a_config_without_a_client_id_has_the_ways_that_need_none() {
    let stage = Stage::new(&format!("{OAUTH2}[api_key]\n"), |_| Reply::json(200, &json!({}))).await;
    stage.configure("keyed", "").await;
    let way = async |key: &str, asked| {
        let config = stage.service.config(&ConfigKey::new(key).unwrap()).unwrap();
        stage.service.way_in(&config, asked).await.map(|(way, _)| way)
    };
    assert_eq!(way("acme", None).await.unwrap(), WayIn::OAuth2);
    assert_eq!(way("keyed", None).await.unwrap(), WayIn::ApiKey);
    assert_eq!(way("acme", Some(WayIn::ApiKey)).await.unwrap(), WayIn::ApiKey);
    assert!(way("keyed", Some(WayIn::OAuth2)).await.unwrap_err().message.contains("has no client id"));
    assert!(way("acme", Some(WayIn::Basic)).await.unwrap_err().hint.unwrap().contains("oauth2, api_key"));
}

const SIGNED_BY_A_TOKEN: &str = "name = \"Acme\"\n[oauth1_token]\nsignature_method = \"HMAC-SHA256\"\nrealm = \"{account}\"\n[variables.account]\ndefault = \"1234567_SB1\"\n[api]\nbase_url = \"{base}/v1\"\nverify = \"GET /me\"\n";

#[tokio::test]
async fn a_token_out_of_a_console_signs_each_request_and_names_the_realm() {
    let stage = Stage::new(SIGNED_BY_A_TOKEN, |_| Reply::json(200, &json!({}))).await;
    let fields = [("token", "token-1"), ("token_secret", "token-secret-canary")];
    let connected = stage.enter(&fields).await.unwrap();
    assert!(connected.warnings.is_empty() && connected.connection.way == WayIn::OAuth1Token, "{connected:?}");
    stage.get("/things?a=b%20c").await.unwrap();
    let seen = stage.player.seen();
    assert_eq!(seen.iter().map(|seen| seen.path.as_str()).collect::<Vec<_>>(), ["/v1/me", "/v1/things"]);
    for seen in &seen {
        let header = seen.headers["authorization"].strip_prefix("OAuth ").unwrap();
        assert!(header.starts_with("realm=\"1234567_SB1\", oauth_consumer_key=\"me\", "), "{header}");
        assert!(header.contains("oauth_token=\"token-1\"") && !header.contains("canary"), "{header}");
    }
    // Signed over what stands in RFC 5849 section 3.4.1, the realm left out.
    let told = |name: &str| {
        let header = &seen[1].headers["authorization"];
        let quoted = header.split_once(&format!("{name}=\"")).unwrap().1.split('"').next().unwrap();
        percent_encoding::percent_decode_str(quoted).decode_utf8().unwrap().into_owned()
    };
    let stamp = hallpass::auth::oauth1::Stamp {
        timestamp: told("oauth_timestamp").parse().unwrap(),
        nonce: told("oauth_nonce"),
    };
    let (consumer, token, secret) =
        (Secret::new("client-secret-canary"), Secret::new("token-1"), Secret::new("token-secret-canary"));
    let signer = hallpass::auth::oauth1::Signer {
        method: hallpass::model::provider::SignatureMethod::HmacSha256,
        consumer_key: "me",
        consumer_secret: &consumer,
        token: Some((&token, &secret)),
    };
    let url = format!("{}/v1/things?a=b%20c", stage.player.base()).parse().unwrap();
    let own = signer.header("GET", &url, &hallpass::auth::oauth1::Further::default(), &stamp).unwrap();
    let signature = told("oauth_signature");
    let signature = percent_encoding::utf8_percent_encode(&signature, percent_encoding::NON_ALPHANUMERIC);
    assert!(own.to_str().unwrap().ends_with(&format!("oauth_signature=\"{signature}\"")), "{own:?}");
    let shown: serde_json::Value = serde_json::from_str(&stage.hand_out(Form::Json).await).unwrap();
    assert_eq!(shown, json!({"type": "TBA", "token_id": "token-1", "token_secret": "token-secret-canary"}));
    let error = stage.service.hand_out(&jane(), Freshness::default(), Form::Header).await.unwrap_err();
    assert!(error.message.contains("signed on its own"), "{error:?}");
}

#[tokio::test]
async fn a_token_out_of_a_console_that_is_refused_is_not_kept() {
    let stage = Stage::new(SIGNED_BY_A_TOKEN, |_| Reply::json(401, &json!({}))).await;
    let error = stage.enter(&[("token", "t"), ("token_secret", "secret-canary")]).await.unwrap_err();
    assert!(error.kind == Kind::Provider && !format!("{error:?}").contains("canary"), "{error:?}");
    assert!(stage.service.connection(&jane()).is_err());
    let error = stage.enter(&[("token", "t")]).await.unwrap_err();
    assert!(error.message.contains("`token_secret` (Token secret) is missing"), "{error:?}");
}
