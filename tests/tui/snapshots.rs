//! Every screen in every state that a user can reach by keys: its text and its styles, wide, usual and narrow.
//! `INSTA_UPDATE=always cargo test snapshots` writes them anew; they are read before they are committed.

use std::time::Duration;

use hallpass::backend::AboutServer;
use hallpass::model::{Secret, Time};
use hallpass::service::connections::Deleted;
use hallpass::service::doctor::{Finding, Wellness};
use hallpass::service::inspect::{IdToken, Inspection, Introspected};
use hallpass::service::vaults::Purpose;
use hallpass::service::who_am_i::WhoAmI;
use hallpass::service::{Error, Kind};
use hallpass::tui::Look;
use hallpass::tui::effect::Effect;
use hallpass::tui::message::{Lists, Message};
use hallpass::tui::theme::Theme;
use serde_json::{Map, Value, json};

use super::activity::steps;
use super::sandbox::stay;
use super::{hostile, reference, waiting, waits_for_device};
use crate::support::dump::dump;
use crate::support::screen::{Screen, Start, connection, empty, fixture, look, now};

/// The sizes: details beside the list, below each other, and the smallest there is.
const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (40, 12)];

/// Compares a state at every size with what was written down.
fn snapshot(name: &str, start: &Start, play: fn(&mut Screen)) {
    let shown = SIZES.map(|(width, height)| {
        let mut screen = Screen::with(start.clone().sized(width, height));
        play(&mut screen);
        dump(screen.buffer())
    });
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, shown.join("\n"));
    });
}

/// A test for each state, and their names.
macro_rules! states {
    ($($name:ident: $start:expr, $play:expr;)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(#[test]
        fn $name() {
            snapshot(stringify!($name), &$start, $play);
        })*
    };
}

fn press(screen: &mut Screen, keys: &str) {
    screen.keys(keys);
}

fn after(time: Duration) -> Message {
    Message::Ticked(now() + time)
}

fn with_theme(name: &str) -> Start {
    let themes = Theme::all(&[], true).unwrap();
    Start { look: Some(Look { theme: themes[name], ..look(true) }), ..fixture() }
}

fn server(needs_key: bool) -> Message {
    Message::Serving(Some(AboutServer {
        url: "http://localhost:3003".to_owned(),
        callback: "http://localhost:3003/oauth/callback".to_owned(),
        needs_key,
        listens_on: None,
        https: None,
    }))
}

fn fields(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn inspection() -> Message {
    let ends: Time = now() + Duration::from_mins(45);
    let claims = json!({"iss": "https://accounts.google.com", "aud": "google-3f9a0c", "sub": "1042", "iat": now().timestamp() - 900, "exp": ends.timestamp(), "email": "jane@example.com"});
    Message::Inspected(Box::new(Inspection {
        connection: connection("google/calendar-bot", "google", Some(2_745), &["email", "openid"]),
        format: "JWT",
        masked: "eyJh•••9f3c".to_owned(),
        fingerprint: "60c71d24".to_owned(),
        token_type: "Bearer".to_owned(),
        expires_at: Some(ends),
        header: Some(fields(&json!({"alg": "RS256", "kid": "a1"}))),
        claims: Some(fields(&claims)),
        introspection: Some(Introspected { is_active: true, fields: fields(&json!({"scope": "email openid"})) }),
        id_token: Some(IdToken { claims: fields(&claims), doubt: Some("its signature is wrong".to_owned()) }),
        warnings: vec!["it was issued 3m in the future: check this machine's clock".to_owned()],
    }))
}

fn who() -> Message {
    Message::Identified(Box::new(WhoAmI {
        connection: reference("github/jane"),
        call: "GET /user".to_owned(),
        fields: fields(&json!({"login": "jane", "id": 1042, "plan": {"name": "pro"}})),
    }))
}

fn findings() -> Message {
    let finding = |what, wellness, found: &str, mend: Option<&str>| Finding {
        what,
        wellness,
        found: found.to_owned(),
        mend: mend.map(str::to_owned),
    };
    Message::Examined(vec![
        finding("vault", Wellness::Well, "keychain", None),
        finding(
            "browser",
            Wellness::Odd,
            "this is a session over SSH",
            Some("`hallpass connect … --paste` needs none here"),
        ),
        finding("store", Wellness::Ill, "its file cannot be written", Some("look at its permissions")),
    ])
}

fn refused() -> Message {
    let mut error = Error::new(Kind::AuthorizationNeeded, "the provider refused the refresh (invalid_grant)")
        .hinted("authorize it again with `hallpass connect hubspot acme`");
    error.causes.push("the provider explains it at https://developers.hubspot.example/invalid-grant".to_owned());
    Message::Failed(error, Box::new(Effect::Reveal(reference("hubspot/acme"))))
}

fn locked(screen: &mut Screen, purpose: Purpose) {
    let copy = screen.keys("y").remove(0);
    let mut error = Error::new(Kind::Vault, "the sealed vault needs its passphrase");
    error.needs_passphrase = Some(purpose);
    screen.send(Message::Failed(error, Box::new(copy)));
}

fn deleted(screen: &mut Screen) {
    screen.keys("jjjdy");
    let outcome = (reference("hubspot/acme"), Ok(Deleted { revocation: None }));
    screen.send(Message::ConnectionsDeleted(vec![outcome], true));
}

fn only_configs() -> Start {
    Start { lists: Lists { connections: Vec::new(), ..fixture().lists }, ..fixture() }
}

states! {
    // Connections
    connections: fixture(), |_| {};
    connections_refused: fixture(), |screen| press(screen, "jjj");
    connections_with_variables: fixture(), |screen| press(screen, "jjjjj");
    connections_fewer_scopes: fixture(), |screen| press(screen, "jjjjjj");
    connections_stale: fixture(), |screen| press(screen, "G");
    connections_filtering: fixture(), |screen| press(screen, "/goog");
    connections_filtered: fixture(), |screen| press(screen, "/goog<enter>");
    connections_nothing_matches: fixture(), |screen| press(screen, "/qqq");
    connections_sorted: fixture(), |screen| press(screen, "S");
    connections_reversed: fixture(), |screen| press(screen, "SSSR");
    connections_grouped: fixture(), |screen| press(screen, "zg");
    connections_marked: fixture(), |screen| press(screen, "<space>j<space>");
    connections_details: fixture(), |screen| press(screen, "jjj<enter>");
    connections_details_scrolled: fixture(), |screen| press(screen, "jjjjjj<enter>G");
    connections_none: only_configs(), |_| {};
    connections_nothing_selected: only_configs(), |screen| press(screen, "y");
    connections_hostile: Start { lists: hostile(), ..fixture() }, |screen| press(screen, "j");
    first_run: empty(), |_| {};
    // What is done with one
    copy_as: fixture(), |screen| press(screen, "jY<down>");
    copying: fixture(), |screen| { press(screen, "jy"); screen.send(after(Duration::from_millis(250))); };
    copying_without_motion: Start { look: Some(Look { moves: false, ..look(true) }), ..fixture() }, |screen| { press(screen, "jy"); screen.send(after(Duration::from_millis(250))); };
    not_waited_for: fixture(), |screen| { press(screen, "jy"); screen.send(after(Duration::from_millis(250))); press(screen, "<esc>"); };
    refreshed: fixture(), |screen| { screen.send(Message::Refreshed(vec![(reference("slack/team"), None)])); };
    refreshed_in_part: fixture(), |screen| { screen.send(Message::Refreshed(vec![(reference("slack/team"), None), (reference("hubspot/acme"), Some(Error::new(Kind::Provider, "it refused").hinted("authorize it again")))])); };
    refused_with_what_was_sent: fixture(), |screen| { screen.send(refused()); };
    inspecting: fixture(), |screen| { screen.send(inspection()); };
    inspecting_scrolled: fixture(), |screen| { screen.send(inspection()); press(screen, "<pagedown>"); };
    who_am_i: fixture(), |screen| { screen.send(who()); };
    revealed: fixture(), |screen| { screen.send(Message::Revealed(reference("github/jane"), Secret::new("gho_canary"))); };
    renaming: fixture(), |screen| press(screen, "m");
    renaming_refused: fixture(), |screen| { let effects = screen.keys("jm<c-u>x y<enter>"); screen.send(Message::Failed(Error::usage("there is a connection `google/x y` already"), Box::new(effects[0].clone()))); };
    deleting: fixture(), |screen| press(screen, "jd");
    deleting_several: fixture(), |screen| press(screen, "*d");
    deleted_with_undo: fixture(), deleted;
    nothing_was_deleted: fixture(), |screen| press(screen, "dn");
    // Authorizing
    authorizing_again_with_scopes: fixture(), |screen| press(screen, "A");
    authorizing_a_key: fixture(), |screen| press(screen, "3/openai<enter>n");
    authorizing_anew: fixture(), |screen| press(screen, "2a");
    choosing_scopes: fixture(), |screen| press(screen, "A<c-s>gist<space>");
    waiting_for_the_browser: fixture(), |screen| { screen.send(waiting()); screen.send(after(Duration::from_secs(13))); };
    waiting_for_a_paste: fixture(), |screen| { screen.send(waiting()); press(screen, "pabc"); };
    waiting_after_a_bad_paste: fixture(), |screen| { screen.send(waiting()); screen.send(Message::PasteRefused(Error::usage("that is not a URL").hinted("copy all of the address"))); };
    waiting_for_a_device: fixture(), |screen| { screen.send(waits_for_device()); };
    authorization_cancelled: fixture(), |screen| { screen.send(waiting()); press(screen, "<esc>"); };
    // The vault
    passphrase: fixture(), |screen| locked(screen, Purpose::Open);
    passphrase_refused: fixture(), |screen| { locked(screen, Purpose::Open); let effects = screen.keys("wrong<enter>"); screen.send(Message::Failed(Error::new(Kind::Vault, "the passphrase does not open this vault"), Box::new(effects[0].clone()))); };
    passphrase_for_a_new_vault: fixture(), |screen| { locked(screen, Purpose::Make); press(screen, "one<enter>two<enter>"); };
    // Configs
    configs: fixture(), |screen| press(screen, "2jjjjj");
    configs_none: empty(), |screen| press(screen, "2");
    configs_details: fixture(), |screen| press(screen, "2j<enter>");
    configs_sorted: fixture(), |screen| press(screen, "2SS");
    new_config: fixture(), |screen| press(screen, "3/github<enter>n");
    new_config_with_mistakes: fixture(), |screen| press(screen, "3/github<enter>n<up><c-u>bad key!<enter><enter><enter><enter><enter><enter>");
    editing_a_config: fixture(), |screen| press(screen, "2jje");
    another_config_like_it: fixture(), |screen| press(screen, "2jjD");
    renaming_a_config: fixture(), |screen| press(screen, "2jjm");
    deleting_a_config: fixture(), |screen| press(screen, "2jd");
    redirect_is_good: fixture(), |screen| { press(screen, "2"); screen.send(Message::RedirectChecked(Finding { what: "redirect", wellness: Wellness::Well, found: "http://localhost:3003/oauth/callback can be reached".to_owned(), mend: None })); };
    redirect_is_taken: fixture(), |screen| { press(screen, "2"); screen.send(Message::RedirectChecked(Finding { what: "redirect", wellness: Wellness::Ill, found: "port 3003 is taken by node (process 42)".to_owned(), mend: Some("end that program, or paste the address".to_owned()) })); };
    // Providers
    providers: fixture(), |screen| press(screen, "3");
    providers_filtering: fixture(), |screen| press(screen, "3/shop");
    providers_details: fixture(), |screen| press(screen, "3/slack<enter><enter>");
    providers_to_narrow: fixture(), |screen| press(screen, "3f");
    providers_narrowed: fixture(), |screen| press(screen, "3fdevice<enter>");
    // Activity
    activity: fixture(), |screen| press(screen, "4jj");
    activity_none: empty(), |screen| press(screen, "4");
    activity_details: fixture(), |screen| { press(screen, "4jj<enter>"); screen.send(Message::FlowRead(7, Vec::new())); };
    activity_narrowed: fixture(), |screen| press(screen, "4frefused<enter>");
    activity_followed: fixture(), |screen| press(screen, "4F");
    a_flow: fixture(), |screen| { screen.send(Message::FlowRead(9, steps())); };
    a_flow_scrolled: fixture(), |screen| { screen.send(Message::FlowRead(9, steps())); press(screen, "<pagedown>"); };
    // Settings and doctor
    settings: fixture(), |screen| press(screen, "5");
    settings_changed: fixture(), |screen| press(screen, "5/theme<enter><space>");
    doctor_looks: fixture(), |screen| { press(screen, "6"); screen.send(after(Duration::from_millis(250))); };
    doctor: fixture(), |screen| { press(screen, "6"); screen.send(findings()); };
    // In front of any
    help: fixture(), |screen| press(screen, "?");
    help_searched: fixture(), |screen| press(screen, "?/redirect");
    help_search_kept: fixture(), |screen| press(screen, "?/redirect<enter>");
    palette: fixture(), |screen| press(screen, ":");
    palette_nothing_matches: fixture(), |screen| press(screen, ":refrsehh");
    jump: fixture(), |screen| press(screen, "<c-k>goo");
    which_key: fixture(), |screen| { press(screen, "g"); screen.send(after(Duration::from_millis(600))); };
    messages: fixture(), |screen| { screen.send(refused()); press(screen, "<esc>SM"); };
    messages_none: fixture(), |screen| press(screen, "M");
    // Where it is, and what it may do
    serving: fixture(), |screen| { screen.send(server(true)); };
    serving_without_a_key: fixture(), |screen| { screen.send(server(false)); screen.send(after(Duration::from_secs(20))); };
    leaving_while_serving: fixture(), |screen| { screen.send(server(true)); press(screen, "q"); };
    read_only: Start { may_change: false, ..fixture() }, |_| {};
    another_host: Start { host: Some("nango.example"), ..fixture() }, |_| {};
    another_host_deleting: Start { host: Some("nango.example"), ..fixture() }, |screen| press(screen, "d");
    sandbox: empty(), |screen| { press(screen, "b"); screen.send(stay(true)); };
    sandbox_waiting: empty(), |screen| { press(screen, "b"); screen.send(stay(true)); screen.send(waiting()); };
    // How it looks
    theme_dark: with_theme("dark"), |screen| press(screen, "jjj");
    theme_light: with_theme("light"), |screen| press(screen, "jjj");
    theme_high_contrast: with_theme("high-contrast"), |screen| press(screen, "jjj");
    without_colors: Start { has_colors: false, ..fixture() }, |screen| press(screen, "jjj");
    ascii: Start { look: Some(Look { is_ascii: true, ..look(true) }), ..fixture() }, |screen| press(screen, "jjj");
}

#[test]
fn every_snapshot_has_its_state() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tui/snapshots");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        // What a test that fails leaves to be read is of none.
        if name.ends_with(".snap.new") {
            continue;
        }
        let state = name.strip_suffix(".snap").unwrap_or_default();
        assert!(NAMES.contains(&state), "{name} is of no state");
    }
}
