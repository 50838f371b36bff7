//! The form for the address of an MCP server.

use crate::tui::effect::Effect;
use crate::tui::widgets::form::{Field, Form};

/// The form for the address of an MCP server, whose provider is found by it.
#[derive(Debug, Clone, PartialEq)]
pub struct AddressForm {
    /// What is typed.
    pub form: Form,
    /// Whether the server is being asked.
    pub is_asked: bool,
}

/// The one line.
const ADDRESS: &str = "address";

impl Default for AddressForm {
    fn default() -> Self {
        let help = "the whole one, as its documentation gives it; the server is asked whose tokens it takes";
        Self { form: Form::new(vec![Field::new(ADDRESS, "Address", "", help)]), is_asked: false }
    }
}

impl AddressForm {
    /// Reads the filled form.
    pub fn asked(&self) -> Result<Effect, (&'static str, String)> {
        match self.form.text(ADDRESS) {
            "" => Err((ADDRESS, "it is empty".to_owned())),
            address => Ok(Effect::FindMcp(address.to_owned())),
        }
    }
}
