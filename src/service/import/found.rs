//! What a file of another program says about a client.

use crate::model::Secret;

/// A client that a file of another program describes.
#[derive(Debug)]
pub(super) struct FoundClient {
    /// What the file calls it: the beginning of its variables' names, or `google`.
    pub(super) name: String,
    pub(super) client_id: String,
    pub(super) client_secret: Option<Secret>,
    pub(super) scopes: Vec<String>,
    pub(super) redirect_uri: Option<String>,
    /// Whether it may have no secret; otherwise one is missing in the file.
    pub(super) may_be_public: bool,
}

/// Returns a redirect URI if it leads to this machine: one of a server on the web is of no use here.
pub(super) fn of_this_machine(uri: &str) -> Option<String> {
    let url = url::Url::parse(uri.trim()).ok()?;
    (url.scheme() == "http" && crate::model::template::is_loopback(&url)).then(|| uri.trim().to_owned())
}
