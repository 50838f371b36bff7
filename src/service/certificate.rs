//! The certificate for HTTPS on this machine: made when it is first needed, kept with its key (0600), and made
//! anew a month before it ends. Whether it is trusted is the user's own step.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Error, Kind, Result, Service};
use crate::listener::tls::{self, Acceptor};
use crate::settings::private;

/// How long before its end a certificate is made anew.
const EARLY: chrono::TimeDelta = chrono::TimeDelta::days(30);

/// The certificate of this machine.
#[derive(Debug, Clone)]
pub struct Certificate {
    pub(super) acceptor: Acceptor,
    /// Where it is, for whoever is to trust it.
    pub path: PathBuf,
    /// Its SHA-256, as browsers show it.
    pub fingerprint: String,
    /// Its last day, as `2027-01-31`.
    pub ends: String,
}

impl Service {
    /// Returns the certificate of this machine, and makes it where there is none that is good.
    pub async fn certificate(&self) -> Result<Certificate> {
        if let Some(certificate) = self.known_certificate() {
            return Ok(certificate);
        }
        self.may_change()?;
        let _lock = self.refresh_locks.acquire_certificate().await?;
        if let Some(certificate) = self.known_certificate() {
            return Ok(certificate);
        }
        let made = tls::make(self.now()).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        let paths = &self.settings.paths;
        for (path, text) in [(&paths.certificate_key, made.key.as_str()), (&paths.certificate, &made.certificate)] {
            write(path, text).map_err(|error| {
                let mut shown = Error::new(Kind::Vault, format!("`{}` cannot be written", path.display()))
                    .hinted("`hallpass doctor` looks at the folder and the disk");
                shown.causes.push(error.to_string());
                shown
            })?;
        }
        self.record_home("a certificate for HTTPS on this machine was made".to_owned());
        self.known_certificate().ok_or_else(|| Error::new(Kind::Internal, "the certificate that was made is not there"))
    }

    /// Returns the certificate that is there, if it is good and lasts.
    fn known_certificate(&self) -> Option<Certificate> {
        let paths = &self.settings.paths;
        let certificate = std::fs::read_to_string(&paths.certificate).ok()?;
        private::file(&paths.certificate_key).ok()?;
        let key = zeroize::Zeroizing::new(std::fs::read_to_string(&paths.certificate_key).ok()?);
        let ends = tls::end_of(&certificate)?;
        if (self.now() + EARLY).date_naive() >= ends {
            return None;
        }
        let acceptor = tls::acceptor(&certificate, &key).ok()?;
        let fingerprint = tls::fingerprint(&certificate).ok()?;
        Some(Certificate { acceptor, path: paths.certificate.clone(), fingerprint, ends: ends.to_string() })
    }
}

/// Writes a file whole or not at all, for its owner alone.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    private::file(path).map_err(std::io::Error::other)?;
    let part = path.with_added_extension("part");
    match std::fs::remove_file(&part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private::options().create_new(true).open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&part, path)?;
    private::sync_folder_of(path)
}
