//! Every OAuth provider of the catalog, authorized against a server that plays it. What it should look
//! like stands in `catalog/expectations.json`, which `catalog/expect.py` wrote from facts that were
//! gathered elsewhere. The endpoints of a file are moved to loopback, host and path behind one another;
//! nothing else of it is changed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use hallpass::model::{ConfigKey, ConnectionRef, Provider, Secret};
use hallpass::service::Service;
use hallpass::service::configs::NewConfig;
use hallpass::service::connect::{ConnectRequest, Connected, Way};
use hallpass::service::enter::EnterRequest;
use hallpass::service::fresh::Freshness;
use hallpass::system::clock::FixedClock;
use serde_json::{Value, json};
use url::Url;

use crate::support::get;
use crate::support::player::{Player, Reply, Seen};
use crate::support::trial::{Remembering, Slate, service_of, settings};

/// Why a provider is not played whose file names an issuer alone.
const DISCOVERED: &str = "all of it is discovered: tests/ways.rs";

/// Providers whose flow cannot be played here, and why.
const NOT_PLAYED: [(&str, &str); 13] = [
    ("apple", "the client signs: tests/exchanged.rs"),
    ("bankid-no", DISCOVERED),
    ("cern", DISCOVERED),
    ("cesid", DISCOVERED),
    ("e-infra-cz", DISCOVERED),
    ("globus", DISCOVERED),
    ("life-science", DISCOVERED),
    ("life-science-eosc", DISCOVERED),
    ("vipps", DISCOVERED),
    ("weblate", DISCOVERED),
    ("microsoft-admin", "a consent brings no code, and the token is the client's own"),
    ("okta-cc", "the client signs: tests/exchanged.rs"),
    ("revolut-business", "the client signs: tests/exchanged.rs"),
];

/// With what RFC 6749 section 2.3.1 asks to be encoded in them.
const CLIENT_ID: &str = "client id+1";
const CLIENT_SECRET: &str = "secret:%&=";

fn expectations() -> BTreeMap<String, Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/catalog/expectations.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The server, and a home whose own provider files are the built-in ones with their endpoints there.
struct Stage {
    player: Player,
    service: Arc<Service>,
    _home: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let player = Player::start(|_| Reply::json(500, &json!({})));
        let home = tempfile::tempdir().unwrap();
        let own = home.path().join("providers");
        std::fs::create_dir(&own).unwrap();
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("providers");
        for entry in std::fs::read_dir(built_in).unwrap().map(|entry| entry.unwrap().path()) {
            let text = moved(&std::fs::read_to_string(&entry).unwrap(), &player.base());
            std::fs::write(own.join(entry.file_name().unwrap()), text).unwrap();
        }
        let clock = FixedClock::at("2026-01-01T00:00:00Z".parse().unwrap());
        let service = service_of(settings(home.path()), &clock, &Remembering::default(), &Slate::default());
        Self { player, service, _home: home }
    }

    /// What a person is asked for, variables and what is kept in the vault; a whole address is here.
    fn asked(&self, id: &str, expected: &Value) -> (BTreeMap<String, String>, BTreeMap<String, Secret>) {
        let (_, provider) = self.service.provider(id).unwrap();
        let values = expected["variables"].as_object().unwrap().iter();
        let values = values.map(|(name, value)| (name.clone(), self.at(value)));
        let (fields, variables): (BTreeMap<_, _>, _) =
            values.partition(|(name, _)| provider.credentials.contains_key(name));
        let mut fields: BTreeMap<_, _> = fields.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
        if let Some(table) = provider.mutual_tls {
            // It is read, and in plain http shown to nobody: `tests/real` shows one.
            let made = rcgen::generate_simple_self_signed(["client".to_owned()]).unwrap();
            fields.insert(table.certificate, Secret::new(made.cert.pem()));
            fields.insert(table.key, Secret::new(made.signing_key.serialize_pem()));
        }
        (variables, fields)
    }

    /// Where an endpoint is here.
    fn at(&self, url: &Value) -> String {
        let url = url.as_str().unwrap_or_default();
        url.strip_prefix("https://").map_or_else(|| url.to_owned(), |rest| format!("{}/{rest}", self.player.base()))
    }
}

/// Moves the endpoints of a provider file behind `base`; scopes and parameters that are URLs stay.
fn moved(text: &str, base: &str) -> String {
    let is_endpoint = |line: &str| {
        let key = line.split('=').next().unwrap_or_default().trim();
        key.ends_with("_endpoint") || ["endpoint", "jwks_uri", "url", "base_url", "identity", "verify"].contains(&key)
    };
    let move_line =
        |line: &str| if is_endpoint(line) { line.replace("https://", &format!("{base}/")) } else { line.to_owned() };
    // A host of this machine tells no service of AWS.
    let named = "scheme = \"aws-sigv4\"\nservice = \"acme\"\nregion = \"eu-west-1\"";
    text.lines().map(move_line).collect::<Vec<_>>().join("\n").replace("scheme = \"aws-sigv4\"", named)
}

/// What one provider did wrong, collected.
struct Report<'a> {
    id: &'a str,
    problems: Vec<String>,
}

impl Report<'_> {
    #[expect(clippy::needless_pass_by_value, reason = "it reads like assert_eq")]
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, found: T, wanted: T) {
        if found != wanted {
            self.problems.push(format!("{}: {what} is {found:?}, and should be {wanted:?}", self.id));
        }
    }

    fn check(&mut self, what: &str, is_so: bool) {
        if !is_so {
            self.problems.push(format!("{}: {what}", self.id));
        }
    }
}

fn texts(value: &Value) -> BTreeMap<String, String> {
    value.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

fn query(url: &Url) -> BTreeMap<String, String> {
    let behind = url.fragment().and_then(|fragment| fragment.split_once('?')).map(|(_, query)| query);
    let query = url.query().or(behind).unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn without_query(url: &str) -> String {
    url.split('?').next().unwrap().to_owned()
}

#[tokio::test]
async fn every_oauth_provider_authorizes_and_refreshes_as_the_facts_say() {
    assert!(NOT_PLAYED.len() <= 15);
    let stage = Stage::new();
    let expected = expectations();
    let mut problems = Vec::new();
    let mut played = 0;
    for (id, provider) in stage.service.providers() {
        let provider = provider.unwrap_or_else(|error| panic!("{id}: {error}"));
        let id = id.as_str();
        let is_oauth = provider.oauth2.is_some() || provider.oauth1.is_some() || provider.client_credentials.is_some();
        if !is_oauth || NOT_PLAYED.iter().any(|(not, _)| *not == id) {
            continue;
        }
        let expected = expected.get(id).unwrap_or_else(|| panic!("{id}: run tests/catalog/expect.py"));
        let mut report = Report { id, problems: Vec::new() };
        match expected["mode"].as_str().unwrap() {
            "oauth2" => Box::pin(play_oauth2(&stage, &provider, expected, &mut report)).await,
            "oauth1" => play_oauth1(&stage, expected, &mut report).await,
            _ => Box::pin(play_client_credentials(&stage, expected, &mut report)).await,
        }
        problems.append(&mut report.problems);
        played += 1;
    }
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(played >= 100, "{played}");
}

async fn configure(stage: &Stage, id: &str) {
    let new = NewConfig {
        key: ConfigKey::new(id).unwrap(),
        provider: id.to_owned(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: Some(Secret::new(CLIENT_SECRET)),
        scopes: vec!["one".to_owned(), "two".to_owned()],
        redirect_uri: Some("http://127.0.0.1:0/oauth/callback".to_owned()),
    };
    stage.service.create_config(new).await.unwrap();
}

fn reference(id: &str) -> ConnectionRef {
    ConnectionRef::parse(&format!("{id}/jane")).unwrap()
}

fn begin_request(stage: &Stage, id: &str, expected: &Value) -> ConnectRequest {
    let mut request = ConnectRequest::new(reference(id));
    (request.variables, request.fields) = stage.asked(id, expected);
    request.way = Way::NoBrowser;
    request
}

async fn play_oauth2(stage: &Stage, provider: &Provider, expected: &Value, report: &mut Report<'_>) {
    let id = report.id;
    configure(stage, id).await;
    let authorization = match stage.service.begin(begin_request(stage, id, expected)).await {
        Ok(authorization) => authorization,
        Err(error) => return report.problems.push(format!("{id}: {error} {:?}", error.hint)),
    };
    let waiting = authorization.waiting().clone();
    check_authorization_url(stage, &waiting.url, &waiting.redirect_uri, expected, report);
    let base = stage.player.base();
    stage.player.answer(answers(expected, provider, base));
    let mut callback = Url::parse(&waiting.redirect_uri).unwrap();
    let code = provider.oauth2.as_ref().unwrap().code_param.clone().unwrap_or_else(|| "code".to_owned());
    callback.query_pairs_mut().append_pair(&code, "the code+1").append_pair("state", &query(&waiting.url)["state"]);
    callback.query_pairs_mut().extend_pairs(texts(&expected["callback"]));
    let (outcome, _) = tokio::join!(authorization.finish(), get(&callback));
    let connected = match outcome {
        Ok(connected) => connected,
        Err(error) => return report.problems.push(format!("{id}: {error} {:?}", error.causes)),
    };
    report.same(
        "warnings",
        connected.warnings.iter().filter(|warning| !warning.contains("not granted")).collect(),
        Vec::new(),
    );
    let seen = stage.player.seen();
    let Some(exchange) = seen.first() else { return report.problems.push(format!("{id}: no token request came")) };
    let redirect_uri = expected["redirect_uri"].as_str().unwrap_or(&waiting.redirect_uri);
    let sent = query(&waiting.url);
    let mut wanted = vec![("grant_type", "authorization_code"), ("code", "the code+1"), ("redirect_uri", redirect_uri)];
    if expected["state_again"] == true {
        wanted.push(("state", sent["state"].as_str()));
    }
    check_token_request(stage, exchange, &expected["token_url"], &wanted, &expected["token_params"], expected, report);
    report.same(
        "the verifier",
        parameters(exchange).contains_key("code_verifier"),
        expected["pkce"].as_bool().unwrap(),
    );
    check_kept(stage, &connected, expected, report).await;
    play_refresh(stage, expected, report).await;
}

fn check_authorization_url(stage: &Stage, url: &Url, redirect_uri: &str, expected: &Value, report: &mut Report<'_>) {
    let fragment = expected["fragment"].as_str().map(|fragment| format!("#{fragment}")).unwrap_or_default();
    report.same(
        "the authorization URL",
        without_query(url.as_str()),
        without_query(&stage.at(&expected["authorization_url"])) + &fragment,
    );
    let mut found = query(url);
    let names = texts(&expected["authorization_names"]);
    let name = |standard: &str| names.get(standard).cloned().unwrap_or_else(|| standard.to_owned());
    let redirect_uri = expected["redirect_uri"].as_str().unwrap_or(redirect_uri);
    // An address in it is one that was asked for.
    let addresses: Vec<String> = texts(&expected["variables"]).into_values().collect();
    let here = |value: String| if addresses.contains(&value) { stage.at(&value.into()) } else { value };
    let params = texts(&expected["authorization_params"]);
    let mut wanted: BTreeMap<_, _> = params.into_iter().map(|(name, value)| (name, here(value))).collect();
    let response_type = expected["response_type"].as_str().unwrap();
    for (standard, value) in
        [("client_id", CLIENT_ID), ("redirect_uri", redirect_uri), ("response_type", response_type)]
    {
        wanted.insert(name(standard), value.to_owned());
    }
    wanted.remove("");
    wanted.insert(name("scope"), expected["scope"].as_str().unwrap().to_owned());
    report.check("no state of 43 characters", found.remove("state").is_some_and(|state| state.len() == 43));
    let challenge = found.remove("code_challenge").is_some_and(|challenge| challenge.len() == 43);
    let method = found.remove("code_challenge_method");
    report.same(
        "PKCE",
        (challenge, method.as_deref() == Some("S256")),
        (expected["pkce"] == true, expected["pkce"] == true),
    );
    report.same("the authorization request", with_drawn(found, &wanted), wanted);
}

/// Puts `a UUID` where one is, and is wanted.
fn with_drawn(mut found: BTreeMap<String, String>, wanted: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    for (name, value) in &mut found {
        let is_uuid = value.len() == 36 && value.bytes().filter(|byte| *byte == b'-').count() == 4;
        if is_uuid && wanted.get(name).is_some_and(|wanted| wanted == "a UUID") {
            "a UUID".clone_into(value);
        }
    }
    found
}

/// What a server of this kind answers, to whatever is asked.
fn answers(expected: &Value, provider: &Provider, base: String) -> impl FnMut(&Seen) -> Reply + Send + 'static {
    let answer = expected["answer"].clone();
    let (longer, renewal) = (expected.get("long_lived").cloned(), expected.get("renewal").cloned());
    let is_xml = expected["format"] == "xml";
    let lookup = provider.lookup.as_ref().map(|_| lookup_answer(provider, &base));
    let mut number = 0;
    move |seen: &Seen| {
        number += 1;
        let is_at = |exchange: &Option<Value>| {
            exchange.as_ref().is_some_and(|exchange| {
                seen.path == format!("/{}", exchange["url"].as_str().unwrap())
                    && seen.query.get("grant_type").map(String::as_str) == exchange["grant_type"].as_str()
            })
        };
        if is_at(&longer) || is_at(&renewal) {
            return Reply::json(
                200,
                &json!({"access_token": format!("longer-{number}"), "token_type": "bearer", "expires_in": 5_184_000}),
            );
        }
        if seen.path.contains("introspect") {
            return Reply::json(200, &json!({"active": true, "exp": 1_767_229_200}));
        }
        // A call to the API shows a token; a token request does not.
        if let Some(lookup) =
            lookup.as_ref().filter(|_| seen.headers.get("authorization").is_some_and(|value| value.contains("access-")))
        {
            return Reply::json(200, lookup);
        }
        let filled = answer.to_string().replace("{access}", &format!("access-{number}"));
        let filled = filled.replace("{refresh}", &format!("refresh-{number}")).replace("{base}", &base);
        let filled: Value = serde_json::from_str(&filled).unwrap();
        if is_xml {
            let fields = texts(&filled);
            let elements: Vec<String> =
                fields.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
            let elements = elements.concat();
            return Reply::xml(format!("<?xml version=\"1.0\"?>\n<credentials>{elements}</credentials>"));
        }
        Reply::json(200, &filled)
    }
}

/// An answer that has something of the right kind at every path that is looked up.
fn lookup_answer(provider: &Provider, base: &str) -> Value {
    let mut answer = Value::Null;
    for variable in provider.variables.values() {
        let Some(path) = variable.from.as_deref().and_then(|from| from.strip_prefix("lookup:")) else { continue };
        let mut place = &mut answer;
        for part in path.split('.') {
            place = if part == "0" {
                if place.is_null() {
                    *place = json!([null]);
                }
                &mut place[0]
            } else {
                if place.is_null() {
                    *place = json!({});
                }
                &mut place[part]
            };
        }
        let is_url = variable.kind == hallpass::model::provider::VariableKind::Url;
        *place = if is_url { format!("{base}/found").into() } else { "found".into() };
    }
    answer
}

/// Returns the parameters of a token request, wherever they stand.
fn parameters(seen: &Seen) -> BTreeMap<String, String> {
    let kind = seen.headers.get("content-type").map(String::as_str).unwrap_or_default();
    if kind.contains("json") {
        let body: BTreeMap<String, Value> = serde_json::from_str(&seen.body).unwrap();
        return body.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned())).collect();
    }
    if kind.contains("xml") {
        let inner = seen.body.split("<credentials>").nth(1).unwrap_or_default();
        return inner
            .split("</")
            .filter_map(|part| part.rsplit_once('<').and_then(|(_, element)| element.split_once('>')))
            .map(|(name, value)| (name.to_owned(), value.replace("&amp;", "&")))
            .collect();
    }
    seen.query.clone().into_iter().chain(seen.form()).collect()
}

/// Checks one token request: where it went, how the client shows who it is, how it is written, and every
/// parameter of it.
fn check_token_request(
    stage: &Stage,
    seen: &Seen,
    url: &Value,
    wanted: &[(&str, &str)],
    more: &Value,
    expected: &Value,
    report: &mut Report<'_>,
) {
    let went_to = format!("{}{}", stage.player.base(), seen.path);
    report.same("the token URL", went_to, without_query(&stage.at(url)));
    report.same("the method", seen.method.as_str(), expected["method"].as_str().unwrap());
    let kind = match expected["format"].as_str().unwrap() {
        "form" => Some("application/x-www-form-urlencoded"),
        "json" => Some("application/json"),
        "query" => None,
        _ => Some("application/xml"),
    };
    report.same("the content type", seen.headers.get("content-type").map(String::as_str), kind);
    let names = texts(&expected["names"]);
    let name = |standard: &str| names.get(standard).cloned().unwrap_or_else(|| standard.to_owned());
    let mut all: BTreeMap<String, String> =
        wanted.iter().map(|(key, value)| (name(key), (*value).to_owned())).collect();
    all.extend(texts(more));
    let authorization = seen.headers.get("authorization").cloned();
    if expected["client_auth"] == "client_secret_basic" {
        let pair = base64::engine::general_purpose::STANDARD.encode("client+id%2B1:secret%3A%25%26%3D");
        report.same("the client's header", authorization, Some(format!("Basic {pair}")));
    } else if expected["client_auth"] == "client_secret_as_user" {
        all.insert(name("client_id"), CLIENT_ID.to_owned());
        let user = base64::engine::general_purpose::STANDARD.encode(format!("{CLIENT_SECRET}:"));
        report.same("the client's header", authorization, Some(format!("Basic {user}")));
    } else {
        all.insert(name("client_id"), CLIENT_ID.to_owned());
        if expected["client_auth"] != "none" {
            all.insert(name("client_secret"), CLIENT_SECRET.to_owned());
        }
        report.same("the client's header", authorization, None);
    }
    // What has no name is left out.
    all.remove("");
    let mut found = parameters(seen);
    found.remove("code_verifier");
    // A parameter of the address itself (`?refresh`).
    let address = Url::parse(&stage.at(url)).ok();
    let own: Vec<String> = address.iter().flat_map(Url::query_pairs).map(|(name, _)| name.into_owned()).collect();
    found.retain(|name, _| !own.contains(name));
    report.same("the token request", with_drawn(found, &all), all);
}

async fn check_kept(stage: &Stage, connected: &Connected, expected: &Value, report: &mut Report<'_>) {
    let kept = &connected.connection;
    let fresh = stage.service.fresh_credentials(&kept.reference, Freshness::default()).await;
    let token = fresh.map(|fresh| fresh.credentials.token().expose().to_owned()).map_err(|error| error.to_string());
    let begins = if expected.get("long_lived").is_some() { "longer-" } else { "access-" };
    report.check(&format!("the token is {token:?}"), token.as_ref().is_ok_and(|token| token.starts_with(begins)));
    let base = stage.player.base();
    let captured = texts(&expected["captured"]).into_iter().chain(texts(&expected["callback"]));
    for (name, value) in captured {
        // Which of them are of use, the file decides.
        if let Some(found) = kept.variables.get(&name) {
            report.same(&format!("`{name}`"), found.clone(), value.replace("{base}", &base));
        }
    }
    if expected["answer"].get("expires_in").is_some() || expected["answer"].get("expires_at").is_some() {
        report.check("it should end", kept.expires_at.is_some());
    }
}

async fn play_refresh(stage: &Stage, expected: &Value, report: &mut Report<'_>) {
    let has_refresh_token = expected["answer"].to_string().contains("{refresh}");
    let before = stage.player.seen().len();
    let forced = Freshness { forced: true, ..Freshness::default() };
    let outcome = stage.service.fresh_credentials(&reference(report.id), forced).await;
    let seen = stage.player.seen();
    let asked = seen.get(before);
    match (outcome, expected.get("renewal"), has_refresh_token) {
        (Ok(fresh), Some(renewal), _) => {
            let Some(asked) = asked else { return report.problems.push(format!("{}: no renewal came", report.id)) };
            report.same("the renewal", asked.path.clone(), format!("/{}", renewal["url"].as_str().unwrap()));
            let token = asked.query.get(renewal["token_param"].as_str().unwrap());
            report.check("the renewal shows no token", token.is_some_and(|token| token.starts_with("longer-")));
            let shown = |name: &str| renewal["client"].as_array().unwrap().iter().any(|known| known == name);
            for name in ["client_id", "client_secret"] {
                report.same(&format!("`{name}` in the renewal"), asked.query.contains_key(name), shown(name));
            }
            report.check("it was not renewed", fresh.was_refreshed);
        }
        (Ok(_), None, true) => {
            let Some(asked) = asked else { return report.problems.push(format!("{}: no refresh came", report.id)) };
            let wanted = [("grant_type", "refresh_token"), ("refresh_token", "refresh-1")];
            check_token_request(
                stage,
                asked,
                &expected["refresh_url"],
                &wanted,
                &expected["refresh_params"],
                expected,
                report,
            );
        }
        (Err(error), None, false) => {
            report.check(&format!("{error}"), error.message.contains("no refresh token") && asked.is_none());
        }
        (outcome, ..) => report.problems.push(format!("{}: the refresh: {:?}", report.id, outcome.map(|_| ()))),
    }
}

async fn play_oauth1(stage: &Stage, expected: &Value, report: &mut Report<'_>) {
    let id = report.id;
    configure(stage, id).await;
    stage.player.answer(|seen| {
        if seen.headers["authorization"].contains("oauth_verifier") {
            Reply::form("oauth_token=final&oauth_token_secret=final-secret&user_id=7")
        } else {
            Reply::form("oauth_token=temporary&oauth_token_secret=hidden&oauth_callback_confirmed=true")
        }
    });
    let authorization = match stage.service.begin(begin_request(stage, id, expected)).await {
        Ok(authorization) => authorization,
        Err(error) => return report.problems.push(format!("{id}: {error}")),
    };
    let waiting = authorization.waiting().clone();
    report.same("the authorization URL", without_query(waiting.url.as_str()), stage.at(&expected["authorization_url"]));
    let mut wanted = texts(&expected["authorization_params"]);
    wanted.insert("oauth_token".to_owned(), "temporary".to_owned());
    if let Some(name) = expected["scope_param"].as_str() {
        wanted.insert(name.to_owned(), expected["scope"].as_str().unwrap().to_owned());
    }
    report.same("the authorization request", query(&waiting.url), wanted);
    let asked = stage.player.seen()[0].clone();
    report.same(
        "the request URL",
        format!("{}{}", stage.player.base(), asked.path),
        stage.at(&expected["request_token_url"]),
    );
    report.same("its parameters", asked.query.clone(), texts(&expected["request_token_params"]));
    let header = asked.headers["authorization"].clone();
    let method = expected["signature_method"].as_str().unwrap();
    report.check("the method of its signature", header.contains(&format!("oauth_signature_method=\"{method}\"")));
    report.check("the key in its header", header.contains("oauth_consumer_key=\"client%20id%2B1\""));
    // The callback's address, encoded, with the state in it.
    let encoded = header.split("oauth_callback=\"").nth(1).unwrap().split('"').next().unwrap();
    let encoded = percent_encoding::percent_decode_str(encoded).decode_utf8().unwrap().into_owned();
    let mut callback = Url::parse(&encoded).unwrap();
    report.check("no state in the callback", query(&callback).contains_key("state"));
    callback.query_pairs_mut().append_pair("oauth_token", "temporary").append_pair("oauth_verifier", "v");
    let (outcome, _) = tokio::join!(authorization.finish(), get(&callback));
    if let Err(error) = outcome {
        return report.problems.push(format!("{id}: {error}"));
    }
    let exchange = stage.player.seen()[1].clone();
    report.same("the token URL", format!("{}{}", stage.player.base(), exchange.path), stage.at(&expected["token_url"]));
    report.check("the token in its header", exchange.headers["authorization"].contains("oauth_token=\"temporary\""));
    let fresh = stage.service.fresh_credentials(&reference(id), Freshness::default()).await.unwrap();
    report.same("the token", fresh.credentials.token().expose(), "final");
}

async fn play_client_credentials(stage: &Stage, expected: &Value, report: &mut Report<'_>) {
    let id = report.id;
    configure(stage, id).await;
    let base = stage.player.base();
    let (_, provider) = stage.service.provider(id).unwrap();
    stage.player.answer(answers(expected, &provider, base));
    let mut request = EnterRequest::new(reference(id));
    (request.variables, request.fields) = stage.asked(id, expected);
    if let Err(error) = stage.service.enter(request).await {
        return report.problems.push(format!("{id}: {error} {:?}", error.causes));
    }
    let seen = stage.player.seen();
    let scope = expected["scope"].as_str().unwrap();
    let wanted = [("grant_type", "client_credentials"), ("scope", scope)];
    check_token_request(stage, &seen[0], &expected["token_url"], &wanted, &expected["token_params"], expected, report);
    let before = seen.len();
    let forced = Freshness { forced: true, ..Freshness::default() };
    match stage.service.fresh_credentials(&reference(id), forced).await {
        Ok(fresh) => report.check("it was not fetched again", fresh.was_refreshed),
        Err(error) => return report.problems.push(format!("{id}: {error}")),
    }
    let seen = stage.player.seen();
    check_token_request(
        stage,
        &seen[before],
        &expected["token_url"],
        &wanted,
        &expected["token_params"],
        expected,
        report,
    );
}
