//! Tokens that come of what a person entered: by calls that a provider file names, and signed here.

use std::time::Duration;

use hallpass::model::{ConfigKey, ConnectionRef, Health, Secret, WayIn};
use hallpass::service::Kind;
use hallpass::service::configs::{ConfigChanges, NewConfig};
use hallpass::service::connect::{ConnectRequest, Way};
use hallpass::service::copy::Form;
use hallpass::service::fresh::Freshness;
use serde_json::{Value, json};

use crate::support::player::{Reply, Seen};
use crate::ways::{Stage, jane};

const LOGIN: &str = r#"
name = "Acme"

[token_exchange.response]
access_token = "data.jwt"
expires_in = "data.seconds"

[[token_exchange.calls]]
endpoint = "{base}/where"
method = "GET"

[[token_exchange.calls]]
endpoint = "{call1.login}/v1/login"
format = "json"
headers = { authorization = "Basic {encoded.app}", x-api-key = "{credential.api_key}", accept = "application/json" }
params = { "user.name" = "{credential.username}", "user.password" = "{credential.password}", site = "{credential.site}", remember = false }

[encoded]
app = "app:{credential.api_key}"
session = "0:{token}"

[credentials.username]
label = "User name"

[credentials.password]
label = "Password"
secret = true

[credentials.api_key]
label = "API key"
secret = true

[credentials.site]
label = "Site"
optional = true

[variables.account]
from = "token:account"

[api]
base_url = "{base}/api"
headers = { authorization = "Basic {encoded.session}", x-api-key = "{credential.api_key}", x-account = "{account}" }
"#;

const FIELDS: [(&str, &str); 3] =
    [("username", "jane"), ("password", "password-canary"), ("api_key", "api-key-canary")];

/// Plays the login: each one gives another token, as long as the password is the right one.
fn login() -> impl FnMut(&Seen) -> Reply + Send + 'static {
    let mut logins = 0;
    move |seen| match seen.path.as_str() {
        "/where" => {
            let host = seen.headers["host"].clone();
            Reply::json(200, &json!({"login": format!("http://{host}")}))
        }
        "/v1/login" if seen.body.contains("password-canary") => {
            logins += 1;
            let data = json!({"jwt": format!("token-{logins}"), "seconds": 600});
            Reply::json(200, &json!({"account": "A1", "data": data}))
        }
        "/v1/login" => Reply::json(401, &json!({"message": format!("wrong: {}", seen.body)})),
        "/api/echo" => {
            let told = |name: &str| seen.headers.get(name).cloned();
            Reply::json(200, &json!([told("authorization"), told("x-api-key"), told("x-account")]))
        }
        _ => Reply::json(404, &json!({})),
    }
}

#[tokio::test]
async fn what_is_entered_is_traded_by_the_calls_of_the_file_and_the_token_is_what_the_api_is_shown() {
    let stage = Stage::new(LOGIN, login()).await;
    let connected = stage.enter(&FIELDS).await.unwrap();
    assert!(connected.warnings.is_empty(), "{:?}", connected.warnings);
    assert_eq!(connected.connection.way, WayIn::TokenExchange);
    assert_eq!(connected.connection.variables["account"], "A1");
    let seen = stage.player.seen();
    let asked = seen.iter().find(|seen| seen.path == "/v1/login").unwrap();
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(body, json!({"user": {"name": "jane", "password": "password-canary"}, "remember": false}));
    assert_eq!(asked.headers["authorization"], "Basic YXBwOmFwaS1rZXktY2FuYXJ5");
    assert_eq!(asked.headers["x-api-key"], "api-key-canary");
    assert_eq!(stage.hand_out(Form::Raw).await, "token-1");
    let (status, echoed) = stage.get("/echo").await.unwrap();
    assert_eq!((status, echoed.as_str()), (200, r#"["Basic MDp0b2tlbi0x","api-key-canary","A1"]"#));
}

#[tokio::test]
async fn a_token_that_ends_is_had_again_with_what_was_entered() {
    let stage = Stage::new(LOGIN, login()).await;
    stage.enter(&FIELDS).await.unwrap();
    stage.clock.advance(Duration::from_mins(11));
    assert_eq!(stage.hand_out(Form::Raw).await, "token-2");
    let shown: Value = serde_json::from_str(&stage.hand_out(Form::Json).await).unwrap();
    assert_eq!(
        (&shown["type"], &shown["token"], &shown["username"]),
        (&"TWO_STEP".into(), &"token-2".into(), &"jane".into())
    );
}

#[tokio::test]
async fn a_login_that_is_refused_keeps_nothing_and_shows_nothing_of_it() {
    let stage = Stage::new(LOGIN, login()).await;
    let fields = [("username", "jane"), ("password", "wrong-canary"), ("api_key", "api-key-canary")];
    let error = stage.enter(&fields).await.unwrap_err();
    assert!(error.kind == Kind::Provider && error.message.contains("refuses what was entered"), "{error:?}");
    assert!(stage.service.connection(&jane()).is_err());
    let rows = stage.service.activity(None, 10).unwrap();
    let steps: Vec<_> = rows.iter().flat_map(|row| stage.service.flow(row.number).unwrap()).collect();
    let lines: Vec<String> = steps.iter().filter_map(hallpass::model::tape::Step::curl).collect();
    let told = format!("{error:?} {rows:?} {steps:?} {lines:?}");
    assert!(!told.contains("canary"), "{told}");
    let line = lines.iter().find(|line| line.contains("/v1/login")).unwrap();
    assert!(line.contains("\\\"remember\\\":false") || line.contains("\"remember\":false"), "{line}");
    assert!(line.contains("\"user\":{") || line.contains("\\\"user\\\":{"), "it is written as it was sent: {line}");
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_ends_no_connection() {
    let mut is_gone = false;
    let mut plays = login();
    let answer = move |seen: &Seen| {
        if seen.path == "/v1/login" && std::mem::replace(&mut is_gone, true) {
            return Reply::json(404, &json!({"message": "no such page"}));
        }
        plays(seen)
    };
    let stage = Stage::new(LOGIN, answer).await;
    stage.enter(&FIELDS).await.unwrap();
    stage.clock.advance(Duration::from_mins(11));
    let error = stage.service.hand_out(&jane(), Freshness::default(), Form::Raw).await.unwrap_err();
    assert!(error.kind != Kind::AuthorizationNeeded && error.to_string().contains("no such page"), "{error:?}");
    assert!(!stage.service.connection(&jane()).unwrap().health(stage.service.now()).needs_authorization());
}

#[tokio::test]
async fn a_password_that_was_changed_at_the_provider_asks_for_a_person() {
    let mut is_changed = false;
    let mut plays = login();
    let answer = move |seen: &Seen| {
        if seen.path == "/v1/login" && std::mem::replace(&mut is_changed, true) {
            return Reply::json(401, &json!({"error": "invalid_login"}));
        }
        plays(seen)
    };
    let stage = Stage::new(LOGIN, answer).await;
    stage.enter(&FIELDS).await.unwrap();
    stage.clock.advance(Duration::from_mins(11));
    let error = stage.service.hand_out(&jane(), Freshness::default(), Form::Raw).await.unwrap_err();
    assert_eq!(error.kind, Kind::AuthorizationNeeded, "{error:?}");
    assert!(error.to_string().contains("refused what was entered"), "{error:?}");
    let now = stage.service.now();
    assert!(stage.service.connection(&jane()).unwrap().health(now).needs_authorization());
}

#[tokio::test]
async fn a_jwt_is_signed_anew_when_it_ends_and_nobody_is_asked() {
    let file = r#"
name = "Acme"
[signed_jwt]
algorithm = "HS256"
key = "{credential.secret}"
key_encoding = "hex"
lifetime = 300
header = { kid = "{credential.id}" }
claims = { aud = "/admin/" }
[credentials.id]
[credentials.secret]
secret = true
[api]
base_url = "{base}"
headers = { authorization = "Ghost {token}" }
verify = "GET /users"
"#;
    let stage = Stage::new(file, |seen| {
        let is_shown = seen.headers.get("authorization").is_some_and(|value| value.starts_with("Ghost ey"));
        Reply::json(if is_shown { 200 } else { 401 }, &json!({}))
    })
    .await;
    let connected = stage.enter(&[("id", "k1"), ("secret", "00ff00ff")]).await.unwrap();
    let now = stage.service.now();
    assert!(matches!(connected.connection.health(now), Health::Fresh(_)), "{:?}", connected.connection.health(now));
    let first = stage.hand_out(Form::Raw).await;
    stage.clock.advance(Duration::from_mins(6));
    let second = stage.hand_out(Form::Raw).await;
    assert_ne!(first, second);
    assert_eq!(stage.player.seen().len(), 1, "one call proved it, and none was made for the second");
}

#[tokio::test]
async fn what_signs_nothing_is_told_before_anything_is_kept() {
    let file = "name = \"Acme\"\n[signed_jwt]\nalgorithm = \"RS256\"\nkey = \"{credential.key}\"\nlifetime = 60\n[credentials.key]\npem = true\nsecret = true\n[api]\nbase_url = \"{base}\"\n";
    let stage = Stage::new(file, |_| Reply::json(200, &json!({}))).await;
    let error = stage.enter(&[("key", "canary\nof several lines")]).await.unwrap_err();
    assert!(error.message.contains("not one in PEM") && !format!("{error:?}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn a_client_that_signs_sends_an_assertion_that_is_good_for_one_request_and_never_its_key() {
    use base64::Engine as _;
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
    };
    let file = "name = \"Acme\"\n[client_credentials]\ntoken_endpoint = \"{base}/token\"\ntoken_endpoint_auth_method = \"private_key_jwt\"\nclient_assertion = { algorithm = \"ES256\", header = { kid = \"{key}\" } }\n[variables.key]\ndefault = \"k1\"\n[api]\nbase_url = \"{base}\"\n";
    let stage = Stage::new(file, |_| Reply::json(200, &json!({"access_token": "token", "expires_in": 60}))).await;
    let random = ring::rand::SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random).unwrap();
    let body = base64::engine::general_purpose::STANDARD.encode(key.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    let changes = ConfigChanges { client_secret: Some(Secret::new(pem)), ..ConfigChanges::default() };
    stage.service.edit_config(&jane().config, changes).await.unwrap();
    stage.enter(&[]).await.unwrap();
    stage.clock.advance(Duration::from_mins(2));
    assert_eq!(stage.hand_out(Form::Raw).await, "token");
    let mut ids = Vec::new();
    for seen in stage.player.seen() {
        let form = seen.form();
        assert!(!form.contains_key("client_secret") && !seen.body.contains(&body[..20]), "{}", seen.body);
        assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        let (message, signature) = form["client_assertion"].rsplit_once('.').unwrap();
        let decode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
        public.verify(message.as_bytes(), &decode(signature)).unwrap();
        let (header, claims) = message.split_once('.').unwrap();
        let read = |part: &str| serde_json::from_slice::<Value>(&decode(part)).unwrap();
        let (header, claims) = (read(header), read(claims));
        assert_eq!((&header["alg"], &header["kid"]), (&"ES256".into(), &"k1".into()));
        assert_eq!((&claims["iss"], &claims["sub"]), (&"me".into(), &"me".into()));
        assert_eq!(claims["aud"], format!("{}/token", stage.player.base()));
        ids.push(claims["jti"].clone());
    }
    assert!(ids.len() == 2 && ids[0] != ids[1], "{ids:?}");
}

const REGISTERS: &str = "name = \"Acme\"\n[oauth2]\nauthorization_endpoint = \"{base}/authorize\"\ntoken_endpoint = \"{base}/token\"\nregistration_endpoint = \"{base}/register\"\nresource = \"{base}/mcp\"\ntoken_endpoint_auth_method = \"none\"\n[api]\nbase_url = \"{base}\"\n";

fn unregistered(key: &str) -> NewConfig {
    NewConfig {
        key: ConfigKey::new(key).unwrap(),
        provider: "acme".to_owned(),
        client_id: String::new(),
        client_secret: None,
        scopes: Vec::new(),
        redirect_uri: Some("http://127.0.0.1:0/oauth/callback".to_owned()),
    }
}

#[tokio::test]
async fn a_client_that_is_forgotten_is_registered_anew_with_the_redirect_uri_of_now() {
    let mut told = 0;
    let stage = Stage::new(REGISTERS, move |seen| match seen.path.as_str() {
        "/register" => {
            told += 1;
            let mut answer = json!({"client_id": format!("told-{told}")});
            if told != 2 {
                answer["client_secret"] = format!("secret-{told}").into();
            }
            Reply::json(201, &answer)
        }
        _ => Reply::json(404, &json!({})),
    })
    .await;
    let config = stage.service.create_config(unregistered("mine")).await.unwrap();
    assert_eq!((config.client_id.as_str(), config.has_client_secret), ("told-1", true));
    let uri = "http://127.0.0.1:3999/oauth/callback";
    let anew = || ConfigChanges { registers: true, redirect_uri: Some(uri.to_owned()), ..ConfigChanges::default() };
    for (id, secret) in [("told-2", None), ("told-3", Some(Secret::new("secret-3")))] {
        let changed = stage.service.edit_config(&config.key, anew()).await.unwrap();
        assert_eq!((changed.client_id.as_str(), changed.redirect_uri()), (id, uri));
        let kept = stage.service.config(&config.key).unwrap();
        assert_eq!(kept, changed);
        assert_eq!(stage.service.client_secret(&kept).await.unwrap(), secret, "what belongs to the old one is gone");
    }
    let asked = stage.player.seen();
    assert!(asked[1].body.contains(uri) && !asked[0].body.contains(uri), "{asked:?}");
    let rows = stage.service.activity(None, 10).unwrap();
    assert!(rows.iter().any(|row| row.detail.contains("registered anew") && row.flow.is_some()), "{rows:?}");
}

#[tokio::test]
async fn what_registers_no_clients_says_so_and_stays_as_it_is() {
    let file = REGISTERS.replace("registration_endpoint = \"{base}/register\"\n", "");
    let stage = Stage::new(&file, |_| Reply::json(404, &json!({}))).await;
    let key = ConfigKey::new("acme").unwrap();
    let anew = ConfigChanges { registers: true, ..ConfigChanges::default() };
    let empty = ConfigChanges { client_id: Some(String::new()), ..ConfigChanges::default() };
    for (changes, why) in [(anew, "registers no clients"), (empty, "no client id is given")] {
        let error = stage.service.edit_config(&key, changes).await.unwrap_err();
        assert!(error.kind == Kind::Usage && error.message.contains(why), "{error:?}");
        assert_eq!(stage.service.config(&key).unwrap().client_id, "me");
    }
}

#[tokio::test]
async fn a_config_without_a_client_id_is_registered_where_the_provider_lets_clients_do_that() {
    let answer = |seen: &Seen| match seen.path.as_str() {
        "/register" => Reply::json(201, &json!({"client_id": "told-id", "client_secret": "secret-canary"})),
        _ => Reply::json(200, &json!({"access_token": "token", "expires_in": 60, "refresh_token": "r"})),
    };
    let stage = Stage::new(REGISTERS, answer).await;
    let config = stage.service.create_config(unregistered("mine")).await.unwrap();
    assert_eq!((config.client_id.as_str(), config.has_client_secret), ("told-id", true));
    let asked: Value = serde_json::from_str(&stage.player.seen()[0].body).unwrap();
    let wanted = json!({
        "application_type": "native",
        "client_name": "hallpass",
        "redirect_uris": ["http://127.0.0.1:0/oauth/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    });
    assert_eq!(asked, wanted);
    let told = format!("{:?}", stage.service.activity(None, 10).unwrap());
    assert!(!told.contains("canary"), "{told}");
    // Every request says what the token is for (RFC 8707).
    let mut request = ConnectRequest::new(ConnectionRef::parse("mine/jane").unwrap());
    request.way = Way::NoBrowser;
    let authorization = stage.service.begin(request).await.unwrap();
    let url = authorization.waiting().url.clone();
    let resource = format!("{}/mcp", stage.player.base());
    assert!(url.query_pairs().any(|(name, value)| name == "resource" && value == resource), "{url}");
}

#[tokio::test]
async fn a_request_is_handed_to_the_server_first_where_it_wants_that() {
    let file = REGISTERS
        .replace(
            "registration_endpoint = \"{base}/register\"",
            "pushed_authorization_request_endpoint = \"{base}/par\"",
        )
        .replace("\"none\"", "\"client_secret_basic\"");
    let stage = Stage::new(&file, |_| Reply::json(201, &json!({"request_uri": "urn:acme:1", "expires_in": 60}))).await;
    let mut request = ConnectRequest::new(jane());
    request.way = Way::NoBrowser;
    let authorization = stage.service.begin(request).await.unwrap();
    let shown: Vec<_> = authorization.waiting().url.query_pairs().into_owned().collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(shown, [pair("client_id", "me"), pair("request_uri", "urn:acme:1")]);
    let seen = stage.player.seen().remove(0);
    assert_eq!(seen.headers["authorization"], "Basic bWU6Y2xpZW50LXNlY3JldC1jYW5hcnk=");
    let form = seen.form();
    assert_eq!((form["response_type"].as_str(), form["client_id"].as_str()), ("code", "me"));
    assert!(form["redirect_uri"].starts_with("http://127.0.0.1:") && form["state"].len() == 43, "{form:?}");
    assert!(form.contains_key("code_challenge") && form.contains_key("resource"), "{form:?}");
}

#[tokio::test]
async fn a_registration_that_is_refused_makes_no_config_and_says_what_to_do() {
    let stage = Stage::new(REGISTERS, |_| Reply::json(400, &json!({"error": "invalid_client_metadata"}))).await;
    let error = stage.service.create_config(unregistered("mine")).await.unwrap_err();
    assert!(
        error.message.contains("Acme did not register a client:") && error.message.ends_with("invalid_client_metadata"),
        "{error:?}"
    );
    assert!(error.hint.as_ref().is_some_and(|hint| hint.contains("give its client id")), "{error:?}");
    assert!(stage.service.config(&ConfigKey::new("mine").unwrap()).is_err());
    let rows = stage.service.activity(None, 10).unwrap();
    assert!(rows.iter().any(|row| row.detail.contains("did not register a client")), "{rows:?}");
    let secret = NewConfig { client_secret: Some(Secret::new("s")), ..unregistered("mine") };
    let error = stage.service.create_config(secret).await.unwrap_err();
    assert!(error.message.contains("no client id"), "nobody's secret is dropped: {error:?}");
}

/// Wants a proof with its nonce of every request, as RFC 9449 sections 8 and 9 have it.
fn proving(seen: &Seen) -> Reply {
    use base64::Engine as _;
    let claims = seen.headers.get("dpop").map(|proof| {
        let part = proof.split('.').nth(1).unwrap();
        let decoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice::<Value>(&decoded).unwrap()
    });
    let nonce = claims.as_ref().and_then(|claims| claims["nonce"].as_str());
    let is_token = seen.path == "/token";
    if nonce != Some(if is_token { "of-the-server" } else { "of-the-api" }) {
        let wanted = if is_token { "of-the-server" } else { "of-the-api" };
        let headers =
            vec![format!("dpop-nonce: {wanted}"), "www-authenticate: DPoP error=\"use_dpop_nonce\"".to_owned()];
        let status = if is_token { 400 } else { 401 };
        return Reply { headers, ..Reply::json(status, &json!({"error": "use_dpop_nonce"})) };
    }
    if is_token {
        return Reply::json(200, &json!({"access_token": "bound", "token_type": "DPoP", "expires_in": 60}));
    }
    let claims = claims.unwrap();
    Reply::json(200, &json!([seen.headers["authorization"], claims["htm"], claims["ath"].is_string()]))
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_is_proven_with_each_request_and_the_nonce_that_is_wanted() {
    let file = "name = \"Acme\"\n[client_credentials]\ntoken_endpoint = \"{base}/token\"\ndpop = true\n[api]\nbase_url = \"{base}\"\n";
    let stage = Stage::new(file, proving).await;
    stage.enter(&[]).await.unwrap();
    assert_eq!(stage.get("/me").await.unwrap(), (200, "[\"DPoP bound\",\"GET\",true]".to_owned()));
    stage.clock.advance(Duration::from_mins(2));
    assert_eq!(stage.hand_out(Form::Raw).await, "bound");
    let seen = stage.player.seen();
    let of = |path: &str| seen.iter().filter(|seen| seen.path == path).count();
    assert_eq!((of("/token"), of("/me")), (4, 2), "each is asked for again once, with the nonce");
    let shown = stage.service.activity(None, 10).unwrap();
    let steps: Vec<_> = shown.iter().flat_map(|row| stage.service.flow(row.number).unwrap()).collect();
    assert!(!format!("{steps:?}").contains("eyJ"), "no proof is kept");
}
