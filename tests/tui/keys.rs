use std::time::Duration;

use hallpass::settings::KeySetting;
use hallpass::tui::effect::Effect;
use hallpass::tui::keys::Keymap;
use hallpass::tui::message::Message;

use super::{reference, screen};
use crate::support::screen::{Screen, fixture, look, now};

#[test]
fn an_action_is_found_by_its_name_and_shows_its_key() {
    let mut screen = screen(120, 40);
    screen.keys(":copy tok");
    let text = screen.text();
    assert!(text.contains("copy-token") && text.contains("copy a fresh token"), "{text}");
    let effects = screen.keys("<enter>");
    assert!(matches!(effects.as_slice(), [Effect::Copy(..)]), "{effects:?}");
}

#[test]
fn what_can_be_done_here_is_found_before_what_opens_another_view() {
    let mut screen = screen(120, 40);
    screen.keys(":copy");
    let text = screen.text();
    assert!(text.find("copy-token").unwrap() < text.find("copy-line").unwrap(), "{text}");
    assert_eq!(screen.keys("<enter>").len(), 1, "a copy of the selected token");
    screen.keys(":copy-curl<enter>");
    assert!(screen.text().contains("4 Activity"), "a whole name means what it names: {}", screen.text());
}

#[test]
fn an_action_of_another_view_opens_that_view() {
    let mut screen = screen(120, 40);
    screen.keys(":redirect<enter>");
    assert!(screen.text().contains("2 Configs"), "{}", screen.text());
    let effects = self::screen(120, 40).keys(":copy-redirect<enter>");
    assert!(matches!(effects.as_slice(), [Effect::CopyText("the redirect URI", _)]), "{effects:?}");
}

#[test]
fn a_name_that_does_not_exist_brings_the_nearest_one() {
    let mut screen = screen(80, 24);
    screen.keys(":refrexh");
    assert!(screen.text().contains("The nearest is refresh."), "{}", screen.text());
    assert_eq!(screen.keys("<enter><esc>"), [], "nothing is done by mistake");
    assert!(!screen.text().contains("Every action"));
}

#[test]
fn any_config_or_connection_is_jumped_to_from_anywhere() {
    let mut screen = screen(120, 40);
    screen.keys("4<c-k>teashop<enter>");
    assert_eq!(screen.keys("r"), [Effect::Refresh(vec![reference("shopify/tea-shop")])]);
    screen.keys("/zzz<enter><c-k>");
    screen.keys("linear config<enter>u");
    assert!(screen.text().contains("2 Configs") && screen.text().contains("linear-3f9a0c"), "{}", screen.text());
    screen.keys("gjhubspot/acme<enter>");
    assert!(screen.text().contains("must be authorized again"), "a filter that hides it ends: {}", screen.text());
}

#[test]
fn keys_that_others_follow_wait_and_after_a_while_say_which() {
    let mut screen = screen(120, 40);
    screen.keys("4g");
    assert_eq!(screen.app().next_tick(), Some(Duration::from_millis(500)));
    assert!(!screen.text().contains("to the top"), "not at once");
    screen.send(Message::Ticked(now() + Duration::from_millis(500)));
    let text = screen.text();
    assert!(text.contains("g … esc leaves") && text.contains("to the top") && text.contains("f configs"), "{text}");
    assert_eq!(screen.app().next_tick(), Some(Duration::from_secs(1)), "nothing waits for it any more");
    screen.keys("<esc>");
    assert!(!screen.text().contains("to the top") && screen.text().contains("WHOSE"), "only the waiting ends");
    screen.keys("gf");
    assert!(screen.text().contains("SCOPES"), "{}", screen.text());
    assert_eq!(screen.keys("gy"), [], "what does not follow does nothing, though it would alone");
}

#[test]
fn what_can_follow_is_never_told_where_that_is_not_wanted() {
    let mut start = fixture();
    start.look = Some(hallpass::tui::Look { which_key: None, ..look(true) });
    let mut screen = Screen::with(start);
    screen.keys("g");
    screen.send(Message::Ticked(now() + Duration::from_hours(1)));
    assert!(!screen.text().contains("esc leaves"), "{}", screen.text());
    screen.keys("a");
    assert!(screen.text().contains("WHOSE"), "it counts all the same");
}

#[test]
fn keys_of_the_settings_act_and_stand_in_footer_help_and_palette() {
    let setting = KeySetting { action: "copy-token".to_owned(), keys: vec!["ctrl-y".to_owned()], line: 1 };
    let mut start = fixture();
    start.look = Some(hallpass::tui::Look { keymap: Keymap::with(&[setting]).unwrap(), ..look(true) });
    let mut screen = Screen::with(start);
    assert!(screen.text().lines().last().unwrap().contains("ctrl-y copy"), "{}", screen.text());
    assert_eq!(screen.keys("y"), []);
    assert!(matches!(screen.keys("<c-y>").as_slice(), [Effect::Copy(..)]));
    screen.keys(":copy-tok");
    assert!(screen.text().contains("ctrl-y"));
    screen.keys("<esc>?");
    assert!(screen.text().contains("Every key"), "{}", screen.text());
}

#[test]
fn the_help_scrolls_to_its_end_and_back() {
    let mut screen = screen(80, 24);
    screen.keys("?G");
    assert!(screen.text().contains("can have other keys"), "{}", screen.text());
    let end = screen.text();
    screen.keys("<up>");
    assert_ne!(screen.text(), end, "one line up from the end, whatever was pressed before");
    screen.keys("gg");
    assert!(screen.text().contains("Everywhere"), "{}", screen.text());
}

#[test]
fn the_help_is_searched_and_esc_ends_the_search_before_the_help() {
    let mut screen = screen(80, 24);
    screen.keys("?/clipb");
    assert!(screen.text().contains("No key of this kind."), "{}", screen.text());
    screen.keys("<c-u>redirect");
    let text = screen.text();
    assert!(text.contains("copy the redirect URI") && text.contains("check that the redirect URI"), "{text}");
    assert!(!text.contains("the next theme") && text.contains("3 of"), "{text}");
    screen.keys("<enter>j");
    assert!(screen.text().contains("/redirect · esc shows all of them"), "{}", screen.text());
    screen.keys("<esc>");
    assert!(screen.text().contains("every action, by name"), "{}", screen.text());
    screen.keys("<esc>");
    assert!(!screen.text().contains("Every key"), "{}", screen.text());
}
