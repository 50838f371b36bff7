use std::sync::Arc;
use std::time::Duration;

use hallpass::auth::authorization_code::{self, Begun};
use hallpass::auth::{self, AuthError, Client, Registration, Transport};
use hallpass::model::{Provider, Secret, Time, TokenSet};

use crate::support::odd_server::{Odd, OddServer};

const OK: &str = r#"{"access_token":"AT","token_type":"bearer","expires_in":3600,"refresh_token":"RT"}"#;

fn now() -> Time {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

struct Trial {
    server: OddServer,
    client: Client,
    begun: Begun,
}

impl Trial {
    fn new(more: &str, answers: Vec<Odd>) -> Self {
        let server = OddServer::start(answers);
        let mut provider: Provider = toml::from_str(&server.provider_file(more)).unwrap();
        provider.is_own = true;
        let secret = Secret::new("odd:secret%+/ =&");
        let registration = Registration {
            provider: &provider,
            way: hallpass::model::WayIn::OAuth2,
            client_id: "odd client:with%chars",
            client_secret: Some(&secret),
            redirect_uri: "http://localhost:3003/oauth/callback",
            variables: &std::collections::BTreeMap::new(),
            fields: &std::collections::BTreeMap::new(),
        };
        let client = Client::new(&registration).unwrap();
        let begun = authorization_code::begin(&client, &[], &authorization_code::Further::new()).unwrap();
        Self { server, client, begun }
    }

    async fn exchange(&self) -> Result<TokenSet, AuthError> {
        let transport = Transport::new(Arc::new(now)).with_timeout(Duration::from_secs(5));
        authorization_code::exchange(&transport, &self.client, &self.begun, &Secret::new("the code")).await
    }
}

async fn exchange(answer: Odd) -> Result<TokenSet, AuthError> {
    Trial::new("", vec![answer]).exchange().await
}

#[tokio::test]
async fn good_answers_in_odd_clothes_are_understood() {
    let form = "access_token=AT&expires_in=3600&token_type=bearer";
    let clothes = [
        Odd::json("200 OK", OK),
        Odd::json("201 Created", OK),
        Odd::answer("200 OK", "text/plain", OK),
        Odd::answer("200 OK", "application/x-www-form-urlencoded", form),
        Odd::answer("200 OK", "text/html", form),
        Odd::json("200 OK", r#"{"access_token":"AT","expires_in":"3600"}"#),
        Odd::json("200 OK", r#"{"access_token":"AT","token_type":"BEARER","expires_at":1767229200}"#),
    ];
    for answer in clothes {
        let shown = format!("{answer:?}");
        let tokens = exchange(answer).await.unwrap_or_else(|error| panic!("{error} for {shown}"));
        assert_eq!((tokens.access_token.expose(), tokens.token_type.as_str()), ("AT", "Bearer"), "{shown}");
        assert_eq!(tokens.expires_at, Some(now() + Duration::from_hours(1)), "{shown}");
    }
}

#[tokio::test]
async fn bad_answers_are_told_apart_by_what_may_be_done_next() {
    let refused = exchange(Odd::json("200 OK", r#"{"error":"bad_verification_code"}"#)).await;
    assert!(matches!(refused, Err(AuthError::Refused(refusal)) if refusal.code == "bad_verification_code"));
    let busy = Odd::Bytes(b"HTTP/1.1 429 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n".to_vec());
    assert!(
        matches!(exchange(busy).await, Err(AuthError::Busy { status: 429, retry_after: Some(wait), .. }) if wait.as_secs() == 7)
    );
    let html = Odd::answer("502 Bad Gateway", "text/html", "<html>a=b</html>");
    assert!(matches!(exchange(html).await, Err(AuthError::Busy { status: 502, .. })));
    for unusable in [
        Odd::answer("200 OK", "text/html", "<html>login</html>"),
        Odd::json("200 OK", ""),
        Odd::json("200 OK", "{\"token_type\":\"bearer\"}"),
        Odd::json("200 OK", "{\"access_token\":\"AT\",\"refresh_token\":5}"),
        Odd::Bytes([b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n".as_slice(), &[0xff, 0xfe, 0x00, 0x01]].concat()),
    ] {
        let shown = format!("{unusable:?}");
        assert!(matches!(exchange(unusable).await, Err(AuthError::Unusable { .. })), "{shown}");
    }
    for lost in [
        Odd::Close,
        Odd::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{\"access_token\":\"tru".to_vec()),
        Odd::Bytes(b"hello\r\n\r\n".to_vec()),
        Odd::Bytes(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"access_token\":\"\r\nZZ\r\n".to_vec(),
        ),
    ] {
        let shown = format!("{lost:?}");
        assert!(matches!(exchange(lost).await, Err(AuthError::NoAnswer { .. })), "{shown}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let trial = Trial::new("", vec![Odd::Close]);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut provider: Provider =
        toml::from_str(&trial.server.provider_file("").replace(&trial.server.port.to_string(), &free.to_string()))
            .unwrap();
    provider.is_own = true;
    let registration = Registration {
        provider: &provider,
        way: hallpass::model::WayIn::OAuth2,
        client_id: "x",
        client_secret: None,
        redirect_uri: "http://localhost:1/x",
        variables: &std::collections::BTreeMap::new(),
        fields: &std::collections::BTreeMap::new(),
    };
    let client = Client::new(&registration).unwrap();
    let begun = authorization_code::begin(&client, &[], &authorization_code::Further::new()).unwrap();
    let outcome =
        authorization_code::exchange(&Transport::new(Arc::new(now)), &client, &begun, &Secret::new("x")).await;
    assert!(matches!(outcome, Err(AuthError::Unreachable { .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_its_query_is_not_shown() {
    let redirect =
        Odd::Bytes(b"HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:1/?canary=1\r\nContent-Length: 0\r\n\r\n".to_vec());
    let error = exchange(redirect).await.unwrap_err();
    assert!(error.to_string().contains("a redirect to 127.0.0.1:1"), "{error}");
    assert!(!format!("{error:?}").contains("canary"));
}

#[tokio::test]
async fn at_most_one_mebibyte_is_read() {
    let huge = format!("{{\"access_token\":\"{}\"}}", "A".repeat(3 << 20));
    let error = exchange(Odd::json("200 OK", &huge)).await.unwrap_err();
    assert!(error.to_string().contains("more than 1 MiB"), "{error}");
}

#[tokio::test]
async fn no_error_shows_what_an_answer_held() {
    let answers = [
        Odd::json("200 OK", r#"{"access_token":"canary","token_type":5}"#),
        Odd::json("200 OK", r#"{"access_token":"canary""#),
        Odd::json("200 OK", r#"["canary"]"#),
        Odd::json("403 X", r#"{"token":"canary"}"#),
    ];
    for answer in answers {
        if let Err(error) = exchange(answer).await {
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        }
    }
}

#[tokio::test]
async fn no_error_shows_what_was_sent() {
    let echo =
        r#"{"error":"invalid_client","error_description":"not `odd:secret%+/ =&`, nor odd%3Asecret%25%2B%2F+%3D%26"}"#;
    for method in ["client_secret_post", "client_secret_basic", "client_secret_as_user"] {
        for status in ["400 X", "503 X", "200 OK"] {
            let trial =
                Trial::new(&format!("token_endpoint_auth_method = \"{method}\""), vec![Odd::json(status, echo)]);
            let error = trial.exchange().await.unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret%"), "{method} {status} {error}");
        }
    }
}

#[tokio::test]
async fn an_error_without_words_is_a_refusal_by_its_status() {
    for body in ["", "<html>no</html>", "{}"] {
        let error = exchange(Odd::answer("403 Forbidden", "text/html", body)).await.unwrap_err();
        assert!(matches!(&error, AuthError::Refused(refusal) if refusal.code == "http_403"), "{error:?}");
        assert!(!error.is_lost_answer());
    }
}

fn body_of(request: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.split_once("\r\n\r\n").unwrap().1.as_bytes()).into_owned().collect()
}

fn value<'a>(body: &'a [(String, String)], name: &str) -> Option<&'a str> {
    body.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn the_usual_request_is_a_form_with_id_and_secret_in_it() {
    let trial = Trial::new("token_params = { audience = \"x\" }", vec![Odd::json("200 OK", OK)]);
    trial.exchange().await.unwrap();
    let request = trial.server.requests().remove(0);
    assert!(request.starts_with("POST /token HTTP/1.1\r\n"), "{request}");
    let body = body_of(&request);
    for (name, expected) in [
        ("grant_type", "authorization_code"),
        ("code", "the code"),
        ("redirect_uri", "http://localhost:3003/oauth/callback"),
        ("client_id", "odd client:with%chars"),
        ("client_secret", "odd:secret%+/ =&"),
        ("audience", "x"),
    ] {
        assert_eq!(value(&body, name), Some(expected), "{name}");
    }
    assert_eq!(value(&body, "code_verifier").map(str::len), Some(43));
    assert!(!request.to_ascii_lowercase().contains("authorization:"), "one way of showing who it is");
}

#[tokio::test]
async fn basic_authentication_encodes_id_and_secret_before_joining_them() {
    use base64::Engine as _;
    let trial = Trial::new("token_endpoint_auth_method = \"client_secret_basic\"", vec![Odd::json("200 OK", OK)]);
    trial.exchange().await.unwrap();
    let request = trial.server.requests().remove(0);
    let header = request
        .lines()
        .find_map(|line| line.to_ascii_lowercase().starts_with("authorization: basic ").then(|| line[21..].to_owned()))
        .unwrap();
    let pair = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(header).unwrap()).unwrap();
    assert_eq!(pair, "odd+client%3Awith%25chars:odd%3Asecret%25%2B%2F+%3D%26");
    let body = body_of(&request);
    assert_eq!((value(&body, "client_secret"), value(&body, "client_id")), (None, None));
}

#[tokio::test]
async fn a_secret_may_stand_where_the_user_name_would() {
    use base64::Engine as _;
    let quirks = "token_endpoint_auth_method = \"client_secret_as_user\"\nparam_names = { client_id = \"\" }\nauthorization_param_names = { client_id = \"client_id\" }";
    let trial = Trial::new(quirks, vec![Odd::json("200 OK", OK)]);
    assert!(trial.begun.url.query_pairs().any(|(name, _)| name == "client_id"));
    trial.exchange().await.unwrap();
    let request = trial.server.requests().remove(0);
    let header = request.lines().find_map(|line| line.strip_prefix("authorization: Basic ")).unwrap();
    let pair = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(header).unwrap()).unwrap();
    assert_eq!(pair, "odd:secret%+/ =&:");
    let body = body_of(&request);
    assert_eq!((value(&body, "client_secret"), value(&body, "client_id")), (None, None));
}

#[tokio::test]
async fn a_page_may_lie_behind_a_fragment_and_a_state_be_sent_again() {
    let quirks =
        "authorization_fragment = \"/oauth/authorize\"\nresponse_type = \"auth_code\"\nstate_in_token_request = true";
    let trial = Trial::new(quirks, vec![Odd::json("200 OK", OK)]);
    let url = &trial.begun.url;
    let (page, query) = url.fragment().unwrap().split_once('?').unwrap();
    assert_eq!((url.query(), page), (None, "/oauth/authorize"));
    let query: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    assert_eq!(value(&query, "response_type"), Some("auth_code"));
    trial.exchange().await.unwrap();
    let body = body_of(&trial.server.requests()[0]);
    assert!(value(&query, "state").is_some() && value(&body, "state") == value(&query, "state"));
}

/// Refreshes tokens of the scopes `a b`.
async fn refreshed(trial: &Trial) -> Result<TokenSet, AuthError> {
    let transport = Transport::new(Arc::new(now)).with_timeout(Duration::from_secs(5));
    let before = TokenSet {
        refresh_token: Some(Secret::new("RT")),
        scopes: Some(vec!["a".to_owned(), "b".to_owned()]),
        expires_at: Some(now() + Duration::from_mins(5)),
        extra: Secret::new(r#"{"openId":"o"}"#),
        ..TokenSet::new(Secret::new("AT-that-is-there"), now())
    };
    auth::refresh::refresh(&transport, &trial.client, &before, &["asked".to_owned()]).await
}

#[tokio::test]
async fn a_refresh_may_leave_the_token_as_it_is_where_the_answer_says_so_and_nowhere_else() {
    let quirks = "[oauth2.response]\nkept_when = \"result=0000\"\nlifetime = 2592000";
    let answers =
        [r#"{"result":"0000","message":"OK"}"#, r#"{"result":"5000","message":"no"}"#, OK, r#"{"result":"0000"}"#];
    let trial = Trial::new(quirks, answers.map(|answer| Odd::json("200 OK", answer)).into());
    let kept = refreshed(&trial).await.unwrap();
    assert_eq!(
        (kept.access_token.expose(), kept.expires_at),
        ("AT-that-is-there", Some(now() + Duration::from_hours(720)))
    );
    assert!(refreshed(&trial).await.is_err());
    assert_eq!(refreshed(&trial).await.unwrap().access_token.expose(), "AT");
    assert!(trial.exchange().await.is_err(), "there is none yet where a code is exchanged");
    let usual = Trial::new("", vec![Odd::json("200 OK", answers[0])]);
    assert!(refreshed(&usual).await.is_err());
    let new = r#"{"ok":true,"inner":{"access_token":"NEW"}}"#;
    let both = "[oauth2.response]\nkept_when = \"ok=true\"\nalternate = \"inner\"";
    let trial =
        Trial::new(both, vec![Odd::json("200 OK", new), Odd::json("200 OK", r#"{"ok":true,"access_token":null}"#)]);
    assert_eq!(refreshed(&trial).await.unwrap().access_token.expose(), "NEW", "a token that comes is taken");
    let kept = refreshed(&trial).await.unwrap();
    assert_eq!(kept.access_token.expose(), "AT-that-is-there");
    assert_eq!(kept.expires_at, Some(now() + Duration::from_mins(5)), "as long again as it was good for");
    assert_eq!(kept.extra.expose(), r#"{"openId":"o"}"#);
}

#[tokio::test]
async fn each_request_draws_another_uuid() {
    let quirks = "refresh_params = { nonce = \"{random}\" }\ntoken_request = { headers = { x-id = \"id {random}\" } }";
    let trial = Trial::new(quirks, vec![Odd::json("200 OK", OK), Odd::json("200 OK", OK)]);
    for _ in 0..2 {
        refreshed(&trial).await.unwrap();
    }
    let drawn = |request: &String| {
        let header = request.lines().find_map(|line| line.strip_prefix("x-id: id ")).unwrap().to_owned();
        (header, value(&body_of(request), "nonce").unwrap().to_owned())
    };
    let [one, other] = &trial.server.requests().iter().map(drawn).collect::<Vec<_>>()[..] else { panic!("two") };
    assert!(one.0 == one.1 && other.0 == other.1 && one != other && one.0.len() == 36, "{one:?} {other:?}");
}

#[tokio::test]
async fn a_refresh_names_scopes_and_draws_a_nonce_where_that_is_wanted() {
    let quirks = "scope_in_refresh = true\nscope_separator = \",\"\nrefresh_params = { nonce = \"{random}\" }";
    let trial = Trial::new(quirks, vec![Odd::json("200 OK", OK)]);
    refreshed(&trial).await.unwrap();
    let body = body_of(&trial.server.requests()[0]);
    assert_eq!((value(&body, "scope"), value(&body, "nonce").map(str::len)), (Some("a,b"), Some(36)));
    let usual = Trial::new("", vec![Odd::json("200 OK", OK)]);
    refreshed(&usual).await.unwrap();
    assert_eq!(value(&body_of(&usual.server.requests()[0]), "scope"), None);
}

#[tokio::test]
async fn a_public_client_sends_its_id_alone() {
    let trial = Trial::new("token_endpoint_auth_method = \"none\"", vec![Odd::json("200 OK", OK)]);
    trial.exchange().await.unwrap();
    let body = body_of(&trial.server.requests()[0]);
    assert_eq!((value(&body, "client_id"), value(&body, "client_secret")), (Some("odd client:with%chars"), None));
}

#[tokio::test]
async fn a_request_may_be_json_or_in_the_url_with_the_providers_own_names() {
    let json = Trial::new(
        "token_request = { format = \"json\", headers = { x-version = \"3\" } }\nparam_names = { client_id = \"client_key\" }",
        vec![Odd::json("200 OK", OK)],
    );
    json.exchange().await.unwrap();
    let request = json.server.requests().remove(0);
    let body: serde_json::Value = serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!((body["client_key"].as_str(), body["code"].as_str()), (Some("odd client:with%chars"), Some("the code")));
    assert!(request.to_ascii_lowercase().contains("x-version: 3"));
    let query = Trial::new("token_request = { format = \"query\" }", vec![Odd::json("200 OK", OK)]);
    query.exchange().await.unwrap();
    let request = query.server.requests().remove(0);
    assert!(request.starts_with("POST /token?") && request.contains("code=the+code"), "{request}");
}
