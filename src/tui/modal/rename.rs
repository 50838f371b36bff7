//! The form for another name.

use crate::model::{ConfigKey, ConnectionId, ConnectionRef};
use crate::tui::effect::Effect;
use crate::tui::widgets::form::{Field, Form};

/// What gets another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renamed {
    /// A config; its connections go along.
    Config(ConfigKey),
    /// A connection.
    Connection(ConnectionRef),
}

/// The form for another name.
#[derive(Debug, Clone, PartialEq)]
pub struct RenameForm {
    /// What gets it.
    pub what: Renamed,
    /// What is typed.
    pub form: Form,
}

/// The one line.
const NAME: &str = "name";

impl RenameForm {
    /// Makes the form, with the name that is there.
    pub fn new(what: Renamed) -> Self {
        let (now, help) = match &what {
            Renamed::Config(key) => {
                (key.as_str(), "its connections go along; programs that ask for it need the new one")
            }
            Renamed::Connection(reference) => (reference.id.as_str(), "programs that ask for it need the new one"),
        };
        let form = Form::new(vec![Field::new(NAME, "Name", now, help)]);
        Self { what, form }
    }

    /// Returns what stands above it.
    pub fn title(&self) -> String {
        match &self.what {
            Renamed::Config(key) => format!("Another name for {key}"),
            Renamed::Connection(reference) => format!("Another name for {reference}"),
        }
    }

    /// Reads the filled form.
    pub fn asked(&self) -> Result<Effect, (&'static str, String)> {
        let name = self.form.text(NAME);
        Ok(match &self.what {
            Renamed::Config(key) => {
                let new = ConfigKey::new(name).map_err(|error| (NAME, error.to_string()))?;
                Effect::RenameConfig(key.clone(), new)
            }
            Renamed::Connection(reference) => {
                let new = ConnectionId::new(name).map_err(|error| (NAME, error.to_string()))?;
                Effect::RenameConnection(reference.clone(), new)
            }
        })
    }
}
