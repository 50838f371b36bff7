//! The local server: who is let in, what web pages may and may not, the proxy, sessions, and other processes
//! on the same home.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hallpass::http::Flags;
use hallpass::model::{ConfigKey, ConnectionRef, Happening, Secret};
use hallpass::service::configs::{ConfigChanges, NewConfig};
use hallpass::service::connect::{ConnectRequest, Way};
use hallpass::service::fresh::Freshness;
use serde_json::{Value, json};

use crate::support::player::{Player, Reply, Seen};
use crate::support::served::{Answer, Served};
use crate::support::trial::{Remembering, Slate, Trial, jane, service_of, settings};
use crate::support::{Decision, consent, visit};

const EVIL: &str = "https://evil.example";

/// A server with `sandbox/jane`; the callback of its config comes to the server.
async fn served() -> (Trial, Served) {
    let trial = Trial::connected().await;
    let edit = ConfigChanges { redirect_uri: Some(String::new()), ..ConfigChanges::default() };
    trial.service.edit_config(&ConfigKey::new("sandbox").unwrap(), edit).await.unwrap();
    let served = Served::over(trial.service.clone()).await;
    (trial, served)
}

const JANE: &str = "/connection/jane?provider_config_key=sandbox";

#[tokio::test]
async fn no_web_page_gets_a_token() {
    let (_trial, served) = served().await;
    served.get(JANE).await.ok();
    let pages: [&[(&str, &str)]; 4] = [
        &[("origin", EVIL)],
        &[("origin", "http://localhost:5173")],
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")],
        &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate")],
    ];
    for path in [JANE, "/config", "/config/sandbox", "/connections", "/proxy/userinfo", "/integrations"] {
        for headers in pages {
            for method in ["GET", "OPTIONS", "POST"] {
                let answer = served.raw(method, path, headers, "").await;
                assert_eq!(answer.status, 403, "{method} {path} {headers:?}");
                assert_eq!(answer.header("access-control-allow-origin"), None);
                assert!(!answer.body.contains("sbx_at_"));
            }
        }
    }
    // A person who types the address is no page.
    served.raw("GET", JANE, &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")], "").await.ok();
}

#[tokio::test]
async fn another_host_is_not_served() {
    let (_trial, served) = served().await;
    for host in ["evil.example", "localhost", "evil.example:3003", "localhost.evil.example:1"] {
        let answer = served.raw("GET", JANE, &[("host", host)], "").await;
        assert!(answer.error(421).contains(host) && answer.body.contains("--allow-host"), "{answer:?}");
    }
    for host in [format!("127.0.0.1:{}", served.port), format!("LOCALHOST:{}", served.port)] {
        served.raw("GET", JANE, &[("host", &host)], "").await.ok();
    }
}

#[tokio::test]
async fn pages_of_this_machine_and_those_named_may_use_the_frontends_routes() {
    let trial = Trial::configured().await;
    let flags = Flags { origins: vec!["https://app.example".to_owned()], ..Flags::default() };
    let served = Served::with(trial.service.clone(), None, &flags).await;
    let preflight = async |origin: &str| {
        let headers = [("origin", origin), ("access-control-request-method", "POST")];
        served.raw("OPTIONS", "/api-auth/api-key/sandbox?connection_id=c", &headers, "").await
    };
    for origin in ["http://localhost:5173", "http://127.0.0.1", "http://app.localhost:8080", "https://app.example"] {
        let answer = preflight(origin).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, Some(origin)));
        assert!(served.page(Some(origin)).await.is_ok(), "{origin}");
    }
    for origin in [EVIL, "null", "https://localhost.evil.example", "https://app.example.evil.example"] {
        let answer = preflight(origin).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (403, None), "{origin}");
        assert_eq!(served.page(Some(origin)).await.err(), Some(403), "{origin}");
    }
    assert!(served.page(None).await.is_ok(), "a program of this machine");
}

#[tokio::test]
async fn a_strangers_page_cannot_begin_a_flow() {
    let trial = Trial::configured().await;
    let served = Served::over(trial.service.clone()).await;
    let foreign = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    let path = "/oauth/connect/sandbox?connection_id=jane";
    let begin = async |path: &str, more: &[(&str, &str)]| {
        let headers: Vec<(&str, &str)> = foreign.iter().copied().chain(more.iter().copied()).collect();
        served.raw("GET", path, &headers, "").await
    };
    for headers in [&[][..], &[("referer", "https://evil.example/x")], &[("referer", "nonsense")]] {
        let refused = begin(path, headers).await;
        let words = if headers.is_empty() { "does not say which web page" } else { "--allow-origin" };
        assert!(refused.status == 403 && refused.body.contains(words), "{refused:?}");
        assert_eq!(refused.told(), Value::Null, "it is told nothing");
    }
    let made_up = begin(&format!("{path}&ws_client_id=00000000-0000-4000-8000-000000000000"), &[]).await;
    assert_eq!(made_up.status, 403);
    // A page on 127.0.0.1 is another site than localhost, and of this machine.
    assert_eq!(begin(path, &[("referer", "http://127.0.0.1:5173/")]).await.status, 302);
    let page = served.page(Some("http://127.0.0.1:5173")).await.unwrap();
    assert_eq!(begin(&format!("{path}&ws_client_id={}", page.name), &[]).await.status, 302);
    let framed = [("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    assert_eq!(served.raw("GET", path, &framed, "").await.status, 403);
}

/// What a browser sends along when a page of this machine opens a popup.
const BROWSER: [(&str, &str); 3] =
    [("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];

/// What it sends along with the form of a page without a referrer.
const FORM: [(&str, &str); 5] = [
    ("content-type", "application/x-www-form-urlencoded"),
    ("origin", "null"),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];

/// Reads from a page that asks what shows that it was this page on which somebody agreed.
fn agreed(asked: &Answer) -> String {
    let field = asked.body.split("name=\"agreed\" value=\"").nth(1).unwrap();
    field.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_flow_of_a_page_does_not_silently_replace_a_connection() {
    let (trial, served) = served().await;
    let before = trial.service.fresh_credentials(&jane(), Freshness::default()).await.unwrap().credentials;
    let mut page = served.page(Some("http://localhost:5173")).await.unwrap();
    let path = format!("/oauth/connect/sandbox?connection_id=jane&ws_client_id={}", page.name);
    let asked = served.raw("GET", &path, &BROWSER, "").await;
    assert!(asked.status == 200 && asked.body.contains("sandbox/jane") && asked.header("location").is_none());
    let agreed = agreed(&asked);
    let forged = served.raw("POST", &path, &FORM, "agreed=guessed&decision=agree").await;
    assert!(forged.status == 403 && forged.header("location").is_none(), "{forged:?}");
    assert_eq!(page.hear().await.unwrap()["message_type"], "error");
    let mut page = served.page(Some("http://localhost:5173")).await.unwrap();
    let path = format!("/oauth/connect/sandbox?connection_id=jane&ws_client_id={}", page.name);
    let kept = served.raw("POST", &path, &FORM, &format!("agreed={agreed}&decision=refuse")).await;
    assert!(kept.status == 200 && kept.header("location").is_none());
    assert!(page.hear().await.unwrap()["error_desc"].as_str().unwrap().contains("the answer was no"));
    let now = trial.service.fresh_credentials(&jane(), Freshness::default()).await.unwrap().credentials;
    assert_eq!(now, before);
    let replaced = served.raw("POST", &path, &FORM, &format!("agreed={agreed}&decision=agree")).await;
    assert_eq!(replaced.status, 303, "a GET comes after the POST");
    assert!(replaced.header("location").unwrap().contains("/authorize?"));
    // One that a program begins goes on at once, and so does one for a new connection.
    Served::location(&served.get("/oauth/connect/sandbox?connection_id=jane").await);
    Served::location(&served.raw("GET", "/oauth/connect/sandbox?connection_id=new", &BROWSER, "").await);
}

#[tokio::test]
async fn a_back_end_vouches_for_a_flow_by_a_session() {
    let (trial, served) = served().await;
    let body = json!({
        "end_user": {"id": "1"},
        "allowed_integrations": ["sandbox"],
        "integrations_config_defaults": {"sandbox": {"authorization_params": {"prompt": "consent"}}},
    });
    let begun = served.send("POST", "/connect/sessions", &body).await;
    assert_eq!(begun.status, 201);
    let data = begun.json()["data"].clone();
    let token = data["token"].as_str().unwrap();
    assert_eq!(token.len(), "nango_connect_session_".len() + 64);
    let foreign = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    let path = format!("/oauth/connect/sandbox?connect_session_token={token}");
    let flow = served.raw("GET", &path, &foreign, "").await;
    let url = Served::location(&flow);
    assert!(url.query().unwrap().contains("prompt=consent"));
    let last = served.callback(&consent(&url, Decision::Allow).await).await;
    assert_eq!(last.told()["data"]["connectionId"].as_str().unwrap().len(), 36, "the server chose the id");
    trial.configure("other", "sandbox-secret", "http://127.0.0.1:0/oauth/callback").await;
    let other = served.get(&format!("/oauth/connect/other?connect_session_token={token}")).await;
    assert_eq!(other.status, 403);
    let unknown = served.get("/oauth/connect/sandbox?connect_session_token=nango_connect_session_0").await;
    assert_eq!(unknown.status, 401);
    let link: url::Url = data["connect_link"].as_str().unwrap().parse().unwrap();
    let page = served.get(&format!("{}?{}", link.path(), link.query().unwrap())).await.ok();
    assert!(page.body.contains("Sandbox (sandbox)") && !page.body.contains("(other)"), "{}", page.body);
    let again = json!({"connection_id": "jane", "integration_id": "sandbox"});
    let begun = served.send("POST", "/connect/sessions/reconnect", &again).await;
    let token = begun.json()["data"]["token"].as_str().unwrap().to_owned();
    let flow = served.raw("GET", &format!("/oauth/connect/sandbox?connect_session_token={token}"), &BROWSER, "").await;
    let last = served.callback(&consent(&Served::location(&flow), Decision::Allow).await).await;
    assert_eq!(last.told()["data"]["connectionId"], "jane");
}

#[tokio::test]
async fn a_session_replaces_no_connection_but_the_one_that_its_back_end_named() {
    let (_trial, served) = served().await;
    let begun = served.send("POST", "/connect/sessions", &json!({"end_user": {"id": "1"}})).await;
    let token = begun.json()["data"]["token"].as_str().unwrap().to_owned();
    let path = format!("/oauth/connect/sandbox?connection_id=jane&connect_session_token={token}");
    for headers in [&BROWSER[..], &[]] {
        let answer = served.raw("GET", &path, headers, "").await;
        assert!(answer.status == 403 || answer.body.contains("name=\"agreed\""), "{answer:?}");
        assert!(answer.header("location").is_none());
    }
    for wrong in [json!({"allowed_integrations": "sandbox"}), json!({"allowed_integrations": ["nobody"]})] {
        assert_eq!(served.send("POST", "/connect/sessions", &wrong).await.code(400), "invalid_body", "{wrong}");
    }
}

#[tokio::test]
async fn whoever_comes_through_a_tunnel_is_not_of_this_machine() {
    let (_trial, served) = served().await;
    for header in ["x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-host"] {
        let far = [(header, "203.0.113.7")];
        assert_eq!(served.raw("GET", JANE, &far, "").await.status, 403, "{header}");
        let flow = served.raw("GET", "/oauth/connect/sandbox?connection_id=new", &far, "").await;
        assert!(flow.status == 403 && flow.body.contains("connect session"), "{header}: {flow:?}");
        let far = [(header, "203.0.113.7"), ("content-type", "application/json")];
        let entered =
            served.raw("POST", "/api-auth/api-key/sandbox?connection_id=new", &far, "{\"apiKey\":\"k\"}").await;
        assert_eq!(entered.code(403), "missing_connect_session_token", "{header}");
    }
    let trial = Trial::connected().await;
    let flags = Flags { hosts: vec!["tunnel.example".to_owned()], ..Flags::default() };
    let served = Served::with(trial.service.clone(), Some("s3"), &flags).await;
    let host = ("host", "tunnel.example");
    let flow = served.raw("GET", "/oauth/connect/sandbox?connection_id=new", &[host], "").await;
    assert_eq!(flow.status, 403);
    served.raw("GET", JANE, &[host, ("authorization", "Bearer s3")], "").await.ok();
}

#[tokio::test]
async fn with_a_key_a_program_that_does_not_show_it_replaces_nothing() {
    let trial = Trial::connected().await;
    let served = Served::with(trial.service.clone(), Some("s3"), &Flags::default()).await;
    let path = "/oauth/connect/sandbox?connection_id=jane";
    let refused = served.get(path).await;
    assert!(refused.status == 403 && refused.body.contains("NANGO_SECRET_KEY"), "{refused:?}");
    Served::location(&served.raw("GET", path, &[("authorization", "Bearer s3")], "").await);
}

#[tokio::test]
async fn the_client_secret_goes_to_no_host_that_a_page_names() {
    let file = "[oauth2]\nauthorization_endpoint = \"https://{host}/a\"\ntoken_endpoint = \"https://{host}/t\"\n[client_credentials]\ntoken_endpoint = \"https://{host}/t\"\n[variables.host]\nkind = \"host\"";
    let api = Api::new(file, |_| Reply::json(200, &json!({}))).await;
    let page = [("origin", "http://localhost:5173"), ("content-type", "application/json")];
    let path = "/oauth2/auth/acme?connection_id=x&params[host]=evil.example";
    assert_eq!(api.served.raw("POST", path, &page, "{}").await.code(403), "host_not_allowed");
    let flow = "/oauth/connect/acme?connection_id=x&params[host]=evil.example";
    let asked = api.served.raw("GET", flow, &BROWSER, "").await;
    assert!(
        asked.status == 200 && asked.body.contains("evil.example") && asked.body.contains("client secret"),
        "{asked:?}"
    );
    // A program of this machine may have the secret anyway.
    assert_eq!(Served::location(&api.served.get(flow).await).host_str(), Some("evil.example"));
    let session = json!({"integrations_config_defaults": {"acme": {"connection_config": {"host": "good.example"}}}});
    let begun = api.served.send("POST", "/connect/sessions", &session).await;
    let token = begun.json()["data"]["token"].as_str().unwrap().to_owned();
    let named =
        api.served.raw("GET", &format!("/oauth/connect/acme?connect_session_token={token}"), &BROWSER, "").await;
    assert_eq!(Served::location(&named).host_str(), Some("good.example"));
    let other = format!("/oauth/connect/acme?connect_session_token={token}&params[host]=evil.example");
    assert_eq!(api.served.raw("GET", &other, &BROWSER, "").await.status, 403);
}

#[tokio::test]
async fn any_path_of_a_redirect_uri_on_the_servers_port_is_a_callback() {
    let api = Api::oauth2(|seen| refreshed(seen).unwrap()).await;
    for path in ["auth/callback", "oauth2/callback", "connect/callback", "cb"] {
        let uri = format!("http://localhost:{}/{path}", api.served.port);
        let edit = ConfigChanges { redirect_uri: Some(uri.clone()), ..ConfigChanges::default() };
        api.served.service.edit_config(&ConfigKey::new("acme").unwrap(), edit).await.unwrap();
        let id = path.replace('/', "-");
        let begun = Served::location(&api.served.get(&format!("/oauth/connect/acme?connection_id={id}")).await);
        let asked: std::collections::BTreeMap<String, String> = begun.query_pairs().into_owned().collect();
        assert_eq!(asked["redirect_uri"], uri);
        let last = api.served.get(&format!("/{path}?code=x&state={}", asked["state"])).await.ok();
        assert!(last.body.contains("is authorized"), "{last:?}");
    }
}

#[tokio::test]
async fn a_client_that_asks_for_http_2_is_answered_all_the_same() {
    let (_trial, served) = served().await;
    served.raw("GET", JANE, &[("upgrade", "h2c"), ("http2-settings", "AAMAAABk")], "").await.ok();
}

#[tokio::test]
async fn a_client_that_goes_away_during_a_refresh_loses_no_refresh_token() {
    let (trial, served) = served().await;
    trial.expire();
    trial.sandbox.set_next(&[hallpass::sandbox::Weather::Slow]);
    let request = format!("GET {JANE} HTTP/1.1\r\nhost: localhost:{}\r\n\r\n", served.port);
    {
        use tokio::io::AsyncWriteExt;
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", served.port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        while trial.sandbox.counts().requests < 2 {
            tokio::task::yield_now().await;
        }
    }
    let token = served.get(JANE).await.ok().json()["credentials"]["access_token"].clone();
    assert!(trial.sandbox.accepts(token.as_str().unwrap()));
    assert_eq!((trial.sandbox.counts().refreshes, trial.sandbox.counts().reuses), (1, 0));
    let forced = Freshness { forced: true, ..Freshness::default() };
    trial.service.fresh_credentials(&jane(), forced).await.unwrap();
}

#[tokio::test]
async fn a_flow_does_not_replace_a_connection_that_came_to_be_meanwhile() {
    let (trial, served) = served().await;
    let begun = served.raw("GET", "/oauth/connect/sandbox?connection_id=new", &BROWSER, "").await;
    let back = consent(&Served::location(&begun), Decision::Allow).await;
    let taken = json!({"provider_config_key": "sandbox", "connection_id": "new", "credentials": {"type": "OAUTH2", "access_token": "mine"}});
    served.send("POST", "/connections", &taken).await.ok();
    let last = served.callback(&back).await;
    assert!(last.status == 400 && last.body.contains("came to be meanwhile"), "{last:?}");
    let new = ConnectionRef::parse("sandbox/new").unwrap();
    let kept = trial.service.fresh_credentials(&new, Freshness::default()).await.unwrap();
    assert_eq!(kept.credentials.token().expose(), "mine");
}

#[tokio::test]
async fn whoever_agrees_to_a_host_alone_has_not_agreed_to_replace_anything() {
    let file = "[oauth2]\nauthorization_endpoint = \"https://{host}/a\"\ntoken_endpoint = \"{base}/t\"\n[variables.host]\nkind = \"host\"";
    let api = Api::new(file, |_| Reply::json(200, &json!({"access_token": "another", "token_type": "bearer"}))).await;
    let flow = "/oauth/connect/acme?connection_id=c&params[host]=new.example";
    let asked = api.served.raw("GET", flow, &BROWSER, "").await.ok();
    let agreement = format!("agreed={}&decision=agree", agreed(&asked));
    let begun = api.served.raw("POST", flow, &FORM, &agreement).await;
    let state = begun.header("location").unwrap().split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let taken = json!({"provider_config_key": "acme", "connection_id": "c", "connection_config": {"host": "old.example"}, "credentials": {"type": "OAUTH2", "access_token": "mine"}});
    api.served.send("POST", "/connections", &taken).await.ok();
    let last = api.served.get(&format!("/oauth/callback?code=x&state={state}")).await;
    assert!(last.status == 400 && last.body.contains("came to be meanwhile"), "{last:?}");
    let kept = api.served.get("/connection/c?provider_config_key=acme").await.ok().json();
    assert_eq!(kept["credentials"]["access_token"], "mine");
    let again = api.served.raw("POST", flow, &FORM, &agreement).await;
    assert!(again.status == 403 && again.header("location").is_none(), "that page did not say that one exists");
}

#[tokio::test]
async fn tokens_that_somebody_has_are_taken_in() {
    let (trial, served) = served().await;
    let body = json!({
        "provider_config_key": "sandbox",
        "connection_id": "taken",
        "credentials": {"type": "OAUTH2", "access_token": "at-1", "refresh_token": "rt-1", "expires_at": "2026-01-01T02:00:00.000Z"},
        "connection_config": {"team": "t"},
    });
    let taken = served.send("POST", "/connections", &body).await;
    assert_eq!(taken.status, 201, "{taken:?}");
    assert!(!taken.body.contains("at-1"));
    let shown = served.get("/connection/taken?provider_config_key=sandbox").await.ok().json();
    assert_eq!(shown["credentials"]["access_token"], "at-1");
    assert_eq!(shown["credentials"]["expires_at"], "2026-01-01T02:00:00.000Z");
    assert_eq!(shown["connection_config"]["connectionConfig.params.team"], "t");
    for (change, words) in [
        (json!({"type": "OAUTH9"}), "credentials.type"),
        (json!({"type": "OAUTH2"}), "credentials.access_token"),
        (json!({"type": "OAUTH2", "access_token": "a", "expires_at": "soon"}), "expires_at"),
        (json!({"type": "OAUTH2", "access_token": "a\nb: c"}), "line break"),
        (json!({"type": "API_KEY", "apiKey": "a"}), "offers no api_key"),
    ] {
        let mut bad = body.clone();
        bad["credentials"] = change;
        let refused = served.send("POST", "/connections", &bad).await;
        assert!(refused.status == 400 && refused.body.contains(words), "{refused:?}");
    }
    for (end, time) in [(json!(1_767_232_800), "02:00"), (json!("1767232800000"), "02:00")] {
        let mut other = body.clone();
        other["credentials"]["expires_at"] = end;
        served.send("POST", "/connections", &other).await.ok();
        let taken = ConnectionRef::parse("sandbox/taken").unwrap();
        assert!(trial.service.connection(&taken).unwrap().expires_at.unwrap().to_string().contains(time));
    }
}

/// A server that plays an API, with the config `acme` for it and a connection.
struct Api {
    player: Player,
    _home: tempfile::TempDir,
    served: Served,
}

impl Api {
    async fn new(more: &str, answer: impl FnMut(&Seen) -> Reply + Send + 'static) -> Self {
        let player = Player::start(answer);
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("providers")).unwrap();
        let base = player.base();
        let file = format!("name = \"Acme\"\n{more}\n[api]\nbase_url = \"{base}/v1\"\n").replace("{base}", &base);
        std::fs::write(home.path().join("providers/acme.toml"), file).unwrap();
        let clock = hallpass::system::clock::FixedClock::at("2026-01-01T00:00:00Z".parse().unwrap());
        let service = service_of(settings(home.path()), &clock, &Remembering::default(), &Slate::default());
        let new = NewConfig {
            key: ConfigKey::new("acme").unwrap(),
            provider: "acme".to_owned(),
            client_id: "me".to_owned(),
            client_secret: Some(Secret::new("secret")),
            scopes: Vec::new(),
            redirect_uri: None,
        };
        service.create_config(new).await.unwrap();
        let served = Served::over(service).await;
        Self { player, _home: home, served }
    }

    async fn oauth2(answer: impl FnMut(&Seen) -> Reply + Send + 'static) -> Self {
        let file = "[oauth2]\nauthorization_endpoint = \"{base}/a\"\ntoken_endpoint = \"{base}/t\"";
        let api = Self::new(file, answer).await;
        let body = json!({
            "provider_config_key": "acme", "connection_id": "c",
            "credentials": {"type": "OAUTH2", "access_token": "at-1", "refresh_token": "rt-1"},
        });
        api.served.send("POST", "/connections", &body).await.ok();
        api
    }

    async fn proxy(&self, method: &str, path: &str, more: &[(&str, &str)], body: &str) -> Answer {
        let named = [("Provider-Config-Key", "acme"), ("Connection-Id", "c")];
        let headers: Vec<(&str, &str)> = named.iter().chain(more).copied().collect();
        self.served.raw(method, path, &headers, body).await
    }
}

fn refreshed(seen: &Seen) -> Option<Reply> {
    let answer = json!({"access_token": "at-2", "token_type": "bearer", "refresh_token": "rt-2", "expires_in": 3600});
    (seen.path == "/t").then(|| Reply::json(200, &answer))
}

#[tokio::test]
async fn the_proxy_puts_the_credentials_in_and_hands_the_answer_back() {
    let api = Api::oauth2(|seen| {
        let mut reply = Reply::json(201, &json!({"got": seen.body}));
        reply.headers = ["x-rate: 7", "set-cookie: a=b", "access-control-allow-origin: *"].map(str::to_owned).to_vec();
        reply
    })
    .await;
    for (path, target) in
        [("/proxy/things?a=b%20c", "/v1/things"), ("/proxy//user", "/v1/user"), ("/proxy/proxy/x", "/v1/proxy/x")]
    {
        let headers =
            [("content-type", "application/json"), ("nango-proxy-x-mine", "1"), ("authorization", "Bearer ours")];
        let answer = api.proxy("POST", path, &headers, "{\"x\":1}").await;
        assert_eq!((answer.status, answer.json()), (201, json!({"got": "{\"x\":1}"})));
        assert_eq!((answer.header("x-rate"), answer.header("set-cookie")), (Some("7"), None));
        assert_eq!(answer.header("access-control-allow-origin"), None);
        let seen = api.player.seen().pop().unwrap();
        assert_eq!((seen.path.as_str(), seen.method.as_str()), (target, "POST"));
        assert_eq!((seen.headers["authorization"].as_str(), seen.headers["x-mine"].as_str()), ("Bearer at-1", "1"));
        assert!(!seen.headers.contains_key("provider-config-key") && !seen.headers.contains_key("connection-id"));
    }
    assert_eq!(api.player.seen()[0].query["a"], "b c");
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        assert_eq!(api.proxy(method, "/proxy/x", &[], "").await.status, 201, "{method}");
    }
    let missing = api.served.raw("GET", "/proxy/x", &[("Provider-Config-Key", "acme")], "").await;
    assert_eq!(missing.code(400), "missing_connection_id");
}

#[tokio::test]
async fn a_401_is_answered_by_one_refresh_and_one_more_try() {
    let api = Api::oauth2(|seen| {
        refreshed(seen).unwrap_or_else(|| {
            let is_new = seen.headers.get("authorization").is_some_and(|value| value == "Bearer at-2");
            Reply::json(if is_new { 200 } else { 401 }, &json!({}))
        })
    })
    .await;
    assert_eq!(api.proxy("GET", "/proxy/x", &[], "").await.status, 200);
    let paths: Vec<String> = api.player.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/v1/x", "/t", "/v1/x"]);
    let api = Api::oauth2(|seen| refreshed(seen).unwrap_or_else(|| Reply::json(401, &json!({})))).await;
    assert_eq!(api.proxy("GET", "/proxy/x", &[], "").await.status, 401);
    assert_eq!(api.player.seen().len(), 3, "no third try");
}

#[tokio::test]
async fn retries_are_made_where_they_were_asked_for() {
    let number = Arc::new(AtomicUsize::new(0));
    let counted = number.clone();
    let api = Api::oauth2(move |_| {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        let mut reply = Reply::json(if number < 2 { 503 } else { 200 }, &json!({}));
        reply.headers = vec!["retry-after: 0".to_owned()];
        reply
    })
    .await;
    assert_eq!(api.proxy("GET", "/proxy/x", &[], "").await.status, 503);
    number.store(0, Ordering::SeqCst);
    assert_eq!(api.proxy("POST", "/proxy/x", &[("Retries", "3")], "body").await.status, 200);
    assert_eq!(api.player.seen().last().unwrap().body, "body");
    let refused = api.proxy("GET", "/proxy/x", &[("Retries", "many")], "").await;
    assert_eq!(refused.code(400), "invalid_headers");
    let api = Api::oauth2({
        let mut number = 0;
        move |_| {
            number += 1;
            let mut reply = Reply::json(if number == 1 { 404 } else { 200 }, &json!({}));
            reply.headers = vec!["retry-after: 0".to_owned()];
            reply
        }
    })
    .await;
    assert_eq!(api.proxy("GET", "/proxy/x", &[("Retries", "1"), ("Retry-On", "404,409")], "").await.status, 200);
}

#[tokio::test]
async fn no_credential_goes_to_an_origin_that_nobody_named() {
    let elsewhere = Player::start(|_| Reply::json(200, &json!({"elsewhere": true})));
    let target = format!("{}/take", elsewhere.base());
    let api = Api::oauth2(move |_| Reply::redirect(302, &target)).await;
    let answer = api.proxy("GET", "/proxy/x", &[], "").await;
    assert_eq!(answer.json(), json!({"elsewhere": true}));
    assert!(!elsewhere.seen()[0].headers.contains_key("authorization"));
    for base in [elsewhere.base().as_str(), "http://169.254.169.254", "https://evil.example", "file:///etc", "nonsense"]
    {
        let refused = api.proxy("GET", "/proxy/x", &[("Base-Url-Override", base)], "").await;
        assert_eq!(refused.status, 400, "{base}: {refused:?}");
    }
    assert_eq!(elsewhere.seen().len(), 1);
    for path in ["/proxy/%2e%2e/%2e%2e/x", "/proxy/https://evil.example/x", "/proxy/@evil.example/"] {
        api.proxy("GET", path, &[], "").await;
    }
    assert!(api.player.seen().iter().all(|seen| seen.headers["host"].starts_with("127.0.0.1")));
    let own = format!("{}/v2", api.player.base());
    api.proxy("GET", "/proxy/x", &[("Base-Url-Override", &own)], "").await;
    assert!(api.player.seen().iter().any(|seen| seen.path == "/v2/x"), "another path of the API's own origin");
}

#[tokio::test]
async fn a_large_body_is_streamed_through() {
    let api = Api::oauth2(|seen| Reply::json(200, &json!({"length": seen.body.len()}))).await;
    let body = "x".repeat(3 * 1024 * 1024);
    let answer = api.proxy("PUT", "/proxy/x", &[], &body).await.ok();
    assert_eq!(answer.json()["length"], body.len());
    let too_large = api.served.send("POST", "/config", &json!({"x": body})).await;
    assert_eq!(too_large.status, 413);
}

#[tokio::test]
async fn keys_and_logins_come_from_pages_too() {
    let api = Api::new("[api_key]\n[basic]", |_| Reply::json(200, &json!({}))).await;
    let page = [("origin", "http://localhost:5173"), ("content-type", "application/json")];
    let path = "/api-auth/api-key/acme?connection_id=k&public_key=any";
    let made = api.served.raw("POST", path, &page, "{\"apiKey\":\"canary-key\"}").await;
    assert_eq!((made.status, made.json()), (200, json!({"providerConfigKey": "acme", "connectionId": "k"})));
    assert_eq!(made.header("access-control-allow-origin"), Some("http://localhost:5173"));
    let shown = api.served.get("/connection/k?provider_config_key=acme").await.ok().json();
    assert_eq!(shown["credentials"], json!({"type": "API_KEY", "apiKey": "canary-key"}));
    let again = api.served.raw("POST", path, &page, "{\"apiKey\":\"other\"}").await;
    assert_eq!(again.code(409), "connection_exists");
    assert_eq!(again.header("access-control-allow-origin"), Some("http://localhost:5173"), "its page may read why");
    let body = "{\"username\":\"u\",\"password\":\"p\"}";
    api.served.raw("POST", "/api-auth/basic/acme?connection_id=b", &page, body).await.ok();
    let shown = api.served.get("/connection/b?provider_config_key=acme").await.ok().json();
    assert_eq!(shown["credentials"], json!({"type": "BASIC", "username": "u", "password": "p"}));
    let form = [("origin", "http://localhost:5173"), ("content-type", "text/plain")];
    let plain = api.served.raw("POST", "/api-auth/api-key/acme?connection_id=x", &form, "{\"apiKey\":\"k\"}").await;
    assert_eq!(plain.status, 400, "what needs no preflight is not read");
    let evil = [("origin", EVIL), ("content-type", "application/json")];
    assert_eq!(api.served.raw("POST", path, &evil, "{\"apiKey\":\"k\"}").await.status, 403);
    assert_eq!(
        api.served.raw("POST", "/auth/two-step/acme?connection_id=x", &page, "{}").await.code(400),
        "auth_mode_err"
    );
    assert_eq!(
        api.served.raw("POST", "/oauth2/auth/acme?connection_id=x", &page, "{}").await.code(400),
        "auth_mode_err"
    );
}

#[tokio::test]
async fn a_page_hands_in_a_token_that_signs_and_moves_no_signature_to_a_host_of_its_choice() {
    let tables =
        "[oauth1_token]\nsignature_method = \"PLAINTEXT\"\nrealm = \"{host}\"\n[variables.host]\nkind = \"url\"\n";
    let api = Api::new(tables, |_| Reply::json(200, &json!({}))).await;
    let page = [("origin", "http://localhost:5173"), ("content-type", "application/json")];
    let pair = "{\"token_id\":\"t\",\"token_secret\":\"s\"}";
    let there = |id: &str, host: &str| format!("/auth/tba/acme?connection_id={id}&params[host]={host}");
    let refused = api.served.raw("POST", &there("a", "https://evil.example"), &page, pair).await;
    assert_eq!(refused.code(403), "host_not_allowed");
    let other = "{\"token_id\":\"t\",\"token_secret\":\"s\",\"oauth_client_id_override\":\"theirs\"}";
    let refused = api.served.raw("POST", "/auth/tba/acme?connection_id=a", &page, other).await;
    assert_eq!(refused.code(400), "invalid_client");
}

#[tokio::test]
async fn a_client_gets_a_token_for_itself_through_the_sdk() {
    let api = Api::new("[client_credentials]\ntoken_endpoint = \"{base}/t\"", |_| {
        Reply::json(200, &json!({"access_token": "cc", "token_type": "bearer", "expires_in": 3600}))
    })
    .await;
    let page = [("origin", "http://localhost:5173"), ("content-type", "application/json")];
    let body = "{\"client_id\":\"me\",\"client_secret\":\"secret\"}";
    api.served.raw("POST", "/oauth2/auth/acme?connection_id=m", &page, body).await.ok();
    let shown = api.served.get("/connections/m?provider_config_key=acme").await.ok().json();
    assert_eq!((&shown["credentials"]["type"], &shown["credentials"]["token"]), (&json!("OAUTH2_CC"), &json!("cc")));
    let era = api.served.get("/connection/m?provider_config_key=acme").await.ok().json();
    assert_eq!((&era["credentials"]["type"], &era["credentials"]["access_token"]), (&json!("OAUTH2"), &json!("cc")));
    let other = "{\"client_id\":\"me\",\"client_secret\":\"another\"}";
    let refused = api.served.raw("POST", "/oauth2/auth/acme?connection_id=n", &page, other).await;
    assert_eq!(refused.code(400), "invalid_client");
}

#[tokio::test]
async fn integrations_are_made_changed_and_deleted_as_todays_sdk_does() {
    let (_trial, served) = served().await;
    let body = json!({"provider": "github", "unique_key": "gh", "credentials": {"type": "OAUTH2", "client_id": "id", "client_secret": "cs", "scopes": "repo,gist"}});
    let made = served.send("POST", "/integrations", &body).await.ok().json();
    assert_eq!((&made["data"]["unique_key"], &made["data"]["provider"]), (&json!("gh"), &json!("github")));
    assert_eq!(served.send("POST", "/integrations", &body).await.code(409), "duplicate_integration");
    let shown = served.get("/integrations/gh?include=credentials").await.ok().json()["data"]["credentials"].clone();
    assert_eq!(
        (&shown["client_id"], &shown["client_secret"], &shown["scopes"]),
        (&json!("id"), &json!("cs"), &json!("repo,gist"))
    );
    assert!(served.get("/integrations/gh").await.ok().json()["data"].get("credentials").is_none());
    served
        .send(
            "PATCH",
            "/integrations/gh",
            &json!({"unique_key": "hub", "credentials": {"type": "OAUTH2", "client_id": "id2"}}),
        )
        .await
        .ok();
    let keys: Vec<Value> = served.get("/integrations").await.ok().json()["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["unique_key"].clone())
        .collect();
    assert_eq!(keys, ["hub", "sandbox"]);
    assert_eq!(served.delete("/integrations/hub").await.ok().json(), json!({"success": true}));
    assert_eq!(served.get("/integrations/hub").await.code(404), "not_found");
    let providers = served.get("/providers?search=github").await.ok().json();
    assert!(providers["data"].as_array().unwrap().iter().any(|row| row["name"] == "github"));
    assert_eq!(served.get("/providers/github").await.ok().json()["data"]["auth_mode"], "OAUTH2");
    assert_eq!(served.get("/providers/nobody").await.code(404), "not_found");
}

#[tokio::test]
async fn what_another_process_changes_is_seen_at_once() {
    let (trial, served) = served().await;
    let token = async || served.get(JANE).await.ok().json()["credentials"]["access_token"].clone();
    let first = token().await;
    assert_eq!(token().await, first);
    let other = trial.another();
    let forced = Freshness { forced: true, ..Freshness::default() };
    other.fresh_credentials(&jane(), forced).await.unwrap();
    let second = token().await;
    assert_ne!(second, first);
    other.delete_connection(&jane(), false).await.unwrap();
    assert_eq!(served.get(JANE).await.status, 400);
    let new = json!({"provider_config_key": "sandbox", "connection_id": "jane", "credentials": {"type": "OAUTH2", "access_token": "new"}});
    served.send("POST", "/connections", &new).await.ok();
    assert_eq!(token().await, "new");
    served.delete("/config/sandbox").await.ok();
    assert_eq!(served.get(JANE).await.error(400), "There is no Provider Configuration matching this key.");
}

#[tokio::test]
async fn the_same_token_for_the_same_program_is_noted_once() {
    let (trial, served) = served().await;
    for _ in 0..20 {
        served.raw("GET", JANE, &[("user-agent", "my-app/1.0")], "").await.ok();
        served.raw("GET", JANE, &[("user-agent", "axios")], "").await.ok();
    }
    let noted = trial.service.activity(Some(&jane()), 100).unwrap();
    let noted: Vec<&str> =
        noted.iter().map(|row| row.detail.as_str()).filter(|detail| detail.starts_with("to ")).collect();
    assert_eq!(noted.len(), 2, "{noted:?}");
}

#[tokio::test]
async fn start_and_end_of_the_server_stand_in_the_activity_and_belong_together() {
    let trial = Trial::configured().await;
    let served = Served::with(trial.service.clone(), Some("the-key"), &Flags::default()).await;
    let port = served.port;
    served.stop().await;
    let rows = trial.service.activity(None, 2).unwrap();
    let words: Vec<&str> = rows.iter().map(|row| row.happening.word()).collect();
    assert_eq!(words, ["server stopped", "server started"]);
    assert!(rows[0].flow.is_some() && rows[0].flow == rows[1].flow, "{rows:?}");
    assert_eq!(rows[1].detail, format!("at http://localhost:{port}, with a key"));
}

#[tokio::test]
async fn a_refused_key_is_noted_once_a_minute_and_program_and_never_fills_the_list() {
    let trial = Trial::configured().await;
    let served = Served::with(trial.service.clone(), Some("the-key"), &Flags::default()).await;
    let ask = async |agent: &str, key: &str| {
        let shown = format!("Bearer {key}");
        let headers = [("user-agent", agent), ("authorization", shown.as_str())];
        assert_eq!(served.raw("GET", JANE, &headers, "").await.status, 401);
    };
    for _ in 0..5 {
        ask("one/1", "canary-wrong-key").await;
        assert_eq!(served.raw("GET", JANE, &[("user-agent", "two")], "").await.status, 401);
    }
    let noted = || -> Vec<String> {
        let rows = trial.service.activity(None, 1_000).unwrap();
        rows.into_iter().filter(|row| row.happening == Happening::KeyRefused).map(|row| row.detail).collect()
    };
    assert_eq!(noted().len(), 2, "{:?}", noted());
    assert!(
        noted().contains(&"no key, by two".to_owned()) && !format!("{:?}", noted()).contains("canary"),
        "{:?}",
        noted()
    );
    for number in 0..50 {
        ask(&format!("agent-{number}"), "wrong").await;
    }
    assert_eq!(noted().len(), 10);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_that_is_given_a_token_is_named_with_its_process_and_folder() {
    let (trial, served) = served().await;
    served.raw("GET", JANE, &[("user-agent", "my-app/1.0")], "").await.ok();
    let rows = trial.service.activity(Some(&jane()), 100).unwrap();
    let row = rows.iter().find(|row| row.detail == "to my-app/1.0").unwrap();
    let by = row.by.as_ref().unwrap();
    // This test is the program.
    assert_eq!(by.process, std::process::id());
    assert_eq!(by.folder.as_deref(), std::env::current_dir().unwrap().to_str());
}

#[tokio::test]
async fn an_authorization_of_another_process_comes_back_through_the_server() {
    let trial = Trial::new().await;
    let served = Served::over(trial.service.clone()).await;
    let uri = format!("http://localhost:{}/oauth/callback", served.port);
    trial.configure("sandbox", "sandbox-secret", &uri).await;
    let other = trial.another();
    let request = ConnectRequest { way: Way::NoBrowser, ..ConnectRequest::new(jane()) };
    let authorization = other.begin(request).await.unwrap();
    assert!(authorization.waiting().is_relayed);
    let url = authorization.waiting().url.clone();
    let (outcome, (status, page)) = tokio::join!(authorization.finish(), visit(&url, Decision::Allow));
    outcome.unwrap();
    assert!(status == 200 && page.contains("is authorized"), "{page}");
    served.get(JANE).await.ok();
}

#[tokio::test]
async fn no_more_flows_wait_than_there_is_room_for() {
    let (_trial, served) = served().await;
    let first = served.get("/oauth/connect/sandbox?connection_id=first").await;
    let first = consent(&Served::location(&first), Decision::Allow).await;
    for number in 0..130 {
        Served::location(&served.get(&format!("/oauth/connect/sandbox?connection_id=c{number}")).await);
    }
    let last = served.callback(&first).await;
    assert_eq!(last.status, 410, "it made room: {last:?}");
    let begun = served.get("/oauth/connect/sandbox?connection_id=last").await;
    let back = consent(&Served::location(&begun), Decision::Allow).await;
    served.callback(&back).await.ok();
}

#[tokio::test]
async fn what_is_not_there_and_what_cannot_be_is_told_and_ends_nothing() {
    let (_trial, served) = served().await;
    let cases: [(&str, &str, u16); 8] = [
        ("GET", "/", 404),
        ("GET", "/nothing", 404),
        ("POST", "/health", 404),
        ("PUT", "/connection/jane", 405),
        ("DELETE", "/config", 405),
        ("GET", "/connection/%ff?provider_config_key=sandbox", 400),
        ("GET", "/connections/a/b/c", 404),
        ("POST", "/oauth/callback?state=x", 404),
    ];
    for (method, path, status) in cases {
        assert_eq!(served.raw(method, path, &[], "").await.status, status, "{method} {path}");
    }
    let headers = [("content-type", "application/json")];
    for body in ["{", "[]", "\"x\"", "{\"provider_config_key\":7}"] {
        let refused = served.raw("POST", "/config", &headers, body).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.json()["error"].is_string());
    }
    // A body of another type counts as none, as in the original.
    let form =
        served.raw("POST", "/config", &[("content-type", "text/plain")], "{\"provider_config_key\":\"x\"}").await;
    assert_eq!(form.error(400), "Missing param 'provider_config_key'.");
    assert!(form.json()["hint"].as_str().unwrap().contains("content-type: application/json"), "{form:?}");
    served.raw("HEAD", "/health", &[], "").await.ok();
    let nameless = served.send("POST", "/integrations", &json!({"provider": "github", "unique_key": "x"})).await;
    assert!(nameless.status == 400 && nameless.body.contains("credentials.client_id"), "{nameless:?}");
    let socket = [("upgrade", "websocket"), ("connection", "upgrade")];
    assert_eq!(served.raw("GET", "/x", &socket, "").await.status, 400);
    for query in ["endUserId=1", "tags[a]=b"] {
        assert_eq!(served.get(&format!("/connections?{query}")).await.code(400), "invalid_query_params");
    }
    served.get("/health").await.ok();
}
