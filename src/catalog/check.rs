//! The rules that a provider file is held to, beyond being readable. All failures are reported
//! together, so that a file is mended in one go.

mod api;
mod defaults;
mod exchange;
mod lines;
mod oauth1;
mod signature;
mod urls;

use std::collections::BTreeSet;

pub use defaults::spelled_out;
pub use lines::with_lines;

use crate::model::Provider;
use crate::model::provider::{
    ClientAssertion, ClientAuthentication, OAuth2, RequestFormat, SigningAlgorithm, TokenTrade, UrlTemplate,
    VariableKind, WayIn,
};
use crate::model::template;
use urls::Secrets;

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
const BUILT_IN: [&str; 4] = ["token", "client_id", "client_secret", "random"];

/// The methods a request of a file may have.
const METHODS: [&str; 5] = ["DELETE", "GET", "PATCH", "POST", "PUT"];

/// Returns everything that is wrong with a provider, one line each; nothing where all is well.
pub fn problems(provider: &Provider) -> Vec<String> {
    let mut check = Check { provider, problems: Vec::new(), used: BTreeSet::new(), called: 0, is_had: false };
    check.head();
    check.endpoints();
    check.parameters();
    check.api();
    check.exchanged();
    check.certificate();
    check.credentials();
    check.variables();
    check.problems
}

struct Check<'a> {
    provider: &'a Provider,
    problems: Vec<String>,
    used: BTreeSet<String>,
    /// How many calls come before the one that is looked at.
    called: usize,
    /// Whether what is looked at is filled while a token is had.
    is_had: bool,
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
            self.fail("it declares no way of authenticating: expected a table `oauth2`, `oauth1`, `oauth1_token`, `client_credentials`, `api_key`, `basic`, `token_exchange` or `signed_jwt`");
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
            match url.as_ref().map(|url| url::Url::parse(url)) {
                Some(Err(error)) => self.fail(format!("`{name}` is not a URL: {error}")),
                Some(Ok(url)) if url.scheme() != "https" && !self.provider.is_own => {
                    self.fail(format!("`{name}` is not an https URL"));
                }
                _ => {}
            }
        }
    }

    fn endpoints(&mut self) {
        for (table, oauth2) in self.oauth2_tables() {
            if oauth2.token_endpoint.is_none() && oauth2.issuer.is_none() {
                self.fail(format!("`{table}.token_endpoint` is missing (or an `issuer`, where it is discovered)"));
            }
            if table == WayIn::OAuth2.word() && oauth2.authorization_endpoint.is_none() && oauth2.issuer.is_none() {
                self.fail("`oauth2.authorization_endpoint` is missing (or an `issuer`, where it is discovered)");
            }
            self.client_assertion(table, &oauth2);
            self.fragment(table, &oauth2);
            if let Some(resource) = &oauth2.resource {
                self.url(&format!("{table}.resource"), &UrlTemplate::One(resource.clone()), Secrets::Never);
            }
            if let Some(issuer) = &oauth2.issuer {
                self.issuer(table, issuer);
            }
            for (name, url) in oauth2.endpoints() {
                let place = format!("{table}.{name}");
                self.url(&place, url, Secrets::Never);
                // That one gets the access token alone.
                if name != "userinfo_endpoint" {
                    self.keeps_its_host(&place, url);
                }
            }
            self.secrets_in_urls(table, &oauth2);
        }
        if let Some(oauth1) = self.provider.oauth1.clone() {
            self.oauth1(&oauth1);
        }
        if let Some(table) = self.provider.oauth1_token.clone() {
            self.signature_method("oauth1_token", table.signature_method);
            self.text("oauth1_token.realm", table.realm.as_deref().unwrap_or_default());
        }
    }

    /// What a page behind a fragment may be.
    fn fragment(&mut self, table: &str, oauth2: &OAuth2) {
        let is_fit = |text: &String| text.starts_with('/') && !text.contains(['{', '}', '?', '#', ' ']);
        if oauth2.authorization_fragment.as_ref().is_some_and(|fragment| !is_fit(fragment)) {
            self.fail(format!("`{table}.authorization_fragment` is a path, as in `/oauth/authorize`"));
        }
        if oauth2.authorization_fragment.is_some() && oauth2.pushed_authorization_request_endpoint.is_some() {
            self.fail(format!("`{table}.authorization_fragment` is of no use where the request is pushed"));
        }
    }

    fn client_assertion(&mut self, table: &str, oauth2: &OAuth2) {
        let assertion = &oauth2.client_assertion;
        let is_signed = oauth2.token_endpoint_auth_method == ClientAuthentication::PrivateKeyJwt;
        if !is_signed && *assertion != ClientAssertion::default() {
            self.fail(format!(
                "`{table}.client_assertion` is of no use: `token_endpoint_auth_method` is not `private_key_jwt`"
            ));
        }
        if assertion.algorithm == SigningAlgorithm::HS256 {
            self.fail(format!("`{table}.client_assertion.algorithm`: HS256 signs with no private key"));
        }
        let texts = [&assertion.issuer, &assertion.audience].into_iter().flatten();
        for text in texts.chain(assertion.header.values()) {
            self.text(&format!("{table}.client_assertion"), &text.replace("{redirect_host}", ""));
        }
    }

    fn issuer(&mut self, table: &str, issuer: &str) {
        let is_whole = template::endpoint(issuer, self.provider.is_own).is_ok_and(|url| url.query().is_none());
        if !is_whole || issuer.contains(['{', '}']) {
            self.fail(format!(
                "`{table}.issuer` is not an issuer identifier: an https URL without query, fragment and placeholders"
            ));
        }
    }

    /// Requests whose parameters stand in the URL carry secrets there: the file says that it knows.
    fn secrets_in_urls(&mut self, table: &str, oauth2: &OAuth2) {
        let exchanges = [("long_lived", &oauth2.long_lived), ("renewal", &oauth2.renewal)];
        for (name, exchange) in exchanges.into_iter().filter_map(|(name, exchange)| Some((name, exchange.as_ref()?))) {
            for parameter in &exchange.client_params {
                if !["client_id", "client_secret"].contains(&parameter.as_str()) {
                    self.fail(format!(
                        "`{table}.{name}.client_params` knows `client_id` and `client_secret`, not `{parameter}`"
                    ));
                }
            }
            self.method(&format!("{table}.{name}.method"), exchange.method.as_deref());
        }
        self.method(&format!("{table}.token_request.method"), oauth2.token_request.method.as_deref());
        let is_in_url = oauth2.token_request.format == RequestFormat::Query
            || [&oauth2.long_lived, &oauth2.renewal].into_iter().flatten().any(TokenTrade::is_in_url);
        if is_in_url && !self.provider.api.secret_in_url {
            self.fail(format!(
                "`[{table}]` puts secrets into URLs; say `secret_in_url = true` in `[api]` if the provider wants it so"
            ));
        }
    }

    fn method(&mut self, place: &str, method: Option<&str>) {
        if let Some(method) = method.filter(|method| !METHODS.contains(method)) {
            self.fail(format!("`{place}` is one of {}, not `{method}`", METHODS.join(", ")));
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
                    let place = format!("{table}.{name}.{parameter}");
                    self.text(&place, &value.to_string());
                    self.before_a_token(&place, &value.to_string());
                    if name == "authorization_params" && value.to_string().contains("{credential.") {
                        self.fail(format!("`{place}` shows the browser what is kept in the vault"));
                    }
                }
            }
            for (name, value) in &oauth2.token_request.headers {
                self.header(&format!("{table}.token_request.headers"), name, value);
                self.before_a_token(&format!("{table}.token_request.headers.{name}"), value);
            }
            if oauth2.scope_in_refresh && oauth2.refresh_params.contains_key("scope") {
                self.fail(format!("`{table}.refresh_params.scope` is set by `scope_in_refresh`"));
            }
            let is_pair = |text: &String| text.split_once('=').is_some_and(|(path, _)| !path.is_empty());
            if oauth2.response.kept_when.as_ref().is_some_and(|text| !is_pair(text)) {
                self.fail(format!("`{table}.response.kept_when` is written `PATH=VALUE`"));
            }
            if oauth2.response.kept_when.is_some() && table != WayIn::OAuth2.word() {
                self.fail(format!("`{table}.response.kept_when` is of no use: nothing is refreshed there"));
            }
            if oauth2.scope_separator.is_empty() {
                self.fail(format!("`{table}.scope_separator` is empty"));
            }
        }
    }

    fn variables(&mut self) {
        for (name, variable) in &self.provider.variables {
            if BUILT_IN.contains(&name.as_str()) || name == "basic" {
                self.fail(format!("`variables.{name}` is called as what is always there: take another name"));
            }
            if variable.kind == VariableKind::Choice && variable.choices.is_empty() {
                self.fail(format!("`variables.{name}` is a choice without `choices`"));
            }
            if let Some(from) = &variable.from {
                let known = ["token:", "claim:", "callback:", "lookup:"]
                    .iter()
                    .any(|source| from.strip_prefix(source).is_some_and(|path| !path.is_empty()));
                if !known {
                    self.fail(format!(
                        "`variables.{name}.from` is `token:PATH`, `claim:PATH`, `callback:NAME` or `lookup:PATH`, not `{from}`"
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

    fn header(&mut self, place: &str, name: &str, value: &str) {
        if name.chars().any(|character| character.is_ascii_uppercase()) {
            self.fail(format!("`{place}.{name}`: header names are written in lower case"));
        }
        self.text(&format!("{place}.{name}"), value);
    }

    /// A text of a request by which a token is had.
    fn before_a_token(&mut self, place: &str, text: &str) {
        for name in ["{token}", "{basic}", "{client_secret}"] {
            if text.contains(name) {
                self.fail(format!("`{place}` uses `{name}`, and there is none yet where a token is asked for"));
            }
        }
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
            || name == "basic" && self.provider.basic.is_some()
            || self.is_of_an_exchange(name)
            || name.strip_prefix("credential.").is_some_and(|field| self.has_field(field));
        if is_declared {
            self.used.insert(name.to_owned());
        } else {
            let table = if name.starts_with("credential.") { "credentials" } else { "variables" };
            self.fail(format!("`{place}` uses `{{{name}}}`, which `[{table}]` does not declare"));
        }
    }

    fn oauth2_tables(&self) -> Vec<(&'static str, OAuth2)> {
        let tables = [WayIn::OAuth2, WayIn::ClientCredentials].into_iter();
        tables.filter_map(|way| Some((way.word(), self.provider.oauth2_of(way)?.clone()))).collect()
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
            ("[oauth2]", "[oauth2]\nrefresh_params = { of = \"{token}\" }", "there is none yet"),
            ("[variables.shop]", "[oauth2.token_params]\nstate = \"x\"\n[variables.shop]", "set by the flow"),
            ("[\"crm\"]", "[\"crm\", \"nonsense\"]", "not a category"),
            (
                "base_url = \"https://{shop}.acme.com\"",
                "base_url = \"https://acme.com/{token}\"",
                "cannot hold a secret",
            ),
            ("base_url = ", "headers = { Accept = \"x\" }\nbase_url = ", "lower case"),
            ("base_url = ", "identity = \"/me\"\nbase_url = ", "METHOD /path"),
            ("base_url = ", "query = { key = \"{token}\" }\nbase_url = ", "secret_in_url"),
            ("base_url = ", "query = { key = \"{client_secret}\" }\nbase_url = ", "secret_in_url"),
            ("base_url = ", "identity = \"GET /me/{token}\"\nbase_url = ", "secret_in_url"),
            ("base_url = ", "verify = \"GET https://{client_id}.evil.example/\"\nbase_url = ", "in its host"),
            ("https://{shop}.acme.com/token", "https://{shop}.com/token", "the file does not name"),
            ("kind = \"label\"", "kind = \"host\"\nfrom = \"callback:shop\"", "captured"),
            ("[variables.shop]", "[credentials.key]\n[variables.shop]", "the credential `key` is never used"),
            (
                "[oauth2]",
                "[credentials.key]\n[oauth2]\nauthorization_params = { key = \"{credential.key}\" }",
                "shows the browser",
            ),
            ("[variables.shop]", "[lookup]\nurl = \"/me\"\n[variables.shop]", "of no use"),
            ("[oauth2]", "[oauth2]\nissuer = \"https://{shop}.acme.com\"", "issuer identifier"),
            ("[oauth2]", "[oauth2]\ntoken_request = { method = \"get\" }", "is one of"),
            ("[oauth2]", "[oauth2]\ntoken_request = { format = \"query\" }", "secrets into URLs"),
            ("[oauth2]", "[oauth2]\nclient_assertion = { lifetime = 60 }", "of no use"),
            ("[oauth2]", "[oauth2]\nresponse = { kept_when = \"ok\" }", "PATH=VALUE"),
            ("[variables.shop]", "[variables.random]\n[variables.shop]", "take another name"),
            ("{shop}.acme.com/authorize", "acme.com/{random}", "stands in no address"),
            ("[oauth2]", "[oauth2]\nscope_in_refresh = true\nrefresh_params = { scope = \"a\" }", "is set by"),
            (
                "[oauth2]",
                "[oauth2]\ntoken_endpoint_auth_method = \"private_key_jwt\"\nclient_assertion = { algorithm = \"HS256\" }",
                "no private key",
            ),
            ("[oauth2]", "[oauth1]\nsignature_method = \"RSA-SHA1\"\n[oauth2]", "RSA-SHA1 is not supported"),
        ];
        for (from, to, expected) in cases {
            let found = check(&GOOD.replacen(from, to, 1));
            assert!(found.iter().any(|problem| problem.contains(expected)), "{to}: {found:?}");
        }
    }

    const TRADE: &str = r#"
name = "Acme"
categories = ["crm"]
[[token_exchange.calls]]
endpoint = "https://acme.com/where"
method = "GET"
[[token_exchange.calls]]
endpoint = "{call1.login}/token"
headers = { authorization = "Basic {encoded.login}" }
params = { password = "{credential.password}" }
[encoded]
login = "a:{credential.password}"
[credentials.password]
secret = true
[api]
base_url = "https://acme.com"
"#;

    #[test]
    fn the_rules_hold_for_what_is_traded_and_signed_too() {
        assert_eq!(check(TRADE), Vec::<String>::new());
        let jwt = "[signed_jwt]\nalgorithm = \"RS256\"\nkey = \"{credential.password}\"\nlifetime = 60\n[encoded]";
        let cases = [
            ("{call1.login}/token", "{call2.login}/token", "does not declare"),
            ("{call1.login}/token", "https://{call1.login}/token", "in its host"),
            ("https://acme.com/where", "https://acme.com/{credential.password}", "cannot hold a secret"),
            ("method = \"GET\"", "method = \"get\"", "is one of"),
            ("params = {", "format = \"query\"\nparams = {", "secrets into URLs"),
            ("params = {", "format = \"xml\"\nparams = {", "Braintree"),
            ("{credential.password}\" }", "{credential.pasword}\" }", "does not declare"),
            ("base_url = ", "headers = { x-day = \"{date.1}\" }\nbase_url = ", "does not declare"),
            ("{credential.password}\" }", "{token}\" }", "there is none yet"),
            ("[encoded]", "[encoded]\nother = \"a\"", "never used"),
            ("login = \"a:", "login = \"{encoded.login}:", "not filled there"),
            ("authorization = \"Basic", "Authorization = \"Basic", "lower case"),
            ("[credentials.password]", "[credentials.other]\n[credentials.password]", "never used"),
            ("[encoded]", &jwt.replace("60", "0"), "0 seconds"),
            ("[encoded]", &jwt.replace("{credential.password}", "secret"), "a file holds no key"),
        ];
        for (from, to, expected) in cases {
            let found = check(&TRADE.replacen(from, to, 1));
            assert!(found.iter().any(|problem| problem.contains(expected)), "{to}: {found:?}");
        }
    }

    const SIGNED: &str = r#"
name = "Acme"
categories = ["crm"]
[basic]
[credentials.password]
secret = true
[variables.region]
kind = "label"
[api]
base_url = "https://acme.{region}.amazonaws.com"
headers = { x-more = "a" }
[api.signature]
scheme = "aws-sigv4"
"#;

    #[test]
    fn the_rules_hold_for_requests_that_are_signed_too() {
        assert_eq!(check(SIGNED), Vec::<String>::new());
        let message = |rest: &str| format!("\"http-message-signatures\"\nalgorithm = \"ed25519\"\n{rest}");
        let cases = [
            ("[basic]", "[api_key]", "which is not there"),
            (
                "base_url = \"https://acme.{region}.amazonaws.com\"",
                "query = { a = \"{region}\" }",
                "which is not there",
            ),
            ("\"aws-sigv4\"", "\"aws-sigv4\"\nregion = \"\"", "is empty"),
            ("x-more = ", "x-amz-date = ", "made by the signature"),
            ("x-more = ", "authorization = ", "made by the signature"),
            ("amazonaws.com", "acme.com", "tells no service"),
            ("amazonaws.com", "amazonaws.com.evil.example", "tells no service"),
            ("\"aws-sigv4\"", "\"aws-sigv4\"\nservice = \"{nothing}\"", "does not declare"),
            ("\"aws-sigv4\"", "\"aws-sigv4\"\nservice = \"{credential.password}\"", "holds a secret"),
            ("\"aws-sigv4\"", &message("components = [\"host\"]\nlifetime = 60"), "made after"),
            ("x-more = \"a\"", "x-more = \"{basic}\"", "shows what signs"),
            ("x-more = \"a\"", "x-more = \"{credential.password}\"", "shows what signs"),
            ("\"aws-sigv4\"", &message("components = []\nlifetime = 60"), "would cover nothing"),
            ("\"aws-sigv4\"", &message("components = [\"@method\"]\nlifetime = 0"), "a number of seconds"),
            ("\"aws-sigv4\"", &message("components = [\"@methods\"]\nlifetime = 60"), "is none of @method"),
            ("\"aws-sigv4\"", &message("components = [\"Date\"]\nlifetime = 60"), "in lower case"),
            ("\"aws-sigv4\"", &message("components = [\"date\", \"date\"]\nlifetime = 60"), "twice"),
        ];
        for (from, to, expected) in cases {
            let found = check(&SIGNED.replacen(from, to, 1));
            assert!(found.iter().any(|problem| problem.contains(expected)), "{to}: {found:?}");
        }
        let ed25519 = message("components = [\"@method\"]");
        let open = SIGNED.replace("\"aws-sigv4\"", &ed25519);
        assert_eq!(check(&open), Vec::<String>::new());
        let shown = SIGNED.replace("x-more = \"a\"", "x-amz-security-token = \"a {credential.password}\"");
        assert!(check(&shown).iter().any(|problem| problem.contains("is a credential alone")));
        let read = |text: &str| toml::from_str::<Provider>(text).unwrap_err().to_string();
        assert!(read(&SIGNED.replace("\"aws-sigv4\"", "\"duo\"\nregion = \"a\"")).contains("are of `aws-sigv4`"));
        assert!(read(&open.replace("algorithm = \"ed25519\"", "")).contains("`algorithm` is missing"));
        let misspelt = read(&SIGNED.replace("\"aws-sigv4\"", "\"aws-sigv4\"\nregoin = \"a\""));
        assert!(misspelt.contains("14 | regoin"), "its own line is shown: {misspelt}");
        let unknown = SIGNED.replace("aws-sigv4", "aws-sigv5").parse::<toml::Table>().unwrap();
        assert!(
            unknown
                .try_into::<Provider>()
                .unwrap_err()
                .to_string()
                .contains("`aws-sigv4`, `http-message-signatures`, `duo`, `wsse`")
        );
    }

    #[test]
    fn all_problems_are_reported_together() {
        let found = check(&GOOD.replace("https://", "http://").replace("crm", "nonsense"));
        assert!(found.len() >= 4, "{found:?}");
    }
}
