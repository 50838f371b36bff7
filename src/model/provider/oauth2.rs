//! The `[oauth2]` and `[client_credentials]` tables.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Parameters, SigningAlgorithm, UrlTemplate};

/// The `[oauth2]` table. Endpoints have the names of RFC 8414.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the file")]
pub struct OAuth2 {
    /// The issuer identifier; a callback that names another one is refused (RFC 9207). Endpoints that
    /// are not given are discovered there (RFC 8414).
    pub issuer: Option<String>,
    /// The server names its issuer in every callback: one that does not is refused (RFC 9207 section 2.4).
    pub authorization_response_iss_parameter_supported: bool,
    /// Where the keys are that ID tokens are signed with (RFC 7517).
    pub jwks_uri: Option<UrlTemplate>,
    /// Where the browser goes.
    pub authorization_endpoint: Option<UrlTemplate>,
    /// Where codes are exchanged.
    pub token_endpoint: Option<UrlTemplate>,
    /// Where tokens are refreshed, if not at the token endpoint.
    pub refresh_endpoint: Option<UrlTemplate>,
    /// RFC 7009.
    pub revocation_endpoint: Option<UrlTemplate>,
    /// RFC 7662.
    pub introspection_endpoint: Option<UrlTemplate>,
    /// RFC 8628.
    pub device_authorization_endpoint: Option<UrlTemplate>,
    /// `OpenID` Connect Core section 5.3.
    pub userinfo_endpoint: Option<UrlTemplate>,
    /// RFC 9126.
    pub pushed_authorization_request_endpoint: Option<UrlTemplate>,
    /// RFC 7591.
    pub registration_endpoint: Option<UrlTemplate>,
    /// What the token is for, as `resource` in every request (RFC 8707): an MCP server.
    pub resource: Option<String>,
    /// Added to the authorization request.
    pub authorization_params: Parameters,
    /// Added to the token request.
    pub token_params: Parameters,
    /// Added to the refresh request.
    pub refresh_params: Parameters,
    /// Asked for where the config names none.
    pub default_scopes: Vec<String>,
    /// Offered when a config is made.
    pub known_scopes: Vec<String>,
    /// What stands between scopes, in requests and answers.
    pub scope_separator: String,
    /// Proof key for code exchange.
    pub pkce: Pkce,
    /// Whether a `nonce` goes out with `openid` and must stand in the ID token (OpenID Connect Core section
    /// 3.1.2.1). `LinkedIn` and Intuit do not put it there.
    pub nonce: bool,
    /// How the client shows who it is.
    pub token_endpoint_auth_method: ClientAuthentication,
    /// What its signed assertion says, where it shows one (`private_key_jwt`).
    pub client_assertion: ClientAssertion,
    /// Whether tokens are bound to a key that each request proves (RFC 9449).
    pub dpop: bool,
    /// How the token request is written.
    pub token_request: TokenRequest,
    /// Standard parameter name → the provider's own; an empty one leaves the parameter out.
    pub param_names: BTreeMap<String, String>,
    /// The same for the authorization request alone (Walmart: `clientId`).
    pub authorization_param_names: BTreeMap<String, String>,
    /// The same for the requests of a device authorization (Twitch calls its `scope` there `scopes`).
    pub device_param_names: BTreeMap<String, String>,
    /// The callback parameter that holds the code, if not `code`.
    pub code_param: Option<String>,
    /// What the authorization request asks for, if not `code` (Follow Up Boss: `auth_code`).
    pub response_type: Option<String>,
    /// A page behind a fragment, behind which the query stands (Apollo). RFC 6749 section 3.1 forbids it.
    pub authorization_fragment: Option<String>,
    /// Whether the token request holds the state, too (Follow Up Boss).
    pub state_in_token_request: bool,
    /// Whether a refresh names the scopes that were granted (RFC 6749 section 6 leaves it open; Absorb wants it).
    pub scope_in_refresh: bool,
    /// What the provider demands of a redirect URI.
    pub redirect: Redirect,
    /// Where the answer keeps what.
    pub response: Answer,
    /// A second request after the first, that trades the access token for one that lasts longer.
    pub long_lived: Option<TokenTrade>,
    /// How an access token is renewed where there are no refresh tokens: with itself, while it is valid.
    pub renewal: Option<TokenTrade>,
}

impl OAuth2 {
    /// Returns the endpoints that are given, with their keys.
    pub fn endpoints(&self) -> Vec<(&'static str, &UrlTemplate)> {
        [
            ("authorization_endpoint", &self.authorization_endpoint),
            ("token_endpoint", &self.token_endpoint),
            ("refresh_endpoint", &self.refresh_endpoint),
            ("revocation_endpoint", &self.revocation_endpoint),
            ("introspection_endpoint", &self.introspection_endpoint),
            ("device_authorization_endpoint", &self.device_authorization_endpoint),
            ("userinfo_endpoint", &self.userinfo_endpoint),
            ("pushed_authorization_request_endpoint", &self.pushed_authorization_request_endpoint),
            ("registration_endpoint", &self.registration_endpoint),
            ("jwks_uri", &self.jwks_uri),
        ]
        .into_iter()
        .filter_map(|(name, url)| Some((name, url.as_ref()?)))
        .chain(self.long_lived.iter().map(|exchange| ("long_lived.endpoint", &exchange.endpoint)))
        .chain(self.renewal.iter().map(|exchange| ("renewal.endpoint", &exchange.endpoint)))
        .collect()
    }
}

impl Default for OAuth2 {
    fn default() -> Self {
        Self {
            issuer: None,
            authorization_response_iss_parameter_supported: false,
            jwks_uri: None,
            authorization_endpoint: None,
            token_endpoint: None,
            refresh_endpoint: None,
            revocation_endpoint: None,
            introspection_endpoint: None,
            device_authorization_endpoint: None,
            userinfo_endpoint: None,
            pushed_authorization_request_endpoint: None,
            registration_endpoint: None,
            resource: None,
            authorization_params: Parameters::new(),
            token_params: Parameters::new(),
            refresh_params: Parameters::new(),
            default_scopes: Vec::new(),
            known_scopes: Vec::new(),
            scope_separator: " ".to_owned(),
            pkce: Pkce::default(),
            nonce: true,
            token_endpoint_auth_method: ClientAuthentication::default(),
            client_assertion: ClientAssertion::default(),
            dpop: false,
            token_request: TokenRequest::default(),
            param_names: BTreeMap::new(),
            authorization_param_names: BTreeMap::new(),
            device_param_names: BTreeMap::new(),
            code_param: None,
            response_type: None,
            authorization_fragment: None,
            state_in_token_request: false,
            scope_in_refresh: false,
            redirect: Redirect::default(),
            response: Answer::default(),
            long_lived: None,
            renewal: None,
        }
    }
}

/// Proof key for code exchange. `plain` is not offered (RFC 9700 section 2.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum Pkce {
    /// SHA-256 (RFC 7636 section 4.2).
    #[default]
    S256,
    /// The provider rejects it.
    #[serde(rename = "none")]
    None,
}

/// How the client authenticates at the token endpoint (RFC 7591 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// Id and secret in the request body.
    #[default]
    ClientSecretPost,
    /// Id and secret in the `Authorization` header.
    ClientSecretBasic,
    /// The secret in the `Authorization` header, where the id would stand, with an empty password: no RFC has it
    /// (Stripe Apps, whose secret is the key of an account).
    ClientSecretAsUser,
    /// A public client: the id alone.
    None,
    /// A signed assertion (RFC 7523).
    PrivateKeyJwt,
}

impl ClientAuthentication {
    /// Returns its name in metadata and provider files (RFC 8414 section 2).
    pub fn word(self) -> &'static str {
        match self {
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretAsUser => "client_secret_as_user",
            Self::None => "none",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }
}

/// What a client's signed assertion says (RFC 7523 section 3). The key is the client secret of the config, in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientAssertion {
    /// How it is signed.
    pub algorithm: SigningAlgorithm,
    /// Who says it, if not the client id; `{redirect_host}` is the host of the redirect URI.
    pub issuer: Option<String>,
    /// Who it is for, if not the token endpoint.
    pub audience: Option<String>,
    /// For how many seconds it is valid.
    pub lifetime: u32,
    /// Further members of its header, such as `kid`.
    pub header: BTreeMap<String, String>,
}

impl Default for ClientAssertion {
    fn default() -> Self {
        Self {
            algorithm: SigningAlgorithm::RS256,
            issuer: None,
            audience: None,
            lifetime: 300,
            header: BTreeMap::new(),
        }
    }
}

/// How the token request is written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenRequest {
    /// Where the parameters stand.
    pub format: RequestFormat,
    /// The method, if not POST.
    pub method: Option<String>,
    /// Extra headers.
    pub headers: BTreeMap<String, String>,
}

/// Where the parameters of a token request stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestFormat {
    /// In a form body, as RFC 6749 has it.
    #[default]
    Form,
    /// In a JSON object.
    Json,
    /// In the URL.
    Query,
    /// In an XML document whose root is `credentials`; the answer is one too (Braintree).
    Xml,
}

/// What the provider demands of a redirect URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the file")]
pub struct Redirect {
    /// It must be https.
    pub https_only: bool,
    /// `127.0.0.1` is accepted besides `localhost`.
    pub loopback_ip: bool,
    /// `127.0.0.1` is accepted in the place of `localhost` (RFC 8252 section 8.3 advises it).
    pub loopback_ip_only: bool,
    /// Any port is accepted on loopback (RFC 8252 section 7.3).
    pub any_port: bool,
}

impl Redirect {
    /// Returns what a redirect URI must or may be, in words; nothing where it is as usual.
    pub fn words(self) -> Option<&'static str> {
        match (self.https_only, self.loopback_ip, self.any_port) {
            (true, ..) => Some("https only"),
            (_, _, any_port) if self.loopback_ip_only => {
                Some(if any_port { "127.0.0.1, not localhost, with any port" } else { "127.0.0.1, not localhost" })
            }
            (_, true, true) => Some("127.0.0.1 too, with any port"),
            (_, true, false) => Some("127.0.0.1 too"),
            (_, false, true) => Some("any port on localhost"),
            (false, false, false) => None,
        }
    }
}

/// Where a token answer keeps what. Paths are dotted: `data.token`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// Path of the access token.
    pub access_token: Option<String>,
    /// Path of the refresh token.
    pub refresh_token: Option<String>,
    /// Path of the lifetime.
    pub expires_in: Option<String>,
    /// Path of the moment of expiry.
    pub expires_at: Option<String>,
    /// Path of an object to read the fields from where there is no access token at the usual place.
    pub alternate: Option<String>,
    /// `PATH=VALUE`: a refresh that answers this, and no token, has made the token that is there last as long again
    /// (COROS). The value is a text, a number or a truth value.
    pub kept_when: Option<String>,
    /// The unit of the lifetime.
    pub unit: Unit,
    /// The lifetime in seconds where the answer says none; 0 means for ever.
    pub lifetime: Option<u64>,
    /// Where the end of a token is found out, if the answer does not say it.
    pub expiry_from: Option<ExpirySource>,
    /// For how many seconds a token must still be valid to be handed out.
    pub refresh_margin: Option<u64>,
}

/// Where the end of a token is found out, if the answer does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExpirySource {
    /// At the introspection endpoint (RFC 7662); `lifetime` is taken where that says nothing.
    Introspection,
}

/// A request that trades an access token for another one (`long_lived`, `renewal`): Meta's way of making
/// a token last, in place of refresh tokens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenTrade {
    /// Where it goes.
    pub endpoint: UrlTemplate,
    /// What is sent as `grant_type`.
    pub grant_type: String,
    /// The parameter that holds the access token.
    #[serde(default = "access_token")]
    pub token_param: String,
    /// What the client shows: `client_id`, `client_secret`, both, or nothing.
    #[serde(default)]
    pub client_params: Vec<String>,
    /// The method, if not GET. With GET everything stands in the URL.
    #[serde(default)]
    pub method: Option<String>,
}

fn access_token() -> String {
    "access_token".to_owned()
}

impl TokenTrade {
    /// Tells whether its parameters, the token among them, stand in the URL.
    pub fn is_in_url(&self) -> bool {
        self.method.as_deref().is_none_or(|method| method == "GET")
    }
}

/// The unit of a lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// As RFC 6749 has it.
    #[default]
    Seconds,
    /// Thousandths.
    Milliseconds,
}
