//! The `oauth2` crate's requests, made by our transport.

use std::future::Future;
use std::pin::Pin;

use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use url::Url;

use super::transport::{TokenRequest, Transport};
use super::{AuthError, Client};
use crate::model::Secret;
use crate::model::tape::What;

/// The view of a transport that the `oauth2` crate sees while it makes one request.
pub(super) struct Exchange<'a> {
    pub(super) transport: &'a Transport,
    pub(super) client: &'a Client,
    pub(super) what: What,
    /// The access token that a refresh may leave as it is.
    pub(super) kept: Option<&'a Secret>,
}

impl<'c> AsyncHttpClient<'c> for Exchange<'_> {
    type Error = AuthError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, AuthError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let url =
                Url::parse(&request.uri().to_string()).map_err(|_| AuthError::NotOffered("usable token endpoint"))?;
            let parameters = url::form_urlencoded::parse(request.body());
            let parameters =
                parameters.map(|(name, value)| (name.into_owned(), zeroize::Zeroizing::new(value.into_owned())));
            let parameters = parameters.chain(self.client.signed(self.transport.now())).collect();
            let authorization = request.headers().get(reqwest::header::AUTHORIZATION).cloned();
            let authorization = authorization.or_else(|| self.client.secret_as_user());
            let request = self.client.dressed(TokenRequest::new(self.what, parameters, authorization));
            let request = TokenRequest { kept: self.kept.cloned(), ..request };
            let map = self.transport.tokens(&url, &self.client.table, request).await?;
            let response = oauth2::http::Response::builder().status(200).header(CONTENT_TYPE, "application/json");
            Ok(response.body(Value::Object(map).to_string().into_bytes()).expect("a status and a constant header"))
        })
    }
}
