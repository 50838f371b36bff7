//! Token introspection (RFC 7662).

use serde_json::{Map, Value};

use super::transport::Transport;
use super::{AuthError, Client};
use crate::model::tape::What;
use crate::model::{Secret, Time, TokenSet};

/// What a server says of a token.
#[derive(Debug, Clone, PartialEq)]
pub struct Introspection {
    /// Whether it is good now (section 2.2). For any token that it does not know a server says no more
    /// than that it is not.
    pub is_active: bool,
    /// When it ends.
    pub expires_at: Option<Time>,
    /// Every field of the answer.
    pub fields: Map<String, Value>,
}

/// Asks what the server knows of an access token.
pub async fn introspect(transport: &Transport, client: &Client, token: &Secret) -> Result<Introspection, AuthError> {
    let url = client.introspection_url()?;
    let request = client.request(
        What::Introspection,
        &[("token", token.expose()), ("token_type_hint", "access_token")],
        transport.now(),
    );
    let fields = transport.object(url, &client.table, request).await?;
    let Some(is_active) = fields.get("active").and_then(Value::as_bool) else {
        return Err(AuthError::Unusable {
            host: super::http::host_of(url),
            status: 200,
            what: "an introspection answer without `active`".to_owned(),
        });
    };
    let expires_at = fields.get("exp").and_then(Value::as_i64).and_then(|seconds| Time::from_timestamp(seconds, 0));
    Ok(Introspection { is_active, expires_at, fields })
}

/// Finds out when a token ends whose answer did not say it, where the provider file says that it is found
/// out so. Where that says nothing, the file's `lifetime` is taken.
pub async fn find_end(transport: &Transport, client: &Client, tokens: &mut TokenSet) {
    if !client.introspects_expiry() || tokens.expires_at.is_some() {
        return;
    }
    let found = match introspect(transport, client, &tokens.access_token).await {
        Ok(found) => found.expires_at,
        Err(error) => {
            tracing::info!(%error, "asking when a token ends");
            None
        }
    };
    let assumed = client.table().response.lifetime.filter(|seconds| *seconds > 0);
    let assumed = assumed.and_then(|seconds| {
        tokens.obtained_at.checked_add_signed(chrono::TimeDelta::try_seconds(i64::try_from(seconds).ok()?)?)
    });
    tokens.expires_at = found.or(assumed);
}
