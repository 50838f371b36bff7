//! What a person must agree to before a flow of a web page goes on: that a connection is replaced, and that the
//! client secret is sent to a host that the page names.

use std::collections::BTreeMap;

use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};

use super::answer::Refusal;
use super::asked::Asked;
use super::guard::is_browser;
use super::told::{Told, failure};
use super::{Server, body};
use crate::listener::page::{Form, Page};
use crate::listener::reply::Reply;
use crate::model::{ConnectionRef, Secret};
use crate::service::Kind;

/// What comes of asking a person.
pub(super) enum Decision {
    /// The flow goes on; whether it replaces a connection.
    GoOn { may_replace: bool },
    /// It does not, or not yet: this is answered.
    Answer(Reply),
}

impl Server {
    /// Returns the hosts that somebody names who may not: the client secret would be sent to them. A back end
    /// may name them in its session.
    pub(super) fn new_hosts(
        &self,
        asked: &Asked,
        variables: &BTreeMap<String, String>,
    ) -> Result<Vec<String>, Refusal> {
        if asked.is_program {
            return Ok(Vec::new());
        }
        let mut hosts = self.service.new_hosts(&asked.config.key, &asked.provider, variables)?;
        let named = asked.defaults().connection_config;
        hosts.retain(|name, value| named.get(name) != Some(value));
        Ok(hosts.into_values().collect())
    }

    /// Tells whether a connection is there.
    pub(super) fn exists(&self, connection: &ConnectionRef) -> Result<bool, Refusal> {
        match self.service.connection(connection) {
            Ok(_) => Ok(true),
            Err(error) if error.kind == Kind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// A flow that a web page begins neither replaces a connection nor sends the client secret to a host of
    /// its choice without a person agreeing to it.
    pub(super) async fn question(
        &self,
        asked: &Asked,
        variables: &BTreeMap<String, String>,
        request: Request<Incoming>,
        told: &Told<'_>,
    ) -> Result<Decision, Refusal> {
        let replaces = !asked.may_replace() && self.exists(&asked.connection)?;
        let hosts = self.new_hosts(asked, variables)?;
        let is_answer = request.method() == Method::POST;
        if !is_answer && !replaces && hosts.is_empty() {
            return Ok(Decision::GoOn { may_replace: asked.may_replace() });
        }
        let name = asked.connection.to_string();
        // Who holds a session is not who may decide for its back end.
        if asked.session.is_some() && !hosts.is_empty() {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "host_not_allowed",
                format!("`{}` is no host that the back end named.", hosts.join("`, `")),
            )
            .hinted("name it in `integrations_config_defaults` of the connect session"));
        }
        // Agreeing to one thing is not agreeing to the other.
        let subject = format!("{name} {replaces} {}", hosts.join(" "));
        if !is_answer && is_browser(request.headers()) && asked.session.is_none() {
            let mut words = Vec::new();
            if replaces {
                words.push(format!(
                    "A web page asks to authorize `{name}` again. The tokens that are there would be replaced."
                ));
            }
            if !hosts.is_empty() {
                words.push(format!(
                    "A web page asks to authorize `{name}` at `{}`. The client secret of `{}` would be sent there.",
                    hosts.join("`, `"),
                    asked.config.key
                ));
            }
            words.push("If you did not just ask for that, say no.".to_owned());
            let form = Form {
                fields: vec![("agreed".to_owned(), self.sessions.agreement(&subject))],
                buttons: vec![("agree", "Go on"), ("refuse", "No")],
            };
            let page = Page { form: Some(form), ..Page::new(200, "Is that what you want?", words) };
            return Ok(Decision::Answer(page.reply()));
        }
        if !is_answer {
            let message =
                format!("`{name}` exists, or a new host is named, and nobody was asked whether that is wanted.");
            return Err(Refusal::new(StatusCode::FORBIDDEN, "not_agreed", message)
                .hinted("show NANGO_SECRET_KEY, open this in a browser, or begin a session for it: `POST /connect/sessions/reconnect`"));
        }
        let bytes = body::bytes(request.into_body()).await?;
        let fields: BTreeMap<String, String> = url::form_urlencoded::parse(&bytes).into_owned().collect();
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        // Only our own page knows it: no other can agree in the person's place.
        if Secret::new(field("agreed")) != Secret::new(self.sessions.agreement(&subject)) {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "not_agreed",
                "This was not agreed to on the page that asked.",
            )
            .hinted("begin again"));
        }
        if field("decision") == "agree" {
            return Ok(Decision::GoOn { may_replace: replaces || asked.may_replace() });
        }
        let kept =
            Refusal::new(StatusCode::OK, "not_agreed", format!("`{name}` was not authorized: the answer was no."));
        self.tell(told, Err(&kept));
        let mut page = Page::new(200, "Nothing was changed", vec!["You can close this tab.".to_owned()]);
        page.message = Some(failure(&kept));
        Ok(Decision::Answer(page.reply()))
    }
}
