use hallpass::backend::Capabilities;
use hallpass::tui::effect::Effect;
use hallpass::tui::message::{Message, Stay};

use super::{reference, screen, waiting};
use crate::support::screen::{Screen, config, empty, fixture, providers};

pub fn stay(is_sandbox: bool) -> Message {
    let provider = providers().into_iter().find(|(id, _)| id.as_str() == "github").unwrap().1;
    Message::Moved(Box::new(Stay {
        capabilities: Capabilities { can_change: true, can_authorize: true, can_serve: true, can_revoke: true },
        host: None,
        facts: Vec::new(),
        sandbox: is_sandbox.then(|| (config("sandbox", "github", &["read"]), provider)),
    }))
}

#[test]
fn an_empty_home_offers_the_sandbox_and_a_first_config() {
    let mut screen = Screen::with(empty().sized(80, 24));
    let text = screen.text();
    assert!(text.contains("b   try the sandbox") && text.contains("n   make your first config"), "{text}");
    assert!(!text.contains("y copy"), "there is nothing to copy: {text}");
    assert_eq!(screen.keys("b"), [Effect::Cancel, Effect::EnterSandbox]);
}

#[test]
fn in_the_sandbox_enter_is_all_that_is_left_to_the_first_authorization() {
    let mut screen = Screen::with(empty());
    screen.keys("b");
    assert_eq!(screen.send(stay(true)), [Effect::Load, Effect::LoadProviders]);
    assert!(screen.text().contains("SANDBOX · nothing of it is kept"), "{}", screen.text());
    let effects = screen.keys("<enter>");
    let [Effect::Authorize(request)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(request.connection, reference("sandbox/me"));
    screen.send(waiting());
    assert!(screen.text().contains("A allow it here"), "{}", screen.text());
    assert!(matches!(screen.keys("A").as_slice(), [Effect::Allow(_)]));
}

#[test]
fn nothing_of_home_is_seen_in_the_sandbox_and_nothing_of_it_afterwards() {
    let mut screen = screen(120, 40);
    screen.keys("<space>b");
    screen.send(stay(true));
    screen.keys("<esc>");
    assert!(!screen.text().contains("github/jane"), "{}", screen.text());
    assert_eq!(screen.keys("s"), [], "the server serves what is at home");
    assert!(screen.text().contains("leave the sandbox first"), "{}", screen.text());
    assert_eq!(screen.keys("b"), [Effect::Cancel, Effect::LeaveSandbox]);
    screen.send(stay(false));
    assert!(screen.text().contains("the sandbox is gone"), "{}", screen.text());
    screen.send(Message::Loaded(Box::new(fixture().lists)));
    assert!(screen.text().contains("github/jane") && !screen.text().contains("SANDBOX"), "{}", screen.text());
}

#[test]
fn at_home_nobody_can_allow_anything_in_the_browsers_place() {
    let mut screen = screen(120, 40);
    screen.send(waiting());
    assert!(!screen.text().contains("allow it here"), "{}", screen.text());
    assert_eq!(screen.keys("A"), []);
}

#[test]
fn the_sandbox_is_always_marked_and_shows_nothing_that_home_was_narrowed_to() {
    let mut screen = screen(120, 40);
    let about = hallpass::backend::AboutServer {
        url: "http://localhost:3003".to_owned(),
        callback: "http://localhost:3003/oauth/callback".to_owned(),
        needs_key: false,
        listens_on: None,
        https: None,
    };
    screen.send(Message::Serving(Some(about)));
    screen.keys("4fslack/team<enter>");
    screen.send(stay(true));
    screen.keys("<esc>");
    for (width, height) in [(120, 40), (80, 24), (60, 20), (40, 12)] {
        screen.resize(width, height);
        let head = screen.text().lines().next().unwrap().to_owned();
        assert!(head.contains("SANDBOX") && (width < 60 || head.contains("no key")), "{width}: {head}");
    }
    screen.resize(120, 40);
    screen.keys("4");
    assert!(!screen.text().contains("slack/team"), "{}", screen.text());
}
