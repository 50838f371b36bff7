//! Whether the redirect URI of a config can be reached: something listens there for a moment, and is called
//! as a browser would call it.

use std::time::Duration;

use tokio::net::TcpStream;

use super::Finding;
use crate::model::ConfigKey;
use crate::service::seat::{Address, Taken};
use crate::service::{Result, Service};

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(2);
const WHAT: &str = "redirect URI";

impl Service {
    /// Checks that the callback of a config's authorizations would reach this machine.
    pub async fn check_redirect(&self, key: &ConfigKey) -> Result<Finding> {
        let config = self.config(key)?;
        let uri = config.redirect_uri();
        let address = match Address::of(uri) {
            Ok(address) => address,
            Err(error) => return Ok(Finding::ill(WHAT, &error)),
        };
        // What holds the port already is one of ours, or in the way.
        let locks = Some(self.settings.paths.locks.as_path()).filter(|locks| locks.exists());
        let seat = match address.take(locks).await {
            Ok(Taken::Own(seat)) => seat,
            Ok(Taken::Relayed(_)) => {
                let found = format!("another hallpass listens at {uri}, and hands answers on");
                return Ok(Finding::well(WHAT, found));
            }
            Err(error) => return Ok(Finding::ill(WHAT, &error)),
        };
        let (host, port) = seat.host.rsplit_once(':').unwrap_or((&seat.host, ""));
        let port = port.parse::<u16>().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let addresses = tokio::time::timeout(PATIENCE, resolved(host, port)).await.unwrap_or_default();
        let mut reached = Vec::new();
        for address in &addresses {
            match tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await {
                Ok(Ok(_)) => reached.push(address.ip().to_string()),
                Ok(Err(_)) | Err(_) => {
                    return Ok(Finding::odd(
                        WHAT,
                        format!("{uri} can be listened at, and {} cannot be reached", address.ip()),
                        "a firewall of this machine is in the way, or its name leads elsewhere; authorize with `--paste`",
                    ));
                }
            }
        }
        if reached.is_empty() {
            let found = format!("this machine does not know where `{host}` is");
            return Ok(Finding::odd(WHAT, found, "name it in the hosts file, or use 127.0.0.1 in the redirect URI"));
        }
        let found = format!("{uri} is reached at {}; the provider must have it to the letter", reached.join(" and "));
        Ok(Finding::well(WHAT, found))
    }
}

/// Returns the addresses of a name that lead to this machine, as its resolver has them.
async fn resolved(host: &str, port: u16) -> Vec<std::net::SocketAddr> {
    let found = tokio::net::lookup_host((host, port)).await;
    found.map(|addresses| addresses.filter(|address| address.ip().is_loopback()).collect()).unwrap_or_default()
}
