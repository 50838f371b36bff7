//! What is told of an installation when something is wrong with it: enough to find a mistake by, and nothing
//! that names an account, holds a secret, or says whose machine it is.

use std::collections::BTreeMap;

use super::Service;
use super::doctor::{Finding, Wellness};
use crate::catalog::Catalog;
use crate::model::{Activity, Outcome, ProviderId, untrusted};
use crate::settings::paths_of_home;
use crate::system::os;

/// How many rows of activity are told.
const ROWS: u32 = 50;
/// How many lines of the log are told.
const LINES: usize = 40;

/// A report, section by section: names and what there is to say of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub title: &'static str,
    /// Its lines, in which names are replaced.
    pub lines: Vec<String>,
}

/// The names that are replaced, and by what.
#[derive(Debug, Default)]
struct Mask {
    /// By length, the longest first, so that no name is replaced within another.
    names: Vec<(String, String)>,
    configs: usize,
    connections: usize,
    others: usize,
}

impl Mask {
    /// Hides the key of a config, unless that is the id of a provider that is built in: it tells nothing of its user.
    fn config(&mut self, key: &str) {
        if !is_public(key) && !self.knows(key) {
            self.configs += 1;
            self.names.push((key.to_owned(), format!("config-{}", self.configs)));
        }
    }

    fn connection(&mut self, id: &str) {
        if !self.knows(id) {
            self.connections += 1;
            self.names.push((id.to_owned(), format!("connection-{}", self.connections)));
        }
    }

    /// Hides something else that the user gave: a client id, a variable, a provider of their own.
    fn other(&mut self, text: &str, word: &str) {
        if !text.is_empty() && !self.knows(text) {
            self.others += 1;
            self.names.push((text.to_owned(), format!("{word}-{}", self.others)));
        }
    }

    fn knows(&self, name: &str) -> bool {
        self.names.iter().any(|(known, _)| known == name)
    }

    fn sort(&mut self) {
        self.names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    }

    fn named<'a>(&'a self, name: &'a str) -> &'a str {
        let known = self.names.iter().find(|(known, _)| known == name).map(|(_, shown)| shown.as_str());
        known.unwrap_or(if is_public(name) { name } else { "(unknown)" })
    }

    /// Returns a text without the names, where they stand as words of their own; without mail addresses, and
    /// without what stands behind a `?` in an address.
    fn masked(&self, text: &str) -> String {
        let mut text = untrusted::line(text);
        for (name, shown) in &self.names {
            text = replaced(&text, name, shown);
        }
        let word = |word: &str| match word.split_once('?') {
            _ if word.contains('@') => "(address)".to_owned(),
            Some((before, after)) if before.contains("://") && !after.is_empty() => format!("{before}?…"),
            _ => word.to_owned(),
        };
        text.split(' ').map(word).collect::<Vec<_>>().join(" ")
    }
}

/// Tells whether a name is that of a provider that is built in.
fn is_public(name: &str) -> bool {
    ProviderId::new(name).is_ok_and(|id| Catalog::is_embedded(&id))
}

/// Replaces `name` where no letter and no digit stands beside it.
fn replaced(text: &str, name: &str, by: &str) -> String {
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
    let is_part = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    while let Some(at) = rest.find(name) {
        let (before, behind) = (&rest[..at], &rest[at + name.len()..]);
        let last = before.chars().next_back().or_else(|| shown.chars().next_back());
        shown.push_str(before);
        shown.push_str(if is_part(last) || is_part(behind.chars().next()) { name } else { by });
        rest = behind;
    }
    shown + rest
}

impl Service {
    /// Returns what may be told to whoever is asked for help. What cannot be read is told as that.
    pub async fn report(&self) -> Vec<Section> {
        let mask = self.mask();
        let mut sections = vec![self.about_program(), self.about_settings()];
        let findings = self.doctor().await;
        sections.push(Section { title: "Doctor", lines: findings.iter().map(finding).collect() });
        sections.push(self.counts(&mask));
        sections.push(self.happenings(&mask));
        sections.push(self.log());
        let homes = paths_of_home(&self.settings.paths);
        for line in sections.iter_mut().flat_map(|section| &mut section.lines) {
            for (path, shown) in &homes {
                *line = line.replace(path.as_str(), shown);
            }
            *line = mask.masked(line);
        }
        sections
    }

    fn mask(&self) -> Mask {
        let mut mask = Mask::default();
        for proxy in &self.settings.surroundings.proxies {
            mask.other(proxy.split_once('=').map_or("", |(_, value)| value), "proxy");
        }
        if let Some(host) = &self.settings.host {
            mask.other(host.trim_end_matches('/'), "host");
            let name = url::Url::parse(host).ok().and_then(|url| url.host_str().map(str::to_owned));
            mask.other(&name.unwrap_or_default(), "host");
        }
        for config in self.store.configs().unwrap_or_default() {
            mask.config(config.key.as_str());
            mask.other(&config.client_id, "client");
            if let Some(uri) = &config.redirect_uri {
                mask.other(uri, "redirect");
            }
            if !Catalog::is_embedded(&config.provider) {
                mask.other(config.provider.as_str(), "provider");
            }
        }
        for connection in self.store.connections().unwrap_or_default() {
            mask.config(connection.reference.config.as_str());
            mask.connection(connection.reference.id.as_str());
            for value in connection.variables.values() {
                mask.other(value, "value");
            }
        }
        // Those that are gone are names too.
        for row in self.store.activity(None, u32::MAX).unwrap_or_default() {
            row.config.iter().for_each(|key| mask.config(key.as_str()));
            row.connection.iter().for_each(|id| mask.connection(id.as_str()));
        }
        mask.sort();
        mask
    }

    fn about_program(&self) -> Section {
        let place = &self.settings.surroundings;
        let terminal = place.terminal.as_deref().unwrap_or("none named");
        let mut lines = vec![
            format!("hallpass {}", env!("CARGO_PKG_VERSION")),
            format!("system: {}, {}", os::name(), std::env::consts::ARCH),
            format!("terminal: {terminal}"),
        ];
        let facts = [
            ("over SSH", place.is_ssh),
            ("a display is named", place.has_display),
            ("in WSL", place.is_wsl),
            ("in a container", place.is_container),
            ("no colours", place.no_color),
            ("no movement", place.no_motion),
            ("BROWSER is set", place.browser.is_some()),
            ("a proxy is set", !place.proxies.is_empty()),
            ("certificates are named", !place.certificates.is_empty()),
        ];
        lines.extend(facts.iter().filter(|(_, is_so)| *is_so).map(|(fact, _)| (*fact).to_owned()));
        Section { title: "Program", lines }
    }

    fn about_settings(&self) -> Section {
        let settings = &self.settings;
        let vault = &settings.vault;
        let set = |is_set: bool| if is_set { "set" } else { "not set" };
        let lines = vec![
            format!("vault: {}", vault.kind.map_or("not set", crate::settings::VaultKind::word)),
            format!("vault_key: {}", vault.key_source.map_or("not set", crate::settings::KeySource::word)),
            format!("key_file: {}", set(vault.key_file.is_some())),
            format!("clipboard_seconds: {}", settings.clipboard_time.as_secs()),
            format!("plain: {}", settings.plain),
            format!("another host: {}", set(settings.host.is_some())),
            format!("passphrase in the environment: {}", set(vault.passphrase.is_some())),
            format!("NANGO_SECRET_KEY: {}", set(settings.server.key.is_some())),
        ];
        Section { title: "Settings", lines }
    }

    fn counts(&self, mask: &Mask) -> Section {
        let mut lines = Vec::new();
        let now = self.now();
        match (self.store.configs(), self.store.connections()) {
            (Ok(configs), Ok(connections)) => {
                lines.push(format!("configs: {}", configs.len()));
                lines.push(format!("connections: {}", connections.len()));
                let mut states: BTreeMap<(String, &str), usize> = BTreeMap::new();
                for connection in &connections {
                    let provider = provider(&connection.provider, mask);
                    *states.entry((provider, connection.health(now).word())).or_default() += 1;
                }
                lines.extend(states.iter().map(|((provider, state), count)| format!("{provider}, {state}: {count}")));
            }
            (Err(error), _) | (_, Err(error)) => lines.push(super::Error::from(error).to_string()),
        }
        Section { title: "Counts", lines }
    }

    fn happenings(&self, mask: &Mask) -> Section {
        let lines = match self.store.activity(None, ROWS) {
            Ok(rows) if rows.is_empty() => vec!["nothing yet".to_owned()],
            Ok(rows) => rows.iter().map(|row| happening(row, mask)).collect(),
            Err(error) => vec![super::Error::from(error).to_string()],
        };
        Section { title: "Activity, newest first", lines }
    }

    fn log(&self) -> Section {
        let lines = match std::fs::read(&self.settings.paths.log) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                vec!["there is none; `hallpass -v` writes one while the terminal UI runs".to_owned()]
            }
            Err(error) => vec![format!("it cannot be read: {error}")],
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                let lines: Vec<&str> = text.lines().collect();
                lines[lines.len().saturating_sub(LINES)..].iter().map(|line| (*line).to_owned()).collect()
            }
        };
        Section { title: "Log, its last lines", lines }
    }
}

/// A provider of the user's own may bear the name of where they work.
fn provider(id: &ProviderId, mask: &Mask) -> String {
    if Catalog::is_embedded(id) { id.to_string() } else { mask.named(id.as_str()).to_owned() }
}

fn finding(finding: &Finding) -> String {
    let word = match finding.wellness {
        Wellness::Well => "ok",
        Wellness::Odd => "warning",
        Wellness::Ill => "error",
    };
    format!("{}: {word}, {}", finding.what, finding.found)
}

/// What went well is told without its words: they may hold a path or a program of the user's.
fn happening(row: &Activity, mask: &Mask) -> String {
    let whose = match (&row.config, &row.connection) {
        (Some(config), Some(id)) => format!(" {}/{}", mask.named(config.as_str()), mask.named(id.as_str())),
        (Some(config), None) => format!(" {}", mask.named(config.as_str())),
        _ => String::new(),
    };
    let detail = if row.outcome == Outcome::Done { String::new() } else { format!(": {}", row.detail) };
    let took = row.took.map(|took| format!(", {} ms", took.as_millis())).unwrap_or_default();
    let at = row.at.format("%Y-%m-%d %H:%M:%S");
    format!("{at} {}{whose}, {}{took}{detail}", row.happening.word(), row.outcome.word())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_where_they_are_words() {
        let mut mask = Mask::default();
        mask.config("git");
        mask.connection("jane@acme.example");
        mask.connection("git hub");
        mask.sort();
        let text = "git/jane@acme.example, github, `git`; git hub: ask bob@acme.example at https://a.example/x?token=1";
        assert_eq!(
            mask.masked(text),
            "config-1/connection-1, github, `config-1`; connection-2: ask (address) at https://a.example/x?…"
        );
    }

    #[test]
    fn a_name_within_a_name_is_replaced_as_one() {
        let mut mask = Mask::default();
        mask.config("work");
        mask.config("work-eu");
        mask.sort();
        assert_eq!(mask.masked("work-eu work"), "config-2 config-1");
    }
}
