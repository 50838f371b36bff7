//! Revoking tokens (RFC 7009).

use super::transport::Transport;
use super::{AuthError, Client};
use crate::model::tape::What;
use crate::model::{Secret, TokenSet};

/// Revokes the refresh token, then the access token: both are tried, and the first error is told.
///
/// The request is our own: the `oauth2` crate refuses plain http even on loopback.
pub async fn revoke(transport: &Transport, client: &Client, tokens: &TokenSet) -> Result<(), AuthError> {
    let url = client.revocation_url()?;
    let revoke = async |token: &Secret, hint: &str| {
        let request =
            client.request(What::Revocation, &[("token", token.expose()), ("token_type_hint", hint)], transport.now());
        transport.notice(url, &client.table, request).await
    };
    let whole = match &tokens.refresh_token {
        Some(token) => Some(revoke(token, "refresh_token").await),
        None => None,
    };
    let rest = revoke(&tokens.access_token, "access_token").await;
    match (whole, rest) {
        // RFC 7009 section 2.1: with the refresh token went the access token, and some servers do
        // not know it any more.
        (Some(Ok(())), Err(AuthError::Refused(refusal))) if refusal.ends_the_grant() => Ok(()),
        (Some(whole), rest) => whole.and(rest),
        (None, rest) => rest,
    }
}
