//! Refreshing an access token (RFC 6749 section 6).

use oauth2::RefreshToken;

use super::authorization_code::plain;
use super::exchange::Exchange;
use super::transport::Transport;
use super::{AuthError, Client};
use crate::model::TokenSet;
use crate::model::tape::What;

/// Exchanges the refresh token of `before` for a new token set. `scopes` are those of the connection. What the answer
/// leaves out is left out here too; [`TokenSet::merged_with`] takes it over.
pub async fn refresh(
    transport: &Transport,
    client: &Client,
    before: &TokenSet,
    scopes: &[String],
) -> Result<TokenSet, AuthError> {
    let inner = client.inner(&client.refresh_url)?;
    let token = before.refresh_token.as_ref().ok_or(AuthError::NotOffered("refresh without a refresh token"))?;
    let token = RefreshToken::new(token.expose().to_owned());
    let mut request = inner.exchange_refresh_token(&token).map_err(|_| AuthError::NotOffered("token endpoint"))?;
    for (name, value) in &client.table.refresh_params {
        request = request.add_extra_param(name, value.to_string());
    }
    let scope = before.scopes.as_deref().unwrap_or(scopes).join(&client.table.scope_separator);
    if client.table.scope_in_refresh && !scope.is_empty() {
        request = request.add_extra_param("scope", scope);
    }
    let exchange = Exchange { transport, client, what: What::Refresh, kept: Some(&before.access_token) };
    // Boxed: the crate's future is large, and stands in everything that waits for a token.
    let answer = Box::pin(request.request_async(&exchange)).await.map_err(plain)?;
    let tokens = Client::token_set(&answer, transport.now());
    let is_kept = client.table.response.kept_when.is_some() && tokens.access_token == before.access_token;
    Ok(client.bound(if is_kept { longer(tokens, before) } else { tokens }))
}

/// The token that was there, for as long again as it was good for unless the answer says otherwise.
fn longer(tokens: TokenSet, before: &TokenSet) -> TokenSet {
    let again = || before.lifetime().map(|lifetime| tokens.obtained_at + lifetime);
    TokenSet {
        expires_at: tokens.expires_at.or_else(again),
        token_type: before.token_type.clone(),
        extra: before.extra.clone(),
        ..tokens
    }
}
