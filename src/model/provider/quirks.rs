//! Where a provider is not as the RFCs have it, in words: what its file says that a plain one would not.

use std::time::Duration;

use super::{Answer, ClientAuthentication, ExpirySource, OAuth2, Pkce, Provider, RequestFormat, Unit, WayIn};
use crate::model::freshness::spoken;

impl Provider {
    /// Returns what is unusual about a way of authenticating, one sentence each. The notes of the file, which are
    /// for people, are not among them.
    pub fn quirks(&self, way: WayIn) -> Vec<String> {
        let mut told = Vec::new();
        told.extend(self.signature_of(way).map(|signature| format!("each request is signed ({})", signature.words())));
        let Some(table) = self.oauth2_of(way) else { return told };
        if way == WayIn::OAuth2 {
            told.extend(table.authorizing());
        }
        told.extend(table.asking());
        told.extend(table.response.quirks());
        told.extend(table.lasting());
        told
    }
}

impl OAuth2 {
    fn authorizing(&self) -> Vec<String> {
        let mut told = Vec::new();
        if self.pkce == Pkce::None {
            told.push("PKCE is left out: it would be rejected".to_owned());
        }
        if let Some(code) = &self.code_param {
            told.push(format!("the code comes back as `{code}`"));
        }
        if let Some(fragment) = &self.authorization_fragment {
            told.push(format!("the page lies behind `#{fragment}`"));
        }
        if let Some(response_type) = &self.response_type {
            told.push(format!("a code is asked for as `{response_type}`"));
        }
        if !self.nonce && self.default_scopes.iter().chain(&self.known_scopes).any(|scope| scope == "openid") {
            told.push("ID tokens come without the nonce that was sent".to_owned());
        }
        told
    }

    fn asking(&self) -> Vec<String> {
        let mut told = Vec::new();
        if self.scope_separator != " " {
            told.push(format!("scopes are separated by `{}`", self.scope_separator));
        }
        let renamed = |(name, own): (&String, &String)| {
            if own.is_empty() { format!("`{name}` is left out") } else { format!("`{name}` is called `{own}`") }
        };
        told.extend(self.param_names.iter().map(renamed));
        let in_browser = self.authorization_param_names.iter().map(renamed);
        told.extend(in_browser.map(|renamed| format!("{renamed} in the authorization request")));
        match self.token_request.format {
            RequestFormat::Form => {}
            RequestFormat::Json => told.push("tokens are asked for in JSON".to_owned()),
            RequestFormat::Query => told.push("tokens are asked for in the URL".to_owned()),
            RequestFormat::Xml => told.push("tokens are asked for in XML".to_owned()),
        }
        if let Some(method) = self.token_request.method.as_ref().filter(|method| *method != "POST") {
            told.push(format!("tokens are asked for with {method}"));
        }
        if self.state_in_token_request {
            told.push("the state is sent again with the code".to_owned());
        }
        if self.token_endpoint_auth_method == ClientAuthentication::ClientSecretAsUser {
            told.push("the client secret stands where the user name would, with no password".to_owned());
        }
        if self.dpop {
            told.push("tokens are bound to a key, and each request carries a proof (DPoP)".to_owned());
        }
        if self.refresh_endpoint.is_some() {
            told.push("tokens are refreshed at an address of their own".to_owned());
        }
        told
    }

    fn lasting(&self) -> Vec<String> {
        let mut told = Vec::new();
        if self.long_lived.is_some() {
            told.push("the first token is traded for one that lasts longer".to_owned());
        }
        if self.renewal.is_some() {
            told.push("there are no refresh tokens: a token is renewed with itself, while it is valid".to_owned());
        }
        told
    }
}

impl Answer {
    fn quirks(&self) -> Vec<String> {
        let mut told = Vec::new();
        let places = [
            ("the access token", &self.access_token),
            ("the refresh token", &self.refresh_token),
            ("the lifetime", &self.expires_in),
            ("the end", &self.expires_at),
        ];
        told.extend(
            places.into_iter().filter_map(|(what, path)| Some(format!("{what} stands at `{}`", path.as_ref()?))),
        );
        if let Some(path) = &self.alternate {
            told.push(format!("the token stands under `{path}` where there is none at the top"));
        }
        if self.unit == Unit::Milliseconds {
            told.push("lifetimes are in milliseconds".to_owned());
        }
        match self.lifetime {
            Some(0) => told.push("a token whose answer names no end lasts for ever".to_owned()),
            Some(seconds) => {
                let lasts = spoken(Duration::from_secs(seconds));
                told.push(format!("a token whose answer names no end is taken to last {lasts}"));
            }
            None => {}
        }
        if self.expiry_from == Some(ExpirySource::Introspection) {
            told.push("the end of a token is asked for by introspection".to_owned());
        }
        if let Some(seconds) = self.refresh_margin {
            let left = spoken(Duration::from_secs(seconds));
            told.push(format!("a token with less than {left} left is refreshed before it is handed out"));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quirks(oauth2: &str) -> Vec<String> {
        let text = format!("name = \"Any\"\n[oauth2]\n{oauth2}");
        toml::from_str::<Provider>(&text).unwrap().quirks(WayIn::OAuth2)
    }

    #[test]
    fn a_plain_provider_has_none_and_others_say_what_is_different() {
        assert_eq!(quirks(""), [""; 0]);
        let unusual = r#"
            pkce = "none"
            scope_separator = ","
            token_request = { format = "json" }
            param_names = { client_id = "client_key", scope = "" }
            response = { access_token = "authed_user.access_token", lifetime = 7200, refresh_margin = 600 }
        "#;
        let told = [
            "PKCE is left out: it would be rejected",
            "scopes are separated by `,`",
            "`client_id` is called `client_key`",
            "`scope` is left out",
            "tokens are asked for in JSON",
            "the access token stands at `authed_user.access_token`",
            "a token whose answer names no end is taken to last 2h",
            "a token with less than 10m left is refreshed before it is handed out",
        ];
        assert_eq!(quirks(unusual), told);
        assert_eq!(quirks("response = { lifetime = 0 }"), ["a token whose answer names no end lasts for ever"]);
    }
}
