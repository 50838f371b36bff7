//! The `[api.signature]` table: how each request to an API is signed with the user name and the password of `[basic]`.

use serde::Deserialize;

use super::{PASSWORD, Provider, SigningAlgorithm, USERNAME, WayIn};

/// The derived components of a request that a signature may cover (RFC 9421 section 2.2).
pub const DERIVED: [&str; 6] = ["@method", "@target-uri", "@authority", "@scheme", "@path", "@query"];
/// The digest of a body (RFC 9530), which is made where a signature covers it.
pub const CONTENT_DIGEST: &str = "content-digest";

/// The `[api.signature]` table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub enum RequestSignature {
    /// AWS Signature Version 4: the user name is the access key id, the password the secret access key.
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
    Duo,
    /// WSSE `UsernameToken`, its digest written in hexadecimal before it is written in base64, as Emarsys wants it.
    Wsse,
}

/// Where the token of temporary credentials of AWS stands.
const SESSION_TOKEN: &str = "x-amz-security-token";
/// For how many seconds a signature is valid unless the file says otherwise.
const LIFETIME: u32 = 60;

/// The table as it is written. (An enum that its own key tells would lose the lines of the others.)
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    scheme: Scheme,
    service: Option<String>,
    region: Option<String>,
    components: Option<Vec<String>>,
    algorithm: Option<MessageAlgorithm>,
    lifetime: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
enum Scheme {
    #[serde(rename = "aws-sigv4")]
    Aws,
    #[serde(rename = "http-message-signatures")]
    Messages,
    #[serde(rename = "duo")]
    Duo,
    #[serde(rename = "wsse")]
    Wsse,
}

impl TryFrom<Written> for RequestSignature {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written { scheme, service, region, components, algorithm, lifetime } = written;
        if scheme != Scheme::Aws && (service.is_some() || region.is_some()) {
            return Err("`service` and `region` are of `aws-sigv4`");
        }
        if scheme != Scheme::Messages && (components.is_some() || algorithm.is_some() || lifetime.is_some()) {
            return Err("`components`, `algorithm` and `lifetime` are of `http-message-signatures`");
        }
        Ok(match scheme {
            Scheme::Aws => Self::AwsSigV4 { service, region },
            Scheme::Messages => Self::HttpMessageSignatures {
                components: components
                    .ok_or("`components` is missing: what is signed, as in `[\"@method\", \"@target-uri\"]`")?,
                algorithm: algorithm.ok_or(
                    "`algorithm` is missing: `ed25519`, `ecdsa-p256-sha256`, `rsa-v1_5-sha256` or `hmac-sha256`",
                )?,
                lifetime: lifetime.unwrap_or(LIFETIME),
            },
            Scheme::Duo => Self::Duo,
            Scheme::Wsse => Self::Wsse,
        })
    }
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
    /// Returns the headers that it makes, in lower case; neither a file nor a caller says what stands there.
    pub fn headers(&self) -> Vec<&'static str> {
        match self {
            // What S3 wants to see of the body may be said: it is said anew.
            Self::AwsSigV4 { .. } => vec!["authorization", "x-amz-date"],
            Self::HttpMessageSignatures { components, .. } => {
                let digest = components.iter().any(|component| component == CONTENT_DIGEST);
                digest.then_some(CONTENT_DIGEST).into_iter().chain(["signature", "signature-input"]).collect()
            }
            Self::Duo => vec!["authorization", "date"],
            Self::Wsse => vec!["x-wsse"],
        }
    }

    /// Tells whether what signs is a private key, in PEM.
    pub fn signs_with_a_private_key(&self) -> bool {
        matches!(self, Self::HttpMessageSignatures { algorithm, .. } if *algorithm != MessageAlgorithm::HmacSha256)
    }

    /// Returns what it is called, in words.
    pub fn words(&self) -> &'static str {
        match self {
            Self::AwsSigV4 { .. } => "AWS Signature Version 4",
            Self::HttpMessageSignatures { .. } => "RFC 9421",
            Self::Duo => "Duo's signature",
            Self::Wsse => "WSSE",
        }
    }
}

impl Provider {
    /// Returns the variables by which other programs take what signs the requests of a way of authenticating, each with
    /// its field; none where there are no usual ones.
    pub fn signing_environment(&self, way: WayIn) -> Vec<(&'static str, &str)> {
        if !matches!(self.signature_of(way), Some(RequestSignature::AwsSigV4 { .. })) {
            return Vec::new();
        }
        let token = self.api.headers.get(SESSION_TOKEN);
        let token = token.and_then(|text| text.strip_prefix("{credential.")?.strip_suffix('}'));
        let login = [("AWS_ACCESS_KEY_ID", USERNAME), ("AWS_SECRET_ACCESS_KEY", PASSWORD)];
        login.into_iter().chain(token.map(|field| ("AWS_SESSION_TOKEN", field))).collect()
    }
}
