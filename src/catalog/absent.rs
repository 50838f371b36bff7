//! Providers that others list and that are not here, with the reason: whoever looks for one is told, not left to guess.

/// The ids, sorted, each with what stands in the way, as the end of a sentence.
pub const ABSENT: [(&str, &str); 14] = [
    ("avanan", "each request, the one for a token included, is signed with a hash of its own"),
    ("bullhorn", "the access token is traded for a session by another request, at each refresh too"),
    ("cloudflare-mcp", DISCOVERED),
    ("crisp-plugin-install", "it is authorized by installing a plugin in Crisp; `crisp` takes its keys"),
    ("github-app-oauth", "it is two tokens in one: `github-app` is the installation's, `github` a user's"),
    ("jobdiva", "the bare token is the whole answer, and the password stands in the URL"),
    ("lovable-mcp", "it knows a client by a metadata document only, which must be published at an https address"),
    ("mcp-generic", DISCOVERED),
    ("sage-intacct", "it is spoken to in XML; `sage-intacct-oauth` and `sage-intacct-cc` are not"),
    ("salesmsg", "its keys last an hour, and only the key itself renews it; `salesmsg-oauth2` lasts"),
    ("sap-success-factors", "a SAML assertion must be signed"),
    ("shopline-oauth", "each token request is signed with an HMAC of its own; `shopline` takes a token"),
    ("unauthenticated", NOTHING),
    ("youcanbook-me-public", NOTHING),
];

const DISCOVERED: &str =
    "there is nothing to list: `hallpass config create KEY --mcp URL` asks the server whose tokens it takes";
const NOTHING: &str = "it needs no credentials, so there is nothing to keep";

/// Returns why there is no provider of this id, where that is known.
pub fn reason(id: &str) -> Option<&'static str> {
    ABSENT.binary_search_by_key(&id, |(absent, _)| absent).ok().map(|index| ABSENT[index].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_sorted_and_not_there() {
        assert!(ABSENT.is_sorted_by_key(|(id, _)| id));
        for (id, _) in ABSENT {
            assert!(crate::catalog::Catalog::default().get(id).is_err(), "{id} is there");
        }
        assert!(reason("avanan").is_some() && reason("github").is_none());
    }
}
