use std::time::Duration;

use hallpass::model::tape::{Answer, Body, Masked, Request, Step, What};
use hallpass::model::{Activity, Caller};
use hallpass::tui::effect::Effect;
use hallpass::tui::message::{Lists, Message};

use hallpass::service::{Error, Kind};

use super::{hostile, reference, screen};
use crate::support::screen::{Screen, Start, fixture, now};

pub fn steps() -> Vec<Step> {
    let page = Step { at: now(), took: None, what: What::AuthorizationPage, times: 1, request: None, answer: None };
    let request = Request {
        method: "POST".to_owned(),
        url: Masked::text("https://login.example/token\u{1b}[2J\u{202e}"),
        body: Body::Form(vec![
            ("grant_type".to_owned(), Masked::text("authorization_code")),
            ("client_secret".to_owned(), Masked::secret("client_secret")),
        ]),
        ..Request::default()
    };
    let answer = Answer::Came {
        status: 400,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: "{\n  \"error\": \"invalid_grant\",\n  \"access_token\": \"••• (40)\"\n}".to_owned(),
        size: Some(88),
    };
    let token = Step {
        at: now() + Duration::from_millis(5_120),
        took: Some(Duration::from_millis(184)),
        what: What::TokenRequest,
        times: 2,
        request: Some(request),
        answer: Some(answer),
    };
    vec![page, token]
}

#[test]
fn a_flow_is_a_list_of_steps_with_request_and_answer_beside_each_other() {
    let mut screen = screen(120, 40);
    assert_eq!(screen.keys("4jj<enter>"), [Effect::ReadFlow(7)]);
    screen.send(Message::FlowRead(7, steps()));
    let text = screen.text();
    assert!(text.contains("+5120 ms") && text.contains("token request ×2") && text.contains("184 ms"), "{text}");
    assert!(text.contains("client_secret=$CLIENT_SECRET") && text.contains("\"error\": \"invalid_grant\""), "{text}");
    let line = text.lines().find(|line| line.contains("Sent")).unwrap();
    assert!(line.contains("Came back"), "beside each other: {text}");
    assert_eq!(screen.keys("y"), [Effect::CopyCurl(7)]);
    screen.keys("k");
    assert!(screen.text().contains("nothing by hallpass"), "{}", screen.text());
    screen.keys("<esc>");
    assert!(screen.text().contains("WHOSE"), "{}", screen.text());
}

#[test]
fn on_a_narrow_screen_request_and_answer_stand_below_each_other() {
    for (width, height) in [(80, 24), (60, 20), (40, 12)] {
        let mut screen = screen(width, height);
        screen.keys("4jj<enter>");
        screen.send(Message::FlowRead(7, steps()));
        let mut seen = String::new();
        for _ in 0..12 {
            seen.push_str(&screen.text());
            screen.keys("<pagedown>");
        }
        assert!(seen.contains("client_secret=$CLIENT") && seen.contains("token request"), "{seen}");
    }
}

#[test]
fn what_nobody_was_asked_for_has_no_steps_and_shows_all_about_itself() {
    for (width, height) in [(120, 40), (80, 24)] {
        let mut screen = screen(width, height);
        assert_eq!(screen.keys("4<enter>"), [Effect::ReadFlow(9)]);
        screen.send(Message::FlowRead(9, Vec::new()));
        assert!(screen.text().contains("┌ Activity") && screen.text().contains("fingerprint"), "{}", screen.text());
    }
}

#[test]
fn activity_is_narrowed_to_a_connection_a_kind_or_an_outcome() {
    let mut screen = screen(120, 40);
    screen.keys("4f");
    assert!(screen.text().contains("refused") && screen.text().contains("outcome · 1"), "{}", screen.text());
    screen.keys("refused<enter>");
    assert!(screen.text().contains("[refused] 1 of 7"), "{}", screen.text());
    screen.keys("fslack/team<enter>");
    assert!(screen.text().contains("[slack/team] 2 of 7"), "{}", screen.text());
    screen.keys("<esc>");
    assert!(!screen.text().contains("[slack/team]"), "{}", screen.text());
}

#[test]
fn providers_are_narrowed_by_category_way_in_and_need() {
    let mut screen = screen(120, 40);
    screen.keys("3fdevice codes<enter>");
    assert!(screen.text().contains("[device codes]") && screen.text().contains("GitHub"), "{}", screen.text());
    screen.keys("feverything<enter>");
    assert!(!screen.text().contains("[device"), "{}", screen.text());
    screen.keys("fcrm cat<enter>/hubs");
    assert!(screen.text().contains("HubSpot") && screen.text().contains("1 of"), "{}", screen.text());
}

#[test]
fn the_newest_is_followed_until_one_moves_away() {
    let mut screen = screen(120, 40);
    screen.keys("4jjF");
    let with = |number: i64| {
        let mut lists = fixture().lists;
        let new = Activity { number, detail: format!("event {number}"), ..lists.activity[0].clone() };
        lists.activity.insert(0, new);
        Message::Loaded(Box::new(lists))
    };
    screen.send(with(20));
    assert_eq!(screen.keys("<enter>"), [Effect::ReadFlow(20)]);
    screen.keys("j");
    screen.send(with(21));
    assert_ne!(screen.keys("<enter>"), [Effect::ReadFlow(21)], "it stays where one went");
}

#[test]
fn who_got_a_token_stands_there_with_its_process_and_its_folder() {
    let mut lists = fixture().lists;
    lists.activity[1].by =
        Some(Caller { name: "node".to_owned(), process: 4711, folder: Some("~/work/shop".to_owned()) });
    let mut start = fixture();
    start.lists = lists;
    let mut screen = Screen::with(start);
    screen.keys("4j");
    let text = screen.text();
    assert!(text.contains("node (process 4711)") && text.contains("~/work/shop"), "{text}");
    screen.keys("/4711");
    assert!(screen.text().contains("1 of 7"), "{}", screen.text());
}

#[test]
fn nothing_hostile_reaches_the_screen_of_a_flow() {
    let mut screen = Screen::with(Start { lists: hostile(), ..fixture() });
    screen.keys("4<enter>");
    screen.send(Message::FlowRead(9, steps()));
    let text = screen.text();
    assert!(!text.chars().any(|character| character == '\u{1b}' || character == '\u{202e}'), "{text}");
}

#[test]
fn rows_of_one_flow_stand_together_in_the_details() {
    let mut lists: Lists = fixture().lists;
    for row in lists.activity.iter_mut().filter(|row| row.subject() == "slack/team") {
        row.flow = Some(3);
    }
    let mut start = fixture();
    start.lists = lists;
    let mut screen = Screen::with(start);
    screen.keys("4/slack<enter>");
    let text = screen.text();
    assert!(text.contains("The flow") && text.contains("enter shows each step"), "{text}");
}

#[test]
fn what_was_sent_stands_one_key_behind_an_error() {
    let mut start = fixture();
    start.lists.activity[2].flow = Some(7);
    let mut screen = Screen::with(start);
    screen.keys("2");
    let error = Error::new(Kind::AuthorizationNeeded, "the provider refused the refresh");
    let refresh = Effect::Refresh(vec![reference("hubspot/acme")]);
    screen.send(Message::Failed(error, Box::new(refresh)));
    let text = screen.text();
    assert!(text.contains("✗ the provider refused the refresh"), "{text}");
    assert!(text.contains("→ w shows what was sent, and what came back"), "{text}");
    assert_eq!(screen.keys("w"), [Effect::ReadFlow(7)]);
    screen.send(Message::FlowRead(7, steps()));
    assert!(screen.text().contains("Came back"), "{}", screen.text());
    screen.keys("<esc><esc>");
    assert_eq!(screen.keys("2w"), []);
    assert!(screen.text().contains("no connection is selected"), "{}", screen.text());
    assert_eq!(screen.keys("1w"), [], "of the selected one, which nobody was asked anything for");
    assert!(screen.text().contains("no request for github/jane is kept here"), "{}", screen.text());
    assert_eq!(screen.keys("4jjw"), [Effect::ReadFlow(7)], "of the selected row");
}

#[test]
fn a_mistake_of_ones_own_names_no_flow() {
    let mut screen = Screen::with(fixture());
    let copy = Effect::Copy(reference("github/jane"), hallpass::service::copy::Form::Raw);
    screen.send(Message::Failed(Error::usage("no clipboard"), Box::new(copy.clone())));
    assert!(!screen.text().contains("what was sent, and"), "{}", screen.text());
    screen.send(Message::Failed(Error::new(Kind::Network, "no answer"), Box::new(copy)));
    assert!(screen.text().contains("→ w shows what was sent"), "{}", screen.text());
}

#[test]
fn what_happened_stays_in_the_order_of_its_time_while_it_is_filtered() {
    let mut screen = screen(120, 40);
    screen.keys("4/acme");
    let shown = screen.text();
    assert!(shown.find("hubspot/acme").unwrap() < shown.find("linear/acme").unwrap(), "{shown}");
    screen.keys("<c-u>re");
    let text = screen.text();
    let times: Vec<&str> =
        text.lines().skip(2).filter_map(|line| line.get(3..11)).take_while(|time| time.contains(':')).collect();
    assert!(times.len() > 2 && times.is_sorted_by(|newer, older| newer >= older), "{times:?} in\n{text}");
}

#[test]
fn what_did_not_come_to_be_does_not_read_like_what_did() {
    let text = {
        let mut screen = screen(120, 40);
        screen.keys("4");
        screen.text()
    };
    for row in ["✗ not refreshed  hubspot/acme", "◐ not refreshed  linear/acme", "● refreshed      shopify"] {
        assert!(text.contains(row), "{row} in\n{text}");
    }
}

#[test]
fn another_host_keeps_what_it_sends_to_itself() {
    let mut screen = Screen::with(Start { host: Some("nango.example"), ..fixture() });
    let error = Error::new(Kind::Network, "no answer");
    screen.send(Message::Failed(error, Box::new(Effect::Inspect(reference("github/jane")))));
    assert!(!screen.text().contains("what was sent, and"), "{}", screen.text());
}
