//! Authorizing a connection: listen, open the browser, judge what comes back, exchange the code,
//! keep what it brings; or show a code, and ask until somebody has entered it.

mod arrival;
mod finish;
mod flow;
mod hosted;
pub(super) mod keep;
mod open;
mod poll;
mod request;
mod variables;
mod waiting;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::certificate::Certificate;
use super::error::authorize_command;
use super::fields::from_files;
use super::items::digest;
use super::seat::{Address, Seat, Taken};
use super::{Error, Result, Service};
use crate::auth::{self, Registration};
use crate::model::{Config, Provider, Secret, WayIn};
use crate::store::PendingFlow;
pub use crate::system::BrowserError;
pub use arrival::Answered;
pub(super) use arrival::Arrival;
use flow::Flow;
pub use hosted::Callback;
pub(super) use hosted::Hosted;
use open::OpenFlow;
pub use request::{ConnectRequest, TIMEOUT, Way};
pub(super) use variables::add_further;
pub use waiting::{Connected, DeviceCode, Waiting};

/// An authorization under way. Dropping it cancels it, and closes the port.
pub struct Authorization {
    service: Arc<Service>,
    waiting: Waiting,
    config: Config,
    provider: Box<Provider>,
    scopes: Vec<String>,
    variables: BTreeMap<String, String>,
    fields: BTreeMap<String, Secret>,
    flow: Flow,
    address: Option<Address>,
    arrivals: mpsc::Receiver<Arrival>,
    sender: mpsc::Sender<Arrival>,
    cancelled: oneshot::Receiver<()>,
    is_announced: bool,
    /// Whether a server of ours began it.
    is_hosted: bool,
    may_replace: bool,
    /// Why the last poll for a device brought no answer, if it did not.
    unanswered: Option<String>,
    /// What the activity tells of it.
    open: OpenFlow,
    is_exchanging: Arc<AtomicBool>,
    stop: watch::Sender<bool>,
    served: Vec<JoinHandle<()>>,
}

/// Takes the URL that a browser ended on.
#[derive(Debug, Clone)]
pub struct Paster {
    redirect_uri: String,
    sender: mpsc::Sender<Arrival>,
}

impl Service {
    /// Begins an authorization: proves that its outcome can be kept, listens, and opens the
    /// browser, or asks for a code. The answer is waited for by [`Authorization::finish`].
    pub async fn begin(self: &Arc<Self>, request: ConnectRequest) -> Result<Authorization> {
        self.begin_with(request, None).await
    }

    async fn begin_with(
        self: &Arc<Self>,
        request: ConnectRequest,
        callback: Option<&Callback>,
    ) -> Result<Authorization> {
        self.may_change()?;
        variables::refuse_reserved(&request.parameters)?;
        let config = self.config(&request.connection.config)?;
        let (way_in, provider) = self.way_in(&config, request.way_in).await?;
        if !way_in.has_flow() {
            return Err(Error::usage(format!("`{}` is authorized by {way_in}: no browser takes part", config.key))
                .hinted(authorize_command(&request.connection)));
        }
        if request.way == Way::Device && way_in != WayIn::OAuth2 {
            return Err(Error::usage(format!("`{}` is authorized by {way_in}, which has no device codes", config.key))
                .hinted("leave out `--device`"));
        }
        let provider = if request.way == Way::Device { self.whole_provider(&config.provider).await? } else { provider };
        let mut variables = self.variables_for(&provider, &request.connection, &request.variables)?;
        add_further(&mut variables, &request.further, &provider)?;
        // A token that cannot be kept must not be asked for.
        self.prove_vault().await?;
        let fields = if request.reads_files { from_files(request.fields, &provider)? } else { request.fields };
        let fields = self.fields_beside(&provider, way_in, &request.connection, &fields).await?;
        let scopes = request.scopes.clone().unwrap_or_else(|| scopes_of(&config, &provider, way_in));
        let secret = self.load_client_secret(&config).await?;
        let hosted = callback.and_then(|callback| callback.of(&config));
        let (address, certificate) = match request.way {
            Way::Browser | Way::NoBrowser if hosted.is_none() => self.listened_at(&config).await?,
            _ => (None, None),
        };
        let locks = self.store_is_shared().then_some(self.settings.paths.locks.as_path());
        let taken = match &address {
            Some(address) => Some(address.take(locks).await?),
            None => None,
        };
        let comes_to_server = hosted.is_some();
        let redirect_uri = hosted.unwrap_or_else(|| redirect_uri(&config, address.as_ref(), taken.as_ref()));
        let registration = Registration {
            provider: &provider,
            way: way_in,
            client_id: &config.client_id,
            client_secret: secret.as_ref(),
            redirect_uri: &redirect_uri,
            variables: &variables,
            fields: &fields,
        };
        let open = OpenFlow::new(self, &request.connection);
        let transport = open.transport();
        let flow = Flow::begin(&transport, &registration, request.way, &scopes, &request.parameters);
        let flow = flow.await;
        let flow = flow.map_err(|error| self.not_authorized(&request.connection, error.into(), &open.tape))?;
        let time = match (request.timeout, flow.lifetime()) {
            (Some(asked), Some(good)) => asked.min(good),
            (asked, good) => asked.or(good).unwrap_or(TIMEOUT),
        };
        let (sender, arrivals) = mpsc::channel(8);
        let (stop, _) = watch::channel(false);
        let mut authorization = Authorization {
            waiting: Waiting {
                connection: request.connection.clone(),
                url: flow.url().clone(),
                redirect_uri,
                deadline: self.now() + time,
                browser: Err(BrowserError::NotWanted),
                listens: taken.is_some() || comes_to_server,
                is_relayed: matches!(taken, Some(Taken::Relayed(_))),
                certificate: certificate.map(|certificate| certificate.fingerprint),
                device: flow.device_code(),
            },
            cancelled: self.busy.authorize(&request.connection),
            service: self.clone(),
            config,
            provider: Box::new(provider),
            scopes,
            variables,
            fields,
            flow,
            address,
            arrivals,
            sender,
            is_announced: false,
            is_hosted: callback.is_some(),
            may_replace: request.may_replace,
            unanswered: None,
            open,
            is_exchanging: Arc::default(),
            stop,
            served: Vec::new(),
        };
        if let Some(Taken::Own(seat) | Taken::Relayed(seat)) = taken {
            authorization.announce_relay(&seat)?;
            authorization.serve(seat);
        }
        if let Some(state) = authorization.flow.state().filter(|_| authorization.is_hosted) {
            self.busy.host(state, &request.connection, authorization.sender.clone());
        }
        if request.way == Way::Browser {
            authorization.waiting.browser = self.machine.browser.open(&authorization.waiting.url);
        }
        authorization.open.begin(&authorization.flow, &authorization.scopes);
        Ok(authorization)
    }

    /// Tells whether a browser can be opened that its user sees: not over SSH, in a container, or without a display,
    /// unless `$BROWSER` names one.
    pub fn has_browser(&self) -> bool {
        self.machine.browser.check().is_ok()
    }

    /// Tells whether a device code is to be offered before the browser: where there is no browser, and the provider
    /// has such a thing.
    pub fn prefers_device(&self, config: &Config, way: WayIn) -> Result<bool> {
        Ok(!self.has_browser()
            && way == WayIn::OAuth2
            && !config.client_id.is_empty()
            && self.provider(config.provider.as_str())?.1.offers_device())
    }

    /// Returns where the callback of a config is listened for, and the certificate that HTTPS shows there.
    async fn listened_at(&self, config: &Config) -> Result<(Option<Address>, Option<Certificate>)> {
        let address = Address::of(config.redirect_uri())?;
        if !address.is_secure {
            return Ok((Some(address), None));
        }
        let certificate = self.certificate().await?;
        Ok((Some(address.with_tls(certificate.acceptor.clone())), Some(certificate)))
    }

    /// Tells whether other processes see this store.
    fn store_is_shared(&self) -> bool {
        self.refresh_locks.are_shared()
    }
}

impl Authorization {
    /// Returns what can be shown while it waits.
    pub fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// Tells, now and later, whether an answer came and is being exchanged: cancelling then would
    /// lose what it brings.
    pub fn progress(&self) -> Arc<AtomicBool> {
        self.is_exchanging.clone()
    }

    /// Returns what takes a pasted URL.
    pub fn paster(&self) -> Paster {
        Paster { redirect_uri: self.waiting.redirect_uri.clone(), sender: self.sender.clone() }
    }

    /// Tells the holder of the port where to send our browser on.
    fn announce_relay(&mut self, seat: &Seat) -> Result<()> {
        let Some(state) = self.flow.state().filter(|_| self.waiting.is_relayed) else { return Ok(()) };
        let flow = PendingFlow {
            state_digest: digest(state.expose()),
            connection: self.waiting.connection.clone(),
            relay_port: seat.listener.port(),
            expires_at: self.waiting.deadline,
        };
        self.is_announced = true;
        Ok(self.service.store.add_pending(&flow, self.service.now())?)
    }

    fn serve(&mut self, seat: Seat) {
        let path = self.address.as_ref().map_or_else(|| "/".to_owned(), |address| address.path.clone());
        let (listener, host, lock) = seat.into_parts();
        // A browser leaves out the port where it is the usual one.
        let usual = if self.address.as_ref().is_some_and(|address| address.is_secure) { ":443" } else { ":80" };
        let bare = host.strip_suffix(usual).map(str::to_owned);
        let hosts = std::iter::once(host).chain(bare).collect();
        let (service, asked) = (self.service.clone(), path.clone());
        let answer = arrival::answer(self.sender.clone(), Arc::new(move |query| service.for_another(&asked, query)));
        let serving = listener.serve(hosts, crate::listener::callback::handler(path, answer), self.stop.subscribe());
        self.served.push(tokio::spawn(async move {
            serving.await;
            drop(lock);
        }));
    }
}

impl Paster {
    /// Hands over the URL that the browser ended on. An error is about the text; the
    /// authorization goes on waiting.
    pub async fn paste(&self, text: &str) -> Result<()> {
        let query =
            auth::callback::pasted_query(text, &self.redirect_uri).map_err(|error| Error::usage(error.to_string()))?;
        self.hand_over(query).await
    }

    async fn hand_over(&self, query: Secret) -> Result<()> {
        match arrival::hand_over(&self.sender, query).await.unwrap_or(Answered::Used) {
            Answered::Connected(_) | Answered::Failed(_) => Ok(()),
            Answered::Elsewhere(_) => {
                Err(Error::usage("that address belongs to an authorization that another hallpass began")
                    .hinted("paste it there"))
            }
            answered @ Answered::NotExpected(_) => Err(Error::usage(answered.page().paragraphs.join(" "))
                .hinted("paste the address of the authorization that was begun last")),
            Answered::Used => Err(Error::usage("that authorization has ended already").hinted("begin a new one")),
        }
    }
}

/// Returns the scopes that a config asks for in a way of authenticating: its own, or the provider's
/// usual ones.
pub(super) fn scopes_of(config: &Config, provider: &Provider, way: WayIn) -> Vec<String> {
    if config.scopes.is_empty() { provider.default_scopes(way).to_vec() } else { config.scopes.clone() }
}

fn redirect_uri(config: &Config, address: Option<&Address>, taken: Option<&Taken>) -> String {
    match (address, taken) {
        (Some(address), Some(Taken::Own(seat))) if address.takes_any_port() => address.uri(seat.listener.port()),
        _ => config.redirect_uri().to_owned(),
    }
}

fn spoken_scopes(scopes: &[String]) -> String {
    if scopes.is_empty() {
        "the provider's own choice of scopes".to_owned()
    } else {
        crate::model::untrusted::line(&scopes.join(" "))
    }
}
