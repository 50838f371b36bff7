//! Tokens that are traded for others: for one that lasts longer, or, where there are no refresh tokens,
//! renewed with themselves (Meta's APIs).

use url::Url;

use super::transport::{TokenRequest, Transport};
use super::{AuthError, Client};
use crate::model::provider::TokenTrade;
use crate::model::tape::What;
use crate::model::{Secret, TokenSet};

/// Trades the first token of an authorization for one that lasts longer, where the provider has such
/// a thing. What the second answer leaves out is taken from the first.
pub async fn lengthen(transport: &Transport, client: &Client, tokens: TokenSet) -> Result<TokenSet, AuthError> {
    let Some((exchange, url)) = client.long_lived() else { return Ok(tokens) };
    let request = shown(client, exchange, &tokens.access_token, What::TokenExchange);
    let longer = trade(transport, client, (exchange, url), request).await?;
    Ok(TokenSet { extra: tokens.extra.clone(), ..longer.merged_with(&tokens) })
}

/// Renews an access token with itself.
pub async fn renew(transport: &Transport, client: &Client, access_token: &Secret) -> Result<TokenSet, AuthError> {
    let (exchange, url) = client.renewal().ok_or(AuthError::NotOffered("renewal of access tokens"))?;
    let request = shown(client, exchange, access_token, What::Renewal);
    trade(transport, client, (exchange, url), request).await
}

async fn trade(
    transport: &Transport,
    client: &Client,
    (exchange, url): (&TokenTrade, &Url),
    request: TokenRequest,
) -> Result<TokenSet, AuthError> {
    let map = transport.exchange(url, exchange, &client.table, request).await?;
    Client::token_set_of(map, transport.now())
}

fn shown(client: &Client, exchange: &TokenTrade, access_token: &Secret, what: What) -> TokenRequest {
    let mut parameters = client.shown(&exchange.client_params);
    parameters.push(("grant_type".to_owned(), exchange.grant_type.clone().into()));
    parameters.push((exchange.token_param.clone(), access_token.expose().to_owned().into()));
    TokenRequest { prover: None, ..client.dressed(TokenRequest::new(what, parameters, None)) }
}
