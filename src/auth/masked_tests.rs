use serde_json::json;

use super::super::tape::Tape;
use super::*;
use crate::model::Secret;
use crate::model::tape::What;

const CANARY: &str = "canary secret+1/é&<";

fn table(format: RequestFormat) -> OAuth2 {
    let mut table = OAuth2::default();
    table.token_request.format = format;
    table.token_request.headers.insert("X-Version".to_owned(), "2".to_owned());
    table.param_names.insert("client_id".to_owned(), "client_key".to_owned());
    table
}

fn token_request() -> TokenRequest {
    let parameters = [
        ("grant_type", "authorization_code"),
        ("code", CANARY),
        ("redirect_uri", "http://localhost/\"cb\""),
        ("client_id", "the-id"),
        ("client_secret", CANARY),
        ("code_verifier", CANARY),
        ("of_their_own", CANARY),
    ];
    TokenRequest::new(
        What::TokenRequest,
        parameters.map(|(name, value)| (name.to_owned(), value.to_owned().into())).into(),
        None,
    )
}

fn shown(format: RequestFormat) -> Request {
    request(&token_request(), &"https://as.example/token?tenant=t".parse().unwrap(), &table(format))
}

fn text_of(body: &Body) -> String {
    match body {
        Body::Text(text) => text.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_standard_calls_public_is_shown_in_a_request_and_everything_else_is_named() {
    let shown = shown(RequestFormat::Form);
    assert_eq!(
        shown.body_lines(),
        [
            "grant_type=authorization_code",
            "code=$CODE",
            "redirect_uri=http://localhost/\"cb\"",
            "client_key=the-id",
            "client_secret=$CLIENT_SECRET",
            "code_verifier=$CODE_VERIFIER",
            "of_their_own=$OF_THEIR_OWN",
        ]
    );
    assert_eq!(shown.target(), "https://as.example/token?tenant=t");
    assert_eq!(
        shown.header_lines(),
        ["accept: application/json", "content-type: application/x-www-form-urlencoded", "x-version: 2"]
    );
}

#[test]
fn each_format_is_shown_as_it_is_sent() {
    let json = text_of(&shown(RequestFormat::Json).body);
    let read: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&read["code"], &read["redirect_uri"]), (&json!("$CODE"), &json!("http://localhost/\"cb\"")));
    let xml = text_of(&shown(RequestFormat::Xml).body);
    assert!(xml.contains("<code>$CODE</code><redirect_uri>http://localhost/&quot;cb&quot;</redirect_uri>"), "{xml}");
    let query = shown(RequestFormat::Query);
    assert!(query.target().contains("?tenant=t&grant_type=authorization_code&code=$CODE&"), "{}", query.target());
    assert_eq!(query.body, Body::Nothing);
}

#[test]
fn a_token_that_is_revoked_has_the_name_of_its_hint() {
    let parameters = [("token", CANARY), ("token_type_hint", "refresh_token")];
    let revocation = TokenRequest::new(
        What::Revocation,
        parameters.map(|(name, value)| (name.to_owned(), value.to_owned().into())).into(),
        Some(HeaderValue::from_static("Basic aWQrMTp2ZXJ5K3NlY3JldCUyQg==")),
    );
    let shown = request(&revocation, &"https://as.example/r".parse().unwrap(), &OAuth2::default());
    assert_eq!(shown.body_lines(), ["token=$REFRESH_TOKEN", "token_type_hint=refresh_token"]);
    assert_eq!(shown.header_lines()[0], "authorization: Basic id 1:$CLIENT_SECRET");
}

#[test]
fn a_secret_in_the_place_of_a_user_name_is_one() {
    // `canary:secret:`, with an empty password.
    let header = HeaderValue::from_static("Basic Y2FuYXJ5OnNlY3JldDo=");
    let shown = request(
        &TokenRequest::new(What::TokenRequest, Vec::new(), Some(header)),
        &"https://as.example/t".parse().unwrap(),
        &OAuth2::default(),
    );
    assert_eq!(shown.header_lines()[0], "authorization: Basic $CLIENT_SECRET:");
}

#[test]
fn of_a_signed_request_the_public_protocol_parameters_are_shown() {
    let header = "OAuth oauth_consumer_key=\"k\", oauth_nonce=\"n\", oauth_token=\"canary\", oauth_callback=\"http%3A%2F%2Fx%3Fstate%3Dcanary\", oauth_signature=\"canary%3D\"";
    let signed = TokenRequest::signed(What::TokenCredentials, HeaderValue::from_static(header));
    let shown = request(&signed, &"https://as.example/t".parse().unwrap(), &OAuth2::default());
    assert_eq!(
        shown.header_lines().last().unwrap(),
        "authorization: OAuth oauth_consumer_key=\"k\", oauth_nonce=\"n\", oauth_token=\"$OAUTH_TOKEN\", oauth_callback=\"$OAUTH_CALLBACK\", oauth_signature=\"$OAUTH_SIGNATURE\""
    );
}

#[test]
fn the_page_of_a_browser_shows_neither_state_nor_nonce() {
    let url = "https://as.example/a?client_id=i&state=canary&nonce=canary&code_challenge=c&prompt=consent&audience=x&own=o&odd=canary";
    let shown = page(&url.parse().unwrap(), &["own".to_owned()]);
    assert_eq!(
        shown.target(),
        "https://as.example/a?client_id=i&state=$STATE&nonce=$NONCE&code_challenge=c&prompt=consent&audience=x&own=o&odd=$ODD"
    );
}

#[test]
fn of_a_callback_what_was_said_is_shown_without_what_was_sent() {
    let state = Secret::new("canary-state");
    let sent = Sent::these(&[&state]);
    let query = "state=canary-state&code=canary&error=no%1b&error_description=bad+canary-state&canary=1";
    let shown = arrival("http://localhost:3003/cb", query, &sent);
    assert_eq!(
        shown.target(),
        "http://localhost:3003/cb?state=$STATE&code=$CODE&error=no&error_description=bad+%E2%80%A6&%E2%80%A6=$CANARY"
    );
}

fn body(text: &str, sent: &mut Sent) -> String {
    match answer(200, &HeaderMap::new(), text.as_bytes(), sent) {
        Answer::Came { body, .. } => body,
        Answer::Failed(why) => panic!("{why}"),
    }
}

fn read(value: &Value) -> Value {
    serde_json::from_str(&body(&value.to_string(), &mut Sent::default())).unwrap()
}

#[test]
fn of_an_answer_the_standard_fields_are_shown_and_every_other_text_is_a_length() {
    let answer = json!({
        "access_token": CANARY, "refresh_token": "canary", "token_type": "Bearer", "expires_in": 3600, "scope": ["a", "b"],
        "ok": true, "authed_user": {"access_token": "canary", "id": "U1"}, "empty": null, "error": {"message": "canary"},
    });
    assert_eq!(
        read(&answer),
        json!({
            "access_token": "••• (19)", "refresh_token": "••• (6)", "token_type": "Bearer", "expires_in": 3600,
            "scope": ["a", "b"], "ok": true, "authed_user": {"access_token": "••• (6)", "id": "••• (2)"}, "empty": null,
            "error": {"message": "••• (6)"},
        })
    );
}

#[test]
fn a_name_that_may_be_a_secret_is_none() {
    assert_eq!(
        read(&json!({"gho_0123456789abcdef": 1, "x".repeat(40): 2, "nice_name": 3})).to_string().matches("•••").count(),
        2
    );
    // A bare token reads as a form of one name.
    assert_eq!(body("canary0canary==", &mut Sent::default()), "{\n  \"••• (13)\": \"••• (1)\"\n}");
    assert_eq!(body("canary", &mut Sent::default()), "••• 6 bytes");
    assert_eq!(body("[\"canary\"]", &mut Sent::default()), "••• 10 bytes");
}

#[test]
fn what_was_sent_and_what_came_before_is_taken_out_of_what_is_shown() {
    let mut sent = Sent::of(&token_request());
    let encoded = url::form_urlencoded::byte_serialize(CANARY.as_bytes()).collect::<String>();
    let percent = percent_encoding::utf8_percent_encode(CANARY, crate::model::template::COMPONENT).to_string();
    for echo in [CANARY, &encoded, &percent] {
        let said = json!({"error": "invalid_grant", "error_description": format!("no {echo}!"), echo: "x"}).to_string();
        let shown = body(&said, &mut sent);
        assert!(!shown.contains(echo) && shown.contains("no …!"), "{shown}");
    }
    body(&json!({"access_token": "came-before-1"}).to_string(), &mut sent);
    let shown = body(&json!({"error_description": "came-before-1", "scope": ["came-before-1"]}).to_string(), &mut sent);
    assert!(!shown.contains("came-before"), "{shown}");
    let mut number = Sent::of(&TokenRequest::new(
        What::TokenRequest,
        vec![("code".to_owned(), "1234567890".to_owned().into())],
        None,
    ));
    assert!(!body("{\"echo\": 1234567890}", &mut number).contains("1234567890"));
}

#[test]
fn hostile_text_moves_nothing_and_large_answers_are_cut() {
    let shown = body(&json!({"error": "a\u{1b}[2J\u{202e}b\nc", "\u{1b}x": 1}).to_string(), &mut Sent::default());
    assert!(!shown.contains(['\u{1b}', '\u{202e}']) && shown.contains("a[2Jbc"), "{shown}");
    let long = json!({"error_description": "x".repeat(100_000), "scope": vec!["y"; 10_000]});
    assert!(body(&long.to_string(), &mut Sent::default()).len() <= LARGEST + 4);
    let wide: Map<String, Value> = (0..10_000u32).map(|number| (format!("{number:x}"), json!(1))).collect();
    let shown = body(&Value::Object(wide).to_string(), &mut Sent::default());
    assert!(shown.lines().count() <= FIELDS + 3, "{shown}");
}

#[test]
fn a_long_request_is_cut() {
    let mut request = token_request();
    request.parameters = vec![("scope".to_owned(), "s".repeat(100_000).into()); 9];
    for format in [RequestFormat::Form, RequestFormat::Json, RequestFormat::Query] {
        let shown = super::request(&request, &"https://as.example/t".parse().unwrap(), &table(format));
        let size = serde_json::to_string(&shown).unwrap().len();
        assert!(size < 3 * LARGEST, "{size}");
    }
}

#[test]
fn polls_that_say_the_same_are_one_step_and_a_flow_has_a_bounded_number() {
    let tape = Tape::default();
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    let step = |what, said: &str| {
        let recording = tape.begin(what, Request::default(), at);
        recording.answered(400, &HeaderMap::new(), said.as_bytes(), &Sent::default());
    };
    for said in ["authorization_pending", "authorization_pending", "slow_down", "authorization_pending"] {
        step(What::Poll, &json!({"error": said}).to_string());
    }
    let counted: Vec<u32> = tape.take().iter().map(|step| step.times).collect();
    assert_eq!(counted, [2, 1, 1]);
    for number in 0..300 {
        step(What::Refresh, &json!({"interval": number}).to_string());
    }
    let kept = tape.take();
    assert_eq!(kept.len(), super::super::tape::MOST - 3);
    let said = |step: &tape::Step| serde_json::to_string(&step.answer).unwrap();
    assert!(said(&kept[0]).contains(": 0") && said(kept.last().unwrap()).contains(": 299"));
    step(What::Refresh, "{}");
    assert!(tape.take().is_empty());
}

#[test]
fn a_step_that_nobody_waited_for_says_so() {
    let tape = Tape::default();
    drop(tape.begin(What::Refresh, Request::default(), "2026-01-01T00:00:00Z".parse().unwrap()));
    assert_eq!(tape.take()[0].answer, Some(Answer::Failed("it was not waited for any longer".to_owned())));
}
