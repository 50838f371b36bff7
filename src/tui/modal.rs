//! What can stand in front of a view. They are stacked; `esc` takes the topmost away.

use super::effect::Effect;
use super::widgets::form::{Field, Form};
use super::widgets::input::Input;
use crate::model::{Config, ConfigKey, ConnectionRef, Provider, ProviderId, Time};
use crate::service::connect::Waiting;
use crate::service::copy;
use crate::service::inspect::Inspection;
use crate::service::vaults::Purpose;

/// Something in front of a view.
#[derive(Debug, Clone, PartialEq)]
pub enum Modal {
    /// Every key, scrolled down by so many lines.
    Help(usize),
    /// The details of the selected row, scrolled, where the screen is too narrow to show them
    /// beside the list.
    Details(usize),
    /// A question whose answer deletes something.
    Confirm(Confirm),
    /// The forms in which a token can be copied, and the one that is selected.
    CopyAs(ConnectionRef, usize),
    /// A new config.
    NewConfig(Box<NewConfigForm>),
    /// A new connection.
    Authorize(Box<AuthorizeForm>),
    /// An authorization that waits.
    Waiting(Box<WaitingFor>),
    /// What stands in a token, scrolled.
    Inspection(Box<Inspection>, usize),
    /// The passphrase of the vault, and what was to be done with it.
    Passphrase(Box<PassphraseForm>),
}

/// What is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirm {
    /// A connection.
    Connection(ConnectionRef),
    /// A config with so many connections.
    Config(ConfigKey, usize),
}

/// The form for a new config.
#[derive(Debug, Clone, PartialEq)]
pub struct NewConfigForm {
    /// The provider.
    pub provider_id: ProviderId,
    /// What its file says.
    pub provider: Provider,
    /// What is typed.
    pub form: Form,
}

impl NewConfigForm {
    /// Makes the form for a provider; `key` is suggested.
    pub fn new(provider_id: ProviderId, provider: Provider, key: &str) -> Self {
        let oauth2 = provider.oauth2.clone().unwrap_or_default();
        let known =
            if oauth2.known_scopes.is_empty() { "comma-separated".to_owned() } else { oauth2.known_scopes.join(" ") };
        let fields = vec![
            Field::new("key", "Key", key, "what you will call this config"),
            Field::new("client_id", "Client id", "", "the provider's console shows it (ctrl-o opens that)"),
            Field::secret("client_secret", "Client secret", "leave it empty for a public client"),
            Field::new("scopes", "Scopes", &oauth2.default_scopes.join(","), &known),
            Field::new(
                "redirect_uri",
                "Redirect URI",
                crate::model::config::DEFAULT_REDIRECT_URI,
                "register it at the provider, to the letter (ctrl-r copies it)",
            ),
        ];
        Self { provider_id, provider, form: Form::new(fields).focused_on_first_empty() }
    }
}

/// The form for a new connection.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthorizeForm {
    /// The config.
    pub config: Config,
    /// What is typed.
    pub form: Form,
    /// The names of the provider's variables among the lines.
    pub variables: Vec<String>,
}

impl AuthorizeForm {
    /// Makes the form for a config.
    pub fn new(config: Config, provider: &Provider, id: &str, scopes: &[String]) -> Self {
        let mut fields = vec![Field::new("id", "Connection", id, "what you will call this account, as in jane")];
        let mut variables = Vec::new();
        for (name, variable) in provider.asked_variables() {
            let label = variable.label.as_deref().unwrap_or(name);
            let choices = if variable.choices.is_empty() {
                label.to_owned()
            } else {
                format!("{label}: {}", variable.choices.join(", "))
            };
            fields.push(Field::new(name, name, variable.default.as_deref().unwrap_or(""), &choices));
            variables.push(name.to_owned());
        }
        fields.push(Field::new(
            "scopes",
            "Scopes",
            &scopes.join(","),
            "comma-separated; empty asks for the provider's usual ones",
        ));
        Self { config, form: Form::new(fields), variables }
    }

    /// Tells whether it is this connection that the form is for, as far as it is filled in.
    pub fn asks_for(&self, connection: &ConnectionRef) -> bool {
        self.config.key == connection.config && self.form.text("id") == connection.id.as_str()
    }
}

/// An authorization that waits, and what is typed into it.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitingFor {
    /// What is known about it.
    pub waiting: Waiting,
    /// When it began.
    pub since: Time,
    /// What is being pasted, where that was asked for.
    pub paste: Option<Input>,
    /// What was wrong with the last paste.
    pub error: Option<String>,
}

/// The form for a passphrase.
#[derive(Debug, Clone, PartialEq)]
pub struct PassphraseForm {
    /// Whether it is for a new vault, and asked for twice.
    pub purpose: Purpose,
    /// What is typed.
    pub form: Form,
    /// What is done once the vault is open.
    pub then: Effect,
}

impl PassphraseForm {
    /// Makes the form.
    pub fn new(purpose: Purpose, then: Effect) -> Self {
        let first = match purpose {
            Purpose::Open => Field::secret("passphrase", "Passphrase", "it opens the sealed vault"),
            Purpose::Make => {
                Field::secret("passphrase", "Passphrase", "for a new sealed vault; there is no way in without it")
            }
        };
        let again = (purpose == Purpose::Make).then(|| Field::secret("again", "The same again", ""));
        Self { purpose, form: Form::new(std::iter::once(first).chain(again).collect()), then }
    }
}

/// Returns the forms of a copy, each with its key and what it is.
pub fn copy_forms() -> [(char, copy::Form, &'static str); 5] {
    copy::Form::ALL.map(|form| match form {
        copy::Form::Raw => ('t', form, "the token alone"),
        copy::Form::Header => ('h', form, "the header that the API wants"),
        copy::Form::Json => ('j', form, "the credentials as JSON"),
        copy::Form::Env => ('e', form, "NAME=token, for a shell or .env"),
        copy::Form::Curl => ('c', form, "a curl command"),
    })
}
