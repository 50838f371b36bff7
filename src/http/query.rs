//! Paths and queries as Nango's SDKs send them: encoded, half encoded, or not at all.

use std::collections::BTreeMap;

use hyper::Request;
use percent_encoding::percent_decode_str;

/// A query, its names and values decoded as those of a form, and as they came.
#[derive(Debug, Default)]
pub(super) struct Query {
    pairs: Vec<(String, String)>,
    raw: String,
}

/// Decodes the segments of a path, each for itself: one with an encoded slash stays one. `None` where that
/// gives no text.
pub(super) fn segments(path: &str) -> Option<Vec<String>> {
    let raw = path.strip_prefix('/').unwrap_or(path).split('/');
    raw.map(|segment| percent_decode_str(segment).decode_utf8().ok().map(std::borrow::Cow::into_owned)).collect()
}

impl Query {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        Self::parse(request.uri().query().unwrap_or_default())
    }

    pub(super) fn parse(raw: &str) -> Self {
        Self { pairs: url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect(), raw: raw.to_owned() }
    }

    /// Returns a value; one that is empty counts as none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// Tells whether a switch is on.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| matches!(value, "true" | "1"))
    }

    /// Returns a connection id. Most SDKs send it as it is, so that a `+` means a plus (as in
    /// `jane+test@example.com`), where a form would mean a space; one that has an encoded plus is a form's.
    pub(super) fn connection_id(&self, name: &str) -> Option<String> {
        let value = self.raw.split('&').filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name)?.1;
        let is_form = value.contains("%2B") || value.contains("%2b");
        let value = if is_form { value.replace('+', "%20") } else { value.to_owned() };
        let value = percent_decode_str(&value).decode_utf8().ok()?.into_owned();
        (!value.is_empty()).then_some(value)
    }

    /// Returns the values of `name[…]`, by what stands in the brackets.
    pub(super) fn bracketed(&self, name: &str) -> BTreeMap<String, String> {
        let inner = |known: &str| Some(known.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?.to_owned());
        self.pairs.iter().filter_map(|(known, value)| Some((inner(known)?, value.clone()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_encoded_or_not() {
        for path in ["/connection/a b+c@d.e", "/connection/a%20b%2Bc%40d.e"] {
            assert_eq!(segments(path).unwrap(), ["connection", "a b+c@d.e"], "{path}");
        }
        for path in ["/connection/100%", "/connection/100%25"] {
            assert_eq!(segments(path).unwrap()[1], "100%", "{path}");
        }
        assert_eq!(segments("/connection/a%2Fb").unwrap(), ["connection", "a/b"]);
        assert!(segments("/connection/%ff").is_none());
        for query in ["connection_id=a b+c@d.e", "connection_id=a%20b%2Bc%40d.e"] {
            assert_eq!(Query::parse(query).connection_id("connection_id").unwrap(), "a b+c@d.e", "{query}");
        }
        assert_eq!(Query::parse("connection_id=a+b%2Bc").connection_id("connection_id").unwrap(), "a b+c");
        assert_eq!(Query::parse("connection_id=").connection_id("connection_id"), None);
    }

    #[test]
    fn brackets_are_read_encoded_or_not() {
        for query in ["params[subdomain]=a b&x=1", "params%5Bsubdomain%5D=a+b&params=no&params[=no"] {
            let read = Query::parse(query).bracketed("params");
            assert_eq!(read, BTreeMap::from([("subdomain".to_owned(), "a b".to_owned())]), "{query}");
        }
    }
}
