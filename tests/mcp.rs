//! MCP servers that are known by their address alone: whose tokens they take, and a client that makes itself known there.

use std::collections::BTreeMap;

use hallpass::model::ConfigKey;
use hallpass::service::Kind;
use hallpass::service::configs::NewConfig;
use hallpass::service::connect::{ConnectRequest, Way};
use hallpass::service::request::ApiRequest;
use serde_json::json;

use crate::support::player::{Player, Reply, Seen};
use crate::support::program::Home;
use crate::ways::Stage;

const BARE: &str = "name = \"Any\"\n[api_key]\n[api]\nbase_url = \"{base}\"\n";

/// How the server says whose tokens it takes.
#[derive(Clone, Copy, PartialEq)]
enum Says {
    /// Where RFC 9728 puts it.
    WellKnown,
    /// In its refusal.
    Challenge,
    /// Elsewhere by its refusal, and where RFC 9728 puts it all the same.
    Elsewhere,
    /// Not at all: it is its own authorization server.
    Nothing,
    /// That it is another resource.
    Lie,
}

/// Plays an MCP server at `/notes/mcp`, and the authorization server `/as` that lets clients make themselves known.
fn server(says: Says) -> impl FnMut(&Seen) -> Reply + Send + 'static {
    move |seen| {
        let base = format!("http://{}", seen.headers["host"]);
        let resource = if says == Says::Lie { format!("{base}/mail/mcp") } else { format!("{base}/notes/mcp") };
        let about = json!({"resource": resource, "authorization_servers": [format!("{base}/as")],
            "resource_name": "Notes", "scopes_supported": ["notes:read"]});
        let issuer = if says == Says::Nothing { base.clone() } else { format!("{base}/as") };
        let metadata = json!({"issuer": issuer, "authorization_endpoint": format!("{base}/a"), "token_endpoint": format!("{base}/t"),
            "registration_endpoint": format!("{base}/r"), "token_endpoint_auth_methods_supported": ["none"]});
        match (seen.path.as_str(), says) {
            ("/.well-known/oauth-protected-resource/notes/mcp", Says::WellKnown | Says::Lie | Says::Elsewhere) => {
                Reply::json(200, &about)
            }
            ("/about-notes", Says::Challenge) => Reply::json(200, &about),
            ("/notes/mcp", Says::Challenge | Says::Elsewhere) if !seen.headers.contains_key("authorization") => {
                let place = if says == Says::Challenge { "/about-notes" } else { "https://other.example/about" };
                let header = format!("www-authenticate: Bearer resource_metadata=\"{place}\"");
                Reply { headers: vec![header], ..Reply::json(401, &json!({})) }
            }
            ("/as/.well-known/openid-configuration" | "/.well-known/oauth-authorization-server/as", _)
                if says != Says::Nothing =>
            {
                Reply::json(200, &metadata)
            }
            ("/.well-known/oauth-authorization-server", Says::Nothing) => Reply::json(200, &metadata),
            ("/r", _) => Reply::json(201, &json!({"client_id": "told"})),
            ("/t", _) => Reply::json(200, &json!({"access_token": "token-1", "token_type": "Bearer"})),
            ("/notes/mcp", _) if seen.headers.contains_key("authorization") => {
                Reply::json(200, &json!(seen.headers["authorization"]))
            }
            _ => Reply::json(404, &json!({})),
        }
    }
}

#[tokio::test]
async fn a_server_is_asked_whose_tokens_it_takes_wherever_it_says_so() {
    for says in [Says::WellKnown, Says::Challenge, Says::Elsewhere, Says::Nothing] {
        let stage = Stage::new(BARE, server(says)).await;
        let base = stage.player.base();
        let id = stage.service.provider_of_mcp(&format!("{base}/notes/mcp")).await.unwrap();
        let again = stage.service.provider_of_mcp(&format!("{base}/notes/mcp/")).await.unwrap();
        assert_eq!(id, again, "one server is one provider");
        let (_, provider) = stage.service.provider(id.as_str()).unwrap();
        let table = provider.oauth2.clone().unwrap();
        assert_eq!(table.resource, Some(format!("{base}/notes/mcp")));
        assert!(provider.may_register() && !provider.offers_device(), "it says what the metadata says");
        if says != Says::Nothing {
            assert_eq!((provider.name.as_str(), table.default_scopes), ("Notes", vec!["notes:read".to_owned()]));
        }
        let new = NewConfig {
            key: ConfigKey::new("notes").unwrap(),
            provider: id.as_str().to_owned(),
            client_id: String::new(),
            client_secret: None,
            scopes: Vec::new(),
            redirect_uri: Some("http://127.0.0.1:0/oauth/callback".to_owned()),
        };
        assert_eq!(stage.service.create_config(new).await.unwrap().client_id, "told");
        let jane = hallpass::model::ConnectionRef::parse("notes/jane").unwrap();
        let request = ConnectRequest { way: Way::Paste, ..ConnectRequest::new(jane) };
        let authorization = stage.service.begin(request).await.unwrap();
        let url = authorization.waiting().url.clone();
        let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(query["resource"], format!("{base}/notes/mcp"));
        let answer = format!("{}?code=c&state={}", authorization.waiting().redirect_uri, query["state"]);
        let paster = authorization.paster();
        let (connected, judged) = tokio::join!(authorization.finish(), async move { paster.paste(&answer).await });
        judged.unwrap();
        connected.unwrap();
        let asked = stage.player.seen().into_iter().find(|seen| seen.path == "/t").unwrap().form();
        assert_eq!(asked["resource"], format!("{base}/notes/mcp"));
        assert_eq!((asked["client_id"].as_str(), asked.contains_key("client_secret")), ("told", false));
        // The base URL is the server itself.
        let notes = hallpass::model::ConnectionRef::parse("notes/jane").unwrap();
        let request = ApiRequest { method: "post".to_owned(), ..ApiRequest::default() };
        assert_eq!(stage.service.request(&notes, request).await.unwrap().status(), 200);
        assert_eq!(stage.player.seen().last().unwrap().path, "/notes/mcp");
    }
}

#[tokio::test]
async fn what_is_about_another_resource_or_is_nothing_makes_no_provider() {
    let stage = Stage::new(BARE, server(Says::Lie)).await;
    let count = stage.service.provider_ids().len();
    let base = stage.player.base();
    let error = stage.service.provider_of_mcp(&format!("{base}/notes/mcp")).await.unwrap_err();
    assert!(error.message.contains("that of another resource") && error.message.contains("/mail/mcp"), "{error:?}");
    stage.player.answer(|_| Reply::json(404, &json!({})));
    let error = stage.service.provider_of_mcp(&format!("{base}/notes/mcp")).await.unwrap_err();
    assert!(error.message.contains("does not say whose tokens it takes"), "{error:?}");
    let error = stage.service.provider_of_mcp("notes").await.unwrap_err();
    assert!(error.kind == Kind::Usage && error.hint.as_ref().unwrap().contains("whole address"), "{error:?}");
    assert_eq!(stage.service.provider_ids().len(), count);
}

#[tokio::test]
async fn one_that_the_catalog_has_is_that_and_nobody_is_asked() {
    let stage = Stage::new(BARE, |_| Reply::json(500, &json!({}))).await;
    for server in ["https://mcp.linear.app/mcp", "https://mcp.linear.app/sse"] {
        assert_eq!(stage.service.provider_of_mcp(server).await.unwrap().as_str(), "linear-mcp");
    }
}

#[test]
fn a_config_is_made_of_the_address_of_a_server_alone() {
    let player = Player::start(server(Says::WellKnown));
    let home = Home::new();
    let said = home.run(&["config", "create", "notes", "--mcp", &format!("{}/notes/mcp", player.base())]).ok();
    assert!(said.err.contains("hallpass connect notes ID"), "{said:?}");
    assert!(said.err.contains("registered itself, as `told`") && !said.err.contains("register this"), "{said:?}");
    let again = home.run(&["config", "create", "more", "--mcp", &format!("{}/notes/mcp/", player.base())]).ok();
    assert!(again.err.contains("registered itself"), "{again:?}");
    let ids = home.run(&["--json", "provider", "list", "127-0-0-1"]).ok().json();
    assert_eq!(ids.as_array().unwrap().len(), 1, "one server is one provider: {ids}");
    let made = home.run(&["--json", "config", "get", "notes"]).ok().json();
    assert_eq!(made["oauth_client_id"], "told");
    let shown = home.run(&["provider", "show", "mcp-generic"]).fails_with(3);
    assert!(shown.err.contains("config create KEY --mcp URL"), "{shown:?}");
}
