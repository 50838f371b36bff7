mod activity;
mod configs;
mod keys;
mod lists;
mod look;
mod sandbox;
mod snapshots;
mod walk;

use std::time::Duration;

use hallpass::model::{Config, ConnectionRef, Secret};
use hallpass::service::connect::{BrowserError, DeviceCode, Way};
use hallpass::service::copy::Form;
use hallpass::service::vaults::Purpose;
use hallpass::service::{Error, Kind};
use hallpass::tui::effect::Effect;
use hallpass::tui::message::{Lists, Message};

use crate::support::screen::{Screen, Start, config, connection, fixture, now};

fn reference(text: &str) -> ConnectionRef {
    ConnectionRef::parse(text).unwrap()
}

fn screen(width: u16, height: u16) -> Screen {
    Screen::with(fixture().sized(width, height))
}

#[test]
fn each_connection_shows_its_state_in_shape_word_and_time() {
    let text = screen(120, 40).text();
    for row in [
        "● ok           google/calendar-bot",
        "◐ expiring     google/jane@example",
        "✗ re-authorize hubspot/acme",
        "◐ stale        zoom/recordings",
    ] {
        assert!(text.contains(row), "{row} in\n{text}");
    }
    assert!(text.contains("no end") && text.contains("45m") && text.contains("48s"), "{text}");
}

#[test]
fn meaning_survives_without_colours() {
    let plain = Screen::with(Start { has_colors: false, ..fixture() });
    assert_eq!(plain.text(), screen(120, 40).text());
    let cells = plain.buffer().content.iter();
    assert!(
        cells.clone().all(|cell| cell.fg == ratatui::style::Color::Reset && cell.bg == ratatui::style::Color::Reset)
    );
    assert!(
        cells.into_iter().any(|cell| cell.modifier.contains(ratatui::style::Modifier::REVERSED)),
        "the selected row"
    );
}

#[test]
fn y_asks_for_a_fresh_copy_and_the_answer_says_for_how_long() {
    let mut screen = screen(120, 40);
    assert_eq!(screen.keys("jy"), [Effect::Copy(reference("google/calendar-bot"), Form::Raw)]);
    screen.send(Message::Ticked(now() + Duration::from_millis(250)));
    assert!(screen.text().contains("getting a fresh token for google/calendar-bot"));
    let copied = hallpass::service::copy::Copied {
        to: hallpass::service::copy::CopiedTo::Clipboard,
        form: Form::Raw,
        valid_for: Some(Duration::from_mins(58)),
        cleared_after: Some(Duration::from_secs(30)),
        was_refreshed: true,
    };
    screen.send(Message::Copied(reference("google/calendar-bot"), copied));
    assert!(screen.text().contains("token copied · valid for 58m · clipboard cleared in 30s"), "{}", screen.text());
    screen.send(Message::Ticked(now() + Duration::from_secs(10)));
    assert!(!screen.text().contains("token copied"), "good news leaves by itself");
}

#[test]
fn what_was_just_authorized_is_selected_though_a_filter_would_hide_it() {
    let mut screen = screen(120, 40);
    screen.keys("/calendar<enter>");
    let connected = hallpass::service::connect::Connected {
        connection: connection("github/zoe", "github", None, &[]),
        fingerprint: String::new(),
        warnings: Vec::new(),
    };
    screen.send(Message::Connected(Box::new(connected)));
    assert_eq!(screen.keys("y"), [Effect::Copy(reference("github/zoe"), Form::Raw)], "{}", screen.text());
}

#[test]
fn a_form_of_copy_is_chosen_by_its_letter_or_by_moving() {
    assert_eq!(screen(80, 24).keys("jYh"), [Effect::Copy(reference("google/calendar-bot"), Form::Header)]);
    assert_eq!(
        screen(80, 24).keys("jY<down><down><enter>"),
        [Effect::Copy(reference("google/calendar-bot"), Form::Json)]
    );
    assert_eq!(screen(80, 24).keys("jY<esc>"), []);
}

#[test]
fn the_filter_narrows_as_it_is_typed_and_counts() {
    let mut screen = screen(120, 40);
    screen.keys("/google");
    let text = screen.text();
    assert!(text.contains("2 of 8") && !text.contains("hubspot/acme"), "{text}");
    screen.keys("<enter>");
    assert_eq!(screen.keys("y"), [Effect::Copy(reference("google/calendar-bot"), Form::Raw)], "keys act again");
    assert!(screen.text().contains("/google 2 of 8"), "a filter that hides rows is said: {}", screen.text());
    screen.keys("<esc>");
    assert!(screen.text().contains("hubspot/acme"));
    screen.send(Message::Pasted(Secret::new("ignored")));
    screen.keys("/");
    screen.send(Message::Pasted(Secret::new("zoom")));
    assert!(screen.text().contains("1 of 8"), "{}", screen.text());
}

#[test]
fn what_is_typed_selects_what_matches_it_best() {
    let mut screen = screen(120, 40);
    screen.keys("3/twitter-v2<enter>");
    assert!(screen.text().contains("X (OAuth 2.0)"));
    screen.keys("<esc>/xero<enter>");
    let effects = screen.keys("n<enter><enter><enter><enter>");
    assert_eq!(effects, []);
    assert!(screen.text().contains("New config for Xero"), "{}", screen.text());
}

#[test]
fn a_deletion_names_what_it_deletes_and_no_is_the_default() {
    let mut screen = screen(80, 24);
    screen.keys("jd");
    assert!(screen.text().contains("Delete google/calendar-bot?"), "{}", screen.text());
    assert_eq!(screen.keys("<enter>"), []);
    assert_eq!(screen.keys("dy"), [Effect::DeleteConnections(vec![reference("google/calendar-bot")], false)]);
    assert_eq!(screen.keys("dR"), [Effect::DeleteConnections(vec![reference("google/calendar-bot")], true)]);
    screen.keys("2jd");
    assert!(screen.text().contains("Delete google and its 2 connections?"), "{}", screen.text());
    assert_eq!(screen.keys("n"), []);
}

#[test]
fn a_config_is_made_from_a_provider_with_a_form_that_can_be_mended() {
    let mut screen = screen(80, 24);
    screen.keys("n");
    assert!(screen.text().contains("choose a provider"), "{}", screen.text());
    screen.keys("linear<enter>n");
    let text = screen.text();
    assert!(text.contains("New config for Linear") && text.contains("linear-2"), "the key is free: {text}");
    assert!(text.contains("Scopes are joined by commas."), "{text}");
    assert_eq!(
        screen.keys("<c-r>"),
        [Effect::CopyText("the redirect URI", "http://localhost:3003/oauth/callback".to_owned())]
    );
    assert_eq!(screen.keys("<enter><enter><enter><enter>"), [], "the client id is empty");
    assert!(screen.text().contains("it is empty"), "{}", screen.text());
    screen.keys("lin-id");
    assert!(!screen.text().contains("it is empty"), "what is mended is not told any more");
    screen.keys("<enter>");
    screen.send(Message::Pasted(Secret::new(" s3cret\n")));
    let effects = screen.keys("<enter><enter><enter>");
    let [Effect::MakeConfig(new)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((new.key.as_str(), new.provider.as_str(), new.client_id.as_str()), ("linear-2", "linear", "lin-id"));
    assert_eq!(new.client_secret, Some(Secret::new("s3cret")));
    assert_eq!((new.scopes.as_slice(), &new.redirect_uri), (["read".to_owned()].as_slice(), &None));
    screen.send(Message::Failed(
        Error::usage("there is a config `linear-2` already").hinted("choose another key"),
        Box::new(effects[0].clone()),
    ));
    assert!(
        screen.text().contains("choose another key") && screen.text().contains("lin-id"),
        "nothing typed is lost: {}",
        screen.text()
    );
}

#[test]
fn a_connection_is_authorized_under_a_config_and_again_as_it_was() {
    let mut screen = screen(80, 24);
    screen.keys("2/shop<enter>a");
    assert!(screen.text().contains("subdomain"), "{}", screen.text());
    let effects = screen.keys("second<enter>coffee<enter><enter><enter>");
    let [Effect::Authorize(request)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(request.connection, reference("shopify/second"));
    assert_eq!(request.variables["subdomain"], "coffee");
    let effects = self::screen(80, 24).keys("/tea-shop<enter>a");
    let [Effect::Authorize(again)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(again.variables["subdomain"], "tea-shop");
    assert_eq!(again.scopes.as_deref(), Some(["read_orders".to_owned(), "write_products".to_owned()].as_slice()));
}

fn waiting() -> Message {
    Message::Waits(Box::new(hallpass::service::connect::Waiting {
        connection: reference("github/jane"),
        url: url::Url::parse("https://github.com/login/oauth/authorize?client_id=x&state=y").unwrap(),
        redirect_uri: "http://localhost:3003/oauth/callback".to_owned(),
        deadline: now() + Duration::from_mins(5),
        browser: Ok(()),
        listens: true,
        is_relayed: false,
        certificate: None,

        device: None,
    }))
}

#[test]
fn a_choice_is_made_by_the_arrows_and_what_does_not_fit_is_told_at_its_line() {
    let mut screen = screen(80, 24);
    screen.keys("2/shop<enter>a");
    assert_eq!(screen.keys("second<enter>evil.com/<enter><enter><enter>"), []);
    let text = screen.text();
    assert!(text.contains("expected one part of a host name"), "{text}");
    screen.keys("<c-u>coffee<enter><enter>");
    assert!(screen.text().contains("‹ in my browser ›"), "{}", screen.text());
    screen.keys("<right>");
    assert!(screen.text().contains("‹ elsewhere; I paste"), "{}", screen.text());
    let effects = screen.keys("<enter>");
    let [Effect::Authorize(request)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(request.way, Way::Paste);
}

#[test]
fn a_key_is_typed_masked_and_asked_for_by_name() {
    let mut screen = screen(80, 24);
    screen.keys("3/openai<enter>n");
    let text = screen.text();
    assert!(text.contains("New config for OpenAI") && !text.contains("Client id"), "no client is asked for: {text}");
    let effects = screen.keys("<enter>");
    let [Effect::MakeConfig(new)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((new.client_id.as_str(), &new.client_secret), ("", &None));
    let config = Config { client_id: String::new(), ..config("openai", "openai", &[]) };
    screen.send(Message::ConfigMade(Box::new(config)));
    assert!(screen.text().contains("API key"), "{}", screen.text());
    assert_eq!(screen.keys("main<enter><enter><enter>"), [], "the key is empty");
    assert!(screen.text().contains("it is empty"), "{}", screen.text());
    screen.send(Message::Pasted(Secret::new("sk-canary\n")));
    assert!(!screen.text().contains("canary") && screen.text().contains("•••"), "{}", screen.text());
    let effects = screen.keys("<enter><enter>");
    let [Effect::Enter(request)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((request.fields["api_key"].expose(), request.unverified), ("sk-canary", false));
    assert!(!format!("{effects:?}").contains("canary"));
    screen.keys("<esc><esc><enter>");
    let text = screen.text();
    assert!(text.contains("OpenAI") && !text.contains("redirect URI") && !text.contains("public client"), "{text}");
    screen.keys("<esc>a");
    assert!(screen.text().contains("under openai"), "what was just made is selected: {}", screen.text());
}

fn waits_for_device() -> Message {
    let page = url::Url::parse("https://github.com/login/device").unwrap();
    let complete = url::Url::parse("https://github.com/login/device?user_code=WDJB-MJHT").unwrap();
    Message::Waits(Box::new(hallpass::service::connect::Waiting {
        connection: reference("github/jane"),
        url: complete.clone(),
        redirect_uri: "http://localhost:3003/oauth/callback".to_owned(),
        deadline: now() + Duration::from_mins(15),
        browser: Err(BrowserError::NotWanted),
        listens: false,
        is_relayed: false,
        certificate: None,
        device: Some(DeviceCode {
            user_code: "WDJB-MJHT".to_owned(),
            verification_uri: page,
            verification_uri_complete: Some(complete),
        }),
    }))
}

#[test]
fn a_device_code_is_shown_large_with_its_address_and_a_picture_where_there_is_room() {
    for (width, height) in [(120, 40), (80, 24), (60, 20), (40, 12)] {
        let mut screen = screen(width, height);
        screen.send(waits_for_device());
        let text = screen.text();
        assert!(text.contains("WDJB-MJHT") && text.contains("https://github.com/login/device"), "{width}:\n{text}");
        assert!(text.contains("15m left") && text.contains("cancel"), "{width}x{height}:\n{text}");
        assert!(height < 20 || text.contains("█ █ █▀▄"), "the code is large:\n{text}");
        assert_eq!(
            text.contains("█▀▀▀▀▀█") || text.contains("▄▄▄▄▄"),
            width >= 80 && height >= 20,
            "{width}x{height}:\n{text}"
        );
    }
    let mut screen = screen(80, 24);
    screen.send(waits_for_device());
    assert_eq!(screen.keys("u"), [Effect::CopyText("the code", "WDJB-MJHT".to_owned())]);
    assert_eq!(screen.send(Message::Pasted(Secret::new("x"))), [], "nothing is pasted there");
    assert_eq!(screen.keys("<esc>"), [Effect::Cancel, Effect::Load]);
}

#[test]
fn a_device_code_is_offered_only_where_there_is_one() {
    for (connection, is_offered) in [("github/work", true), ("slack/team", false)] {
        let mut screen = screen(80, 24);
        let Message::Waits(mut known) = waiting() else { panic!("it waits") };
        known.connection = reference(connection);
        screen.send(Message::Waits(known));
        assert_eq!(screen.text().contains("device code"), is_offered, "{connection}: {}", screen.text());
    }
}

#[test]
fn an_authorization_that_waits_can_go_on_by_a_device_code() {
    let mut screen = screen(80, 24);
    let effects = screen.keys("a");
    let [Effect::Authorize(request)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(request.way, Way::Browser);
    screen.send(waiting());
    let effects = screen.keys("d");
    let [Effect::Cancel, Effect::Authorize(request)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(request.way, Way::Device);
}

#[test]
fn a_device_code_that_waits_can_go_on_in_the_browser() {
    let mut screen = screen(120, 40);
    screen.keys("a");
    screen.send(waits_for_device());
    assert!(screen.text().contains("d use the browser instead"), "{}", screen.text());
    let effects = screen.keys("d");
    let [Effect::Cancel, Effect::Authorize(request)] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((&request.connection, request.way), (&reference("github/jane"), Way::Browser));
}

#[test]
fn while_it_waits_the_screen_says_where_for_how_long_and_what_can_be_done() {
    for (width, height) in [(120, 40), (80, 24), (40, 12)] {
        let mut screen = screen(width, height);
        screen.send(waiting());
        screen.send(Message::Ticked(now() + Duration::from_secs(13)));
        let text = screen.text();
        assert!(text.contains("13s gone · 4m 47s left"), "{width}x{height}:\n{text}");
        assert!(text.contains("https://github.com/login"), "{text}");
    }
    let mut screen = screen(80, 24);
    screen.send(waiting());
    assert!(screen.text().contains("http://localhost:3003/oauth/callback"), "{}", screen.text());
    assert!(matches!(screen.keys("c").as_slice(), [Effect::CopyText("the address", _)]));
    assert!(matches!(screen.keys("o").as_slice(), [Effect::OpenPage(_)]));
    let address = "http://localhost:3003/oauth/callback?code=canary&state=y";
    assert_eq!(screen.send(Message::Pasted(Secret::new(address))), [Effect::Paste(Secret::new(address))]);
    assert_eq!(screen.keys("pabc<enter>"), [Effect::Paste(Secret::new("abc"))]);
    screen.send(Message::PasteRefused(Error::usage("that is not a URL")));
    assert!(screen.text().contains("that is not a URL"));
    assert_eq!(screen.keys("<esc>"), [Effect::Cancel, Effect::Load]);
    assert!(!screen.text().contains("Authorizing"));
}

#[test]
fn the_whole_address_stands_there_where_it_fits() {
    for (width, height) in [(120, 40), (80, 24), (60, 20)] {
        let mut screen = screen(width, height);
        screen.send(waiting());
        let text = screen.text();
        let inside = |line: &str| Some(line.split_once('│')?.1.split_once('│')?.0.trim().to_owned());
        let whole: String = text.lines().filter_map(inside).collect();
        let Message::Waits(waiting) = waiting() else { unreachable!("it waits") };
        assert!(whole.contains(waiting.url.as_str()), "{width}x{height}:\n{text}");
    }
}

#[test]
fn the_frame_says_where_there_is_more_to_scroll_to() {
    let mut screen = screen(80, 24);
    screen.keys("?");
    assert!(screen.text().contains(" ↓ ──┘") && !screen.text().contains(" ↑ "), "{}", screen.text());
    screen.keys("j");
    assert!(screen.text().contains(" ↑ ↓ ──┘"), "{}", screen.text());
    screen.keys("G");
    assert!(screen.text().contains(" ↑ ──┘"), "{}", screen.text());
}

#[test]
fn an_error_stays_until_it_is_dismissed_with_its_cause_and_its_hint() {
    let mut screen = screen(80, 24);
    let mut error = Error::new(Kind::Provider, "the provider refused: redirect_uri_mismatch")
        .hinted("register `http://localhost:3003/oauth/callback`");
    error.causes.push("the provider explains it at https://x.example".to_owned());
    assert_eq!(
        screen.send(Message::Failed(error, Box::new(Effect::Load))),
        [],
        "what cannot be read is not read again and again"
    );
    screen.send(Message::Ticked(now() + Duration::from_mins(1)));
    let text = screen.text();
    assert!(
        text.contains("✗ the provider refused")
            && text.contains("because the provider explains")
            && text.contains("→ register"),
        "{text}"
    );
    screen.keys("<esc>");
    assert!(!screen.text().contains("refused: redirect"));
}

#[test]
fn a_locked_vault_asks_for_its_passphrase_and_then_goes_on() {
    let mut screen = screen(80, 24);
    let copy = screen.keys("y").remove(0);
    let mut locked = Error::new(Kind::Vault, "the sealed vault needs its passphrase");
    locked.needs_passphrase = Some(Purpose::Open);
    screen.send(Message::Failed(locked.clone(), Box::new(copy.clone())));
    assert!(screen.text().contains("The sealed vault is locked"), "{}", screen.text());
    assert_eq!(screen.keys("wrong<enter>"), [Effect::Unlock(Secret::new("wrong"))]);
    screen.send(Message::Failed(
        Error::new(Kind::Vault, "the passphrase does not open this vault"),
        Box::new(Effect::Unlock(Secret::new("wrong"))),
    ));
    assert!(screen.text().contains("does not open this vault"), "{}", screen.text());
    assert_eq!(screen.keys("right<enter>"), [Effect::Unlock(Secret::new("right"))], "typed into an empty line");
    assert_eq!(screen.send(Message::Unlocked), [copy]);
    locked.needs_passphrase = Some(Purpose::Make);
    screen.send(Message::Failed(locked, Box::new(Effect::Load)));
    assert_eq!(screen.keys("one<enter>two<enter>"), []);
    assert!(screen.text().contains("the two differ"), "{}", screen.text());
}

#[test]
fn when_nothing_may_be_changed_no_key_changes_anything() {
    let mut screen = Screen::with(Start { may_change: false, ..fixture() });
    assert_eq!(screen.keys("d"), []);
    assert_eq!(screen.keys("rna2da3n"), []);
    let text = screen.text();
    assert!(text.contains("read-only") && !text.contains("delete"), "{text}");
}

#[test]
fn at_another_host_the_keys_are_gone_for_what_it_does_not_do() {
    let mut screen = Screen::with(Start { host: Some("nango.example"), ..fixture() });
    assert!(screen.text().contains("at nango.example"), "{}", screen.text());
    assert_eq!(screen.keys("as"), [], "it is authorized there, and this machine does not serve it");
    screen.keys("d");
    let text = screen.text();
    assert!(text.contains("leave nango.example") && !text.contains("revoke and delete"), "{text}");
    assert_eq!(screen.keys("R"), []);
    assert!(!screen.keys("dy").is_empty(), "deleting is offered");
}

#[test]
fn details_stand_beside_the_list_or_are_a_screen_of_their_own() {
    let wide = screen(120, 40).text();
    assert!(wide.contains("asked    granted  scope") && wide.contains("History"), "{wide}");
    let mut narrow = screen(60, 20);
    assert!(!narrow.text().contains("granted"));
    narrow.keys("jjj<enter>");
    assert!(narrow.text().contains("invalid_grant"), "{}", narrow.text());
    narrow.keys("<esc>");
    assert!(narrow.text().contains("google/calendar-bot"));
}

#[test]
fn the_help_shows_every_key_even_where_it_must_be_scrolled() {
    let mut screen = screen(80, 24);
    screen.keys("?");
    let mut seen = String::new();
    for _ in 0..110 {
        seen.push_str(&screen.text());
        screen.keys("<down>");
    }
    for entry in hallpass::tui::keys::TABLE {
        assert!(seen.contains(entry.label), "{}", entry.label);
    }
    screen.keys("x");
    assert!(!screen.text().contains("Every key"));
}

#[test]
fn the_footer_fits_and_keeps_what_matters_most() {
    for width in [40, 60, 80, 100, 120] {
        let screen = screen(width, 24);
        let foot = screen.text().lines().last().unwrap().to_owned();
        assert!(foot.contains("? keys") && foot.contains("q quit"), "{width}: {foot}");
        assert!(width < 60 || foot.contains("y copy"), "{width}: {foot}");
    }
}

#[test]
fn a_screen_that_is_too_small_says_so_in_one_line() {
    let mut screen = screen(39, 12);
    assert_eq!(screen.text().trim(), "hallpass needs 40×12");
    screen.resize(1, 1);
    screen.resize(0, 0);
    screen.resize(200, 60);
    assert!(screen.text().contains("github/jane"));
}

#[test]
fn what_another_process_changed_is_shown_and_the_selection_stays() {
    let mut screen = screen(120, 40);
    screen.keys("jjj");
    let mut lists = fixture().lists;
    lists.connections.insert(0, connection("airtable/new", "github", None, &[]));
    screen.send(Message::Loaded(Box::new(lists)));
    assert!(screen.text().contains("airtable/new"));
    assert_eq!(screen.keys("r"), [Effect::Refresh(vec![reference("hubspot/acme")])]);
}

#[test]
fn ctrl_c_leaves_from_anywhere() {
    for keys in ["", "/abc", "?", "jd", "3/github<enter>n", "2a", "Y"] {
        let mut screen = screen(80, 24);
        screen.keys(keys);
        assert_eq!(screen.keys("<c-c>"), [Effect::Quit], "{keys}");
    }
}

#[test]
fn time_ticks_only_while_something_on_the_screen_moves() {
    let still = Screen::with(Start {
        lists: Lists { connections: vec![connection("github/jane", "github", None, &[])], ..Lists::default() },
        ..fixture()
    });
    assert_eq!(still.app().next_tick(), None);
    assert_eq!(screen(80, 24).app().next_tick(), Some(Duration::from_secs(1)), "48 seconds are left to one of them");
}

/// What nobody should be able to put on a screen.
const BAD: &str = "\u{1b}]0;owned\u{7}\u{202e}evil\u{9b}31m日本語👩‍👩‍👧\n\t";

fn hostile() -> Lists {
    let bad = BAD;
    let mut connection = connection("github/日本語 👩‍👩‍👧 %2F", "github", Some(30), &[bad]);
    connection.variables.insert(bad.to_owned(), bad.to_owned());
    connection.problem = Some(hallpass::model::Problem {
        kind: hallpass::model::ProblemKind::Transient,
        reason: bad.to_owned(),
        at: now(),
    });
    let mut lists = fixture().lists;
    lists.connections.push(connection);
    lists.connections.sort_by(|one, other| one.reference.cmp(&other.reference));
    bad.clone_into(&mut lists.configs[0].client_id);
    bad.clone_into(&mut lists.activity[0].detail);
    lists
}

#[test]
fn the_server_is_started_and_stopped_by_one_key_and_an_open_one_is_always_said() {
    use hallpass::backend::AboutServer;
    let mut screen = Screen::with(fixture());
    assert_eq!(screen.keys("s"), [Effect::StartServer]);
    let about = AboutServer {
        url: "http://localhost:3003".to_owned(),
        callback: "http://localhost:3003/oauth/callback".to_owned(),
        needs_key: false,
        listens_on: None,
        https: None,
    };
    screen.send(Message::Serving(Some(about.clone())));
    assert!(screen.text().contains("serving localhost:3003 · no key"), "{}", screen.text());
    assert!(screen.text().contains("every program of this machine gets tokens"), "{}", screen.text());
    for (width, height) in [(80, 24), (60, 20), (40, 12)] {
        screen.resize(width, height);
        assert!(screen.text().lines().next().unwrap().contains("no key"), "{}", screen.text());
    }
    assert_eq!(screen.keys("q"), [], "programs may be using it");
    assert!(screen.text().contains("Leave, and end the server?"), "{}", screen.text());
    assert_eq!(screen.keys("x"), []);
    assert_eq!(screen.keys("qq"), [Effect::Quit]);
    assert_eq!(screen.keys("s"), [Effect::StopServer]);
    screen.send(Message::Serving(Some(AboutServer { needs_key: true, ..about })));
    assert!(!screen.text().contains("no key"), "{}", screen.text());
    screen.send(Message::Serving(None));
    assert!(!screen.text().contains("serving localhost"), "{}", screen.text());
}
