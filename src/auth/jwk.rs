//! Public keys as JSON (RFC 7517), and signatures checked with them (RFC 7515, RFC 7518, RFC 8037).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::{Map, Value};

/// Why a signature was not found good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// `none`, an algorithm with a shared secret, or an unknown one.
    #[error("its algorithm `{0}` is not one that is checked here")]
    Algorithm(String),
    /// No key of the server fits.
    #[error("no key of the server fits it")]
    NoKey,
    /// The signature is not that of the key.
    #[error("its signature is not the server's")]
    Wrong,
}

/// Checks the signature of a compact JWS against the keys of a server (`{"keys": […]}`): those with the
/// key id of its header, or all where it names none.
pub(super) fn verify(token: &str, header: &Map<String, Value>, keys: &Value) -> Result<(), SignatureError> {
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    let algorithm = text("alg").unwrap_or_default();
    let Some(kind) = Kind::of(algorithm) else {
        return Err(SignatureError::Algorithm(crate::model::untrusted::line(algorithm)));
    };
    let (message, signature) = token.rsplit_once('.').ok_or(SignatureError::Wrong)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| SignatureError::Wrong)?;
    let key_id = text("kid");
    let fits = |key: &&Value| {
        let key_text = |name: &str| key.get(name).and_then(Value::as_str);
        key_id.is_none_or(|id| key_text("kid").is_none_or(|known| known == id))
            && key_text("use").is_none_or(|purpose| purpose == "sig")
            && key_text("alg").is_none_or(|known| known == algorithm)
            && key_text("kty") == Some(kind.key_type())
    };
    let mut outcome = Err(SignatureError::NoKey);
    for key in keys.get("keys").and_then(Value::as_array).into_iter().flatten().filter(fits) {
        match kind.check(key, message.as_bytes(), &signature) {
            Some(true) => return Ok(()),
            Some(false) => outcome = Err(SignatureError::Wrong),
            None => {}
        }
    }
    outcome
}

/// An algorithm of RFC 7518 section 3.1 or RFC 8037. None with a shared secret: a public key must never
/// be taken for one.
enum Kind {
    Rsa(&'static RsaParameters),
    Ec(&'static dyn VerificationAlgorithm, &'static str),
    Ed25519,
}

impl Kind {
    fn of(algorithm: &str) -> Option<Self> {
        Some(match algorithm {
            "RS256" => Self::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            "RS384" => Self::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            "RS512" => Self::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            "PS256" => Self::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
            "PS384" => Self::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
            "PS512" => Self::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
            "ES256" => Self::Ec(&signature::ECDSA_P256_SHA256_FIXED, "P-256"),
            "ES384" => Self::Ec(&signature::ECDSA_P384_SHA384_FIXED, "P-384"),
            "EdDSA" | "Ed25519" => Self::Ed25519,
            _ => return None,
        })
    }

    fn key_type(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RSA",
            Self::Ec(..) => "EC",
            Self::Ed25519 => "OKP",
        }
    }

    /// Returns `None` where the key is not one of this kind.
    fn check(&self, key: &Value, message: &[u8], signature: &[u8]) -> Option<bool> {
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(key.get(name)?.as_str()?).ok();
        let curve = key.get("crv").and_then(Value::as_str);
        Some(match self {
            Self::Rsa(parameters) => {
                let (n, e) = (bytes("n")?, bytes("e")?);
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature).is_ok()
            }
            Self::Ec(algorithm, wanted) => {
                let (x, y) = (bytes("x")?, bytes("y")?);
                // RFC 7518 section 6.2.1.2: both have the full length of the curve.
                let length = if *wanted == "P-256" { 32 } else { 48 };
                if curve != Some(*wanted) || x.len() != length || y.len() != length {
                    return None;
                }
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                UnparsedPublicKey::new(*algorithm, point).verify(message, signature).is_ok()
            }
            Self::Ed25519 if curve == Some("Ed25519") => {
                UnparsedPublicKey::new(&signature::ED25519, bytes("x")?).verify(message, signature).is_ok()
            }
            Self::Ed25519 => return None,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::auth::jwt;
    use crate::model::Secret;
    use serde_json::json;

    /// RFC 7515 appendix A.2.
    pub(in crate::auth) const RS256: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    /// RFC 7515 appendix A.3.
    const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    /// RFC 8037 appendix A.4.
    const EDDSA: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    pub(in crate::auth) fn keys() -> Value {
        json!({"keys": [
            {"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"},
            {"kty": "RSA", "n": RSA_N, "e": "AQAB"},
            {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
            {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        ]})
    }

    fn check(token: &str, keys: &Value) -> Result<(), SignatureError> {
        let header = token.split('.').next().unwrap();
        let header: Map<String, Value> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
        verify(token, &header, keys)
    }

    #[test]
    fn the_examples_of_rfc_7515_and_rfc_8037_are_good() {
        for token in [RS256, ES256, EDDSA] {
            assert_eq!(check(token, &keys()), Ok(()), "{token}");
        }
        assert!(jwt::decode(&Secret::new(RS256)).is_some());
    }

    #[test]
    fn a_changed_payload_and_a_changed_signature_are_found() {
        for token in [RS256, ES256, EDDSA] {
            let (message, signature) = token.rsplit_once('.').unwrap();
            let (header, payload) = message.split_once('.').unwrap();
            let other_payload = format!("{header}.{}A{}.{signature}", &payload[..3], &payload[4..]);
            let other_signature =
                format!("{message}.{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]);
            for changed in [other_payload, other_signature, format!("{message}.")] {
                assert_eq!(check(&changed, &keys()), Err(SignatureError::Wrong), "{changed}");
            }
        }
    }

    #[test]
    fn no_algorithm_without_a_public_key_is_believed() {
        for algorithm in ["none", "HS256", "HS512", "", "RS1"] {
            let header = URL_SAFE_NO_PAD.encode(json!({"alg": algorithm}).to_string());
            let token = format!("{header}.e30.AAAA");
            assert!(matches!(check(&token, &keys()), Err(SignatureError::Algorithm(_))), "{algorithm}");
        }
    }

    #[test]
    fn a_key_of_another_id_use_or_curve_is_not_tried() {
        let only = |changed: Value| {
            let mut key = keys()["keys"][2].clone();
            key.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
            check(ES256, &json!({"keys": [key]}))
        };
        assert_eq!(only(json!({"kid": "a"})), Ok(()), "a token without a key id is tried with all");
        for changed in [json!({"use": "enc"}), json!({"crv": "P-384"}), json!({"alg": "ES384"}), json!({"kty": "RSA"})]
        {
            assert_eq!(only(changed.clone()), Err(SignatureError::NoKey), "{changed}");
        }
    }
}
