//! A client as an authorization server knows it: id, secret, redirect URI, and the endpoints of
//! one provider with its variables filled in.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, ClientId, ClientSecret, EndpointMaybeSet, EndpointNotSet, RedirectUrl, StandardRevocableToken,
    StandardTokenResponse, TokenResponse, TokenUrl,
};
use reqwest::header::HeaderValue;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

use super::AuthError;
use super::client_assertion::Assertion;
use super::client_certificate::ClientCertificate;
use super::dpop::Prover;
use super::filled::{filled, filled_texts};
use super::registration::Registration;
use super::transport::TokenRequest;
use crate::model::provider::{ClientAuthentication, OAuth2, Parameter, TokenTrade, UrlTemplate};
use crate::model::tape::What;
use crate::model::template::Values;
use crate::model::uuid::uuid;
use crate::model::{Secret, Time, TokenSet};

/// Every field of an answer that RFC 6749 does not name.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Extra(Map<String, Value>);

impl fmt::Debug for Extra {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Extra([redacted])")
    }
}

impl oauth2::ExtraTokenFields for Extra {}

pub(super) type Answer = StandardTokenResponse<Extra, BasicTokenType>;

pub(super) type Inner = oauth2::Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointMaybeSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
>;

/// A client, ready to make requests.
#[expect(clippy::struct_field_names, reason = "`client_id` and `client_secret` are the RFC's names")]
pub struct Client {
    /// The table, its parameters and headers filled in.
    pub(super) table: OAuth2,
    pub(super) token_url: Url,
    pub(super) refresh_url: Url,
    urls: Urls,
    client_id: String,
    client_secret: Option<Secret>,
    assertion: Option<Assertion>,
    prover: Option<Arc<Prover>>,
    certificate: Option<ClientCertificate>,
    /// What a person entered, as headers of the token request.
    headers: Vec<(String, Zeroizing<String>)>,
    /// The same, as it was entered.
    entered: Vec<Secret>,
    /// What stands where a text draws a UUID: each request draws another one.
    drawn: String,
    pub(super) redirect_uri: String,
}

/// The endpoints that a provider may have or not, filled in.
struct Urls {
    authorization: Option<Url>,
    pushed: Option<Url>,
    revocation: Option<Url>,
    introspection: Option<Url>,
    jwks: Option<Url>,
    device_authorization: Option<Url>,
    long_lived: Option<Url>,
    renewal: Option<Url>,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl Client {
    /// Fills the endpoints of `registration`'s provider.
    pub fn new(registration: &Registration<'_>) -> Result<Self, AuthError> {
        let provider = registration.provider;
        let table = provider.oauth2_of(registration.way).cloned();
        let mut table = table.ok_or(AuthError::NotOffered("table for this way of authenticating"))?;
        // The client's id may stand in parameters like a variable.
        let mut given = registration.variables.clone();
        given.insert("client_id".to_owned(), registration.client_id.to_owned());
        let drawn = uuid();
        given.insert("random".to_owned(), drawn.clone());
        let redirect_host = Url::parse(registration.redirect_uri).ok();
        let redirect_host = redirect_host.as_ref().and_then(Url::host_str).unwrap_or_default();
        given.insert("redirect_host".to_owned(), redirect_host.to_owned());
        let fields = registration.fields.iter();
        given.extend(fields.map(|(name, value)| (format!("credential.{name}"), value.expose().to_owned())));
        let values = Values { declared: &provider.variables, given: &given, allows_loopback_http: provider.is_own };
        if let Some(resource) = &table.resource {
            let resource = Parameter::Text(resource.clone());
            for parameters in [&mut table.authorization_params, &mut table.token_params, &mut table.refresh_params] {
                parameters.entry("resource".to_owned()).or_insert_with(|| resource.clone());
            }
        }
        for parameters in [&mut table.authorization_params, &mut table.token_params, &mut table.refresh_params] {
            *parameters = filled(parameters, provider, &values)?;
        }
        let (secret, public): (BTreeMap<_, _>, _) = std::mem::take(&mut table.token_request.headers)
            .into_iter()
            .partition(|(_, text)| text.contains("{credential."));
        table.token_request.headers = filled_texts(&public, provider, &values)?;
        let headers =
            filled_texts(&secret, provider, &values)?.into_iter().map(|(name, text)| (name, text.into())).collect();
        let fill = |url: &Option<UrlTemplate>| url.as_ref().map(|url| values.url(url)).transpose();
        let exchange = |exchange: &Option<TokenTrade>| {
            exchange.as_ref().map(|exchange| values.url(&exchange.endpoint)).transpose()
        };
        let token_url = fill(&table.token_endpoint)?.ok_or(AuthError::NotOffered("token endpoint"))?;
        let client_secret = registration.client_secret.filter(|secret| !secret.is_empty()).cloned();
        let assertion = Assertion::of(&table, registration, &token_url, &values)?;
        Ok(Self {
            // A key that signs is never sent.
            client_secret: client_secret.filter(|_| assertion.is_none()),
            assertion,
            prover: table.dpop.then(Prover::generate).transpose()?.map(Arc::new),
            certificate: ClientCertificate::of(provider, registration.fields)?,
            refresh_url: fill(&table.refresh_endpoint)?.unwrap_or_else(|| token_url.clone()),
            token_url,
            urls: Urls {
                authorization: fill(&table.authorization_endpoint)?,
                pushed: fill(&table.pushed_authorization_request_endpoint)?,
                revocation: fill(&table.revocation_endpoint)?,
                introspection: fill(&table.introspection_endpoint)?,
                jwks: fill(&table.jwks_uri)?,
                device_authorization: fill(&table.device_authorization_endpoint)?,
                long_lived: exchange(&table.long_lived)?,
                renewal: exchange(&table.renewal)?,
            },
            client_id: registration.client_id.to_owned(),
            redirect_uri: registration.redirect_uri.to_owned(),
            headers,
            drawn,
            entered: provider.hidden(registration.fields),
            table,
        })
    }

    /// Returns the same client, which proves its requests with the key that tokens are bound to already.
    pub fn bound_by(self, key: Option<&Secret>) -> Result<Self, AuthError> {
        let key = key.filter(|_| self.prover.is_some()).map(Prover::of).transpose()?;
        Ok(Self { prover: key.map(Arc::new).or(self.prover), ..self })
    }

    /// Returns tokens that this client got, with the key that they are bound to.
    pub(super) fn bound(&self, tokens: TokenSet) -> TokenSet {
        TokenSet { dpop_key: self.prover.as_ref().map(|prover| prover.kept()), ..tokens }
    }

    /// Returns a request with what this client's all have: what a person entered, what proves it, and what is shown in
    /// the connection.
    pub(super) fn dressed(&self, request: TokenRequest) -> TokenRequest {
        let (headers, entered) = (self.headers.clone(), self.entered.clone());
        let (prover, certificate) = (self.prover.clone(), self.certificate.clone());
        TokenRequest { headers, entered, prover, certificate, drawn: Some(self.drawn.clone()), ..request }
    }

    /// Returns the client id.
    pub fn id(&self) -> &str {
        &self.client_id
    }

    /// Returns where the issuer's keys are, where the provider file says so.
    pub fn jwks_url(&self) -> Option<&Url> {
        self.urls.jwks.as_ref()
    }

    /// Returns the table that it was made of.
    pub fn table(&self) -> &OAuth2 {
        &self.table
    }

    pub(super) fn authorization_url(&self) -> Result<Url, AuthError> {
        self.urls.authorization.clone().ok_or(AuthError::NotOffered("authorization endpoint"))
    }

    /// Returns where authorization requests are handed to the server first, where it wants that (RFC 9126).
    pub(super) fn pushed_request_url(&self) -> Option<&Url> {
        self.urls.pushed.as_ref()
    }

    pub(super) fn revocation_url(&self) -> Result<&Url, AuthError> {
        self.urls.revocation.as_ref().ok_or(AuthError::NotOffered("revocation endpoint"))
    }

    pub(super) fn introspection_url(&self) -> Result<&Url, AuthError> {
        self.urls.introspection.as_ref().ok_or(AuthError::NotOffered("introspection endpoint"))
    }

    pub(super) fn device_authorization_url(&self) -> Result<&Url, AuthError> {
        self.urls.device_authorization.as_ref().ok_or(AuthError::NotOffered("device authorization endpoint"))
    }

    /// Returns the request that trades a token for one that lasts longer, and its URL.
    pub(super) fn long_lived(&self) -> Option<(&TokenTrade, &Url)> {
        self.table.long_lived.as_ref().zip(self.urls.long_lived.as_ref())
    }

    /// Returns the request that renews an access token with itself, and its URL.
    pub(super) fn renewal(&self) -> Option<(&TokenTrade, &Url)> {
        self.table.renewal.as_ref().zip(self.urls.renewal.as_ref())
    }

    /// Tells whether access tokens are renewed with themselves, in place of refresh tokens.
    pub fn renews(&self) -> bool {
        self.renewal().is_some()
    }

    /// Tells whether the end of a token is asked for at the introspection endpoint.
    pub fn introspects_expiry(&self) -> bool {
        self.table.response.expiry_from.is_some() && self.urls.introspection.is_some()
    }

    /// Returns the parameters by which the client shows who it is in a token exchange.
    pub(super) fn shown(&self, names: &[String]) -> Vec<(String, Zeroizing<String>)> {
        let value = |name: &str| match name {
            "client_secret" => self.client_secret.as_ref().map(|secret| secret.expose().to_owned()),
            _ => Some(self.client_id.clone()),
        };
        names.iter().filter_map(|name| Some((name.clone(), value(name)?.into()))).collect()
    }

    /// Returns the client as the `oauth2` crate knows it, for requests to `token_url`.
    pub(super) fn inner(&self, token_url: &Url) -> Result<Inner, AuthError> {
        let redirect =
            RedirectUrl::new(self.redirect_uri.clone()).map_err(|_| AuthError::NotOffered("usable redirect URI"))?;
        // One that shows its secret in a way of its own shows it there alone.
        let public = matches!(
            self.table.token_endpoint_auth_method,
            ClientAuthentication::None | ClientAuthentication::ClientSecretAsUser
        );
        let client: Inner = oauth2::Client::new(ClientId::new(self.client_id.clone()))
            .set_auth_type(match self.table.token_endpoint_auth_method {
                ClientAuthentication::ClientSecretBasic => AuthType::BasicAuth,
                ClientAuthentication::ClientSecretPost
                | ClientAuthentication::ClientSecretAsUser
                | ClientAuthentication::None
                | ClientAuthentication::PrivateKeyJwt => AuthType::RequestBody,
            })
            .set_redirect_uri(redirect)
            .set_auth_uri_option(self.urls.authorization.clone().map(AuthUrl::from_url))
            .set_token_uri_option(Some(TokenUrl::from_url(token_url.clone())));
        Ok(match &self.client_secret {
            Some(secret) if !public => client.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
            _ => client,
        })
    }

    /// Returns the parameters by which the client signs one request at `now`, where it does.
    pub(super) fn signed(&self, now: Time) -> Vec<(String, Zeroizing<String>)> {
        self.assertion.iter().flat_map(|assertion| assertion.parameters(now)).collect()
    }

    /// Returns the header in which the secret stands where the id would, where the client shows it so.
    pub(super) fn secret_as_user(&self) -> Option<HeaderValue> {
        let is_so = self.table.token_endpoint_auth_method == ClientAuthentication::ClientSecretAsUser;
        let secret = self.client_secret.as_ref().filter(|_| is_so)?;
        let user = Secret::new(format!("{}:", secret.expose())).in_base64();
        HeaderValue::try_from(format!("Basic {}", user.expose())).ok()
    }

    /// Returns a request of our own at `now` in which the client shows who it is.
    pub(super) fn request(&self, what: What, parameters: &[(&str, &str)], now: Time) -> TokenRequest {
        let mut parameters: Vec<_> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned().into())).collect();
        let authorization = match (self.table.token_endpoint_auth_method, &self.client_secret) {
            (ClientAuthentication::ClientSecretBasic, Some(secret)) => basic(&self.client_id, secret),
            (ClientAuthentication::ClientSecretAsUser, Some(_)) => self.secret_as_user(),
            (method, secret) => {
                parameters.push(("client_id".to_owned(), self.client_id.clone().into()));
                if let Some(secret) = secret.as_ref().filter(|_| method == ClientAuthentication::ClientSecretPost) {
                    parameters.push(("client_secret".to_owned(), secret.expose().to_owned().into()));
                }
                parameters.extend(self.signed(now));
                None
            }
        };
        let request = TokenRequest::new(what, parameters, authorization);
        let request = self.dressed(request);
        // Tokens are bound to the key, and nothing else is.
        let prover = request.prover.clone().filter(|_| matches!(what, What::TokenRequest | What::Poll));
        TokenRequest { prover, ..request }
    }

    /// Makes a token set of an answer in standard form that came at `now`.
    pub(super) fn token_set_of(map: Map<String, Value>, now: Time) -> Result<TokenSet, AuthError> {
        // The crate's own error would carry the body.
        let answer: Answer = serde_json::from_value(Value::Object(map)).map_err(|_| AuthError::odd_answer())?;
        Ok(Self::token_set(&answer, now))
    }

    /// Makes a token set of an answer that came at `now`.
    pub(super) fn token_set(answer: &Answer, now: Time) -> TokenSet {
        let mut extra = answer.extra_fields().0.clone();
        let id_token = extra.remove("id_token").and_then(|token| token.as_str().map(Secret::new));
        let token_type = match answer.token_type() {
            BasicTokenType::Bearer => "Bearer".to_owned(),
            other => other.as_ref().to_owned(),
        };
        TokenSet {
            token_type,
            refresh_token: answer.refresh_token().map(|token| Secret::new(token.secret().as_str())),
            id_token,
            expires_at: answer
                .expires_in()
                .and_then(|length| now.checked_add_signed(chrono::Duration::from_std(length).ok()?)),
            scopes: answer.scopes().map(|scopes| {
                scopes.iter().map(|scope| scope.as_str().to_owned()).filter(|scope| !scope.is_empty()).collect()
            }),
            extra: Secret::new(Value::Object(extra).to_string()),
            ..TokenSet::new(Secret::new(answer.access_token().secret().as_str()), now)
        }
    }
}

/// RFC 6749 section 2.3.1: id and secret are form-encoded before they are joined.
fn basic(client_id: &str, secret: &Secret) -> Option<HeaderValue> {
    use base64::Engine as _;
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(client_id), encode(secret.expose()));
    HeaderValue::try_from(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))).ok()
}
