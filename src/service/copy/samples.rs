//! What copies look like, for a person who has not copied yet.

use base64::Engine as _;

use super::{Call, Form, headers_text, variable_name};
use crate::api::Access;
use crate::model::{Connection, Credentials, Entered, Provider, Secret, TokenSet, WayIn};

/// What stands in a sample where the copy has a secret.
const MASKED: &str = "•••";

/// Returns what the copies of a connection look like, without a secret: nothing is read from the vault. Forms that
/// cannot be had are left out.
pub fn samples(provider: &Provider, connection: &Connection) -> Vec<(Form, String)> {
    let env = format!("{}={MASKED}", variable_name(&connection.reference));
    // Each request is signed on its own: nothing of it is good for two.
    if provider.signature_of(connection.way).is_some() {
        let names = provider.signing_environment(connection.way).into_iter();
        let names = names.map(|(name, _)| format!("{name}={MASKED}"));
        let lines = names.collect::<Vec<_>>().join(" ");
        return if lines.is_empty() { Vec::new() } else { vec![(Form::Env, lines)] };
    }
    let Some(credentials) = masked(provider, connection) else { return vec![(Form::Env, env)] };
    let access = Access {
        provider: provider.clone(),
        client_id: MASKED.to_owned(),
        client_secret: Some(Secret::new(MASKED)),
        variables: connection.variables.clone(),
        credentials,
        named: Vec::new(),
    };
    let login = base64::engine::general_purpose::STANDARD.encode(format!("{MASKED}:{MASKED}"));
    // Encoded as it would be where it is sent.
    let in_url: String = url::form_urlencoded::byte_serialize(MASKED.as_bytes()).collect();
    let plain = |secret: Secret| secret.expose().replace(&login, MASKED).replace(&in_url, MASKED);
    let header = access.headers().ok().filter(|headers| !headers.is_empty()).map(|headers| headers_text(&headers));
    let call = Call::of(&access).ok();
    [
        (Form::Header, header.map(plain)),
        (Form::Env, Some(env)),
        (Form::Curl, call.as_ref().map(|call| plain(call.curl()))),
        (Form::Httpie, call.as_ref().map(|call| plain(call.httpie()))),
        (Form::Fetch, call.as_ref().map(|call| plain(call.fetch()))),
    ]
    .into_iter()
    .filter_map(|(form, text)| Some((form, text?)))
    .collect()
}

/// Credentials of the way that the connection has, with nothing in them.
fn masked(provider: &Provider, connection: &Connection) -> Option<Credentials> {
    let (obtained_at, secret) = (connection.obtained_at, || Secret::new(MASKED));
    let fields = provider.credential_fields(connection.way).into_iter().map(|(name, _)| (name, secret())).collect();
    let tokens = |fields| TokenSet { fields, ..TokenSet::new(secret(), obtained_at) };
    Some(match connection.way {
        WayIn::OAuth1 | WayIn::OAuth1Token => return None,
        WayIn::OAuth2 => Credentials::OAuth2(tokens(fields)),
        WayIn::ClientCredentials => Credentials::ClientCredentials(tokens(fields)),
        WayIn::ApiKey => Credentials::ApiKey(Entered { fields, obtained_at }),
        WayIn::Basic => Credentials::Basic(Entered { fields, obtained_at }),
        WayIn::TokenExchange => Credentials::TokenExchange(tokens(fields)),
        WayIn::SignedJwt => Credentials::SignedJwt(tokens(fields)),
    })
}
