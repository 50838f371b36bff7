//! What comes back from the browser, judged before it is believed.
//!
//! The state is compared first, in constant time: a request that does not carry it is a
//! stranger's, whatever else it says, and ends nothing.

use url::Url;

use super::Refusal;
use crate::model::{Secret, untrusted};

/// The longest code or state that is read, in bytes.
const LONGEST: usize = 8_192;

/// What a callback must carry.
#[derive(Debug)]
pub struct Expected {
    /// The state that was sent out.
    pub state: Secret,
    /// The issuer, where it is known (RFC 9207).
    pub issuer: Option<String>,
    /// Whether the server says that it always names it (RFC 9207 section 2.4).
    pub is_issuer_required: bool,
    /// The parameter that holds the code.
    pub code_parameter: String,
}

/// What a callback turned out to be.
#[derive(Debug)]
pub enum Verdict {
    /// Not the answer to this flow; it changes nothing.
    Stranger(&'static str),
    /// The provider, or the user there, said no.
    Denied(Refusal),
    /// It names another issuer, or none where it must: the answer of one provider sent to another's flow (RFC 9700
    /// section 4.4).
    WrongIssuer(String),
    /// It carries this code.
    Code(Secret),
}

/// Judges the query of a callback.
pub fn judge(query: &str, expected: &Expected) -> Verdict {
    if query.len() > LONGEST {
        return Verdict::Stranger("it is too long");
    }
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let one = |name: &str| {
        let mut values = pairs.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str());
        (values.next(), values.next().is_some())
    };
    match one("state") {
        (_, true) => return Verdict::Stranger("it carries two states"),
        (None, _) => return Verdict::Stranger("it carries no state"),
        (Some(state), _) if Secret::new(state) != expected.state => {
            return Verdict::Stranger("its state is not one that was sent out");
        }
        (Some(_), _) => {}
    }
    let (error, error_twice) = one("error");
    let (code, code_twice) = one(&expected.code_parameter);
    let (issuer, issuer_twice) = one("iss");
    if error_twice || code_twice || issuer_twice {
        return Verdict::Stranger("it carries a parameter twice");
    }
    match (issuer, &expected.issuer) {
        (Some(issuer), Some(wanted)) if issuer != wanted => return Verdict::WrongIssuer(untrusted::line(issuer)),
        (None, Some(_)) if expected.is_issuer_required => return Verdict::WrongIssuer(String::new()),
        _ => {}
    }
    match (error, code) {
        (Some(error), _) => Verdict::Denied(Refusal::new(error, one("error_description").0, one("error_uri").0, 0)),
        (None, Some(code)) if !code.is_empty() => Verdict::Code(Secret::new(code)),
        (None, _) => Verdict::Stranger("it carries neither a code nor an error"),
    }
}

/// A pasted text that is not the URL the browser ended on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasteError {
    /// It is no URL at all.
    #[error("that is not a URL; paste the whole address the browser ended on, which begins with `{expected}?`")]
    NotAUrl {
        /// The redirect URI.
        expected: String,
    },
    /// It leads somewhere else.
    #[error("that address leads to `{found}`; expected one that begins with `{expected}?`")]
    Elsewhere {
        /// Where it leads, made harmless for a terminal.
        found: String,
        /// The redirect URI.
        expected: String,
    },
    /// It carries nothing.
    #[error("that address carries no answer (nothing stands behind a `?`)")]
    Empty,
}

/// Reads the URL that a browser ended on, which must be `redirect_uri` with a query; returns the
/// query, to be judged as strictly as one that came to the listener.
pub fn pasted_query(text: &str, redirect_uri: &str) -> Result<Secret, PasteError> {
    let expected = || redirect_uri.to_owned();
    let text = text.trim().trim_matches(['"', '\'', '<', '>']);
    let pasted = Url::parse(text).map_err(|_| PasteError::NotAUrl { expected: expected() })?;
    let wanted = Url::parse(redirect_uri).map_err(|_| PasteError::NotAUrl { expected: expected() })?;
    let same = pasted.scheme() == wanted.scheme()
        && pasted.host() == wanted.host()
        && pasted.port_or_known_default() == wanted.port_or_known_default()
        && pasted.path() == wanted.path()
        && pasted.username().is_empty()
        && pasted.password().is_none();
    if !same {
        let mut found = pasted;
        found.set_query(None);
        found.set_fragment(None);
        return Err(PasteError::Elsewhere { found: untrusted::line(found.as_str()), expected: expected() });
    }
    pasted.query().filter(|query| !query.is_empty()).map(Secret::new).ok_or(PasteError::Empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn expected() -> Expected {
        Expected {
            state: Secret::new("right"),
            issuer: Some("https://as.example".to_owned()),
            is_issuer_required: false,
            code_parameter: "code".to_owned(),
        }
    }

    fn is_stranger(query: &str) -> bool {
        matches!(judge(query, &expected()), Verdict::Stranger(_))
    }

    #[test]
    fn a_code_with_the_right_state_is_taken() {
        assert!(matches!(judge("code=a%2Bb&state=right", &expected()), Verdict::Code(code) if code.expose() == "a+b"));
        assert!(matches!(judge("code=a&state=right&iss=https%3A%2F%2Fas.example", &expected()), Verdict::Code(_)));
    }

    #[test]
    fn without_the_right_state_neither_a_code_nor_an_error_counts() {
        for query in [
            "",
            "code=a",
            "error=access_denied",
            "code=a&state=",
            "code=a&state=wrong",
            "error=x&state=wrong",
            "code=a&state=right&state=right",
            "code=a&state=rightt",
        ] {
            assert!(is_stranger(query), "{query}");
        }
    }

    #[test]
    fn doubled_parameters_are_a_strangers() {
        assert!(is_stranger("code=a&code=b&state=right"));
        assert!(is_stranger("error=a&error=b&state=right"));
        assert!(is_stranger("state=right"));
        assert!(is_stranger("state=right&code="));
    }

    #[test]
    fn a_denial_keeps_the_providers_words() {
        let Verdict::Denied(refusal) = judge(
            "error=access_denied&error_description=no%1b[2Jpe&error_uri=https://x.example/e&state=right",
            &expected(),
        ) else {
            panic!()
        };
        assert_eq!(refusal.to_string(), "access_denied: no[2Jpe");
        assert_eq!(refusal.uri.as_deref(), Some("https://x.example/e"));
    }

    #[test]
    fn another_issuer_is_told_apart() {
        assert!(matches!(
            judge("code=a&state=right&iss=https%3A%2F%2Fevil.example", &expected()),
            Verdict::WrongIssuer(_)
        ));
    }

    #[test]
    fn a_server_that_always_names_its_issuer_is_held_to_it() {
        let strict = Expected { is_issuer_required: true, ..expected() };
        for query in ["code=a&state=right", "error=access_denied&state=right"] {
            assert!(matches!(judge(query, &strict), Verdict::WrongIssuer(found) if found.is_empty()), "{query}");
        }
        assert!(matches!(judge("code=a&state=right&iss=https%3A%2F%2Fas.example", &strict), Verdict::Code(_)));
    }

    #[test]
    fn a_pasted_url_must_be_the_redirect_uri() {
        let redirect = "http://localhost:3003/oauth/callback";
        assert_eq!(
            pasted_query(" http://localhost:3003/oauth/callback?code=a&state=b\n", redirect).unwrap().expose(),
            "code=a&state=b"
        );
        for elsewhere in [
            "http://localhost:3004/oauth/callback?code=a",
            "https://localhost:3003/oauth/callback?code=a",
            "http://localhost:3003/oauth/callback/?code=a",
            "http://evil@localhost:3003/oauth/callback?code=a",
            "http://127.0.0.1:3003/oauth/callback?code=a",
        ] {
            assert!(matches!(pasted_query(elsewhere, redirect), Err(PasteError::Elsewhere { .. })), "{elsewhere}");
        }
        assert!(matches!(pasted_query("a-bare-code", redirect), Err(PasteError::NotAUrl { .. })));
        assert_eq!(pasted_query("http://localhost:3003/oauth/callback", redirect), Err(PasteError::Empty));
    }

    #[test]
    fn an_error_about_a_pasted_url_shows_no_code() {
        let error =
            pasted_query("https://elsewhere.example/?code=canary", "http://localhost:3003/oauth/callback").unwrap_err();
        assert!(!error.to_string().contains("canary"));
    }

    proptest! {
        #[test]
        fn nothing_without_the_state_gets_through(query in "[ -~]{0,200}") {
            prop_assume!(!query.contains("right"));
            prop_assert!(is_stranger(&query));
        }

        #[test]
        fn any_bytes_are_judged_without_a_panic(query in any::<String>()) {
            judge(&query, &expected());
            let _ = pasted_query(&query, "http://localhost:3003/oauth/callback");
        }
    }
}
