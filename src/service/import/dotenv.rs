//! Clients in a `.env` file: pairs of variables such as `GITHUB_CLIENT_ID` and
//! `GITHUB_CLIENT_SECRET`, as the frameworks name them.
//!
//! The lines are read here and not by `dotenvy`: that puts the environment's values in the place of
//! `$NAME`, which may stand in a secret, and its errors carry the line that they are about.

use std::collections::BTreeMap;

use super::found::{FoundClient, of_this_machine};
use crate::model::config::split_scopes;
use crate::model::{Secret, untrusted};
use crate::service::{Error, Result};

/// How the variables of a client's id and secret end; the plain ones of Auth.js come last.
const PAIRS: [(&str, &str); 6] = [
    ("CLIENT_ID", "CLIENT_SECRET"),
    ("CLIENT_KEY", "CLIENT_SECRET"),
    ("APP_ID", "APP_SECRET"),
    ("CONSUMER_KEY", "CONSUMER_SECRET"),
    ("ID", "SECRET"),
    ("KEY", "SECRET"),
];

/// Finds the clients. A name that belongs to no pair is none of our business.
pub(super) fn clients(text: &str) -> Result<Vec<FoundClient>> {
    let values = variables(text)?;
    let mut clients: Vec<FoundClient> = Vec::new();
    for (id_end, secret_end) in PAIRS {
        for (name, id) in &values {
            let Some(prefix) = name.strip_suffix(id_end).filter(|prefix| prefix.is_empty() || prefix.ends_with('_'))
            else {
                continue;
            };
            let secret = values.get(&format!("{prefix}{secret_end}")).filter(|secret| !is_blank(secret));
            // A lone name that ends in ID or KEY is anything; one that ends in CLIENT_ID lacks its secret.
            if secret.is_none() && id_end != "CLIENT_ID" {
                continue;
            }
            let prefix = prefix.trim_end_matches('_');
            let is_known = clients.iter().any(|client| client.client_id == id.expose());
            if is_known || is_blank(id) {
                continue;
            }
            let other = |ends: &[&str]| {
                ends.iter().find_map(|end| values.get(format!("{prefix}_{end}").trim_start_matches('_')))
            };
            clients.push(FoundClient {
                name: if prefix.is_empty() { "CLIENT".to_owned() } else { prefix.to_owned() },
                client_id: id.expose().to_owned(),
                client_secret: secret.cloned(),
                may_be_public: false,
                scopes: other(&["SCOPES", "SCOPE"]).map(|scopes| split_scopes(scopes.expose())).unwrap_or_default(),
                redirect_uri: other(&["REDIRECT_URI", "REDIRECT_URL", "CALLBACK_URL", "CALLBACK_URI"])
                    .and_then(|uri| of_this_machine(uri.expose())),
            });
        }
    }
    Ok(clients)
}

/// Whether a value was never filled in.
fn is_blank(value: &Secret) -> bool {
    let text = value.expose();
    text.is_empty() || text.starts_with(['<', '$']) || text.eq_ignore_ascii_case("changeme")
}

/// Reads `NAME=value`, `export NAME='value'`, `NAME="va\nlue" # comment`. Nothing is put in the
/// place of `$NAME`. An error names the line and never shows it.
fn variables(text: &str) -> Result<BTreeMap<String, Secret>> {
    let mut values = BTreeMap::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let bad = |why: &str| Error::usage(format!("line {}: {why}", index + 1));
        let (name, value) = line.split_once('=').ok_or_else(|| bad("expected NAME=VALUE"))?;
        let name = name.trim();
        if name.is_empty()
            || !name.chars().all(|character| character.is_ascii_alphanumeric() || "_.-".contains(character))
        {
            return Err(bad(&format!("`{}` is no name of a variable", untrusted::line(name))));
        }
        let value = value.trim_start();
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let mut rest = zeroize::Zeroizing::new(value[1..].to_owned());
                loop {
                    if let Some(value) = quoted(&rest, quote) {
                        break value;
                    }
                    let (_, next) = lines.next().ok_or_else(|| bad("its quotation mark is never closed"))?;
                    rest.push('\n');
                    rest.push_str(next);
                }
            }
            _ => Secret::new(value.split_once(" #").map_or(value, |(value, _)| value).trim_end()),
        };
        values.insert(name.to_ascii_uppercase().replace(['.', '-'], "_"), value);
    }
    Ok(values)
}

/// Reads up to the closing quotation mark; `None` where there is none.
fn quoted(text: &str, quote: char) -> Option<Secret> {
    let mut value = zeroize::Zeroizing::new(String::new());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' if quote == '"' => match characters.next()? {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                other => value.push(other),
            },
            character if character == quote => return Some(Secret::new(value.as_str())),
            character => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, String, String)> {
        let client = |client: FoundClient| {
            (
                client.name,
                client.client_id,
                client.client_secret.map(|secret| secret.expose().to_owned()).unwrap_or_default(),
            )
        };
        clients(text).unwrap().into_iter().map(client).collect()
    }

    fn client(name: &str, id: &str, secret: &str) -> (String, String, String) {
        (name.to_owned(), id.to_owned(), secret.to_owned())
    }

    #[test]
    fn pairs_are_found_as_the_frameworks_name_them() {
        let text = "GITHUB_CLIENT_ID=a\nGITHUB_CLIENT_SECRET=b\nAUTH_GOOGLE_ID=c\nAUTH_GOOGLE_SECRET=d\n\
                    FACEBOOK_APP_ID=e\nFACEBOOK_APP_SECRET=f\nDATABASE_URL=x\nUSER_ID=1\nCLIENT_ID=g\nCLIENT_SECRET=h\n";
        assert_eq!(
            found(text),
            [
                client("CLIENT", "g", "h"),
                client("GITHUB", "a", "b"),
                client("FACEBOOK", "e", "f"),
                client("AUTH_GOOGLE", "c", "d"),
            ]
        );
    }

    #[test]
    fn quotes_comments_and_exports_are_understood_and_nothing_is_expanded() {
        let text = "# ours\nexport A_CLIENT_ID = 'i d' # not this\nA_CLIENT_SECRET=\"s\\\"$HOME\\n#2\"\n\
                    B_CLIENT_ID=plain # a comment\nB_CLIENT_SECRET=with#hash\n";
        assert_eq!(found(text), [client("A", "i d", "s\"$HOME\n#2"), client("B", "plain", "with#hash")]);
    }

    #[test]
    fn what_was_never_filled_in_is_no_client() {
        let text = "A_CLIENT_ID=\nA_CLIENT_SECRET=x\nB_CLIENT_ID=<your id>\nB_CLIENT_SECRET=y\nC_CLIENT_ID=${C}\nC_CLIENT_SECRET=z\n";
        assert!(found(text).is_empty());
        assert_eq!(found("D_CLIENT_ID=d\n"), [client("D", "d", "")], "its secret is missing, and that is told");
    }

    #[test]
    fn a_bad_line_is_named_by_its_number_and_not_shown() {
        for text in ["A=1\ncanary-secret\n", "A=1\nB=\"canary-secret", "\nB='canary-secret\nC=1"] {
            let error = variables(text).unwrap_err();
            assert!(error.message.contains("line 2") && !error.message.contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_redirect_uri_counts_where_it_leads_to_this_machine() {
        let with = |uri: &str| {
            clients(&format!("X_CLIENT_ID=a\nX_CLIENT_SECRET=b\nX_REDIRECT_URI={uri}\nX_SCOPES=\"r w\"\n"))
                .unwrap()
                .remove(0)
        };
        assert_eq!(with("http://localhost:4000/cb").redirect_uri.as_deref(), Some("http://localhost:4000/cb"));
        assert_eq!(with("https://app.example.com/cb").redirect_uri, None);
        assert_eq!(with("nonsense").scopes, ["r", "w"]);
    }
}
