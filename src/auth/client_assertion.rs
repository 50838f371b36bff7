//! How a client shows who it is by a signature in place of a secret (`private_key_jwt`, RFC 7523 section 3).

use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::AuthError;
use super::filled::{self, filled_texts};
use super::registration::Registration;
use super::signing::SigningKey;
use crate::model::Time;
use crate::model::provider::{ClientAuthentication, KeyEncoding, OAuth2, SigningAlgorithm};
use crate::model::template::Values;
use crate::model::uuid::uuid;

/// RFC 7521 section 4.2, RFC 7523 section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a client's assertions are made of.
pub(super) struct Assertion {
    key: SigningKey,
    algorithm: SigningAlgorithm,
    header: Map<String, Value>,
    issuer: String,
    subject: String,
    audience: String,
    lifetime: u32,
}

impl Assertion {
    /// Reads the key of a client: the secret of its config is the private key in PEM. `None` where the provider wants
    /// another authentication, or no key is there.
    pub(super) fn of(
        table: &OAuth2,
        registration: &Registration<'_>,
        token_url: &url::Url,
        values: &Values<'_>,
    ) -> Result<Option<Self>, AuthError> {
        let (provider, client_id) = (registration.provider, registration.client_id);
        let is_wanted = table.token_endpoint_auth_method == ClientAuthentication::PrivateKeyJwt;
        let Some(key) = registration.client_secret.filter(|key| is_wanted && !key.is_empty()) else {
            return Ok(None);
        };
        let wish = &table.client_assertion;
        let text = |template: &Option<String>| match template {
            Some(template) => filled::text(template, provider, values),
            None => Ok(None),
        };
        Ok(Some(Self {
            key: SigningKey::read(key, wish.algorithm, KeyEncoding::Text)?,
            algorithm: wish.algorithm,
            header: filled_texts(&wish.header, provider, values)?
                .into_iter()
                .map(|(name, value)| (name, value.into()))
                .collect(),
            issuer: text(&wish.issuer)?.unwrap_or_else(|| client_id.to_owned()),
            subject: client_id.to_owned(),
            audience: text(&wish.audience)?.unwrap_or_else(|| token_url.as_str().to_owned()),
            lifetime: wish.lifetime,
        }))
    }

    /// Returns the parameters of one request at `now`: an assertion is good for one.
    pub(super) fn parameters(&self, now: Time) -> [(String, Zeroizing<String>); 2] {
        let claims = json!({
            "iss": self.issuer,
            "sub": self.subject,
            "aud": self.audience,
            "jti": uuid(),
            "iat": now.timestamp(),
            "exp": now.timestamp() + i64::from(self.lifetime),
        });
        // An empty assertion is refused, and nothing is done with what it came with.
        let assertion = self.key.sign(self.algorithm, self.header.clone(), &claims).unwrap_or_default();
        [
            ("client_assertion_type".to_owned(), ASSERTION_TYPE.to_owned().into()),
            ("client_assertion".to_owned(), assertion.expose().to_owned().into()),
        ]
    }
}
