//! A service over a sandbox, with a clock that is moved by hand.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hallpass::model::{ConfigKey, ConnectionRef, Secret};
use hallpass::sandbox::{CLIENT_ID, CLIENT_SECRET, Options, Sandbox, Weather};
use hallpass::service::configs::NewConfig;
use hallpass::service::connect::{ConnectRequest, Connected};
use hallpass::service::{Machine, Result, Service};
use hallpass::settings::{Environment, Overrides, Settings};
use hallpass::system::clock::FixedClock;
use hallpass::system::{Browser, BrowserError, Clipboard, ClipboardError, Clock, CopiedTo};
use url::Url;

use super::{Decision, visit};

/// A browser that only remembers what it was asked to open.
#[derive(Clone, Default)]
pub struct Remembering(pub Arc<Mutex<Vec<Url>>>);

impl Browser for Remembering {
    fn open(&self, url: &Url) -> std::result::Result<(), BrowserError> {
        self.0.lock().unwrap().push(url.clone());
        Ok(())
    }

    fn check(&self) -> std::result::Result<(), BrowserError> {
        Ok(())
    }
}

/// A clipboard that is a variable.
#[derive(Clone, Default)]
pub struct Slate(pub Arc<Mutex<Option<Secret>>>);

impl Clipboard for Slate {
    fn copy(&self, secret: &Secret, _time: Duration) -> std::result::Result<CopiedTo, ClipboardError> {
        *self.0.lock().unwrap() = Some(secret.clone());
        Ok(CopiedTo::Clipboard)
    }

    fn copy_plain(&self, _text: &str) -> std::result::Result<CopiedTo, ClipboardError> {
        Ok(CopiedTo::Clipboard)
    }

    fn clear(&self) {
        self.0.lock().unwrap().take();
    }
}

/// Everything a test of the service needs.
pub struct Trial {
    pub sandbox: Sandbox,
    pub clock: FixedClock,
    pub home: tempfile::TempDir,
    pub browser: Remembering,
    pub clipboard: Slate,
    pub service: Arc<Service>,
}

/// How long the sandbox's tokens last here.
pub const LIFETIME: Duration = Duration::from_hours(1);

impl Trial {
    /// Starts a sandbox, and a service on an empty home whose vault is sealed by a key file.
    pub async fn new() -> Self {
        let clock = FixedClock::at("2026-01-01T00:00:00Z".parse().unwrap());
        let told = clock.clone();
        let options =
            Options { port: 0, lifetime: LIFETIME, weather: Weather::Fine, now: Arc::new(move || told.now()) };
        let sandbox = Sandbox::start(options).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("providers")).unwrap();
        std::fs::write(home.path().join("providers/sandbox.toml"), sandbox.provider_file()).unwrap();
        let (browser, clipboard) = (Remembering::default(), Slate::default());
        let service = service(home.path(), &clock, &browser, &clipboard);
        Self { sandbox, clock, home, browser, clipboard, service }
    }

    /// Makes another service on the same home, as another process would.
    pub fn another(&self) -> Arc<Service> {
        service(self.home.path(), &self.clock, &self.browser, &self.clipboard)
    }

    /// Makes another service on the same home, with settings of its own.
    pub fn with_settings(&self, settings: Settings) -> Arc<Service> {
        service_of(settings, &self.clock, &self.browser, &self.clipboard)
    }

    /// Makes the config `sandbox`.
    pub async fn configured() -> Self {
        let trial = Self::new().await;
        trial.configure("sandbox", CLIENT_SECRET, "http://127.0.0.1:0/oauth/callback").await;
        trial
    }

    pub async fn configure(&self, key: &str, secret: &str, redirect_uri: &str) {
        let new = NewConfig {
            key: ConfigKey::new(key).unwrap(),
            provider: "sandbox".to_owned(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: Some(Secret::new(secret)),
            scopes: vec!["read".to_owned(), "write".to_owned()],
            redirect_uri: Some(redirect_uri.to_owned()),
        };
        self.service.create_config(new).await.unwrap();
    }

    /// Makes the config `sandbox` and authorizes `sandbox/jane`.
    pub async fn connected() -> Self {
        let trial = Self::configured().await;
        trial.connect(Decision::Allow).await.unwrap();
        trial
    }

    pub async fn connect(&self, decision: Decision) -> Result<Connected> {
        let authorization = self.service.begin(ConnectRequest::new(jane())).await?;
        let url = authorization.waiting().url.clone();
        let (outcome, _page) = tokio::join!(authorization.finish(), visit(&url, decision));
        outcome
    }

    /// Lets the token of a connection end.
    pub fn expire(&self) {
        self.clock.advance(LIFETIME);
    }
}

/// The connection of these tests.
pub fn jane() -> ConnectionRef {
    ConnectionRef::parse("sandbox/jane").unwrap()
}

/// Returns settings for a home whose vault is sealed by a key file in it.
pub fn settings(home: &Path) -> Settings {
    let key_file = home.join("key");
    let pairs = [
        ("HALLPASS_HOME", home.to_str().unwrap()),
        ("HALLPASS_VAULT", "sealed"),
        ("HALLPASS_KEY_FILE", key_file.to_str().unwrap()),
    ];
    Settings::load(&Environment::of(&pairs), &Overrides::default()).unwrap()
}

fn service(home: &Path, clock: &FixedClock, browser: &Remembering, clipboard: &Slate) -> Arc<Service> {
    service_of(settings(home), clock, browser, clipboard)
}

pub fn service_of(settings: Settings, clock: &FixedClock, browser: &Remembering, clipboard: &Slate) -> Arc<Service> {
    let machine = Machine {
        clock: Arc::new(clock.clone()),
        browser: Box::new(browser.clone()),
        clipboard: Box::new(clipboard.clone()),
    };
    Arc::new(Service::open(settings, machine, None).unwrap())
}
