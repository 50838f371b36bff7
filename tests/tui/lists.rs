use std::time::Duration;

use hallpass::service::connections::Deleted;
use hallpass::service::{Error, Kind};
use hallpass::tui::effect::Effect;
use hallpass::tui::message::{Lists, Message};

use super::{reference, screen};
use crate::support::screen::{Screen, Start, fixture, now};

/// The names in the list, from top to bottom.
fn names(screen: &Screen) -> Vec<String> {
    let text = screen.text();
    let known: Vec<String> =
        fixture().lists.connections.iter().map(|connection| connection.reference.to_string()).collect();
    let name = |line: &str| {
        let list: String = line.chars().take(68).collect();
        known.iter().find(|name| list.contains(name.as_str())).cloned()
    };
    text.lines().skip(2).filter_map(name).collect()
}

#[test]
fn connections_are_sorted_by_any_column_either_way() {
    let mut screen = screen(160, 50);
    screen.keys("S");
    assert_eq!(names(&screen)[0], "hubspot/acme", "what needs a person first");
    assert!(screen.text().contains("↓ STATUS"), "{}", screen.text());
    screen.keys("SS");
    assert!(screen.text().contains("↓ LEFT"), "{}", screen.text());
    assert_eq!(names(&screen)[2], "google/jane@example.com", "after those that have ended");
    screen.keys("R");
    assert!(screen.text().contains("↑ LEFT"), "{}", screen.text());
    assert_eq!(names(&screen)[..2], ["slack/team", "github/jane"], "what has no end");
    screen.keys("SS");
    assert_eq!(names(&screen)[0], "github/jane", "its own order again");
}

#[test]
fn the_selection_stays_with_its_row_when_the_order_changes() {
    let mut screen = screen(120, 40);
    screen.keys("jjjSSR");
    assert_eq!(screen.keys("r"), [Effect::Refresh(vec![reference("hubspot/acme")])]);
}

#[test]
fn connections_stand_in_groups_or_in_one_list() {
    let mut screen = screen(120, 40);
    screen.keys("zg");
    let text = screen.text();
    assert!(text.contains(" google  google · 2 connections") && text.contains("jane@example"), "{text}");
    screen.keys("jj");
    assert_eq!(screen.keys("r"), [Effect::Refresh(vec![reference("google/jane@example.com")])], "headings are no rows");
    screen.keys("/slack");
    assert!(screen.text().contains("slack/team"), "whole names where a filter mixes them: {}", screen.text());
    screen.keys("<esc>zg");
    assert!(!screen.text().contains("2 connections"), "{}", screen.text());
}

#[test]
fn a_filter_looks_at_everything_that_is_shown_and_says_what_matched() {
    let mut screen = screen(120, 40);
    screen.keys("/re-auth");
    assert_eq!(names(&screen), ["hubspot/acme"]);
    let buffer = screen.buffer();
    let found: String = (0..69)
        .filter(|column| buffer[(*column, 2)].modifier.contains(ratatui::style::Modifier::UNDERLINED))
        .map(|column| buffer[(column, 2)].symbol())
        .collect();
    assert!(found.starts_with("re-auth"), "{found}");
    screen.keys("<esc>/calendar.readonly");
    assert_eq!(names(&screen), ["google/calendar-bot"], "a scope");
}

#[test]
fn several_are_marked_refreshed_and_deleted_at_once() {
    let mut screen = screen(120, 40);
    screen.keys("<space>j<space>");
    assert_eq!(screen.text().matches('■').count(), 3, "{}", screen.text());
    assert!(screen.text().contains("■ 2 marked"), "{}", screen.text());
    let both = vec![reference("github/jane"), reference("google/jane@example.com")];
    assert_eq!(screen.keys("r"), [Effect::Refresh(both.clone())]);
    screen.keys("d");
    let text = screen.text();
    assert!(text.contains("Delete 2 connections?") && text.contains("github/jane, google/jane@example.com"), "{text}");
    assert_eq!(screen.keys("y"), [Effect::DeleteConnections(both, false)]);
    screen.keys("<esc><esc>");
    assert_eq!(screen.text().matches('■').count(), 0, "esc takes marks away");
    screen.keys("/google<enter>*");
    assert_eq!(screen.text().matches('■').count(), 3, "every one that is shown");
    screen.keys("*");
    assert_eq!(screen.text().matches('■').count(), 0);
}

#[test]
fn what_went_wrong_with_some_of_several_is_told_one_by_one() {
    let mut screen = screen(120, 40);
    let failed = Error::new(Kind::Network, "api.linear.app did not answer").hinted("try again");
    screen.send(Message::Refreshed(vec![(reference("github/jane"), None), (reference("linear/acme"), Some(failed))]));
    let text = screen.text();
    assert!(text.contains("1 of 2 were not refreshed") && text.contains("linear/acme: api.linear.app"), "{text}");
}

#[test]
fn what_was_deleted_here_can_be_brought_back_for_a_minute() {
    let mut screen = screen(120, 40);
    assert_eq!(screen.keys("U"), []);
    assert!(screen.text().contains("nothing to bring back"), "{}", screen.text());
    let deleted = || {
        let outcome = (reference("github/jane"), Ok(Deleted { revocation: None }));
        Message::ConnectionsDeleted(vec![outcome], true)
    };
    screen.send(deleted());
    assert!(screen.text().contains("U brings it back for 1m"), "{}", screen.text());
    assert_eq!(screen.keys("U"), [Effect::BringBack]);
    screen.send(Message::BroughtBack(1));
    assert!(screen.text().contains("there again"), "{}", screen.text());
    screen.send(deleted());
    assert_eq!(screen.send(Message::Ticked(now() + Duration::from_mins(1))), [Effect::ForgetRemoved]);
    assert_eq!(screen.keys("U"), [], "too late");
}

#[test]
fn the_time_left_stands_beside_a_bar_that_empties() {
    let text = screen(120, 40).text();
    assert!(text.contains("███▍░ 45m"), "{text}");
    assert!(text.contains("▏░░░░ 48s"), "{text}");
}

#[test]
fn a_token_is_shown_for_ten_seconds_and_only_while_somebody_looks() {
    use hallpass::model::Secret;
    let revealed = || Message::Revealed(reference("github/jane"), Secret::new("gho_canary-token"));
    let mut screen = screen(80, 24);
    assert_eq!(screen.keys("x"), [Effect::Reveal(reference("github/jane"))]);
    assert!(!format!("{:?}", revealed()).contains("canary"));
    screen.send(revealed());
    assert!(screen.text().contains("gho_canary-token") && screen.text().contains("hidden in 10s"), "{}", screen.text());
    assert_eq!(screen.app().next_tick(), Some(Duration::from_secs(1)));
    screen.send(Message::Ticked(now() + Duration::from_secs(10)));
    assert!(!screen.text().contains("canary"), "{}", screen.text());
    screen.send(revealed());
    assert_eq!(screen.keys("d"), [], "any key hides it, and does nothing else");
    assert!(!screen.text().contains("canary") && !screen.text().contains("Delete"), "{}", screen.text());
    screen.send(revealed());
    screen.send(Message::Focused(false));
    assert!(!screen.text().contains("canary"), "{}", screen.text());
    screen.send(revealed());
    assert!(!screen.text().contains("canary"), "it came while nobody looked");
}

#[test]
fn seconds_count_down_also_while_something_can_be_brought_back() {
    let mut screen = screen(120, 40);
    let outcome = (reference("github/jane"), Ok(Deleted { revocation: None }));
    screen.send(Message::ConnectionsDeleted(vec![outcome], true));
    screen.send(Message::Ticked(now() + Duration::from_secs(10)));
    assert_eq!(screen.app().next_tick(), Some(Duration::from_secs(1)), "38 seconds are left to one of them");
    screen.send(Message::Focused(false));
    assert_eq!(screen.app().next_tick(), Some(Duration::from_secs(50)), "what was deleted is forgotten in time");
}

#[test]
fn details_show_what_can_be_copied_without_a_secret_and_what_is_unusual_at_the_provider() {
    let mut screen = screen(120, 40);
    screen.keys("jjjjjj");
    let text = screen.text();
    for line in [
        "Y h  authorization: Bearer •••",
        "Y e  SLACK_TEAM_TOKEN=•••",
        "Y c  curl",
        "At Slack",
        "• Redirect URLs must be https",
        "… enter shows all of it",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    screen.keys("<enter>G");
    assert!(screen.text().contains("• scopes are separated by `,`"), "{}", screen.text());
}

#[test]
fn a_key_that_finds_nothing_to_work_with_says_so() {
    let mut screen = Screen::with(Start { lists: Lists { connections: Vec::new(), ..fixture().lists }, ..fixture() });
    for key in ["y", "Y", "r", "a", "i", "d", "m"] {
        assert_eq!(screen.keys(key), [], "{key}");
        assert!(screen.text().contains("· nothing is selected"), "{key}: {}", screen.text());
        screen.keys("<esc>");
    }
}
