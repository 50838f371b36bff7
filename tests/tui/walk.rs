//! Any keys, pastes, mouse events, sizes and news over hostile data: no panic, no control character and no
//! bidirectional one on any screen.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use hallpass::model::Secret;
use hallpass::service::Error;
use hallpass::service::doctor::{Finding, Wellness};
use hallpass::tui::effect::Effect;
use hallpass::tui::message::Message;

use super::activity::steps;
use super::{BAD, hostile, reference, waiting, waits_for_device};
use crate::support::screen::{Screen, Start, fixture, now};

/// Numbers by chance, the same for the same seed (Steele and Vigna's splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u16 {
        u16::try_from(self.next() % end).unwrap()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::from(self.below(of.len() as u64))]
    }
}

fn key(chance: &mut Chance) -> KeyEvent {
    const CODES: [KeyCode; 14] = [
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::PageUp,
        KeyCode::PageDown,
    ];
    let letters: Vec<char> = "abcdefghijklmnoprstuvwxyzABCDFGKMORSUYZ123456/:?* é日".chars().collect();
    match chance.below(10) {
        0..4 => KeyEvent::new(chance.one(&CODES), KeyModifiers::NONE),
        4 => KeyEvent::new(KeyCode::Char(chance.one(&['p', 'k', 's', 'u', 'd', 'o', 'r', 'w'])), KeyModifiers::CONTROL),
        _ => KeyEvent::new(KeyCode::Char(chance.one(&letters)), KeyModifiers::NONE),
    }
}

fn mouse(chance: &mut Chance) -> Message {
    let kinds = [MouseEventKind::Down(MouseButton::Left), MouseEventKind::ScrollDown, MouseEventKind::ScrollUp];
    let (kind, column, row) = (chance.one(&kinds), chance.below(200), chance.below(60));
    Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
}

fn news(chance: &mut Chance) -> Message {
    match chance.below(12) {
        0 => waiting(),
        1 => waits_for_device(),
        2 => Message::Loaded(Box::new(hostile())),
        3 => Message::Loaded(Box::default()),
        4 => Message::Failed(Error::usage(BAD).hinted(BAD), Box::new(Effect::Load)),
        5 => Message::Pasted(Secret::new(BAD)),
        6 => Message::Ticked(now() + Duration::from_millis(u64::from(chance.below(60_000)))),
        7 => Message::Focused(chance.below(2) == 0),
        8 => Message::FlowRead(9, steps()),
        9 => Message::Revealed(reference("github/jane"), Secret::new(BAD)),
        10 => Message::Examined(vec![Finding {
            what: "vault",
            wellness: Wellness::Ill,
            found: BAD.to_owned(),
            mend: Some(BAD.to_owned()),
        }]),
        _ => Message::Refreshed(vec![
            (reference("github/jane"), Some(Error::usage(BAD))),
            (reference("slack/team"), None),
        ]),
    }
}

fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

fn walk(seed: u64, steps: usize) {
    let mut chance = Chance(seed);
    let mut screen = Screen::with(Start { lists: hostile(), ..fixture() });
    for step in 0..steps {
        match chance.below(20) {
            0 => screen.resize(chance.below(170), chance.below(55)),
            1 => drop(screen.send(mouse(&mut chance))),
            2..4 => drop(screen.send(news(&mut chance))),
            _ => drop(screen.send(Message::Key(key(&mut chance)))),
        }
        let harmful = screen.buffer().content.iter().any(|cell| cell.symbol().chars().any(is_harmful));
        assert!(!harmful, "seed {seed}, step {step}:\n{:?}", screen.text());
    }
}

#[test]
fn a_random_walk_never_falls() {
    walk(20_260_101, 5_000);
}

#[test]
#[ignore = "a campaign: tests/campaigns/walk"]
fn a_long_random_walk_never_falls() {
    for seed in 0..40 {
        walk(seed, 5_000);
    }
}
