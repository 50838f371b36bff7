//! HTTP message signatures (RFC 9421), with the digest of the body that they sign (RFC 9530).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderName;
use ring::digest;
use url::Url;

use super::Signable;
use crate::api::ApiError;
use crate::auth::AuthError;
use crate::auth::signing::SigningKey;
use crate::model::provider::{CONTENT_DIGEST, KeyEncoding, MessageAlgorithm};
use crate::model::{Secret, Time, untrusted};

/// Who signs, and what.
pub(super) struct Signer<'a> {
    /// The key's id.
    pub(super) id: &'a str,
    /// The key.
    pub(super) key: &'a Secret,
    /// How it signs.
    pub(super) algorithm: MessageAlgorithm,
    /// What is signed, in this order.
    pub(super) components: &'a [String],
    /// For how many seconds it is valid.
    pub(super) lifetime: u32,
}

impl Signer<'_> {
    /// Returns the headers that sign a request.
    pub(super) fn headers(&self, request: &Signable<'_>, now: Time) -> Result<Vec<(HeaderName, Secret)>, ApiError> {
        let mut headers = Vec::new();
        let mut lines = Vec::new();
        let mut names = Vec::new();
        for component in self.components {
            let value = if component == CONTENT_DIGEST {
                let digest = format!("sha-256=:{}:", STANDARD.encode(digest::digest(&digest::SHA256, request.body()?)));
                headers.push((HeaderName::from_static(CONTENT_DIGEST), Secret::new(digest.as_str())));
                digest
            } else {
                value(component, request)?
            };
            lines.push(format!("\"{component}\": {value}"));
            names.push(format!("\"{component}\""));
        }
        let created = now.timestamp();
        let parameters = format!(
            "({});alg=\"{}\";created={created};expires={};keyid={}",
            names.join(" "),
            self.algorithm.word(),
            created + i64::from(self.lifetime),
            text(self.id)?
        );
        lines.push(format!("\"@signature-params\": {parameters}"));
        let base = lines.join("\n");
        let key = SigningKey::read(self.key, self.algorithm.in_jwts(), KeyEncoding::Text).map_err(AuthError::from)?;
        let signature = STANDARD.encode(key.signature(base.as_bytes()).map_err(AuthError::from)?);
        headers.push((HeaderName::from_static("signature-input"), Secret::new(format!("sig={parameters}"))));
        headers.push((HeaderName::from_static("signature"), Secret::new(format!("sig=:{signature}:"))));
        Ok(headers)
    }
}

/// Returns the value of a component: what a derived one stands for (section 2.2), or a header's (section 2.1).
fn value(component: &str, request: &Signable<'_>) -> Result<String, ApiError> {
    let url: &Url = request.url;
    Ok(match component {
        "@method" => request.method.to_owned(),
        "@target-uri" => url.as_str().to_owned(),
        "@authority" => request.host(),
        "@scheme" => url.scheme().to_owned(),
        "@path" => url.path().to_owned(),
        "@query" => format!("?{}", url.query().unwrap_or_default()),
        header => {
            let unwritable = || ApiError::Malformed(untrusted::line(header), "what is signed of it must be ASCII");
            let values = request.headers.get_all(header).iter().map(|value| value.to_str().map(str::trim));
            let values: Vec<&str> = values.collect::<Result<_, _>>().map_err(|_| unwritable())?;
            if values.is_empty() {
                return Err(ApiError::Malformed(
                    untrusted::line(header),
                    "the signature covers it, and it is not there",
                ));
            }
            values.join(", ")
        }
    })
}

/// Writes a text as structured fields write it (RFC 8941 section 3.3.3).
fn text(plain: &str) -> Result<String, ApiError> {
    if plain.chars().any(|character| !matches!(character, ' '..='~')) {
        return Err(ApiError::Malformed("keyid".to_owned(), "the id of a key is written in ASCII"));
    }
    Ok(format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\"")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Payload;
    use reqwest::header::HeaderMap;
    use ring::signature::{ED25519, UnparsedPublicKey};

    /// The key of RFC 9421 appendix B.1.4, in PEM and as its seed, and its public part.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----";
    const SEED: &str = "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU";
    const PUBLIC: &str = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";

    fn public() -> UnparsedPublicKey<Vec<u8>> {
        UnparsedPublicKey::new(&ED25519, STANDARD.decode(PUBLIC).unwrap())
    }

    #[test]
    fn the_signature_of_rfc_9421_appendix_b_2_6_comes_out() {
        let base = "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n\"@authority\": example.com\n\"content-type\": application/json\n\"content-length\": 18\n\"@signature-params\": (\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\");created=1618884473;keyid=\"test-key-ed25519\"";
        for key in [PEM, SEED] {
            let algorithm = MessageAlgorithm::Ed25519.in_jwts();
            let key = SigningKey::read(&Secret::new(key), algorithm, KeyEncoding::Text).unwrap();
            assert_eq!(
                STANDARD.encode(key.signature(base.as_bytes()).unwrap()),
                "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
            );
        }
    }

    #[test]
    fn what_is_named_is_covered_and_nothing_is_that_is_not_there() {
        let components: Vec<String> =
            ["@method", "@target-uri", CONTENT_DIGEST, "x-more"].iter().map(|name| (*name).to_owned()).collect();
        let (url, body) = ("https://api.example/v1/x?b=%20".parse().unwrap(), Payload::Whole(b"{}".to_vec()));
        let mut headers = HeaderMap::new();
        let sign = |headers: &HeaderMap, id: &str| {
            let key = &Secret::new(SEED);
            let algorithm = MessageAlgorithm::Ed25519;
            Signer { id, key, algorithm, components: &components, lifetime: 60 }
                .headers(&Signable { method: "POST", url: &url, headers, body: &body }, chrono::DateTime::UNIX_EPOCH)
        };
        assert!(sign(&headers, "k").unwrap_err().to_string().contains("x-more"));
        headers.append("x-more", "1".parse().unwrap());
        headers.append("x-more", " 2 ".parse().unwrap());
        let made = sign(&headers, "k\"1").unwrap();
        let parameters = "(\"@method\" \"@target-uri\" \"content-digest\" \"x-more\");alg=\"ed25519\";created=0;expires=60;keyid=\"k\\\"1\"";
        let digest = "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:";
        let base = format!(
            "\"@method\": POST\n\"@target-uri\": https://api.example/v1/x?b=%20\n\"content-digest\": {digest}\n\"x-more\": 1, 2\n\"@signature-params\": {parameters}"
        );
        let shown: Vec<(&str, &str)> = made.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        let [digested, input, (name, signature)] = shown[..] else { panic!("{shown:?}") };
        assert_eq!((digested, input), (("content-digest", digest), ("signature-input", &*format!("sig={parameters}"))));
        let signature = signature.strip_prefix("sig=:").and_then(|text| text.strip_suffix(':')).unwrap();
        assert_eq!(name, "signature");
        public().verify(base.as_bytes(), &STANDARD.decode(signature).unwrap()).unwrap();
        assert!(sign(&headers, "ключ").is_err(), "an id in other letters has no place in a header");
    }
}
