//! The headers that sign one request to an API: no other request may show them.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName};
use url::Url;

use super::{Access, ApiError, Payload};
use crate::auth::oauth1::{Further, Signer, Stamp};
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
        let is_form = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|text| {
            let media_type = text.split(';').next().unwrap_or_default().trim();
            media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        let body = self.body.whole().filter(|_| is_form).unwrap_or_default();
        url::form_urlencoded::parse(body).into_owned().collect()
    }
}

impl Access {
    /// Returns the headers that sign one request, where requests are signed.
    pub(super) fn signed(&self, request: &Signable<'_>, now: Time) -> Result<Vec<(HeaderName, Secret)>, ApiError> {
        match self.credentials.pair() {
            Some(pair) => Ok(vec![(AUTHORIZATION, self.oauth1(pair, request, now)?)]),
            None => Ok(Vec::new()),
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
        let (form, realm) = (request.form(), realm.as_deref().map(String::as_str));
        let further = Further { form: &form, realm, ..Further::default() };
        let header = signer.header(request.method, request.url, &further, &Stamp::new(now))?;
        Ok(Secret::new(header.to_str().unwrap_or_default()))
    }
}
