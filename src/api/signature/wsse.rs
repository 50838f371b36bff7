//! WSSE `UsernameToken` in a header, as Emarsys documents it ("Authentication").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderName;
use ring::digest;

use crate::model::secret::hexadecimal;
use crate::model::{Secret, Time};

/// Returns 16 random bytes.
///
/// # Panics
///
/// Where the system has no source of randomness.
pub(super) fn nonce() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has a source of randomness");
    bytes
}

/// Returns the header that goes with one request.
pub(super) fn header(username: &str, secret: &Secret, nonce: [u8; 16], now: Time) -> (HeaderName, Secret) {
    let nonce = hexadecimal(&nonce);
    let created = now.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let text = zeroize::Zeroizing::new(format!("{nonce}{created}{}", secret.expose()));
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    // The bytes of the text in hexadecimal, not those of the hash, as every example of theirs has it.
    let digest = STANDARD.encode(hexadecimal(hash.as_ref()));
    let username = username.replace('\\', "\\\\").replace('"', "\\\"");
    let value = format!(
        "UsernameToken Username=\"{username}\", PasswordDigest=\"{digest}\", Nonce=\"{nonce}\", Created=\"{created}\""
    );
    (HeaderName::from_static("x-wsse"), Secret::new(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_hexadecimal_text() {
        let (name, value) = header("a\"b", &Secret::new("secret"), [0xab; 16], "2014-03-20T12:51:45Z".parse().unwrap());
        assert_eq!(name, "x-wsse");
        assert_eq!(
            value.expose(),
            format!(
                r#"UsernameToken Username="a\"b", PasswordDigest="NzZmOTViMDkyNTMzMjYwYjNiNjQyYTMwNTI1MTg2ZmY3M2UyYjUwMA==", Nonce="{}", Created="2014-03-20T12:51:45Z""#,
                "ab".repeat(16)
            )
        );
    }
}
