use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hallpass::catalog::{Catalog, absent, check};
use hallpass::model::provider::{OAuth2, UrlTemplate, VariableKind};
use hallpass::model::{Provider, ProviderId, WayIn, search};

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
        let table: toml::Table = text.parse().unwrap_or_default();
        failures.extend(check::spelled_out(&table).into_iter().map(|problem| format!("{id}: {problem}")));
        failures.extend(editorial(&provider).into_iter().map(|problem| format!("{id}: {problem}")));
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

/// What a reader of a file expects of it, beyond that it works.
fn editorial(provider: &Provider) -> Vec<String> {
    let mut problems = Vec::new();
    // Where an application must be registered, people stumble; a key is pasted.
    let is_registered = provider.ways().iter().any(|way| !way.is_entered());
    if is_registered && provider.notes.is_empty() {
        problems.push("it has no notes".to_owned());
    }
    for note in &provider.notes {
        if !note.ends_with('.') || note.len() > 240 {
            problems.push(format!("a note is one sentence: `{note}`"));
        }
    }
    // A client that makes itself known is registered nowhere else.
    let has_console = provider.console.is_some() || provider.may_register();
    if is_registered && (provider.docs.is_none() || !has_console) {
        problems.push("`docs` or `console` is missing".to_owned());
    }
    for way in provider.ways() {
        let known = provider.known_scopes(way);
        for scope in provider.default_scopes(way).iter().filter(|scope| !known.contains(scope)) {
            problems.push(format!("the usual scope `{scope}` is not among the known ones"));
        }
        let mut seen = BTreeSet::new();
        problems.extend(
            known
                .iter()
                .filter(|scope| !seen.insert(*scope))
                .map(|scope| format!("the scope `{scope}` stands there twice")),
        );
    }
    for (name, variable) in provider.asked_variables().filter(|(_, variable)| variable.label.is_none()) {
        problems.push(format!("the variable `{name}` ({:?}) has no label", variable.kind));
    }
    problems
}

/// The providers of Nango's early 2023, and the most used ones of today.
const WANTED: &str = "airtable asana bamboohr bitbucket box braintree braintree-sandbox brex calendly clickup confluence \
    digitalocean discord docusign dropbox epic-games facebook figma fitbit freshbooks freshdesk front github gitlab google \
    google-calendar google-drive google-mail google-sheet greenhouse gusto hubspot instagram intercom intuit jira klaviyo lever \
    linear linkedin linkhut mailchimp microsoft microsoft-teams monday netsuite notion one-drive outlook outreach pagerduty \
    paypal pipedrive quickbooks ramp ramp-sandbox reddit sage salesforce salesloft sharepoint-online shopify slack splitwise \
    spotify squareup stackexchange stripe tiktok-personal trello twilio twitter twitter-v2 wave_accounting workday xero youtube \
    zendesk zoho-books zoho-crm zoho-invoice zoom";

#[test]
fn the_providers_people_ask_for_first_are_there() {
    let catalog = Catalog::default();
    let missing: Vec<&str> = WANTED.split_whitespace().filter(|id| catalog.get(id).is_err()).collect();
    assert!(missing.is_empty(), "{missing:?}");
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
    assert_eq!(shopify.api_headers(WayIn::OAuth2), [("x-shopify-access-token".to_owned(), "{token}".to_owned())]);
}

/// Values that have moved requests elsewhere in other programs.
const HOSTILE: [&str; 22] = [
    "evil.com/",
    "evil.com#",
    "evil.com?",
    "evil.com\\",
    "user@evil.com",
    "user:pw@evil.com",
    "..",
    ".",
    "",
    " ",
    "a/../evil.com",
    "evil.com:443",
    "https://evil.com",
    "https://evil.com/",
    "//evil.com",
    "evil.com%2f",
    "evil\u{3002}com",
    "\u{ff45}vil.com",
    "evil.com\u{2044}",
    "evil\r\n.com",
    "\u{430}cme",
    "xn--80ak6aa92e.com/",
];

#[test]
fn no_value_of_a_variable_moves_a_request_with_secrets_to_a_host_that_nobody_named() {
    use hallpass::model::template::Values;
    let mut random = Random(0x5eed);
    let alphabet: Vec<char> = "evil.com/\\#?@:%-_ \t\u{0}\u{3002}\u{ff0f}\u{2044}\u{430}[]{}&=;,x".chars().collect();
    let generated = (0..1_000).map(|_| {
        let length = 1 + random.below(12);
        (0..length).map(|_| alphabet[random.below(alphabet.len())]).collect::<String>()
    });
    let values: Vec<String> = HOSTILE.iter().map(|value| (*value).to_owned()).chain(generated).collect();
    let mut tried = 0;
    for (id, provider) in Catalog::default().all() {
        let provider = provider.unwrap();
        let tables = [WayIn::OAuth2, WayIn::ClientCredentials].map(|way| provider.oauth2_of(way).cloned());
        let endpoints: Vec<UrlTemplate> =
            tables.iter().flatten().flat_map(OAuth2::endpoints).map(|(_, url)| url.clone()).collect();
        for (name, variable) in &provider.variables {
            let used =
                endpoints.iter().filter(|url| url.candidates().iter().any(|url| url.contains(&format!("{{{name}}}"))));
            for (template, value) in used.flat_map(|url| values.iter().map(move |value| (url, value))) {
                // The others have what is let in.
                let mut given: BTreeMap<String, String> =
                    provider.variables.keys().map(|other| (other.clone(), "acme".to_owned())).collect();
                given.insert(name.clone(), value.clone());
                let filled = Values { declared: &provider.variables, given: &given, allows_loopback_http: false };
                let Ok(url) = filled.url(template) else { continue };
                tried += 1;
                let host = url.host_str().unwrap().to_owned();
                let typed = value.trim().trim_start_matches("https://").trim_end_matches('/').to_ascii_lowercase();
                let is_typed_address =
                    || url::Url::parse(value.trim()).is_ok_and(|typed| typed.host_str() == Some(&host));
                let is_named = template.candidates().iter().any(|candidate| {
                    // The whole address is what was typed as one.
                    if candidate.starts_with('{') {
                        return variable.kind == VariableKind::Url && is_typed_address()
                            || !candidate.starts_with(&format!("{{{name}}}"));
                    }
                    let named = candidate.split_once("://").unwrap().1.split(['/', '?']).next().unwrap();
                    let domain = named.rsplit('}').next().unwrap();
                    let is_under = !domain.is_empty()
                        && host.ends_with(domain)
                        && domain.split('.').filter(|label| !label.is_empty()).count() >= 2;
                    // A choice is the file's own; a host is what was typed as one, to the letter.
                    is_under
                        || variable.kind == VariableKind::Choice
                            && variable
                                .choices
                                .iter()
                                .any(|choice| named.replace(&format!("{{{name}}}"), choice) == host)
                        || variable.kind == VariableKind::Host && host == typed
                        // Where nothing is given, what the file names.
                        || variable.default.as_deref() == Some(host.as_str())
                });
                assert!(is_named, "{id}: `{name}` = {value:?} leads to {url}");
                assert!(
                    url.username().is_empty()
                        && url.password().is_none()
                        && url.port().is_none()
                        && url.fragment().is_none(),
                    "{id}: {url}"
                );
            }
        }
    }
    assert!(tried > 100, "{tried}: most are refused, and those in a path are encoded");
}

/// A generator that gives the same numbers every time (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % most as u64).unwrap()
    }
}

/// What people type, and the provider that they mean.
const MEANT: [(&str, &str); 80] = [
    ("github", "github"),
    ("gmail", "google-mail"),
    ("google drive", "google-drive"),
    ("gdrive", "google-drive"),
    ("google sheets", "google-sheet"),
    ("google calendar", "google-calendar"),
    ("google docs", "google-docs"),
    ("google ads", "google-ads"),
    ("google analytics", "google-analytics"),
    ("search console", "google-search-console"),
    ("bigquery", "google-bigquery"),
    ("youtube", "youtube"),
    ("ms teams", "microsoft-teams"),
    ("lambda", "aws-multi-service"),
    ("dynamodb", "aws-multi-service"),
    ("sigv4", "aws-sigv4"),
    ("aws iam", "aws-iam"),
    ("duo", "cisco-duo-admin"),
    ("teams", "microsoft-teams"),
    ("outlook", "outlook"),
    ("onedrive", "one-drive"),
    ("sharepoint", "sharepoint-online"),
    ("excel", "microsoft-excel"),
    ("power bi", "microsoft-power-bi"),
    ("azure ad", "microsoft-entra-id"),
    ("entra", "microsoft-entra-id"),
    ("twitter", "twitter"),
    ("x", "twitter-v2"),
    ("meta", "facebook"),
    ("facebook", "facebook"),
    ("facebook ads", "meta-marketing-api"),
    ("instagram", "instagram"),
    ("linkedin", "linkedin"),
    ("tiktok", "tiktok-personal"),
    ("slack", "slack"),
    ("discord", "discord"),
    ("zoom", "zoom"),
    ("jira", "jira"),
    ("confluence", "confluence"),
    ("bitbucket", "bitbucket"),
    ("gitlab", "gitlab"),
    ("linear", "linear"),
    ("linear mcp", "linear-mcp"),
    ("notion", "notion"),
    ("asana", "asana"),
    ("trello", "trello"),
    ("hubspot", "hubspot"),
    ("salesforce", "salesforce"),
    ("zoho crm", "zoho-crm"),
    ("zendesk", "zendesk"),
    ("stripe", "stripe"),
    ("paypal", "paypal"),
    ("square", "squareup"),
    ("shopify", "shopify"),
    ("quickbooks", "quickbooks"),
    ("xero", "xero"),
    ("ebay", "ebay"),
    ("selling partner", "amazon-selling-partner"),
    ("dropbox", "dropbox"),
    ("box", "box"),
    ("figma", "figma"),
    ("spotify", "spotify"),
    ("twitch", "twitch"),
    ("reddit", "reddit"),
    ("strava", "strava"),
    ("garmin", "garmin"),
    ("mailchimp", "mailchimp"),
    ("openai", "openai"),
    ("claude", "anthropic"),
    ("okta", "okta"),
    ("auth0", "auth0"),
    ("keycloak", "keycloak"),
    ("hugging face", "huggingface"),
    ("line", "line"),
    ("patreon", "patreon"),
    ("mastodon", "mastodon"),
    ("heroku", "heroku"),
    ("netlify", "netlify"),
    ("github app", "github-app"),
    ("snowflake", "snowflake"),
];

#[test]
fn the_obvious_word_finds_the_obvious_provider_first() {
    let listed: Vec<_> = Catalog::default().list().into_iter().map(|(_, listed)| listed.unwrap()).collect();
    let entries: Vec<String> = listed
        .iter()
        .map(|one| search::entry(one.id.as_str(), &one.aliases, &one.name, &one.categories.join(" ")))
        .collect();
    let first = |typed: &str| search::fuzzy(typed, &entries).first().map(|index| listed[*index].id.as_str());
    let wrong: Vec<_> = MEANT.iter().filter(|(typed, meant)| first(typed) != Some(meant)).collect();
    assert!(wrong.is_empty(), "{:?}", wrong.iter().map(|(typed, _)| (typed, first(typed))).collect::<Vec<_>>());
}

#[test]
fn every_provider_of_todays_nango_is_there_under_its_id_or_its_absence_has_a_reason() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/catalog/ids.txt");
    let known = std::fs::read_to_string(path).unwrap();
    let catalog = Catalog::default();
    let is_there = |id: &str| catalog.get(id).is_ok_and(|(found, _)| found.as_str() == id);
    let missing: Vec<&str> = known.lines().filter(|id| !is_there(id) && absent::reason(id).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(known.lines().count(), 981);
    let there = known.lines().filter(|id| is_there(id)).count();
    assert_eq!(there + absent::ABSENT.len(), 981, "what is absent is of that list");
}
