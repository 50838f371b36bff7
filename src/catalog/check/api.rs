//! The API, what is looked up there, and the credentials that are shown to it.

use super::urls::Secrets;
use super::{Check, METHODS};
use crate::model::WayIn;
use crate::model::provider::{API_KEY, PASSWORD, USERNAME};
use crate::model::template;

impl Check<'_> {
    pub(super) fn api(&mut self) {
        let api = &self.provider.api;
        if let Some(base_url) = &api.base_url {
            self.url("api.base_url", base_url, if api.secret_in_url { Secrets::Declared } else { Secrets::Never });
        }
        for (name, value) in &api.headers {
            self.header("api.headers", name, value);
        }
        for (name, value) in &api.query {
            self.text(&format!("api.query.{name}"), value);
            if (value.contains("{token}") || value.contains("{credential.")) && !api.secret_in_url {
                self.fail(format!("`api.query.{name}` puts a secret into URLs; say `secret_in_url = true` in `[api]` if the provider wants it so"));
            }
        }
        for (key, call) in [("identity", &api.identity), ("verify", &api.verify)] {
            let Some(call) = call else { continue };
            match call.split_once(' ') {
                Some((method, path)) if METHODS.contains(&method) && self.is_call_path(path) => {
                    self.text(&format!("api.{key}"), path);
                }
                _ => self.fail(format!("`api.{key}` is written `METHOD /path`, not `{call}`")),
            }
        }
        if let Some(lookup) = self.provider.lookup.clone() {
            self.text("lookup.url", &lookup.url);
            self.method("lookup.method", lookup.method.as_deref());
            if lookup.body.as_ref().is_some_and(|body| serde_json::from_str::<serde_json::Value>(body).is_err()) {
                self.fail("`lookup.body` is not JSON");
            }
            if !self.captures("lookup:") {
                self.fail("`[lookup]` is of no use: no variable is `from = \"lookup:PATH\"`");
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

    fn captures(&self, source: &str) -> bool {
        self.provider
            .variables
            .values()
            .any(|variable| variable.from.as_ref().is_some_and(|from| from.starts_with(source)))
    }

    /// Every field that is asked for is shown somewhere, and there is one to show.
    pub(super) fn credentials(&mut self) {
        let usual = [USERNAME, PASSWORD];
        let is_entered = self.provider.ways().into_iter().any(WayIn::is_entered);
        for name in self.provider.credentials.keys() {
            let is_usual = self.provider.basic.is_some() && usual.contains(&name.as_str());
            if !is_entered {
                self.fail(format!("`credentials.{name}` is asked for by `[api_key]` and `[basic]` only"));
            } else if !is_usual && !self.used.contains(&format!("credential.{name}")) && name != API_KEY {
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
        let ways = [WayIn::ApiKey, WayIn::Basic].into_iter().filter(|way| self.provider.declares(*way));
        ways.flat_map(|way| self.provider.credential_fields(way)).any(|(field, _)| field == name)
    }
}
