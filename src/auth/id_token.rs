//! ID tokens (OpenID Connect Core): whose they are, for whom, and whether they are signed by the issuer.

use serde_json::{Map, Value};

use super::jwk::{self, SignatureError};
use super::jwt;
use crate::model::{Secret, Time, untrusted};

/// How far the server's clock may differ from this machine's, in seconds.
const LEEWAY: i64 = 60;

/// Why an ID token is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// It is no JSON Web Token.
    #[error("it is no JSON Web Token")]
    Malformed,
    /// Its signature was not found good.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// A claim is missing or is not what it should be.
    #[error("its claim `{claim}` is {found}, and should be {wanted}")]
    Claim {
        /// The claim.
        claim: &'static str,
        /// What stands there, made harmless for a terminal.
        found: String,
        /// What should.
        wanted: String,
    },
}

/// What an ID token must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The issuer (section 3.1.3.7, step 2).
    pub issuer: &'a str,
    /// The client id, for which it is (step 3).
    pub client_id: &'a str,
    /// The nonce that was sent (step 11).
    pub nonce: Option<&'a str>,
    /// The time of day.
    pub now: Time,
}

/// Checks an ID token against the keys of its issuer, and returns its claims, which are then true as far
/// as the issuer is honest.
pub fn verify(token: &Secret, keys: &Value, expected: &Expected<'_>) -> Result<Map<String, Value>, IdTokenError> {
    let decoded = jwt::decode(token).ok_or(IdTokenError::Malformed)?;
    jwk::verify(token.expose(), &decoded.header, keys)?;
    check_claims(&decoded.claims, expected)?;
    Ok(decoded.claims)
}

fn check_claims(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), IdTokenError> {
    let bad = |claim: &'static str, wanted: String| IdTokenError::Claim {
        claim,
        found: claims
            .get(claim)
            .map_or_else(|| "missing".to_owned(), |value| format!("`{}`", untrusted::line(&value.to_string()))),
        wanted,
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if !is_issuer(text("iss").unwrap_or_default(), expected.issuer, text("tid")) {
        return Err(bad("iss", format!("`{}`", expected.issuer)));
    }
    let audiences: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !audiences.contains(&expected.client_id) {
        return Err(bad("aud", "this client's id".to_owned()));
    }
    // Steps 4 and 5: with several audiences it says which one asked.
    if (audiences.len() > 1 || claims.contains_key("azp")) && text("azp") != Some(expected.client_id) {
        return Err(bad("azp", "this client's id".to_owned()));
    }
    let seconds = |name: &str| {
        let value = claims.get(name)?;
        #[expect(clippy::cast_possible_truncation, reason = "a moment out of range is far from now either way")]
        value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
    };
    let now = expected.now.timestamp();
    if seconds("exp").is_none_or(|end| end.saturating_add(LEEWAY) <= now) {
        return Err(bad("exp", "in the future".to_owned()));
    }
    if seconds("nbf").is_some_and(|start| start.saturating_sub(LEEWAY) > now) {
        return Err(bad("nbf", "in the past".to_owned()));
    }
    match (text("nonce"), expected.nonce) {
        (found, Some(sent)) if found.is_some_and(|found| Secret::new(found) == Secret::new(sent)) => Ok(()),
        // A refreshed one may leave it out (section 12.2); that of the authorization was checked then.
        (None, _) | (Some(_), None) => Ok(()),
        (Some(_), Some(_)) => Err(bad("nonce", "the one that was sent".to_owned())),
    }
}

/// Microsoft's common endpoint has the tenant in its issuer in place of `{tenantid}`.
fn is_issuer(found: &str, wanted: &str, tenant: Option<&str>) -> bool {
    let same = |one: &str, other: &str| !one.is_empty() && one.trim_end_matches('/') == other.trim_end_matches('/');
    same(found, wanted) || tenant.is_some_and(|tenant| wanted.contains("{tenantid}") && same(found, &wanted.replace("{tenantid}", tenant)))
        // Google's name, from before there was a standard.
        || wanted == "https://accounts.google.com" && found == "accounts.google.com"
}

/// Checks the nonce of an ID token that just came, before anything of it is kept: one that bears another
/// nonce was injected from another authorization.
pub(super) fn check_nonce(token: Option<&Secret>, sent: Option<&str>) -> Result<(), IdTokenError> {
    let (Some(token), Some(sent)) = (token, sent) else { return Ok(()) };
    let claims = jwt::decode(token).ok_or(IdTokenError::Malformed)?.claims;
    match claims.get("nonce").and_then(Value::as_str) {
        Some(found) if Secret::new(found) == Secret::new(sent) => Ok(()),
        found => Err(IdTokenError::Claim {
            claim: "nonce",
            found: if found.is_some() { "another one".to_owned() } else { "missing".to_owned() },
            wanted: "the one that was sent (a provider that never puts it there has `nonce = false` in its file)"
                .to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::jwk::tests::{RS256, keys};
    use serde_json::json;

    fn expected() -> Expected<'static> {
        Expected {
            issuer: "https://as.example",
            client_id: "me",
            nonce: Some("n"),
            now: Time::from_timestamp(1_000, 0).unwrap(),
        }
    }

    fn claims(changes: &Value) -> Map<String, Value> {
        let mut claims = json!({"iss": "https://as.example", "aud": "me", "exp": 2_000, "nonce": "n"});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    #[test]
    fn claims_as_they_should_be_are_believed() {
        for changes in [
            json!({}),
            json!({"aud": ["you", "me"], "azp": "me"}),
            json!({"nonce": null}),
            json!({"iss": "https://as.example/"}),
            json!({"exp": 950}),
            json!({"exp": 2_000.5}),
            json!({"exp": i64::MAX}),
            json!({"exp": 1e300, "nbf": i64::MIN}),
        ] {
            assert_eq!(check_claims(&claims(&changes), &expected()), Ok(()), "{changes}");
        }
    }

    #[test]
    fn each_claim_that_is_not_as_it_should_be_is_named() {
        let cases = [
            (json!({"iss": "https://evil.example"}), "iss"),
            (json!({"iss": null}), "iss"),
            (json!({"aud": "you"}), "aud"),
            (json!({"aud": null}), "aud"),
            (json!({"aud": ["you", "me"]}), "azp"),
            (json!({"aud": "me", "azp": "you"}), "azp"),
            (json!({"exp": 900}), "exp"),
            (json!({"exp": null}), "exp"),
            (json!({"exp": "2000"}), "exp"),
            (json!({"nbf": 1_100}), "nbf"),
            (json!({"nonce": "other"}), "nonce"),
        ];
        for (changes, wanted) in cases {
            match check_claims(&claims(&changes), &expected()) {
                Err(IdTokenError::Claim { claim, .. }) => assert_eq!(claim, wanted, "{changes}"),
                other => panic!("{changes}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_tenant_stands_in_for_its_placeholder_only() {
        assert!(is_issuer("https://m.example/t1/v2.0", "https://m.example/{tenantid}/v2.0", Some("t1")));
        assert!(!is_issuer("https://m.example/t2/v2.0", "https://m.example/{tenantid}/v2.0", Some("t1")));
        assert!(!is_issuer("", "", None));
    }

    #[test]
    fn a_signed_token_of_somebody_else_is_not_ours() {
        let error = verify(&Secret::new(RS256), &keys(), &expected()).unwrap_err();
        assert!(matches!(error, IdTokenError::Claim { claim: "iss", .. }), "{error}");
        let unsigned = RS256.rsplit_once('.').unwrap().0.to_owned() + ".AAAA";
        assert!(matches!(verify(&Secret::new(unsigned), &keys(), &expected()), Err(IdTokenError::Signature(_))));
    }

    #[test]
    fn the_nonce_of_a_new_token_must_be_the_one_that_was_sent() {
        let token = |claims: &str| {
            use base64::Engine as _;
            let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
            Secret::new(format!("{}.{}.x", encode("{\"alg\":\"RS256\"}"), encode(claims)))
        };
        assert_eq!(check_nonce(Some(&token("{\"nonce\":\"n\"}")), Some("n")), Ok(()));
        assert!(check_nonce(Some(&token("{\"nonce\":\"m\"}")), Some("n")).is_err());
        assert!(check_nonce(Some(&token("{}")), Some("n")).is_err());
        assert!(check_nonce(Some(&Secret::new("opaque")), Some("n")).is_err());
        assert_eq!(check_nonce(Some(&token("{}")), None), Ok(()));
        assert_eq!(check_nonce(None, Some("n")), Ok(()));
    }
}
