//! The headers that sign one request to an API: no other request may show them.

mod aws;
mod duo;
mod message;
mod wsse;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName};
use url::Url;

use super::{Access, ApiError, Payload};
use crate::auth::AuthError;
use crate::auth::http::host_of;
use crate::auth::oauth1::{Further, Signer, Stamp};
use crate::auth::signing::SigningKey;
use crate::model::provider::{AwsScope, KeyEncoding, PASSWORD, RequestSignature, USERNAME};
use crate::model::{Secret, Time, TokenPair};

/// A request as its signature sees it.
pub(super) struct Signable<'a> {
    /// The method, in capitals.
    pub(super) method: &'a str,
    /// Where it goes.
    pub(super) url: &'a Url,
    /// Every other header that it has.
    pub(super) headers: &'a HeaderMap,
    /// What it carries.
    pub(super) body: &'a Payload,
}

impl Signable<'_> {
    /// The parameters of a form body.
    fn form(&self) -> Vec<(String, String)> {
        let body = self.body.whole().filter(|_| self.is_form()).unwrap_or_default();
        url::form_urlencoded::parse(body).into_owned().collect()
    }

    fn is_form(&self) -> bool {
        self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|text| {
            let media_type = text.split(';').next().unwrap_or_default().trim();
            media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
    }

    /// The body, where it is known whole.
    fn body(&self) -> Result<&[u8], ApiError> {
        let unknown = || {
            let why = "it is signed, and so must be known whole: at most 1 MiB, with its length said before it";
            ApiError::Malformed("the body".to_owned(), why)
        };
        match self.body {
            Payload::Nothing => Ok(&[]),
            body => body.whole().ok_or_else(unknown),
        }
    }

    /// The `host` header that goes with it.
    fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

impl Access {
    /// Returns the headers that sign one request, where requests are signed.
    pub(super) fn signed(&self, request: &Signable<'_>, now: Time) -> Result<Vec<(HeaderName, Secret)>, ApiError> {
        if let Some(pair) = self.credentials.pair() {
            return Ok(vec![(AUTHORIZATION, self.oauth1(pair, request, now)?)]);
        }
        let Some(signature) = self.signature() else { return Ok(Vec::new()) };
        let none = Secret::default();
        let field = |name: &str| self.credentials.fields().get(name).unwrap_or(&none);
        let (username, password) = (field(USERNAME).expose(), field(PASSWORD));
        match signature {
            RequestSignature::AwsSigV4 { .. } => {
                let scope = &self.scope(request.url)?;
                aws::Signer { id: username, secret: password, scope }.headers(request, now)
            }
            RequestSignature::HttpMessageSignatures { components, algorithm, lifetime } => {
                let (algorithm, lifetime) = (*algorithm, *lifetime);
                message::Signer { id: username, key: password, algorithm, components, lifetime }.headers(request, now)
            }
            RequestSignature::Duo => duo::headers(username, password, request, now),
            RequestSignature::Wsse => Ok(vec![wsse::header(username, password, wsse::nonce(), now)]),
        }
    }

    /// Checks what signs requests before it is kept: a key is one of its kind, and the API's host tells what is signed for.
    pub fn check_signing(&self) -> Result<(), ApiError> {
        match self.signature() {
            Some(RequestSignature::AwsSigV4 { .. }) => self.scope(&self.base_url()?).map(drop),
            Some(RequestSignature::HttpMessageSignatures { algorithm, .. }) => {
                let none = Secret::default();
                let key = self.credentials.fields().get(PASSWORD).unwrap_or(&none);
                let read = SigningKey::read(key, algorithm.in_jwts(), KeyEncoding::Text);
                read.map(drop).map_err(|error| AuthError::from(error).into())
            }
            Some(RequestSignature::Duo | RequestSignature::Wsse) | None => Ok(()),
        }
    }

    /// How requests are signed, where they are, and not by OAuth 1.0a.
    pub(super) fn signature(&self) -> Option<&RequestSignature> {
        self.provider.signature_of(self.credentials.way())
    }

    /// What a signature of AWS is good for: what the file says, or what the host tells.
    fn scope(&self, url: &Url) -> Result<AwsScope, ApiError> {
        let said = |text: &Option<String>| text.as_ref().map(|text| self.fill(text)).transpose().map(Option::flatten);
        let (service, region) = match self.signature() {
            Some(RequestSignature::AwsSigV4 { service, region }) => (said(service)?, said(region)?),
            _ => (None, None),
        };
        let told = AwsScope::of_host(url.host_str().unwrap_or_default());
        let (told_service, told_region) = told.map(|scope| (scope.service, scope.region)).unzip();
        // What the file says is about its own API: a call to another service goes by its host.
        let is_own = self.base_url().is_ok_and(|base| base.origin() == url.origin());
        let pick = |said: Option<zeroize::Zeroizing<String>>, told: Option<String>| {
            let said = said.map(|text| text.to_string());
            if is_own { said.or(told) } else { told.or(said) }
        };
        let missing = || ApiError::NoScope(host_of(url));
        let service = pick(service, told_service).ok_or_else(missing)?;
        Ok(AwsScope { service, region: pick(region, told_region).ok_or_else(missing)? })
    }

    /// Returns a URL as it is signed.
    pub(super) fn as_signed(&self, url: Url) -> Url {
        let is_aws = matches!(self.signature(), Some(RequestSignature::AwsSigV4 { .. }));
        match is_aws.then(|| self.scope(&url)) {
            Some(Ok(scope)) => aws::strict(url, &scope),
            // Where it tells none, nothing is signed, and that is the error.
            _ => url,
        }
    }

    /// OAuth 1.0a (RFC 5849). The parameters of a form body are signed along (section 3.4.1.3.1).
    fn oauth1(&self, pair: &TokenPair, request: &Signable<'_>, now: Time) -> Result<Secret, ApiError> {
        let (signature_method, realm) = self.provider.signing_of(self.credentials.way()).unwrap_or_default();
        let realm = realm.map(|realm| self.fill(realm)).transpose()?.flatten();
        let none = Secret::default();
        let signer = Signer {
            method: signature_method,
            consumer_key: &self.client_id,
            consumer_secret: self.client_secret.as_ref().unwrap_or(&none),
            token: Some((&pair.token, &pair.token_secret)),
        };
        if request.is_form() {
            request.body()?;
        }
        let (form, realm) = (request.form(), realm.as_deref().map(String::as_str));
        let further = Further { form: &form, realm, ..Further::default() };
        let header = signer.header(request.method, request.url, &further, &Stamp::new(now))?;
        Ok(Secret::new(header.to_str().unwrap_or_default()))
    }
}
