//! Everything at once, with the sandbox: the product's own path from end to end, with store and
//! vault in memory. No account, no network, no keychain; nothing of the user's is touched.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use url::Url;

use super::configs::NewConfig;
use super::connect::{ConnectRequest, Waiting};
use super::fresh::Freshness;
use super::{Error, Kind, Machine, Result, Service};
use crate::catalog::Catalog;
use crate::model::{Config, ConfigKey, ConnectionRef, ProviderId, Secret, Time};
use crate::sandbox::{CLIENT_ID, CLIENT_SECRET, Options, Sandbox, Weather};
use crate::settings::Settings;
use crate::system::{Browser, BrowserError, Clipboard, Clock};

/// How long the demo's first tokens last: long enough to be seen, short enough to be waited for.
const LIFETIME: Duration = Duration::from_secs(3);
/// How long the tokens last with which the demo leaves its user.
const PLAYTIME: Duration = Duration::from_secs(90);

/// One thing that the demo shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The sandbox runs at this address.
    Started {
        /// Its issuer identifier.
        issuer: String,
    },
    /// A config was made.
    Configured {
        /// Its key.
        key: ConfigKey,
    },
    /// The browser is asked, or the demo answers by itself.
    Waiting {
        /// What can be shown meanwhile.
        waiting: Box<Waiting>,
        /// Whether the demo gives the consent itself.
        is_auto: bool,
    },
    /// The connection is authorized.
    Authorized(TokenSeen),
    /// The token has ended.
    Expired,
    /// It was refreshed.
    Refreshed(TokenSeen),
    /// It was revoked, and the server refuses it now.
    Revoked {
        /// The fingerprint of the last access token.
        fingerprint: String,
        /// What a refresh is told now.
        refusal: String,
    },
}

/// A token, as far as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSeen {
    /// The connection.
    pub connection: ConnectionRef,
    /// The access token, masked.
    pub masked: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// When it ends.
    pub expires_at: Option<Time>,
    /// Whether the refresh token was replaced.
    pub was_rotated: bool,
}

/// A demo, ready to run.
pub struct Demo {
    /// The service that runs it; it can be used afterwards.
    pub service: Arc<Service>,
    sandbox: Sandbox,
    connection: ConnectionRef,
    is_auto: bool,
}

impl Demo {
    /// Starts the sandbox on a free port. Without `browser`, the demo gives the consent itself.
    pub async fn start(
        settings: Settings,
        clock: Arc<dyn Clock>,
        browser: Option<Box<dyn Browser>>,
        clipboard: Box<dyn Clipboard>,
    ) -> Result<Self> {
        let told = clock.clone();
        let options =
            Options { port: 0, lifetime: LIFETIME, weather: Weather::Fine, now: Arc::new(move || told.now()) };
        let sandbox = Sandbox::start(options).await.map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        let id = ProviderId::new("sandbox")?;
        let catalog = Catalog::new(None).with(id, sandbox.provider_file());
        let is_auto = browser.is_none();
        let browser = browser.unwrap_or_else(|| Box::new(Visitor));
        let service = Service::in_memory(catalog, settings, Machine { clock, browser, clipboard })?;
        Ok(Self { service: Arc::new(service), sandbox, connection: ConnectionRef::parse("sandbox/demo")?, is_auto })
    }

    /// Runs the whole life of a token, telling each step.
    pub async fn run(&self, mut tell: impl FnMut(Step)) -> Result<()> {
        let (service, connection) = (&self.service, &self.connection);
        tell(Step::Started { issuer: self.sandbox.issuer().to_owned() });
        let config = service.create_config(self.config()).await?;
        tell(Step::Configured { key: config.key });
        let authorization = service.begin(ConnectRequest::new(connection.clone())).await?;
        tell(Step::Waiting { waiting: Box::new(authorization.waiting().clone()), is_auto: self.is_auto });
        authorization.finish().await?;
        let first = self.seen().await?;
        tell(Step::Authorized(first.clone()));
        self.wait_for_the_end(first.expires_at).await;
        tell(Step::Expired);
        let fresh = service.fresh_credentials(connection, Freshness::default()).await?;
        let second = TokenSeen { was_rotated: fresh.was_refreshed, ..self.seen().await? };
        self.check(fresh.credentials.token().expose())?;
        tell(Step::Refreshed(second.clone()));
        service.revoke(connection).await?;
        let refusal = match service
            .fresh_credentials(connection, Freshness { forced: true, ..Freshness::default() })
            .await
        {
            Err(error) if error.kind == Kind::AuthorizationNeeded => error.message,
            Err(error) => return Err(error),
            Ok(_) => return Err(Error::new(Kind::Internal, "the sandbox still refreshes a token that was revoked")),
        };
        tell(Step::Revoked { fingerprint: second.fingerprint, refusal });
        Ok(())
    }

    /// Authorizes another connection, without asking anybody, so that there is something to play
    /// with.
    pub async fn leave_something_to_play_with(&self) -> Result<()> {
        self.sandbox.set_lifetime(PLAYTIME);
        let mut request = ConnectRequest::new(ConnectionRef::parse("sandbox/play")?);
        request.way = super::connect::Way::NoBrowser;
        let authorization = self.service.begin(request).await?;
        Visitor.open(&authorization.waiting().url).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        authorization.finish().await.map(|_| ())
    }

    /// Makes the config, for whoever tries things by hand; the tokens last long enough for that.
    pub async fn prepare(&self) -> Result<Config> {
        self.sandbox.set_lifetime(PLAYTIME);
        self.service.create_config(self.config()).await
    }

    /// Gives the consent on a page of this sandbox, in the browser's place; on no other page.
    pub async fn allow(&self, page: &Url) -> Result<()> {
        if Url::parse(self.sandbox.issuer()).is_ok_and(|issuer| issuer.origin() != page.origin()) {
            return Err(Error::usage("this page is not the sandbox's"));
        }
        visit(page).await.map_err(|error| Error::new(Kind::Internal, error.without_url().to_string()))
    }

    fn config(&self) -> NewConfig {
        NewConfig {
            key: self.connection.config.clone(),
            provider: "sandbox".to_owned(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: Some(Secret::new(CLIENT_SECRET)),
            scopes: vec!["read".to_owned(), "write".to_owned()],
            redirect_uri: Some("http://127.0.0.1:0/oauth/callback".to_owned()),
        }
    }

    async fn seen(&self) -> Result<TokenSeen> {
        let inspection = self.service.inspect(&self.connection).await?;
        Ok(TokenSeen {
            connection: self.connection.clone(),
            masked: inspection.masked,
            fingerprint: inspection.fingerprint,
            expires_at: inspection.expires_at,
            was_rotated: false,
        })
    }

    fn check(&self, access_token: &str) -> Result<()> {
        if self.sandbox.accepts(access_token) {
            Ok(())
        } else {
            Err(Error::new(Kind::Internal, "the sandbox does not accept the token that it refreshed"))
        }
    }

    async fn wait_for_the_end(&self, expires_at: Option<Time>) {
        while let Some(left) = expires_at.and_then(|end| (end - self.service.now()).to_std().ok()) {
            tokio::time::sleep(left + Duration::from_millis(20)).await;
        }
    }
}

/// A browser that gives the sandbox's consent by itself, over HTTP, as a person would. It follows
/// redirects and sends no secrets: it is no client of an authorization server, as `auth::transport` is.
struct Visitor;

impl Browser for Visitor {
    fn open(&self, url: &Url) -> std::result::Result<(), BrowserError> {
        let runtime = Handle::try_current().map_err(|error| BrowserError::Launch(error.to_string()))?;
        let url = url.clone();
        runtime.spawn(async move {
            if let Err(error) = visit(&url).await {
                tracing::warn!(error = %error.without_url(), "giving the consent");
            }
        });
        Ok(())
    }

    fn check(&self) -> std::result::Result<(), BrowserError> {
        Ok(())
    }
}

/// Reads the consent page, presses "Allow", and follows the redirect to the callback.
async fn visit(url: &Url) -> std::result::Result<(), reqwest::Error> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?;
    let page = http.get(url.clone()).send().await?.text().await?;
    let consent =
        page.split("name=\"consent\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("consent", consent)
        .append_pair("decision", "allow")
        .finish();
    let form = http.post(url.clone()).header("content-type", "application/x-www-form-urlencoded").body(body);
    form.send().await?.text().await.map(|_| ())
}
