//! A request to an authorization server, and what a provider wants changed about it.

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};
use url::Url;

use super::http::chain;
use super::{AuthError, xml};
use crate::model::provider::{OAuth2, RequestFormat};
use crate::model::tape::What;

/// A request in the standard form, before the provider's own wishes are met.
pub struct TokenRequest {
    /// What it is for.
    pub what: What,
    /// The parameters of the form.
    pub parameters: Vec<(String, zeroize::Zeroizing<String>)>,
    /// The `Authorization` header, where the client shows who it is there.
    pub authorization: Option<HeaderValue>,
}

impl TokenRequest {
    /// Makes a signed request, which has nothing but its header (RFC 5849 section 2).
    pub(super) fn signed(what: What, authorization: HeaderValue) -> Self {
        Self { what, parameters: Vec::new(), authorization: Some(authorization) }
    }

    pub(super) fn build(
        self,
        client: &reqwest::Client,
        url: &Url,
        table: &OAuth2,
    ) -> Result<reqwest::Request, AuthError> {
        let wish = &table.token_request;
        let parameters: Vec<(&str, &str)> = self
            .parameters
            .iter()
            .map(|(name, value)| (table.param_names.get(name).unwrap_or(name).as_str(), value.as_str()))
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
                let object: Map<String, Value> =
                    parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
                Value::Object(object).to_string()
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
        for (name, value) in &wish.headers {
            let header = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            let (name, value) = header.ok_or(AuthError::NotOffered("usable header under `token_request.headers`"))?;
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
