//! JWTs that are signed here (RFC 7515, RFC 7519), with a key that a person entered.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaEncoding, RsaKeyPair};
use ring::{digest, hmac};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::model::Secret;
use crate::model::provider::{KeyEncoding, SigningAlgorithm};

/// `rsaEncryption` with its NULL (RFC 3279 section 2.3.1).
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// Why nothing was signed. The key is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// It is no key in PEM.
    #[error(
        "the private key is not one in PEM: expected `-----BEGIN PRIVATE KEY-----` and what follows (or, of Ed25519, its 32 bytes in base64)"
    )]
    NoPem,
    /// It is a public key, or a certificate.
    #[error("that is a public key or a certificate: what signs is the private key of it")]
    Public,
    /// It is sealed with a passphrase.
    #[error("the private key is sealed with a passphrase: take that off with `openssl pkcs8 -topk8 -nocrypt`")]
    Encrypted,
    /// It is a key of another kind.
    #[error("the private key is not one for {0}")]
    OtherKind(&'static str),
    /// It is in the older form for elliptic curves, which says too little.
    #[error(
        "the private key is in the form of SEC 1 (`EC PRIVATE KEY`): convert it with `openssl pkcs8 -topk8 -nocrypt`"
    )]
    Sec1,
    /// An RSA key that is not as long as RFC 7518 section 3.3 wants it, or longer than can be used.
    #[error("the private key is too short or too long: an RSA key has 2,048 to 4,096 bits")]
    RsaLength,
    /// The system gave no random numbers, which the signature needs.
    #[error("nothing was signed: the system gives no random numbers")]
    NoRandomness,
    /// It is not hexadecimal.
    #[error("the secret is not written in hexadecimal digits")]
    NoHex,
}

/// A key, ready to sign.
pub enum SigningKey {
    /// The secret of an HMAC.
    Hmac(hmac::Key),
    /// An RSA key, and how it signs.
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    /// A key on P-256.
    Ec(EcdsaKeyPair),
    /// A key of Ed25519.
    Ed(Ed25519KeyPair),
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SigningKey")
    }
}

impl SigningKey {
    /// Reads a key: PEM (PKCS #8, for RSA PKCS #1 too), the secret of an HMAC, or of Ed25519 also the seed or PKCS #8 in
    /// base64.
    pub fn read(text: &Secret, algorithm: SigningAlgorithm, encoding: KeyEncoding) -> Result<Self, SigningError> {
        // The name of the JWS algorithm is no name of a key.
        let kind = if algorithm == SigningAlgorithm::EdDSA { "Ed25519" } else { algorithm.word() };
        let other = SigningError::OtherKind(kind);
        Ok(match algorithm {
            SigningAlgorithm::HS256 => {
                let bytes = match encoding {
                    KeyEncoding::Text => Zeroizing::new(text.expose().as_bytes().to_vec()),
                    KeyEncoding::Hex => unhex(text.expose()).ok_or(SigningError::NoHex)?,
                };
                Self::Hmac(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
            }
            SigningAlgorithm::RS256 => Self::Rsa(rsa(text)?.ok_or(other)?, &signature::RSA_PKCS1_SHA256),
            SigningAlgorithm::PS256 => Self::Rsa(rsa(text)?.ok_or(other)?, &signature::RSA_PSS_SHA256),
            SigningAlgorithm::ES256 => match read_pem(text)? {
                PrivateKeyDer::Pkcs8(key) => {
                    let how = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
                    let pair = EcdsaKeyPair::from_pkcs8(how, key.secret_pkcs8_der(), &SystemRandom::new());
                    Self::Ec(pair.map_err(|_| other)?)
                }
                PrivateKeyDer::Sec1(_) => return Err(SigningError::Sec1),
                _ => return Err(other),
            },
            SigningAlgorithm::EdDSA => Self::Ed(ed25519(text)?.ok_or(other)?),
        })
    }

    /// Signs `claims`, and returns the compact form (RFC 7515 section 7.1). `header` is what stands there besides
    /// `alg`, and `typ` where that is `JWT`.
    pub(super) fn sign(
        &self,
        algorithm: SigningAlgorithm,
        header: Map<String, Value>,
        claims: &Value,
    ) -> Result<Secret, SigningError> {
        let mut whole = header;
        whole.insert("alg".to_owned(), algorithm.word().into());
        whole.entry("typ").or_insert_with(|| "JWT".into());
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(&Value::Object(whole)), encode(claims));
        let signature = self.signature(message.as_bytes())?;
        Ok(Secret::new(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }

    /// Signs bytes; a signature on a curve is the two numbers one after the other (RFC 7518 section 3.4).
    pub fn signature(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        Ok(match self {
            Self::Hmac(key) => hmac::sign(key, message).as_ref().to_vec(),
            Self::Rsa(pair, how) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*how, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| SigningError::NoRandomness)?;
                signature
            }
            Self::Ec(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message);
                signature.map_err(|_| SigningError::NoRandomness)?.as_ref().to_vec()
            }
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        })
    }

    /// Returns the fingerprint of an RSA key's public part: `SHA256:` and the base64 of the hash of its
    /// `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7), as Snowflake wants it. Nothing for other keys.
    pub(super) fn fingerprint(&self) -> Option<String> {
        let Self::Rsa(pair, _) = self else { return None };
        let bits = [&[0][..], pair.public().as_ref()].concat();
        let info = der(0x30, &[&RSA_ENCRYPTION[..], &der(0x03, &bits)].concat());
        Some(format!("SHA256:{}", STANDARD.encode(digest::digest(&digest::SHA256, &info))))
    }
}

/// Reads a key of Ed25519: PKCS #8 (RFC 8410), or the seed alone in base64 (RFC 8032 section 5.1.5).
fn ed25519(text: &Secret) -> Result<Option<Ed25519KeyPair>, SigningError> {
    let bare = text.expose().trim();
    let decoded = STANDARD.decode(bare).or_else(|_| URL_SAFE_NO_PAD.decode(bare)).map(Zeroizing::new);
    if let Ok(bytes) = decoded {
        let seed = Ed25519KeyPair::from_seed_unchecked(&bytes);
        return Ok(seed.or_else(|_| Ed25519KeyPair::from_pkcs8_maybe_unchecked(&bytes)).ok());
    }
    let PrivateKeyDer::Pkcs8(key) = read_pem(text)? else { return Ok(None) };
    // OpenSSL writes no public key beside it.
    Ok(Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_pkcs8_der()).ok())
}

fn rsa(text: &Secret) -> Result<Option<RsaKeyPair>, SigningError> {
    let read = match read_pem(text)? {
        PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
        _ => return Ok(None),
    };
    match read {
        Ok(pair) => Ok(Some(pair)),
        // Its reasons have no other form.
        Err(rejected) if ["TooSmall", "TooLarge"].contains(&rejected.to_string().as_str()) => {
            Err(SigningError::RsaLength)
        }
        Err(_) => Ok(None),
    }
}

/// Reads PEM (RFC 7468), also where its lines were joined on the way: by `\n` as JSON writes it, by blanks, or by
/// nothing.
fn read_pem(text: &Secret) -> Result<PrivateKeyDer<'static>, SigningError> {
    let plain = Zeroizing::new(text.expose().replace("\\n", "\n"));
    // The block that is a key: parameters or a certificate may stand before it.
    let blocks = plain.split("-----BEGIN ").skip(1).filter_map(|block| block.split_once("-----"));
    let mut keys = blocks.filter(|(label, _)| label.ends_with("PRIVATE KEY"));
    let nothing = if plain.contains("-----BEGIN ") { SigningError::Public } else { SigningError::NoPem };
    let (label, rest) = keys.next().ok_or(nothing)?;
    if label.starts_with("ENCRYPTED") || rest.contains("ENCRYPTED") {
        return Err(SigningError::Encrypted);
    }
    let (body, _) = rest.split_once("-----END").ok_or(SigningError::NoPem)?;
    let body = Zeroizing::new(body.split_whitespace().collect::<String>());
    let whole = Zeroizing::new(format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", body.as_str()));
    PrivateKeyDer::from_pem_slice(whole.as_bytes()).map_err(|_| SigningError::NoPem)
}

fn unhex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.trim();
    if text.is_empty() || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    let pairs = (0..text.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}

/// Writes a DER value (X.690) of at most 64 KiB.
fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes();
    let head = match value.len() {
        0..=127 => vec![tag, length[1]],
        128..=255 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [head, value.to_vec()].concat()
}

#[cfg(test)]
#[path = "signing_tests.rs"]
mod tests;
