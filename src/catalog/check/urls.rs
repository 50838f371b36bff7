//! URLs: where they lead must stand in the file, whatever is filled in.

use super::Check;
use crate::model::provider::{UrlTemplate, VariableKind};
use crate::model::template::{Position, endpoint, placeholders};

/// Whether a URL may carry a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrets {
    Never,
    Allowed,
}

impl Check<'_> {
    pub(super) fn url(&mut self, place: &str, url: &UrlTemplate, secrets: Secrets) {
        if url.candidates().is_empty() {
            self.fail(format!("`{place}` is an empty list"));
        }
        for candidate in url.candidates() {
            let found = match placeholders(candidate) {
                Ok(found) => found,
                Err(error) => {
                    self.fail(format!("`{place}`: {error}"));
                    continue;
                }
            };
            for (name, position) in &found {
                self.placeholder(place, name);
                if *name == "random" {
                    self.fail(format!("`{place}`: `{{random}}` stands in no address, but in parameters and headers"));
                }
                self.position(place, name, *position);
                // The address of the next call is what the one before it is for.
                let is_address = *position == Position::Prefix && name.starts_with("call");
                if secrets == Secrets::Never && self.is_secret(name) && !is_address {
                    self.fail(format!("`{place}` cannot hold a secret (`{{{name}}}`)"));
                }
            }
            self.filled(place, candidate, &found);
        }
    }

    /// Fills every placeholder with something harmless and looks at what comes out.
    fn filled(&mut self, place: &str, candidate: &str, found: &[(&str, Position)]) {
        let mut text = candidate.to_owned();
        for (name, position) in found {
            let sample = if *position == Position::Prefix { "https://sample.example" } else { "sample" };
            text = text.replacen(&format!("{{{name}}}"), sample, 1);
        }
        if let Err(error) = endpoint(&text, self.provider.is_own) {
            self.fail(format!("`{place}`: {error}"));
        }
    }

    /// A value in a host must be a host, so that nothing a user types, or a provider answers,
    /// moves the request that carries the client secret.
    fn position(&mut self, place: &str, name: &str, position: Position) {
        let kind = self.provider.variables.get(name).map(|variable| variable.kind);
        // What a server answers that the file names, as the metadata of an issuer does.
        let is_answered = name.starts_with("call") && self.is_of_an_exchange(name);
        let fits = match position {
            Position::Prefix => is_answered || matches!(kind, Some(VariableKind::Url | VariableKind::Choice)),
            Position::Host => matches!(
                kind,
                Some(VariableKind::Label | VariableKind::Labels | VariableKind::Host | VariableKind::Choice)
            ),
            Position::Path | Position::Query => true,
        };
        if !fits {
            self.fail(format!("`{place}` has `{{{name}}}` in its host: its kind must be label, host, url or choice"));
        }
    }

    /// The client secret goes there: neither a label alone nor what an answer brought decides the host.
    pub(super) fn keeps_its_host(&mut self, place: &str, url: &UrlTemplate) {
        for candidate in url.candidates() {
            let host = candidate.split_once("://").map_or("", |(_, rest)| rest);
            let host = host.split(['/', '?', '#']).next().unwrap_or_default();
            for (name, position) in placeholders(candidate).unwrap_or_default() {
                let Some(variable) = self.provider.variables.get(name) else { continue };
                if !matches!(position, Position::Prefix | Position::Host) {
                    continue;
                }
                let is_whole_host = matches!(variable.kind, VariableKind::Host | VariableKind::Url);
                if is_whole_host && variable.from.is_some() {
                    self.fail(format!("`{place}` takes its host from `{{{name}}}`, which is captured: the client secret would go wherever an answer says"));
                }
                // What stands behind the last placeholder is the domain that the file names.
                let named = host.rsplit('}').next().unwrap_or_default();
                let labels = named.split('.').filter(|label| !label.is_empty()).count();
                if matches!(variable.kind, VariableKind::Label | VariableKind::Labels) && labels < 2 {
                    self.fail(format!(
                        "`{place}`: with `{{{name}}}` filled in, its domain is one that the file does not name"
                    ));
                }
            }
        }
    }
}
