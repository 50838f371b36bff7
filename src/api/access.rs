//! What a request to an API needs of a connection: where the API is, and what is shown there.

use std::collections::BTreeMap;

use url::{Origin, Url};
use zeroize::Zeroizing;

use super::ApiError;
use crate::auth::client_certificate::ClientCertificate;
use crate::auth::dpop::Prover;
use crate::model::tape::Masked;
use crate::model::template::{Part, TemplateError, Values, endpoint, parts, placeholders};
use crate::model::uuid::uuid;
use crate::model::{Credentials, Provider, Secret, Time, untrusted};

/// A connection as requests to its API see it.
#[derive(Debug, Clone)]
pub struct Access {
    /// The provider.
    pub provider: Provider,
    /// The client id of the config; some APIs want it beside the token.
    pub client_id: String,
    /// The client secret, which signs OAuth 1.0a requests.
    pub client_secret: Option<Secret>,
    /// The provider's variables.
    pub variables: BTreeMap<String, String>,
    /// What is shown.
    pub credentials: Credentials,
    /// Origins that the user named for this API beside those of the provider file.
    pub named: Vec<Origin>,
}

impl Access {
    /// Returns the headers that the file asks for, filled; one with a variable that has no value, and
    /// may have none, is left out. Those of a signed request are not among them.
    pub fn headers(&self) -> Result<Vec<(String, Secret)>, ApiError> {
        let mut headers = Vec::new();
        for (name, template) in self.provider.api_headers(self.credentials.way()) {
            if let Some(value) = self.fill(&template)? {
                // RFC 9449 section 7.1: a bound token has a scheme of its own.
                let bound = value.strip_prefix("Bearer ").filter(|_| self.is_bound());
                let value = bound.map_or_else(|| value.clone(), |token| Zeroizing::new(format!("DPoP {token}")));
                headers.push((name, Secret::new(value.as_str())));
            }
        }
        Ok(headers)
    }

    /// Tells whether the token is bound to a key, which each request proves.
    pub(super) fn is_bound(&self) -> bool {
        self.dpop_key().is_some()
    }

    fn dpop_key(&self) -> Option<&Secret> {
        self.credentials.tokens()?.dpop_key.as_ref()
    }

    /// Returns the proof of one request, where the token is bound to a key (RFC 9449 section 4).
    pub fn proof(&self, method: &str, url: &Url, now: Time, nonce: Option<&str>) -> Result<Option<Secret>, ApiError> {
        let prover = self.dpop_key().map(Prover::of).transpose()?;
        let token = self.credentials.token();
        Ok(prover.map(|prover| prover.proof(method, url, now, Some(&token), nonce)))
    }

    /// Returns what is shown in the connection, where the provider wants that (RFC 8705).
    pub(super) fn certificate(&self) -> Result<Option<ClientCertificate>, ApiError> {
        Ok(ClientCertificate::of(&self.provider, self.credentials.fields())?)
    }

    /// Tells whether a credential, or a signature made with one, stands in the header `name`.
    pub fn shows_in(&self, name: &str) -> bool {
        if self.signature().is_some_and(|signature| signature.headers().contains(&name)) {
            return true;
        }
        let hides = |template: &str| {
            ["{token}", "{basic}", "{credential.", "{encoded."].iter().any(|secret| template.contains(secret))
        };
        self.provider
            .api_headers(self.credentials.way())
            .iter()
            .any(|(known, template)| known == name && hides(template))
    }

    /// Returns the URL of a request: a path under the API's base URL, or a whole URL of the same
    /// origin. The parameters that the file asks for are added.
    pub fn url(&self, path: &str) -> Result<Url, ApiError> {
        let url = if is_whole(path) {
            let url = endpoint(path, self.provider.is_own)?;
            if !self.may_go_to(&url) {
                return Err(self.foreign(&url));
            }
            url
        } else {
            under(&self.base_url()?, path)?
        };
        self.with_parameters(url)
    }

    /// Returns the URL of a path under another base URL than the file's; its origin must be one that the file
    /// or the user names.
    pub fn url_under(&self, base: &str, path: &str) -> Result<Url, ApiError> {
        // What the user names may be of this machine.
        let base = endpoint(base, self.provider.is_own || !self.named.is_empty())?;
        if !self.may_go_to(&base) {
            return Err(self.foreign(&base));
        }
        self.with_parameters(under(&base, path)?)
    }

    /// Returns the URL of a call that the provider file itself names (`identity`, `verify`, `lookup`): a
    /// path with placeholders, or a whole URL of whatever origin.
    pub fn own_url(&self, path: &str) -> Result<Url, ApiError> {
        let missing = || TemplateError::Missing { name: path.to_owned() };
        let filled = self.fill_path(path)?.ok_or_else(missing)?;
        // A credential may stand in it: the error shows what the file says.
        let unfilled = |error| match error {
            TemplateError::BadUrl { why, .. } => TemplateError::BadUrl { url: untrusted::line(path), why },
            other => other,
        };
        let url = if is_whole(path) {
            endpoint(&filled, self.provider.is_own).map_err(unfilled)?
        } else {
            under(&self.base_url()?, &filled)?
        };
        self.with_parameters(url)
    }

    /// Returns the API's base URL.
    pub fn base_url(&self) -> Result<Url, ApiError> {
        let base = self.provider.api.base_url.as_ref();
        let base = base.ok_or_else(|| ApiError::NoBaseUrl(self.provider.name.clone()))?;
        let mut given = self.variables.clone();
        for candidate in base.candidates() {
            let names = placeholders(candidate)?.into_iter().map(|(name, _)| name);
            // A bot of Telegram has its token there.
            for name in names.filter(|name| !self.provider.variables.contains_key(*name)) {
                given.extend(self.value(name)?.map(|value| (name.to_owned(), value.to_string())));
            }
        }
        Ok(Values { given: &given, ..self.values() }.url(base)?)
    }

    /// Tells whether a credential may be shown to the origin of `url`: that of the API, or of a call that
    /// the file names with its whole URL.
    pub fn may_go_to(&self, url: &Url) -> bool {
        self.origins().contains(&url.origin())
    }

    /// Tells whether a redirect from one URL to another takes the credential along: within an origin, and to
    /// those of the provider file. What the user named is for requests that name it.
    pub fn may_be_sent_to(&self, next: &Url, from: &Url) -> bool {
        next.origin() == from.origin() || self.file_origins().contains(&next.origin())
    }

    fn origins(&self) -> Vec<Origin> {
        self.file_origins().into_iter().chain(self.named.iter().cloned()).collect()
    }

    fn file_origins(&self) -> Vec<Origin> {
        let api = &self.provider.api;
        let calls = [api.identity.as_deref(), api.verify.as_deref()].into_iter().flatten();
        let calls = calls.filter_map(|call| call.split_once(' ')).map(|(_, path)| path);
        let named = calls.chain(self.provider.lookup.as_ref().map(|lookup| lookup.url.as_str()));
        let named = named.filter(|path| is_whole(path));
        let named = named.filter_map(|path| Url::parse(&self.fill_path(path).ok()??).ok());
        self.base_url().ok().into_iter().chain(named).map(|url| url.origin()).collect()
    }

    fn foreign(&self, url: &Url) -> ApiError {
        let mut bare = url.clone();
        bare.set_query(None);
        let allowed: Vec<String> = self.origins().iter().map(Origin::ascii_serialization).collect();
        ApiError::Foreign { url: untrusted::line(bare.as_str()), allowed: allowed.join(", ") }
    }

    fn with_parameters(&self, mut url: Url) -> Result<Url, ApiError> {
        for (name, template) in &self.provider.api.query {
            if let Some(value) = self.fill(template)? {
                url.query_pairs_mut().append_pair(name, &value);
            }
        }
        Ok(self.as_signed(url))
    }

    /// Returns a redirect's target within the API, with the parameters that the file asks for: not every
    /// server hands them on.
    pub fn within(&self, mut target: Url) -> Result<Url, ApiError> {
        for (name, template) in &self.provider.api.query {
            let is_there = target.query_pairs().any(|(known, _)| known == *name);
            if let Some(value) = self.fill(template)?.filter(|_| !is_there) {
                target.query_pairs_mut().append_pair(name, &value);
            }
        }
        Ok(self.as_signed(target))
    }

    /// Returns a redirect's target elsewhere without what stood in the URL of the API; `None` where a
    /// credential stands in it all the same.
    pub fn outside(&self, mut target: Url) -> Option<Url> {
        let secrets = self.secrets();
        let holds = |text: &str| secrets.iter().any(|(_, secret)| text.contains(secret.expose()));
        if target.query().is_some() {
            let own = &self.provider.api.query;
            let pairs: Vec<(String, String)> = target.query_pairs().into_owned().collect();
            let kept: Vec<_> = pairs.iter().filter(|(name, value)| !own.contains_key(name) && !holds(value)).collect();
            if kept.len() < pairs.len() {
                target.query_pairs_mut().clear().extend_pairs(kept);
            }
        }
        let plain = percent_encoding::percent_decode_str(target.as_str()).decode_utf8_lossy();
        (!holds(target.as_str()) && !holds(&plain)).then_some(target)
    }

    /// What a URL must not carry elsewhere, each with its name.
    pub(super) fn secrets(&self) -> Vec<(String, Secret)> {
        let mut secrets = vec![(self.token_name().to_owned(), self.credentials.token())];
        if let Credentials::ApiKey(entered) | Credentials::Basic(entered) = &self.credentials {
            secrets.push(("basic".to_owned(), entered.basic()));
        }
        let fields = self.credentials.fields().iter();
        secrets.extend(fields.map(|(name, value)| (name.clone(), value.clone())));
        secrets.extend(self.provider.encoded.keys().filter_map(|name| Some((name.clone(), self.encoded(name).ok()??))));
        if let Some(pair) = self.credentials.pair() {
            secrets.push(("oauth_token_secret".to_owned(), pair.token_secret.clone()));
        }
        secrets.extend(self.client_secret.iter().map(|secret| ("client_secret".to_owned(), secret.clone())));
        // A user name of one letter is no secret, and stands in every URL.
        secrets.retain(|(_, secret)| secret.expose().len() > 3);
        secrets
    }

    fn token_name(&self) -> &'static str {
        match self.credentials {
            Credentials::OAuth2(_)
            | Credentials::ClientCredentials(_)
            | Credentials::TokenExchange(_)
            | Credentials::SignedJwt(_) => "access_token",
            Credentials::OAuth1(_) | Credentials::OAuth1Token(_) => "oauth_token",
            Credentials::ApiKey(_) => "api_key",
            Credentials::Basic(_) => "login",
        }
    }

    /// Fills a template for whoever writes a request down: every secret by its name.
    pub(super) fn masked(&self, template: &str) -> Option<Masked> {
        parts(template).ok()?.into_iter().try_fold(Masked::default(), |all, part| {
            Some(match part {
                Part::Literal(literal) => all.with_text(literal),
                Part::Placeholder("token") => all.with_secret(self.token_name()),
                // What was sent is not known here.
                Part::Placeholder(name @ ("basic" | "client_secret" | "random")) => all.with_secret(name),
                Part::Placeholder(name) => match name.strip_prefix("credential.").or(name.strip_prefix("encoded.")) {
                    // One that was left out is not sent.
                    Some(_) if self.value(name).ok()?.is_none() => return None,
                    Some(field) => all.with_secret(field),
                    None => all.with_text(self.value(name).ok()??.as_str()),
                },
            })
        })
    }

    fn values(&self) -> Values<'_> {
        Values {
            declared: &self.provider.variables,
            given: &self.variables,
            allows_loopback_http: self.provider.is_own,
        }
    }

    pub(super) fn fill(&self, template: &str) -> Result<Option<Zeroizing<String>>, ApiError> {
        self.filled(template, |value| value)
    }

    /// Fills a path: what a variable holds stays in its segment.
    fn fill_path(&self, template: &str) -> Result<Option<Zeroizing<String>>, ApiError> {
        let encode = |value: Zeroizing<String>| {
            let encoded = percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC);
            // What is in no need of it stays readable.
            Zeroizing::new(encoded.to_string().replace("%2D", "-").replace("%2E", ".").replace("%5F", "_"))
        };
        self.filled(template, encode)
    }

    fn filled(
        &self,
        template: &str,
        put: impl Fn(Zeroizing<String>) -> Zeroizing<String>,
    ) -> Result<Option<Zeroizing<String>>, ApiError> {
        self.provider.fill(template, |name| Ok(self.value(name)?.map(&put)))
    }

    fn value(&self, name: &str) -> Result<Option<Zeroizing<String>>, ApiError> {
        let hidden = |secret: &Secret| Some(Zeroizing::new(secret.expose().to_owned()));
        Ok(match (name, &self.credentials) {
            ("token", credentials) => hidden(&credentials.token()),
            ("basic", Credentials::Basic(entered)) => hidden(&entered.basic()),
            ("random", _) => Some(Zeroizing::new(uuid())),
            ("client_id", _) => Some(Zeroizing::new(self.client_id.clone())),
            ("client_secret", _) => hidden(self.client_secret.as_ref().unwrap_or(&Secret::default())),
            (name, credentials) => match (name.strip_prefix("credential."), name.strip_prefix("encoded.")) {
                (Some(field), _) => credentials.fields().get(field).and_then(hidden),
                (_, Some(encoded)) => self.encoded(encoded)?.as_ref().and_then(hidden),
                (None, None) => self.values().get(name)?.map(Zeroizing::new),
            },
        })
    }

    /// Returns a text of the file's `[encoded]` table, filled and in base64.
    fn encoded(&self, name: &str) -> Result<Option<Secret>, ApiError> {
        let template = self.provider.encoded.get(name);
        let template = template.ok_or_else(|| TemplateError::Missing { name: format!("encoded.{name}") })?;
        Ok(self.fill(template)?.map(|text| Secret::new(text.as_str()).in_base64()))
    }
}

/// Tells a whole URL from a path, which may have one in its query.
fn is_whole(path: &str) -> bool {
    path.starts_with("https://") || path.starts_with("http://")
}

/// Puts a path behind the base URL; whatever it is, it stays there.
fn under(base: &Url, path: &str) -> Result<Url, ApiError> {
    let shown = || untrusted::line(path.split('?').next().unwrap_or_default());
    if path.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err(ApiError::Malformed(shown(), "a path has no white space in it (write %20)"));
    }
    if path.is_empty() {
        return Ok(base.clone());
    }
    let text = format!("{}/{}", base.as_str().trim_end_matches('/'), path.strip_prefix('/').unwrap_or(path));
    let url = Url::parse(&text).map_err(|_| ApiError::Malformed(shown(), "it is no path"))?;
    if url.origin() != base.origin() || !url.username().is_empty() || url.fragment().is_some() {
        return Err(ApiError::Malformed(shown(), "it is no path under the API's base URL"));
    }
    Ok(url)
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
