use std::collections::BTreeMap;
use std::path::Path;

use hallpass::catalog::{Catalog, check};
use hallpass::model::ProviderId;

/// Every embedded file with its text, by id.
fn files() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("providers");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn every_embedded_file_keeps_every_rule() {
    let catalog = Catalog::default();
    let mut failures = Vec::new();
    let mut aliases: BTreeMap<String, String> = BTreeMap::new();
    for (id, text) in files() {
        if let Err(error) = ProviderId::new(id.clone()) {
            failures.push(format!("{id}: {error}"));
        }
        let provider = match catalog.get(&id) {
            Ok((_, provider)) => provider,
            Err(error) => {
                failures.push(format!("{id}: {error}"));
                continue;
            }
        };
        failures.extend(check::problems(&provider).into_iter().map(|problem| format!("{id}: {problem}")));
        for default in [
            "scope_separator = \" \"",
            "pkce = \"S256\"",
            "\"client_secret_post\"",
            "format = \"form\"",
            "optional = false",
        ] {
            if text.contains(default) {
                failures.push(format!("{id}: `{default}` is the default and is not written"));
            }
        }
        if !provider.categories.is_sorted() {
            failures.push(format!("{id}: its categories are not sorted"));
        }
        for alias in provider.aliases {
            if let Some(other) = aliases.insert(alias.to_lowercase(), id.clone()) {
                failures.push(format!("{id}: the alias `{alias}` is `{other}`'s too"));
            }
        }
        if text.to_lowercase().contains("nango") {
            failures.push(format!("{id}: names another product"));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn the_providers_people_ask_for_first_are_there() {
    let catalog = Catalog::default();
    let wanted = [
        "github",
        "gitlab",
        "google",
        "slack",
        "notion",
        "linear",
        "discord",
        "spotify",
        "microsoft",
        "salesforce",
        "shopify",
        "zoom",
        "hubspot",
    ];
    for id in wanted {
        let (_, provider) = catalog.get(id).unwrap();
        assert!(!provider.notes.is_empty() && provider.console.is_some() && provider.docs.is_some(), "{id}");
    }
}

/// What the vendors' pages say, written down apart from the files: authorization URL parameters
/// and client authentication are where a slip costs people hours.
#[test]
fn the_odd_ones_are_as_odd_as_they_should_be() {
    use hallpass::model::provider::{ClientAuthentication, Pkce, RequestFormat};
    let oauth2 = |id: &str| Catalog::default().get(id).unwrap().1.oauth2.unwrap();
    assert_eq!(oauth2("google").authorization_params["access_type"].to_string(), "offline");
    assert_eq!(
        (oauth2("notion").token_endpoint_auth_method, oauth2("notion").token_request.format),
        (ClientAuthentication::ClientSecretBasic, RequestFormat::Json)
    );
    assert_eq!((oauth2("slack").scope_separator.as_str(), oauth2("slack").pkce), (",", Pkce::None));
    assert_eq!(oauth2("linear").scope_separator, ",");
    assert_eq!(oauth2("salesforce").response.lifetime, Some(7_200));
    assert!(oauth2("slack").redirect.https_only);
    let (_, shopify) = Catalog::default().get("shopify").unwrap();
    assert_eq!(shopify.api_headers(), [("x-shopify-access-token".to_owned(), "{token}".to_owned())]);
}
