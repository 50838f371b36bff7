//! How long a frame takes, with few connections and with many: ratios within one run, since
//! machines differ. `cargo bench`
#![expect(clippy::print_stdout, reason = "a bench tells its figures")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hallpass::backend::Capabilities;
use hallpass::model::{Connection, ConnectionRef, ProviderId, Time};
use hallpass::tui::Look;
use hallpass::tui::app::{App, Setup};
use hallpass::tui::draw::draw;
use hallpass::tui::message::{Lists, Message};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// Rounds of each case, in turn with the other.
const ROUNDS: usize = 2_000;

fn now() -> Time {
    Time::from_timestamp(1_773_480_413, 0).expect("a time of our years")
}

fn connection(number: usize) -> Connection {
    let name = format!("config-{}/account-{number:05}@example.com", number % 50);
    Connection {
        way: hallpass::model::WayIn::OAuth2,
        number: 1,
        reference: ConnectionRef::parse(&name).expect("a good name"),
        provider: ProviderId::new("github").expect("a good id"),
        requested_scopes: vec!["repo".to_owned(), "read:user".to_owned()],
        granted_scopes: None,
        expires_at: Some(now() + Duration::from_secs(60 + number as u64)),
        obtained_at: now(),
        is_refreshable: true,
        variables: BTreeMap::new(),
        problem: None,
        created_at: now(),
        updated_at: now(),
        is_untold: false,
        refreshed_at: Some(now()),
        revision: 0,
    }
}

struct Case {
    app: App,
    terminal: Terminal<TestBackend>,
    frames: Vec<Duration>,
    filters: Vec<Duration>,
}

impl Case {
    fn new(rows: usize) -> Self {
        let capabilities = Capabilities { can_change: true, can_authorize: true, can_serve: true, can_revoke: true };
        let look = Look::default();
        let (mut app, _) = App::new(Setup {
            now: now(),
            capabilities,
            host: None,
            look,
            prefers_device: false,
            facts: Vec::new(),
            has_sandbox: false,
        });
        let mut connections: Vec<Connection> = (0..rows).map(connection).collect();
        connections.sort_by(|one, other| one.reference.cmp(&other.reference));
        app.update(Message::Resized(200, 60));
        app.update(Message::Loaded(Box::new(Lists { connections, ..Lists::default() })));
        let terminal = Terminal::new(TestBackend::new(200, 60)).expect("a test terminal");
        Self { app, terminal, frames: Vec::new(), filters: Vec::new() }
    }

    /// Moves down by one row and draws.
    fn frame(&mut self) {
        let key =
            crossterm::event::KeyEvent::new(crossterm::event::KeyCode::Down, crossterm::event::KeyModifiers::NONE);
        let started = Instant::now();
        self.app.update(Message::Key(key));
        self.terminal.draw(|frame| draw(&mut self.app, frame)).expect("a test terminal draws");
        self.frames.push(started.elapsed());
    }

    /// Types one letter of a filter, and takes it away again.
    fn filter(&mut self) {
        let key = |code| Message::Key(crossterm::event::KeyEvent::new(code, crossterm::event::KeyModifiers::NONE));
        self.app.update(key(crossterm::event::KeyCode::Char('/')));
        let started = Instant::now();
        self.app.update(key(crossterm::event::KeyCode::Char('7')));
        self.terminal.draw(|frame| draw(&mut self.app, frame)).expect("a test terminal draws");
        self.filters.push(started.elapsed());
        self.app.update(key(crossterm::event::KeyCode::Esc));
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The time that one of a hundred takes longer than.
fn slow(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() * 99 / 100]
}

fn main() {
    let (mut few, mut many) = (Case::new(10), Case::new(10_000));
    for _ in 0..ROUNDS {
        few.frame();
        many.frame();
    }
    for _ in 0..ROUNDS / 100 {
        few.filter();
        many.filter();
    }
    let (frame_few, frame_many) = (median(&mut few.frames), median(&mut many.frames));
    println!(
        "a frame at 200x60: {frame_few:?} with 10 connections, {frame_many:?} with 10,000 (×{:.2})",
        ratio(frame_many, frame_few)
    );
    println!(
        "one frame of a hundred takes longer than {:?} with 10 connections, than {:?} with 10,000",
        slow(&mut few.frames),
        slow(&mut many.frames)
    );
    let (filter_few, filter_many) = (median(&mut few.filters), median(&mut many.filters));
    println!(
        "a letter of a filter: {filter_few:?} with 10, {filter_many:?} with 10,000 (×{:.2})",
        ratio(filter_many, filter_few)
    );
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}
