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
        let (certificate, key) = (text(&table.certificate)?.trim(), text(&table.key)?.trim());
        let bad = |why: String| AuthError::ClientCertificate(why);
        if !certificate.contains("-----BEGIN CERTIFICATE-----") || certificate.contains("PRIVATE KEY-----") {
            let name = &table.certificate;
            return Err(bad(format!("`{name}` is no certificate in PEM: expected `-----BEGIN CERTIFICATE-----`")));
        }
        if key.contains("ENCRYPTED") {
            return Err(bad(
                "the key is sealed with a passphrase: take that off with `openssl pkcs8 -topk8 -nocrypt`".to_owned()
            ));
        }
        if !key.contains("PRIVATE KEY-----") {
            return Err(bad(format!(
                "`{}` is no private key in PEM: expected `-----BEGIN PRIVATE KEY-----`",
                table.key
            )));
        }
        let pem = Zeroizing::new(format!("{certificate}\n{key}\n"));
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
