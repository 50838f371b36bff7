//! The certificate that a client shows in each connection (mutual TLS, RFC 8705): a provider that wants one knows the
//! client by it, and binds its tokens to it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use super::AuthError;
use super::http::{self, Reach, chain};
use crate::model::template::TemplateError;
use crate::model::{Provider, Secret};

/// A certificate and its key, ready to be shown. It prints nothing.
#[derive(Clone)]
pub struct ClientCertificate(reqwest::Identity);

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClientCertificate")
    }
}

impl ClientCertificate {
    /// Reads what was entered for a provider, both in PEM; `None` where it wants none.
    pub fn of(provider: &Provider, fields: &BTreeMap<String, Secret>) -> Result<Option<Self>, AuthError> {
        let Some(table) = &provider.mutual_tls else { return Ok(None) };
        let text = |name: &String| {
            let missing = || TemplateError::Missing { name: format!("credential.{name}") };
            fields.get(name).map(Secret::expose).ok_or_else(missing)
        };
        let bad = |why: String| AuthError::ClientCertificate(why);
        // One file may hold both.
        let certificates = blocks(text(&table.certificate)?, "CERTIFICATE");
        if certificates.is_empty() {
            let name = &table.certificate;
            return Err(bad(format!("`{name}` is no certificate in PEM: expected `-----BEGIN CERTIFICATE-----`")));
        }
        let key = text(&table.key)?;
        if key.contains("ENCRYPTED") {
            return Err(bad(
                "the key is sealed with a passphrase: take that off with `openssl pkcs8 -topk8 -nocrypt`".to_owned()
            ));
        }
        let keys = blocks(key, "PRIVATE KEY");
        if keys.is_empty() {
            return Err(bad(format!(
                "`{}` is no private key in PEM: expected `-----BEGIN PRIVATE KEY-----`",
                table.key
            )));
        }
        let pem = Zeroizing::new(format!("{}{}", certificates.as_str(), keys.as_str()));
        let read = reqwest::Identity::from_pem(pem.as_bytes());
        Ok(Some(Self(read.map_err(|error| bad(chain(&error)))?)))
    }

    /// Makes a client for requests as far as `reach` that shows it in each connection; in plain http there is nobody to
    /// show it to. See [`http::client`].
    pub fn client(&self, timeout: Option<Duration>, reach: Reach) -> Result<reqwest::Client, AuthError> {
        let builder = http::builder(timeout, reach);
        let builder = if reach == Reach::Outside { builder.identity(self.0.clone()) } else { builder };
        builder.build().map_err(|error| {
            // What does not go together is noticed here.
            let why = chain(&error);
            let is_mismatch = why.contains("KeyMismatch");
            let why = if is_mismatch { "the key is that of another certificate".to_owned() } else { why };
            AuthError::ClientCertificate(why)
        })
    }
}

/// Returns the blocks of a text in PEM (RFC 7468) whose label ends so.
fn blocks(text: &str, label: &str) -> Zeroizing<String> {
    let mut found = Zeroizing::new(String::new());
    let is_one = |block: &&str| block.split("-----").next().is_some_and(|named| named.ends_with(label));
    for block in text.split("-----BEGIN ").skip(1).filter(is_one) {
        if let Some((body, end)) = block.split_once("-----END ") {
            let named = end.split("-----").next().unwrap_or_default();
            for part in ["-----BEGIN ", body, "-----END ", named, "-----\n"] {
                found.push_str(part);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(certificate: &str, key: &str) -> Result<Option<ClientCertificate>, AuthError> {
        let file = "name = \"A\"\nmutual_tls = { certificate = \"cert\", key = \"key\" }\n";
        let fields = [("cert", certificate), ("key", key)];
        let fields = fields.into_iter().map(|(name, text)| (name.to_owned(), Secret::new(text))).collect();
        ClientCertificate::of(&toml::from_str(file).unwrap(), &fields)
    }

    #[test]
    fn a_certificate_and_a_key_in_pem_are_read_and_anything_else_is_named_and_not_shown() {
        let made = rcgen::generate_simple_self_signed(["client".to_owned()]).unwrap();
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        assert!(read(&certificate, &key).unwrap().is_some());
        let both = format!("Bag Attributes\n{key}{certificate}");
        assert!(read(&both, &both).unwrap().is_some(), "as openssl writes them into one");
        assert!(ClientCertificate::of(&toml::from_str("name = \"A\"").unwrap(), &BTreeMap::new()).unwrap().is_none());
        for (certificate, key) in [(&certificate[..], "canary"), ("canary", &key[..]), ("", "")] {
            let error = read(certificate, key).unwrap_err();
            assert!(
                error.to_string().contains("client certificate") && !format!("{error:?}").contains("canary"),
                "{error:?}"
            );
        }
    }
}
