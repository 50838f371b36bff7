//! The authorization code grant with PKCE (RFC 6749 section 4.1, RFC 7636).

use std::collections::BTreeMap;

use oauth2::{
    AuthorizationCode, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RequestTokenError, ResponseType, Scope,
};
use url::Url;

use super::callback::Expected;
use super::exchange::Exchange;
use super::transport::Transport;
use super::{AuthError, Client, id_token};
use crate::model::provider::{OAuth2, Parameters, Pkce};
use crate::model::tape::What;
use crate::model::{Secret, TokenSet, untrusted};

/// Further parameters of an authorization request; `None` takes one of the provider file's away.
pub type Further = BTreeMap<String, Option<String>>;

/// A flow that has begun: where the browser goes, and what its return must show.
#[derive(Debug)]
pub struct Begun {
    /// The URL to open.
    pub url: Url,
    /// What the callback must carry.
    pub expected: Expected,
    /// The code verifier; `None` where the provider rejects PKCE.
    verifier: Option<Secret>,
    /// What the ID token must carry (OpenID Connect Core section 3.1.2.1); `None` where none is asked for.
    nonce: Option<String>,
}

/// Begins a flow that asks for `scopes`, with `further` parameters of the authorization request beside the
/// provider file's or in their place.
pub fn begin(client: &Client, scopes: &[String], further: &Further) -> Result<Begun, AuthError> {
    let table = &client.table;
    client.authorization_url()?;
    let inner = client.inner(&client.token_url)?;
    let state = random_text();
    let csrf = CsrfToken::new(state.expose().to_owned());
    let mut request = inner.authorize_url(move || csrf).map_err(|_| AuthError::NotOffered("authorization endpoint"))?;
    if !scopes.is_empty() {
        // One scope of ours is the whole list: the crate would join several by spaces.
        request = request.add_scope(Scope::new(scopes.join(&table.scope_separator)));
    }
    let verifier = (table.pkce == Pkce::S256).then(random_text);
    if let Some(verifier) = &verifier {
        let verifier = PkceCodeVerifier::new(verifier.expose().to_owned());
        request = request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    }
    let asks_for_nonce = table.nonce && scopes.iter().any(|scope| scope == "openid");
    let nonce = asks_for_nonce.then(|| random_text().expose().to_owned());
    for (name, value) in with_further(&table.authorization_params, further) {
        request = request.add_extra_param(name, value);
    }
    if let Some(nonce) = &nonce {
        request = request.add_extra_param("nonce", nonce.clone());
    }
    if let Some(response_type) = &table.response_type {
        request = request.set_response_type(&ResponseType::new(response_type.clone()));
    }
    let (url, _) = request.url();
    Ok(Begun {
        url: behind_fragment(renamed(url, client), table),
        expected: Expected {
            state,
            issuer: table.issuer.clone(),
            is_issuer_required: table.authorization_response_iss_parameter_supported,
            code_parameter: table.code_param.clone().unwrap_or_else(|| "code".to_owned()),
        },
        verifier,
        nonce,
    })
}

/// Hands the request to the server first, where the provider wants that (RFC 9126): the browser carries a name for it
/// alone.
pub async fn push(transport: &Transport, client: &Client, begun: Begun) -> Result<Begun, AuthError> {
    let Some(url) = client.pushed_request_url() else { return Ok(begun) };
    // Section 2.1: all that would stand in the URL, and the client's id, which stands there once.
    let pairs: Vec<(String, String)> = begun.url.query_pairs().into_owned().collect();
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut request = client.request(What::PushedRequest, &pairs, transport.now());
    let mut has_id = false;
    request.parameters.retain(|(name, _)| name != "client_id" || !std::mem::replace(&mut has_id, true));
    // The names are the provider's own already.
    let table = OAuth2 { param_names: BTreeMap::new(), ..client.table.clone() };
    let answer = transport.object(url, &table, request).await?;
    let named = answer.get("request_uri").and_then(serde_json::Value::as_str).filter(|uri| untrusted::is_visible(uri));
    let named = named.ok_or_else(AuthError::odd_answer)?;
    let mut page = client.authorization_url()?;
    page.query_pairs_mut().append_pair("client_id", client.id()).append_pair("request_uri", named);
    Ok(Begun { url: renamed(page, client), ..begun })
}

/// Returns the parameters of a provider file with `further` ones.
pub(super) fn with_further(params: &Parameters, further: &Further) -> Vec<(String, String)> {
    let own = params.iter().filter(|(name, _)| !further.contains_key(*name));
    let own = own.map(|(name, value)| (name.clone(), value.to_string()));
    own.chain(further.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?)))).collect()
}

/// Exchanges the code of the callback for tokens.
pub async fn exchange(
    transport: &Transport,
    client: &Client,
    begun: &Begun,
    code: &Secret,
) -> Result<TokenSet, AuthError> {
    let inner = client.inner(&client.token_url)?;
    let request = inner.exchange_code(AuthorizationCode::new(code.expose().to_owned()));
    let mut request = request.map_err(|_| AuthError::NotOffered("token endpoint"))?;
    if let Some(verifier) = &begun.verifier {
        request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()));
    }
    for (name, value) in &client.table.token_params {
        request = request.add_extra_param(name, value.to_string());
    }
    if client.table.state_in_token_request {
        request = request.add_extra_param("state", begun.expected.state.expose().to_owned());
    }
    let exchange = Exchange { transport, client, what: What::TokenRequest, kept: None };
    // Boxed: the crate's future is large, and stands in everything that authorizes.
    let answer = Box::pin(request.request_async(&exchange)).await.map_err(plain)?;
    let mut tokens = Client::token_set(&answer, transport.now());
    id_token::check_nonce(tokens.id_token.as_ref(), begun.nonce.as_deref())?;
    tokens.nonce.clone_from(&begun.nonce);
    Ok(client.bound(tokens))
}

/// Unwraps an error of the crate. Its own variants are never printed: `Parse` carries the body.
pub(super) fn plain<E: oauth2::ErrorResponse>(error: RequestTokenError<AuthError, E>) -> AuthError {
    match error {
        RequestTokenError::Request(error) => error,
        RequestTokenError::ServerResponse(_) | RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            AuthError::odd_answer()
        }
    }
}

/// 32 bytes of the system's randomness as 43 characters (RFC 7636 section 4.1).
pub(super) fn random_text() -> Secret {
    use base64::Engine as _;
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).expect("the system has a source of randomness");
    Secret::new(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(*bytes))
}

/// Puts the query behind the fragment, where the page lies behind one.
fn behind_fragment(mut url: Url, table: &OAuth2) -> Url {
    if let Some(fragment) = &table.authorization_fragment {
        let query = url.query().unwrap_or_default().to_owned();
        url.set_query(None);
        url.set_fragment(Some(&format!("{fragment}?{query}")));
    }
    url
}

/// Gives the parameters the provider's own names (`client_key` for `client_id`).
fn renamed(mut url: Url, client: &Client) -> Url {
    let mut names = client.table.param_names.clone();
    names.extend(client.table.authorization_param_names.clone());
    if names.is_empty() {
        return url;
    }
    let pairs: Vec<(String, String)> = url
        .query_pairs()
        .map(|(name, value)| {
            (names.get(name.as_ref()).cloned().unwrap_or_else(|| name.into_owned()), value.into_owned())
        })
        .filter(|(name, _)| !name.is_empty())
        .collect();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Registration;
    use std::collections::BTreeSet;

    fn client(text: &str) -> Client {
        let provider = toml::from_str(text).unwrap();
        let registration = Registration {
            provider: &provider,
            way: crate::model::WayIn::OAuth2,
            client_id: "id with space",
            client_secret: None,
            redirect_uri: "http://localhost:3003/oauth/callback",
            variables: &BTreeMap::new(),
            fields: &BTreeMap::new(),
        };
        Client::new(&registration).unwrap()
    }

    const PLAIN: &str = "name = \"A\"\n[oauth2]\nauthorization_endpoint = \"https://a.com/authorize?audience=x\"\ntoken_endpoint = \"https://a.com/t\"\n";

    fn query(begun: &Begun) -> BTreeMap<String, String> {
        begun.url.query_pairs().into_owned().collect()
    }

    #[test]
    fn the_request_carries_what_rfc_6749_and_7636_ask_for() {
        let begun = begin(&client(PLAIN), &["a:b".to_owned(), "c".to_owned()], &Further::new()).unwrap();
        let query = query(&begun);
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["client_id"], "id with space");
        assert_eq!(query["redirect_uri"], "http://localhost:3003/oauth/callback");
        assert_eq!(query["scope"], "a:b c");
        assert_eq!(query["code_challenge_method"], "S256");
        assert_eq!(query["state"], begun.expected.state.expose());
        assert_eq!(query["audience"], "x", "the endpoint's own query stays");
    }

    #[test]
    fn verifier_and_state_have_43_characters_and_never_repeat() {
        let mut seen = BTreeSet::new();
        for _ in 0..50 {
            let begun = begin(&client(PLAIN), &[], &Further::new()).unwrap();
            for text in [begun.expected.state, begun.verifier.unwrap()] {
                let text = text.expose().to_owned();
                assert_eq!(text.len(), 43);
                assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
                assert!(seen.insert(text));
            }
        }
    }

    #[test]
    fn a_providers_wishes_are_met() {
        let wishes = format!(
            "{PLAIN}scope_separator = \",\"\npkce = \"none\"\nparam_names = {{ client_id = \"client_key\" }}\nauthorization_params = {{ access_type = \"offline\", n = 1 }}\n"
        );
        let query = query(&begin(&client(&wishes), &["a".to_owned(), "b".to_owned()], &Further::new()).unwrap());
        assert_eq!(query["scope"], "a,b");
        assert_eq!(query["client_key"], "id with space");
        assert_eq!((query["access_type"].as_str(), query["n"].as_str()), ("offline", "1"));
        assert!(!query.contains_key("code_challenge") && !query.contains_key("client_id"));
    }

    #[test]
    fn a_parameter_whose_name_is_empty_is_left_out() {
        let query = query(
            &begin(&client(&format!("{PLAIN}param_names = {{ response_type = \"\" }}\n")), &[], &Further::new())
                .unwrap(),
        );
        assert!(!query.contains_key("response_type") && !query.contains_key(""));
    }

    #[test]
    fn a_name_of_the_authorization_request_alone_is_none_of_the_token_request() {
        let file = format!("{PLAIN}authorization_param_names = {{ client_id = \"clientId\" }}\n");
        let client = client(&file);
        let query = query(&begin(&client, &[], &Further::new()).unwrap());
        assert!(query.contains_key("clientId") && !query.contains_key("client_id"));
        assert!(client.table.param_names.is_empty());
    }

    #[test]
    fn a_nonce_goes_out_with_openid_and_without_it_none() {
        let nonce = |scope: &str| {
            query(&begin(&client(PLAIN), &[scope.to_owned()], &Further::new()).unwrap()).get("nonce").cloned()
        };
        assert_eq!(nonce("openid").map(|nonce| nonce.len()), Some(43));
        assert_eq!(nonce("email"), None);
        let without = client(&format!("{PLAIN}nonce = false\n"));
        let begun = begin(&without, &["openid".to_owned()], &Further::new()).unwrap();
        assert!(!query(&begun).contains_key("nonce") && begun.nonce.is_none());
    }

    #[test]
    fn variables_stand_in_parameters_and_one_that_may_be_left_out_takes_its_parameter_along() {
        let file = format!(
            "{PLAIN}authorization_params = {{ audience2 = \"{{api}}\", app = \"{{client_id}}\" }}\n[variables.api]\noptional = true\n"
        );
        let query = query(&begin(&client(&file), &[], &Further::new()).unwrap());
        assert_eq!(query["app"], "id with space");
        assert!(!query.contains_key("audience2"));
    }

    #[test]
    fn no_scope_is_sent_where_none_is_asked_for() {
        assert!(!query(&begin(&client(PLAIN), &[], &Further::new()).unwrap()).contains_key("scope"));
    }
}
