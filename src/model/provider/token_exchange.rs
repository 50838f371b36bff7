//! The `[token_exchange]` and `[signed_jwt]` tables: tokens that come of what a person entered, by calls of the
//! provider's own or signed here.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Answer, Parameters, RequestFormat, UrlTemplate};

/// The `[token_exchange]` table: calls that trade what was entered for a token. There are no refresh tokens: the calls
/// are made again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenExchange {
    /// The calls in their order; the answer to the last one holds the token. What an earlier one answered is
    /// `{call1.PATH}` in those after it.
    pub calls: Vec<Call>,
    /// Where the last answer keeps what.
    pub response: Answer,
    /// A JWT that is signed first, for `{assertion}` (RFC 7523).
    pub assertion: Option<SignedJwt>,
}

/// A call of the provider's own. Its texts may hold variables, `{credential.NAME}`, `{encoded.NAME}`, `{assertion}`,
/// `{callN.PATH}`, `{random}` (a UUID) and `{date.N}` (the date in N days, as in 2026-01-31).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Where it goes.
    pub endpoint: UrlTemplate,
    /// The method, if not POST.
    #[serde(default)]
    pub method: Option<String>,
    /// Where the parameters stand.
    #[serde(default)]
    pub format: RequestFormat,
    /// Request headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Parameters; in JSON a dotted name stands in an object of that name (`user.name`). One whose text holds a
    /// variable or a credential that may be left out, and was, is left out.
    #[serde(default)]
    pub params: Parameters,
}

/// The `[signed_jwt]` table, and an assertion: a JWT that is signed here (RFC 7515, RFC 7519). `iat` and `exp` are
/// always in it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedJwt {
    /// How it is signed.
    pub algorithm: SigningAlgorithm,
    /// The key, with placeholders: a private key in PEM, or the secret of an HMAC.
    pub key: String,
    /// How the secret of an HMAC is written.
    #[serde(default)]
    pub key_encoding: KeyEncoding,
    /// For how many seconds it is valid.
    pub lifetime: u32,
    /// Further members of the header beside `alg` and `typ`.
    #[serde(default)]
    pub header: BTreeMap<String, String>,
    /// The claims, with placeholders; `{public_key}` is the fingerprint of the public key (`SHA256:` and base64).
    #[serde(default)]
    pub claims: Parameters,
}

/// A JWS algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum SigningAlgorithm {
    /// HMAC with SHA-256.
    HS256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

impl SigningAlgorithm {
    /// Returns its name in a header.
    pub fn word(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }
}

/// How the secret of an HMAC is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyEncoding {
    /// As it is.
    #[default]
    Text,
    /// In hexadecimal digits.
    Hex,
}
