//! How each request to an API is signed.

use super::Check;
use crate::model::provider::{AwsScope, DERIVED, RequestSignature, UrlTemplate};
use crate::model::template;

/// Headers that are made when a request is sent, after it is signed.
const MADE_LATER: [&str; 4] = ["content-length", "host", "signature", "signature-input"];
/// The longest that a signature is valid, in seconds: a day.
const LONGEST: u32 = 86_400;
/// What the signature stands in the place of.
const SIGNS: [&str; 3] = ["{basic}", "{credential.password}", "{token}"];

impl Check<'_> {
    /// What signs is a login, the headers of the signature are its own, and nothing shows what signs.
    pub(super) fn signature(&mut self, signature: &RequestSignature) {
        if self.provider.basic.is_none() {
            self.fail("`api.signature` signs with the user name and the password of `[basic]`, which is not there");
        }
        let api = &self.provider.api;
        if api.base_url.is_none() {
            self.fail("`api.signature` signs requests to `api.base_url`, which is not there");
        }
        for name in signature.headers().into_iter().filter(|name| api.headers.contains_key(*name)) {
            self.fail(format!("`api.headers.{name}` is made by the signature"));
        }
        let shows = |text: &String| SIGNS.iter().any(|name| text.contains(name));
        let encoded = self.provider.encoded.values();
        if api.headers.values().chain(api.query.values()).chain(encoded).any(shows) {
            self.fail("`api.signature`: a header or a parameter shows what signs, and so does each request");
        }
        match signature {
            RequestSignature::AwsSigV4 { service, region } => self.aws(service.as_deref(), region.as_deref()),
            RequestSignature::HttpMessageSignatures { components, lifetime, .. } => {
                self.components(components, *lifetime);
            }
            RequestSignature::Duo | RequestSignature::Wsse => {}
        }
    }

    fn aws(&mut self, service: Option<&str>, region: Option<&str>) {
        for (key, text) in [("service", service), ("region", region)] {
            self.text(&format!("api.signature.{key}"), text.unwrap_or_default());
            let names = template::placeholders(text.unwrap_or_default()).unwrap_or_default();
            if text == Some("") {
                self.fail(format!("`api.signature.{key}` is empty: leave it out where the host tells it"));
            }
            if names.iter().any(|(name, _)| self.is_secret(name)) {
                self.fail(format!("`api.signature.{key}` stands in a header as it is, and holds a secret"));
            }
        }
        let token = self.provider.api.headers.get("x-amz-security-token");
        if token.is_some_and(|text| !(text.starts_with("{credential.") && text.find('}') == Some(text.len() - 1))) {
            self.fail("`api.headers.x-amz-security-token` is a credential alone: `{credential.NAME}`");
        }
        let urls = self.provider.api.base_url.iter().flat_map(UrlTemplate::candidates);
        if (service.is_none() || region.is_none()) && !urls.into_iter().all(|url| tells_scope(url)) {
            self.fail("`api.signature`: the host of `api.base_url` tells no service and no region of AWS: name both");
        }
    }

    fn components(&mut self, components: &[String], lifetime: u32) {
        if components.is_empty() {
            self.fail("`api.signature.components` is empty: the signature would cover nothing");
        }
        if lifetime == 0 || lifetime > LONGEST {
            self.fail(format!("`api.signature.lifetime` is a number of seconds, from 1 to {LONGEST}"));
        }
        for (index, name) in components.iter().enumerate() {
            let is_field = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if components[..index].contains(name) {
                self.fail(format!("`api.signature.components` names `{name}` twice"));
            } else if MADE_LATER.contains(&name.as_str()) {
                self.fail(format!(
                    "`api.signature.components`: `{name}` is made after the signature (`@authority` is the host)"
                ));
            } else if !DERIVED.contains(&name.as_str()) && (name.is_empty() || !name.bytes().all(is_field)) {
                self.fail(format!(
                    "`api.signature.components`: `{name}` is none of {}, and no header in lower case",
                    DERIVED.join(", ")
                ));
            }
        }
    }
}

/// Tells whether the host of a URL tells a service and a region, with a region where a variable is, or both.
fn tells_scope(url: &str) -> bool {
    let names = template::placeholders(url).unwrap_or_default();
    let tells = |sample: &str| {
        let url = names.iter().fold(url.to_owned(), |url, (name, _)| url.replace(&format!("{{{name}}}"), sample));
        url::Url::parse(&url).is_ok_and(|url| url.host_str().is_some_and(|host| AwsScope::of_host(host).is_some()))
    };
    tells("eu-west-1") || tells("sample.eu-west-1")
}
