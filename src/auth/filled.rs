//! Parameters and headers of a provider file, filled in.

use std::collections::BTreeMap;

use super::AuthError;
use crate::model::provider::{Parameter, Parameters};
use crate::model::template::Values;

/// Fills texts; one that holds a variable without a value, which may be left out, is left out.
pub(super) fn filled_texts(
    templates: &BTreeMap<String, String>,
    values: &Values<'_>,
) -> Result<BTreeMap<String, String>, AuthError> {
    let filled = templates.iter().map(|(name, template)| Ok(values.text(template)?.map(|text| (name.clone(), text))));
    filled.filter_map(Result::transpose).collect()
}

/// Fills parameters; one that holds a variable without a value, which may be left out, is left out.
pub(super) fn filled(parameters: &Parameters, values: &Values<'_>) -> Result<Parameters, AuthError> {
    let mut all = Parameters::new();
    for (name, template) in parameters {
        match template {
            Parameter::Text(template) => {
                if let Some(text) = values.text(template)? {
                    all.insert(name.clone(), Parameter::Text(text));
                }
            }
            other => {
                all.insert(name.clone(), other.clone());
            }
        }
    }
    Ok(all)
}
