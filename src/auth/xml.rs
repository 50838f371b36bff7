//! Token requests and answers as XML (`token_request.format = "xml"`): Braintree's gateway. One level
//! deep; a dash in the name of an element stands for the underscore of the RFC's name.

use quick_xml::events::Event;
use quick_xml::{Reader, escape::escape};
use serde_json::{Map, Value};

/// Writes parameters as the elements of a `credentials` document.
pub(super) fn credentials(parameters: &[(&str, &str)]) -> String {
    let element = |(name, value): &(&str, &str)| format!("<{name}>{}</{name}>", escape(*value));
    let elements: String = parameters.iter().map(element).collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><credentials>{elements}</credentials>")
}

/// Reads the elements right under the root; `None` where it is no such document. No entity but the
/// five of XML itself is known, and no document type is read.
pub(super) fn fields(text: &str) -> Option<Map<String, Value>> {
    let mut reader = Reader::from_str(text);
    let (mut found, mut path, mut value) = (Map::new(), Vec::new(), String::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                path.push(String::from_utf8(start.name().as_ref().to_vec()).ok()?);
                value.clear();
            }
            Event::Text(part) => value.push_str(&part.decode().ok()?),
            Event::CData(part) => value.push_str(&part.decode().ok()?),
            Event::GeneralRef(entity) => value.push_str(&resolved(&entity.decode().ok()?)?),
            Event::End(_) => {
                let name = path.pop()?;
                if path.len() == 1 {
                    found.insert(name.replace('-', "_"), Value::String(value.trim().to_owned()));
                }
                value.clear();
                if path.is_empty() {
                    return Some(found);
                }
            }
            Event::DocType(_) | Event::Eof => return None,
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

fn resolved(entity: &str) -> Option<String> {
    if let Some(number) = entity.strip_prefix('#') {
        let code = match number.strip_prefix('x') {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).map(String::from);
    }
    quick_xml::escape::resolve_predefined_entity(entity).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_elements_and_nothing_breaks_out_of_them() {
        let text = credentials(&[("grant_type", "refresh_token"), ("refresh_token", "a<&\"'>b")]);
        assert!(text.ends_with("<credentials><grant_type>refresh_token</grant_type><refresh_token>a&lt;&amp;&quot;&apos;&gt;b</refresh_token></credentials>"), "{text}");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let parameters = [("code", "a<b>&amp;\u{e9}"), ("x", "")];
        let read = fields(&credentials(&parameters)).unwrap();
        assert_eq!(read["code"], "a<b>&amp;\u{e9}");
        assert_eq!(read["x"], "");
    }

    #[test]
    fn dashes_become_underscores_and_deeper_levels_are_left_alone() {
        let read = fields("<?xml version=\"1.0\"?>\n<credentials>\n <access-token>t&#49;</access-token>\n <expires-at type=\"datetime\">2026-01-01T00:00:00Z</expires-at><a><b>c</b></a></credentials>").unwrap();
        assert_eq!(
            (read["access_token"].as_str(), read["expires_at"].as_str()),
            (Some("t1"), Some("2026-01-01T00:00:00Z"))
        );
        assert!(!read.contains_key("b"));
    }

    #[test]
    fn documents_that_are_none_are_refused() {
        for text in [
            "",
            "<credentials>",
            "<credentials><a></credentials>",
            "<!DOCTYPE x [<!ENTITY a \"b\">]><credentials><a>&a;</a></credentials>",
            "<credentials><a>&unknown;</a></credentials>",
        ] {
            assert!(fields(text).is_none(), "{text}");
        }
    }
}
