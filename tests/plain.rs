use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::player::{Player, Reply};
use crate::support::program::{Home, Said, SandboxProcess, configure, connect, said};
use crate::support::{Decision, consent, visit};

/// Longer than any of these may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A session by lines, with what it wrote until now.
struct Lines {
    child: Child,
    input: Option<ChildStdin>,
    written: Arc<Mutex<Vec<u8>>>,
    read: usize,
}

impl Lines {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).env("TERM", "dumb").spawn().unwrap();
        let written: Arc<Mutex<Vec<u8>>> = Arc::default();
        let (mut out, sink) = (child.stdout.take().unwrap(), written.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = out.read(&mut buffer) {
                sink.lock().unwrap().extend_from_slice(&buffer[..length]);
            }
        });
        let input = child.stdin.take();
        Self { child, input, written, read: 0 }
    }

    fn at(home: &Home) -> Self {
        let mut command = home.command();
        command.arg("--plain");
        Self::start(command)
    }

    /// Returns all that was written up to `text`, which is waited for.
    #[track_caller]
    fn until(&mut self, text: &str) -> String {
        let started = Instant::now();
        loop {
            let written = String::from_utf8_lossy(&self.written.lock().unwrap()[self.read..]).into_owned();
            if let Some(at) = written.find(text) {
                self.read += at + text.len();
                return written[..at + text.len()].to_owned();
            }
            assert!(started.elapsed() < PATIENCE, "`{text}` is not in {written}");
            std::thread::yield_now();
        }
    }

    /// Types a line where a question stands that ends so, and returns what came before.
    #[track_caller]
    fn answer(&mut self, question: &str, line: &str) -> String {
        let before = self.until(question);
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
        before
    }

    /// Ends the input, and returns all that was ever written.
    #[track_caller]
    fn end(mut self) -> Said {
        drop(self.input.take());
        self.until("Goodbye.");
        let mut all = said(self.child.wait_with_output().unwrap()).ok();
        all.out = String::from_utf8(self.written.lock().unwrap().clone()).unwrap();
        for character in all.out.chars() {
            let draws =
                matches!(character, '\u{2500}'..='\u{259f}' | '\u{25a0}'..='\u{25ff}' | '\u{2700}'..='\u{27bf}');
            assert!(character == '\n' || !character.is_control() && !draws, "{character:?} in {}", all.out);
        }
        all
    }
}

const COMMAND: &str = "Command: ";

#[test]
fn a_session_begins_with_what_there_is_and_says_what_can_be_typed() {
    let home = Home::new();
    let mut lines = Lines::at(&home);
    let first = lines.answer(COMMAND, "?");
    assert!(first.contains("at this machine.") && first.contains("There is no connection yet."), "{first}");
    let help = lines.answer(COMMAND, "nonsense");
    for word in ["list, or l:", "copy, or c:", "quit, or q:", "cancel"] {
        assert!(help.contains(word), "{word}: {help}");
    }
    assert!(lines.answer(COMMAND, "cancel").contains("There is no command nonsense"));
    assert!(lines.answer(COMMAND, "new").contains("nothing to cancel"));
    assert!(lines.answer(COMMAND, "q").contains("There is no config yet"));
    lines.end();
    assert!(!home.data().exists(), "looking makes nothing");
}

#[tokio::test]
async fn a_config_is_made_and_a_connection_authorized_by_a_pasted_address() {
    let home = Home::new();
    let _sandbox = SandboxProcess::start(&home, &[]);
    let mut lines = Lines::at(&home);
    lines.answer(COMMAND, "config");
    lines.answer("Provider, a few letters are enough: ", "?");
    assert!(lines.answer("Provider, a few letters are enough: ", "qjxqz").contains("Type a few letters"));
    assert!(lines.answer("Provider, a few letters are enough: ", "sandbox").contains("No provider"));
    lines.answer("A key for the config (enter takes sandbox): ", "a/b");
    assert!(lines.answer("A key for the config (enter takes sandbox): ", "work").contains("is not a config key"));
    lines.answer("Client id: ", "sandbox-client");
    lines.answer("Client secret; nothing for a public client: ", "sandbox-secret");
    lines.answer("Scopes; nothing for the usual ones: ", "read,write");
    let ready = lines.answer("Authorize a connection under it now? yes or no (enter takes yes): ", "");
    assert!(
        ready.contains("The config work is ready.") && ready.contains("http://localhost:3003/oauth/callback"),
        "{ready}"
    );
    lines.answer("An id for the connection (enter takes default): ", "jane");
    let places = lines.until("(enter takes 1): ");
    let paste = places.lines().find(|line| line.contains("I paste")).unwrap().split('.').next().unwrap().to_owned();
    writeln!(lines.input.as_mut().unwrap(), "{paste}").unwrap();
    let told = lines.until("cancel gives up.");
    let address = told.lines().find(|line| line.starts_with("http")).unwrap();
    let ended = consent(&url::Url::parse(address).unwrap(), Decision::Allow).await;
    writeln!(lines.input.as_mut().unwrap(), "http://localhost:3003/oauth/callback?code=x&state=wrong").unwrap();
    lines.until("That did not work: ");
    writeln!(lines.input.as_mut().unwrap(), "{ended}").unwrap();
    let authorized = lines.answer(COMMAND, "list");
    assert!(
        authorized.contains("work/jane is authorized: good for")
            || authorized.contains("work/jane is authorized: ends in"),
        "{authorized}"
    );
    assert!(lines.answer(COMMAND, "details 1").contains("1. work/jane, sandbox: "));
    let details = lines.answer(COMMAND, "refresh work/jane");
    assert!(
        details.contains("Scopes granted: read, write.") && details.contains("Refreshed by: a refresh token."),
        "{details}"
    );
    assert!(lines.answer(COMMAND, "recent").contains("work/jane has a new token"));
    assert!(lines.answer(COMMAND, "copy 1 nonsense").contains("refreshed work/jane, done"));
    assert!(lines.answer(COMMAND, "copy 1").contains("There is no form nonsense"));
    // Nothing can be copied here: the terminal would show it.
    assert!(lines.answer(COMMAND, "copy 7").contains("TERM=dumb"));
    assert!(lines.answer(COMMAND, "delete 1").contains("That did not work: "));
    lines.answer("Delete work/jane from this machine? yes or no (enter takes no): ", "");
    assert!(lines.answer(COMMAND, "delete 1").contains("work/jane stays."));
    lines.answer("Delete work/jane from this machine? yes or no (enter takes no): ", "yes");
    lines.answer("yes or no (enter takes no): ", "yes");
    assert!(lines.answer(COMMAND, "quit").contains("The provider ended its tokens."));
    let said = lines.end();
    assert!(!said.out.contains("sbx_") && !said.out.contains("sandbox-secret"), "{}", said.out);
    assert_eq!(home.run(&["--json", "connection", "list"]).ok().json(), json!([]));
}

#[tokio::test]
async fn the_answer_may_come_through_the_browser_while_a_line_is_waited_for() {
    let home = Home::new();
    let _sandbox = SandboxProcess::start(&home, &[]);
    configure(&home);
    let mut lines = Lines::at(&home);
    lines.answer(COMMAND, "new sandbox");
    lines.answer("An id for the connection", "jane");
    lines.answer("(enter takes 1): ", "");
    let told = lines.until("cancel gives up.");
    let address = told.lines().find(|line| line.starts_with("http")).unwrap();
    visit(&url::Url::parse(address).unwrap(), Decision::Allow).await;
    lines.until("sandbox/jane is authorized: ");
    // The line that was waited for meanwhile is the next command.
    lines.answer(COMMAND, "details sandbox/jane");
    lines.until("Connection: sandbox/jane.");
    lines.end();
}

const DEVICE: &str = "name = \"Acme\"\n[oauth2]\nauthorization_endpoint = \"{base}/authorize\"\ntoken_endpoint = \"{base}/token\"\ndevice_authorization_endpoint = \"{base}/device\"\n";

#[test]
fn a_device_code_is_told_letter_by_letter_and_waiting_can_be_given_up() {
    let mut is_entered = false;
    let code = json!({
        "device_code": "device-canary", "user_code": "AB-12", "interval": 1, "expires_in": 600,
        "verification_uri": "http://127.0.0.1/activate",
    });
    let player = Player::start(move |seen| match seen.path.as_str() {
        "/device" => Reply::json(200, &code),
        _ if std::mem::replace(&mut is_entered, true) => {
            Reply::json(200, &json!({"access_token": "a-canary", "token_type": "bearer"}))
        }
        _ => Reply::json(400, &json!({"error": "authorization_pending"})),
    });
    let home = Home::new();
    home.provider("acme", &DEVICE.replace("{base}", &player.base()));
    home.run(&["config", "create", "acme", "acme", "me", "--public"]).ok();
    let mut lines = Lines::at(&home);
    for is_given_up in [true, false] {
        lines.answer(COMMAND, "new acme");
        lines.answer("An id for the connection", "phone");
        // No browser can be opened here, and so a code is what enter takes.
        assert!(lines.answer("(enter takes 1): ", "").contains("1. on another device, with a code"));
        let told = lines.until("cancel gives up.");
        assert!(told.contains("enter this code: AB-12\nLetter by letter: A, B, dash, 1, 2.\n"), "{told}");
        if is_given_up {
            lines.answer("", "?");
            lines.until("AB-12");
            lines.answer("cancel gives up.", "cancel");
            lines.until("Cancelled.");
        }
    }
    lines.until("acme/phone is authorized: good, without an end.");
    assert!(!lines.end().out.contains("canary"));
}

#[tokio::test]
async fn a_refused_connection_says_what_mends_it_and_hostile_names_say_nothing_else() {
    let home = Home::new();
    let _sandbox = SandboxProcess::start(&home, &["--lifetime", "0s", "--weather", "invalid-grant"]);
    configure(&home);
    let hostile = "a\u{202e}b;$(id)";
    connect(&home, &["sandbox", hostile], Decision::Allow).await.ok();
    let mut lines = Lines::at(&home);
    let list = lines.answer(COMMAND, "refresh 1");
    assert!(list.contains("1. sandbox/ab;$(id), sandbox: "), "{list}");
    let refused = lines.answer(COMMAND, "details 1");
    assert!(refused.contains("That did not work: ") && refused.contains("What mends it: "), "{refused}");
    let details = lines.answer(COMMAND, "copy");
    assert!(details.contains("State: must be authorized again.") && details.contains("Problem: "), "{details}");
    lines.answer("Which connection: ", "?");
    assert!(lines.answer("Which connection: ", &format!("sandbox/{hostile}")).contains("Type the number"));
    lines.answer(COMMAND, "\u{1b}[31mred\u{9b}x");
    assert!(lines.until(COMMAND).contains("There is no command [31mredx."));
    lines.end();
}

#[test]
fn the_key_of_a_client_that_signs_is_read_from_the_file_that_is_named() {
    let home = Home::new();
    let mut lines = Lines::at(&home);
    lines.answer(COMMAND, "config");
    lines.answer("Provider", "okta-cc");
    lines.answer("A key for the config", "");
    lines.answer("Client id: ", "the-id");
    lines.answer("Private key in PEM; @FILE reads it from a file: ", "@/nowhere/key.pem");
    lines.answer("Scopes", "");
    assert!(lines.answer(COMMAND, "q").contains("the file `/nowhere/key.pem` of `the client` cannot be read"));
    lines.end();
}

#[test]
fn a_key_is_typed_and_what_may_be_done_depends_on_where_one_is() {
    let home = Home::new();
    home.provider("keyed", "name = \"Keyed\"\n[api_key]\n[api]\nbase_url = \"https://keyed.example\"\n");
    home.run(&["config", "create", "work", "keyed"]).ok();
    let mut lines = Lines::at(&home);
    lines.answer(COMMAND, "new");
    assert!(lines.answer("Under which config (enter takes 1): ", "1").contains("1. work, keyed"));
    lines.answer("An id for the connection", "main");
    lines.answer("API key: ", "key-canary");
    assert!(lines.answer(COMMAND, "q").contains("work/main is authorized: good, without an end."));
    assert!(!lines.end().out.contains("canary"));
    let mut command = home.command();
    command.args(["--plain", "--read-only"]);
    let mut lines = Lines::start(command);
    lines.answer(COMMAND, "delete 1");
    assert!(lines.answer(COMMAND, "?").contains("read-only"));
    assert!(!lines.until(COMMAND).contains("delete, or x"));
    lines.end();
}

#[test]
fn the_environment_and_the_settings_open_it_too_and_a_dumb_terminal_names_it() {
    let home = Home::new();
    let opens = |name: &str, value: &str| {
        let mut command = home.command();
        let said = said(command.env(name, value).output().unwrap());
        (said.code, said.out.contains("by lines"))
    };
    assert_eq!(opens("HALLPASS_PLAIN", "1"), (0, true));
    assert_eq!(opens("ACCESSIBLE", "1"), (0, true));
    assert_eq!(opens("HALLPASS_PLAIN", "maybe"), (2, false));
    assert_eq!(opens("ACCESSIBLE", "0"), (2, false));
    hallpass::settings::private::folder(&home.data()).unwrap();
    std::fs::write(home.data().join("settings.toml"), "plain = true\n").unwrap();
    assert_eq!(opens("TERM", "dumb"), (0, true));
    assert_eq!(opens("HALLPASS_PLAIN", "0"), (2, false));
    assert!(Home::new().run(&[]).fails_with(2).err.contains("hallpass --plain"));
}
