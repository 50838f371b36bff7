//! Pictures of real screens. `UPDATE_SCREENSHOTS=1 cargo test screenshots` draws them anew.

mod recording;

use std::path::{Path, PathBuf};
use std::time::Duration;

use hallpass::model::tape::{Answer, Body, Masked, Request, Step, What};
use hallpass::service::connect::{DeviceCode, Waiting};
use hallpass::tui::message::Message;
use url::Url;

use self::recording::{RECORDING, STILL, recording};
use crate::support::screen::{Screen, Start, empty, fixture, now};
use crate::support::svg::{DARK, LIGHT, Palette, animate, render};

struct Scene {
    name: &'static str,
    start: Start,
    keys: &'static str,
    message: Option<Message>,
    palette: Palette,
}

fn scene(name: &'static str, start: Start, keys: &'static str) -> Scene {
    Scene { name, start, keys, message: None, palette: DARK }
}

fn waiting() -> Message {
    let url = "https://github.com/login/oauth/authorize?response_type=code&client_id=github-3f9a0c&state=QmVuZGluZyB0aGUgcnVsZXM&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&redirect_uri=http%3A%2F%2Flocalhost%3A3003%2Foauth%2Fcallback&scope=repo+read%3Auser";
    Message::Waits(Box::new(Waiting {
        connection: hallpass::model::ConnectionRef::parse("github/jane").unwrap(),
        url: Url::parse(url).unwrap(),
        redirect_uri: "http://localhost:3003/oauth/callback".to_owned(),
        deadline: now() + Duration::from_secs(287),
        browser: Ok(()),
        listens: true,
        is_relayed: false,
        certificate: None,

        device: None,
    }))
}

fn waiting_for_device() -> Message {
    let page = Url::parse("https://github.com/login/device").unwrap();
    let complete = Url::parse("https://github.com/login/device?user_code=WDJB-MJHT").unwrap();
    let Message::Waits(waiting) = waiting() else { unreachable!("it waits") };
    Message::Waits(Box::new(Waiting {
        url: complete.clone(),
        deadline: now() + Duration::from_secs(887),
        device: Some(DeviceCode {
            user_code: "WDJB-MJHT".to_owned(),
            verification_uri: page,
            verification_uri_complete: Some(complete),
        }),
        ..*waiting
    }))
}

/// The steps of an authorization, as the tape has them: of a client, at a token endpoint.
fn flow(endpoint: &str, client: &str) -> Vec<Step> {
    let step = |after: u64, took: u64, what: What| Step {
        at: now() + Duration::from_millis(after),
        took: (took > 0).then(|| Duration::from_millis(took)),
        what,
        times: 1,
        request: None,
        answer: None,
    };
    let parameter = |name: &str, value: Masked| (name.to_owned(), value);
    let request = Request {
        method: "POST".to_owned(),
        url: Masked::text(endpoint),
        basic: Some(Masked::text(format!("{client}:")).with_secret("client_secret")),
        headers: vec![("accept".to_owned(), Masked::text("application/json"))],
        body: Body::Form(vec![
            parameter("grant_type", Masked::text("authorization_code")),
            parameter("code", Masked::secret("code")),
            parameter("redirect_uri", Masked::text("http://localhost:3003/oauth/callback")),
            parameter("code_verifier", Masked::secret("code_verifier")),
        ]),
        ..Request::default()
    };
    let answer = Answer::Came {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())],
        body: "{\n  \"access_token\": \"••• (57)\",\n  \"token_type\": \"Bearer\",\n  \"refresh_token\": \"••• (57)\",\n  \"expires_in\": 90\n}"
            .to_owned(),
        size: Some(412),
    };
    let token = step(8_420, 212, What::TokenRequest);
    vec![
        step(0, 0, What::AuthorizationPage),
        step(8_400, 0, What::Callback),
        Step { request: Some(request), answer: Some(answer), ..token },
    ]
}

fn scenes() -> Vec<Scene> {
    vec![
        scene("connections", fixture().sized(112, 28), "jjj"),
        Scene { palette: LIGHT, ..scene("connections-light", fixture().sized(112, 28), "jj") },
        scene("narrow", fixture().sized(48, 16), "jj"),
        scene("providers-search", fixture().sized(112, 28), "3/shop"),
        scene("new-config", fixture().sized(112, 28), "3/github<enter>n"),
        Scene { message: Some(waiting()), ..scene("authorizing", fixture().sized(112, 28), "") },
        Scene { message: Some(waiting_for_device()), ..scene("device", fixture().sized(112, 28), "") },
        scene("activity", fixture().sized(112, 28), "4jj"),
        scene("details", fixture().sized(60, 28), "jjj<enter>"),
        Scene {
            message: Some(Message::FlowRead(4, flow("https://slack.com/api/oauth.v2.access", "slack-3f9a0c"))),
            ..scene("flow", fixture().sized(112, 28), "4jjjjj<enter>")
        },
        scene("actions", fixture().sized(112, 28), ":copy"),
        scene("first-run", empty().sized(80, 16), ""),
    ]
}

/// Compares a picture with the one that is kept, or writes it anew where that is asked for.
fn is_stale(name: &str, drawn: &str) -> bool {
    #[expect(clippy::disallowed_methods, reason = "the one switch of this test")]
    let updates = std::env::var_os("UPDATE_SCREENSHOTS").is_some();
    let path = folder().join(format!("{name}.svg"));
    if updates {
        std::fs::write(&path, drawn).unwrap();
    }
    std::fs::read_to_string(&path).ok().as_deref() != Some(drawn)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots")
}

#[test]
fn every_picture_shows_the_screen_as_it_is() {
    let mut stale = Vec::new();
    for scene in scenes() {
        let mut screen = Screen::with(scene.start);
        screen.keys(scene.keys);
        if let Some(message) = scene.message {
            screen.send(message);
        }
        if is_stale(scene.name, &render(screen.buffer(), &scene.palette)) {
            stale.push(scene.name);
        }
    }
    if is_stale(RECORDING, &animate(&recording(), STILL, &DARK)) {
        stale.push(RECORDING);
    }
    assert!(stale.is_empty(), "stale: {stale:?}; draw them anew with UPDATE_SCREENSHOTS=1 cargo test screenshots");
}

#[test]
fn every_picture_has_its_scene() {
    let names = scenes().into_iter().map(|scene| scene.name).chain([RECORDING]);
    let names: Vec<String> = names.map(|name| format!("{name}.svg")).collect();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name), "{name} is drawn by no scene");
    }
}
