//! Provider files of one's own, and what issuers say otherwise than a file.

use hallpass::service::Kind;
use hallpass::service::new_provider::NewProvider;
use serde_json::json;

use crate::support::player::{Player, Reply, Seen};
use crate::support::program::Home;
use crate::ways::Stage;

const BARE: &str = "name = \"Any\"\n[api_key]\n[api]\nbase_url = \"{base}\"\n";

fn issuer(seen: &Seen) -> Reply {
    let base = format!("http://{}", seen.headers["host"]);
    match seen.path.as_str() {
        "/.well-known/openid-configuration" => Reply::json(
            200,
            &json!({
                "issuer": base, "authorization_endpoint": format!("{base}/a"), "token_endpoint": format!("{base}/t"),
                "userinfo_endpoint": format!("{base}/me"), "scopes_supported": ["openid", "read"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }),
        ),
        "/t" => Reply::json(401, &json!({"error": "invalid_client"})),
        _ => Reply::json(404, &json!({})),
    }
}

#[tokio::test]
async fn a_file_is_made_of_an_issuer_and_its_token_endpoint_is_tried() {
    let stage = Stage::new(BARE, issuer).await;
    let base = stage.player.base();
    let new = NewProvider {
        name: "Tea & Co".to_owned(),
        issuer: Some(base.clone()),
        api: Some(format!("{base}/api")),
        ..NewProvider::default()
    };
    let made = stage.service.new_provider(new.clone()).await.unwrap();
    assert_eq!(made.id.as_str(), "tea-co");
    assert!(made.findings.iter().any(|told| told.contains("answers as one does (`invalid_client`)")), "{made:?}");
    let (_, provider) = stage.service.provider("tea-co").unwrap();
    let table = provider.oauth2.unwrap();
    assert_eq!(table.token_endpoint.unwrap().candidates(), [format!("{base}/t")]);
    assert_eq!(table.known_scopes, ["openid", "read"]);
    assert_eq!(provider.api.identity, Some(format!("GET {base}/me")));
    let error = stage.service.new_provider(new).await.unwrap_err();
    assert!(error.kind == Kind::Usage && error.message.contains("`tea-co` already"), "{error:?}");
}

#[tokio::test]
async fn what_is_no_token_endpoint_is_told_and_what_is_no_address_makes_no_file() {
    let stage = Stage::new(BARE, issuer).await;
    let base = stage.player.base();
    let new = |token: String| NewProvider {
        name: "Acme Two".to_owned(),
        authorization_endpoint: Some(format!("{base}/a")),
        token_endpoint: Some(token),
        ..NewProvider::default()
    };
    let error = stage.service.new_provider(new("http://example.com/t".to_owned())).await.unwrap_err();
    assert!(error.message.contains("plain http"), "{error:?}");
    assert!(stage.service.provider("acme-two").is_err());
    let made = stage.service.new_provider(new(format!("{base}/nowhere"))).await.unwrap();
    assert!(made.findings[0].contains("answers 404, and not as RFC 6749 section 5.2 has it"), "{made:?}");
}

#[tokio::test]
async fn what_an_issuer_says_otherwise_than_a_file_is_told() {
    let file = "name = \"Acme\"\n[oauth2]\nissuer = \"{base}\"\nauthorization_endpoint = \"{base}/a\"\ntoken_endpoint = \"{base}/old\"\nuserinfo_endpoint = \"{base}/me\"\ntoken_endpoint_auth_method = \"client_secret_basic\"\n";
    let stage = Stage::new(file, issuer).await;
    let told = stage.service.drift("acme").await.unwrap().differences.unwrap();
    let base = stage.player.base();
    assert_eq!(told, [format!("`token_endpoint` is {base}/t, and {base}/old in the file")]);
    let error = stage.service.drift("github").await.unwrap_err();
    assert!(error.message.contains("names no issuer"), "{error:?}");
}

#[test]
fn the_commands_make_a_file_check_it_with_lines_and_compare_it() {
    let player = Player::start(issuer);
    let home = Home::new();
    let made = home.run(&["provider", "new", "Tea", "--issuer", &player.base(), "--api", "https://api.tea.example"]);
    assert!(made.out.contains("token_endpoint = ") && made.err.contains("hallpass config create tea tea"), "{made:?}");
    home.run(&["config", "create", "tea", "tea", "id", "--public"]).ok();
    let compared = home.run(&["provider", "drift", "tea"]);
    assert_eq!((compared.code, compared.out.trim()), (0, "tea: as it is"), "{compared:?}");
    let file = home.path().join("odd.toml");
    std::fs::write(
        &file,
        "name = \"Odd\"\n\n[oauth2]\nissuer = \"https://odd.example\"\ntoken_request = { method = \"get\" }\n",
    )
    .unwrap();
    let checked = home.run(&["provider", "check", file.to_str().unwrap()]);
    assert!(checked.out.contains("line 5: `oauth2.token_request.method` is one of"), "{checked:?}");
}
