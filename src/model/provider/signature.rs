//! The `[api.signature]` table: how each request to an API is signed with the user name and the password of `[basic]`.

use serde::Deserialize;

use super::SigningAlgorithm;

/// The derived components of a request that a signature may cover (RFC 9421 section 2.2).
pub const DERIVED: [&str; 6] = ["@method", "@target-uri", "@authority", "@scheme", "@path", "@query"];
/// The digest of a body (RFC 9530), which is made where a signature covers it.
pub const CONTENT_DIGEST: &str = "content-digest";

/// The `[api.signature]` table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "scheme", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RequestSignature {
    /// AWS Signature Version 4: the user name is the access key id, the password the secret access key.
    #[serde(rename = "aws-sigv4")]
    AwsSigV4 {
        /// The service as the signature names it, with placeholders; without it, the host tells.
        service: Option<String>,
        /// The region, with placeholders; without it, the host tells.
        region: Option<String>,
    },
    /// HTTP message signatures (RFC 9421): the user name is the key's id, the password the key, read as that of a JWT.
    HttpMessageSignatures {
        /// What is signed, in this order: derived components (`@method`, section 2.2) and headers. A `content-digest`
        /// (RFC 9530, with SHA-256) is made where it stands here.
        components: Vec<String>,
        /// How it is signed.
        algorithm: MessageAlgorithm,
        /// For how many seconds it is valid.
        lifetime: u32,
    },
    /// Duo's, versions 2 (a form) and 5 (anything else) with SHA-512: the user name is the integration key, the password
    /// the secret key.
    Duo {},
    /// WSSE `UsernameToken`, its digest written in hexadecimal before it is written in base64, as Emarsys wants it.
    Wsse {},
}

/// An algorithm of HTTP message signatures (RFC 9421 section 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageAlgorithm {
    /// Section 3.3.6; the key is in PEM (PKCS #8), or its 32 bytes in base64.
    Ed25519,
    /// Section 3.3.4.
    EcdsaP256Sha256,
    /// Section 3.3.2.
    #[serde(rename = "rsa-v1_5-sha256")]
    RsaV15Sha256,
    /// Section 3.3.3.
    HmacSha256,
}

impl MessageAlgorithm {
    /// Returns its name in a signature (RFC 9421 section 6.2.2).
    pub fn word(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::RsaV15Sha256 => "rsa-v1_5-sha256",
            Self::HmacSha256 => "hmac-sha256",
        }
    }

    /// Returns the same algorithm as JWTs know it (RFC 7518, RFC 8037).
    pub fn in_jwts(self) -> SigningAlgorithm {
        match self {
            Self::Ed25519 => SigningAlgorithm::EdDSA,
            Self::EcdsaP256Sha256 => SigningAlgorithm::ES256,
            Self::RsaV15Sha256 => SigningAlgorithm::RS256,
            Self::HmacSha256 => SigningAlgorithm::HS256,
        }
    }
}

impl RequestSignature {
    /// Returns the headers that it makes, in lower case; a file cannot say what stands there.
    pub fn headers(&self) -> &'static [&'static str] {
        match self {
            Self::AwsSigV4 { .. } => &["authorization", "x-amz-content-sha256", "x-amz-date"],
            Self::HttpMessageSignatures { .. } => &[CONTENT_DIGEST, "signature", "signature-input"],
            Self::Duo {} => &["authorization", "date"],
            Self::Wsse {} => &["x-wsse"],
        }
    }

    /// Returns what it is called, in words.
    pub fn words(&self) -> &'static str {
        match self {
            Self::AwsSigV4 { .. } => "AWS Signature Version 4",
            Self::HttpMessageSignatures { .. } => "RFC 9421",
            Self::Duo {} => "Duo's signature",
            Self::Wsse {} => "WSSE",
        }
    }
}
