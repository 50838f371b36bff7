//! [`Secret`]: text that must not be seen.

use std::fmt;

use base64::Engine as _;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A piece of text that prints nothing, compares in constant time and is zeroed when dropped.
///
/// [`Secret::expose`] marks the places where the value leaves: the socket, the vault, the
/// clipboard, and standard output when it was asked for there.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Returns it in base64 (RFC 4648 section 4), which is as secret.
    #[must_use]
    pub fn in_base64(&self) -> Self {
        Self::new(base64::engine::general_purpose::STANDARD.encode(self.expose()))
    }

    /// Returns the hidden text.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Tells whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether it is written in PEM (RFC 7468), in lines.
    pub fn is_pem(&self) -> bool {
        self.0.trim_start().starts_with("-----BEGIN ")
    }

    /// Returns the first eight hexadecimal digits of the SHA-256 of the text: enough to tell two
    /// tokens apart in a log, too little to find one.
    pub fn fingerprint(&self) -> String {
        let digest = ring::digest::digest(&ring::digest::SHA256, self.0.as_bytes());
        hexadecimal(&digest.as_ref()[..4])
    }

    /// Returns the text with all but its ends hidden, for a screen: `gho_…9f2c`. Short texts are
    /// hidden whole.
    pub fn masked(&self) -> String {
        let characters: Vec<char> = self.0.chars().collect();
        if characters.len() < 24 {
            return "••••••••".to_owned();
        }
        let head: String = characters.iter().take(4).collect();
        let tail: String = characters.iter().skip(characters.len() - 4).collect();
        format!("{}…{}", super::untrusted::line(&head), super::untrusted::line(&tail))
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret([redacted])")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

/// Writes bytes in hexadecimal digits, two each, in lower case.
pub fn hexadecimal(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_contains_the_text() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret([redacted])");
    }

    #[test]
    fn masks_a_short_text_whole_and_a_long_one_but_for_its_ends() {
        assert_eq!(Secret::new("short").masked(), "••••••••");
        assert_eq!(Secret::new("gho_0123456789abcdef0123456789").masked(), "gho_…6789");
    }

    #[test]
    fn two_tokens_have_two_fingerprints_of_eight_digits() {
        let (one, two) = (Secret::new("one").fingerprint(), Secret::new("two").fingerprint());
        assert_ne!(one, two);
        assert_eq!(one.len(), 8);
    }
}
