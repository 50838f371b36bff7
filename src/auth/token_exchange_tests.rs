use super::*;
use crate::auth::jwt;

fn provider(text: &str) -> Provider {
    toml::from_str(&format!("name = \"Acme\"\n{text}")).unwrap()
}

fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, Secret> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect()
}

fn filled(provider: &Provider, given: &BTreeMap<String, Secret>, template: &str) -> Option<String> {
    let (now, variables) = ("2026-01-30T12:00:00Z".parse().unwrap(), BTreeMap::new());
    let given = Given { provider, variables: &variables, fields: given };
    let answers = vec![serde_json::from_str(r#"{"server":{"url":"https://a.example"}}"#).unwrap()];
    let texts = Texts { given, now, assertion: None, answers };
    texts.text(template).unwrap().map(|text| text.to_string())
}

#[test]
fn a_text_is_filled_with_what_was_entered_encoded_dated_and_answered() {
    let provider = provider("[encoded]\nlogin = \"{credential.user}:{credential.password}\"\n");
    let given = fields(&[("user", "Aladdin"), ("password", "open sesame")]);
    let filled = |template| filled(&provider, &given, template).unwrap();
    assert_eq!(filled("Basic {encoded.login}"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_eq!(filled("{date.2}"), "2026-02-01");
    assert_eq!(filled("{call1.server.url}/token"), "https://a.example/token");
    assert_eq!(filled("{random}").len(), 36);
    assert_ne!(filled("{random}"), filled("{random}"));
}

#[test]
fn what_may_be_left_out_and_was_leaves_the_whole_text_out() {
    let provider = provider("[credentials.site]\noptional = true\n");
    assert_eq!(filled(&provider, &fields(&[]), "site={credential.site}"), None);
    assert_eq!(filled(&provider, &fields(&[("site", "a")]), "site={credential.site}").unwrap(), "site=a");
}

#[test]
fn a_jwt_has_the_claims_and_the_header_of_the_file_and_its_times() {
    let provider = provider(
        "[signed_jwt]\nalgorithm = \"HS256\"\nkey = \"{credential.secret}\"\nlifetime = 300\n\
         header = { kid = \"{credential.id}\" }\nclaims = { aud = \"/admin/\" }\n",
    );
    let (now, fields) = ("2026-01-01T00:00:00Z".parse().unwrap(), fields(&[("id", "k1"), ("secret", "s")]));
    let given = Given { provider: &provider, variables: &BTreeMap::new(), fields: &fields };
    let tokens = signed_jwt(given, now).unwrap();
    assert_eq!(tokens.lifetime(), Some(std::time::Duration::from_mins(5)));
    let token = jwt::decode(&tokens.access_token).unwrap();
    assert_eq!((&token.header["kid"], &token.claims["aud"]), (&"k1".into(), &"/admin/".into()));
    assert_eq!((&token.claims["iat"], &token.claims["exp"]), (&1_767_225_600.into(), &1_767_225_900.into()));
}
