//! Tokens that are bound to a key, which every request proves (RFC 9449).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Map, Value, json};
use url::Url;
use zeroize::Zeroizing;

use super::AuthError;
use super::signing::{SigningError, SigningKey};
use crate::model::provider::SigningAlgorithm;
use crate::model::uuid::uuid;
use crate::model::{Secret, Time};

/// The header of a proof (section 4.1).
pub const PROOF: &str = "dpop";
/// The header by which a server asks for a nonce (section 8).
pub const NONCE: &str = "dpop-nonce";
/// The error by which it does.
pub const USE_NONCE: &str = "use_dpop_nonce";

/// A key that tokens are bound to.
pub struct Prover {
    signer: SigningKey,
    /// Its public part, which stands in every proof.
    jwk: Value,
    /// Its whole, in PKCS #8 and base64, as it is kept.
    kept: Secret,
}

impl fmt::Debug for Prover {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Prover")
    }
}

impl Prover {
    /// Makes a new key (ES256).
    pub fn generate() -> Result<Self, AuthError> {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let document = document.map_err(|_| AuthError::Tls("the system has no source of randomness".to_owned()))?;
        Self::of(&Secret::new(Zeroizing::new(STANDARD.encode(document.as_ref())).as_str()))
    }

    /// Reads a key as it is kept.
    pub fn of(kept: &Secret) -> Result<Self, AuthError> {
        let odd = || AuthError::Signing(SigningError::OtherKind("DPoP"));
        let document = Zeroizing::new(STANDARD.decode(kept.expose()).map_err(|_| odd())?);
        let how = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(how, &document, &SystemRandom::new()).map_err(|_| odd())?;
        // An uncompressed point (SEC 1 section 2.3.3): 4, and two coordinates of 32 bytes.
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)});
        Ok(Self { signer: SigningKey::Ec(pair), jwk, kept: kept.clone() })
    }

    /// Returns the key as it is kept: a secret.
    pub fn kept(&self) -> Secret {
        self.kept.clone()
    }

    /// Proves one request at `now` (section 4.2): with the token that it shows, and the nonce that the server wants.
    pub fn proof(&self, method: &str, url: &Url, now: Time, token: Option<&Secret>, nonce: Option<&str>) -> Secret {
        let mut bare = url.clone();
        bare.set_query(None);
        bare.set_fragment(None);
        let mut claims = Map::new();
        claims.insert("jti".to_owned(), uuid().into());
        claims.insert("htm".to_owned(), method.into());
        claims.insert("htu".to_owned(), bare.as_str().into());
        claims.insert("iat".to_owned(), now.timestamp().into());
        if let Some(token) = token {
            let hash = digest::digest(&digest::SHA256, token.expose().as_bytes());
            claims.insert("ath".to_owned(), URL_SAFE_NO_PAD.encode(hash).into());
        }
        if let Some(nonce) = nonce {
            claims.insert("nonce".to_owned(), nonce.into());
        }
        let header = Map::from_iter([("typ".to_owned(), "dpop+jwt".into()), ("jwk".to_owned(), self.jwk.clone())]);
        // An empty proof is refused, and nothing is done with what it came with.
        self.signer.sign(SigningAlgorithm::ES256, header, &Value::Object(claims)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{jwk, jwt};

    #[test]
    fn a_proof_is_for_one_request_and_found_good_with_the_key_in_it() {
        let prover = Prover::generate().unwrap();
        let url: Url = "https://as.example/token?x=1#y".parse().unwrap();
        let now: Time = "2026-01-01T00:00:00Z".parse().unwrap();
        let token = Secret::new("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU");
        let proof = prover.proof("POST", &url, now, Some(&token), Some("n1"));
        let read = jwt::decode(&proof).unwrap();
        assert_eq!((&read.header["typ"], &read.header["alg"]), (&"dpop+jwt".into(), &"ES256".into()));
        let keys = json!({"keys": [read.header["jwk"]]});
        assert_eq!(jwk::verify(proof.expose(), &read.header, &keys), Ok(()));
        assert_eq!(
            (&read.claims["htm"], &read.claims["htu"], &read.claims["nonce"]),
            (&"POST".into(), &"https://as.example/token".into(), &"n1".into())
        );
        // The example of RFC 9449 section 7.1.
        assert_eq!(read.claims["ath"], "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
        assert_ne!(proof, prover.proof("POST", &url, now, Some(&token), Some("n1")));
    }

    #[test]
    fn a_key_that_was_kept_is_the_same_and_is_never_shown() {
        let prover = Prover::generate().unwrap();
        let again = Prover::of(&prover.kept()).unwrap();
        assert_eq!(again.jwk, prover.jwk);
        assert_eq!(format!("{prover:?}"), "Prover");
        assert!(Prover::of(&Secret::new("canary")).is_err());
    }
}
