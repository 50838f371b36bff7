//! What can stand in front of a view. They are stacked; `esc` takes the topmost away.

mod address;
mod authorize;
mod config;
mod finder;
mod flow;
mod help;
mod rename;
mod scopes;

pub use address::AddressForm;
pub use authorize::{Asked, AuthorizeForm, WAY};
pub use config::{ConfigForm, ConfigPurpose, SCOPES};
pub use finder::{Candidate, Choice, Finder, Target};
pub use flow::FlowView;
pub use help::HelpView;
pub use rename::{RenameForm, Renamed};
pub use scopes::{Picked, ScopeChoice, ScopePicker};

use super::effect::Effect;
use super::widgets::form::{Field, Form};
use super::widgets::input::Input;
use crate::model::{ConfigKey, ConnectionRef, Secret, Time};
use crate::service::connect::{ConnectRequest, Waiting};
use crate::service::copy;
use crate::service::inspect::Inspection;
use crate::service::vaults::Purpose;
use crate::service::who_am_i::WhoAmI;

/// Something in front of a view.
#[derive(Debug, Clone, PartialEq)]
pub enum Modal {
    /// Every key.
    Help(Box<HelpView>),
    /// The last news, scrolled.
    Messages(usize),
    /// All of the details of the selected row, scrolled: beside the list there may be no room for them.
    Details(usize),
    /// Names to choose from.
    Finder(Box<Finder>),
    /// A question whose answer deletes something.
    Confirm(Confirm),
    /// The forms in which a token can be copied, and the one that is selected.
    CopyAs(ConnectionRef, Vec<CopyForm>, usize),
    /// A config: a new one, or one that is there.
    Config(Box<ConfigForm>),
    /// Another name.
    Rename(Box<RenameForm>),
    /// The address of an MCP server.
    Address(Box<AddressForm>),
    /// Scopes, for the form below.
    Scopes(Box<ScopePicker>),
    /// A new connection.
    Authorize(Box<AuthorizeForm>),
    /// An authorization that waits.
    Waiting(Box<WaitingFor>),
    /// The steps of a flow.
    Flow(Box<FlowView>),
    /// A token that is shown for a moment.
    Revealed(Box<Revealed>),
    /// Who a token is, scrolled.
    WhoAmI(Box<WhoAmI>, usize),
    /// What stands in a token, scrolled.
    Inspection(Box<Inspection>, usize),
    /// The passphrase of the vault, and what was to be done with it.
    Passphrase(Box<PassphraseForm>),
}

/// What is to be deleted, or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirm {
    /// Connections.
    Connections(Vec<ConnectionRef>),
    /// A config with so many connections.
    Config(ConfigKey, usize),
    /// The local server, by leaving.
    Quit,
}

/// A token that is shown for a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revealed {
    /// The connection.
    pub connection: ConnectionRef,
    /// The token.
    pub token: Secret,
    /// When it is hidden again.
    pub until: Time,
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

    /// Says what was wrong, and begins anew: what was typed is masked, and nobody could mend it.
    pub fn refuse(&mut self, why: String) {
        *self = Self::new(self.purpose, self.then.clone());
        self.form.error = Some(why);
    }
}

/// A form of a copy, with its key and what it is.
pub type CopyForm = (char, copy::Form, &'static str);

/// Returns the forms of a copy, each with its key and what it is.
pub fn copy_forms() -> [CopyForm; 8] {
    copy::Form::ALL.map(|form| match form {
        copy::Form::Raw => ('t', form, "the token alone"),
        copy::Form::Header => ('h', form, "the header that the API wants"),
        copy::Form::Json => ('j', form, "the credentials as JSON"),
        copy::Form::Env => ('e', form, "NAME=token, for .env"),
        copy::Form::Export => ('x', form, "export NAME=token, for a shell"),
        copy::Form::Curl => ('c', form, "a curl command"),
        copy::Form::Httpie => ('p', form, "an HTTPie command"),
        copy::Form::Fetch => ('f', form, "a fetch call, for JavaScript"),
    })
}
