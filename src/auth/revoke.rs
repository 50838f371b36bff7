//! Revoking tokens (RFC 7009).

use super::transport::Transport;
use super::{AuthError, Client};
use crate::model::TokenSet;

/// Revokes the refresh token, then the access token: both are tried, and the first error is told.
///
/// The request is our own: the `oauth2` crate refuses plain http even on loopback.
pub async fn revoke(transport: &Transport, client: &Client, tokens: &TokenSet) -> Result<(), AuthError> {
    let url = client.revocation_url()?;
    let mut outcome = Ok(());
    let refresh_token = tokens.refresh_token.iter().map(|token| (token, "refresh_token"));
    for (token, hint) in refresh_token.chain([(&tokens.access_token, "access_token")]) {
        let request = client.request(&[("token", token.expose()), ("token_type_hint", hint)]);
        outcome = outcome.and(transport.notice(url, &client.table, request).await);
    }
    outcome
}
