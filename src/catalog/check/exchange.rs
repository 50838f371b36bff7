//! The tables of tokens that come of what a person entered.

use super::Check;
use super::urls::Secrets;
use crate::model::provider::{Call, Parameter, RequestFormat, SignedJwt};
use crate::model::template;

impl Check<'_> {
    pub(super) fn exchanged(&mut self) {
        self.is_had = true;
        self.had();
        self.is_had = false;
        for (name, text) in self.provider.encoded.clone() {
            self.text(&format!("encoded.{name}"), &text);
            if text.contains("{encoded.") {
                self.fail(format!("`encoded.{name}` holds another text of `[encoded]`, which is not filled there"));
            }
            if !self.used.contains(&format!("encoded.{name}")) {
                self.fail(format!("the text `encoded.{name}` is never used"));
            }
        }
    }

    /// How a token is had: by calls, or by a signature.
    fn had(&mut self) {
        if let Some(table) = self.provider.token_exchange.clone() {
            if table.calls.is_empty() {
                self.fail("`[[token_exchange.calls]]` is missing: a token is had by at least one call");
            }
            if let Some(assertion) = &table.assertion {
                self.signed("token_exchange.assertion", assertion);
            }
            for (index, call) in table.calls.iter().enumerate() {
                self.called = index;
                self.trade(&format!("token_exchange.calls[{index}]"), call);
            }
            self.called = 0;
            if table.response.kept_when.is_some() {
                self.fail("`token_exchange.response.kept_when` is of no use: nothing is refreshed there");
            }
        }
        if let Some(table) = self.provider.signed_jwt.clone() {
            self.signed("signed_jwt", &table);
        }
    }

    fn trade(&mut self, place: &str, call: &Call) {
        self.url(&format!("{place}.endpoint"), &call.endpoint, Secrets::Never);
        self.keeps_its_host(&format!("{place}.endpoint"), &call.endpoint);
        self.method(&format!("{place}.method"), call.method.as_deref());
        for (name, value) in &call.headers {
            self.header(&format!("{place}.headers"), name, value);
            self.before_a_token(&format!("{place}.headers.{name}"), value);
        }
        let mut holds_secret = false;
        for (name, value) in &call.params {
            if let Parameter::Text(text) = value {
                self.text(&format!("{place}.params.{name}"), text);
                self.before_a_token(&format!("{place}.params.{name}"), text);
                let names = template::placeholders(text).unwrap_or_default();
                holds_secret |= names.iter().any(|(name, _)| self.is_secret(name));
            }
        }
        if call.format == RequestFormat::Query && holds_secret && !self.provider.api.secret_in_url {
            self.fail(format!(
                "`{place}` puts secrets into URLs; say `secret_in_url = true` in `[api]` if the provider wants it so"
            ));
        }
        if call.format == RequestFormat::Xml {
            self.fail(format!("`{place}.format`: XML is for Braintree's `[oauth2]` alone"));
        }
    }

    fn signed(&mut self, place: &str, table: &SignedJwt) {
        if table.lifetime == 0 {
            self.fail(format!("`{place}.lifetime` is 0 seconds"));
        }
        self.text(&format!("{place}.key"), &table.key);
        if !table.key.contains("{credential.") {
            self.fail(format!("`{place}.key` is no `{{credential.NAME}}`: a file holds no key"));
        }
        let claims = table.claims.iter().map(|(name, value)| (name, value.to_string()));
        let header = table.header.iter().map(|(name, value)| (name, value.clone()));
        for (name, text) in header.chain(claims).collect::<Vec<_>>() {
            self.text(&format!("{place}.{name}"), &text.replace("{public_key}", ""));
        }
    }

    /// Tells whether a placeholder is one that calls and signatures have besides.
    pub(super) fn is_of_an_exchange(&self, name: &str) -> bool {
        let table = self.provider.token_exchange.as_ref();
        let is_earlier = |rest: &str| {
            let number = rest.split_once('.').and_then(|(number, path)| Some((number.parse::<usize>().ok()?, path)));
            number.is_some_and(|(number, path)| number > 0 && number <= self.called && !path.is_empty())
        };
        name.strip_prefix("encoded.").is_some_and(|name| self.provider.encoded.contains_key(name))
            || name == "assertion" && self.is_had && table.is_some_and(|table| table.assertion.is_some())
            || name.strip_prefix("date.").is_some_and(|days| self.is_had && days.parse::<u16>().is_ok())
            || name.strip_prefix("call").is_some_and(is_earlier)
    }
}
