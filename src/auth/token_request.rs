//! A request to an authorization server, and what a provider wants changed about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};
use url::Url;

use super::client_certificate::ClientCertificate;
use super::dpop::Prover;
use super::http::chain;
use super::{AuthError, xml};
use crate::model::Secret;
use crate::model::provider::{OAuth2, RequestFormat};
use crate::model::tape::What;
use crate::model::uuid::uuid;

/// A request in the standard form, before the provider's own wishes are met.
#[derive(Clone)]
pub struct TokenRequest {
    /// What it is for.
    pub what: What,
    /// The parameters of the form.
    pub parameters: Vec<(String, zeroize::Zeroizing<String>)>,
    /// Parameters that are numbers or truth values, which JSON tells from texts.
    pub literals: Map<String, Value>,
    /// Headers that hold a secret.
    pub headers: Vec<(String, zeroize::Zeroizing<String>)>,
    /// What stands where a text of the provider file draws a UUID.
    pub drawn: Option<String>,
    /// The access token that an answer without one may mean (`kept_when`).
    pub kept: Option<Secret>,
    /// What a person entered, however it is written in it: none of it stands in an error.
    pub entered: Vec<Secret>,
    /// What proves it, where tokens are bound to a key.
    pub prover: Option<Arc<Prover>>,
    /// What the client shows in the connection (RFC 8705).
    pub certificate: Option<ClientCertificate>,
    /// The `Authorization` header, where the client shows who it is there.
    pub authorization: Option<HeaderValue>,
}

impl TokenRequest {
    /// Makes a request of parameters, in which the client may show who it is in a header.
    pub(super) fn new(
        what: What,
        parameters: Vec<(String, zeroize::Zeroizing<String>)>,
        authorization: Option<HeaderValue>,
    ) -> Self {
        Self {
            what,
            parameters,
            literals: Map::new(),
            headers: Vec::new(),
            drawn: None,
            kept: None,
            entered: Vec::new(),
            prover: None,
            certificate: None,
            authorization,
        }
    }

    /// Makes a request of parameters that hold no secret, in which no client shows who it is.
    pub fn of(what: What, parameters: &[(&str, &str)]) -> Self {
        let parameters =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned().into())).collect();
        Self::new(what, parameters, None)
    }

    /// Makes a signed request, which has nothing but its header (RFC 5849 section 2).
    pub(super) fn signed(what: What, authorization: HeaderValue) -> Self {
        Self::new(what, Vec::new(), Some(authorization))
    }

    /// Tells whether a value holds a secret that a person entered.
    pub(super) fn holds_what_was_entered(&self, value: &str) -> bool {
        self.entered.iter().any(|secret| !secret.is_empty() && value.contains(secret.expose()))
    }

    /// Puts a UUID of this request where texts of the provider file draw one: a server may take each but once.
    fn draw(&mut self, named: &mut BTreeMap<String, String>) {
        let Some(drawn) = &self.drawn else { return };
        let fresh = uuid();
        let parameters = self.parameters.iter_mut().map(|(_, value)| &mut **value);
        let headers = self.headers.iter_mut().map(|(_, value)| &mut **value);
        for text in parameters.chain(headers).chain(named.values_mut()) {
            if text.contains(drawn) {
                *text = text.replace(drawn, &fresh);
            }
        }
    }

    pub(super) fn build(
        mut self,
        client: &reqwest::Client,
        url: &Url,
        table: &OAuth2,
    ) -> Result<reqwest::Request, AuthError> {
        let wish = &table.token_request;
        let mut named = wish.headers.clone();
        self.draw(&mut named);
        let literals: Vec<(String, String)> = match wish.format {
            RequestFormat::Json => Vec::new(),
            _ => self.literals.iter().map(|(name, value)| (name.clone(), value.to_string())).collect(),
        };
        let texts = self.parameters.iter().map(|(name, value)| (name, value.as_str()));
        let parameters: Vec<(&str, &str)> = texts
            .chain(literals.iter().map(|(name, value)| (name, value.as_str())))
            .map(|(name, value)| (table.param_names.get(name).unwrap_or(name).as_str(), value))
            .filter(|(name, _)| !name.is_empty())
            .collect();
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(mut authorization) = self.authorization {
            authorization.set_sensitive(true);
            headers.insert(reqwest::header::AUTHORIZATION, authorization);
        }
        let mut url = url.clone();
        let body = match wish.format {
            RequestFormat::Form => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
                url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&parameters).finish()
            }
            RequestFormat::Json => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                let texts = parameters.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
                Value::Object(nested(texts.chain(self.literals.clone()))).to_string()
            }
            RequestFormat::Query => {
                url.query_pairs_mut().extend_pairs(&parameters);
                String::new()
            }
            RequestFormat::Xml => {
                headers.insert(ACCEPT, HeaderValue::from_static("application/xml"));
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
                xml::credentials(&parameters)
            }
        };
        for (name, value) in &named {
            let header = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            let (name, value) = header.ok_or(AuthError::NotOffered("usable header under `token_request.headers`"))?;
            headers.insert(name, value);
        }
        for (name, value) in &self.headers {
            let value = HeaderValue::try_from(value.as_str()).map(|mut value| {
                value.set_sensitive(true);
                value
            });
            let header = HeaderName::try_from(name).ok().zip(value.ok());
            let (name, value) = header.ok_or(AuthError::NotOffered("header that can hold what was entered"))?;
            headers.insert(name, value);
        }
        let method = wish
            .method
            .as_deref()
            .unwrap_or("POST")
            .parse()
            .map_err(|_| AuthError::NotOffered("usable `token_request.method`"))?;
        let request = client.request(method, url).headers(headers).body(body).build();
        request.map_err(|error| AuthError::Tls(chain(&error)))
    }
}

/// Makes an object of pairs: one with a dotted name stands in an object within it.
fn nested(pairs: impl IntoIterator<Item = (String, Value)>) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, value) in pairs {
        put(&mut all, &name, value);
    }
    all
}

fn put(map: &mut Map<String, Value>, name: &str, value: Value) {
    let Some((first, rest)) = name.split_once('.') else {
        map.insert(name.to_owned(), value);
        return;
    };
    let inner = map.entry(first).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}
