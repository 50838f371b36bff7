//! The API, what is looked up there, and the credentials that are shown to it.

use super::urls::Secrets;
use super::{Check, METHODS};
use crate::model::WayIn;
use crate::model::provider::{API_KEY, CredentialField, PASSWORD, USERNAME, UrlTemplate};
use crate::model::template;

impl Check<'_> {
    pub(super) fn api(&mut self) {
        let api = &self.provider.api;
        if let Some(base_url) = &api.base_url {
            let secrets = if api.secret_in_url { Secrets::Allowed } else { Secrets::Never };
            self.url("api.base_url", base_url, secrets);
            // A signature may show the client secret (PLAINTEXT), or let it be guessed.
            if self.provider.ways().into_iter().any(WayIn::is_signed) {
                self.keeps_its_host("api.base_url", base_url);
            }
        }
        for (name, value) in &api.headers {
            self.header("api.headers", name, value);
        }
        if let Some(signature) = &api.signature {
            self.signature(signature);
        }
        for (name, value) in &api.query {
            self.text(&format!("api.query.{name}"), value);
            self.is_declared(&format!("api.query.{name}"), value);
        }
        for (key, call) in [("identity", &api.identity), ("verify", &api.verify)] {
            let Some(call) = call else { continue };
            match call.split_once(' ') {
                Some((method, path)) if METHODS.contains(&method) && self.is_call_path(path) => {
                    self.call(&format!("api.{key}"), path);
                }
                _ => self.fail(format!("`api.{key}` is written `METHOD /path`, not `{call}`")),
            }
        }
        if let Some(lookup) = self.provider.lookup.clone() {
            if !self.is_call_path(&lookup.url) {
                self.fail(format!("`lookup.url` is a path or an https URL, not `{}`", lookup.url));
            }
            self.call("lookup.url", &lookup.url);
            self.method("lookup.method", lookup.method.as_deref());
            if lookup.body.as_ref().is_some_and(|body| serde_json::from_str::<serde_json::Value>(body).is_err()) {
                self.fail("`lookup.body` is not JSON");
            }
            let is_told = lookup.method.as_deref().is_some_and(|method| method != "GET");
            if !self.captures("lookup:") && !is_told {
                self.fail("`[lookup]` is of no use: no variable is `from = \"lookup:PATH\"`, and a GET tells nothing");
            }
        } else if self.captures("lookup:") {
            self.fail("a variable is taken from a lookup, and there is no `[lookup]`");
        }
    }

    /// A path under the API, or the whole URL of a call elsewhere.
    fn is_call_path(&self, path: &str) -> bool {
        let is_url = || path.contains("://") && template::endpoint(path, self.provider.is_own).is_ok();
        path.starts_with('/') || path.starts_with("https://") || is_url()
    }

    /// A call that the file names: of a whole URL, the host must stand in it as in every other.
    fn call(&mut self, place: &str, path: &str) {
        self.text(place, path);
        self.is_declared(place, path);
        if !path.starts_with('/') {
            self.url(place, &UrlTemplate::One(path.to_owned()), Secrets::Allowed);
        }
    }

    fn is_declared(&mut self, place: &str, text: &str) {
        let names = template::placeholders(text).unwrap_or_default();
        let is_secret = names.iter().any(|(name, _)| self.is_secret(name));
        if is_secret && !self.provider.api.secret_in_url {
            self.fail(format!(
                "`{place}` puts a secret into URLs; say `secret_in_url = true` in `[api]` if the provider wants it so"
            ));
        }
    }

    fn captures(&self, source: &str) -> bool {
        self.provider
            .variables
            .values()
            .any(|variable| variable.from.as_ref().is_some_and(|from| from.starts_with(source)))
    }

    /// Both parts of a certificate are asked for, as keys in PEM are.
    pub(super) fn certificate(&mut self) {
        let Some(table) = self.provider.mutual_tls.clone() else { return };
        let ways = self.provider.ways();
        if ways.iter().any(|way| way.is_entered()) && !ways.iter().all(|way| way.is_entered()) {
            self.fail(
                "`mutual_tls`: beside a way that is entered, the others have no credentials, and so no certificate",
            );
        }
        for (key, name) in [("certificate", table.certificate), ("key", table.key)] {
            let field = self.provider.credentials.get(&name);
            if field.is_some_and(|field| field.optional) {
                self.fail(format!(
                    "`mutual_tls.{key}` names `{name}`, which may be left out: no connection can do without"
                ));
            }
            if field.is_some_and(|field| field.pem) {
                self.used.insert(format!("credential.{name}"));
            } else {
                self.fail(format!(
                    "`mutual_tls.{key}` names `{name}`, which is no `[credentials.{name}]` with `pem = true`"
                ));
            }
        }
    }

    /// Every field that is asked for is shown somewhere, and there is one to show.
    pub(super) fn credentials(&mut self) {
        let usual = [USERNAME, PASSWORD];
        for name in self.provider.credentials.keys() {
            let is_usual = self.provider.basic.is_some() && usual.contains(&name.as_str());
            if !is_usual && !self.used.contains(&format!("credential.{name}")) && name != API_KEY {
                self.fail(format!("the credential `{name}` is never used"));
            }
        }
        if self.provider.api_key.is_some() && !self.provider.credentials.is_empty() {
            let is_shown =
                self.provider.credentials.keys().any(|name| self.used.contains(&format!("credential.{name}")));
            let is_key = self.provider.credentials.contains_key(API_KEY);
            if !is_shown && !is_key {
                self.fail("no header and no parameter under `[api]` shows a credential (`{credential.NAME}`)");
            }
        }
    }

    pub(super) fn has_field(&self, name: &str) -> bool {
        self.fields().iter().any(|(field, _)| field == name)
    }

    /// Tells whether a placeholder stands for something that must not be seen.
    pub(super) fn is_secret(&self, placeholder: &str) -> bool {
        let is_hidden = |name: &str| self.fields().iter().any(|(field, declared)| field == name && declared.secret);
        matches!(placeholder, "token" | "basic" | "client_secret" | "assertion")
            || placeholder.starts_with("encoded.")
            // What a call answered is most often a token.
            || placeholder.starts_with("call") && self.is_of_an_exchange(placeholder)
            || placeholder.strip_prefix("credential.").is_some_and(is_hidden)
    }

    fn fields(&self) -> Vec<(String, CredentialField)> {
        self.provider.ways().into_iter().flat_map(|way| self.provider.credential_fields(way)).collect()
    }
}
