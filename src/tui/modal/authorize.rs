//! The form for a new connection: it asks for what the way in needs, and for nothing else.

use std::collections::BTreeMap;

use crate::model::config::split_scopes;
use crate::model::provider::{CredentialField, Variable};
use crate::model::template::{check_value, expected};
use crate::model::{Config, Connection, ConnectionId, ConnectionRef, Provider, Secret, WayIn};
use crate::service::connect::{ConnectRequest, Way};
use crate::service::enter::EnterRequest;
use crate::tui::widgets::form::{Field, Form};
use crate::tui::widgets::input::Input;

/// The form for a new connection, or for a key that is entered anew.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthorizeForm {
    /// The config.
    pub config: Config,
    /// Its provider.
    pub provider: Provider,
    /// The way in that its lines are for.
    pub way: WayIn,
    /// What is typed.
    pub form: Form,
    /// Whether a device code is taken unless another choice is made.
    prefers_device: bool,
    /// The connection that is there, and its way in: what goes with its tokens need not be entered again.
    known: Option<(ConnectionId, WayIn)>,
}

/// The line on which the way in is chosen.
pub const WAY: &str = "way";
/// The line on which it is chosen where the page is opened.
const WHERE: &str = "where";
/// The line on which it is chosen whether a key is proven.
const PROOF: &str = "proof";
/// What can be chosen there.
const BROWSER: &str = "in my browser";
const DEVICE: &str = "on another device, with a code";
const PASTE: &str = "elsewhere; I paste the address it ends on";
const PROVEN: &str = "yes, by a call to its API";
const UNPROVEN: &str = "no, keep it as it is";

/// What a filled form asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// To authorize, with a person at a page of the provider.
    Authorize(ConnectRequest),
    /// To keep what was entered, or to get a token for the client itself.
    Enter(EnterRequest),
}

impl AuthorizeForm {
    /// Makes the form for a config; `None` where its provider has no way in that it can take.
    pub fn new(
        config: Config,
        provider: &Provider,
        connection: Option<&Connection>,
        prefers_device: bool,
    ) -> Option<Self> {
        let has_client = !config.client_id.is_empty();
        let way = connection.map(|connection| connection.way).or_else(|| provider.usual_way(has_client))?;
        let mut form = Self {
            config,
            provider: provider.clone(),
            way,
            form: Form::default(),
            prefers_device,
            known: connection.map(|connection| (connection.reference.id.clone(), connection.way)),
        };
        if !form.usable_ways().contains(&way) {
            return None;
        }
        form.rebuild();
        if let Some(connection) = connection {
            for field in &mut form.form.fields {
                let known = match field.name.as_str() {
                    "id" => Some(connection.reference.id.to_string()),
                    "scopes" => Some(connection.requested_scopes.join(",")),
                    name => connection.variables.get(name).cloned(),
                };
                if let Some(known) = known {
                    field.input = Input::with(&known);
                }
            }
        }
        // What is known of it decides what the lines say.
        form.rebuild();
        form.form = form.form.focused_on_first_empty();
        Some(form)
    }

    fn usable_ways(&self) -> Vec<WayIn> {
        self.provider.usable_ways(!self.config.client_id.is_empty())
    }

    /// Lays the lines out anew for the way in that is chosen; what was typed stays.
    pub fn rebuild(&mut self) {
        let chosen = WayIn::from_word(self.form.text(WAY)).filter(|way| self.usable_ways().contains(way));
        self.way = chosen.unwrap_or(self.way);
        let focused = self.form.fields.get(self.form.focus).map(|field| field.name.clone());
        let mut fields = self.fields();
        for field in &mut fields {
            if let Some(before) =
                self.form.fields.iter().find(|before| before.name == field.name && before.choices == field.choices)
            {
                field.input = before.input.clone();
            }
        }
        let focus = fields.iter().position(|field| Some(&field.name) == focused.as_ref()).unwrap_or(0);
        self.form = Form { focus, error: None, fields };
    }

    fn fields(&self) -> Vec<Field> {
        let mut fields = vec![Field::new("id", "Connection", "", "what you will call this account, as in jane")];
        let ways: Vec<String> = self.usable_ways().iter().map(ToString::to_string).collect();
        if ways.len() > 1 {
            fields.push(Field::choice(WAY, "Way in", ways, self.way.word(), "how it is authorized; ← and → choose"));
        }
        fields.extend(self.provider.asked_variables().map(|(name, variable)| variable_field(name, variable)));
        for (name, field) in self.provider.credential_fields(self.way) {
            if field.default.is_none() {
                fields.push(self.credential_line(&name, &field));
            }
        }
        if self.way.is_entered() {
            if self.provider.api.verify.is_some() {
                let choices = vec![PROVEN.to_owned(), UNPROVEN.to_owned()];
                fields.push(Field::choice(PROOF, "Prove it", choices, PROVEN, "← and → choose"));
            }
            return fields;
        }
        let known = self.provider.known_scopes(self.way);
        let usual = "comma-separated; empty asks for the provider's usual ones".to_owned();
        let help =
            if known.is_empty() { usual } else { format!("{usual}; ctrl-s chooses among {} known ones", known.len()) };
        fields.push(Field::new("scopes", "Scopes", &self.config.scopes.join(","), &help));
        if self.way != WayIn::ClientCredentials {
            let has_device = self.way == WayIn::OAuth2 && self.provider.offers_device();
            let device = has_device.then(|| DEVICE.to_owned());
            let choices: Vec<String> =
                [BROWSER.to_owned()].into_iter().chain(device).chain([PASTE.to_owned()]).collect();
            let usual = if has_device && self.prefers_device { DEVICE } else { BROWSER };
            fields.push(Field::choice(
                WHERE,
                "Ask me",
                choices,
                usual,
                "where the provider's page is opened; ← and → choose",
            ));
        }
        fields
    }

    /// The line of what is to be entered; what its label explains stands below it.
    fn credential_line(&self, name: &str, field: &CredentialField) -> Field {
        let label = field.short_label(name);
        let explained = field.label.as_deref().filter(|whole| *whole != label);
        let may = match (self.keeps_fields(), field.optional) {
            (true, _) => Some("empty keeps what is there"),
            (false, true) => Some("it may be left out"),
            (false, false) => None,
        };
        let file = field.pem.then_some("@FILE reads it from there");
        let help: Vec<&str> = explained.into_iter().chain(may).chain(file).collect();
        Field { is_secret: field.secret, ..Field::new(name, label, "", &help.join("; ")) }
    }

    /// Reads the filled form; an error names the line that it is about.
    pub fn asked(&self) -> Result<Asked, (String, String)> {
        let text = |name: &str| self.form.text(name).to_owned();
        let id = ConnectionId::new(text("id")).map_err(|error| ("id".to_owned(), error.to_string()))?;
        let mut variables = BTreeMap::new();
        for (name, variable) in self.provider.asked_variables() {
            let value = text(name);
            if value.is_empty() && (variable.optional || variable.default.is_some()) {
                continue;
            }
            let checked = check_value(name, variable, &value, self.provider.is_own);
            checked.map_err(|_| (name.to_owned(), format!("expected {}", expected(variable))))?;
            variables.insert(name.to_owned(), value);
        }
        let scopes = Some(split_scopes(&text("scopes"))).filter(|scopes| !scopes.is_empty());
        let reference = ConnectionRef::new(self.config.key.clone(), id);
        if !self.way.has_flow() {
            let mut request = EnterRequest::new(reference).reading_files();
            (request.way_in, request.variables, request.scopes) = (Some(self.way), variables, scopes);
            request.unverified = text(PROOF) == UNPROVEN;
            request.fields = self.entered()?;
            return Ok(Asked::Enter(request));
        }
        let mut request = ConnectRequest::new(reference).reading_files();
        (request.way_in, request.variables, request.scopes) = (Some(self.way), variables, scopes);
        request.fields = self.entered()?;
        request.way = match text(WHERE).as_str() {
            DEVICE => Way::Device,
            PASTE => Way::Paste,
            _ => Way::Browser,
        };
        Ok(Asked::Authorize(request))
    }

    /// Reads what was entered beside the rest.
    fn entered(&self) -> Result<BTreeMap<String, Secret>, (String, String)> {
        let mut entered = BTreeMap::new();
        for (name, field) in self.provider.credential_fields(self.way) {
            let value = self.form.secret(&name);
            if value.is_empty() && !field.optional && field.default.is_none() && !self.keeps_fields() {
                return Err((name, "it is empty".to_owned()));
            }
            if !value.is_empty() {
                entered.insert(name, value);
            }
        }
        Ok(entered)
    }

    fn keeps_fields(&self) -> bool {
        let is_it = |(id, way): &(ConnectionId, WayIn)| *way == self.way && id.as_str() == self.form.text("id");
        !self.way.is_entered() && self.known.as_ref().is_some_and(is_it)
    }

    /// Tells whether it is this connection that the form is for, as far as it is filled in.
    pub fn asks_for(&self, connection: &ConnectionRef) -> bool {
        self.config.key == connection.config && self.form.text("id") == connection.id.as_str()
    }
}

fn variable_field(name: &str, variable: &Variable) -> Field {
    let label = variable.label.as_deref().unwrap_or(name);
    let default = variable.default.as_deref().unwrap_or_default();
    if variable.choices.is_empty() {
        let end = variable.suffix.as_ref().map(|suffix| format!(" (without {suffix})")).unwrap_or_default();
        let optional = if variable.optional { "; it may be left out" } else { "" };
        return Field::new(name, name, default, &format!("{label}: {}{end}{optional}", expected(variable)));
    }
    let none = variable.optional.then(String::new);
    let choices = none.into_iter().chain(variable.choices.iter().cloned()).collect();
    let first = if variable.optional { "" } else { variable.choices.first().map_or("", String::as_str) };
    let chosen = if default.is_empty() { first } else { default };
    Field::choice(name, name, choices, chosen, &format!("{label}; ← and → choose"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::tests::config;
    use crate::model::{Credentials, Secret, Time, TokenSet};

    #[test]
    fn what_goes_with_a_token_is_kept_where_it_is_there_and_asked_for_where_it_is_not() {
        let (_, provider) = crate::catalog::Catalog::default().get("google-ads").unwrap();
        let time: Time = "2026-01-01T00:00:00Z".parse().unwrap();
        let config = config("ads", "google-ads");
        let credentials = Credentials::OAuth2(TokenSet::new(Secret::new("t"), time));
        let reference = ConnectionRef::parse("ads/jane").unwrap();
        let jane = Connection::new(&reference, &config.provider, &credentials, Vec::new(), BTreeMap::new());
        let mut form = AuthorizeForm::new(config, &provider, Some(&jane), false).unwrap();
        let line = |form: &AuthorizeForm| {
            let found = form.form.fields.iter().find(|field| field.name == "developer_token");
            found.map(|field| (field.is_secret, field.help.clone())).unwrap()
        };
        assert!(line(&form).0 && line(&form).1.contains("empty keeps what is there"), "{:?}", line(&form));
        assert!(matches!(form.asked(), Ok(Asked::Authorize(request)) if request.fields.is_empty()));
        // Another id is another connection.
        form.form.fields[0].input = Input::with("jim");
        assert_eq!(form.asked().unwrap_err(), ("developer_token".to_owned(), "it is empty".to_owned()));
        form.rebuild();
        assert!(!line(&form).1.contains("keeps"));
    }
}
