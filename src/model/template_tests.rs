use proptest::prelude::*;

use super::*;

fn shop(kind: VariableKind, suffix: Option<&str>) -> BTreeMap<String, Variable> {
    let variable = Variable { kind, suffix: suffix.map(str::to_owned), ..Variable::default() };
    BTreeMap::from([("shop".to_owned(), variable)])
}

fn fill(template: &str, declared: &BTreeMap<String, Variable>, value: &str) -> Result<Url, TemplateError> {
    let given = BTreeMap::from([("shop".to_owned(), value.to_owned())]);
    let values = Values { declared, given: &given, allows_loopback_http: false };
    values.url(&UrlTemplate::One(template.to_owned()))
}

const SHOP_URL: &str = "https://{shop}.example.com/token";

#[test]
fn a_label_fills_its_place_and_the_suffix_may_be_typed_too() {
    let declared = shop(VariableKind::Label, Some(".example.com"));
    for typed in ["acme", "ACME", "acme.example.com", "https://acme.example.com/"] {
        assert_eq!(fill(SHOP_URL, &declared, typed).unwrap().as_str(), "https://acme.example.com/token", "{typed}");
    }
}

#[test]
fn no_label_moves_the_request_to_another_host() {
    let declared = shop(VariableKind::Label, None);
    for hostile in [
        "evil.com/",
        "evil.com#",
        "evil.com?",
        "user@evil",
        "evil.com\\",
        "..",
        "a..b",
        "",
        "-a",
        "evil:8080",
        "еvil",
        "a\tb",
        "a%2e",
    ] {
        assert!(fill(SHOP_URL, &declared, hostile).is_err(), "{hostile:?}");
    }
}

#[test]
fn a_host_is_a_name_and_never_an_address() {
    let declared = shop(VariableKind::Host, None);
    assert_eq!(fill("https://{shop}/x", &declared, "Login.Acme.com").unwrap().host_str(), Some("login.acme.com"));
    for hostile in ["127.0.0.1", "localhost", "evil.com:1", "a@b.c", "a.b/c", "0x7f.1"] {
        assert!(fill("https://{shop}/x", &declared, hostile).is_err(), "{hostile:?}");
    }
}

#[test]
fn text_is_encoded_by_its_place() {
    let declared = shop(VariableKind::Text, None);
    let url = fill("https://a.com/{shop}/x?y={shop}", &declared, "a/b&c d").unwrap();
    assert_eq!(url.as_str(), "https://a.com/a%2Fb%26c%20d/x?y=a%2Fb%26c%20d");
    assert!(fill("https://a.com/{shop}/x", &declared, "..").is_err());
}

#[test]
fn the_first_candidate_with_all_its_variables_is_taken() {
    let declared = shop(VariableKind::Host, None);
    let template = UrlTemplate::FirstOf(vec!["https://{shop}/a".to_owned(), "https://login.example.com/a".to_owned()]);
    let nothing = BTreeMap::new();
    let values = Values { declared: &declared, given: &nothing, allows_loopback_http: false };
    assert_eq!(values.url(&template).unwrap().as_str(), "https://login.example.com/a");
}

#[test]
fn plain_http_is_for_loopback_and_own_files_only() {
    assert!(endpoint("http://127.0.0.1:9/t", true).is_ok());
    assert!(endpoint("http://localhost:9/t", true).is_ok());
    assert!(endpoint("http://127.0.0.1:9/t", false).is_err());
    assert!(endpoint("http://localhost.evil.com/t", true).is_err());
    assert!(endpoint("https://user@a.com/", true).is_err());
    assert!(endpoint("https://a.com/#f", true).is_err());
}

#[test]
fn a_malformed_placeholder_is_an_error_not_text() {
    for template in ["https://{shop", "https://shop}", "https://{}", "https://{a b}", "{{a}}"] {
        assert!(parts(template).is_err(), "{template}");
    }
}

#[test]
fn positions_are_found() {
    let found = placeholders("https://{a}.b.c/{d}?e={f}").unwrap();
    assert_eq!(found, [("a", Position::Host), ("d", Position::Path), ("f", Position::Query)]);
    assert_eq!(placeholders("{base}/x").unwrap(), [("base", Position::Prefix)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn whatever_is_typed_the_host_stays_under_the_suffix(value in any::<String>()) {
        for kind in [VariableKind::Label, VariableKind::Choice] {
            if let Ok(url) = fill(SHOP_URL, &shop(kind, None), &value) {
                prop_assert!(url.host_str().unwrap().ends_with(".example.com"));
                prop_assert_eq!(url.path(), "/token");
            }
        }
    }

    #[test]
    fn whatever_is_typed_into_a_path_the_host_and_the_depth_stay(value in any::<String>()) {
        if let Ok(url) = fill("https://a.com/x/{shop}/y", &shop(VariableKind::Text, None), &value) {
            prop_assert_eq!(url.host_str(), Some("a.com"));
            prop_assert_eq!(url.path_segments().unwrap().count(), 3);
        }
    }
}
