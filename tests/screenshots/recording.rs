//! The first token of a new user, from the first screen on: the sandbox, three keys, and a look at what was sent.

use std::time::Duration;

use hallpass::backend::Capabilities;
use hallpass::model::{Connection, Happening, Outcome, Provider};
use hallpass::service::connect::Connected;
use hallpass::service::copy::{Copied, CopiedTo, Form};
use hallpass::tui::effect::Effect;
use hallpass::tui::message::{Lists, Message, Stay};
use ratatui::buffer::Buffer;

use super::flow;
use crate::support::screen::{Screen, config, connection, empty, happening, now};

/// The name of its file.
pub const RECORDING: &str = "first-token";
/// Which of its screens stands where nothing moves: the one with the token copied.
pub const STILL: usize = 3;

const PROVIDER: &str = r#"
name = "Sandbox"
notes = ["A pretend provider on this machine; it forgets everything when it ends."]
[oauth2]
authorization_endpoint = "http://127.0.0.1:4000/authorize"
token_endpoint = "http://127.0.0.1:4000/token"
default_scopes = ["read", "write"]
[api]
base_url = "http://127.0.0.1:4000"
identity = "GET /userinfo"
"#;

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

fn authorized() -> Connection {
    Connection {
        obtained_at: now(),
        created_at: now(),
        refreshed_at: None,
        ..connection("sandbox/me", "sandbox", Some(90), &["read", "write"])
    }
}

fn lists() -> Lists {
    let row = |number, what, detail: &str| happening(number, "sandbox/me", what, Outcome::Done, detail, 0);
    let mut activity = vec![
        row(3, Happening::Copied, "as raw"),
        row(2, Happening::Authorized, "with a refresh token, for read write"),
        row(1, Happening::Started, "asking for read write"),
    ];
    activity[1].flow = Some(1);
    activity[2].flow = Some(1);
    Lists { connections: vec![authorized()], configs: vec![config("sandbox", "sandbox", &["read", "write"])], activity }
}

fn stay(sandbox: bool) -> Message {
    let provider = Provider { is_own: true, ..toml::from_str(PROVIDER).unwrap() };
    Message::Moved(Box::new(Stay {
        capabilities: Capabilities { can_change: true, can_authorize: true, can_serve: true, can_revoke: true },
        host: None,
        facts: Vec::new(),
        sandbox: sandbox.then(|| (config("sandbox", "sandbox", &["read", "write"]), provider)),
    }))
}

/// Returns the screens, each with how long it stands: less than half a minute in all.
pub fn recording() -> Vec<(Buffer, Duration)> {
    let mut screen = Screen::with(empty().sized(96, 26));
    let mut frames = vec![(screen.buffer().clone(), seconds(3))];
    let mut take = |screen: &Screen, time| frames.push((screen.buffer().clone(), seconds(time)));
    // Each key asks for what is played as its answer.
    assert_eq!(screen.keys("b"), [Effect::Cancel, Effect::EnterSandbox]);
    screen.send(stay(true));
    take(&screen, 3);
    assert!(matches!(screen.keys("<enter>").as_slice(), [Effect::Authorize(_)]));
    screen.send(Message::Connected(Box::new(Connected {
        connection: authorized(),
        fingerprint: "60c71d24".to_owned(),
        warnings: Vec::new(),
    })));
    screen.send(Message::Loaded(Box::new(Lists { activity: lists().activity[1..].to_vec(), ..lists() })));
    take(&screen, 4);
    assert_eq!(screen.keys("y"), [Effect::Copy(authorized().reference, Form::Raw)]);
    screen.send(Message::Copied(
        authorized().reference,
        Copied {
            to: CopiedTo::Clipboard,
            form: Form::Raw,
            valid_for: Some(seconds(88)),
            cleared_after: Some(seconds(30)),
            was_refreshed: false,
        },
    ));
    screen.send(Message::Loaded(Box::new(lists())));
    take(&screen, 4);
    screen.keys("<esc>4j");
    take(&screen, 3);
    assert_eq!(screen.keys("<enter>"), [Effect::ReadFlow(2)]);
    screen.send(Message::FlowRead(2, flow("http://127.0.0.1:4000/token", "sandbox-client")));
    take(&screen, 5);
    assert_eq!(screen.keys("<esc>b"), [Effect::Cancel, Effect::LeaveSandbox]);
    screen.send(stay(false));
    screen.send(Message::Loaded(Box::default()));
    take(&screen, 3);
    frames
}
