//! Authorized requests to a provider's API: its base URL, the headers and parameters its file asks
//! for, the signature of OAuth 1.0a. Nothing is stored here, and nothing refreshed.
//!
//! A credential goes to the origins that the provider file, or a variable of its, names, and to no
//! other: neither a path that somebody typed nor a redirect moves it.

mod access;
mod client;
mod masked;
mod signature;

pub use access::Access;
pub use client::{Answer, Client, Payload, Request};

use crate::auth::AuthError;
use crate::model::template::TemplateError;

/// What can go wrong with a request to an API.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// A URL or a header of the provider file cannot be filled.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The provider file names no API.
    #[error("the provider file of {0} names no API (`base_url` under `[api]`)")]
    NoBaseUrl(String),
    /// A signature of AWS is for a service in a region, and the host tells none.
    #[error(
        "the host `{0}` tells no service and no region of AWS; expected one such as `lambda.eu-west-1.amazonaws.com`"
    )]
    NoScope(String),
    /// It would leave the API.
    #[error("`{url}` is not of this API; requests go to {allowed}")]
    Foreign {
        /// Where it would go, without its query, made harmless for a terminal.
        url: String,
        /// The origins that are let in.
        allowed: String,
    },
    /// A method, header or path that is none.
    #[error("`{0}` cannot be sent: {1}")]
    Malformed(String, &'static str),
    /// It cannot be signed or sent, or what came back cannot be used.
    #[error(transparent)]
    Http(#[from] AuthError),
    /// A redirect after a redirect.
    #[error("{host} redirects again and again; {most} redirects are followed")]
    Redirects {
        /// The host that came last.
        host: String,
        /// How many are followed.
        most: usize,
    },
}
