//! The popup of Nango's frontend SDK: where a flow begins, and the pages that it ends on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{HeaderValue, REFERER};
use hyper::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::Server;
use super::answer::Refusal;
use super::asked::Asked;
use super::consent::Decision;
use super::given::Parted;
use super::guard::{is_browser, is_from, is_near, refuse_page};
use super::query::Query;
use super::told::{Told, failure};
use crate::listener::callback::is_navigation;
use crate::listener::page::Page;
use crate::listener::reply::{self, Reply};
use crate::model::config::split_scopes;
use crate::model::{Secret, WayIn};
use crate::service::connect::{Answered, Authorization, ConnectRequest, Way};
use crate::service::{Error, Kind};

/// How long a flow may take.
const TIME: Duration = Duration::from_mins(10);

impl Server {
    /// Begins a flow: `GET /oauth/connect/KEY`; or, by `POST`, one whose replacing of a connection was just
    /// agreed to.
    pub(super) async fn connect(self: &Arc<Self>, key: &str, request: Request<Incoming>) -> Reply {
        let query = Query::of(&request);
        let id = query.connection_id("connection_id").unwrap_or_default();
        let socket = query.get("ws_client_id").map(str::to_owned);
        let told = Told { key, id: &id, socket: socket.as_deref() };
        if !is_navigation(request.headers()) {
            return not_a_navigation();
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
        if is_vouched || self.shows_key(headers) {
            return Ok(());
        }
        if !is_near(request) {
            let message = "From elsewhere a flow begins with a connect session alone.";
            return Err(Refusal::new(StatusCode::FORBIDDEN, "missing_connect_session_token", message)
                .hinted("let the back end begin one: `POST /connect/sessions`"));
        }
        let is_known_site = is_from(headers, &["none", "same-origin", "same-site"]);
        if is_known_site || query.get("ws_client_id").is_some_and(|name| self.sockets.is_open(name)) {
            return Ok(());
        }
        if let Some(referer) = headers.get(REFERER) {
            let from = url::Url::parse(referer.to_str().unwrap_or_default()).ok();
            let origin = from.and_then(|url| HeaderValue::from_str(&url.origin().ascii_serialization()).ok());
            let origin = origin.unwrap_or(HeaderValue::from_static("null"));
            return if self.is_page_allowed(&origin) { Ok(()) } else { Err(refuse_page(&origin)) };
        }
        // A browser that does not say where it comes from, or says that it is from elsewhere.
        if !headers.contains_key("sec-fetch-site") && !is_browser(headers) {
            return Ok(());
        }
        let message = "The browser does not say which web page starts this flow.";
        Err(Refusal::new(StatusCode::FORBIDDEN, "origin_not_allowed", message).hinted(
            "let the page have a referrer (no `no-referrer` policy), use the SDK from 0.9.0 on, or begin a connect session",
        ))
    }

    async fn begin(
        self: &Arc<Self>,
        key: &str,
        request: Request<Incoming>,
        query: &Query,
        told: &Told<'_>,
    ) -> Result<Reply, Refusal> {
        let asked = self.asked(key, query, &request)?;
        // A page authorizes by OAuth alone, whichever it turns out to be.
        let Parted { variables, fields, further } = asked.given(query, WayIn::OAuth2);
        let is_agreed = request.method() == Method::POST;
        let may_replace = match self.question(&asked, &variables, request, told).await? {
            Decision::GoOn { may_replace } => may_replace,
            Decision::Answer(reply) => return Ok(reply),
        };
        let request =
            ConnectRequest { variables, further, fields, may_replace, ..ConnectRequest::new(asked.connection.clone()) };
        let authorization = self.authorization(&asked, query, request).await?;
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
        // 303 makes a GET of what was agreed to by POST.
        Ok(if is_agreed { reply::redirect(&target) } else { reply::found(&target) })
    }

    async fn authorization(
        &self,
        asked: &Asked,
        query: &Query,
        request: ConnectRequest,
    ) -> Result<Authorization, Refusal> {
        let (variables, defaults) = (&request.variables, asked.defaults());
        let missing = self.service.missing_variable(&asked.connection, &asked.provider, variables)?;
        if let Some(name) = missing {
            let table = asked.provider.oauth2.as_ref();
            let url = table.and_then(|table| table.authorization_endpoint.as_ref());
            let url = url.and_then(|url| url.candidates().first().cloned()).unwrap_or_default();
            let given = serde_json::to_string(variables).unwrap_or_default();
            let message = format!(
                "Missing Connection Config param(s) in Auth request to interpolate url {url}. Provided Connection Config: {given}"
            );
            return Err(Refusal::bad("url_param_err", message).hinted(format!("give `{name}` in `params`")));
        }
        let (way, _) = self.service.way_in(&asked.config, None).await.map_err(unknown)?;
        if !matches!(way, WayIn::OAuth2 | WayIn::OAuth1) {
            let mode = crate::model::rest::auth_mode(way);
            return Err(Refusal::bad("auth_mode_err", format!("Auth mode {mode} not supported."))
                .hinted("no browser takes part in it: give the credentials with the SDK's third argument, or with `hallpass connect`"));
        }
        let mut parameters: BTreeMap<String, Option<String>> =
            defaults.authorization_params.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect();
        for (name, value) in query.bracketed("authorization_params") {
            // That is how the SDK writes a parameter that is to be left out.
            parameters.insert(name, (value != "undefined").then_some(value));
        }
        let asked_scopes = parameters.remove("scope").flatten().map(|text| split_scopes(&text));
        if let Some(scopes) = query.get("user_scope").or(defaults.user_scopes.as_deref()) {
            parameters.insert("user_scope".to_owned(), Some(scopes.to_owned()));
        }
        let request =
            ConnectRequest { parameters, scopes: asked_scopes, way: Way::NoBrowser, timeout: Some(TIME), ..request };
        let begun = self.service.begin_hosted(request, &self.callback).await;
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
            return not_a_navigation();
        }
        let query = Secret::new(request.uri().query().unwrap_or_default());
        let answered = self.service.answer_callback(path, query).await;
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
                page.message = Some(failure(&Refusal { code: "callback_err", ..Error::clone(error).into() }));
            }
            Answered::NotExpected(_) | Answered::Used => {}
        }
        page.reply()
    }

    pub(super) fn url(&self) -> String {
        self.options.url_at(self.callback.port)
    }
}

fn unknown(error: Error) -> Refusal {
    Refusal { code: "unknown_err", ..error.into() }
}

/// Frames, images and fetches of other pages begin nothing and end nothing.
fn not_a_navigation() -> Reply {
    let message = "Only a browser's own navigation is answered here.";
    Refusal::new(StatusCode::FORBIDDEN, "not_a_navigation", message).era()
}

fn page_of(refusal: &Refusal, message: Option<Value>) -> Page {
    let mut page = Page::new(refusal.status.as_u16(), "Not connected", vec![refusal.message.clone()]);
    page.hint.clone_from(&refusal.hint);
    page.message = message;
    page
}
