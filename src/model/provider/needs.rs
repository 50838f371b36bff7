//! What a provider needs of whoever uses it, in words.

use super::{ClientAuthentication, Provider, WayIn};

/// What a provider needs, or does without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It knows device codes.
    Device,
    /// Nobody must register an application.
    NoClient,
    /// It asks for more: a subdomain, a region.
    Variables,
    /// It takes https redirect URIs alone.
    Https,
    /// It names a call that tells who a token is.
    Identity,
    /// Each request to it is signed.
    Signed,
}

impl Need {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::Device, Self::NoClient, Self::Variables, Self::Https, Self::Identity, Self::Signed];

    /// Says what it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Device => "device codes",
            Self::NoClient => "no application to register",
            Self::Variables => "asks for more, as a subdomain",
            Self::Https => "https redirect URIs alone",
            Self::Identity => "tells who a token is",
            Self::Signed => "each request is signed",
        }
    }

    /// Tells whether a provider has it.
    pub fn is_of(self, provider: &Provider) -> bool {
        match self {
            Self::Device => provider.offers_device(),
            Self::NoClient => provider.ways().iter().any(|way| !way.needs_client()),
            Self::Variables => provider.asked_variables().next().is_some(),
            Self::Https => provider.oauth2.as_ref().is_some_and(|oauth2| oauth2.redirect.https_only),
            Self::Identity => provider.api.identity.is_some(),
            Self::Signed => provider.ways().into_iter().any(|way| provider.signs_requests(way)),
        }
    }
}

impl Provider {
    /// Returns what a way of authenticating needs: a client, something to enter, a browser.
    pub fn needs(&self, way: WayIn) -> String {
        match (way, self.oauth2_of(way)) {
            (WayIn::OAuth2, Some(table)) => {
                let device =
                    if self.offers_device() { "; in the browser or by a device code" } else { "; in the browser" };
                // Where it may be left out.
                let client = shown(table.token_endpoint_auth_method);
                let registers = table.registration_endpoint.is_some() && self.may_register();
                let client = if registers { "no client id: hallpass registers itself" } else { client };
                format!("{client}{device}")
            }
            (_, Some(table)) => format!("{}; no browser", shown(table.token_endpoint_auth_method)),
            (WayIn::OAuth1 | WayIn::OAuth1Token, None) => {
                let method = self.signing_of(way).map_or("", |(method, _)| method.word());
                let token = if way.is_entered() { ", and a token with its secret" } else { "" };
                format!("client id and secret{token}; requests are signed ({method})")
            }
            (_, None) => {
                let fields = self.credential_fields(way).into_iter().filter(|(_, field)| field.default.is_none());
                let labels: Vec<String> = fields.map(|(name, field)| field.short_label(&name).to_owned()).collect();
                let ending = match way {
                    WayIn::TokenExchange => "traded for a token",
                    WayIn::SignedJwt => "which sign a token",
                    _ => "typed or pasted",
                };
                let listed = match labels.split_last() {
                    Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
                    _ => labels.join(""),
                };
                let signature =
                    self.signature_of(way).map(|signature| format!("; requests are signed ({})", signature.words()));
                format!("{listed}, {ending}{}", signature.unwrap_or_default())
            }
        }
    }
}

fn shown(method: ClientAuthentication) -> &'static str {
    match method {
        ClientAuthentication::ClientSecretPost => "client id and secret, sent in the body",
        ClientAuthentication::ClientSecretBasic => "client id and secret, sent in a header",
        ClientAuthentication::ClientSecretAsUser => "client id, and a secret that is sent as a user name",
        ClientAuthentication::None => "client id alone",
        ClientAuthentication::PrivateKeyJwt => "client id and a private key in PEM as its secret, which signs",
    }
}
