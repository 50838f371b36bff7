//! APIs that want each request signed with a login (`[api.signature]`). What comes out is held against vectors in the
//! units, and against other people's programs in `tests/real/signatures.py`.

use hallpass::http::Flags;
use hallpass::model::Secret;
use hallpass::service::Kind;
use hallpass::service::copy::{Form, samples};
use hallpass::service::enter::EnterRequest;
use hallpass::service::exec::Variable;
use hallpass::service::fresh::Freshness;
use hallpass::service::request::{ApiRequest, Payload};
use serde_json::json;

use crate::support::player::{Reply, Seen};
use crate::support::served::Served;
use crate::ways::{Stage, jane};

fn file(signature: &str) -> String {
    format!(
        r#"
name = "Acme"
[basic]
[credentials.username]
label = "Access key id"
[credentials.password]
label = "Secret access key"
secret = true
[credentials.session_token]
label = "Session token"
secret = true
optional = true
[api]
base_url = "{{base}}/v1"
headers = {{ content-type = "application/json", x-amz-security-token = "{{credential.session_token}}" }}
verify = "GET /me"
[api.signature]
{signature}
"#
    )
}

const AWS: &str = "scheme = \"aws-sigv4\"\nservice = \"acme\"\nregion = \"eu-west-1\"";
const LOGIN: [(&str, &str); 2] = [("username", "AKIDEXAMPLE"), ("password", "password-canary")];

fn good() -> impl FnMut(&Seen) -> Reply + Send + 'static {
    |_| Reply::json(200, &json!({}))
}

async fn entered(signature: &str) -> Stage {
    let stage = Stage::new(&file(signature), good()).await;
    stage.enter(&LOGIN).await.unwrap();
    stage
}

/// What the last request showed in a header.
fn shown(stage: &Stage, name: &str) -> String {
    stage.player.seen().last().unwrap().headers.get(name).cloned().unwrap_or_default()
}

#[tokio::test]
async fn aws_is_shown_a_signature_of_each_request_and_never_the_login() {
    let stage = entered(AWS).await;
    let proving = &stage.player.seen()[0];
    assert!(proving.headers["authorization"].starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-1/acme/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature="), "{proving:?}");
    assert_eq!(proving.headers["x-amz-date"], "20260101T000000Z");
    stage.clock.advance(std::time::Duration::from_secs(1));
    stage.get("/me").await.unwrap();
    assert_ne!(shown(&stage, "authorization"), stage.player.seen()[0].headers["authorization"]);
    let told = format!("{:?}", stage.player.seen());
    assert!(!told.contains("password-canary"), "{told}");
}

#[tokio::test]
async fn the_session_token_of_temporary_credentials_is_signed_along() {
    let stage = Stage::new(&file(AWS), good()).await;
    stage.enter(&[LOGIN[0], LOGIN[1], ("session_token", "session-canary")]).await.unwrap();
    assert_eq!(shown(&stage, "x-amz-security-token"), "session-canary");
    assert!(
        shown(&stage, "authorization").contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token,")
    );
}

#[tokio::test]
async fn the_other_schemes_make_headers_of_their_own() {
    let stage = entered("scheme = \"duo\"").await;
    assert!(
        shown(&stage, "authorization").starts_with("Basic ") && shown(&stage, "date").starts_with("Thu, 1 Jan 2026")
    );
    let stage = entered("scheme = \"wsse\"").await;
    assert!(shown(&stage, "x-wsse").starts_with("UsernameToken Username=\"AKIDEXAMPLE\", PasswordDigest=\""));
    assert_eq!(shown(&stage, "authorization"), "", "no login beside it");
    let first = shown(&stage, "x-wsse");
    stage.get("/me").await.unwrap();
    assert_ne!(shown(&stage, "x-wsse"), first, "each has a nonce of its own");
    let stage = entered(
        "scheme = \"http-message-signatures\"\ncomponents = [\"@method\", \"content-digest\", \"content-type\"]\nalgorithm = \"hmac-sha256\"\nlifetime = 60",
    )
    .await;
    assert_eq!(
        shown(&stage, "signature-input"),
        "sig=(\"@method\" \"content-digest\" \"content-type\");alg=\"hmac-sha256\";created=1767225600;expires=1767225660;keyid=\"AKIDEXAMPLE\""
    );
    assert_eq!(shown(&stage, "content-digest"), "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
    assert!(shown(&stage, "signature").starts_with("sig=:"));
}

const ED25519: &str = "scheme = \"http-message-signatures\"\ncomponents = [\"@method\"]\nalgorithm = \"ed25519\"";

#[tokio::test]
async fn what_cannot_sign_is_refused_before_anything_is_sent_though_nothing_is_proven_and_is_not_shown() {
    let pem = file(ED25519);
    let public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n";
    let swapped = file("scheme = \"aws-sigv4\"").replace("{base}", "https://{place}.amazonaws.com");
    let swapped = format!("{swapped}[variables.place]\nkind = \"labels\"\ndefault = \"eu-west-1.lambda\"\n");
    for (file, password, expected) in [
        (&pem, "password-canary", "not one in PEM"),
        (&pem, public, "is a public key"),
        (&swapped, "password-canary", "`eu-west-1.lambda.amazonaws.com` tells no service and no region"),
    ] {
        let stage = Stage::new(file, good()).await;
        let mut request = EnterRequest { unverified: true, ..EnterRequest::new(jane()) };
        let fields = [LOGIN[0], ("password", password)];
        request.fields = fields.map(|(name, value)| (name.to_owned(), Secret::new(value))).into();
        let error = stage.service.enter(request).await.unwrap_err();
        assert!(error.message.contains(expected), "{error:?}");
        assert!(!format!("{error:?}").contains("canary") && stage.player.seen().is_empty(), "{error:?}");
        assert!(stage.service.connection(&jane()).is_err(), "nothing is kept");
    }
}

#[tokio::test]
async fn no_header_of_a_signed_request_is_handed_out_and_its_login_is() {
    let stage = entered(AWS).await;
    for form in [Form::Raw, Form::Header, Form::Curl, Form::Httpie, Form::Fetch] {
        let error = stage.service.hand_out(&jane(), Freshness::default(), form).await.unwrap_err();
        assert!(error.kind == Kind::Usage && error.message.contains("signed on its own"), "{error:?}");
        assert!(error.hint.unwrap().contains("hallpass request acme jane"));
    }
    let shown: serde_json::Value = serde_json::from_str(&stage.hand_out(Form::Json).await).unwrap();
    assert_eq!(shown, json!({"type": "BASIC", "username": "AKIDEXAMPLE", "password": "password-canary"}));
}

#[tokio::test]
async fn a_program_gets_what_signs_by_the_names_that_awss_tools_know() {
    let stage = Stage::new(&file(AWS), good()).await;
    stage.enter(&[LOGIN[0], LOGIN[1], ("session_token", "it's")]).await.unwrap();
    let lines = "AWS_ACCESS_KEY_ID=AKIDEXAMPLE\nAWS_SECRET_ACCESS_KEY=password-canary\nAWS_SESSION_TOKEN='it'\\''s'";
    assert_eq!(stage.hand_out(Form::Env).await, lines);
    assert_eq!(
        stage.hand_out(Form::Export).await,
        lines.replace("AWS_", "export AWS_").replace("\nexport export", "\nexport")
    );
    let variable = |name: Option<&str>| Variable { name: name.map(str::to_owned), connection: jane() };
    let set = stage.service.environment(&[variable(None)], "aws").await.unwrap();
    let names: Vec<&str> = set.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]);
    let error = stage.service.environment(&[variable(Some("TOKEN"))], "aws").await.unwrap_err();
    assert!(error.hint.unwrap().contains("it sets AWS_ACCESS_KEY_ID"));
    let error = stage.service.environment(&[variable(None), variable(None)], "aws").await.unwrap_err();
    assert!(error.hint.unwrap().contains("run `exec` for each"));
    let stage = entered(AWS).await;
    let set = stage.service.environment(&[variable(None)], "aws").await.unwrap();
    let (name, value) = &set[2];
    assert_eq!((name.as_str(), value.expose()), ("AWS_SESSION_TOKEN", ""), "somebody else's does not stay");
    let stage = entered("scheme = \"duo\"").await;
    assert!(
        stage.service.environment(&[variable(None)], "duo").await.unwrap_err().message.contains("signed on its own")
    );
    assert!(stage.service.hand_out(&jane(), Freshness::default(), Form::Env).await.is_err());
}

#[tokio::test]
async fn a_body_that_is_not_known_whole_is_told_and_not_sent() {
    for (signature, media_type) in [(AWS, "text/plain"), ("scheme = \"duo\"", "application/x-www-form-urlencoded")] {
        let stage = entered(signature).await;
        let before = stage.player.seen().len();
        let body = Payload::stream(http_body_util::Full::new(hyper::body::Bytes::from_static(b"a=b")));
        let headers = vec![("content-type".to_owned(), media_type.to_owned())];
        let request =
            ApiRequest { method: "post".to_owned(), path: "/x".to_owned(), headers, body, ..ApiRequest::default() };
        let error = stage.service.request(&jane(), request).await.unwrap_err();
        assert!(error.message.contains("must be known whole"), "{error:?}");
        assert_eq!(stage.player.seen().len(), before, "{signature}");
    }
}

#[tokio::test]
async fn a_redirect_within_the_api_is_signed_as_it_is_sent() {
    let stage = entered(AWS).await;
    stage.player.answer(|seen| match seen.path.as_str() {
        "/v1/old" => Reply::redirect(302, "/v1/new?q=a+b#part"),
        _ => Reply::json(200, &json!({})),
    });
    stage.get("/old").await.unwrap();
    let target = stage.player.seen().last().unwrap().target.clone();
    assert_eq!(target, "/v1/new?q=a%20b");
}

#[tokio::test]
async fn what_is_kept_of_a_signed_request_names_its_headers_and_shows_none() {
    let stage = entered(AWS).await;
    let headers = ["x-amz-meta"].map(|name| (name.to_owned(), "callers-canary".to_owned()));
    let request = ApiRequest {
        path: "/me".to_owned(),
        method: "get".to_owned(),
        headers: headers.into(),
        ..ApiRequest::default()
    };
    stage.service.request(&jane(), request).await.unwrap();
    let rows = stage.service.activity(None, 20).unwrap();
    let steps: Vec<_> = rows.iter().flat_map(|row| stage.service.flow(row.number).unwrap()).collect();
    let last = format!("{:?}", steps.first().unwrap());
    let own = ("x-amz-date".to_owned(), "20200101T000000Z".to_owned());
    let request =
        ApiRequest { path: "/me".to_owned(), method: "get".to_owned(), headers: vec![own], ..ApiRequest::default() };
    let error = stage.service.request(&jane(), request).await.unwrap_err();
    assert!(error.message.contains("`x-amz-date` cannot be sent: what stands there is set by hallpass"), "{error:?}");
    assert_eq!(last.matches("x-amz-date").count(), 1, "{last}");
    assert!(!last.contains("x-amz-content-sha256"), "what was not sent is not told: {last}");
    let told = format!("{rows:?} {steps:?}");
    assert!(told.contains("x-amz-date") && told.contains("authorization"), "{told}");
    assert!(!told.contains("canary") && !told.contains("Signature="), "{told}");
}

#[tokio::test]
async fn all_that_a_login_has_is_taken_in_and_handed_out_by_the_server_and_nothing_else() {
    let stage = Stage::new(&file(ED25519), good()).await;
    let served = Served::with(stage.service.clone(), None, &Flags::default()).await;
    let key = "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n";
    let mut credentials = json!({"type": "BASIC", "username": "AKIDEXAMPLE", "password": key, "session_token": "s"});
    credentials["stray"] = "of no use".into();
    let taken = json!({"provider_config_key": "acme", "connection_id": "jane", "credentials": credentials});
    served.send("POST", "/connections", &taken).await.ok();
    let shown = served.get("/connection/jane?provider_config_key=acme").await.ok().json();
    let expected = json!({"type": "BASIC", "username": "AKIDEXAMPLE", "password": key, "session_token": "s"});
    assert_eq!(shown["credentials"], expected);
    let page = [("origin", "http://localhost:5173"), ("content-type", "application/json")];
    // A key of Ed25519 may be its seed alone, as in RFC 9421 appendix B.1.4.
    let seed = "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU";
    let body = json!({"username": "AKIDEXAMPLE", "password": seed, "session_token": "t"}).to_string();
    served.raw("POST", "/api-auth/basic/acme?connection_id=b", &page, &body).await.ok();
    let shown = served.get("/connection/b?provider_config_key=acme").await.ok().json();
    assert_eq!(shown["credentials"]["session_token"], "t");
    for short in [json!({"type": "BASIC", "username": "u"}), json!({"type": "BASIC", "username": "u", "pasword": "p"})]
    {
        let short = json!({"provider_config_key": "acme", "connection_id": "short", "credentials": short});
        assert_eq!(served.send("POST", "/connections", &short).await.status, 400);
    }
    let odd = json!({"type": "BASIC", "username": "u", "password": "a\nb"});
    let odd = json!({"provider_config_key": "acme", "connection_id": "odd", "credentials": odd});
    assert_eq!(served.send("POST", "/connections", &odd).await.status, 400, "a line break is of a key in PEM alone");
    served.stop().await;
}

#[tokio::test]
async fn who_it_is_is_asked_where_the_file_says_with_what_was_given() {
    let file = file(AWS).replace("verify = ", "identity = \"GET {base}/other/{seg}?a=1\"\nverify = ");
    let stage = Stage::new(&format!("{file}\n[variables.seg]\n"), good()).await;
    let mut request = EnterRequest::new(jane());
    request.fields = LOGIN.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
    request.variables = [("seg".to_owned(), "b c".to_owned())].into();
    stage.service.enter(request).await.unwrap();
    stage.service.who_am_i(&jane()).await.unwrap();
    let seen = stage.player.seen();
    assert_eq!(seen.last().unwrap().path, "/other/b%20c");
    assert!(seen.last().unwrap().headers["authorization"].starts_with("AWS4-HMAC-SHA256 "));
}

#[tokio::test]
async fn what_cannot_be_copied_is_not_offered() {
    let stage = entered(AWS).await;
    let (_, provider) = stage.service.provider("acme").unwrap();
    let samples = samples(&provider, &stage.service.connection(&jane()).unwrap());
    let [(Form::Env, line)] = &samples[..] else { panic!("{samples:?}") };
    assert!(line.starts_with("AWS_ACCESS_KEY_ID=•••"), "{line}");
}
