use super::*;
use crate::api::Payload;
use crate::api::signature::Signable;
use crate::model::credentials::tests::tokens;
use crate::model::{Entered, TokenPair};
use proptest::prelude::*;
use reqwest::header::HeaderMap;

fn access(file: &str, credentials: Credentials, variables: &[(&str, &str)]) -> Access {
    Access {
        provider: toml::from_str(file).unwrap(),
        client_id: "me".to_owned(),
        client_secret: Some(Secret::new("client-secret")),
        variables: variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        credentials,
        named: Vec::new(),
    }
}

fn entered(fields: &[(&str, &str)]) -> Entered {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
    Entered { fields, obtained_at: tokens().obtained_at }
}

fn headers(access: &Access) -> Vec<String> {
    access.headers().unwrap().iter().map(|(name, value)| format!("{name}: {}", value.expose())).collect()
}

const API: &str = "name = \"A\"\n[api]\nbase_url = \"https://api.a.example/v1\"\n";

#[test]
fn each_way_in_has_its_usual_header() {
    let key = Credentials::ApiKey(entered(&[("api_key", "k")]));
    let login = Credentials::Basic(entered(&[("username", "u"), ("password", "p")]));
    assert_eq!(headers(&access(API, Credentials::OAuth2(tokens()), &[])), ["authorization: Bearer access"]);
    assert_eq!(headers(&access(API, Credentials::ClientCredentials(tokens()), &[])), ["authorization: Bearer access"]);
    assert_eq!(headers(&access(API, key, &[])), ["authorization: Bearer k"]);
    assert_eq!(headers(&access(API, login, &[])), ["authorization: Basic dTpw"]);
}

#[test]
fn a_file_that_shows_the_token_itself_has_no_usual_header() {
    let file = format!("{API}headers = {{ x-token = \"{{token}}\", accept = \"a/b\", x-app = \"{{client_id}}\" }}\n");
    assert_eq!(
        headers(&access(&file, Credentials::OAuth2(tokens()), &[])),
        ["accept: a/b", "x-app: me", "x-token: access"]
    );
    let plain = format!("{API}headers = {{ accept = \"a/b\" }}\n");
    assert_eq!(
        headers(&access(&plain, Credentials::OAuth2(tokens()), &[])),
        ["authorization: Bearer access", "accept: a/b"]
    );
}

#[test]
fn each_request_draws_what_is_drawn() {
    let file = format!("{API}headers = {{ x-id = \"{{random}}\" }}\n");
    let access = access(&file, Credentials::OAuth2(tokens()), &[]);
    let (one, other) = (headers(&access), headers(&access));
    assert!(one[1].len() == "x-id: ".len() + 36 && one != other, "{one:?} {other:?}");
}

#[test]
fn every_field_of_a_key_can_be_shown_and_a_header_without_a_value_is_left_out() {
    let file = format!(
        "{API}headers = {{ x-a = \"{{credential.one}}\", x-b = \"{{credential.two}}\", x-c = \"{{team}}\" }}\n[variables.team]\noptional = true\n"
    );
    let key = Credentials::ApiKey(entered(&[("one", "1"), ("two", "2")]));
    assert_eq!(headers(&access(&file, key.clone(), &[])), ["x-a: 1", "x-b: 2"]);
    assert_eq!(headers(&access(&file, key, &[("team", "t")])).len(), 3);
}

#[test]
fn a_signed_request_has_a_header_of_its_own() {
    let pair = TokenPair {
        token: Secret::new("t"),
        token_secret: Secret::new("s"),
        obtained_at: tokens().obtained_at,
        extra: Secret::new("{}"),
        fields: BTreeMap::new(),
    };
    let access = access(API, Credentials::OAuth1(pair), &[]);
    assert!(access.headers().unwrap().is_empty());
    let (url, headers) = (access.url("/me").unwrap(), HeaderMap::new());
    let request = Signable { method: "GET", url: &url, headers: &headers, body: &Payload::Nothing };
    let signed = access.signed(&request, tokens().obtained_at).unwrap();
    let [(name, value)] = &signed[..] else { panic!("{signed:?}") };
    assert!(name == "authorization" && value.expose().starts_with("OAuth oauth_consumer_key=\"me\""));
}

#[test]
fn what_is_sent_to_aws_is_written_as_it_is_signed() {
    let login = || Credentials::Basic(entered(&[("username", "u"), ("password", "p")]));
    let signature = "[api.signature]\nscheme = \"aws-sigv4\"\nregion = \"eu-west-1\"\nservice = ";
    let of = |service: &str| access(&format!("{API}{signature}\"{service}\"\n"), login(), &[]);
    assert_eq!(of("iam").url("/a:b?x=b+c&a=*").unwrap().as_str(), "https://api.a.example/v1/a:b?x=b%20c&a=%2A");
    assert_eq!(of("s3").url("/a:b/(1)?x").unwrap().as_str(), "https://api.a.example/v1/a%3Ab/%281%29?x=");
}

#[test]
fn a_path_stays_under_the_base_url() {
    let access = access(API, Credentials::OAuth2(tokens()), &[]);
    for (path, url) in [
        ("/me", "https://api.a.example/v1/me"),
        ("me?a=b%20c", "https://api.a.example/v1/me?a=b%20c"),
        ("//evil.example/", "https://api.a.example/v1//evil.example/"),
        ("@evil.example", "https://api.a.example/v1/@evil.example"),
        ("https://api.a.example/v2/x", "https://api.a.example/v2/x"),
        ("/page?url=https://b.example/", "https://api.a.example/v1/page?url=https://b.example/"),
    ] {
        assert_eq!(access.url(path).unwrap().as_str(), url, "{path}");
    }
    for path in [
        "https://evil.example/",
        "https://api.a.example.evil.example/",
        "https://api.a.example@evil.example/",
        "http://api.a.example/v1",
        "https://api.a.example:8443/v1",
        "/a b",
        "/a\r\nhost: evil",
        "/a#b",
    ] {
        assert!(access.url(path).is_err(), "{path}");
    }
}

#[test]
fn a_call_that_the_file_names_may_be_elsewhere_and_its_values_stay_in_their_segment() {
    let file = format!("{API}identity = \"GET https://id.a.example/me\"\n[variables.company]\n");
    let access = access(&file, Credentials::OAuth2(tokens()), &[("company", "a/../b?c")]);
    assert_eq!(access.own_url("https://id.a.example/me").unwrap().host_str(), Some("id.a.example"));
    assert!(access.url("https://id.a.example/other").is_ok());
    assert_eq!(access.own_url("/c/{company}").unwrap().as_str(), "https://api.a.example/v1/c/a%2F..%2Fb%3Fc");
}

#[test]
fn parameters_that_the_file_asks_for_are_added() {
    let file = format!("{API}query = {{ access_token = \"{{token}}\" }}\nsecret_in_url = true\n");
    let access = access(&file, Credentials::OAuth2(tokens()), &[]);
    assert!(access.headers().unwrap().is_empty());
    assert_eq!(access.url("/me?x=1").unwrap().query(), Some("x=1&access_token=access"));
}

#[test]
fn a_redirect_elsewhere_loses_what_stood_in_the_url_and_one_within_keeps_it() {
    let file = format!("{API}query = {{ access_token = \"{{token}}\" }}\nsecret_in_url = true\n");
    let access = access(&file, Credentials::OAuth2(tokens()), &[]);
    let at = |text: &str| text.parse::<Url>().unwrap();
    let outside = |text: &str| access.outside(at(text)).map(String::from);
    assert_eq!(outside("https://b.example/?a=1"), Some("https://b.example/?a=1".to_owned()));
    assert_eq!(outside("https://b.example/?a=1&access_token=access"), Some("https://b.example/?a=1".to_owned()));
    assert_eq!(outside("https://b.example/?a=1&x=my-access"), Some("https://b.example/?a=1".to_owned()));
    assert_eq!(outside("https://b.example/acces%73/"), None);
    let within = |text: &str| access.within(at(text)).unwrap().query().unwrap().to_owned();
    assert_eq!(within("https://api.a.example/?a=1"), "a=1&access_token=access");
    assert_eq!(within("https://api.a.example/?access_token=access"), "access_token=access");
}

proptest! {
    #[test]
    fn no_path_leads_to_another_origin(path in any::<String>()) {
        let access = access(API, Credentials::OAuth2(tokens()), &[]);
        if let Ok(url) = access.url(&path) {
            prop_assert_eq!(url.origin().ascii_serialization(), "https://api.a.example");
        }
    }
}
