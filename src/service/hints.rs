//! What mends a provider's "no": the few causes behind most of them.

use crate::auth::Refusal;
use crate::model::{Config, ConfigKey, ConnectionRef, Provider, untrusted};

use super::error::{authorize_command, quoted};

/// What is known about a flow that was refused.
pub struct Circumstances<'a> {
    /// The connection that was to be.
    pub connection: &'a ConnectionRef,
    /// Its config.
    pub config: &'a Config,
    /// Its provider.
    pub provider: &'a Provider,
    /// The redirect URI that was sent.
    pub redirect_uri: &'a str,
    /// The scopes that were asked for.
    pub scopes: &'a [String],
}

/// Returns what mends `refusal`.
pub fn for_refusal(refusal: &Refusal, flow: &Circumstances<'_>) -> String {
    let said = format!("{} {}", refusal.code, refusal.description.as_deref().unwrap_or_default()).to_ascii_lowercase();
    let mentions = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let console = flow.provider.console.as_ref().map(|url| format!(" at {}", untrusted::line(url))).unwrap_or_default();
    if mentions(&["redirect_uri", "redirect uri", "redirect url", "callback url"]) {
        let anew = anew(flow.provider, &flow.config.key);
        format!("register `{}` as a redirect URI{console}, to the letter{anew}", flow.redirect_uri)
    } else if refusal.code == "unsupported_grant_type" || refusal.code == "unsupported_response_type" {
        let ways = flow.provider.way_words().join(", ");
        format!("the server does not offer this way in; `hallpass provider show {}` has {ways}", flow.config.provider)
    } else if mentions(&["scope"]) {
        let asked = if flow.scopes.is_empty() { "none".to_owned() } else { flow.scopes.join(" ") };
        format!(
            "asked for: {asked}; allow these scopes in the app's settings{console}, or ask for others with `--scope`"
        )
    } else if refusal.code == "invalid_client"
        || refusal.code == "unauthorized_client"
        || mentions(&["client_id", "client id", "client secret"])
    {
        for_client(flow.provider, &flow.config.key)
    } else if mentions(&["clock", "in the future", "not yet valid", "issued at"]) {
        "check this machine's clock".to_owned()
    } else if refusal.code == "access_denied" || mentions(&["denied", "cancel"]) {
        format!("authorization was denied in the browser; begin again with {}", authorize_command(flow.connection))
    } else if refusal.code == "invalid_grant" {
        format!(
            "the code was used up or too old; begin again with {}, and check this machine's clock if it happens every time",
            authorize_command(flow.connection)
        )
    } else {
        match &flow.provider.docs {
            Some(docs) => format!("the provider's page on authorizing: {}", untrusted::line(docs)),
            None => format!("begin again with {}", authorize_command(flow.connection)),
        }
    }
}

/// Returns what mends a refusal of the client itself.
pub fn for_client(provider: &Provider, key: &ConfigKey) -> String {
    let console = provider.console.as_ref().map(|url| format!(" at {}", untrusted::line(url))).unwrap_or_default();
    let (quoted, anew) = (quoted(key.as_str()), anew(provider, key));
    format!(
        "check the client id and the client secret{console}, and mend them with `hallpass config edit {quoted}`{anew}"
    )
}

/// The other way out, where hallpass may have registered itself: such servers forget clients.
fn anew(provider: &Provider, key: &ConfigKey) -> String {
    if provider.may_register() {
        format!(
            "; or let hallpass register itself anew with `hallpass config edit {} --register`",
            quoted(key.as_str())
        )
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::tests::config;

    fn hint(code: &str, description: Option<&str>) -> String {
        let config = config("github", "github");
        let (_, provider) = crate::catalog::Catalog::default().get("github").unwrap();
        let flow = Circumstances {
            connection: &ConnectionRef::parse("github/jane").unwrap(),
            config: &config,
            provider: &provider,
            redirect_uri: config.redirect_uri(),
            scopes: &["repo".to_owned()],
        };
        for_refusal(&Refusal::new(code, description, None, 400), &flow)
    }

    #[test]
    fn a_redirect_uri_that_is_not_registered_is_named_with_the_place_to_register_it() {
        let hint = hint("redirect_uri_mismatch", None);
        assert!(
            hint.contains("http://localhost:3003/oauth/callback")
                && hint.contains("https://github.com/settings/developers"),
            "{hint}"
        );
    }

    #[test]
    fn each_usual_cause_has_its_own_hint() {
        assert!(hint("invalid_scope", None).contains("asked for: repo"));
        assert!(hint("invalid_client", None).contains("hallpass config edit github"));
        assert!(hint("access_denied", Some("End-User denied the request")).contains("hallpass connect github jane"));
        assert!(hint("invalid_grant", None).contains("clock"));
        assert!(hint("invalid_request", Some("iat is in the future")).contains("clock"));
        let (_, mcp) = crate::catalog::Catalog::default().get("linear-mcp").unwrap();
        assert!(for_client(&mcp, &ConfigKey::new("notes").unwrap()).contains("hallpass config edit notes --register"));
        assert!(!hint("invalid_client", None).contains("--register"));
        assert!(hint("whatever", None).contains("docs.github.com"));
    }
}
