//! Refreshing an access token (RFC 6749 section 6).

use oauth2::RefreshToken;

use super::authorization_code::plain;
use super::exchange::Exchange;
use super::transport::Transport;
use super::{AuthError, Client};
use crate::model::tape::What;
use crate::model::{Secret, TokenSet};

/// Exchanges a refresh token for a new token set. What the answer leaves out is left out here too;
/// [`TokenSet::merged_with`] takes it over.
pub async fn refresh(transport: &Transport, client: &Client, refresh_token: &Secret) -> Result<TokenSet, AuthError> {
    let inner = client.inner(&client.refresh_url)?;
    let token = RefreshToken::new(refresh_token.expose().to_owned());
    let mut request = inner.exchange_refresh_token(&token).map_err(|_| AuthError::NotOffered("token endpoint"))?;
    for (name, value) in &client.table.refresh_params {
        request = request.add_extra_param(name, value.to_string());
    }
    let exchange = Exchange { transport, client, what: What::Refresh };
    // Boxed: the crate's future is large, and stands in everything that waits for a token.
    let answer = Box::pin(request.request_async(&exchange)).await.map_err(plain)?;
    Ok(client.bound(Client::token_set(&answer, transport.now())))
}
