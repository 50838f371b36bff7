//! HTTPS on loopback, with a certificate that is made on this machine for this machine alone.

use std::fmt;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

use crate::model::Time;

/// How long a certificate is good for: browsers take none that lasts longer than 398 days.
const LIFETIME: chrono::TimeDelta = chrono::TimeDelta::days(397);

/// A certificate that cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// It cannot be made.
    #[error("the certificate cannot be made")]
    Make(#[source] rcgen::Error),
    /// What was kept is no certificate with its key.
    #[error("the certificate and its key do not go together, or are none")]
    Unusable,
}

/// A certificate and its key, as they are kept.
pub struct Made {
    /// The certificate, in PEM; its first line says when it ends.
    pub certificate: String,
    /// Its private key, in PEM.
    pub key: Zeroizing<String>,
}

/// What greets whoever connects.
#[derive(Clone)]
pub struct Acceptor(TlsAcceptor);

impl fmt::Debug for Acceptor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Acceptor")
    }
}

/// Makes a certificate for `localhost`, 127.0.0.1 and `::1`, and for no other name: it can vouch for nothing
/// else, and signs no others.
pub fn make(now: Time) -> Result<Made, TlsError> {
    use chrono::Datelike;
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    let mut parameters = rcgen::CertificateParams::new(names).map_err(TlsError::Make)?;
    let day = |time: Time| {
        let (month, day) = (u8::try_from(time.month()).unwrap_or(1), u8::try_from(time.day()).unwrap_or(1));
        rcgen::date_time_ymd(time.year(), month, day)
    };
    let end = now + LIFETIME;
    // From the day before: clocks differ.
    (parameters.not_before, parameters.not_after) = (day(now - chrono::TimeDelta::days(1)), day(end));
    parameters.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    parameters.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "hallpass on this machine");
    let key = rcgen::KeyPair::generate().map_err(TlsError::Make)?;
    let certificate = parameters.self_signed(&key).map_err(TlsError::Make)?;
    Ok(Made {
        certificate: format!("{ENDS}{}\n{}", end.format("%Y-%m-%d"), certificate.pem()),
        key: Zeroizing::new(key.serialize_pem()),
    })
}

/// How the first line of a certificate begins.
const ENDS: &str = "hallpass on this machine; ends ";

/// Returns the last day of a certificate that was made here.
pub fn end_of(certificate: &str) -> Option<chrono::NaiveDate> {
    certificate.lines().next()?.strip_prefix(ENDS)?.parse().ok()
}

/// Takes a certificate and its key.
pub fn acceptor(certificate: &str, key: &str) -> Result<Acceptor, TlsError> {
    let chain = CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(|_| TlsError::Unusable)?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| TlsError::Unusable)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|_| TlsError::Unusable)?.with_no_client_auth().with_single_cert(vec![chain], key);
    Ok(Acceptor(TlsAcceptor::from(Arc::new(config.map_err(|_| TlsError::Unusable)?))))
}

/// Returns the SHA-256 of a certificate as browsers show it: `AB:CD:…`.
pub fn fingerprint(certificate: &str) -> Result<String, TlsError> {
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(|_| TlsError::Unusable)?;
    let digest = ring::digest::digest(&ring::digest::SHA256, &der);
    Ok(digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":"))
}

impl Acceptor {
    /// Greets whoever connected.
    pub(super) async fn accept<S>(&self, stream: S) -> std::io::Result<tokio_rustls::server::TlsStream<S>>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        self.0.accept(stream).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_certificate_goes_with_its_own_key_alone_and_says_when_it_ends() {
        let (one, other) = (make(now()).unwrap(), make(now()).unwrap());
        assert!(acceptor(&one.certificate, &one.key).is_ok());
        assert!(acceptor(&one.certificate, &other.key).is_err());
        assert!(acceptor("nonsense", &one.key).is_err() && acceptor(&one.certificate, "").is_err());
        assert_eq!(end_of(&one.certificate).unwrap().to_string(), "2027-02-02");
        assert_eq!(fingerprint(&one.certificate).unwrap().len(), 32 * 3 - 1);
        assert_ne!(fingerprint(&one.certificate).unwrap(), fingerprint(&other.certificate).unwrap());
    }
}
