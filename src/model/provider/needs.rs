//! What each way of authenticating needs of whoever takes it, in words.

use super::{ClientAuthentication, Provider, WayIn};

impl Provider {
    /// Returns what a way of authenticating needs: a client, something to enter, a browser.
    pub fn needs(&self, way: WayIn) -> String {
        match (way, self.oauth2_of(way)) {
            (WayIn::OAuth2, Some(table)) => {
                let device =
                    if self.offers_device() { "; in the browser or by a device code" } else { "; in the browser" };
                format!("{}{device}", shown(table.token_endpoint_auth_method))
            }
            (_, Some(table)) => format!("{}; no browser", shown(table.token_endpoint_auth_method)),
            (WayIn::OAuth1, None) => {
                let method = self.oauth1.as_ref().map_or("", |table| table.signature_method.word());
                format!("client id and secret; requests are signed ({method})")
            }
            (_, None) => {
                let fields = self.credential_fields(way).into_iter().filter(|(_, field)| field.default.is_none());
                let labels: Vec<String> = fields.map(|(name, field)| field.label.unwrap_or(name)).collect();
                format!("{}, typed or pasted", labels.join(" and "))
            }
        }
    }
}

fn shown(method: ClientAuthentication) -> &'static str {
    match method {
        ClientAuthentication::ClientSecretPost => "client id and secret, sent in the body",
        ClientAuthentication::ClientSecretBasic => "client id and secret, sent in a header",
        ClientAuthentication::None => "client id alone",
        ClientAuthentication::PrivateKeyJwt => "a signed assertion",
    }
}
