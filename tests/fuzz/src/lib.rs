//! What is done with each input, and what must hold whatever it is. The fuzzer calls these, and so
//! does `cargo test`, with the corpora.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use hallpass::auth::callback::{Expected, Verdict, judge, pasted_query};
use hallpass::auth::{Client, Registration, Transport, authorization_code, refresh};
use hallpass::catalog::{Catalog, check};
use hallpass::model::template::is_loopback;
use hallpass::model::{Credentials, ProviderId, Secret, TokenSet};
use hallpass::service::import::{ImportFile, ImportOptions};
use hallpass::service::{Kind, Machine, Service};
use hallpass::settings::{Environment, Overrides, Settings};
use hallpass::system::clock::FixedClock;
use hallpass::system::{Browser, BrowserError, Clipboard, ClipboardError, CopiedTo};
use hallpass::vault::VaultBackend;
use hallpass::vault::key::{self, Key, KeyRing};
use hallpass::vault::sealed::Sealed;
use serde_json::Value;

/// What is done with one input; it panics where something does not hold.
pub type Target = fn(&[u8]);

/// Every target, by name.
pub const TARGETS: [(&str, Target); 8] = [
    ("callback", callback),
    ("pasted_url", pasted_url),
    ("token_answer", token_answer),
    ("provider_file", provider_file),
    ("settings_file", settings_file),
    ("sealed_record", sealed_record),
    ("sealed_file", sealed_file),
    ("import_file", import_file),
];

/// What is shown to a person may hold no character that acts on a terminal.
fn is_harmless(text: &str) -> bool {
    text.chars().all(|character| !character.is_control() || character == '\n')
}

/// A folder that lives as long as the process.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("hallpass-fuzz-{name}-{}", std::process::id()));
    let _ = hallpass::settings::private::folder(&folder);
    folder
}

/// The query of a callback: nothing counts without the right state.
pub fn callback(data: &[u8]) {
    let Ok(query) = std::str::from_utf8(data) else { return };
    let expected = Expected {
        state: Secret::new("right"),
        issuer: Some("https://as.example".to_owned()),
        is_issuer_required: false,
        code_parameter: "code".to_owned(),
    };
    let states: Vec<String> = url::form_urlencoded::parse(data)
        .filter(|(name, _)| name == "state")
        .map(|(_, value)| value.into_owned())
        .collect();
    match judge(query, &expected) {
        Verdict::Stranger(_) => {}
        Verdict::Denied(refusal) => {
            assert_eq!(states, ["right"]);
            assert!(is_harmless(&refusal.to_string()));
        }
        Verdict::WrongIssuer(issuer) => {
            assert_eq!(states, ["right"]);
            assert!(is_harmless(&issuer));
        }
        Verdict::Code(code) => {
            assert_eq!(states, ["right"]);
            assert!(!code.is_empty());
        }
    }
}

/// A pasted address: only one of the redirect URI is taken.
pub fn pasted_url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match pasted_query(text, "http://localhost:3003/oauth/callback") {
        Ok(query) => assert!(!query.is_empty() && text.to_ascii_lowercase().contains("localhost")),
        Err(error) => assert!(is_harmless(&error.to_string())),
    }
}

/// A token endpoint that answers with the input: a whole HTTP answer, or, where the first byte says
/// so, a body of a good one. No token is invented, and no error shows what was sent.
pub fn token_answer(data: &[u8]) {
    static SERVER: LazyLock<(u16, Arc<Mutex<Vec<u8>>>)> = LazyLock::new(serve);
    static RUNTIME: LazyLock<tokio::runtime::Runtime> =
        LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"));
    static TRANSPORT: LazyLock<Transport> = LazyLock::new(|| {
        Transport::new(Arc::new(|| "2026-01-01T00:00:00Z".parse().expect("a time")))
            .with_timeout(Duration::from_secs(2))
    });
    let Some((first, rest)) = data.split_first() else { return };
    let status = [200, 201, 400, 401, 429, 503][usize::from(first & 0x7f) % 6];
    let answer = if *first < 128 {
        [format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", rest.len()).as_bytes(), rest].concat()
    } else {
        rest.to_vec()
    };
    *SERVER.1.lock().expect("the server lives") = answer;
    let table = format!(
        "name = \"X\"\n[oauth2]\nauthorization_endpoint = \"http://127.0.0.1:{0}/a\"\ntoken_endpoint = \"http://127.0.0.1:{0}/t\"\n[oauth2.response]\nalternate = \"authed_user\"\n",
        SERVER.0
    );
    let (_, provider) =
        Catalog::default().with(ProviderId::new("x").expect("a good id"), table).get("x").expect("a good file");
    let variables = BTreeMap::new();
    let secret = Secret::new("canary-client-secret-1f7e9a");
    let registration = Registration {
        provider: &provider,
        way: hallpass::model::WayIn::OAuth2,
        client_id: "id",
        client_secret: Some(&secret),
        redirect_uri: "http://localhost/",
        variables: &variables,
        fields: &BTreeMap::new(),
    };
    let client = Client::new(&registration).expect("a good registration");
    let spent = Secret::new("canary-refresh-token-77b1c0");
    let now = "2026-01-01T00:00:00Z".parse().expect("a time");
    let before =
        TokenSet { refresh_token: Some(spent.clone()), ..TokenSet::new(Secret::new("canary-access-token-0c2b"), now) };
    match RUNTIME.block_on(refresh::refresh(&TRANSPORT, &client, &before, &[])) {
        Ok(tokens) => {
            let body = if *first < 128 { rest } else { data };
            assert!(holds(body, tokens.access_token.expose()), "a token that nobody sent");
        }
        Err(error) => {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(spent.expose()) && !shown.contains(secret.expose()), "{shown}");
            assert!(is_harmless(&error.to_string()));
        }
    }
}

/// Whether a token stands somewhere in an answer: in its text, or as a string of its JSON.
fn holds(body: &[u8], token: &str) -> bool {
    fn strings(value: &Value, token: &str) -> bool {
        match value {
            Value::String(text) => text == token,
            Value::Array(items) => items.iter().any(|item| strings(item, token)),
            Value::Object(map) => map.values().any(|value| strings(value, token)),
            _ => false,
        }
    }
    let start = body.iter().position(|byte| *byte == b'{').unwrap_or(0);
    let mut documents = serde_json::Deserializer::from_slice(&body[start..]).into_iter::<Value>();
    body.windows(token.len()).any(|window| window == token.as_bytes())
        || documents.next().is_some_and(|document| document.is_ok_and(|value| strings(&value, token)))
        || url::form_urlencoded::parse(body).any(|(_, value)| value.trim() == token.trim())
        // A chunked body is cut into pieces.
        || body.windows(7).any(|window| window.eq_ignore_ascii_case(b"chunked"))
}

/// Answers every connection with what stands in the slot.
fn serve() -> (u16, Arc<Mutex<Vec<u8>>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let slot: Arc<Mutex<Vec<u8>>> = Arc::default();
    let answer = slot.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
            let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
            // The form of a refresh ends with the refresh token, and fits into a packet.
            while !seen.windows(6).any(|window| window == b"77b1c0") {
                match stream.read(&mut buffer) {
                    Ok(read) if read > 0 => seen.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
            let _ = stream.write_all(&answer.lock().expect("the fuzzer lives"));
        }
    });
    (port, slot)
}

/// A provider file: what is accepted has no mistakes, and nobody is sent to a page without TLS.
pub fn provider_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let id = ProviderId::new("fuzzed").expect("a good id");
    let provider = match Catalog::default().with(id, text.to_owned()).get("fuzzed") {
        Ok((_, provider)) => provider,
        Err(error) => return drop(error.to_string()),
    };
    assert!(check::problems(&provider).is_empty());
    let variables = BTreeMap::new();
    let registration = Registration {
        provider: &provider,
        way: hallpass::model::WayIn::OAuth2,
        client_id: "id",
        client_secret: None,
        redirect_uri: "http://localhost/",
        variables: &variables,
        fields: &BTreeMap::new(),
    };
    if let Ok(begun) = Client::new(&registration)
        .and_then(|client| authorization_code::begin(&client, &[], &authorization_code::Further::new()))
    {
        assert!(begun.url.scheme() == "https" || is_loopback(&begun.url), "{}", begun.url);
    }
}

/// A settings file.
pub fn settings_file(data: &[u8]) {
    static HOME: LazyLock<PathBuf> = LazyLock::new(|| folder("settings"));
    let _ = std::fs::write(HOME.join("settings.toml"), data);
    let environment = Environment::of(&[("HALLPASS_HOME", HOME.to_str().expect("a plain path"))]);
    if let Err(error) = Settings::load(&environment, &Overrides::default()) {
        assert!(error.to_string().contains("settings.toml"));
    }
}

/// A record of the vault: what was not sealed here is not opened, and what is malformed is not shown.
pub fn sealed_record(data: &[u8]) {
    let key: Key = zeroize::Zeroizing::new([7; 32]);
    assert!(key::open(&key, b"name", data).is_none(), "what nobody sealed was opened");
    let sealed = key::seal(&key, b"name", data);
    assert_eq!(key::open(&key, b"name", &sealed).expect("it was sealed here").as_slice(), data);
    assert!(key::open(&key, b"another name", &sealed).is_none());
    let Ok(text) = std::str::from_utf8(data) else { return };
    let record = Secret::new(text);
    match Credentials::from_record(&record) {
        Ok((credentials, revision)) => {
            let again = credentials.to_record(revision);
            assert_eq!(Credentials::from_record(&again).expect("it was just written"), (credentials, revision));
        }
        Err(error) => assert!(is_harmless(&error.to_string())),
    }
}

/// The file of a sealed vault: each record reads as it was written, or not at all.
pub fn sealed_file(data: &[u8]) {
    static KEY: LazyLock<PathBuf> = LazyLock::new(|| {
        let key = folder("sealed").join("key");
        let mut file = hallpass::settings::private::options().create(true).truncate(true).open(&key).expect("a file");
        file.write_all(b"the key of the corpus, which is no secret at all").expect("room for a key");
        key
    });
    let keys = KeyRing { passphrase: None, ask: None, file: Some(KEY.clone()), chosen: None };
    match Sealed::from_bytes(data, PathBuf::from("fuzzed.db"), keys) {
        Ok(mut vault) => {
            for (name, value) in [("config/github", "one"), ("connection/github/jane", "two"), ("missing", "")] {
                if let Ok(Some(read)) = vault.read(name) {
                    assert_eq!(read.expose(), value, "a record that nobody wrote");
                }
            }
        }
        Err(error) => drop(error.to_string()),
    }
}

/// A file to import: nothing of it is shown in an error.
pub fn import_file(data: &[u8]) {
    static RUNTIME: LazyLock<tokio::runtime::Runtime> =
        LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"));
    static FILE: LazyLock<PathBuf> = LazyLock::new(|| folder("import").join("file"));
    // A service costs more than what is tried here; one serves for some inputs.
    static SERVICE: Mutex<Option<(Service, u32)>> = Mutex::new(None);
    std::fs::write(&*FILE, data).expect("room for the input");
    let mut slot = SERVICE.lock().unwrap_or_else(PoisonError::into_inner);
    if slot.as_ref().is_none_or(|(_, uses)| *uses >= 256) {
        *slot = Some((service(), 0));
    }
    let Some((service, uses)) = &mut *slot else { return };
    *uses += 1;
    let file = ImportFile::read(FILE.clone()).expect("it was just written");
    let options = ImportOptions::default();
    match RUNTIME.block_on(service.import_clients(&file, &options)) {
        Ok(imported) => {
            assert!(!imported.is_empty());
            assert!(imported.iter().all(|one| is_harmless(&one.name)));
        }
        Err(error) => assert!(error.kind == Kind::Usage && is_harmless(&error.to_string()), "{error}"),
    }
}

fn service() -> Service {
    struct Nothing;
    impl Browser for Nothing {
        fn open(&self, _: &url::Url) -> Result<(), BrowserError> {
            Ok(())
        }
        fn check(&self) -> Result<(), BrowserError> {
            Ok(())
        }
    }
    impl Clipboard for Nothing {
        fn copy(&self, _: &Secret, _: Duration) -> Result<CopiedTo, ClipboardError> {
            Ok(CopiedTo::Clipboard)
        }
        fn copy_plain(&self, _: &str) -> Result<CopiedTo, ClipboardError> {
            Ok(CopiedTo::Clipboard)
        }
        fn clear(&self) {}
    }
    let environment = Environment::of(&[("HALLPASS_HOME", "/nowhere")]);
    let settings = Settings::load(&environment, &Overrides::default()).expect("no settings file");
    let machine = Machine {
        clock: Arc::new(FixedClock::at("2026-01-01T00:00:00Z".parse().expect("a time"))),
        browser: Box::new(Nothing),
        clipboard: Box::new(Nothing),
    };
    Service::in_memory(Catalog::default(), settings, machine).expect("a service in memory")
}
