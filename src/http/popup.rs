//! The popup of Nango's frontend SDK: where a flow begins, and the pages that it ends on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{ACCEPT, HeaderMap, HeaderValue, REFERER};
use hyper::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::answer::{Refusal, sentence};
use super::era::scopes;
use super::given::parted;
use super::guard::refuse_page;
use super::query::Query;
use super::sessions::{Defaults, Session};
use super::{Server, body, sockets};
use crate::listener::Peer;
use crate::listener::callback::is_navigation;
use crate::listener::page::{Form, Page};
use crate::listener::reply::{self, Reply};
use crate::model::{Config, ConnectionId, ConnectionRef, Provider, Secret, WayIn};
use crate::service::connect::{Answered, Authorization, ConnectRequest, Way};
use crate::service::{Error, Kind};

/// How long a flow may take.
const TIME: Duration = Duration::from_mins(10);

/// A flow that is asked for.
pub(super) struct Asked {
    pub(super) config: Config,
    pub(super) provider: Provider,
    pub(super) connection: ConnectionRef,
    /// Whether a back end vouches for it.
    pub(super) is_vouched: bool,
    defaults: Defaults,
}

/// What a page is told of a flow that it asked for.
struct Told<'a> {
    key: &'a str,
    id: &'a str,
    socket: Option<&'a str>,
}

impl Server {
    /// Begins a flow: `GET /oauth/connect/KEY`; or, by `POST`, one whose replacing of a connection was just
    /// agreed to.
    pub(super) async fn connect(self: &Arc<Self>, key: &str, request: Request<Incoming>) -> Reply {
        let query = Query::of(&request);
        let id = query.connection_id("connection_id").unwrap_or_default();
        let socket = query.get("ws_client_id").map(str::to_owned);
        let told = Told { key, id: &id, socket: socket.as_deref() };
        if !is_navigation(request.headers()) {
            return Refusal::new(
                StatusCode::FORBIDDEN,
                "not_a_navigation",
                "Only a browser's own navigation is answered here.",
            )
            .era();
        }
        if let Err(refusal) = self.may_begin(&request, &query) {
            // Nobody who may not begin one is told anything but this page.
            return page_of(&refusal, None).reply();
        }
        match Box::pin(self.begin(key, request, &query, &told)).await {
            Ok(reply) => reply,
            Err(refusal) => {
                self.tell(&told, Err(&refusal));
                page_of(&refusal, Some(failure(&refusal))).reply()
            }
        }
    }

    /// A web page shows that it may begin a flow by its WebSocket, by a session of its back end, or by the
    /// address that the browser names as the one it comes from. Programs of this machine may.
    fn may_begin(&self, request: &Request<Incoming>, query: &Query) -> Result<(), Refusal> {
        let headers = request.headers();
        let is_vouched = query.get("connect_session_token").is_some_and(|token| self.sessions.of(token).is_some());
        if is_vouched {
            return Ok(());
        }
        if !request.extensions().get::<Peer>().is_some_and(|peer| peer.0.is_loopback()) {
            let message = "From another machine a flow begins with a connect session alone.";
            return Err(Refusal::new(StatusCode::FORBIDDEN, "missing_connect_session_token", message)
                .hinted("let the back end begin one: `POST /connect/sessions`"));
        }
        let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
        let is_foreign = site.is_some_and(|site| !matches!(site, "none" | "same-origin" | "same-site"));
        if !is_foreign || query.get("ws_client_id").is_some_and(|name| self.sockets.is_open(name)) {
            return Ok(());
        }
        let from = headers.get(REFERER).and_then(|referer| url::Url::parse(referer.to_str().ok()?).ok());
        let from = from.map_or_else(|| "null".to_owned(), |url| url.origin().ascii_serialization());
        let origin = HeaderValue::from_str(&from).unwrap_or(HeaderValue::from_static("null"));
        if self.is_page_allowed(&origin) { Ok(()) } else { Err(refuse_page(&origin)) }
    }

    async fn begin(
        self: &Arc<Self>,
        key: &str,
        request: Request<Incoming>,
        query: &Query,
        told: &Told<'_>,
    ) -> Result<Reply, Refusal> {
        let asked = self.asked(key, query)?;
        if let Some(reply) = self.question(&asked, request, told).await? {
            return Ok(reply);
        }
        let authorization = self.authorization(&asked, query).await?;
        let target = authorization.waiting().url.to_string();
        let (server, id, socket) = (self.clone(), asked.connection, told.socket.map(str::to_owned));
        tokio::spawn(async move {
            let is_exchanging = authorization.progress();
            let outcome = authorization.finish().await;
            let told = Told { key: id.config.as_str(), id: id.id.as_str(), socket: socket.as_deref() };
            match outcome {
                Ok(_) => server.tell(&told, Ok(())),
                Err(error) => {
                    let code = if is_exchanging.load(Ordering::SeqCst) { "unknown_err" } else { "callback_err" };
                    server.tell(&told, Err(&Refusal { code, ..error.into() }));
                }
            }
        });
        Ok(reply::found(&target))
    }

    /// Reads what is asked for: which config, which connection, and who vouches for it.
    pub(super) fn asked(&self, key: &str, query: &Query) -> Result<Asked, Refusal> {
        let session = match query.get("connect_session_token") {
            None => None,
            Some(token) => Some(self.sessions.of(token).ok_or_else(|| {
                let message = "The connect session is unknown here, or has ended.";
                Refusal::new(StatusCode::UNAUTHORIZED, "invalid_connect_session_token", message)
                    .hinted("let the back end begin a new one: `POST /connect/sessions`")
            })?),
        };
        let is_vouched = session.is_some();
        let session: Session = session.unwrap_or_default();
        if !session.allows(key) {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "integration_not_allowed",
                format!("This connect session is not for `{key}`."),
            ));
        }
        let id = match (query.connection_id("connection_id"), &session.again) {
            (_, Some(again)) => again.id.clone(),
            (Some(id), None) => {
                ConnectionId::new(id).map_err(|error| Refusal::bad("invalid_connection_id", format!("{error}.")))?
            }
            (None, None) if is_vouched => ConnectionId::new(sockets::uuid()).map_err(Error::from)?,
            (None, None) => return Err(Refusal::bad("missing_connection_id", "Missing Connection ID.")),
        };
        let config = self.known_config(key).map_err(|refusal| match refusal.code {
            "unknown_provider_config" => {
                let message = format!("Could not find a Provider Config matching the \"{key}\" key.");
                Refusal { code: "provider_config_err", message, ..refusal }
            }
            _ => refusal,
        })?;
        let (_, provider) = self.backend.provider(config.provider.as_str())?;
        let connection = ConnectionRef::new(config.key.clone(), id);
        Ok(Asked { defaults: session.defaults(key), config, provider, connection, is_vouched })
    }

    /// A flow that a web page begins does not silently replace a connection: the person is asked first.
    async fn question(
        &self,
        asked: &Asked,
        request: Request<Incoming>,
        told: &Told<'_>,
    ) -> Result<Option<Reply>, Refusal> {
        let exists = self.backend.connection(&asked.connection).is_ok();
        let is_agreed = request.method() == Method::POST;
        if !is_agreed && (!exists || asked.is_vouched || !is_browser(request.headers())) {
            return Ok(None);
        }
        let name = asked.connection.to_string();
        if !is_agreed {
            let words = vec![
                format!("A web page asks to authorize `{name}` again. The tokens that are there would be replaced."),
                "If you did not just ask for that, keep what is there.".to_owned(),
            ];
            let form = Form {
                fields: vec![("agreed".to_owned(), self.sessions.agreement(&name))],
                buttons: vec![("replace", "Authorize again"), ("keep", "Keep what is there")],
            };
            return Ok(Some(Page { form: Some(form), ..Page::new(200, "Replace a connection?", words) }.reply()));
        }
        let bytes = body::bytes(request.into_body()).await?;
        let fields: BTreeMap<String, String> = url::form_urlencoded::parse(&bytes).into_owned().collect();
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        // Only our own page knows it: no other can agree in the person's place.
        if Secret::new(field("agreed")) != Secret::new(self.sessions.agreement(&name)) {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "callback_err",
                "This was not agreed to on the page that asked.",
            ));
        }
        if field("decision") == "replace" {
            return Ok(None);
        }
        let kept = Refusal::new(StatusCode::OK, "callback_err", format!("`{name}` was kept as it is."));
        self.tell(told, Err(&kept));
        let mut page = Page::new(200, "Kept", vec![format!("`{name}` stays as it is. You can close this tab.")]);
        page.message = Some(failure(&kept));
        Ok(Some(page.reply()))
    }

    async fn authorization(&self, asked: &Asked, query: &Query) -> Result<Authorization, Refusal> {
        let mut given = asked.defaults.connection_config.clone();
        given.extend(query.bracketed("params"));
        let (variables, further) = parted(given, &asked.provider);
        let known = self.backend.connection(&asked.connection).ok();
        let missing = asked.provider.asked_variables().find(|(name, variable)| {
            let is_given = variables.get(*name).is_some_and(|value| !value.trim().is_empty());
            let is_known = known.as_ref().is_some_and(|connection| connection.variables.contains_key(*name));
            !is_given && !is_known && variable.default.is_none() && !variable.optional
        });
        if let Some((name, _)) = missing {
            let table = asked.provider.oauth2.as_ref();
            let url = table.and_then(|table| table.authorization_endpoint.as_ref());
            let url = url.and_then(|url| url.candidates().first().cloned()).unwrap_or_default();
            let given = serde_json::to_string(&variables).unwrap_or_default();
            let message = format!(
                "Missing Connection Config param(s) in Auth request to interpolate url {url}. Provided Connection Config: {given}"
            );
            return Err(Refusal::bad("url_param_err", message).hinted(format!("give `{name}` in `params`")));
        }
        let (way, _) = self.backend.way_in(&asked.config, None).await.map_err(unknown)?;
        if !matches!(way, WayIn::OAuth2 | WayIn::OAuth1) {
            let mode = crate::model::rest::auth_mode(way);
            return Err(Refusal::bad("auth_mode_err", format!("Auth mode {mode} not supported."))
                .hinted("no browser takes part in it: give the credentials with the SDK's third argument, or with `hallpass connect`"));
        }
        let mut parameters: BTreeMap<String, Option<String>> = asked
            .defaults
            .authorization_params
            .iter()
            .map(|(name, value)| (name.clone(), Some(value.clone())))
            .collect();
        for (name, value) in query.bracketed("authorization_params") {
            // That is how the SDK writes a parameter that is to be left out.
            parameters.insert(name, (value != "undefined").then_some(value));
        }
        let asked_scopes = parameters.remove("scope").flatten().map(|text| scopes(&text));
        if let Some(scopes) = query.get("user_scope").or(asked.defaults.user_scopes.as_deref()) {
            parameters.insert("user_scope".to_owned(), Some(scopes.to_owned()));
        }
        let request = ConnectRequest {
            variables,
            further,
            parameters,
            scopes: asked_scopes,
            way: Way::NoBrowser,
            timeout: Some(TIME),
            ..ConnectRequest::new(asked.connection.clone())
        };
        let begun = self.backend.begin_hosted(request, &self.callback).await;
        begun.map_err(|error| match error.kind {
            Kind::Provider | Kind::Network if way == WayIn::OAuth1 => {
                let refusal = Refusal::from(error);
                let message = format!("Error storing/retrieving the token. {}", refusal.message);
                Refusal { code: "token_err", message, ..refusal }
            }
            _ => unknown(error),
        })
    }

    /// A callback, for whichever authorization its state is.
    pub(super) async fn callback(&self, path: &str, request: &Request<Incoming>) -> Reply {
        if !is_navigation(request.headers()) {
            return Refusal::new(
                StatusCode::FORBIDDEN,
                "not_a_navigation",
                "Only a browser's own navigation is answered here.",
            )
            .era();
        }
        let query = Secret::new(request.uri().query().unwrap_or_default());
        let answered = self.backend.answer_callback(path, query).await;
        let mut page = answered.page();
        match &answered {
            Answered::Elsewhere(target) => return reply::redirect(target),
            Answered::Connected(connected) => {
                let reference = &connected.connection.reference;
                page.message = Some(json!({
                    // Sic: that is how 0.8.0 spells it.
                    "eventType": "AUTHORIZATION_SUCEEDED",
                    "data": {"connectionId": reference.id.as_str(), "providerConfigKey": reference.config.as_str()},
                }));
                // A warning is to be read.
                page.closes = page.hint.is_none();
            }
            Answered::Failed(error) => {
                page.status = StatusCode::BAD_REQUEST.as_u16();
                page.message = Some(failure(&Refusal::bad("callback_err", told_sentence(error))));
            }
            Answered::NotExpected(_) | Answered::Used => {}
        }
        page.reply()
    }

    /// Tells the page that asked how its flow ended.
    fn tell(&self, told: &Told<'_>, outcome: Result<(), &Refusal>) {
        let Some(socket) = told.socket else { return };
        let message = match outcome {
            Ok(()) => json!({
                "message_type": "success",
                "provider_config_key": told.key,
                "connection_id": told.id,
                "is_pending": false,
            }),
            Err(refusal) => json!({
                "message_type": "error",
                "provider_config_key": told.key,
                "connection_id": told.id,
                "error_type": refusal.code,
                "error_desc": described(refusal),
            }),
        };
        self.sockets.tell(socket, message);
    }

    pub(super) fn url(&self) -> String {
        format!("http://localhost:{}", self.callback.port)
    }
}

fn unknown(error: Error) -> Refusal {
    Refusal { code: "unknown_err", ..error.into() }
}

fn told_sentence(error: &Error) -> String {
    let words = sentence(error);
    error.hint.as_ref().map_or_else(|| words.clone(), |hint| format!("{words} ({hint})"))
}

fn described(refusal: &Refusal) -> String {
    refusal.hint.as_ref().map_or_else(|| refusal.message.clone(), |hint| format!("{} ({hint})", refusal.message))
}

/// What 0.8.0 of the SDK listens for.
fn failure(refusal: &Refusal) -> Value {
    json!({
        "eventType": "AUTHORIZATION_FAILED",
        "data": {"error": {"type": refusal.code, "message": described(refusal)}},
    })
}

fn page_of(refusal: &Refusal, message: Option<Value>) -> Page {
    let mut page = Page::new(refusal.status.as_u16(), "Not connected", vec![refusal.message.clone()]);
    page.hint.clone_from(&refusal.hint);
    page.message = message;
    page
}

/// A browser shows itself by what it sends along; a program that pretends to be none gains nothing that it
/// could not have by other routes.
fn is_browser(headers: &HeaderMap) -> bool {
    headers.contains_key("sec-fetch-mode")
        || headers
            .get(ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"))
}
