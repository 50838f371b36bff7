//! Bodies as they are written down: as they were sent, each secret by its name.

use serde_json::{Map, Value};

use crate::model::tape::{self, Masked};
use crate::model::untrusted;

/// Writes what the request is written as: a dotted name stands in an object within.
pub(super) fn json(texts: Vec<(String, Masked)>, literals: &Map<String, Value>) -> Masked {
    let mut all = Vec::new();
    for (name, value) in texts {
        put(&mut all, &name, Node::Text(value));
    }
    for (name, value) in literals {
        put(&mut all, name, Node::Literal(untrusted::field(&value.to_string())));
    }
    object(&all, Masked::default())
}

/// A value in the making.
enum Node {
    Text(Masked),
    Literal(String),
    Object(Vec<(String, Node)>),
}

fn put(object: &mut Vec<(String, Node)>, name: &str, value: Node) {
    let Some((first, rest)) = name.split_once('.') else {
        object.push((name.to_owned(), value));
        return;
    };
    let known = object.iter().position(|(name, node)| name == first && matches!(node, Node::Object(_)));
    let index = known.unwrap_or_else(|| {
        object.push((first.to_owned(), Node::Object(Vec::new())));
        object.len() - 1
    });
    if let (_, Node::Object(inner)) = &mut object[index] {
        put(inner, rest, value);
    }
}

fn object(pairs: &[(String, Node)], all: Masked) -> Masked {
    let quoted = |text: &str| Value::from(text).to_string();
    // Between its own two quotes.
    let inner =
        |text: &str| quoted(text).get(1..).and_then(|text| text.strip_suffix('"')).unwrap_or_default().to_owned();
    let all = pairs.iter().enumerate().fold(all.with_text("{"), |all, (index, (name, node))| {
        let all = all.with_text(format!("{}{}:", if index == 0 { "" } else { "," }, quoted(name)));
        match node {
            Node::Text(value) => map_text(value, all.with_text("\""), inner).with_text("\""),
            Node::Literal(literal) => all.with_text(literal.clone()),
            Node::Object(pairs) => object(pairs, all),
        }
    });
    all.with_text("}")
}

pub(super) fn xml(pairs: &[(String, Masked)]) -> Masked {
    let start = Masked::text("<?xml version=\"1.0\" encoding=\"UTF-8\"?><credentials>");
    let all = pairs.iter().fold(start, |all, (name, value)| {
        let all = all.with_text(format!("<{name}>"));
        map_text(value, all, |text| quick_xml::escape::escape(text).into_owned()).with_text(format!("</{name}>"))
    });
    all.with_text("</credentials>")
}

/// Adds `value` to `all`, its text written by `write`.
fn map_text(value: &Masked, all: Masked, write: impl Fn(&str) -> String) -> Masked {
    value.pieces().iter().fold(all, |all, piece| match piece {
        tape::Piece::Text(text) => all.with_text(write(text)),
        tape::Piece::Secret(name) => all.with_secret(name),
    })
}
