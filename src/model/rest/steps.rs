//! The steps of a flow as `activity show --json` shows them.

use serde_json::{Map, Value, json};

use super::text;
use crate::model::tape::{Answer, Body, Request, Step};

/// Returns a step as JSON; every secret in it is the name of one (`$CODE`), or `•••` and its length.
pub fn step(step: &Step) -> Value {
    let mut shown = json!({"at": text(step.at), "step": step.what.word(), "times": step.times});
    if let Some(took) = step.took {
        shown["took_ms"] = json!(took.as_millis());
    }
    if let Some(sent) = &step.request {
        shown["request"] = request(sent);
    }
    if let Some(came) = &step.answer {
        shown["answer"] = answer(came);
    }
    if let Some(curl) = step.curl() {
        shown["curl"] = curl.into();
    }
    shown
}

fn request(sent: &Request) -> Value {
    let headers = sent.header_lines();
    let headers = headers.iter().filter_map(|line| line.split_once(": "));
    let headers: Map<String, Value> = headers.map(|(name, value)| (name.to_owned(), value.into())).collect();
    let body = match &sent.body {
        Body::Nothing => Value::Null,
        Body::Form(pairs) => {
            Value::Object(pairs.iter().map(|(name, value)| (name.clone(), value.to_string().into())).collect())
        }
        Body::Text(text) => text.to_string().into(),
        Body::Unkept(size) => json!({"bytes": size}),
    };
    json!({"method": sent.method, "url": sent.target(), "headers": headers, "body": body})
}

fn answer(came: &Answer) -> Value {
    match came {
        Answer::Failed(why) => json!({"error": why}),
        Answer::Came { status, headers, body, size } => {
            let headers: Map<String, Value> =
                headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
            // What was cut is a text.
            let body = match serde_json::from_str(body) {
                Ok(body) => body,
                Err(_) if body.is_empty() => Value::Null,
                Err(_) => body.as_str().into(),
            };
            json!({"status": status, "headers": headers, "body": body, "bytes": size})
        }
    }
}
