//! Placeholders in provider files: finding them, and filling them without letting a value move a
//! request to another host.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::provider::{UrlTemplate, Variable, VariableKind};
use super::untrusted;

/// Everything but unreserved characters (RFC 3986 section 2.3, RFC 5849 section 3.6).
pub const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same in a path, where a colon stays one (RFC 3986 section 3.3): the token of a Telegram bot has one.
const SEGMENT: &AsciiSet = &COMPONENT.remove(b':');

/// A template that cannot be filled, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace without its partner, or a name that is none.
    #[error("`{template}` has a malformed placeholder (expected `{{name}}`)")]
    Malformed {
        /// The template.
        template: String,
    },
    /// A variable without a value.
    #[error("`{name}` has no value")]
    Missing {
        /// The variable.
        name: String,
    },
    /// A value that its kind does not let in.
    #[error("`{value}` cannot be used for `{name}`: expected {expected}")]
    BadValue {
        /// The variable.
        name: String,
        /// The value, made harmless for a terminal.
        value: String,
        /// What would be let in.
        expected: String,
    },
    /// What came out is no usable URL.
    #[error("`{url}` is not a usable URL: {why}")]
    BadUrl {
        /// What came out, made harmless for a terminal.
        url: String,
        /// Why not.
        why: &'static str,
    },
}

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text that stays as it is.
    Literal(&'a str),
    /// `{name}`.
    Placeholder(&'a str),
}

/// Where in a URL a placeholder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// At the very beginning: the value brings scheme and host.
    Prefix,
    /// Between `://` and the next `/`, `?` or `#`.
    Host,
    /// After the host.
    Path,
    /// After `?`.
    Query,
}

/// Takes a template apart.
pub fn parts(template: &str) -> Result<Vec<Part<'_>>, TemplateError> {
    let malformed = || TemplateError::Malformed { template: untrusted::line(template) };
    let mut found = Vec::new();
    let mut rest = template;
    while let Some(start) = rest.find(['{', '}']) {
        let (literal, from) = rest.split_at(start);
        if !literal.is_empty() {
            found.push(Part::Literal(literal));
        }
        let inner = from.strip_prefix('{').ok_or_else(malformed)?;
        let (name, after) = inner.split_once('}').ok_or_else(malformed)?;
        let fits = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
        if name.is_empty() || !name.chars().all(fits) {
            return Err(malformed());
        }
        found.push(Part::Placeholder(name));
        rest = after;
    }
    if !rest.is_empty() {
        found.push(Part::Literal(rest));
    }
    Ok(found)
}

/// Returns the placeholders of a URL template with their positions.
pub fn placeholders(template: &str) -> Result<Vec<(&str, Position)>, TemplateError> {
    let mut before = String::new();
    let mut found = Vec::new();
    for part in parts(template)? {
        match part {
            Part::Literal(text) => before.push_str(text),
            Part::Placeholder(name) => {
                found.push((name, position(&before)));
                // A placeholder's own value never ends the part of the URL it stands in.
                before.push('x');
            }
        }
    }
    Ok(found)
}

fn position(before: &str) -> Position {
    if before.is_empty() {
        return Position::Prefix;
    }
    let after_scheme = before.split_once("://").map_or(before, |(_, rest)| rest);
    if after_scheme.contains('?') {
        Position::Query
    } else if after_scheme.contains('/') || !before.contains("://") {
        Position::Path
    } else {
        Position::Host
    }
}

/// What to fill templates with.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    /// What the provider file declares.
    pub declared: &'a BTreeMap<String, Variable>,
    /// What the user gave, or a flow captured.
    pub given: &'a BTreeMap<String, String>,
    /// Whether plain http to loopback is let in: only for a user's own file.
    pub allows_loopback_http: bool,
}

impl Values<'_> {
    /// Returns the value of `name`: given, or the declared default; checked against its kind.
    pub fn get(&self, name: &str) -> Result<Option<String>, TemplateError> {
        let declared = self.declared.get(name);
        let given = self.given.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let Some(value) = given.or_else(|| declared?.default.as_deref()) else { return Ok(None) };
        match declared {
            Some(variable) => check_value(name, variable, value, self.allows_loopback_http).map(Some),
            None => Ok(Some(value.to_owned())),
        }
    }

    /// Fills the first candidate whose variables are all set, and checks that the outcome is the
    /// URL that the template promises.
    pub fn url(&self, template: &UrlTemplate) -> Result<Url, TemplateError> {
        let mut first_missing = None;
        for candidate in template.candidates() {
            match self.fill(candidate) {
                Ok(url) => return Ok(url),
                Err(missing @ TemplateError::Missing { .. }) => {
                    first_missing.get_or_insert(missing);
                }
                Err(error) => return Err(error),
            }
        }
        Err(first_missing.unwrap_or(TemplateError::BadUrl { url: String::new(), why: "it is empty" }))
    }

    fn fill(&self, template: &str) -> Result<Url, TemplateError> {
        // What an error shows: a credential by its name.
        let (mut text, mut shown) = (String::new(), String::new());
        for part in parts(template)? {
            match part {
                Part::Literal(literal) => {
                    text.push_str(literal);
                    shown.push_str(literal);
                }
                Part::Placeholder(name) => {
                    let value = self.get(name)?.ok_or_else(|| TemplateError::Missing { name: name.to_owned() })?;
                    match position(&text) {
                        Position::Prefix | Position::Host => text.push_str(&value),
                        Position::Path => text.extend(utf8_percent_encode(&value, SEGMENT)),
                        Position::Query => text.extend(utf8_percent_encode(&value, COMPONENT)),
                    }
                    let is_open = self.declared.contains_key(name);
                    let by_name = format!("{{{name}}}");
                    shown.push_str(if is_open { &value } else { &by_name });
                }
            }
        }
        let bad = |why| TemplateError::BadUrl { url: untrusted::line(&shown), why };
        let url = endpoint(&text, self.allows_loopback_http).map_err(|error| match error {
            TemplateError::BadUrl { why, .. } => bad(why),
            other => other,
        })?;
        // The parser may read the text in another way than we did: what it takes for the host must
        // be what stands between `://` and the next `/` or `?`.
        let written = text.split_once("://").map_or("", |(_, rest)| rest);
        let written = written.split(['/', '?', '#']).next().unwrap_or_default();
        let read = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        let default_port = if url.scheme() == "https" { ":443" } else { ":80" };
        let written = written.strip_suffix(default_port).unwrap_or(written);
        if !written.eq_ignore_ascii_case(&read) {
            return Err(bad("its host is not the one written"));
        }
        Ok(url)
    }
}

/// Reads the URL of an endpoint: https (or http to loopback, where that is let in), without user
/// info, fragment and white space.
pub fn endpoint(text: &str, allows_loopback_http: bool) -> Result<Url, TemplateError> {
    let bad = |why| TemplateError::BadUrl { url: untrusted::line(text), why };
    if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err(bad("there is white space in it"));
    }
    let url = Url::parse(text).map_err(|_| bad("it cannot be read"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("it carries user info"));
    }
    if url.fragment().is_some() {
        return Err(bad("it carries a fragment"));
    }
    if is_link_local(&url) {
        return Err(bad(
            "it leads to an address of this network's own (link-local), where cloud machines keep their metadata",
        ));
    }
    match url.scheme() {
        "https" if url.host_str().is_some() => Ok(url),
        "http" if allows_loopback_http && is_loopback(&url) => Ok(url),
        "http" => Err(bad("it is plain http (only a provider file of your own may use that, and only on loopback)")),
        _ => Err(bad("expected an https URL")),
    }
}

/// Tells whether a URL leads to a link-local address (RFC 3927, RFC 4291 section 2.5.6), to the unspecified one,
/// or to one that clouds keep their machines' metadata at.
pub fn is_link_local(url: &Url) -> bool {
    let v4 = |address: std::net::Ipv4Addr| address.is_link_local() || address.is_unspecified();
    match url.host() {
        Some(url::Host::Ipv4(address)) => v4(address),
        Some(url::Host::Ipv6(address)) => {
            address.is_unicast_link_local()
                || address.is_unspecified()
                || address.to_ipv4_mapped().is_some_and(v4)
                || address == std::net::Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
        }
        Some(url::Host::Domain(name)) => name == "metadata.google.internal",
        None => false,
    }
}

/// Tells whether a URL leads to this machine by its name alone.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Checks a value against its kind, and returns it without the prefix and suffix that the file
/// puts around it.
pub fn check_value(
    name: &str,
    variable: &Variable,
    value: &str,
    allows_loopback_http: bool,
) -> Result<String, TemplateError> {
    let bad = |expected: &str| TemplateError::BadValue {
        name: name.to_owned(),
        value: untrusted::line(value),
        expected: expected.to_owned(),
    };
    let mut value = value.trim();
    if let Some(prefix) = &variable.prefix {
        value = value.strip_prefix(prefix.as_str()).unwrap_or(value);
    }
    if matches!(variable.kind, VariableKind::Label | VariableKind::Labels | VariableKind::Host) {
        value = value.strip_prefix("https://").unwrap_or(value);
        value = value.strip_suffix('/').unwrap_or(value);
    }
    if let Some(suffix) = &variable.suffix {
        value = value.strip_suffix(suffix.as_str()).unwrap_or(value);
    }
    let is_good = match variable.kind {
        VariableKind::Label => is_label(value),
        VariableKind::Labels => value.len() <= 200 && value.split('.').all(is_label),
        VariableKind::Host => is_host(value),
        VariableKind::Uuid => is_uuid(value),
        VariableKind::Choice => variable.choices.iter().any(|choice| choice == value),
        // A segment of dots alone would climb up the path.
        VariableKind::Text => {
            !value.is_empty()
                && !value.chars().all(|character| character == '.')
                && !value.chars().any(char::is_control)
        }
        VariableKind::Url => {
            let url = endpoint(value, allows_loopback_http).map_err(|error| bad(&format!("an https URL ({error})")))?;
            if url.query().is_some() {
                return Err(bad("a URL without a query"));
            }
            return Ok(url.as_str().trim_end_matches('/').to_owned());
        }
    };
    if !is_good {
        return Err(bad(&expected(variable)));
    }
    Ok(match variable.kind {
        VariableKind::Choice | VariableKind::Text | VariableKind::Url => value.to_owned(),
        VariableKind::Label | VariableKind::Labels | VariableKind::Host | VariableKind::Uuid => {
            value.to_ascii_lowercase()
        }
    })
}

/// Returns in words what a variable lets in.
pub fn expected(variable: &Variable) -> String {
    match variable.kind {
        VariableKind::Label => "one part of a host name: letters, digits and dashes, as in `acme`".to_owned(),
        VariableKind::Labels => "the first part of a host name, as in `acme` or `acme.eu`".to_owned(),
        VariableKind::Host => "a host name, as in `acme.example.com`".to_owned(),
        VariableKind::Url => "an https URL".to_owned(),
        VariableKind::Uuid => "a UUID, as in `123e4567-e89b-12d3-a456-426614174000`".to_owned(),
        VariableKind::Choice => format!("one of {}", variable.choices.join(", ")),
        VariableKind::Text => "some text without control characters".to_owned(),
    }
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_host(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    let ends_in_letters = labels.last().is_some_and(|label| label.bytes().any(|byte| byte.is_ascii_alphabetic()));
    text.len() <= 253 && labels.len() > 1 && ends_in_letters && labels.iter().all(|label| is_label(label))
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
