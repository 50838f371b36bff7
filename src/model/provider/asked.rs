//! What a provider file asks a person for, or takes out of an answer: its `[variables.NAME]`, `[credentials.NAME]` and
//! `[lookup]` tables.

use serde::Deserialize;

/// The `[variables.NAME]` table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Variable {
    /// What values are let in.
    pub kind: VariableKind,
    /// What it is called on a form.
    pub label: Option<String>,
    /// Taken where nothing is given.
    pub default: Option<String>,
    /// Cut off in front, where somebody types it.
    pub prefix: Option<String>,
    /// Cut off at the end, where somebody types it.
    pub suffix: Option<String>,
    /// The values of a choice.
    pub choices: Vec<String>,
    /// Whether it may be left out.
    pub optional: bool,
    /// `token:PATH`, `claim:PATH` (of an access token that is a JWT), `callback:NAME` or `lookup:PATH`: captured
    /// instead of asked.
    pub from: Option<String>,
}

/// What values a variable lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VariableKind {
    /// One DNS label.
    Label,
    /// One or more DNS labels, in front of a domain that the file names.
    Labels,
    /// A host name.
    Host,
    /// An https URL without query and fragment.
    Url,
    /// A UUID.
    Uuid,
    /// One of `choices`.
    Choice,
    /// Any text without control characters; never in a host.
    #[default]
    Text,
}

/// The `[credentials.NAME]` table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CredentialField {
    /// What it is called on a form.
    pub label: Option<String>,
    /// Whether it is masked.
    pub secret: bool,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it is a key or a certificate in PEM, which has several lines: then it may be given as the name of a file, `@FILE`.
    pub pem: bool,
    /// What it always is: then nobody is asked for it.
    pub default: Option<String>,
}

impl CredentialField {
    /// Returns what it is called where there is little room: its label as far as it explains nothing, or its name.
    pub fn short_label<'a>(&'a self, name: &'a str) -> &'a str {
        let label = self.label.as_deref().unwrap_or(name);
        label.split([',', '(']).next().unwrap_or_default().trim()
    }
}

/// The `[lookup]` table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// The method, GET unless said otherwise.
    #[serde(default)]
    pub method: Option<String>,
    /// The URL, or a path under the API's base URL.
    pub url: String,
    /// The body, sent as JSON.
    pub body: Option<String>,
}

/// The `mutual_tls` key: which of what is entered is the client's certificate, and which its key, both in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MutualTls {
    /// The name of the field that holds the certificate, with those between it and its root, if there are any.
    pub certificate: String,
    /// The name of the field that holds its private key.
    pub key: String,
}
