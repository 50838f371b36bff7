//! The `[oauth1]` table, and how its requests are signed.

use super::Check;
use super::urls::Secrets;
use crate::model::provider::{OAuth1, SignatureMethod};

impl Check<'_> {
    pub(super) fn oauth1(&mut self, oauth1: &OAuth1) {
        let endpoints = [
            ("request_token_endpoint", &oauth1.request_token_endpoint),
            ("authorization_endpoint", &oauth1.authorization_endpoint),
            ("token_endpoint", &oauth1.token_endpoint),
        ];
        for (name, url) in endpoints {
            let place = format!("oauth1.{name}");
            match url {
                Some(url) => {
                    self.url(&place, url, Secrets::Never);
                    self.keeps_its_host(&place, url);
                }
                None => self.fail(format!("`{place}` is missing")),
            }
        }
        self.signature_method("oauth1", oauth1.signature_method);
        for (name, parameters) in [
            ("request_token_params", &oauth1.request_token_params),
            ("authorization_params", &oauth1.authorization_params),
        ] {
            for (parameter, value) in parameters {
                if parameter.starts_with("oauth_") {
                    self.fail(format!("`oauth1.{name}.{parameter}` is set by the flow itself"));
                }
                let place = format!("oauth1.{name}.{parameter}");
                self.text(&place, &value.to_string());
                for name in ["{credential.", "{random}"] {
                    if value.to_string().contains(name) {
                        self.fail(format!(
                            "`{place}` cannot hold what is entered or drawn: only requests to the API do here"
                        ));
                    }
                }
            }
        }
    }

    pub(super) fn signature_method(&mut self, table: &str, method: SignatureMethod) {
        if method == SignatureMethod::RsaSha1 {
            self.fail(format!(
                "`{table}.signature_method`: RSA-SHA1 is not supported; HMAC-SHA1, HMAC-SHA256 and PLAINTEXT are"
            ));
        }
    }
}
