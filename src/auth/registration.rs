//! How a client is known at a provider; and one that makes itself known (RFC 7591), which is told its id, and its secret
//! if it has one.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use url::Url;

use super::AuthError;
use super::transport::{TokenRequest, Transport};
use crate::model::provider::{self, ClientAuthentication, OAuth2, RequestFormat};
use crate::model::tape::What;
use crate::model::{Provider, Secret, WayIn, untrusted};

/// What a client is made of.
#[derive(Debug, Clone, Copy)]
pub struct Registration<'a> {
    /// The provider, its endpoints discovered where they are.
    pub provider: &'a Provider,
    /// The way of authenticating.
    pub way: WayIn,
    /// The client id.
    pub client_id: &'a str,
    /// The client secret, unless it is a public client.
    pub client_secret: Option<&'a Secret>,
    /// The redirect URI, exactly as it is registered.
    pub redirect_uri: &'a str,
    /// The provider's variables.
    pub variables: &'a BTreeMap<String, String>,
    /// What a person entered beside the client.
    pub fields: &'a BTreeMap<String, Secret>,
}

/// What a server made of a registration. It keeps no registration access token (RFC 7592): the client is not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The client id.
    pub client_id: String,
    /// The client secret, where the server gave one.
    pub client_secret: Option<Secret>,
}

/// Registers a client at `url` that comes back to `redirect_uri` and shows who it is as `table` says.
pub async fn register(
    transport: &Transport,
    url: &Url,
    redirect_uri: &str,
    table: &OAuth2,
) -> Result<Registered, AuthError> {
    let method = match table.token_endpoint_auth_method {
        ClientAuthentication::PrivateKeyJwt => {
            return Err(AuthError::NotOffered(
                "registration of a client that signs: a key of yours must be known there",
            ));
        }
        method => method,
    };
    // RFC 7591 section 2. `application_type` is OpenID Connect's (Dynamic Client Registration section 2): without it http
    // is refused, also on loopback.
    let is_native = redirect_uri.starts_with("http://");
    let wishes = json!({
        "application_type": if is_native { "native" } else { "web" },
        "client_name": "hallpass",
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method.word(),
    });
    let mut request = TokenRequest::new(What::Registration, Vec::new(), None);
    request.literals = wishes.as_object().cloned().unwrap_or_default();
    let token_request = provider::TokenRequest { format: RequestFormat::Json, ..provider::TokenRequest::default() };
    let answer = transport.object(url, &OAuth2 { token_request, ..OAuth2::default() }, request).await?;
    let text = |name: &str| text(&answer, name);
    let client_id = text("client_id").filter(|id| untrusted::is_visible(id)).ok_or_else(AuthError::odd_answer)?;
    Ok(Registered { client_id: client_id.to_owned(), client_secret: text("client_secret").map(Secret::new) })
}

fn text<'a>(answer: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    answer.get(name)?.as_str().filter(|text| !text.is_empty())
}
