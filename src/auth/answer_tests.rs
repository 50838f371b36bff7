use proptest::prelude::*;
use serde_json::json;

use super::*;

fn now() -> Time {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn tokens_with(table: &OAuth2, body: &str) -> Map<String, Value> {
    match read(200, parse(body.as_bytes()).unwrap(), table, now()) {
        Reading::Tokens(map) => map,
        _ => panic!("it was read otherwise"),
    }
}

fn tokens(body: &Value) -> Map<String, Value> {
    tokens_with(&OAuth2::default(), &body.to_string())
}

fn refused(status: u16, body: &Value) -> Refusal {
    match read(status, body.as_object().unwrap().clone(), &OAuth2::default(), now()) {
        Reading::Refused(refusal) => refusal,
        _ => panic!("it was read otherwise"),
    }
}

#[test]
fn a_form_is_read_like_json() {
    let map = tokens_with(&OAuth2::default(), "access_token=gho_1&scope=repo%2Cgist&token_type=bearer");
    assert_eq!(map["access_token"], "gho_1");
    assert_eq!(map["scope"], "repo gist");
}

#[test]
fn a_page_is_neither() {
    assert!(parse(b"<html><a href=\"?a=b\">502</a></html>").is_none());
    assert!(parse(b"[1]").is_none());
    assert!(parse(b"").is_none());
    assert!(parse(&[0xff, 0xfe, b'=']).is_none());
}

#[test]
fn a_missing_token_type_is_bearer() {
    assert_eq!(tokens(&json!({"access_token": "a"}))["token_type"], "bearer");
    assert_eq!(tokens(&json!({"access_token": "a", "token_type": ""}))["token_type"], "bearer");
    assert_eq!(tokens(&json!({"access_token": "a", "token_type": "MAC"}))["token_type"], "MAC");
}

#[test]
fn a_lifetime_may_be_a_number_or_text_and_never_overflows() {
    for (given, expected) in [(json!(3600), 3600), (json!("3600"), 3600), (json!(3599.9), 3599), (json!(-5), 0)] {
        assert_eq!(tokens(&json!({"access_token": "a", "expires_in": given}))["expires_in"], expected, "{given}");
    }
    let huge = tokens_with(&OAuth2::default(), r#"{"access_token":"a","expires_in":99999999999999999999}"#);
    assert_eq!(huge["expires_in"], 3_155_760_000_u64);
    for odd in [json!("soon"), json!(null), json!({}), json!("NaN"), json!("inf")] {
        assert!(!tokens(&json!({"access_token": "a", "expires_in": odd})).contains_key("expires_in"), "{odd}");
    }
}

#[test]
fn a_moment_of_expiry_may_be_seconds_milliseconds_or_iso_8601() {
    let hour_later = 1_767_229_200_i64;
    let moments = [
        json!(hour_later),
        json!(hour_later.to_string()),
        json!(hour_later * 1_000),
        json!("2026-01-01T01:00:00Z"),
        json!("2026-01-01T02:00:00+01:00"),
        json!("2026-01-01T01:00:00.000+0000"),
        json!("2026-01-01 01:00:00"),
    ];
    for moment in moments {
        assert_eq!(tokens(&json!({"access_token": "a", "expires_at": moment}))["expires_in"], 3_600, "{moment}");
    }
}

#[test]
fn a_declared_lifetime_is_used_where_the_answer_says_none() {
    let table =
        |lifetime| OAuth2 { response: Answer { lifetime: Some(lifetime), ..Answer::default() }, ..OAuth2::default() };
    assert_eq!(tokens_with(&table(7_200), r#"{"access_token":"a"}"#)["expires_in"], 7_200);
    assert_eq!(tokens_with(&table(7_200), r#"{"access_token":"a","expires_in":60}"#)["expires_in"], 60);
    assert!(!tokens_with(&table(0), r#"{"access_token":"a"}"#).contains_key("expires_in"));
}

#[test]
fn milliseconds_are_understood_where_the_file_says_so() {
    let table = OAuth2 { response: Answer { unit: Unit::Milliseconds, ..Answer::default() }, ..OAuth2::default() };
    assert_eq!(tokens_with(&table, r#"{"access_token":"a","expires_in":3600000}"#)["expires_in"], 3_600);
}

#[test]
fn tokens_are_found_where_the_file_says() {
    let nested = Answer {
        access_token: Some("data.token".to_owned()),
        expires_in: Some("data.ttl".to_owned()),
        ..Answer::default()
    };
    let table = OAuth2 { response: nested, ..OAuth2::default() };
    let map = tokens_with(&table, r#"{"data":{"token":"t","ttl":60}}"#);
    assert_eq!((&map["access_token"], &map["expires_in"]), (&json!("t"), &json!(60)));
    let slack = OAuth2 {
        response: Answer { alternate: Some("authed_user".to_owned()), ..Answer::default() },
        ..OAuth2::default()
    };
    let map = tokens_with(
        &slack,
        r#"{"ok":true,"authed_user":{"access_token":"xoxp","scope":"chat:write,x"},"team":{"id":"T1"}}"#,
    );
    assert_eq!(
        (&map["access_token"], &map["scope"], &map["team"]["id"]),
        (&json!("xoxp"), &json!("chat:write x"), &json!("T1"))
    );
    let bot = tokens_with(&slack, r#"{"ok":true,"access_token":"xoxb","authed_user":{"access_token":"xoxp"}}"#);
    assert_eq!(bot["access_token"], "xoxb");
}

#[test]
fn a_list_of_scopes_is_joined() {
    assert_eq!(tokens(&json!({"access_token": "a", "scope": ["x", "y"]}))["scope"], "x y");
    assert_eq!(tokens(&json!({"access_token": "a", "scope": ""}))["scope"], "");
}

#[test]
fn an_error_with_status_200_is_an_error() {
    let github = refused(
        200,
        &json!({"error": "bad_verification_code", "error_description": "The code passed is incorrect or expired.", "error_uri": "https://docs.github.com/x"}),
    );
    assert_eq!(github.code, "bad_verification_code");
    assert_eq!(github.uri.as_deref(), Some("https://docs.github.com/x"));
    assert_eq!(refused(200, &json!({"ok": false, "error": "invalid_code"})).code, "invalid_code");
}

#[test]
fn an_error_may_be_an_object() {
    let facebook = refused(400, &json!({"error": {"message": "Expired", "type": "OAuthException", "code": 190}}));
    assert_eq!((facebook.code.as_str(), facebook.description.as_deref()), ("OAuthException", Some("Expired")));
}

#[test]
fn an_error_without_a_name_is_named_after_its_status() {
    assert_eq!(refused(403, &json!({"nothing": 1})).code, "http_403");
}

#[test]
fn an_empty_error_beside_a_token_is_no_error() {
    assert_eq!(tokens(&json!({"access_token": "a", "error": null}))["access_token"], "a");
}

#[test]
fn what_a_server_says_loses_its_escape_sequences() {
    let refusal = refused(
        400,
        &json!({"error": "x\u{1b}[2J", "error_description": "a\u{7}b\nc", "error_uri": "javascript:alert(1)"}),
    );
    assert_eq!((refusal.code.as_str(), refusal.description.as_deref(), refusal.uri), ("x[2J", Some("ab c"), None));
}

#[test]
fn a_token_that_would_act_on_a_terminal_is_no_token() {
    for name in ["access_token", "refresh_token", "id_token"] {
        for odd in ["a\u{1b}]0;owned\u{7}", "a\r\nX-Evil: 1", "\u{9b}31m", "d\u{f6}"] {
            let mut map = json!({"access_token": "good"}).as_object().unwrap().clone();
            map.insert(name.to_owned(), odd.into());
            assert!(matches!(read(200, map, &OAuth2::default(), now()), Reading::Neither(_)), "{name} {odd:?}");
        }
    }
}

#[test]
fn some_errors_mean_later() {
    for code in LATER {
        let map = json!({"error": code}).as_object().unwrap().clone();
        assert!(matches!(read(400, map, &OAuth2::default(), now()), Reading::Later(_)), "{code}");
    }
}

#[test]
fn a_success_without_a_token_is_neither() {
    for body in [json!({}), json!({"access_token": ""}), json!({"access_token": 5}), json!({"access_token": null})] {
        assert!(
            matches!(read(200, body.as_object().unwrap().clone(), &OAuth2::default(), now()), Reading::Neither(_)),
            "{body}"
        );
    }
}

proptest! {
    /// Whatever a server sends: a token is only ever one that stands in the answer.
    #[test]
    fn no_token_is_invented(bytes in any::<Vec<u8>>(), status in 200..599u16) {
        if let Some(map) = parse(&bytes) {
            let text = serde_json::to_string(&map).unwrap();
            if let Reading::Tokens(tokens) = read(status, map, &OAuth2::default(), now()) {
                let token = serde_json::to_string(&tokens["access_token"]).unwrap();
                prop_assert!(text.contains(&token));
            }
        }
    }

    #[test]
    fn any_lifetime_is_read_without_a_panic(number in any::<f64>(), text in "\\PC{0,20}") {
        tokens(&json!({"access_token": "a", "expires_in": number}));
        tokens(&json!({"access_token": "a", "expires_at": number}));
        tokens(&json!({"access_token": "a", "expires_in": &text, "expires_at": text}));
    }
}
