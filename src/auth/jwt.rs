//! What stands in a JSON Web Token (RFC 7519), read without being believed: no signature is
//! checked here, and whoever shows a claim says so.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::model::Secret;

/// Header and claims of a token, unverified.
#[derive(Debug, Clone, PartialEq)]
pub struct Unverified {
    /// The header.
    pub header: Map<String, Value>,
    /// The claims.
    pub claims: Map<String, Value>,
}

/// Takes a signed token apart; `None` where it is none.
pub fn decode(token: &Secret) -> Option<Unverified> {
    let mut parts = token.expose().split('.');
    let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let object =
        |part: &str| match serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?).ok()? {
            Value::Object(object) => Some(object),
            _ => None,
        };
    let (header, claims) = (object(header)?, object(claims)?);
    header.contains_key("alg").then_some(Unverified { header, claims })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7519 section 3.1.
    const EXAMPLE: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    #[test]
    fn the_example_of_rfc_7519_is_read() {
        let token = decode(&Secret::new(EXAMPLE)).unwrap();
        assert_eq!(token.header["alg"], "HS256");
        assert_eq!(token.claims["exp"], 1_300_819_380);
    }

    #[test]
    fn opaque_tokens_are_none() {
        for token in ["", "gho_abc", "a.b.c", "a.b", "e30.e30.x", "a.b.c.d"] {
            assert!(decode(&Secret::new(token)).is_none(), "{token}");
        }
    }
}
