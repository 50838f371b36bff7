//! What the sandbox shows a person, and the provider file that describes it.

use super::{CLIENT_ID, CLIENT_SECRET, Shared};
use crate::listener::page::{Form, Page};

pub(super) fn front(shared: &Shared) -> Page {
    let words = vec![
        format!("An authorization server for trying things out, at `{}`. It keeps nothing.", shared.issuer),
        format!(
            "Client id `{CLIENT_ID}`, client secret `{CLIENT_SECRET}`, any loopback redirect URI with the path `/oauth/callback`."
        ),
    ];
    Page::new(200, "hallpass sandbox", words)
}

pub(super) fn consent(scopes: &[String], consent: &str) -> Page {
    let asked = if scopes.is_empty() {
        "nothing in particular".to_owned()
    } else {
        scopes.iter().map(|scope| format!("`{}`", scope.replace('`', "'"))).collect::<Vec<_>>().join(", ")
    };
    let mut page = Page::new(
        200,
        "Sandbox: may hallpass in?",
        vec![
            format!("It asks for {asked}."),
            "This is a pretend provider on your own machine. No account is needed, and nothing is kept.".to_owned(),
        ],
    );
    page.form = Some(Form {
        fields: vec![("consent".to_owned(), consent.to_owned())],
        buttons: vec![("allow", "Allow"), ("deny", "Deny")],
    });
    page
}

pub(super) fn problem(why: &str) -> Page {
    Page::new(400, "The sandbox refuses this request", vec![why.to_owned()])
}

pub(super) fn provider_file(issuer: &str) -> String {
    format!(
        r#"name = "Sandbox"
categories = ["dev-tools"]
docs = "{issuer}/"
console = "{issuer}/"
notes = ["A pretend provider on this machine; it forgets everything when it ends."]

[oauth2]
issuer = "{issuer}"
authorization_endpoint = "{issuer}/authorize"
token_endpoint = "{issuer}/token"
revocation_endpoint = "{issuer}/revoke"
userinfo_endpoint = "{issuer}/userinfo"
default_scopes = ["read", "write"]
known_scopes = ["admin", "read", "write"]
redirect = {{ loopback_ip = true, any_port = true }}

[api]
base_url = "{issuer}"
identity = "GET /userinfo"
"#
    )
}
