//! Google's `client_secret.json`, as its console hands it out for a desktop app (`installed`) or a
//! web application (`web`).

use serde::Deserialize;

use super::found::{FoundClient, of_this_machine};
use crate::model::Secret;
use crate::service::{Error, Result};

#[derive(Deserialize)]
struct File {
    installed: Option<Written>,
    web: Option<Written>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Written {
    client_id: String,
    #[serde(default)]
    client_secret: Option<Secret>,
    #[serde(default)]
    redirect_uris: Vec<String>,
}

/// Reads the client. An error never shows the text.
pub(super) fn clients(text: &str) -> Result<Vec<FoundClient>> {
    let file: File = serde_json::from_str(text).map_err(|error| {
        Error::usage(format!("the file is no JSON of Google's (line {}, column {})", error.line(), error.column()))
            .hinted("expected the `client_secret.json` that Google's console hands out for an OAuth client")
    })?;
    if file.kind.as_deref() == Some("service_account") {
        return Err(Error::usage("this is the key of a service account, and no OAuth client")
            .hinted("make an OAuth client in Google's console (APIs & Services, Credentials), and download its JSON"));
    }
    // A desktop app may be called back on any port of this machine (RFC 8252 section 7.3).
    let any_port = || Some("http://127.0.0.1:0/".to_owned());
    let client = |written: Written, redirect_uri| FoundClient {
        name: "google".to_owned(),
        client_id: written.client_id,
        client_secret: written.client_secret,
        scopes: Vec::new(),
        redirect_uri,
        may_be_public: true,
    };
    Ok(match (file.installed, file.web) {
        (Some(installed), _) => vec![client(installed, any_port())],
        (None, Some(web)) => {
            let registered = web.redirect_uris.iter().find_map(|uri| of_this_machine(uri));
            vec![client(web, registered)]
        }
        (None, None) => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desktop_app_is_called_back_on_any_port() {
        let text = r#"{"installed":{"client_id":"i.apps.googleusercontent.com","project_id":"p","client_secret":"GOCSPX-x","redirect_uris":["http://localhost"]}}"#;
        let client = clients(text).unwrap().remove(0);
        assert_eq!(client.client_id, "i.apps.googleusercontent.com");
        assert_eq!(client.redirect_uri.as_deref(), Some("http://127.0.0.1:0/"));
        assert_eq!(client.client_secret, Some(Secret::new("GOCSPX-x")));
    }

    #[test]
    fn a_web_application_is_called_back_where_it_is_registered() {
        let text = r#"{"web":{"client_id":"i","redirect_uris":["https://example.com/cb","http://localhost:3003/oauth/callback"]}}"#;
        assert_eq!(
            clients(text).unwrap().remove(0).redirect_uri.as_deref(),
            Some("http://localhost:3003/oauth/callback")
        );
    }

    #[test]
    fn the_key_of_a_service_account_is_told_apart() {
        let error = clients(r#"{"type":"service_account","private_key":"canary"}"#).unwrap_err();
        assert!(error.message.contains("service account") && !error.message.contains("canary"));
    }
}
