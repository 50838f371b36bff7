//! Duo's signature, as its Admin API documents it ("Authentication"): a login whose password is an HMAC of the request.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, DATE, HeaderMap, HeaderName};
use ring::{digest, hmac};

use super::Signable;
use crate::api::ApiError;
use crate::auth::oauth1::normalized;
use crate::model::secret::hexadecimal;
use crate::model::{Secret, Time};

/// Returns the headers that sign a request. Parameters are written as OAuth 1.0a writes them; those of a form are signed
/// in its version 2, any other body by its hash in its version 5.
pub(super) fn headers(
    integration_key: &str,
    secret_key: &Secret,
    request: &Signable<'_>,
    now: Time,
) -> Result<Vec<(HeaderName, Secret)>, ApiError> {
    let (date, body) = (now.to_rfc2822(), request.body()?);
    let form = request.form();
    let borrowed = form.iter().map(|(name, value)| (Cow::from(name), Cow::from(value)));
    let parameters = normalized(request.url.query_pairs().chain(borrowed));
    let mut lines =
        vec![date.clone(), request.method.to_owned(), request.host(), request.url.path().to_owned(), parameters];
    if !request.is_form() {
        lines.extend([sha512(body), sha512(own_headers(request.headers).as_bytes())]);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA512, secret_key.expose().as_bytes());
    let signature = hexadecimal(hmac::sign(&key, lines.join("\n").as_bytes()).as_ref());
    let login = format!("{integration_key}:{signature}");
    Ok(vec![(AUTHORIZATION, Secret::new(format!("Basic {}", STANDARD.encode(login)))), (DATE, Secret::new(date))])
}

/// The headers of Duo's own, name and value in turn, by their names.
fn own_headers(headers: &HeaderMap) -> String {
    let own = headers.iter().filter(|(name, _)| name.as_str().starts_with("x-duo-"));
    let mut own: Vec<[String; 2]> =
        own.map(|(name, value)| [name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()]).collect();
    own.sort();
    own.concat().join("\0")
}

fn sha512(bytes: &[u8]) -> String {
    hexadecimal(digest::digest(&digest::SHA512, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Payload;
    use reqwest::header::{CONTENT_TYPE, HeaderValue};

    /// The signature of a request, with the keys of Duo's documentation.
    fn signature_of(method: &str, query: &str, headers: &HeaderMap, body: &Payload) -> String {
        let url = format!("https://api-a1b2c3d4.duosecurity.com/admin/v1/users?{query}").parse().unwrap();
        let secret = Secret::new("Zh5eGmUq9zpfQnyUIu5OL9iWoMMv5ZNmk3zLJ4Ep");
        let request = Signable { method, url: &url, headers, body };
        let made = super::headers("DIWJ8X6AEYOR5OMC6TQ1", &secret, &request, "2012-08-21T17:29:18Z".parse().unwrap());
        let made = made.unwrap();
        assert_eq!((made[1].0.as_str(), made[1].1.expose()), ("date", "Tue, 21 Aug 2012 17:29:18 +0000"));
        let login = STANDARD.decode(made[0].1.expose().strip_prefix("Basic ").unwrap()).unwrap();
        String::from_utf8(login).unwrap().strip_prefix("DIWJ8X6AEYOR5OMC6TQ1:").unwrap().to_owned()
    }

    #[test]
    fn headers_of_duos_own_are_signed_along() {
        let headers = [("x-duo-b", "two"), ("x-duo-a", "one"), ("x-other", "three")];
        let headers: HeaderMap = headers
            .into_iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        assert_eq!(
            signature_of("GET", "limit=10", &headers, &Payload::Nothing),
            "06857b9c08640cdced2d334c145204219270c32eafd4880e512242e99bc905a5dbf79278cdc833af58df78c16895ff7f18c93dd8f84add3fcdbcc600be917da4"
        );
    }

    #[test]
    fn the_signatures_of_duos_own_client_come_out() {
        let (query, json) = ("realname=First%20Last&username=root", Payload::Whole(br#"{"a":1}"#.to_vec()));
        let form = Payload::Whole(b"username=root&realname=First+Last".to_vec());
        for (method, query, media_type, body, signature) in [
            (
                "GET",
                "limit=10",
                None,
                &Payload::Nothing,
                "690051d33a3a8fce79fa3f9bf597fad04a38e6236e2c3c158baa47505d3143178eb51806c097dad80b0dd7d11cfbb1fc27e01a846ecd42552e267c1dbdd2c467",
            ),
            (
                "POST",
                "",
                Some("application/json"),
                &json,
                "283e39d1539105506194a39bfeeac4d2ea7421e18971ac0d62f0dda44146d8d312c80a889392de5a61419bd3bb5f90a83d44f277e424b45c33dcf7d2b3ac01de",
            ),
            (
                "POST",
                "",
                Some("application/x-www-form-urlencoded"),
                &form,
                "9c893d085bc02173cc27533f6abcf88afebc09d502431ecea3f23fd642869c59a9100d40d0f502f8811d3355624763b571d6ba0a6184b1d74fb2d4ddb1ece3ec",
            ),
            (
                "POST",
                query,
                Some("application/x-www-form-urlencoded"),
                &Payload::Nothing,
                "9c893d085bc02173cc27533f6abcf88afebc09d502431ecea3f23fd642869c59a9100d40d0f502f8811d3355624763b571d6ba0a6184b1d74fb2d4ddb1ece3ec",
            ),
        ] {
            let headers: HeaderMap =
                media_type.into_iter().map(|text| (CONTENT_TYPE, HeaderValue::from_static(text))).collect();
            assert_eq!(signature_of(method, query, &headers, body), signature, "{method}");
        }
    }
}
