use hallpass::model::{ConfigKey, Secret};
use hallpass::service::Error;
use hallpass::service::doctor::{Finding, Wellness};
use hallpass::tui::effect::Effect;
use hallpass::tui::message::Message;
use hallpass::tui::modal::{Renamed, Target};

use super::{reference, screen};
use crate::support::screen::{Screen, config, connection, fixture};

fn key(text: &str) -> ConfigKey {
    ConfigKey::new(text).unwrap()
}

#[test]
fn a_config_is_edited_and_what_is_left_alone_stays() {
    let mut screen = screen(120, 40);
    screen.keys("2/slack<enter>e<tab>");
    let text = screen.text();
    assert!(text.contains("Edit slack") && text.contains("slack-3f9a0c") && text.contains("keep the one"), "{text}");
    screen.keys("<tab><c-u>chat:write,users:read");
    let effects = screen.keys("<enter><enter>");
    let [Effect::EditConfig(edited, changes)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((edited, &changes.client_secret), (&key("slack"), &None));
    assert_eq!(changes.scopes.as_deref(), Some(["chat:write".to_owned(), "users:read".to_owned()].as_slice()));
    screen.send(Message::Failed(Error::usage("no such client"), Box::new(effects[0].clone())));
    assert!(screen.text().contains("no such client") && screen.text().contains("users:read"), "nothing typed is lost");
    screen.send(Message::ConfigEdited(Box::new(config("slack", "slack", &["chat:write"]))));
    assert!(screen.text().contains("slack is changed; its connections stay"), "{}", screen.text());
}

#[test]
fn a_config_is_made_like_another_with_its_secret() {
    let mut screen = screen(120, 40);
    screen.keys("2/slack<enter>D");
    assert!(screen.text().contains("Another config like slack"), "{}", screen.text());
    let effects = screen.keys("<enter><enter><enter><enter><enter>");
    let [Effect::MakeConfigLike(from, new)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((from, new.key.as_str(), new.client_id.as_str()), (&key("slack"), "slack-2", "slack-3f9a0c"));
    assert_eq!(new.client_secret, None, "the one that is in the vault");
}

#[test]
fn a_config_is_made_for_an_mcp_server_by_its_address() {
    let mut screen = screen(80, 24);
    screen.keys("2N");
    assert!(screen.text().contains("New config for an MCP server"), "{}", screen.text());
    assert_eq!(screen.keys("<enter>"), []);
    assert!(screen.text().contains("it is empty"), "{}", screen.text());
    let effects = screen.keys("https://mcp.linear.app/mcp<enter>");
    assert_eq!(effects, [Effect::FindMcp("https://mcp.linear.app/mcp".to_owned())]);
    let error = Error::usage("it does not say whose tokens it takes").hinted("check the address");
    screen.send(Message::Failed(error, Box::new(effects[0].clone())));
    assert!(screen.text().contains("check the address") && screen.text().contains("mcp.linear.app"), "nothing is lost");
    let (id, provider) = hallpass::catalog::Catalog::default().get("linear-mcp").unwrap();
    assert_eq!(screen.send(Message::McpFound(id, Box::new(provider))), [Effect::LoadProviders]);
    let text = screen.text();
    assert!(text.contains("New config for Linear (MCP)") && text.contains("linear-mcp"), "{text}");
    let effects = screen.keys("<enter><enter><enter><enter>");
    let [Effect::MakeConfig(new)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((new.provider.as_str(), new.client_id.as_str()), ("linear-mcp", ""));
}

#[test]
fn scopes_are_chosen_from_the_known_ones_and_what_that_changes_is_said() {
    let mut screen = screen(120, 40);
    screen.keys("2/github<enter>e<c-s>");
    let text = screen.text();
    assert!(text.contains("[✓] repo") && text.contains("[ ] gist"), "{text}");
    screen.keys("gist<space>");
    assert!(screen.text().contains("[+] gist") && screen.text().contains("+1 –0"), "{}", screen.text());
    screen.keys("<c-u>repo<space>");
    assert!(screen.text().contains("+1 –1"), "{}", screen.text());
    screen.keys("<enter><tab><tab>");
    let effects = screen.keys("<enter><enter>");
    let [Effect::EditConfig(_, changes)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(changes.scopes.as_deref(), Some(["read:user".to_owned(), "gist".to_owned()].as_slice()));
}

#[test]
fn a_connection_is_authorized_again_with_other_scopes() {
    let mut screen = screen(120, 40);
    screen.keys("/slack<enter>A");
    assert!(screen.text().contains("chat:write,channels:read"), "those of the connection: {}", screen.text());
    screen.keys("<c-s>");
    assert!(screen.text().contains("granted now"), "{}", screen.text());
    screen.keys("channels:read<space><enter>");
    let effects = screen.keys("<enter><enter>");
    let [Effect::Authorize(request)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(request.connection, reference("slack/team"));
    assert_eq!(request.scopes.as_deref(), Some(["chat:write".to_owned()].as_slice()));
}

#[test]
fn configs_and_connections_get_other_names_and_stay_selected() {
    let mut screen = screen(120, 40);
    screen.keys("/slack<enter><space>m<c-u>squad");
    let effects = screen.keys("<enter>");
    let [Effect::RenameConnection(from, to)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((from, to.as_str()), (&reference("slack/team"), "squad"));
    screen.send(Message::Failed(Error::usage("there is one already"), Box::new(effects[0].clone())));
    assert!(screen.text().contains("there is one already"), "{}", screen.text());
    screen.send(Message::Renamed(
        Renamed::Connection(reference("slack/team")),
        Target::Connection(reference("slack/squad")),
    ));
    let mut lists = fixture().lists;
    lists.connections.insert(6, connection("slack/squad", "slack", None, &[]));
    screen.send(Message::Loaded(Box::new(lists)));
    assert!(screen.text().contains("■ 1 marked"), "{}", screen.text());
    assert_eq!(screen.keys("r"), [Effect::Refresh(vec![reference("slack/squad")])]);
    let effects = screen.keys("2/zoom<enter>m<c-u>zoom two<enter>");
    assert!(matches!(effects.as_slice(), [Effect::RenameConfig(..)]), "{effects:?}");
}

#[test]
fn whether_the_redirect_uri_can_be_reached_is_checked_and_told() {
    let mut screen = screen(120, 40);
    assert_eq!(screen.keys("2/zoom<enter>c"), [Effect::CheckRedirect(key("zoom"))]);
    let finding = |wellness, mend: Option<&str>| Finding {
        what: "redirect URI",
        wellness,
        found: "port 3003 is taken by node (4711)".to_owned(),
        mend: mend.map(str::to_owned),
    };
    screen.send(Message::RedirectChecked(finding(Wellness::Odd, Some("end that program"))));
    let text = screen.text();
    assert!(text.contains("✗ port 3003 is taken") && text.contains("→ end that program"), "{text}");
}

#[test]
fn settings_are_seen_changed_and_their_lines_copied() {
    let mut screen = screen(120, 40);
    screen.keys("5");
    let text = screen.text();
    assert!(text.contains("theme") && text.contains("vault") && text.contains("keychain"), "{text}");
    assert!(text.contains("theme = \"ansi\""), "{text}");
    screen.keys("<space>");
    assert!(screen.text().contains("theme: dark"), "{}", screen.text());
    assert_eq!(screen.keys("y"), [Effect::CopyText("the line for the settings file", "theme = \"dark\"".to_owned())]);
    assert_eq!(screen.keys("j<space>"), [Effect::TakeMouse(false)]);
    screen.keys("/port<enter><space>");
    assert!(screen.text().contains("port cannot be changed while"), "{}", screen.text());
}

#[test]
fn the_doctor_looks_when_its_screen_is_opened_and_shows_what_is_wrong_first() {
    let mut screen = screen(120, 40);
    assert_eq!(screen.keys("6"), [Effect::Examine]);
    let finding = |what, wellness, mend: Option<&str>| Finding {
        what,
        wellness,
        found: format!("{what} was found\u{1b}[31m"),
        mend: mend.map(str::to_owned),
    };
    screen.send(Message::Examined(vec![
        finding("store", Wellness::Well, None),
        finding("vault", Wellness::Ill, Some("unlock the keychain")),
    ]));
    let text = screen.text();
    assert!(text.contains("✗ vault") && text.contains("→ unlock the keychain"), "the worst is selected: {text}");
    assert!(text.contains("one thing does not work"), "{text}");
    assert!(matches!(screen.keys("y").as_slice(), [Effect::CopyText("the finding", _)]));
    assert_eq!(screen.keys("r"), [Effect::Examine]);
    screen.keys("1");
    assert_eq!(screen.keys("6"), [], "what was found stays");
}

#[test]
fn who_a_token_is_is_asked_and_shown() {
    use hallpass::service::who_am_i::WhoAmI;
    let mut screen = screen(120, 40);
    assert_eq!(screen.keys("t"), [Effect::WhoAmI(reference("github/jane"))]);
    let fields = serde_json::json!({"login": "jane", "name": "Jane \u{202e}Doe\u{1b}[2J"});
    screen.send(Message::Identified(Box::new(WhoAmI {
        connection: reference("github/jane"),
        call: "GET /user".to_owned(),
        fields: fields.as_object().unwrap().clone(),
    })));
    let text = screen.text();
    assert!(text.contains("GET /user") && text.contains("login") && text.contains("Jane Doe"), "{text}");
}

#[test]
fn nothing_of_this_can_be_done_where_nothing_may_be_changed() {
    let mut screen = Screen::with(crate::support::screen::Start { may_change: false, ..fixture() });
    assert_eq!(screen.keys("2eDmdn1mAdU"), []);
    assert!(!screen.text().contains("┌"), "no form stands there: {}", screen.text());
    screen.send(Message::Pasted(Secret::new("x")));
}
