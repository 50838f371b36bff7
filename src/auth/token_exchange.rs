//! Tokens that come of what a person entered: by the calls that a provider file names, or signed here. Nothing of it is
//! standard but the parts; what is to be done stands in the file.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

use super::answer;
use super::client_certificate::ClientCertificate;
use super::signing::{SigningError, SigningKey};
use super::transport::{TokenRequest, Transport};
use super::{AuthError, Client};
use crate::model::provider::{self, Call, OAuth2, Parameter, Provider, SignedJwt, UrlTemplate};
use crate::model::tape::What;
use crate::model::template::{Part, Values, parts};
use crate::model::uuid::uuid;
use crate::model::{Secret, Time, TokenSet};

/// What tokens are had with.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// Its variables.
    pub variables: &'a BTreeMap<String, String>,
    /// What a person entered.
    pub fields: &'a BTreeMap<String, Secret>,
}

/// Makes the calls of the `[token_exchange]` table, and returns the token that the last one answers.
pub async fn exchange(transport: &Transport, given: Given<'_>) -> Result<TokenSet, AuthError> {
    let table = given.provider.token_exchange.as_ref().ok_or(AuthError::NotOffered("token exchange"))?;
    let (last, before) = table.calls.split_last().ok_or(AuthError::NotOffered("call for a token"))?;
    let mut texts = Texts { given, now: transport.now(), assertion: None, answers: Vec::new() };
    if let Some(assertion) = &table.assertion {
        texts.assertion = Some(sign(assertion, &texts)?.0);
    }
    for call in before {
        let request = texts.request(call)?;
        let answer = transport.object(&request.url, &request.table, request.request).await?;
        texts.answers.push(answer);
    }
    let request = texts.request(last)?;
    let table = OAuth2 { response: table.response.clone(), ..request.table };
    let map = transport.tokens(&request.url, &table, request.request).await?;
    let tokens = Client::token_set_of(map, transport.now())?;
    // What was entered serves again: another secret would be kept for nothing.
    Ok(TokenSet { refresh_token: None, ..tokens })
}

/// Signs the JWT of the `[signed_jwt]` table. Nobody is asked.
pub fn signed_jwt(given: Given<'_>, now: Time) -> Result<TokenSet, AuthError> {
    let table = given.provider.signed_jwt.as_ref().ok_or(AuthError::NotOffered("signed JWT"))?;
    let (token, end) = sign(table, &Texts { given, now, assertion: None, answers: Vec::new() })?;
    Ok(TokenSet { expires_at: Some(end), ..TokenSet::new(token, now) })
}

fn sign(table: &SignedJwt, texts: &Texts<'_>) -> Result<(Secret, Time), AuthError> {
    let missing = || AuthError::Signing(SigningError::NoPem);
    let key = texts.text(&table.key)?.ok_or_else(missing)?;
    let key = SigningKey::read(&Secret::new(key.as_str()), table.algorithm, table.key_encoding)?;
    let fingerprint = key.fingerprint().unwrap_or_default();
    let filled = |template: &str| texts.text(&template.replace("{public_key}", &fingerprint));
    let end = texts.now + chrono::TimeDelta::seconds(i64::from(table.lifetime));
    let mut claims = Map::new();
    claims.insert("iat".to_owned(), texts.now.timestamp().into());
    claims.insert("exp".to_owned(), end.timestamp().into());
    for (name, value) in &table.claims {
        match value {
            Parameter::Text(template) => {
                if let Some(text) = filled(template)? {
                    claims.insert(name.clone(), text.as_str().into());
                }
            }
            Parameter::Number(number) => _ = claims.insert(name.clone(), (*number).into()),
            Parameter::Truth(truth) => _ = claims.insert(name.clone(), (*truth).into()),
        }
    }
    let mut header = Map::new();
    for (name, template) in &table.header {
        if let Some(text) = filled(template)? {
            header.insert(name.clone(), text.as_str().into());
        }
    }
    Ok((key.sign(table.algorithm, header, &Value::Object(claims))?, end))
}

/// A call, filled in.
struct Filled {
    url: Url,
    table: OAuth2,
    request: TokenRequest,
}

/// What the texts of a call are filled with.
struct Texts<'a> {
    given: Given<'a>,
    now: Time,
    assertion: Option<Secret>,
    /// What the calls before answered.
    answers: Vec<Map<String, Value>>,
}

impl Texts<'_> {
    fn request(&self, call: &Call) -> Result<Filled, AuthError> {
        let (mut parameters, mut literals) = (Vec::new(), Map::new());
        for (name, value) in &call.params {
            match value {
                Parameter::Text(template) => {
                    if let Some(text) = self.text(template)? {
                        parameters.push((name.clone(), text));
                    }
                }
                Parameter::Number(number) => _ = literals.insert(name.clone(), (*number).into()),
                Parameter::Truth(truth) => _ = literals.insert(name.clone(), (*truth).into()),
            }
        }
        let (mut plain, mut headers) = (BTreeMap::new(), Vec::new());
        for (name, template) in &call.headers {
            if !template.contains('{') {
                plain.insert(name.clone(), template.clone());
            } else if let Some(text) = self.text(template)? {
                headers.push((name.clone(), text));
            }
        }
        let entered = self.given.provider.hidden(self.given.fields);
        let token_request = provider::TokenRequest { format: call.format, method: call.method.clone(), headers: plain };
        let request = TokenRequest {
            parameters,
            literals,
            headers,
            entered,
            certificate: ClientCertificate::of(self.given.provider, self.given.fields)?,
            ..TokenRequest::of(What::TokenRequest, &[])
        };
        Ok(Filled { url: self.url(&call.endpoint)?, table: OAuth2 { token_request, ..OAuth2::default() }, request })
    }

    /// Fills a URL; what an earlier call answered may stand at its beginning.
    fn url(&self, template: &UrlTemplate) -> Result<Url, AuthError> {
        let mut given = self.given.variables.clone();
        for candidate in template.candidates() {
            for part in parts(candidate)? {
                if let Part::Placeholder(name) = part
                    && let Some(text) = self.answered(name)
                {
                    given.insert(name.to_owned(), text);
                }
            }
        }
        Ok(Values { given: &given, ..self.values() }.url(template)?)
    }

    fn values(&self) -> Values<'_> {
        Values {
            declared: &self.given.provider.variables,
            given: self.given.variables,
            allows_loopback_http: self.given.provider.is_own,
        }
    }

    /// Fills a text; `None` where something in it may be left out, and was.
    fn text(&self, template: &str) -> Result<Option<Zeroizing<String>>, AuthError> {
        self.given.provider.fill(template, |name| self.value(name))
    }

    fn value(&self, name: &str) -> Result<Option<Zeroizing<String>>, AuthError> {
        let hidden = |secret: &Secret| Zeroizing::new(secret.expose().to_owned());
        let provider = self.given.provider;
        if let Some(field) = name.strip_prefix("credential.") {
            return Ok(self.given.fields.get(field).map(hidden));
        }
        if let Some(encoded) = name.strip_prefix("encoded.") {
            let Some(template) = provider.encoded.get(encoded) else { return Ok(None) };
            return Ok(self.text(template)?.map(|text| hidden(&Secret::new(text.as_str()).in_base64())));
        }
        if let Some(days) = name.strip_prefix("date.") {
            let days = days.parse().ok().map(chrono::Days::new);
            let date = days.and_then(|days| self.now.date_naive().checked_add_days(days));
            return Ok(date.map(|date| Zeroizing::new(date.to_string())));
        }
        Ok(match name {
            "assertion" => self.assertion.as_ref().map(hidden),
            "random" => Some(Zeroizing::new(uuid())),
            _ => match self.answered(name) {
                Some(text) => Some(Zeroizing::new(text)),
                None => self.values().get(name)?.map(Zeroizing::new),
            },
        })
    }

    /// Returns what stands at the path of `callN.PATH` in an earlier answer.
    fn answered(&self, name: &str) -> Option<String> {
        let (number, path) = name.strip_prefix("call")?.split_once('.')?;
        let answer = self.answers.get(number.parse::<usize>().ok()?.checked_sub(1)?)?;
        match answer::at(answer, path)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "token_exchange_tests.rs"]
mod tests;
