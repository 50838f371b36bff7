//! What the environment says about the local server.

use super::Environment;
use crate::model::Secret;

/// What the environment says about the local server, under Nango's names.
#[derive(Debug, Clone, Default)]
pub struct ServerEnvironment {
    /// `SERVER_PORT`, or `PORT`, with its name.
    pub port: Option<(&'static str, String)>,
    /// `NANGO_SERVER_URL`: the address by which others know the server.
    pub server_url: Option<String>,
    /// `NANGO_CALLBACK_URL`: the redirect URI.
    pub callback_url: Option<String>,
    /// `NANGO_SECRET_KEY`: what callers must show; to another host, what is shown.
    pub key: Option<Secret>,
}

impl ServerEnvironment {
    pub(super) fn of(environment: &Environment) -> Self {
        let named = |name: &'static str| environment.get(name).map(|value| (name, value.to_owned()));
        let text = |name| environment.get(name).map(str::to_owned);
        Self {
            port: named("SERVER_PORT").or_else(|| named("PORT")),
            server_url: text("NANGO_SERVER_URL"),
            callback_url: text("NANGO_CALLBACK_URL"),
            key: environment.get("NANGO_SECRET_KEY").map(Secret::new),
        }
    }
}
