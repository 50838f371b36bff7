//! What works on this machine, what does not, and how to mend it. Nothing is changed or made, but for
//! a small file in the home, which shows whether it can be written and is taken away again.

mod home;
mod redirect;

use super::seat::Address;
use super::{Error, Service};
use crate::listener::{Listener, LoopbackHost};
use crate::model::config::DEFAULT_REDIRECT_URI;
use crate::model::untrusted;
use crate::settings::{self, without_user_info};
use crate::system::{clipboard, port_holder};
use crate::vault::sealed;

/// How well something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wellness {
    /// It works.
    Well,
    /// It works in part, or not where this runs.
    Odd,
    /// It does not work.
    Ill,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What: `vault`, `browser`, ….
    pub what: &'static str,
    /// How well it is.
    pub wellness: Wellness,
    /// What was found.
    pub found: String,
    /// What mends it.
    pub mend: Option<String>,
}

impl Finding {
    fn well(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, wellness: Wellness::Well, found: found.into(), mend: None }
    }

    fn odd(what: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what, wellness: Wellness::Odd, found: found.into(), mend: Some(mend.into()) }
    }

    fn broken(what: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { wellness: Wellness::Ill, ..Self::odd(what, found, mend) }
    }

    fn ill(what: &'static str, error: &Error) -> Self {
        let causes = error.causes.iter().map(String::as_str);
        let found = std::iter::once(error.message.as_str()).chain(causes).collect::<Vec<_>>().join(": ");
        // The doctor does not send anybody to the doctor.
        let mend = error.hint.clone().filter(|hint| !hint.contains("hallpass doctor"));
        let mend = mend.unwrap_or_else(|| {
            "look at its permissions, and at the space on the disk; a copy of the file may be brought back".to_owned()
        });
        Self { what, wellness: Wellness::Ill, found, mend: Some(mend) }
    }
}

impl Service {
    /// Looks at everything that may go wrong on this machine.
    pub async fn doctor(&self) -> Vec<Finding> {
        let mut findings = self.home_findings();
        findings.push(self.settings_finding());
        findings.extend([
            self.store_finding(),
            self.vault_finding().await,
            self.providers_finding(),
            self.browser_finding(),
            self.clipboard_finding(),
            self.port_finding().await,
            self.tls_finding().await,
            self.proxy_finding(),
            self.clock_finding(),
            self.host_finding(),
        ]);
        findings
    }

    fn store_finding(&self) -> Finding {
        let is_lost = || {
            self.store.intents().is_ok_and(|intents| intents.is_empty())
                && sealed::holds_records(&self.settings.paths.sealed_vault).unwrap_or(false)
        };
        let lost = |found| {
            Finding::odd(
                "store",
                format!("{found}, and the sealed vault beside it holds secrets"),
                format!("bring `{}` back, or `hallpass import` a backup", self.settings.paths.store.display()),
            )
        };
        if !self.store.exists() {
            return if is_lost() { lost("it is gone") } else { Finding::well("store", "nothing was saved yet") };
        }
        match (self.store.configs(), self.store.connections()) {
            (Ok(configs), Ok(_)) if configs.is_empty() && is_lost() => lost("it knows nothing"),
            (Ok(configs), Ok(connections)) => {
                Finding::well("store", format!("{} configs, {} connections", configs.len(), connections.len()))
            }
            (Err(error), _) | (_, Err(error)) => Finding::ill("store", &error.into()),
        }
    }

    async fn vault_finding(&self) -> Finding {
        let status = self.vault_status().await;
        match &status.problem {
            None => Finding::well("vault", format!("{} ({})", status.kind.word(), status.why)),
            Some(error) => {
                Finding { found: format!("{}: {}", status.kind.word(), error.message), ..Finding::ill("vault", error) }
            }
        }
    }

    fn providers_finding(&self) -> Finding {
        let providers = self.providers();
        let broken: Vec<String> =
            providers.iter().filter(|(_, provider)| provider.is_err()).map(|(id, _)| id.to_string()).collect();
        if broken.is_empty() {
            Finding::well("providers", format!("{} known", providers.len()))
        } else {
            let found = format!("mistakes in {}", broken.join(", "));
            Finding::odd(
                "providers",
                found,
                format!(
                    "`hallpass provider check FILE` tells them; the files are in `{}`",
                    self.settings.paths.providers.display()
                ),
            )
        }
    }

    fn browser_finding(&self) -> Finding {
        let place = &self.settings.surroundings;
        match self.machine.browser.check() {
            Ok(()) => match &place.browser {
                Some(command) => Finding::well("browser", format!("$BROWSER is `{}`", untrusted::line(command))),
                None => Finding::well("browser", "the desktop's"),
            },
            Err(error) => Finding::odd(
                "browser",
                error.to_string(),
                "`hallpass connect … --paste` needs none here; over SSH, `ssh -L 3003:localhost:3003 HOST` brings the callback through",
            ),
        }
    }

    fn settings_finding(&self) -> Finding {
        let file = &self.settings.paths.settings;
        // Read anew: it may have been mended, or spoiled, since this program began.
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let now = settings::mistakes(&text).first().map(ToString::to_string);
        match now.as_ref().or(self.settings.file_mistake.as_ref()) {
            Some(mistake) => {
                let found = format!("`{}` has a mistake in it: {}", file.display(), untrusted::line(mistake));
                Finding::broken("settings", found, "`hallpass settings check` tells every mistake")
            }
            None if file.exists() => Finding::well("settings", format!("`{}`", file.display())),
            None => Finding::well("settings", "every setting has its default"),
        }
    }

    fn clipboard_finding(&self) -> Finding {
        if clipboard::is_local(&self.settings.surroundings) {
            Finding::well("clipboard", "the desktop's, cleared after a while")
        } else {
            Finding::odd(
                "clipboard",
                "none of a desktop: copies are sent to your terminal (OSC 52)",
                "a terminal may refuse it without a word, and hallpass cannot clear it there",
            )
        }
    }

    async fn port_finding(&self) -> Finding {
        const WHAT: &str = "callback";
        let configs = self.store.configs().unwrap_or_default();
        let uris: std::collections::BTreeSet<&str> =
            configs.iter().map(crate::model::Config::redirect_uri).chain([DEFAULT_REDIRECT_URI]).collect();
        for uri in &uris {
            let Ok(address) = Address::of(uri) else { continue };
            if let Err(error) = address.bind(None).await {
                let port = url::Url::parse(uri).ok().and_then(|url| url.port_or_known_default()).unwrap_or_default();
                let holder = port_holder::holder(port).map(|holder| format!(" ({holder})")).unwrap_or_default();
                return Finding::odd(
                    WHAT,
                    format!("{error}{holder}"),
                    "end that program; or use another redirect URI, or `--paste`",
                );
            }
        }
        match Listener::bind(LoopbackHost::Localhost, 0).await {
            Ok(_) => {
                Finding::well(WHAT, format!("{} can be listened at", uris.into_iter().collect::<Vec<_>>().join(", ")))
            }
            Err(error) => Finding::odd(WHAT, error.to_string(), "authorize with `--paste`"),
        }
    }

    async fn tls_finding(&self) -> Finding {
        const WHAT: &str = "certificates";
        let named = &self.settings.surroundings.certificates;
        if let Some((name, path)) = named.iter().find(|(_, path)| !path.exists()) {
            return Finding::broken(
                WHAT,
                format!("{name} names `{}`, which is not there", path.display()),
                "name the file of your certificates, or unset it",
            );
        }
        let is_empty = |path: &std::path::Path| {
            let mark = b"BEGIN CERTIFICATE";
            let has_mark = |bytes: Vec<u8>| bytes.windows(mark.len()).any(|window| window == mark);
            path.is_file() && std::fs::read(path).is_ok_and(|bytes| !has_mark(bytes))
        };
        if let Some((name, path)) = named.iter().find(|(_, path)| is_empty(path)) {
            return Finding::broken(
                WHAT,
                format!("{name} names `{}`, which holds no certificate", path.display()),
                "name a file of certificates in PEM form, or unset it",
            );
        }
        match self.network.auth.check().await {
            Ok(()) if named.is_empty() => Finding::well(WHAT, "the system's"),
            Ok(()) => {
                let shown: Vec<String> =
                    named.iter().map(|(name, path)| format!("{name}=`{}`", path.display())).collect();
                Finding::well(WHAT, format!("those of {}", shown.join(", ")))
            }
            Err(error) => Finding::ill(WHAT, &error.into()),
        }
    }

    fn proxy_finding(&self) -> Finding {
        const WHAT: &str = "proxy";
        let proxies = &self.settings.surroundings.proxies;
        let is_address = |value: &str| {
            let with_scheme = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
            url::Url::parse(&with_scheme).is_ok_and(|url| url.host_str().is_some())
        };
        let odd = proxies
            .iter()
            .filter_map(|named| named.split_once('='))
            .find(|(name, value)| !name.eq_ignore_ascii_case("NO_PROXY") && !is_address(value));
        match odd {
            Some((name, value)) => Finding::broken(
                WHAT,
                format!("{name} is `{value}`, which is no address"),
                "write it as http://HOST:PORT, or unset it",
            ),
            None if proxies.is_empty() => Finding::well(WHAT, "none"),
            None => Finding::well(WHAT, proxies.join(" ")),
        }
    }

    /// Without a network there is nothing to compare with but what was written down here before.
    fn clock_finding(&self) -> Finding {
        let now = self.now();
        let shown = now.format("%Y-%m-%d %H:%M UTC");
        let last = self.store.activity(None, 1).ok().and_then(|rows| rows.first().map(|row| row.at));
        match last {
            Some(last) if last - now > chrono::TimeDelta::minutes(1) => Finding::odd(
                "clock",
                format!("{shown}, which is before the last activity ({})", last.format("%Y-%m-%d %H:%M UTC")),
                "set this machine's clock",
            ),
            _ => Finding::well("clock", shown.to_string()),
        }
    }

    fn host_finding(&self) -> Finding {
        match &self.settings.host {
            None => Finding::well("host", "this machine"),
            Some(host) => Finding::odd(
                "host",
                format!("configs, connections and tokens are those at `{}`", without_user_info(host)),
                "unset NANGO_HOSTPORT to work with this machine's own vault",
            ),
        }
    }
}
