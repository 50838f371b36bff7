//! Parameters and headers of a provider file, filled in.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::AuthError;
use crate::model::Provider;
use crate::model::provider::{Parameter, Parameters};
use crate::model::template::Values;

/// Fills texts; one that holds what may be left out, and was, is left out.
pub(super) fn filled_texts(
    templates: &BTreeMap<String, String>,
    provider: &Provider,
    values: &Values<'_>,
) -> Result<BTreeMap<String, String>, AuthError> {
    let filled =
        templates.iter().map(|(name, template)| Ok(text(template, provider, values)?.map(|text| (name.clone(), text))));
    filled.filter_map(Result::transpose).collect()
}

/// Fills parameters; one that holds what may be left out, and was, is left out.
pub(super) fn filled(
    parameters: &Parameters,
    provider: &Provider,
    values: &Values<'_>,
) -> Result<Parameters, AuthError> {
    let mut all = Parameters::new();
    for (name, template) in parameters {
        match template {
            Parameter::Text(template) => {
                if let Some(text) = text(template, provider, values)? {
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

/// Fills a text; see [`Provider::fill`].
pub(super) fn text(template: &str, provider: &Provider, values: &Values<'_>) -> Result<Option<String>, AuthError> {
    let filled = provider.fill::<AuthError>(template, |name| Ok(values.get(name)?.map(Zeroizing::new)))?;
    Ok(filled.map(|text| text.to_string()))
}
