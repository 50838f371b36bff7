//! The client credentials grant (RFC 6749 section 4.4): the client gets a token for itself. There is
//! no refresh token; another token is fetched when one ends.

use super::transport::Transport;
use super::{AuthError, Client};
use crate::model::TokenSet;
use crate::model::tape::What;

/// Fetches a token for `scopes`.
pub async fn fetch(transport: &Transport, client: &Client, scopes: &[String]) -> Result<TokenSet, AuthError> {
    let table = &client.table;
    let scope = scopes.join(&table.scope_separator);
    // What is asked for stands in the place of the file's own: a parameter is sent once (RFC 6749 section 3.2).
    let own = table.token_params.iter().filter(|(name, _)| *name != "scope" || scope.is_empty());
    let parameters: Vec<(String, String)> = own.map(|(name, value)| (name.clone(), value.to_string())).collect();
    let mut all: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // A file may have a grant of its own (Zoom: `account_credentials`).
    if !table.token_params.contains_key("grant_type") {
        all.push(("grant_type", "client_credentials"));
    }
    if !scope.is_empty() {
        all.push(("scope", &scope));
    }
    let map =
        transport.tokens(&client.token_url, table, client.request(What::TokenRequest, &all, transport.now())).await?;
    let tokens = Client::token_set_of(map, transport.now())?;
    // RFC 6749 section 4.4.3: one is not to be given, and would be kept for nothing.
    Ok(client.bound(TokenSet { refresh_token: None, ..tokens }))
}
