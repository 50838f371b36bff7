//! What can stand in front of a view. They are stacked; `esc` takes the topmost away.

mod authorize;
mod finder;

pub use authorize::{Asked, AuthorizeForm, WAY};
pub use finder::{Candidate, Choice, Finder, Target};

use super::effect::Effect;
use super::widgets::form::{Field, Form};
use super::widgets::input::Input;
use crate::model::{ConfigKey, ConnectionRef, Provider, ProviderId, Time};
use crate::service::connect::{ConnectRequest, Waiting};
use crate::service::copy;
use crate::service::inspect::Inspection;
use crate::service::vaults::Purpose;

/// Something in front of a view.
#[derive(Debug, Clone, PartialEq)]
pub enum Modal {
    /// Every key, scrolled down by so many lines.
    Help(usize),
    /// The last news, scrolled.
    Messages(usize),
    /// The details of the selected row, scrolled, where the screen is too narrow to show them
    /// beside the list.
    Details(usize),
    /// Names to choose from.
    Finder(Box<Finder>),
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
    /// Connections.
    Connections(Vec<ConnectionRef>),
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
    /// Makes the form for a provider; `key` is suggested. It asks for what the ways in need, and for the redirect
    /// URI where that is this machine's to choose.
    pub fn new(provider_id: ProviderId, provider: Provider, key: &str, chooses_redirect: bool) -> Self {
        let ways = provider.ways();
        let needs_none = ways.iter().any(|way| way.is_entered());
        let mut fields = vec![Field::new("key", "Key", key, "what you will call this config")];
        if ways.iter().any(|way| way.needs_client()) {
            let alone = if needs_none { "; empty where a key alone is enough" } else { "" };
            let help = format!("the provider's console shows it (ctrl-o opens that){alone}");
            fields.push(Field::new("client_id", "Client id", "", &help));
            fields.push(Field::secret("client_secret", "Client secret", "leave it empty for a public client"));
        }
        if let Some(way) = ways.iter().find(|way| way.needs_client()) {
            let known = provider.known_scopes(*way);
            let help = if known.is_empty() { "comma-separated".to_owned() } else { known.join(" ") };
            fields.push(Field::new("scopes", "Scopes", &provider.default_scopes(*way).join(","), &help));
        }
        if chooses_redirect && provider.takes_redirect() {
            fields.push(Field::new(
                "redirect_uri",
                "Redirect URI",
                provider.default_redirect_uri(),
                "register it at the provider, to the letter (ctrl-r copies it)",
            ));
        }
        Self { provider_id, provider, form: Form::new(fields).focused_on_first_empty() }
    }
}

/// An authorization that waits, and what is typed into it.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitingFor {
    /// What is known about it.
    pub waiting: Waiting,
    /// What was asked for, to ask for it in another way.
    pub request: Option<ConnectRequest>,
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
