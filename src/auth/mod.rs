//! One file per way in and per exchange, without storage.
//!
//! [`transport`] is the one place that talks to an authorization server. It makes what a provider
//! wants of a standard request, and a standard answer of whatever comes back, so that the rest
//! reads like the RFCs.

pub mod answer;
pub mod authorization_code;
pub mod callback;
pub mod client;
mod client_assertion;
pub mod client_certificate;
pub mod client_credentials;
pub mod device;
pub mod dpop;
pub mod discovery;
mod exchange;
mod filled;
pub mod http;
pub mod id_token;
pub mod introspect;
mod jwk;
mod masked;
mod masked_body;
pub mod jwt;
pub mod oauth1;
pub mod protected_resource;
pub mod refresh;
pub mod registration;
pub mod renew;
pub mod revoke;
mod sent;
pub mod signing;
pub mod tape;
pub mod token_exchange;
mod token_request;
pub mod transport;
mod xml;

use std::time::Duration;

pub use client::Client;
pub use registration::Registration;
pub use tape::Tape;
pub use transport::Transport;

use crate::model::template::TemplateError;
use crate::model::untrusted;

/// What can go wrong with an authorization server, and with every request to a provider; cut by what may be
/// done next.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// It said no (RFC 6749 sections 4.1.2.1 and 5.2).
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It answered whole, and may say yes later: 408, 429 or 5xx.
    #[error("{host} answered {status}{}", detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default())]
    Busy {
        /// The host that answered.
        host: String,
        /// The HTTP status.
        status: u16,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
        /// What it said, made harmless for a terminal.
        detail: Option<String>,
    },
    /// No connection came about: nothing was sent.
    #[error("cannot reach {host}: {why}")]
    Unreachable {
        /// The host.
        host: String,
        /// Why, without the URL.
        why: String,
    },
    /// The request was sent and no whole answer came: the server may have acted on it.
    #[error("{host} gave no whole answer: {why}")]
    NoAnswer {
        /// The host.
        host: String,
        /// Why, without the URL.
        why: String,
    },
    /// An answer came that is no token answer.
    #[error("{host} answered {status} with {what}")]
    Unusable {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What it was.
        what: String,
    },
    /// A URL of the provider file cannot be filled.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The provider file does not offer what was asked for.
    #[error("the provider offers no {0}")]
    NotOffered(&'static str),
    /// What was entered is no key to sign with.
    #[error(transparent)]
    Signing(#[from] signing::SigningError),
    /// What was entered is no certificate with its key.
    #[error("the client certificate and its key cannot be used: {0}")]
    ClientCertificate(String),
    /// An ID token that cannot be believed.
    #[error("the provider's ID token is not what it should be: {0}")]
    IdToken(#[from] id_token::IdTokenError),
    /// What a resource says of itself is not what it should be (RFC 9728).
    #[error("what `{resource}` says of itself cannot be used: {why}")]
    Resource {
        /// Its address.
        resource: String,
        /// What is wrong with it.
        why: String,
    },
    /// The metadata of a server is not what it should be.
    #[error("the metadata of `{issuer}` cannot be used: {why}")]
    Metadata {
        /// The issuer that was asked for.
        issuer: String,
        /// What is wrong with it.
        why: String,
    },
    /// The system offers no usable TLS.
    #[error("no secure connection can be set up: {0}")]
    Tls(String),
}

/// A server's "no", in its own words, made harmless for a terminal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}{}", description.as_ref().map(|description| format!(": {description}")).unwrap_or_default())]
pub struct Refusal {
    /// The error code, such as `invalid_grant`.
    pub code: String,
    /// The `error_description`.
    pub description: Option<String>,
    /// The `error_uri`, where it is a web address.
    pub uri: Option<String>,
    /// The HTTP status it came with; 0 for the front channel.
    pub status: u16,
}

impl Refusal {
    /// Takes over what a server said.
    pub fn new(code: &str, description: Option<&str>, uri: Option<&str>, status: u16) -> Self {
        let said = |text: &str| Some(untrusted::line(text)).filter(|text| !text.is_empty());
        let is_web = |uri: &String| uri.starts_with("https://") || uri.starts_with("http://");
        Self {
            code: said(code).unwrap_or_else(|| "unknown error".to_owned()),
            description: description.and_then(said),
            uri: uri.and_then(said).filter(is_web),
            status,
        }
    }

    /// Makes one of a status alone.
    pub(super) fn of_status(status: u16) -> Self {
        Self::new(&format!("http_{status}"), None, None, status)
    }

    /// Tells whether the grant is gone for good: `invalid_grant` (RFC 6749 section 5.2), or what
    /// some providers say instead of it.
    pub fn ends_the_grant(&self) -> bool {
        // GitHub, Slack and others have words of their own. Not among them are words that are said of
        // other things too: `access_denied` of too many requests (Zoho), `OAuthException` of nearly
        // everything (Facebook).
        const OTHER_WORDS: [&str; 7] = [
            "bad_refresh_token",
            "invalid_refresh_token",
            "invalid_token",
            "token_expired",
            "token_revoked",
            "expired_token",
            "account_inactive",
        ];
        self.code == "invalid_grant" || OTHER_WORDS.contains(&self.code.as_str())
    }

    /// Tells whether it is the client or its request that was refused, not the grant: then the
    /// config is wrong, and the connection is not.
    pub fn is_about_the_client(&self) -> bool {
        !self.ends_the_grant() && matches!(self.status, 200 | 400 | 401)
    }
}

impl AuthError {
    /// Says that a token answer has a field of the wrong kind.
    fn odd_answer() -> Self {
        let what = "a token answer with a field of the wrong kind".to_owned();
        Self::Unusable { host: "the provider".to_owned(), status: 200, what }
    }

    /// Tells whether asking again may help and cannot hurt: nothing was sent, or a whole answer
    /// said "later".
    pub fn may_be_repeated(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Busy { .. })
    }

    /// Tells whether the server may have acted on a request whose answer is lost: none came, or one
    /// that says "done" and cannot be read.
    pub fn is_lost_answer(&self) -> bool {
        matches!(self, Self::NoAnswer { .. } | Self::Unusable { status: 200..=299, .. })
    }
}
