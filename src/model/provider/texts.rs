//! The texts of a provider file that are filled with what a person entered, and left out with what was left out.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::Provider;
use crate::model::Secret;
use crate::model::template::{Part, TemplateError, parts};

impl Provider {
    /// Fills a text of the file with what `value` says for each placeholder; `None` where one of them has nothing,
    /// and may have nothing.
    pub fn fill<E: From<TemplateError>>(
        &self,
        template: &str,
        value: impl Fn(&str) -> Result<Option<Zeroizing<String>>, E>,
    ) -> Result<Option<Zeroizing<String>>, E> {
        let mut text = Zeroizing::new(String::new());
        for part in parts(template)? {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Placeholder(name) => match value(name)? {
                    Some(value) => text.push_str(&value),
                    None if self.may_be_missing(name) => return Ok(None),
                    None => return Err(TemplateError::Missing { name: name.to_owned() }.into()),
                },
            }
        }
        Ok(Some(text))
    }

    /// Returns what is secret of what a person entered.
    pub fn hidden(&self, entered: &BTreeMap<String, Secret>) -> Vec<Secret> {
        let is_hidden = |name: &String| self.credentials.get(name).is_none_or(|field| field.secret);
        entered.iter().filter(|(name, _)| is_hidden(name)).map(|(_, value)| value.clone()).collect()
    }

    /// Tells whether a placeholder may have nothing to be filled with.
    pub fn may_be_missing(&self, name: &str) -> bool {
        // A text in base64 is left out with what it holds.
        if name.starts_with("encoded.") {
            return true;
        }
        let field = name.strip_prefix("credential.").and_then(|field| self.credentials.get(field));
        field.is_some_and(|field| field.optional) || self.variables.get(name).is_some_and(|variable| variable.optional)
    }
}
