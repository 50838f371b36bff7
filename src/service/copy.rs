//! A fresh token, handed out: on the clipboard, or in the form that a shell or a program wants.

use std::time::Duration;

use serde_json::{Map, Value};

use super::activity::About;
use super::error::quoted;
use super::fresh::{Fresh, Freshness};
use super::{Error, Kind, Result, Service};
use crate::model::template::{Part, Values, parts};
use crate::model::{ConnectionRef, Happening, Outcome, Provider, Secret, TokenSet, freshness};
pub use crate::system::CopiedTo;

/// The form in which a token is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// The token alone.
    #[default]
    Raw,
    /// The headers that the provider's API wants.
    Header,
    /// The credentials as JSON.
    Json,
    /// `NAME=token`, for a shell or a `.env` file.
    Env,
    /// A `curl` command.
    Curl,
}

impl Form {
    /// Every form, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Raw, Self::Header, Self::Json, Self::Env, Self::Curl];

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Header => "header",
            Self::Json => "json",
            Self::Env => "env",
            Self::Curl => "curl",
        }
    }

    /// Finds a form by its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.word() == word)
    }
}

/// What became of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Where it went.
    pub to: CopiedTo,
    /// In which form.
    pub form: Form,
    /// For how long the token is still valid; `None` for one without an end.
    pub valid_for: Option<Duration>,
    /// When the clipboard will be cleared; `None` where it cannot be.
    pub cleared_after: Option<Duration>,
    /// Whether it was refreshed for this.
    pub was_refreshed: bool,
}

/// A token in the form that was asked for.
#[derive(Debug, Clone)]
pub struct HandedOut {
    /// The text, without a newline at its end.
    pub text: Secret,
    /// For how long the token is still valid; `None` for one without an end.
    pub valid_for: Option<Duration>,
    /// Whether it was refreshed for this.
    pub was_refreshed: bool,
    /// The scopes that were asked for and not granted.
    pub refused_scopes: Vec<String>,
}

impl Service {
    /// Returns a fresh token in the form that was asked for.
    pub async fn hand_out(&self, reference: &ConnectionRef, freshness: Freshness, form: Form) -> Result<HandedOut> {
        let fresh = self.fresh_credentials(reference, freshness).await?;
        let handed_out = self.formed(&fresh, form)?;
        self.note_hand_out(reference, &fresh, Happening::HandedOut, form);
        Ok(handed_out)
    }

    /// Puts a fresh token on the clipboard, which is cleared later if it still holds it.
    pub async fn copy(&self, reference: &ConnectionRef, freshness: Freshness, form: Form) -> Result<Copied> {
        let fresh = self.fresh_credentials(reference, freshness).await?;
        let handed_out = self.formed(&fresh, form)?;
        let time = self.settings.clipboard_time;
        let to = self.machine.clipboard.copy(&handed_out.text, time).map_err(|error| {
            Error::usage(error.to_string()).hinted(format!(
                "`hallpass token get {} {}` prints it instead",
                quoted(reference.config.as_str()),
                quoted(reference.id.as_str())
            ))
        })?;
        self.note_hand_out(reference, &fresh, Happening::Copied, form);
        Ok(Copied {
            to,
            form,
            valid_for: handed_out.valid_for,
            cleared_after: (to == CopiedTo::Clipboard).then_some(time),
            was_refreshed: handed_out.was_refreshed,
        })
    }

    /// Copies text that is no secret: a URL, a redirect URI. It stays on the clipboard.
    pub fn copy_text(&self, text: &str) -> Result<CopiedTo> {
        self.machine.clipboard.copy_plain(text).map_err(|error| Error::usage(error.to_string()))
    }

    fn note_hand_out(&self, reference: &ConnectionRef, fresh: &Fresh, happening: Happening, form: Form) {
        let about = About {
            detail: format!("as {}", form.word()),
            fingerprint: Some(fresh.credentials.tokens().access_token.fingerprint()),
            took: None,
        };
        self.record(reference, happening, Outcome::Done, about);
    }

    fn formed(&self, fresh: &Fresh, form: Form) -> Result<HandedOut> {
        let tokens = fresh.credentials.tokens();
        let text = match form {
            Form::Raw => tokens.access_token.clone(),
            Form::Json => credentials_json(tokens),
            Form::Env => Secret::new(format!(
                "{}={}",
                variable_name(&fresh.connection.reference),
                quoted(tokens.access_token.expose())
            )),
            Form::Header => Secret::new(self.headers(fresh)?.join("\n")),
            Form::Curl => self.curl(fresh)?,
        };
        let now = self.now();
        Ok(HandedOut {
            text,
            valid_for: tokens.expires_at.map(|end| freshness::remaining(end, now)),
            was_refreshed: fresh.was_refreshed,
            refused_scopes: fresh.connection.refused_scopes().into_iter().map(str::to_owned).collect(),
        })
    }

    /// Returns the header lines that the provider's API wants.
    fn headers(&self, fresh: &Fresh) -> Result<Vec<String>> {
        let (_, provider) = self.provider(fresh.connection.provider.as_str())?;
        let values = values_of(&provider, fresh);
        provider
            .api_headers(crate::model::WayIn::OAuth2)
            .into_iter()
            .map(|(name, template)| Ok(format!("{name}: {}", filled(&template, &values, fresh)?)))
            .collect()
    }

    fn curl(&self, fresh: &Fresh) -> Result<Secret> {
        let (_, provider) = self.provider(fresh.connection.provider.as_str())?;
        let values = values_of(&provider, fresh);
        let base = provider.api.base_url.as_ref().map(|base| values.url(base)).transpose()?;
        let base = base
            .map_or_else(|| "https://api.example.com".to_owned(), |url| url.as_str().trim_end_matches('/').to_owned());
        let (method, path) =
            provider.api.identity.as_deref().and_then(|call| call.split_once(' ')).unwrap_or(("GET", "/"));
        let mut url = if path.starts_with("https://") {
            path.to_owned()
        } else {
            format!("{base}{}", filled(path, &values, fresh)?)
        };
        for (name, template) in &provider.api.query {
            let pair = url::form_urlencoded::Serializer::new(String::new())
                .append_pair(name, &filled(template, &values, fresh)?)
                .finish();
            url = format!("{url}{}{pair}", if url.contains('?') { '&' } else { '?' });
        }
        let mut command = String::from("curl");
        if method != "GET" {
            command = format!("{command} -X {method}");
        }
        for header in self.headers(fresh)? {
            command = format!("{command} -H {}", quoted(&header));
        }
        Ok(Secret::new(format!("{command} {}", quoted(&url))))
    }
}

fn values_of<'a>(provider: &'a Provider, fresh: &'a Fresh) -> Values<'a> {
    Values { declared: &provider.variables, given: &fresh.connection.variables, allows_loopback_http: provider.is_own }
}

fn filled(template: &str, values: &Values<'_>, fresh: &Fresh) -> Result<String> {
    let mut text = String::new();
    for part in parts(template)? {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Placeholder("token") => text.push_str(fresh.credentials.tokens().access_token.expose()),
            Part::Placeholder(name) => {
                let missing =
                    || Error::new(Kind::Usage, format!("`{name}` of `{}` has no value", fresh.connection.reference));
                text.push_str(&values.get(name)?.ok_or_else(missing)?);
            }
        }
    }
    Ok(text)
}

/// The credentials as Nango's REST API shows them (`credentials` of a connection).
fn credentials_json(tokens: &TokenSet) -> Secret {
    let time = |time: crate::model::Time| Value::from(time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
    let mut raw = tokens.extra_fields();
    let mut shown = Map::from_iter([("type".to_owned(), Value::from("OAUTH2"))]);
    let mut both = |name: &str, value: &Option<Secret>| {
        if let Some(value) = value {
            shown.insert(name.to_owned(), value.expose().into());
            raw.insert(name.to_owned(), value.expose().into());
        }
    };
    both("access_token", &Some(tokens.access_token.clone()));
    both("refresh_token", &tokens.refresh_token);
    raw.insert("token_type".to_owned(), tokens.token_type.clone().into());
    if let Some(id_token) = &tokens.id_token {
        raw.insert("id_token".to_owned(), id_token.expose().into());
    }
    if let Some(scopes) = &tokens.scopes {
        raw.insert("scope".to_owned(), scopes.join(" ").into());
    }
    if let Some(end) = tokens.expires_at {
        shown.insert("expires_at".to_owned(), time(end));
        raw.insert("expires_at".to_owned(), time(end));
    }
    shown.insert("raw".to_owned(), Value::Object(raw));
    Secret::new(serde_json::to_string_pretty(&Value::Object(shown)).expect("a map of text is JSON"))
}

/// `GITHUB_JANE_TOKEN` for `github/jane`.
fn variable_name(reference: &ConnectionRef) -> String {
    let plain = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' };
    let name: String =
        format!("{}_{}_TOKEN", reference.config.as_str(), reference.id.as_str()).chars().map(plain).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_named_after_config_and_connection() {
        let name = |text| variable_name(&ConnectionRef::parse(text).unwrap());
        assert_eq!(name("github/jane"), "GITHUB_JANE_TOKEN");
        assert_eq!(name("1password events/j@x.com"), "_1PASSWORD_EVENTS_J_X_COM_TOKEN");
    }
}
