use std::time::Duration;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use hallpass::service::Error;
use hallpass::tui::Look;
use hallpass::tui::effect::Effect;
use hallpass::tui::message::Message;

use super::{reference, screen, waiting};
use crate::support::screen::{Screen, fixture, look, now};

fn mouse(kind: MouseEventKind, column: u16, row: u16) -> Message {
    Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
}

fn click(screen: &mut Screen, words: &str) -> Vec<Effect> {
    let text = screen.text();
    let (row, line) = text.lines().enumerate().find(|(_, line)| line.contains(words)).expect(words);
    let column = line.split(words).next().unwrap().chars().count();
    let [column, row] = [column, row].map(|number| u16::try_from(number).unwrap());
    screen.send(mouse(MouseEventKind::Down(MouseButton::Left), column, row))
}

#[test]
fn with_ascii_alone_nothing_else_is_drawn() {
    for keys in ["", "2", "3", "4", "?", "jd", "Y", "M", ":", "3/github<enter>n", "2a", "z"] {
        for (width, height) in [(120, 40), (60, 20)] {
            let mut start = fixture().sized(width, height);
            start.look = Some(Look { is_ascii: true, ..look(true) });
            let mut screen = Screen::with(start);
            screen.keys(keys);
            screen.send(Message::Failed(Error::usage("no").hinted("mend it"), Box::new(Effect::Load)));
            let text = screen.text();
            let odd: String = text.chars().filter(|character| !character.is_ascii()).collect();
            // Notes of provider files may quote what they like.
            assert!(odd.chars().all(|character| "“”’é".contains(character)), "{keys}: {odd:?} in\n{text}");
        }
    }
}

#[test]
fn the_theme_changes_while_the_screen_stands() {
    let mut screen = screen(120, 40);
    let before = screen.buffer().clone();
    screen.keys("zt");
    assert!(screen.text().contains("theme dark"), "{}", screen.text());
    assert_ne!(screen.buffer(), &before);
}

#[test]
fn settings_that_change_are_taken_over_and_mistakes_in_them_are_told() {
    let mut screen = screen(120, 40);
    let again = Look { is_ascii: true, takes_mouse: false, ..look(true) };
    assert_eq!(screen.send(Message::LookChanged(Box::new(again))), [Effect::TakeMouse(false)]);
    assert!(screen.text().contains("* ok"), "{}", screen.text());
    let mut wrong = Error::usage("`settings.toml` says something that the terminal UI cannot do");
    wrong.causes = vec!["line 3: there is no action `refrsh`; did you mean `refresh`?".to_owned()];
    screen.send(Message::LookRefused(wrong));
    assert!(screen.text().contains("line 3"), "{}", screen.text());
}

#[test]
fn what_takes_long_moves_after_a_while_and_need_not_be_waited_for() {
    let mut screen = screen(120, 40);
    screen.keys("r");
    assert!(!screen.text().contains("refreshing"), "it would only flash");
    assert_eq!(screen.app().next_tick(), Some(Duration::from_millis(200)));
    screen.send(Message::Ticked(now() + Duration::from_millis(240)));
    let first = screen.text();
    assert!(first.contains("refreshing github/jane · esc leaves it"), "{first}");
    assert_eq!(screen.app().next_tick(), Some(Duration::from_millis(120)));
    screen.send(Message::Ticked(now() + Duration::from_millis(360)));
    assert_ne!(screen.text(), first, "it moves");
    screen.keys("j<esc>");
    assert!(screen.text().contains("not waited for any more"), "{}", screen.text());
    assert!(!screen.text().contains("esc leaves it"));
}

#[test]
fn with_less_motion_nothing_moves_by_itself() {
    let mut start = fixture();
    start.look = Some(Look { moves: false, ..look(true) });
    let mut screen = Screen::with(start);
    assert_eq!(screen.app().next_tick(), Some(Duration::from_secs(15)), "no seconds count down");
    screen.keys("r");
    screen.send(Message::Ticked(now() + Duration::from_millis(240)));
    assert!(screen.text().contains("… refreshing github/jane"), "{}", screen.text());
    assert_eq!(screen.app().next_tick(), Some(Duration::from_secs(15)));
}

#[test]
fn time_stands_still_while_nobody_looks() {
    let mut screen = screen(120, 40);
    screen.send(Message::Focused(false));
    assert_eq!(screen.app().next_tick(), None);
    screen.send(Message::Focused(true));
    assert_eq!(screen.app().next_tick(), Some(Duration::from_secs(1)));
}

#[test]
fn the_bell_rings_when_an_authorization_ends_while_nobody_looks() {
    let request = |screen: &mut Screen| {
        screen.send(waiting());
        let effects = screen.keys("");
        assert_eq!(effects, []);
        Message::Failed(
            Error::usage("access_denied"),
            Box::new(Effect::Authorize(hallpass::service::connect::ConnectRequest::new(reference("github/jane")))),
        )
    };
    let mut looking = screen(120, 40);
    let failed = request(&mut looking);
    assert!(!looking.send(failed).contains(&Effect::Ring));
    let mut away = screen(120, 40);
    let failed = request(&mut away);
    away.send(Message::Focused(false));
    assert!(away.send(failed).contains(&Effect::Ring));
    let mut start = fixture();
    start.look = Some(Look { rings: false, ..look(true) });
    let mut silent = Screen::with(start);
    let failed = request(&mut silent);
    silent.send(Message::Focused(false));
    assert!(!silent.send(failed).contains(&Effect::Ring));
}

#[test]
fn what_was_told_can_be_read_again() {
    let mut screen = screen(120, 40);
    for number in 0..60 {
        screen.send(Message::Failed(Error::usage(format!("error {number}")), Box::new(Effect::Load)));
    }
    screen.keys("<esc>");
    assert!(!screen.text().contains("error 59"));
    screen.keys("M");
    assert!(screen.text().contains("09:26:53") && screen.text().contains("error 59"), "{}", screen.text());
    screen.keys("gg");
    assert!(screen.text().contains("error 10") && !screen.text().contains("error 9 "), "fifty are kept");
}

#[test]
fn a_click_selects_and_one_on_what_is_selected_opens_it() {
    let mut screen = screen(60, 20);
    assert_eq!(click(&mut screen, "hubspot/acme"), []);
    assert_eq!(screen.keys("r"), [Effect::Refresh(vec![reference("hubspot/acme")])]);
    click(&mut screen, "hubspot/acme");
    assert!(screen.text().contains("invalid_grant"), "{}", screen.text());
}

#[test]
fn the_wheel_moves_and_what_can_be_pressed_can_be_clicked() {
    let mut screen = screen(120, 40);
    screen.send(mouse(MouseEventKind::ScrollDown, 5, 5));
    assert_eq!(screen.keys("r"), [Effect::Refresh(vec![reference("hubspot/acme")])], "three rows down");
    screen.send(mouse(MouseEventKind::ScrollUp, 5, 5));
    assert!(matches!(click(&mut screen, "y copy").as_slice(), [Effect::Copy(..)]));
    click(&mut screen, "4 Activity");
    assert!(screen.text().contains("WHOSE"), "{}", screen.text());
    click(&mut screen, "? keys");
    screen.send(mouse(MouseEventKind::ScrollDown, 5, 5));
    assert!(screen.text().contains("Every key"));
    assert_eq!(screen.send(mouse(MouseEventKind::Down(MouseButton::Left), 1, 0)), [], "what is in front is in front");
    assert!(screen.text().contains("Every key"));
}

#[test]
fn a_click_on_a_heading_sorts_by_it_and_another_turns_the_list_round() {
    let mut screen = screen(120, 40);
    click(&mut screen, "STATUS");
    assert!(screen.text().contains("sorted by status") && screen.text().contains("↓ STATUS"), "{}", screen.text());
    let first = |screen: &Screen| screen.text().lines().nth(2).unwrap().to_owned();
    assert!(first(&screen).contains("hubspot/acme"), "{}", screen.text());
    click(&mut screen, "STATUS");
    assert!(screen.text().contains("↑ STATUS") && first(&screen).contains("no end"), "{}", screen.text());
    click(&mut screen, "CONNECTION");
    assert!(first(&screen).contains("github/jane"), "{}", screen.text());
}

#[test]
fn the_mouse_is_taken_or_left_by_a_key() {
    let mut screen = screen(120, 40);
    assert_eq!(screen.keys("zm"), [Effect::TakeMouse(false)]);
    assert!(screen.text().contains("left to the terminal"), "{}", screen.text());
    assert_eq!(screen.keys("zm"), [Effect::TakeMouse(true)]);
}
