//! The rules that a provider file is held to, beyond being readable. All failures are reported
//! together, so that a file is mended in one go.

use std::collections::BTreeSet;

use crate::model::Provider;
use crate::model::provider::{OAuth2, UrlTemplate, VariableKind};
use crate::model::template::{self, Position, endpoint, placeholders};

/// The categories there are.
pub const CATEGORIES: [&str; 31] = [
    "accounting",
    "analytics",
    "ats",
    "banking",
    "cms",
    "communication",
    "crm",
    "design",
    "dev-tools",
    "e-commerce",
    "erp",
    "gaming",
    "hr",
    "iam",
    "invoicing",
    "knowledge-base",
    "legal",
    "marketing",
    "mcp",
    "other",
    "payment",
    "popular",
    "productivity",
    "search",
    "social",
    "sports",
    "storage",
    "support",
    "surveys",
    "ticketing",
    "video",
];

/// Parameters that the flow itself sets; a file must not.
const RESERVED_PARAMETERS: [&str; 11] = [
    "response_type",
    "grant_type",
    "redirect_uri",
    "state",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "code",
    "client_id",
    "client_secret",
    "refresh_token",
];

/// Placeholders that need no declaration.
const BUILT_IN: [&str; 2] = ["token", "client_id"];

/// Returns everything that is wrong with a provider, one line each; nothing where all is well.
pub fn problems(provider: &Provider) -> Vec<String> {
    let mut check = Check { provider, problems: Vec::new(), used: BTreeSet::new() };
    check.head();
    check.endpoints();
    check.parameters();
    check.api();
    check.variables();
    check.problems
}

struct Check<'a> {
    provider: &'a Provider,
    problems: Vec<String>,
    used: BTreeSet<String>,
}

impl Check<'_> {
    fn fail(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    fn head(&mut self) {
        if self.provider.name.trim().is_empty() {
            self.fail("`name` is empty");
        }
        if self.provider.ways().is_empty() {
            self.fail("it declares no way of authenticating: expected a table `oauth2`, `oauth1`, `client_credentials`, `api_key` or `basic`");
        }
        if !self.provider.is_own {
            let unknown = |category: &&String| !CATEGORIES.contains(&category.as_str());
            let unknown: Vec<String> = self.provider.categories.iter().filter(unknown).cloned().collect();
            for category in unknown {
                self.fail(format!("`{category}` is not a category; there are: {}", CATEGORIES.join(", ")));
            }
            if self.provider.categories.is_empty() {
                self.fail("`categories` is empty");
            }
        }
        for (name, url) in [("docs", &self.provider.docs), ("console", &self.provider.console)] {
            if let Some(Err(error)) = url.as_ref().map(|url| url::Url::parse(url)) {
                self.fail(format!("`{name}` is not a URL: {error}"));
            }
        }
    }

    fn endpoints(&mut self) {
        for (table, oauth2) in self.oauth2_tables() {
            if oauth2.token_endpoint.is_none() && oauth2.issuer.is_none() {
                self.fail(format!("`{table}.token_endpoint` is missing"));
            }
            if table == "oauth2" && oauth2.authorization_endpoint.is_none() && oauth2.issuer.is_none() {
                self.fail("`oauth2.authorization_endpoint` is missing");
            }
            for (name, url) in oauth2.endpoints() {
                self.url(&format!("{table}.{name}"), url, Secrets::Never);
            }
        }
        if let Some(oauth1) = &self.provider.oauth1 {
            let endpoints = [&oauth1.request_token_endpoint, &oauth1.authorization_endpoint, &oauth1.token_endpoint];
            for url in endpoints.into_iter().flatten() {
                self.url("oauth1", url, Secrets::Never);
            }
        }
    }

    fn parameters(&mut self) {
        for (table, oauth2) in self.oauth2_tables() {
            let tables = [
                ("authorization_params", &oauth2.authorization_params),
                ("token_params", &oauth2.token_params),
                ("refresh_params", &oauth2.refresh_params),
            ];
            for (name, parameters) in tables {
                for (parameter, value) in parameters {
                    let differs = parameter == "grant_type" && name != "authorization_params";
                    if RESERVED_PARAMETERS.contains(&parameter.as_str()) && !differs {
                        self.fail(format!("`{table}.{name}.{parameter}` is set by the flow itself"));
                    }
                    self.text(&format!("{table}.{name}.{parameter}"), &value.to_string());
                }
            }
            for (name, value) in &oauth2.token_request.headers {
                self.header(&format!("{table}.token_request.headers"), name, value);
            }
            if oauth2.scope_separator.is_empty() {
                self.fail(format!("`{table}.scope_separator` is empty"));
            }
        }
    }

    fn api(&mut self) {
        let api = &self.provider.api;
        if let Some(base_url) = &api.base_url {
            self.url("api.base_url", base_url, if api.secret_in_url { Secrets::Declared } else { Secrets::Never });
        }
        for (name, value) in &api.headers {
            self.header("api.headers", name, value);
        }
        for (name, value) in &api.query {
            self.text(&format!("api.query.{name}"), value);
        }
        for (key, call) in [("identity", &api.identity), ("verify", &api.verify)] {
            let Some(call) = call else { continue };
            match call.split_once(' ') {
                Some((method, path))
                    if method.bytes().all(|byte| byte.is_ascii_uppercase())
                        && (path.starts_with('/') || path.starts_with("https://")) =>
                {
                    self.text(&format!("api.{key}"), path);
                }
                _ => self.fail(format!("`api.{key}` is written `METHOD /path`, not `{call}`")),
            }
        }
        if let Some(lookup) = &self.provider.lookup {
            self.text("lookup.url", &lookup.url);
        }
    }

    fn variables(&mut self) {
        for (name, variable) in &self.provider.variables {
            if variable.kind == VariableKind::Choice && variable.choices.is_empty() {
                self.fail(format!("`variables.{name}` is a choice without `choices`"));
            }
            if let Some(from) = &variable.from {
                let known = ["token:", "callback:", "lookup:"]
                    .iter()
                    .any(|source| from.strip_prefix(source).is_some_and(|path| !path.is_empty()));
                if !known {
                    self.fail(format!(
                        "`variables.{name}.from` is `token:PATH`, `callback:NAME` or `lookup:PATH`, not `{from}`"
                    ));
                }
            } else if !self.used.contains(name) {
                self.fail(format!("the variable `{name}` is never used"));
            }
            if let Some(Err(error)) = variable
                .default
                .as_ref()
                .map(|value| template::check_value(name, variable, value, self.provider.is_own))
            {
                self.fail(format!("`variables.{name}.default`: {error}"));
            }
        }
    }

    fn url(&mut self, place: &str, url: &UrlTemplate, secrets: Secrets) {
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
                self.position(place, name, *position);
                if secrets == Secrets::Never && (*name == "token" || name.starts_with("credential.")) {
                    self.fail(format!("`{place}` puts a secret into a URL that is logged (`{{{name}}}`); say `secret_in_url = true` in `[api]` if the provider wants it so"));
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
        let fits = match position {
            Position::Prefix => matches!(kind, Some(VariableKind::Url | VariableKind::Choice)),
            Position::Host => matches!(kind, Some(VariableKind::Label | VariableKind::Host | VariableKind::Choice)),
            Position::Path | Position::Query => true,
        };
        if !fits {
            self.fail(format!("`{place}` has `{{{name}}}` in its host: its kind must be label, host, url or choice"));
        }
    }

    fn header(&mut self, place: &str, name: &str, value: &str) {
        if name.chars().any(|character| character.is_ascii_uppercase()) {
            self.fail(format!("`{place}.{name}`: header names are written in lower case"));
        }
        self.text(&format!("{place}.{name}"), value);
    }

    fn text(&mut self, place: &str, text: &str) {
        match template::parts(text) {
            Ok(parts) => {
                for part in parts {
                    if let template::Part::Placeholder(name) = part {
                        self.placeholder(place, name);
                    }
                }
            }
            Err(error) => self.fail(format!("`{place}`: {error}")),
        }
    }

    fn placeholder(&mut self, place: &str, name: &str) {
        let is_declared = self.provider.variables.contains_key(name)
            || BUILT_IN.contains(&name)
            || name.strip_prefix("credential.").is_some_and(|field| self.provider.credentials.contains_key(field));
        if is_declared {
            self.used.insert(name.to_owned());
        } else {
            self.fail(format!("`{place}` uses `{{{name}}}`, which `[variables]` does not declare"));
        }
    }

    fn oauth2_tables(&self) -> Vec<(&'static str, OAuth2)> {
        let tables = [("oauth2", &self.provider.oauth2), ("client_credentials", &self.provider.client_credentials)];
        tables.into_iter().filter_map(|(name, table)| Some((name, table.clone()?))).collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Secrets {
    Never,
    Declared,
}

impl OAuth2 {
    /// Returns the endpoints that are given, with their keys.
    pub fn endpoints(&self) -> Vec<(&'static str, &UrlTemplate)> {
        [
            ("authorization_endpoint", &self.authorization_endpoint),
            ("token_endpoint", &self.token_endpoint),
            ("refresh_endpoint", &self.refresh_endpoint),
            ("revocation_endpoint", &self.revocation_endpoint),
            ("introspection_endpoint", &self.introspection_endpoint),
            ("device_authorization_endpoint", &self.device_authorization_endpoint),
            ("userinfo_endpoint", &self.userinfo_endpoint),
            ("pushed_authorization_request_endpoint", &self.pushed_authorization_request_endpoint),
            ("registration_endpoint", &self.registration_endpoint),
        ]
        .into_iter()
        .filter_map(|(name, url)| Some((name, url.as_ref()?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Vec<String> {
        problems(&toml::from_str(text).unwrap())
    }

    const GOOD: &str = r#"
name = "Acme"
categories = ["crm"]
[oauth2]
authorization_endpoint = "https://{shop}.acme.com/authorize"
token_endpoint = "https://{shop}.acme.com/token"
[variables.shop]
kind = "label"
[api]
base_url = "https://{shop}.acme.com"
"#;

    #[test]
    fn a_good_file_has_no_problems() {
        assert_eq!(check(GOOD), Vec::<String>::new());
    }

    #[test]
    fn each_rule_fails_with_the_place_it_was_broken() {
        let cases = [
            ("kind = \"label\"", "kind = \"text\"", "in its host"),
            ("https://{shop}.acme.com/token", "http://{shop}.acme.com/token", "plain http"),
            ("https://{shop}.acme.com/token", "https://{store}.acme.com/token", "does not declare"),
            ("https://{shop}.acme.com/token", "https://u@acme.com/token", "user info"),
            ("[variables.shop]", "[variables.other]\n[variables.shop]", "never used"),
            ("[variables.shop]", "[oauth2.token_params]\nstate = \"x\"\n[variables.shop]", "set by the flow"),
            ("[\"crm\"]", "[\"crm\", \"nonsense\"]", "not a category"),
            ("base_url = \"https://{shop}.acme.com\"", "base_url = \"https://acme.com/{token}\"", "secret into a URL"),
            ("base_url = ", "headers = { Accept = \"x\" }\nbase_url = ", "lower case"),
            ("base_url = ", "identity = \"/me\"\nbase_url = ", "METHOD /path"),
        ];
        for (from, to, expected) in cases {
            let found = check(&GOOD.replacen(from, to, 1));
            assert!(found.iter().any(|problem| problem.contains(expected)), "{to}: {found:?}");
        }
    }

    #[test]
    fn all_problems_are_reported_together() {
        let found = check(&GOOD.replace("https://", "http://").replace("crm", "nonsense"));
        assert!(found.len() >= 4, "{found:?}");
    }
}
