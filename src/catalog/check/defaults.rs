//! Keys that say what holds anyway: a file is read faster without them.

use toml::{Table, Value};

/// Keys of an OAuth 2 table, and what they are unless they are written.
const DEFAULTS: [(&str, &str); 5] = [
    ("scope_separator", " "),
    ("pkce", "S256"),
    ("token_endpoint_auth_method", "client_secret_post"),
    ("token_request.format", "form"),
    ("token_request.method", "POST"),
];

/// Returns the keys of a file that only repeat a default, one line each.
pub fn spelled_out(file: &Table) -> Vec<String> {
    let mut found = Vec::new();
    for table in ["oauth2", "client_credentials"] {
        let Some(Value::Table(keys)) = file.get(table) else { continue };
        for (path, default) in DEFAULTS {
            if text_at(keys, path) == Some(default) {
                found.push(format!("`{table}.{path}` repeats the default"));
            }
        }
    }
    for table in ["variables", "credentials"] {
        let Some(Value::Table(fields)) = file.get(table) else { continue };
        for (name, field) in fields {
            if field.get("kind").and_then(Value::as_str) == Some("text") {
                found.push(format!("`{table}.{name}.kind` repeats the default"));
            }
            for key in ["optional", "secret"] {
                if field.get(key).and_then(Value::as_bool) == Some(false) {
                    found.push(format!("`{table}.{name}.{key}` repeats the default"));
                }
            }
        }
    }
    found
}

fn text_at<'a>(table: &'a Table, path: &str) -> Option<&'a str> {
    match path.split_once('.') {
        Some((first, rest)) => text_at(table.get(first)?.as_table()?, rest),
        None => table.get(path)?.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_repeats_its_default_is_named() {
        let file = "[oauth2]\nscope_separator = \" \"\npkce = \"none\"\ntoken_request = { format = \"form\" }\n[variables.a]\nkind = \"text\"";
        let found = spelled_out(&file.parse().unwrap());
        assert_eq!(found.len(), 3, "{found:?}");
    }
}
