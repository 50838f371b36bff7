//! What an API wants beside a token: entered with the connection, kept in the vault, shown with every request.

use std::collections::BTreeMap;

use hallpass::model::Secret;
use hallpass::service::Kind;
use hallpass::service::connect::{ConnectRequest, Connected, Way};
use hallpass::service::copy::Form;
use hallpass::service::enter::EnterRequest;
use hallpass::service::fresh::Freshness;
use serde_json::{Value, json};

use crate::support::player::{Reply, Seen};
use crate::support::program::Home;
use crate::ways::{Stage, jane};

const FILE: &str = r#"
name = "Acme"

[oauth2]
authorization_endpoint = "{base}/authorize"
token_endpoint = "{base}/token"
token_params = { partner = "{credential.partner_key}", region = "{credential.region}" }
token_request = { headers = { x-api-key = "{credential.partner_key}" } }

[client_credentials]
token_endpoint = "{base}/token"

[credentials.partner_key]
label = "Partner key"
secret = true

[credentials.region]
label = "Region"
optional = true

[api]
base_url = "{base}/api"
headers = { x-partner = "{credential.partner_key}", x-region = "{credential.region}" }
"#;

/// Gives a token that ends in ten minutes and can be refreshed; its API answers what it was shown.
fn server() -> impl FnMut(&Seen) -> Reply + Send + 'static {
    let mut given = 0;
    move |seen| match seen.path.as_str() {
        "/token" => {
            given += 1;
            let token = format!("token-{given}");
            Reply::json(
                200,
                &json!({"access_token": token, "token_type": "bearer", "expires_in": 600, "refresh_token": "r"}),
            )
        }
        "/api/echo" => {
            let told = |name: &str| seen.headers.get(name).cloned();
            Reply::json(200, &json!([told("authorization"), told("x-partner"), told("x-region")]))
        }
        _ => Reply::json(404, &json!({})),
    }
}

fn partner(key: &str) -> BTreeMap<String, Secret> {
    BTreeMap::from([("partner_key".to_owned(), Secret::new(key))])
}

/// Authorizes `acme/jane` with what a person pastes.
pub async fn authorize(stage: &Stage, fields: BTreeMap<String, Secret>) -> hallpass::service::Result<Connected> {
    let request = ConnectRequest { fields, way: Way::Paste, ..ConnectRequest::new(jane()) };
    let authorization = stage.service.begin(request).await?;
    let query: BTreeMap<String, String> = authorization.waiting().url.query_pairs().into_owned().collect();
    let answer = format!("{}?code=c&state={}", authorization.waiting().redirect_uri, query["state"]);
    let paster = authorization.paster();
    let (connected, judged) = tokio::join!(authorization.finish(), async move { paster.paste(&answer).await });
    judged?;
    connected
}

#[tokio::test]
async fn what_is_entered_beside_a_token_is_shown_with_it_and_outlives_a_refresh() {
    let stage = Stage::new(FILE, server()).await;
    authorize(&stage, partner("partner-canary")).await.unwrap();
    let (_, echoed) = stage.get("/echo").await.unwrap();
    assert_eq!(echoed, r#"["Bearer token-1","partner-canary",null]"#);
    stage.clock.advance(std::time::Duration::from_mins(11));
    let (_, echoed) = stage.get("/echo").await.unwrap();
    assert_eq!(echoed, r#"["Bearer token-2","partner-canary",null]"#);
    let asked: Vec<Seen> = stage.player.seen().into_iter().filter(|seen| seen.path == "/token").collect();
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|seen| seen.headers["x-api-key"] == "partner-canary"), "at a refresh too");
    assert_eq!(asked[0].form()["partner"], "partner-canary");
}

#[tokio::test]
async fn it_is_told_with_the_token_and_stands_in_no_list_no_step_and_no_error() {
    let stage = Stage::new(FILE, server()).await;
    authorize(&stage, partner("partner-canary")).await.unwrap();
    let shown: Value = serde_json::from_str(&stage.hand_out(Form::Json).await).unwrap();
    assert_eq!(
        (&shown["type"], &shown["access_token"], &shown["partner_key"]),
        (&"OAUTH2".into(), &"token-1".into(), &"partner-canary".into())
    );
    stage.player.answer(|seen| Reply::json(400, &json!({"error": "invalid_client", "error_description": seen.body})));
    let forced = Freshness { forced: true, ..Freshness::default() };
    let error = stage.service.fresh_credentials(&jane(), forced).await.unwrap_err();
    let rows = stage.service.activity(None, 20).unwrap();
    let steps: Vec<_> = rows.iter().flat_map(|row| stage.service.flow(row.number).unwrap()).collect();
    let lines: Vec<String> = steps.iter().filter_map(hallpass::model::tape::Step::curl).collect();
    let told = format!("{error:?} {rows:?} {steps:?} {lines:?} {:?}", stage.service.connection(&jane()).unwrap());
    assert!(lines.iter().any(|line| line.contains("x-api-key")) && !told.contains("canary"), "{told}");
}

#[tokio::test]
async fn it_is_missed_before_anybody_is_asked_and_taken_over_by_a_second_authorization() {
    let stage = Stage::new(FILE, server()).await;
    let error = authorize(&stage, BTreeMap::new()).await.unwrap_err();
    assert!(error.kind == Kind::Usage && error.message.contains("`partner_key` (Partner key) is missing"), "{error:?}");
    assert!(stage.player.seen().is_empty());
    authorize(&stage, partner("partner-canary")).await.unwrap();
    let mut region = BTreeMap::from([("region".to_owned(), Secret::new("eu"))]);
    authorize(&stage, region.clone()).await.unwrap();
    assert_eq!(stage.get("/echo").await.unwrap().1, r#"["Bearer token-2","partner-canary","eu"]"#);
    region.extend(partner("another-canary"));
    authorize(&stage, region).await.unwrap();
    assert_eq!(stage.get("/echo").await.unwrap().1, r#"["Bearer token-3","another-canary","eu"]"#);
}

#[tokio::test]
async fn a_token_of_the_client_alone_has_it_too() {
    let stage = Stage::new(FILE, server()).await;
    let way_in = Some(hallpass::model::WayIn::ClientCredentials);
    let request = EnterRequest { way_in, fields: partner("partner-canary"), ..EnterRequest::new(jane()) };
    stage.service.enter(request).await.unwrap();
    assert_eq!(stage.get("/echo").await.unwrap().1, r#"["Bearer token-1","partner-canary",null]"#);
    let again = EnterRequest { way_in, ..EnterRequest::new(jane()) };
    stage.service.enter(again).await.unwrap();
    assert_eq!(stage.get("/echo").await.unwrap().1, r#"["Bearer token-2","partner-canary",null]"#);
}

#[test]
fn it_is_piped_on_the_command_line_and_rests_nowhere_but_in_the_vault() {
    let player = crate::support::player::Player::start(server());
    let home = Home::new();
    home.provider("acme", &FILE.replace("{base}", &player.base()));
    home.pipe("s", &["config", "create", "acme", "acme", "me", "-"]).ok();
    let way = ["connect", "acme", "jane", "--way", "client_credentials"];
    let said = home.run(&way).fails_with(2);
    assert!(said.err.contains("partner_key"), "{}", said.err);
    home.pipe("partner-canary\n", &way).fails_with(2);
    home.pipe("partner_key=partner-canary\n", &way).ok();
    // What is there is kept, and standard input is somebody else's unless that is said.
    let said = home.pipe("partner_key=nobodys\n", &way).ok();
    assert!(said.err.contains("is kept") && said.err.contains("`--enter`"), "{}", said.err);
    let said = home.run(&["request", "acme", "jane", "GET", "/echo"]).ok();
    assert!(said.out.contains("partner-canary"), "{}", said.out);
    let way = [&way[..], &["--enter"]].concat();
    home.run(&way).ok();
    home.pipe("partner_key=other-canary\nregion=eu\n", &way).ok();
    let said = home.run(&["request", "acme", "jane", "GET", "/echo"]).ok();
    assert!(said.out.contains("other-canary") && said.out.contains("\"eu\""), "{}", said.out);
    home.pipe("bogus\n", &way).fails_with(2);
    home.pipe("partner_key=partner-canary\n", &way).ok();
    let said = home.run(&["request", "acme", "jane", "GET", "/echo"]).ok();
    assert!(said.out.contains("partner-canary"), "{}", said.out);
    for file in ["hallpass.db", "hallpass.db-wal"] {
        let bytes = std::fs::read(home.data().join(file)).unwrap_or_default();
        assert!(!bytes.windows(14).any(|part| part == b"partner-canary"), "{file}");
    }
    assert!(!home.run(&["--json", "connection", "list"]).ok().out.contains("canary"));
}

#[test]
fn a_way_without_a_flow_is_refused_one_before_anything_is_asked_for() {
    let player = crate::support::player::Player::start(server());
    let home = Home::new();
    home.provider("acme", &FILE.replace("{base}", &player.base()));
    home.pipe("s", &["config", "create", "acme", "acme", "me", "-"]).ok();
    for flow in ["--paste", "--device"] {
        let said = home
            .pipe("http://localhost/?code=c\n", &["connect", "acme", "jane", "--way", "client_credentials", flow])
            .fails_with(2);
        assert!(!said.err.contains("standard input") && said.err.contains("client_credentials"), "{}", said.err);
    }
}

const AFTERWARDS: &str = r#"
name = "Acme"

[client_credentials]
token_endpoint = "{base}/token"

[variables.account]
from = "claim:org.id"

[lookup]
method = "POST"
url = "/installed"

[api]
base_url = "{base}/api"
headers = { x-account = "{account}" }
"#;

#[tokio::test]
async fn a_claim_of_the_token_is_a_variable_and_a_call_is_made_afterwards() {
    use base64::Engine as _;
    let part = |value: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let token = format!("{}.{}.x", part(&json!({"alg": "RS256"})), part(&json!({"org": {"id": 17}})));
    for (status, warns) in [(204, false), (500, true)] {
        let token = token.clone();
        let stage = Stage::new(AFTERWARDS, move |seen| match seen.path.as_str() {
            "/token" => Reply::json(200, &json!({"access_token": token, "token_type": "bearer"})),
            _ => Reply { body: String::new(), ..Reply::json(status, &json!({})) },
        })
        .await;
        let connected = stage.service.enter(EnterRequest::new(jane())).await.unwrap();
        assert_eq!(connected.connection.variables["account"], "17");
        let warned = connected.warnings.iter().any(|told| told.contains("wants to see afterwards did not work"));
        assert_eq!((warned, connected.warnings.len()), (warns, usize::from(warns)), "{:?}", connected.warnings);
        let call = stage.player.seen().into_iter().find(|seen| seen.path == "/api/installed").unwrap();
        assert_eq!((call.method.as_str(), call.headers["x-account"].as_str()), ("POST", "17"));
    }
}

const RENEWED: &str = r#"
name = "Acme"

[oauth2]
authorization_endpoint = "{base}/authorize"
token_endpoint = "{base}/token"
token_request = { headers = { x-api-key = "{credential.partner_key}" } }
renewal = { endpoint = "{base}/renew", grant_type = "renew" }

[credentials.partner_key]
secret = true

[api]
base_url = "{base}/api"
headers = { x-partner = "{credential.partner_key}" }
secret_in_url = true
"#;

#[tokio::test]
async fn every_request_for_tokens_has_it_a_renewal_too() {
    let stage = Stage::new(RENEWED, |_| {
        Reply::json(200, &json!({"access_token": "t", "token_type": "bearer", "expires_in": 6000}))
    })
    .await;
    authorize(&stage, partner("partner-canary")).await.unwrap();
    let forced = Freshness { forced: true, ..Freshness::default() };
    stage.service.fresh_credentials(&jane(), forced).await.unwrap();
    let seen = stage.player.seen();
    let shown: Vec<(&str, &str)> =
        seen.iter().map(|seen| (seen.path.as_str(), seen.headers["x-api-key"].as_str())).collect();
    assert_eq!(shown, [("/token", "partner-canary"), ("/renew", "partner-canary")]);
}

#[tokio::test]
async fn a_program_or_a_page_gives_it_in_parameters_and_it_rests_in_no_store() {
    let stage = Stage::new(FILE, server()).await;
    let served = crate::support::served::Served::over(stage.service.clone()).await;
    let body = json!({"provider_config_key": "acme", "connection_id": "given",
        "connection_config": {"partner_key": "partner-canary", "other": "open"},
        "credentials": {"type": "OAUTH2", "access_token": "t-given", "session_state": "noise"}});
    served.send("POST", "/connection", &body).await.ok();
    served
        .send("POST", "/oauth2/auth/acme?connection_id=own&params[partner_key]=partner-canary", &json!({}))
        .await
        .ok();
    for id in ["given", "own"] {
        let reference = hallpass::model::ConnectionRef::parse(&format!("acme/{id}")).unwrap();
        let kept = stage.service.connection(&reference).unwrap();
        assert!(!format!("{kept:?}").contains("canary"), "{kept:?}");
        let fresh = stage.service.fresh_credentials(&reference, Freshness::default()).await.unwrap();
        let names: Vec<&String> = fresh.credentials.fields().keys().collect();
        assert_eq!(names, ["partner_key"]);
    }
    let bad = json!({"provider_config_key": "acme", "connection_id": "bad",
        "credentials": {"type": "OAUTH2", "access_token": "t"}});
    assert!(served.send("POST", "/connection", &bad).await.error(400).contains("partner_key"));
    served.stop().await;
}
