//! Nango's wire contract: what a server that its SDKs are pointed at must answer. Each test bears the number
//! that it has in the list of the contract; 11 and 12 play here what the SDKs send, and run with the published
//! ones in `tests/real/sdks.py`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hallpass::http::Flags;
use hallpass::model::ConnectionRef;
use serde_json::{Value, json};

use crate::support::Decision;
use crate::support::consent;
use crate::support::odd_server::{Odd, OddServer};
use crate::support::player::{Player, Reply, Seen};
use crate::support::program::{Home, said};
use crate::support::served::{Answer, Served};
use crate::support::trial::Trial;

/// A server over the sandbox.
struct Stage {
    trial: Trial,
    served: Served,
}

impl Stage {
    async fn new() -> Self {
        let trial = Trial::new().await;
        let served = Served::over(trial.service.clone()).await;
        Self { trial, served }
    }

    /// With the config `k` for the sandbox.
    async fn configured() -> Self {
        let stage = Self::new().await;
        stage.served.send("POST", "/config", &config("k", "sandbox")).await.ok();
        stage
    }

    /// With the connection `k/c` too.
    async fn connected() -> Self {
        let stage = Self::configured().await;
        assert_eq!(stage.authorize("c").await.status, 200);
        stage
    }

    /// Runs a flow to its end; returns the last page.
    async fn authorize(&self, id: &str) -> Answer {
        self.flow(&format!("/oauth/connect/k?connection_id={id}"), Decision::Allow).await
    }

    async fn flow(&self, path: &str, decision: Decision) -> Answer {
        let begun = self.served.get(path).await;
        let back = consent(&Served::location(&begun), decision).await;
        self.served.callback(&back).await
    }

    async fn connection(&self, id: &str) -> Answer {
        self.served.get(&format!("/connection/{id}?provider_config_key=k")).await
    }
}

fn config(key: &str, provider: &str) -> Value {
    json!({
        "provider_config_key": key,
        "provider": provider,
        "oauth_client_id": "sandbox-client",
        "oauth_client_secret": "sandbox-secret",
        "oauth_scopes": "read,write",
    })
}

/// A server over a provider of one's own, `acme`, with the config `k`.
struct Own {
    player: Player,
    _home: tempfile::TempDir,
    served: Served,
}

impl Own {
    async fn new(file: &str, answer: impl FnMut(&Seen) -> Reply + Send + 'static) -> Self {
        let player = Player::start(answer);
        let (home, served) = own(&file.replace("{base}", &player.base())).await;
        Self { player, _home: home, served }
    }

    async fn authorize(&self, id: &str) -> Answer {
        let begun = self.served.get(&format!("/oauth/connect/k?connection_id={id}")).await;
        self.served.get(&format!("/oauth/callback?code=the-code&state={}", state(&begun))).await
    }
}

async fn own(file: &str) -> (tempfile::TempDir, Served) {
    use crate::support::trial::{Remembering, Slate, service_of, settings};
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("providers")).unwrap();
    std::fs::write(home.path().join("providers/acme.toml"), file).unwrap();
    let clock = hallpass::system::clock::FixedClock::at("2026-01-01T00:00:00Z".parse().unwrap());
    let service = service_of(settings(home.path()), &clock, &Remembering::default(), &Slate::default());
    let served = Served::over(service).await;
    served.send("POST", "/config", &config("k", "acme")).await.ok();
    (home, served)
}

const ACME: &str = "name = \"Acme\"\n[oauth2]\nauthorization_endpoint = \"{base}/a\"\ntoken_endpoint = \"{base}/t\"\n";

fn query(url: &url::Url) -> BTreeMap<String, String> {
    url.query_pairs().into_owned().collect()
}

fn state(begun: &Answer) -> String {
    query(&Served::location(begun))["state"].clone()
}

fn basic(pair: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

#[tokio::test]
async fn test_01_health_is_told_to_whoever_asks() {
    let trial = Trial::new().await;
    let served = Served::with(trial.service.clone(), Some("s3"), &Flags::default()).await;
    let answer = served.get("/health").await;
    assert_eq!((answer.status, answer.json()), (200, json!({"result": "ok"})));
    let from_page = served.raw("GET", "/health", &[("origin", "https://evil.example")], "").await;
    assert_eq!(from_page.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn test_02_a_config_is_made_once() {
    let stage = Stage::new().await;
    let made = stage.served.send("POST", "/config", &config("k", "sandbox")).await.ok();
    assert!(made.json()["config_id"].is_i64());
    let again = stage.served.send("POST", "/config", &config("k", "sandbox")).await;
    let sentence = "There is already a Provider Configuration matching the param 'provider_config_key'.";
    assert_eq!(again.error(400), sentence);
    assert_eq!(again.json()["type"], "duplicate_provider_config");
}

#[tokio::test]
async fn test_03_what_is_missing_is_named_in_the_originals_order() {
    let stage = Stage::new().await;
    let mut body = json!({});
    let steps = [
        ("provider_config_key", "k", "Missing param 'provider_config_key'."),
        ("provider", "nobody", "Missing param 'provider'."),
        ("provider", "sandbox", "No Provider Template matching the 'provider' parameter."),
        ("oauth_client_id", "sandbox-client", "Missing param 'oauth_client_id'."),
        ("oauth_client_secret", "sandbox-secret", "Missing param 'oauth_client_secret'."),
        ("oauth_scopes", "", "Missing param 'oauth_scopes'."),
    ];
    for (name, value, sentence) in steps {
        assert_eq!(stage.served.send("POST", "/config", &body).await.error(400), sentence);
        body[name] = value.into();
    }
    stage.served.send("POST", "/config", &body).await.ok();
    // What every object has is no provider.
    body["provider_config_key"] = "other".into();
    body["provider"] = "toString".into();
    assert!(stage.served.send("POST", "/config", &body).await.error(400).contains("No Provider Template"));
}

#[tokio::test]
async fn test_04_scopes_are_parted_by_spaces_and_commas() {
    let stage = Stage::new().await;
    let body = json!({"oauth_scopes": "a b,, c  d"});
    let mut whole = config("k", "sandbox");
    whole["oauth_scopes"] = body["oauth_scopes"].clone();
    stage.served.send("POST", "/config", &whole).await.ok();
    let shown = stage.served.get("/config/k").await.ok().json();
    assert_eq!(shown["config"]["oauth_scopes"], "a,b,c,d");
    let names = [
        "account_id",
        "created_at",
        "id",
        "oauth_client_id",
        "oauth_client_secret",
        "oauth_scopes",
        "provider",
        "unique_key",
        "updated_at",
    ];
    assert_eq!(shown["config"].as_object().unwrap().keys().collect::<Vec<_>>(), names);
    assert_eq!(shown["config"]["oauth_client_secret"], "sandbox-secret");
    assert_eq!(stage.served.get("/config").await.ok().json()["configs"], json!([shown["config"]]));
}

#[tokio::test]
async fn test_05_a_config_is_edited_and_an_unknown_one_is_not() {
    let stage = Stage::configured().await;
    let mut body = config("k", "sandbox");
    body["oauth_scopes"] = "x y".into();
    let edited = stage.served.send("PUT", "/config", &body).await.ok();
    assert_eq!((edited.body.as_str(), edited.header("content-type")), ("", None));
    assert_eq!(stage.served.get("/config/k").await.json()["config"]["oauth_scopes"], "x,y");
    body["provider_config_key"] = "nope".into();
    let unknown = stage.served.send("PUT", "/config", &body).await;
    assert_eq!(unknown.error(400), "There is no Provider Configuration matching this key.");
    body["provider"] = "nobody".into();
    assert!(stage.served.send("PUT", "/config", &body).await.error(400).contains("No Provider Template"));
    assert_eq!(stage.served.get("/config/nope").await.error(400), unknown.error(400));
}

#[tokio::test]
async fn test_06_a_deleted_configs_connections_come_back_with_it() {
    let stage = Stage::connected().await;
    let token = stage.connection("c").await.ok().json()["credentials"]["access_token"].clone();
    assert_eq!(stage.served.delete("/config/nope").await.ok().body, "");
    assert_eq!(stage.served.delete("/config/k").await.ok().body, "");
    assert_eq!(stage.connection("c").await.error(400), "There is no Provider Configuration matching this key.");
    stage.served.send("POST", "/config", &config("k", "sandbox")).await.ok();
    assert_eq!(stage.connection("c").await.ok().json()["credentials"]["access_token"], token);
}

#[tokio::test]
async fn a_deleted_configs_connections_do_not_go_to_another_provider() {
    let stage = Stage::connected().await;
    stage.served.delete("/config/k").await.ok();
    let left = stage.trial.service.connections().unwrap();
    assert!(left[0].problem.as_ref().unwrap().reason.contains("its config was deleted"));
    stage.served.send("POST", "/config", &config("k", "github")).await.ok();
    assert_eq!(
        stage.connection("c").await.error(400),
        "No connection matching params 'connection_id' and 'provider_config_key'."
    );
    assert!(stage.trial.service.connections().unwrap().is_empty());
}

#[tokio::test]
async fn test_07_a_connection_is_named_by_its_id_and_its_config() {
    let stage = Stage::configured().await;
    assert_eq!(stage.served.get("/connection/c").await.error(400), "Missing param 'provider_config_key'.");
    let sentence = "No connection matching params 'connection_id' and 'provider_config_key'.";
    let unknown = stage.connection("c").await;
    assert_eq!((unknown.error(400).as_str(), &unknown.json()["type"]), (sentence, &json!("unkown_connection")));
    assert_eq!(stage.served.get("/connection/c?provider_config_key=nope").await.error(400), sentence);
    assert_eq!(stage.served.delete("/connection/c?provider_config_key=k").await.error(400), sentence);
    assert_eq!(stage.served.delete("/connection/c").await.error(400), "Missing param 'provider_config_key'.");
}

#[tokio::test]
async fn test_08_what_a_provider_does_not_say_is_left_out() {
    let own = Own::new(ACME, |_| Reply::json(200, &json!({"access_token": "at", "token_type": "bearer"}))).await;
    assert_eq!(own.authorize("c").await.status, 200);
    let shown = own.served.get("/connection/c?provider_config_key=k").await.ok().json();
    let credentials = shown["credentials"].as_object().unwrap();
    assert_eq!(credentials.keys().collect::<Vec<_>>(), ["access_token", "raw", "type"]);
    assert_eq!((&credentials["access_token"], &credentials["type"]), (&json!("at"), &json!("OAUTH2")));
    let names = [
        "account_id",
        "connection_config",
        "connection_id",
        "created_at",
        "credentials",
        "id",
        "metadata",
        "provider_config_key",
        "updated_at",
    ];
    assert_eq!(shown.as_object().unwrap().keys().collect::<Vec<_>>(), names);
}

#[tokio::test]
async fn test_09_the_list_calls_the_config_provider() {
    let stage = Stage::connected().await;
    let listed = stage.served.get("/connection").await.ok().json();
    let row = &listed["connections"][0];
    assert_eq!((&row["connection_id"], &row["provider"]), (&json!("c"), &json!("k")));
    assert!(row["created"].as_str().unwrap().ends_with('Z') && row["id"].is_i64());
    let none = stage.served.get("/connection?connectionId=other").await.ok().json();
    assert_eq!(none["connections"], json!([]));
}

#[tokio::test]
async fn test_10_a_key_is_asked_for_where_one_is_set() {
    let trial = Trial::new().await;
    let served = Served::with(trial.service.clone(), Some("s3"), &Flags::default()).await;
    for path in ["/config", "/connection", "/connections", "/integrations", "/proxy/x", "/providers"] {
        let missing = served.get(path).await;
        assert_eq!(missing.status, 401, "{path}");
        assert!(missing.body.contains("Authentication failed. The request is missing the Authorization header."));
        let wrong = served.raw("GET", path, &[("authorization", &basic("wrong:"))], "").await;
        assert_eq!(wrong.status, 401, "{path}");
        assert!(wrong.body.contains("Authentication failed. The provided secret key is invalid."));
    }
    for shown in [basic("s3:"), basic("s3:anything"), "Bearer s3".to_owned()] {
        served.raw("GET", "/config", &[("authorization", &shown)], "").await.ok();
    }
}

#[tokio::test]
async fn test_11_the_sdks_of_2023_get_tokens_and_sentences() {
    let trial = Trial::new().await;
    let served = Served::with(trial.service.clone(), Some("s3"), &Flags::default()).await;
    let headers = [("authorization", basic("s3:")), ("accept-encoding", "application/json".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let with_body: Vec<(&str, &str)> = headers.iter().copied().chain([("content-type", "application/json")]).collect();
    served.raw("POST", "/config", &with_body, &config("k", "sandbox").to_string()).await.ok();
    let begun = served.get("/oauth/connect/k?connection_id=c").await;
    served.callback(&consent(&Served::location(&begun), Decision::Allow).await).await.ok();
    let shown = served.raw("GET", "/connection/c?provider_config_key=k", &headers, "").await.ok();
    assert_eq!(shown.header("content-encoding"), None);
    assert!(shown.json()["credentials"]["access_token"].is_string());
    assert!(served.raw("GET", "/connection", &headers, "").await.ok().json()["connections"].is_array());
    let unknown = served.raw("GET", "/connection/nobody?provider_config_key=k", &headers, "").await;
    assert!(unknown.status == 400 && unknown.json()["error"].is_string());
}

#[tokio::test]
async fn test_12_todays_sdk_gets_todays_shapes() {
    let stage = Stage::connected().await;
    let bearer = [("authorization", "Bearer any")];
    let path = "/connections/c?provider_config_key=k&force_refresh=false&refresh_token=false&refresh_github_app_jwt_token=false";
    let shown = stage.served.raw("GET", path, &bearer, "").await.ok().json();
    for name in [
        "id",
        "connection_id",
        "provider_config_key",
        "provider",
        "errors",
        "end_user",
        "tags",
        "metadata",
        "connection_config",
        "created_at",
        "updated_at",
        "last_fetched_at",
        "credentials",
    ] {
        assert!(shown.get(name).is_some(), "{name}");
    }
    assert_eq!((&shown["provider"], &shown["errors"]), (&json!("sandbox"), &json!([])));
    assert!(
        shown["credentials"].get("refresh_token").is_none()
            && shown["credentials"]["raw"].get("refresh_token").is_none()
    );
    let whole = stage.served.get("/connections/c?provider_config_key=k&refresh_token=true").await.ok().json();
    assert!(whole["credentials"]["refresh_token"].is_string());
    let before = stage.trial.sandbox.counts().refreshes;
    stage.served.get("/connections/c?provider_config_key=k&force_refresh=true").await.ok();
    assert_eq!(stage.trial.sandbox.counts().refreshes, before + 1);
    let listed = stage.served.get("/connections").await.ok().json();
    assert_eq!(
        (&listed["connections"][0]["provider_config_key"], &listed["connections"][0]["provider"]),
        (&json!("k"), &json!("sandbox"))
    );
    assert_eq!(stage.served.get("/connections/x?provider_config_key=k").await.code(404), "not_found");
    assert_eq!(stage.served.get("/connections/c?provider_config_key=x").await.code(400), "unknown_provider_config");
    assert_eq!(stage.served.delete("/connections/x?provider_config_key=k").await.code(400), "unknown_connection");
    assert_eq!(stage.served.delete("/connections/c?provider_config_key=k").await.ok().json(), json!({"success": true}));
}

#[tokio::test]
async fn test_13_an_id_is_found_however_it_is_written() {
    let stage = Stage::configured().await;
    for (sent, id) in [("a%20b+c@d.e", "a b+c@d.e"), ("100%25", "100%"), ("%E3%82%B8%E3%82%A7", "\u{30b8}\u{30a7}")] {
        assert_eq!(stage.authorize(sent).await.status, 200, "{id}");
        let known = ConnectionRef::parse(&format!("k/{id}")).unwrap();
        assert!(stage.trial.service.connection(&known).is_ok(), "{id}");
    }
    for path in ["a%20b+c@d.e", "a%20b%2Bc%40d.e", "100%", "100%25", "%E3%82%B8%E3%82%A7"] {
        stage.connection(path).await.ok();
    }
    let long = "x".repeat(255);
    assert_eq!(stage.authorize(&long).await.status, 200);
    stage.connection(&long).await.ok();
    for bad in ["a%2Fb", "a%3Fb", "a/b", &"x".repeat(256)] {
        let refused = stage.served.get(&format!("/oauth/connect/k?connection_id={bad}")).await;
        assert!(refused.status == 400 && refused.body.contains("connection id"), "{bad}: {refused:?}");
    }
    for bad in ["a%2Fb", "a%3Fb", &"x".repeat(256)] {
        let refused = stage.connection(bad).await;
        assert!(refused.error(400).contains("connection id"), "{bad}");
    }
    let slash = stage.connection("a/b").await;
    assert!((400..500).contains(&slash.status) && slash.json()["error"].is_string());
}

#[tokio::test]
async fn test_14_a_page_hears_by_its_socket_how_its_flow_ended() {
    let stage = Stage::configured().await;
    let mut page = stage.served.page(Some("http://localhost:5173")).await.unwrap();
    assert_eq!(page.name.len(), 36);
    let begun = stage.served.get(&format!("/oauth/connect/k?connection_id=c&ws_client_id={}", page.name)).await;
    let back = consent(&Served::location(&begun), Decision::Allow).await;
    let (last, heard) = tokio::join!(stage.served.callback(&back), page.hear());
    assert_eq!((last.status, last.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(last.body.contains("\"closes\":true"));
    let heard = heard.unwrap();
    assert_eq!(heard["message_type"], "success");
    assert_eq!((&heard["provider_config_key"], &heard["connection_id"]), (&json!("k"), &json!("c")));
    assert_eq!(page.hear().await, None, "the server closes");
}

#[tokio::test]
async fn test_15_the_oldest_sdk_is_told_by_its_page() {
    let stage = Stage::configured().await;
    let last = stage.authorize("c").await;
    let data = json!({"connectionId": "c", "providerConfigKey": "k"});
    assert_eq!(last.told(), json!({"eventType": "AUTHORIZATION_SUCEEDED", "data": data}));
    let refused = stage.served.get("/oauth/connect/nope?connection_id=c").await;
    assert_eq!(refused.told()["eventType"], "AUTHORIZATION_FAILED");
    assert_eq!(refused.told()["data"]["error"]["type"], "provider_config_err");
    let hostile = "`${alert(1)}<script>alert(2)<!--";
    let encoded: String = url::form_urlencoded::byte_serialize(hostile.as_bytes()).collect();
    let last = stage.authorize(&encoded).await;
    assert_eq!(last.told()["data"]["connectionId"], hostile);
    assert_eq!(last.body.matches("<script").count(), 2, "{}", last.body);
    assert!(last.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
}

#[tokio::test]
async fn test_16_what_a_url_needs_is_asked_for_by_name() {
    let stage = Stage::new().await;
    stage.served.send("POST", "/config", &config("shopify", "shopify")).await.ok();
    let mut page = stage.served.page(None).await.unwrap();
    let path = format!("/oauth/connect/shopify?connection_id=c&ws_client_id={}", page.name);
    let refused = stage.served.get(&path).await;
    assert!(refused.status >= 400 && refused.body.contains("subdomain"), "{refused:?}");
    let heard = page.hear().await.unwrap();
    assert_eq!((&heard["message_type"], &heard["error_type"]), (&json!("error"), &json!("url_param_err")));
    let words = heard["error_desc"].as_str().unwrap();
    assert!(
        words.starts_with("Missing Connection Config param(s) in Auth request to interpolate url https://"),
        "{words}"
    );
    for name in ["params[subdomain]", "params%5Bsubdomain%5D"] {
        let begun = stage.served.get(&format!("/oauth/connect/shopify?connection_id=c&{name}=x")).await;
        assert_eq!(Served::location(&begun).host_str(), Some("x.myshopify.com"), "{name}");
    }
}

#[tokio::test]
async fn test_17_a_flow_that_cannot_begin_says_why() {
    let stage = Stage::configured().await;
    let cases = [
        ("nope?connection_id=c", "provider_config_err", "Could not find a Provider Config matching the \"nope\" key."),
        ("k?connection_id=", "missing_connection_id", "Missing Connection ID."),
        ("k?x=y", "missing_connection_id", "Missing Connection ID."),
    ];
    for (path, code, words) in cases {
        let mut page = stage.served.page(None).await.unwrap();
        let refused = stage.served.get(&format!("/oauth/connect/{path}&ws_client_id={}", page.name)).await;
        assert!(refused.status >= 400, "{refused:?}");
        let heard = page.hear().await.unwrap();
        assert_eq!(heard["error_type"], code);
        assert!(heard["error_desc"].as_str().unwrap().starts_with(words), "{heard}");
    }
}

#[tokio::test]
async fn test_18_a_denial_reaches_the_page_in_the_providers_words() {
    let stage = Stage::configured().await;
    let mut page = stage.served.page(None).await.unwrap();
    let begun = stage.served.get(&format!("/oauth/connect/k?connection_id=c&ws_client_id={}", page.name)).await;
    let issuer: String = url::form_urlencoded::byte_serialize(stage.trial.sandbox.issuer().as_bytes()).collect();
    let path =
        format!("/oauth/callback?state={}&error=access_denied&error_description=nope&iss={issuer}", state(&begun));
    let last = stage.served.get(&path).await;
    assert!(last.status >= 400 && last.body.contains("access_denied") && last.body.contains("nope"), "{last:?}");
    assert!(!last.body.contains("\"closes\":true"), "it stays open");
    let heard = page.hear().await.unwrap();
    assert_eq!(heard["error_type"], "callback_err");
    let words = heard["error_desc"].as_str().unwrap();
    assert!(words.contains("access_denied") && words.contains("nope"), "{words}");
    assert!(stage.trial.service.connections().unwrap().is_empty());
    stage.served.get("/health").await.ok();
}

#[tokio::test]
async fn test_19_the_authorization_request_carries_what_it_must() {
    let own = Own::new(
        &format!("{ACME}authorization_params = {{ access_type = \"offline\" }}\nscope_separator = \",\"\n"),
        |_| Reply::json(200, &json!({"access_token": "at", "token_type": "bearer"})),
    )
    .await;
    let begun = own
        .served
        .get("/oauth/connect/k?connection_id=c&user_scope=u1,u2&authorization_params[prompt]=a%20b&hmac=x&public_key=y")
        .await;
    let url = Served::location(&begun);
    let asked = query(&url);
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["client_id"], "sandbox-client");
    assert_eq!(asked["redirect_uri"], format!("http://localhost:{}/oauth/callback", own.served.port));
    assert_eq!((asked["scope"].as_str(), asked["access_type"].as_str()), ("read,write", "offline"));
    assert_eq!((asked["user_scope"].as_str(), asked["prompt"].as_str()), ("u1,u2", "a b"));
    assert_eq!(asked["code_challenge_method"], "S256");
    own.served.get(&format!("/oauth/callback?code=x&state={}", asked["state"])).await.ok();
    let verifier = own.player.seen()[0].form()["code_verifier"].clone();
    assert_eq!(asked["code_challenge"], challenge(&verifier));
    let without = own.served.get("/oauth/connect/k?connection_id=d&authorization_params[access_type]=undefined").await;
    assert!(!query(&Served::location(&without)).contains_key("access_type"));
    for reserved in ["state", "redirect_uri", "client_id", "code_challenge"] {
        let refused =
            own.served.get(&format!("/oauth/connect/k?connection_id=e&authorization_params[{reserved}]=x")).await;
        assert!(refused.status == 400 && refused.body.contains(reserved), "{reserved}");
    }
    own.served.send("POST", "/config", &config("linkedin", "linkedin")).await.ok();
    let linkedin = own.served.get("/oauth/connect/linkedin?connection_id=c").await;
    assert!(!query(&Served::location(&linkedin)).contains_key("code_challenge"));
}

fn challenge(verifier: &str) -> String {
    use base64::Engine as _;
    let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
}

#[tokio::test]
async fn test_20_the_token_request_is_what_the_provider_asks_for() {
    let answer = |_: &Seen| Reply::json(200, &json!({"access_token": "at", "token_type": "bearer"}));
    let own = Own::new(
        &ACME.replace("[oauth2]\n", "[oauth2]\ntoken_endpoint_auth_method = \"client_secret_post\"\n"),
        answer,
    )
    .await;
    own.authorize("c").await.ok();
    let seen = own.player.seen()[0].clone();
    assert_eq!((seen.method.as_str(), seen.headers["accept"].contains("application/json")), ("POST", true));
    let form = seen.form();
    for (name, value) in [
        ("grant_type", "authorization_code"),
        ("code", "the-code"),
        ("client_id", "sandbox-client"),
        ("client_secret", "sandbox-secret"),
    ] {
        assert_eq!(form[name], value);
    }
    assert!(form.contains_key("redirect_uri") && form.contains_key("code_verifier"));
    let header = ACME.replace("[oauth2]\n", "[oauth2]\ntoken_endpoint_auth_method = \"client_secret_basic\"\n");
    let own = Own::new(&format!("{header}token_request = {{ format = \"json\" }}\n"), answer).await;
    let mut body = config("k", "acme");
    body["oauth_client_id"] = "cid".into();
    body["oauth_client_secret"] = "s!c:ret".into();
    own.served.send("PUT", "/config", &body).await.ok();
    own.authorize("c").await.ok();
    let seen = own.player.seen()[0].clone();
    assert_eq!(seen.headers["authorization"], basic("cid:s%21c%3Aret"));
    let sent: Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!((&sent["grant_type"], sent.get("client_secret")), (&json!("authorization_code"), None));
}

#[tokio::test]
async fn test_21_a_token_endpoint_that_says_no_with_200_stores_nothing_and_ends_nothing() {
    let refusal = r#"{"error":"bad_verification_code","error_description":"The code passed is incorrect or expired."}"#;
    for odd in [Odd::json("200 OK", refusal), Odd::answer("200 OK", "text/html", "<html>no</html>"), Odd::Close] {
        let odd_server = OddServer::start(vec![odd.clone()]);
        let (_home, served) = own(&odd_server.provider_file("")).await;
        let mut page = served.page(None).await.unwrap();
        let begun = served.get(&format!("/oauth/connect/k?connection_id=c&ws_client_id={}", page.name)).await;
        let last = served.get(&format!("/oauth/callback?code=x&state={}", state(&begun))).await;
        assert!(last.status >= 400, "{last:?}");
        let heard = page.hear().await.unwrap();
        assert_eq!((&heard["message_type"], &heard["error_type"]), (&json!("error"), &json!("unknown_err")));
        if matches!(&odd, Odd::Bytes(bytes) if bytes.ends_with(refusal.as_bytes())) {
            assert!(heard["error_desc"].as_str().unwrap().contains("bad_verification_code"), "{heard}");
        }
        assert!(served.service.connections().unwrap().is_empty());
        served.get("/health").await.ok();
    }
    let form =
        Odd::answer("200 OK", "application/x-www-form-urlencoded", "access_token=at&scope=repo&token_type=bearer");
    let odd_server = OddServer::start(vec![form]);
    let (_home, served) = own(&odd_server.provider_file("")).await;
    let begun = served.get("/oauth/connect/k?connection_id=c").await;
    served.get(&format!("/oauth/callback?code=x&state={}", state(&begun))).await.ok();
    let shown = served.get("/connection/c?provider_config_key=k").await.ok().json();
    assert_eq!(shown["credentials"]["access_token"], "at");
}

#[tokio::test]
async fn test_21_success_is_told_after_the_connection_can_be_read() {
    let stage = Stage::configured().await;
    for number in 0..20 {
        let mut page = stage.served.page(None).await.unwrap();
        let id = format!("c{number}");
        let begun = stage.served.get(&format!("/oauth/connect/k?connection_id={id}&ws_client_id={}", page.name)).await;
        let back = consent(&Served::location(&begun), Decision::Allow).await;
        let read = async {
            assert_eq!(page.hear().await.unwrap()["message_type"], "success");
            stage.connection(&id).await
        };
        let (_, read) = tokio::join!(stage.served.callback(&back), read);
        read.ok();
    }
}

#[tokio::test]
async fn test_22_a_strange_callback_ends_nothing() {
    let stage = Stage::configured().await;
    for query in ["", "?code=x", "?state=unknown&code=x", "?state=a&state=b", "?state=&code=x", "?state=%ff"] {
        let answer = stage.served.get(&format!("/oauth/callback{query}")).await;
        assert!((400..500).contains(&answer.status), "{query}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        stage.served.get("/health").await.ok();
    }
    let begun = stage.served.get("/oauth/connect/k?connection_id=c").await;
    let back = consent(&Served::location(&begun), Decision::Allow).await;
    stage.served.callback(&back).await.ok();
    assert_eq!(stage.served.callback(&back).await.status, 410, "used");
    // A config that is deleted while its flow is under way.
    let begun = stage.served.get("/oauth/connect/k?connection_id=d").await;
    let back = consent(&Served::location(&begun), Decision::Allow).await;
    stage.served.delete("/config/k").await.ok();
    let last = stage.served.callback(&back).await;
    assert!(last.status >= 400 && last.body.contains("there is no config"), "{last:?}");
    stage.served.get("/health").await.ok();
}

#[tokio::test]
async fn test_22_a_flow_that_was_begun_before_a_restart_ends_with_a_page_that_says_so() {
    let Stage { trial, served } = Stage::configured().await;
    let begun = served.get("/oauth/connect/k?connection_id=c").await;
    let back = consent(&Served::location(&begun), Decision::Allow).await;
    served.stop().await;
    let served = Served::over(trial.another()).await;
    let last = served.callback(&back).await;
    assert!(last.status == 400 && last.body.contains("since this server was started"), "{last:?}");
}

#[tokio::test]
async fn test_23_a_token_is_refreshed_a_quarter_of_an_hour_before_its_end_and_once() {
    let stage = Stage::connected().await;
    let refreshes = || stage.trial.sandbox.counts().refreshes;
    stage.trial.clock.advance(Duration::from_mins(44));
    let before = stage.connection("c").await.ok().json();
    assert_eq!(refreshes(), 0);
    stage.trial.clock.advance(Duration::from_mins(2));
    let all = futures_util::future::join_all((0..10).map(|_| stage.connection("c"))).await;
    assert_eq!(refreshes(), 1);
    let tokens: Vec<Value> =
        all.into_iter().map(|answer| answer.ok().json()["credentials"]["access_token"].clone()).collect();
    assert!(tokens.iter().all(|token| token == &tokens[0] && token != &before["credentials"]["access_token"]));
    assert_eq!(stage.trial.sandbox.counts().reuses, 0);
}

#[tokio::test]
async fn test_23_an_ended_token_without_a_refresh_token_is_told_and_never_handed_out() {
    let answer = json!({"access_token": "at", "token_type": "bearer", "expires_in": 0});
    let own = Own::new(ACME, move |_| Reply::json(200, &answer)).await;
    own.authorize("c").await;
    let ended = own.served.get("/connection/c?provider_config_key=k").await;
    assert!(ended.error(424).contains("no refresh token"));
    assert!(ended.json()["hint"].as_str().unwrap().contains("hallpass connect k c"));
}

#[tokio::test]
async fn test_23_a_refresh_that_fails_says_why_and_leaves_the_stored_token() {
    let mut number = 0;
    let own = Own::new(ACME, move |_| {
        number += 1;
        if number == 1 {
            return Reply::json(
                200,
                &json!({"access_token": "at", "token_type": "bearer", "refresh_token": "rt", "expires_in": "0"}),
            );
        }
        Reply::json(400, &json!({"error": "temporarily_unavailable", "error_description": "later"}))
    })
    .await;
    own.authorize("c").await;
    let failed = own.served.get("/connection/c?provider_config_key=k").await;
    assert!(failed.status >= 500 && failed.error(failed.status).contains("temporarily_unavailable"), "{failed:?}");
    assert_eq!(own.player.seen()[1].form()["grant_type"], "refresh_token");
    assert_eq!(own.player.seen()[1].form()["refresh_token"], "rt");
}

#[tokio::test]
async fn test_24_oauth_1_is_signed_kept_and_told() {
    let file = "name = \"Acme\"\n[oauth1]\nrequest_token_endpoint = \"{base}/r\"\nauthorization_endpoint = \"{base}/a\"\ntoken_endpoint = \"{base}/t\"\n";
    let own = Own::new(file, |seen| match seen.path.as_str() {
        "/r" => Reply::form("oauth_token=temp&oauth_token_secret=ts&oauth_callback_confirmed=true"),
        _ => Reply::form("oauth_token=token&oauth_token_secret=secret&user_id=7&screen_name=jane"),
    })
    .await;
    let begun = own.served.get("/oauth/connect/k?connection_id=c").await;
    let url = Served::location(&begun);
    assert_eq!(query(&url)["oauth_token"], "temp");
    let header = own.player.seen()[0].headers["authorization"].clone();
    assert!(
        header.starts_with("OAuth ") && header.contains("oauth_signature=") && header.contains("oauth_version=\"1.0\"")
    );
    let callback = header.split("oauth_callback=\"").nth(1).unwrap().split('"').next().unwrap();
    let callback = percent_encoding::percent_decode_str(callback).decode_utf8().unwrap().into_owned();
    let callback: url::Url = callback.parse().unwrap();
    let path = format!("/oauth/callback?state={}&oauth_token=temp&oauth_verifier=v", query(&callback)["state"]);
    own.served.get(&path).await.ok();
    let credentials = own.served.get("/connection/c?provider_config_key=k").await.ok().json()["credentials"].clone();
    assert_eq!(
        (&credentials["type"], &credentials["oauth_token"], &credentials["oauth_token_secret"]),
        (&json!("OAUTH1"), &json!("token"), &json!("secret"))
    );
    assert_eq!(
        credentials["raw"],
        json!({"oauth_token": "token", "oauth_token_secret": "secret", "user_id": "7", "screen_name": "jane"})
    );
    own.player.answer(|_| Reply::json(401, &json!({"error": "no"})));
    let mut page = own.served.page(None).await.unwrap();
    own.served.get(&format!("/oauth/connect/k?connection_id=d&ws_client_id={}", page.name)).await;
    assert_eq!(page.hear().await.unwrap()["error_type"], "token_err");
}

#[test]
fn test_25_a_colon_form_that_lacks_an_argument_says_which() {
    let home = Home::new();
    let said = home.run(&["config:create", "k"]).fails_with(2);
    assert!(said.out.is_empty() && said.err.contains("PROVIDER"), "{said:?}");
    let said = home.run(&["token:get", "k", "c"]).fails_with(3);
    assert!(said.out.is_empty() && said.err.contains("there is no config"), "{said:?}");
}

#[tokio::test]
async fn test_25_the_colon_forms_work_through_nango_hostport() {
    let trial = Trial::new().await;
    // The program has the clock of this machine.
    let now = hallpass::model::Time::from(std::time::SystemTime::now());
    trial.clock.advance((now - trial.service.now()).to_std().unwrap());
    let served = Served::with(trial.service.clone(), Some("s3"), &Flags::default()).await;
    let stage = Stage { trial, served };
    let home = Arc::new(Home::new());
    let address = format!("http://localhost:{}/", stage.served.port);
    let run = async |words: &str| {
        let mut command = home.command();
        command.env("NANGO_HOSTPORT", &address).env("NANGO_SECRET_KEY", "s3").args(words.split(' '));
        tokio::task::spawn_blocking(move || said(command.output().unwrap())).await.unwrap()
    };
    let made = run("config:create k sandbox sandbox-client sandbox-secret read,write").await.ok();
    assert!(made.out.is_empty() && made.err.contains("`k` is ready"), "{made:?}");
    assert_eq!(run("config:list").await.ok().out, "k\tsandbox\tsandbox-client\tread,write\n");
    assert!(run("config:get k").await.ok().out.contains("sandbox-client"));
    run("config:edit k sandbox sandbox-client sandbox-secret read").await.ok();
    assert_eq!(stage.trial.service.configs().unwrap()[0].scopes, ["read"]);
    assert_eq!(stage.authorize("c").await.status, 200);
    assert!(run("connection:list").await.ok().out.starts_with("k\tc\tsandbox\t"));
    assert!(run("connection:get k c").await.ok().out.contains("k/c"));
    let token = run("token:get k c").await.ok();
    assert!(token.err.is_empty() && stage.trial.sandbox.accepts(token.out.trim()) && token.out.ends_with('\n'));
    let missing = run("token:get k nobody").await.fails_with(3);
    assert!(missing.out.is_empty() && missing.err.contains("No connection matching params"), "{missing:?}");
    let gone = run("connection:delete k c --yes").await.ok();
    assert!(gone.out.is_empty() && gone.err.contains("is gone from `http://localhost"), "{gone:?}");
    run("config:delete k --yes").await.ok();
    assert!(stage.trial.service.configs().unwrap().is_empty() && run("config:list").await.ok().out.is_empty());
}

#[tokio::test]
async fn test_25_a_self_hosted_host_gets_the_key_as_the_user_name_of_basic() {
    let player = Player::start(|_| Reply::json(200, &json!({"connections": []})));
    let mut command = Home::new().command();
    command.env("NANGO_HOSTPORT", player.base()).env("NANGO_SECRET_KEY", "s3").args(["connection:list"]);
    tokio::task::spawn_blocking(move || said(command.output().unwrap())).await.unwrap().ok();
    assert_eq!(player.seen()[0].headers["authorization"], "Basic czM6");
}
