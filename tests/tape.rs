use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use hallpass::model::tape::{Answer, Step, What};
use hallpass::model::{Activity, ConfigKey, ConnectionId, ConnectionRef, Happening, Outcome, Secret, WayIn};
use hallpass::sandbox::Weather;
use hallpass::service::configs::NewConfig;
use hallpass::service::connect::{ConnectRequest, Way};
use hallpass::service::enter::EnterRequest;
use hallpass::service::fresh::Freshness;
use hallpass::service::request::ApiRequest;
use hallpass::service::{Kind, Service};
use hallpass::system::clock::FixedClock;
use serde_json::json;

use crate::support::Decision;
use crate::support::player::{Player, Reply, Seen};
use crate::support::program::{Home, SandboxProcess, configure, connect, said};
use crate::support::trial::{Remembering, Slate, Trial, jane, service_of, settings};

const FORCED: Freshness = Freshness { min_ttl: None, forced: true, asker: hallpass::service::fresh::Asker::Person };

fn rows(service: &Service) -> Vec<Activity> {
    let mut rows = service.activity(None, 1_000).unwrap();
    rows.reverse();
    rows
}

fn whats(steps: &[Step]) -> Vec<&'static str> {
    steps.iter().map(|step| step.what.word()).collect()
}

/// The steps of the flow that was ended last.
fn last(service: &Service) -> (Activity, Vec<Step>) {
    let row = service.activity(None, 1).unwrap().remove(0);
    let steps = service.flow(row.number).unwrap();
    (row, steps)
}

#[tokio::test]
async fn an_authorization_is_one_flow_from_its_page_to_its_tokens() {
    let trial = Trial::connected().await;
    let flow: Vec<Activity> = rows(&trial.service).into_iter().filter(|row| row.flow.is_some()).collect();
    let words: Vec<&str> = flow.iter().map(|row| row.happening.word()).collect();
    assert_eq!(words, ["started", "authorized"]);
    assert!(flow.iter().all(|row| row.flow == Some(flow[0].number)));
    let steps = trial.service.flow(flow[1].number).unwrap();
    assert_eq!(whats(&steps), ["authorization page", "callback", "token request"]);
    assert_eq!(trial.service.flow(flow[0].number).unwrap(), steps);
    let page = steps[0].request.as_ref().unwrap().target();
    assert!(page.contains("scope=read+write") && page.contains("state=$STATE"), "{page}");
    let exchange = steps[2].request.as_ref().unwrap();
    assert!(exchange.body_lines().contains(&"code_verifier=$CODE_VERIFIER".to_owned()), "{exchange:?}");
    let Some(Answer::Came { status, body, .. }) = &steps[2].answer else { panic!("{steps:?}") };
    assert!(*status == 200 && body.contains("\"token_type\": \"Bearer\""), "{body}");
    assert!(steps[2].took.is_some() && steps[2].curl().unwrap().contains("\"$CLIENT_SECRET\""), "{steps:?}");
}

#[tokio::test]
async fn each_try_of_a_refresh_is_a_step_of_it_and_a_revocation_is_a_flow_of_its_own() {
    let trial = Trial::connected().await;
    trial.expire();
    trial.sandbox.set_next(&[Weather::ServerError]);
    trial.service.fresh_credentials(&jane(), Freshness::default()).await.unwrap();
    let (row, steps) = last(&trial.service);
    assert_eq!((row.happening, row.flow), (Happening::Refreshed, Some(row.number)));
    let said: Vec<String> = steps.iter().map(|step| step.answer.as_ref().unwrap().summary()).collect();
    assert_eq!((whats(&steps), said), (vec!["refresh", "refresh"], vec!["500".to_owned(), "200".to_owned()]));
    trial.service.revoke(&jane()).await.unwrap();
    let (row, steps) = last(&trial.service);
    assert_eq!((row.happening, whats(&steps)), (Happening::Revoked, vec!["revocation", "revocation"]));
}

#[tokio::test]
async fn a_refused_refresh_keeps_what_was_said() {
    let trial = Trial::connected().await;
    trial.sandbox.set_next(&[Weather::InvalidGrant]);
    trial.service.fresh_credentials(&jane(), FORCED).await.unwrap_err();
    let (row, steps) = last(&trial.service);
    assert_eq!(row.outcome, Outcome::Refused);
    let Some(Answer::Came { status: 400, body, .. }) = &steps[0].answer else { panic!("{steps:?}") };
    assert!(body.contains("\"error\": \"invalid_grant\""), "{body}");
}

#[tokio::test]
async fn an_authorization_that_is_cancelled_or_waits_in_vain_has_an_end() {
    let trial = Trial::configured().await;
    drop(trial.service.begin(ConnectRequest::new(jane())).await.unwrap());
    let mut request = ConnectRequest::new(jane());
    request.timeout = Some(Duration::from_millis(1));
    trial.service.begin(request).await.unwrap().finish().await.unwrap_err();
    let told: Vec<(Happening, Outcome, String)> =
        rows(&trial.service).into_iter().skip(1).map(|row| (row.happening, row.outcome, row.detail)).collect();
    assert_eq!((told[1].0, told[1].1, told[1].2.as_str()), (Happening::Authorized, Outcome::Failed, "cancelled"));
    assert!(told[3].1 == Outcome::Failed && told[3].2.contains("no answer came in time"), "{told:?}");
    assert_eq!(told.len(), 4);
    let flows: Vec<Option<i64>> = rows(&trial.service).iter().skip(1).map(|row| row.flow).collect();
    assert!(flows[0] == flows[1] && flows[2] == flows[3] && flows[0] != flows[2], "{flows:?}");
}

/// A service that knows a provider, and a config for it, at a fixed time.
async fn acme(player: &Player) -> (tempfile::TempDir, Arc<Service>) {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("providers")).unwrap();
    std::fs::write(home.path().join("providers/acme.toml"), PROVIDER.replace("{base}", &player.base())).unwrap();
    std::fs::write(home.path().join("providers/registrar.toml"), REGISTRAR.replace("{base}", &player.base())).unwrap();
    let clock = FixedClock::at("2026-01-01T00:00:00Z".parse().unwrap());
    let service = service_of(settings(home.path()), &clock, &Remembering::default(), &Slate::default());
    let new = NewConfig {
        key: ConfigKey::new("acme").unwrap(),
        provider: "acme".to_owned(),
        client_id: "the-client".to_owned(),
        client_secret: Some(Secret::new(SECRET)),
        scopes: vec!["read".to_owned()],
        redirect_uri: Some("http://127.0.0.1:0/oauth/callback".to_owned()),
    };
    service.create_config(new).await.unwrap();
    (home, service)
}

#[tokio::test]
async fn a_clock_that_differs_is_told_with_what_happened() {
    let tokens = json!({"access_token": "t", "token_type": "bearer", "expires_in": 3600});
    let player = Player::start(move |_| Reply {
        headers: vec!["date: Thu, 01 Jan 2026 00:05:00 GMT".to_owned()],
        ..Reply::json(200, &tokens)
    });
    let (_home, service) = acme(&player).await;
    let mut request = EnterRequest::new(ConnectionRef::parse("acme/own").unwrap());
    request.way_in = Some(WayIn::ClientCredentials);
    service.enter(request).await.unwrap();
    let (row, steps) = last(&service);
    assert!(row.detail.ends_with("; the server's clock is 5m ahead of this machine's"), "{}", row.detail);
    assert_eq!(steps[0].clock().as_deref(), Some("the server's clock is 5m ahead of this machine's"));
}

#[tokio::test]
async fn the_next_start_ends_the_flow_of_a_program_that_died_and_no_living_ones() {
    let home = Home::new();
    let _sandbox = SandboxProcess::start(&home, &["--lifetime", "1h"]);
    configure(&home);
    let begin = |name: &str| {
        use std::io::{BufRead, BufReader};
        let mut command = home.command();
        let mut child = command.args(["--json", "connect", "--no-browser", "sandbox", name]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("\"authorize\""), "{line}");
        child
    };
    let (mut dying, mut living) = (begin("dead"), begin("alive"));
    dying.kill().unwrap();
    dying.wait().unwrap();
    home.run(&["config", "list"]).ok();
    let told = home.run(&["--json", "activity"]).ok().json();
    let ended: Vec<&serde_json::Value> =
        told.as_array().unwrap().iter().filter(|row| row["detail"] == "its program ended").collect();
    assert_eq!(ended.len(), 1, "{told}");
    assert_eq!((&ended[0]["connection_id"], &ended[0]["outcome"]), (&json!("dead"), &json!("failed")));
    living.kill().unwrap();
    living.wait().unwrap();
}

const SECRET: &str = "canary/secret +&=é\"<1";
const REGISTRAR: &str = r#"name = "Registrar"
[oauth2]
authorization_endpoint = "{base}/a"
token_endpoint = "{base}/t"
registration_endpoint = "{base}/reg"
pushed_authorization_request_endpoint = "{base}/par"
[api]
base_url = "{base}/v1"
"#;
const PROVIDER: &str = r#"name = "Acme"
[oauth2]
authorization_endpoint = "{base}/a"
token_endpoint = "{base}/t"
device_authorization_endpoint = "{base}/d"
revocation_endpoint = "{base}/r"
introspection_endpoint = "{base}/i"
token_endpoint_auth_method = "client_secret_basic"
authorization_params = { prompt = "consent" }
[oauth2.response]
expiry_from = "introspection"
[client_credentials]
token_endpoint = "{base}/t"
token_request = { format = "json" }
[oauth1]
request_token_endpoint = "{base}/o"
authorization_endpoint = "{base}/a"
token_endpoint = "{base}/t1"
signature_method = "PLAINTEXT"
[api_key]
[api]
base_url = "{base}/v1"
secret_in_url = true
verify = "GET /{token}/me"
query = { key = "{token}" }
"#;

/// A provider that plays every flow, and repeats whatever it is sent in what it says.
fn playing(is_kind: bool) -> impl FnMut(&Seen) -> Reply + Send + 'static {
    move |seen| {
        let decoded = format!("{:?}", seen.form());
        let header = seen.headers.get("authorization").cloned().unwrap_or_default();
        let plain = percent_encoding::percent_decode_str(&header).decode_utf8_lossy().into_owned();
        let basic =
            header.strip_prefix("Basic ").and_then(|pair| base64::engine::general_purpose::STANDARD.decode(pair).ok());
        let basic = String::from_utf8(basic.unwrap_or_default()).unwrap();
        let echo = format!("{} {} {decoded} {header} {plain} {basic} {:?}", seen.path, seen.body, seen.query);
        if !is_kind {
            let said =
                json!({"error": "invalid_grant", "error_description": echo, "scope": [echo], &echo: {"message": echo}});
            return Reply {
                headers: vec![format!(
                    "www-authenticate: Bearer error_description=\"{}\"",
                    echo.replace(|odd: char| !odd.is_ascii_graphic(), " ")
                )],
                ..Reply::json(400, &said)
            };
        }
        match seen.path.as_str() {
            "/d" => Reply::json(
                200,
                &json!({"device_code": "canary-device-code", "user_code": "CANARY-USER", "verification_uri": "https://acme.example/device", "verification_uri_complete": "https://acme.example/device/CANARY-USER", "interval": 1}),
            ),
            "/o" => Reply::form(
                "oauth_token=canary-temporary&oauth_token_secret=canary-temporary-secret&oauth_callback_confirmed=true&canary-bare-token",
            ),
            "/t1" => Reply::form("oauth_token=canary-oauth-token&oauth_token_secret=canary-oauth-secret"),
            "/i" => {
                Reply::json(200, &json!({"active": true, "exp": 1_900_000_000, "sub": "canary-of-jane", "scope": echo}))
            }
            "/t" => Reply::json(
                200,
                &json!({"access_token": "canary-access/token", "refresh_token": "canary-refresh+token", "id_token": "canary-id-token", "token_type": "Bearer", "scope": "read", "more": [echo], "canary0token0as0a0name": {"team": echo}}),
            ),
            "/par" => Reply::json(201, &json!({"request_uri": "urn:canary:request", "expires_in": 60})),
            "/reg" => Reply::json(
                201,
                &json!({"client_id": "told", "client_secret": "canary-told-secret", "registration_access_token": "canary-registration"}),
            ),
            path if path.starts_with("/v1") => Reply {
                headers: vec![format!("x-request-id: {header} {} {}", seen.path, seen.query["key"])],
                ..Reply::json(200, &json!({"echo": echo}))
            },
            _ => Reply::json(200, &json!({})),
        }
    }
}

/// A home in which every flow there is was run to its good or bad end.
struct Played {
    home: tempfile::TempDir,
    service: Arc<Service>,
    secrets: Vec<String>,
}

async fn played() -> Played {
    let player = Player::start(playing(true));
    let (home, service) = acme(&player).await;
    let mut secrets: Vec<String> = [
        SECRET,
        "canary-device-code",
        "CANARY-USER",
        "canary-temporary",
        "canary-temporary-secret",
        "canary-bare-token",
        "canary-oauth-token",
        "canary-oauth-secret",
        "canary-of-jane",
        "canary-access/token",
        "canary-refresh+token",
        "canary-id-token",
        "canary0token0as0a0name",
        "canary/code+1",
        "canary-verifier/1",
        "canary-key/1 2",
        "canary-typed-0123",
        "canary-told-secret",
        "urn:canary:request",
        "canary-registration",
    ]
    .map(str::to_owned)
    .into();
    for is_kind in [true, false] {
        player.answer(playing(true));
        for (way, name) in [(WayIn::OAuth2, "code"), (WayIn::OAuth1, "signed")] {
            let mut request = ConnectRequest::new(named(name));
            (request.way_in, request.way) = (Some(way), Way::Paste);
            let authorization = service.begin(request).await.unwrap();
            let waiting = authorization.waiting().clone();
            let state =
                waiting.url.query_pairs().find(|(name, _)| name == "state").map(|(_, state)| state.into_owned());
            let state = state.unwrap_or_else(|| state_of(&player.seen()));
            secrets.push(state.clone());
            let carried = [
                ("code", "canary/code+1"),
                ("oauth_token", "canary-temporary"),
                ("oauth_verifier", "canary-verifier/1"),
                ("state", &state),
            ];
            let mut back = url::Url::parse(&waiting.redirect_uri).unwrap();
            back.query_pairs_mut().extend_pairs(carried);
            player.answer(playing(is_kind));
            let paster = authorization.paster();
            let (outcome, _) = tokio::join!(authorization.finish(), paster.paste(back.as_str()));
            assert_eq!(outcome.is_ok(), is_kind, "{name}: {outcome:?}");
            secrets.extend(player.seen().iter().filter_map(|seen| seen.form().remove("code_verifier")));
            player.answer(playing(true));
        }
        let mut request = ConnectRequest::new(named("device"));
        request.way = Way::Device;
        let authorization = service.begin(request).await.unwrap();
        player.answer(playing(is_kind));
        assert_eq!(authorization.finish().await.is_ok(), is_kind);
        for way in [WayIn::ClientCredentials, WayIn::ApiKey] {
            let mut request = EnterRequest::new(named(way.word()));
            request.way_in = Some(way);
            if way == WayIn::ApiKey {
                request.fields = BTreeMap::from([("api_key".to_owned(), Secret::new("canary-key/1 2"))]);
            }
            let outcome = service.enter(request).await;
            assert_eq!(outcome.is_ok(), is_kind, "{outcome:?}");
        }
        let registers = NewConfig {
            key: ConfigKey::new(format!("registered-{is_kind}")).unwrap(),
            provider: "registrar".to_owned(),
            client_id: String::new(),
            client_secret: None,
            scopes: Vec::new(),
            redirect_uri: None,
        };
        if let Ok(config) = service.create_config(registers).await {
            let mut request = ConnectRequest::new(ConnectionRef::new(config.key, ConnectionId::new("pushed").unwrap()));
            request.way = Way::Paste;
            let _ = service.begin(request).await;
        }
        let _ = service.fresh_credentials(&named("code"), FORCED).await;
        let _ = service.revoke(&named("code")).await;
        for (name, path) in
            [("code", "/canary-access%2Ftoken/x?token=canary-typed-0123"), ("api_key", "/things?canary-typed-0123=1")]
        {
            let request = ApiRequest {
                method: "POST".to_owned(),
                path: path.to_owned(),
                headers: vec![("x-own".to_owned(), "canary-typed-0123".to_owned())],
                body: hallpass::service::request::Payload::Whole(b"canary-typed-0123".to_vec()),
                ..ApiRequest::default()
            };
            let _ = service.request(&named(name), request).await;
        }
    }
    Played { home, service, secrets }
}

fn named(id: &str) -> ConnectionRef {
    ConnectionRef::parse(&format!("acme/{id}")).unwrap()
}

/// OAuth 1.0a has its state in the callback's address, which is signed along.
fn state_of(seen: &[Seen]) -> String {
    let header = &seen.iter().rev().find(|seen| seen.path == "/o").unwrap().headers["authorization"];
    let decoded = percent_encoding::percent_decode_str(header).decode_utf8_lossy().into_owned();
    decoded.split("state=").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// A secret as it is and as it may be written anywhere.
fn encodings(secret: &str) -> Vec<String> {
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let percent = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string();
    let readable = percent.replace("%2D", "-").replace("%2E", ".").replace("%5F", "_");
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let pair = base64(&format!("the-client:{form}"));
    let json = serde_json::to_string(secret).unwrap().trim_matches('"').to_owned();
    vec![secret.to_owned(), form, percent, readable, pair, base64(secret), json]
}

#[track_caller]
fn holds_none(secrets: &[String], place: &str, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    for secret in secrets.iter().flat_map(|secret| encodings(secret)) {
        if let Some(at) = text.find(&secret) {
            let around: String = text[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
            panic!("`{secret}` in {place}: {around}");
        }
    }
}

fn stored(home: &Path) -> Vec<u8> {
    ["hallpass.db", "hallpass.db-wal"].iter().filter_map(|name| std::fs::read(home.join(name)).ok()).flatten().collect()
}

#[tokio::test]
async fn no_secret_of_any_flow_reaches_the_store_however_it_is_written_and_whoever_repeats_it() {
    let Played { home, service, secrets } = played().await;
    let kept = stored(home.path());
    holds_none(&secrets, "the store", &kept);
    let mut seen = std::collections::BTreeSet::new();
    for row in rows(&service) {
        let steps = service.flow(row.number).unwrap();
        seen.extend(steps.iter().map(|step| step.what.word()));
        holds_none(&secrets, "the steps", format!("{row:?} {steps:?}").as_bytes());
        for line in steps.iter().filter_map(Step::curl) {
            holds_none(&secrets, "curl", line.as_bytes());
        }
    }
    let every = What::ALL.into_iter().filter(|what| {
        !matches!(what, What::TokenExchange | What::Renewal | What::Metadata | What::Keys | What::Lookup)
    });
    for what in every {
        assert!(seen.contains(what.word()), "no {} among {seen:?}", what.word());
    }
    assert!(String::from_utf8_lossy(&kept).contains("error_description"), "what was said is there at all");
    for row in rows(&service).iter().filter(|row| row.flow == Some(row.number)) {
        let number = row.number.to_string();
        for further in [&["--json"][..], &["--curl"], &[]] {
            let mut command = Home::new().command();
            command.env("HALLPASS_HOME", home.path()).env("HALLPASS_KEY_FILE", home.path().join("key"));
            let said = said(command.args(["activity", "show", &number]).args(further).output().unwrap());
            assert!(said.code == 0 || further == ["--curl"], "{said:?}");
            holds_none(&secrets, "what is shown", format!("{}{}", said.out, said.err).as_bytes());
        }
    }
}

#[tokio::test]
async fn a_row_that_is_not_there_is_said_with_the_command_that_shows_the_numbers() {
    let trial = Trial::configured().await;
    let error = trial.service.flow(99).unwrap_err();
    assert!(error.kind == Kind::NotFound && error.hint.unwrap().contains("hallpass activity"));
    assert!(trial.service.flow(1).unwrap().is_empty(), "a row that is no flow has no steps");
}

#[tokio::test]
async fn the_command_line_shows_a_flow_as_text_as_json_and_as_commands() {
    let home = Home::new();
    let _sandbox = SandboxProcess::start(&home, &["--lifetime", "1h"]);
    configure(&home);
    connect(&home, &["sandbox", "jane"], Decision::Allow).await.ok();
    let listed =
        home.run(&["activity", "--kind", "authorized", "--outcome", "done", "--connection", "sandbox/jane"]).ok();
    let number = listed.out.split('\t').next().unwrap().to_owned();
    assert_eq!(listed.out.lines().count(), 1, "{listed:?}");
    let shown = home.run(&["activity", "show", &number]).ok().out;
    for part in [
        "authorized (done)",
        "1  authorization page",
        "2  callback",
        "3  token request",
        "     code=$CODE\n",
        "   200\n",
        "\"access_token\": \"••• (",
    ] {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
    let json = home.run(&["--json", "activity", "show", &number]).ok().json();
    assert_eq!(json["steps"][2]["answer"]["body"]["token_type"], "Bearer");
    assert_eq!(json["steps"][2]["request"]["body"]["grant_type"], "authorization_code");
    let curl = home.run(&["activity", "show", &number, "--curl"]).ok().out;
    assert_eq!(curl.trim(), json["steps"][2]["curl"].as_str().unwrap());
    assert!(
        curl.starts_with("curl --globoff --request POST --url http://127.0.0.1:") && curl.contains("code=\"$CODE\""),
        "{curl}"
    );
    let changed = home.run(&["--json", "activity", "--kind", "changed"]).ok().json();
    let made = changed[0]["id"].to_string();
    assert!(home.run(&["activity", "show", &made]).ok().err.contains("no steps"));
    assert!(
        home.run(&["activity", "show", &made, "--curl"])
            .fails_with(3)
            .err
            .contains(&format!("hallpass activity show {made}"))
    );
    assert!(
        home.run(&["activity", "show", "4711"]).fails_with(3).err.contains("`hallpass activity` shows the numbers")
    );
    assert!(home.run(&["activity", "--kind", "nonsense"]).fails_with(2).err.contains("handed-out"));
    assert!(home.run(&["activity", "--outcome", "nonsense"]).fails_with(2).err.contains("refused"));
    home.run(&["activity", "--connection", "nobody/x"]).fails_with(3);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn whoever_is_given_a_token_on_standard_output_is_named_with_the_home_folder_as_a_tilde() {
    let home = Home::new();
    let _sandbox = SandboxProcess::start(&home, &["--lifetime", "1h"]);
    configure(&home);
    connect(&home, &["sandbox", "jane"], Decision::Allow).await.ok();
    let project = home.path().join("work/app");
    std::fs::create_dir_all(&project).unwrap();
    let mut shell = home.command();
    let program = shell.get_program().to_owned();
    shell = {
        let mut through = std::process::Command::new("/bin/sh");
        through.envs(shell.get_envs().filter_map(|(name, value)| Some((name, value?))));
        through
    };
    // Two commands, so that the shell does not become the first.
    let script = "\"$0\" token get sandbox jane > /dev/null; \"$0\" exec sandbox/jane -- true; echo $$";
    let output = shell.args(["-c", script]).arg(program).current_dir(&project).output().unwrap();
    let process: u32 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    let told = home.run(&["--json", "activity", "--kind", "handed-out"]).ok().json();
    assert_eq!(told.as_array().unwrap().len(), 2, "{told}");
    for row in told.as_array().unwrap() {
        assert_eq!(row["by"], json!({"name": "sh", "process": process, "folder": "~/work/app"}), "{row}");
    }
    let text = home.run(&["activity", "--kind", "handed-out"]).ok().out;
    assert!(text.contains(&format!("by sh (process {process}) in ~/work/app")), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_that_was_killed_has_an_end_in_the_activity() {
    use std::io::{BufRead, BufReader};
    let home = Home::new();
    home.pipe("secret", &["config", "create", "github", "github", "id", "-"]).ok();
    let mut server = home.command().args(["--json", "serve", "--port", "0"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("started"), "{line}");
    server.kill().unwrap();
    server.wait().unwrap();
    let told = home.run(&["--json", "activity", "-n", "2"]).ok().json();
    let said = |row: usize| (told[row]["event"].as_str().unwrap(), told[row]["outcome"].as_str().unwrap());
    assert_eq!((said(0), said(1)), (("server stopped", "failed"), ("server started", "done")), "{told}");
    assert_eq!(told[0]["detail"], "its program ended");
}

#[tokio::test]
async fn a_command_that_was_written_down_works_with_a_real_curl() {
    use std::process::Command;
    if Command::new("curl").arg("--version").output().is_err() {
        return;
    }
    let trial = Trial::connected().await;
    let fresh = trial.service.fresh_credentials(&jane(), FORCED).await.unwrap();
    let refresh = fresh.credentials.tokens().unwrap().refresh_token.clone().unwrap();
    let (_, steps) = last(&trial.service);
    let line = steps[0].curl().unwrap();
    let ran = tokio::task::spawn_blocking(move || {
        let mut shell = Command::new("sh");
        shell.args(["-c", &line.replace("curl ", "curl --silent --noproxy '*' ")]);
        shell.env("CLIENT_SECRET", hallpass::sandbox::CLIENT_SECRET).env("REFRESH_TOKEN", refresh.expose());
        shell.output().unwrap()
    });
    let output = ran.await.unwrap();
    let answer: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error} in {output:?}"));
    assert!(trial.sandbox.accepts(answer["access_token"].as_str().unwrap()), "{answer}");
}

#[tokio::test]
async fn a_denied_authorization_tells_what_the_browser_came_back_with() {
    let trial = Trial::configured().await;
    trial.connect(Decision::Deny).await.unwrap_err();
    let (_, steps) = last(&trial.service);
    assert_eq!(whats(&steps), ["authorization page", "callback"]);
    let back = steps[1].request.as_ref().unwrap().target();
    assert!(back.contains("error=access_denied") && back.contains("state=$STATE"), "{back}");
}
