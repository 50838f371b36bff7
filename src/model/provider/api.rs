//! The `[api]` table of a provider file: where its API is, and what a request to it shows.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{RequestSignature, UrlTemplate};

/// The `[api]` table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Api {
    /// What request paths are put behind.
    pub base_url: Option<UrlTemplate>,
    /// Request headers. Without any, `authorization: Bearer {token}`.
    pub headers: BTreeMap<String, String>,
    /// Request parameters in the URL.
    pub query: BTreeMap<String, String>,
    /// The cheapest call that says who one is, as `METHOD path`.
    pub identity: Option<String>,
    /// The cheapest call that proves an API key, as `METHOD path`.
    pub verify: Option<String>,
    /// How each request is signed.
    pub signature: Option<RequestSignature>,
    /// The provider wants a credential in the URL.
    pub secret_in_url: bool,
}

impl Api {
    /// Tells whether a placeholder such as `{client_id}` stands anywhere in what is sent.
    pub fn mentions(&self, placeholder: &str) -> bool {
        let urls = self.base_url.iter().flat_map(UrlTemplate::candidates);
        let calls = self.identity.iter().chain(&self.verify);
        let mut texts = self.headers.values().chain(self.query.values()).chain(calls).chain(urls);
        texts.any(|text| text.contains(placeholder))
    }
}
