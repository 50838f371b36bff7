//! A fresh token, handed out: on the clipboard, or in the form that a shell or a program wants.

mod samples;

use std::time::Duration;

use super::activity::About;
use super::error::quoted;
use super::fresh::{Fresh, Freshness};
use super::source::Source;
use super::{Error, Result, Service};
use crate::api::Access;
use crate::model::{Caller, ConnectionRef, Happening, Outcome, Provider, Secret, WayIn, freshness, rest};
pub use crate::system::CopiedTo;
pub use samples::samples;

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
    /// `NAME=token`, for a `.env` file.
    Env,
    /// `export NAME=token`, for a shell.
    Export,
    /// A `curl` command.
    Curl,
    /// A command of `HTTPie`.
    Httpie,
    /// A call of `fetch`, for JavaScript.
    Fetch,
}

impl Form {
    /// Every form, in the order in which they are offered.
    pub const ALL: [Self; 8] =
        [Self::Raw, Self::Header, Self::Json, Self::Env, Self::Export, Self::Curl, Self::Httpie, Self::Fetch];

    /// Returns the forms that a connection can be copied in: where each request is signed, none of one request.
    pub fn offered(provider: &Provider, way: WayIn) -> Vec<Self> {
        Self::ALL.into_iter().filter(|form| form.is_offered(Some(provider), way)).collect()
    }

    /// The same of one form. Another host may have providers that are not known here: of those, the way tells.
    fn is_offered(self, provider: Option<&Provider>, way: WayIn) -> bool {
        let login = provider.filter(|provider| provider.signature_of(way).is_some());
        match (self, login) {
            (Self::Json, _) | (Self::Raw | Self::Env | Self::Export, None) => true,
            (Self::Header | Self::Curl | Self::Httpie | Self::Fetch, None) => !way.is_signed(),
            (Self::Env | Self::Export, Some(provider)) => !provider.signing_environment(way).is_empty(),
            (_, Some(_)) => false,
        }
    }

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Header => "header",
            Self::Json => "json",
            Self::Env => "env",
            Self::Export => "export",
            Self::Curl => "curl",
            Self::Httpie => "httpie",
            Self::Fetch => "fetch",
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
        self.hand_out_of(self, reference, freshness, form).await
    }

    /// The same, from wherever the credentials come.
    pub async fn hand_out_of(
        &self,
        source: &impl Source,
        reference: &ConnectionRef,
        freshness: Freshness,
        form: Form,
    ) -> Result<HandedOut> {
        let fresh = source.fresh(reference, freshness).await?;
        let handed_out = self.formed(source, &fresh, form).await?;
        let by = self.parent();
        self.note_hand_out(&fresh, Happening::HandedOut, form, by);
        Ok(handed_out)
    }

    /// Puts a fresh token on the clipboard, which is cleared later if it still holds it.
    pub async fn copy(&self, reference: &ConnectionRef, freshness: Freshness, form: Form) -> Result<Copied> {
        self.copy_of(self, reference, freshness, form).await
    }

    /// The same, from wherever the credentials come.
    pub async fn copy_of(
        &self,
        source: &impl Source,
        reference: &ConnectionRef,
        freshness: Freshness,
        form: Form,
    ) -> Result<Copied> {
        let fresh = source.fresh(reference, freshness).await?;
        let handed_out = self.formed(source, &fresh, form).await?;
        let time = self.settings.clipboard_time;
        let to = self.machine.clipboard.copy(&handed_out.text, time).map_err(|error| {
            Error::usage(error.to_string()).hinted(format!(
                "`hallpass token get {} {}` prints it instead",
                quoted(reference.config.as_str()),
                quoted(reference.id.as_str())
            ))
        })?;
        self.note_hand_out(&fresh, Happening::Copied, form, None);
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

    fn note_hand_out(&self, fresh: &Fresh, happening: Happening, form: Form, by: Option<Caller>) {
        let fingerprint = Some(fresh.credentials.fingerprint());
        let about = About { fingerprint, by, ..About::saying(format!("as {}", form.word())) };
        self.record(&fresh.connection.reference, happening, Outcome::Done, about);
    }

    /// Returns the variables by which other programs take a login that signs requests; `None` where there is none.
    pub(super) fn signing_login(&self, fresh: &Fresh) -> Option<Vec<(&'static str, Secret)>> {
        let (way, fields) = (fresh.credentials.way(), fresh.credentials.fields());
        let (_, provider) = self.provider(fresh.connection.provider.as_str()).ok()?;
        provider.signature_of(way)?;
        let variables = provider.signing_environment(way).into_iter();
        // One that is not there takes the place of what somebody else's left there.
        Some(variables.map(|(name, field)| (name, fields.get(field).cloned().unwrap_or_default())).collect())
    }

    fn can_be_had(&self, fresh: &Fresh, form: Form) -> bool {
        let provider = self.provider(fresh.connection.provider.as_str()).ok().map(|(_, provider)| provider);
        form.is_offered(provider.as_ref(), fresh.credentials.way())
    }

    async fn formed(&self, source: &impl Source, fresh: &Fresh, form: Form) -> Result<HandedOut> {
        let credentials = &fresh.credentials;
        if !self.can_be_had(fresh, form) {
            return Err(unsigned(fresh));
        }
        let text = match (form, self.signing_login(fresh)) {
            (Form::Env | Form::Export, Some(variables)) => lines_of(&variables, form),
            _ => self.of_form(source, fresh, form).await?,
        };
        let now = self.now();
        Ok(HandedOut {
            text,
            valid_for: credentials.expires_at().map(|end| freshness::remaining(end, now)),
            was_refreshed: fresh.was_refreshed,
            refused_scopes: fresh.connection.refused_scopes().into_iter().map(str::to_owned).collect(),
        })
    }

    async fn of_form(&self, source: &impl Source, fresh: &Fresh, form: Form) -> Result<Secret> {
        let credentials = &fresh.credentials;
        Ok(match form {
            Form::Raw => credentials.token(),
            Form::Json => Secret::new(
                serde_json::to_string_pretty(&rest::credentials(credentials)).expect("a map of text is JSON"),
            ),
            Form::Env | Form::Export => Secret::new(format!(
                "{}{}={}",
                if form == Form::Export { "export " } else { "" },
                variable_name(&fresh.connection.reference),
                quoted(credentials.token().expose())
            )),
            Form::Header => {
                let headers = self.access_of(source, fresh).await?.headers()?;
                if headers.is_empty() {
                    return Err(Error::usage(
                        "this API is shown nothing in a header: the credential stands in the address",
                    )
                    .hinted("`--format curl` shows where"));
                }
                headers_text(&headers)
            }
            Form::Curl => Call::of(&self.access_of(source, fresh).await?)?.curl(),
            Form::Httpie => Call::of(&self.access_of(source, fresh).await?)?.httpie(),
            Form::Fetch => Call::of(&self.access_of(source, fresh).await?)?.fetch(),
        })
    }
}

fn lines_of(variables: &[(&'static str, Secret)], form: Form) -> Secret {
    let export = if form == Form::Export { "export " } else { "" };
    let lines: Vec<String> =
        variables.iter().map(|(name, value)| format!("{export}{name}={}", quoted(value.expose()))).collect();
    Secret::new(lines.join("\n"))
}

/// Nothing of one request that is signed is good for another.
pub(super) fn unsigned(fresh: &Fresh) -> Error {
    let reference = &fresh.connection.reference;
    let (config, id) = (quoted(reference.config.as_str()), quoted(reference.id.as_str()));
    Error::usage("each request to this API is signed on its own: no header is good for two").hinted(format!(
        "`hallpass request {config} {id} GET /…` signs and sends one; `--format json` prints what signs"
    ))
}

/// A request that the token is good for, to be written as a line of some program.
struct Call {
    method: String,
    url: String,
    headers: Vec<(String, Secret)>,
}

impl Call {
    /// The call that tells who the token is, where the provider file names one.
    fn of(access: &Access) -> Result<Self> {
        let named = access.provider.api.identity.as_deref().and_then(|call| call.split_once(' '));
        // The base URL itself, where it is more than a host.
        let is_host = access.base_url().is_ok_and(|base| base.path() == "/");
        let (method, path) = named.unwrap_or(("GET", if is_host { "/" } else { "" }));
        let url = if access.provider.api.base_url.is_none() && !path.contains("://") {
            format!("https://api.example.com{path}")
        } else {
            access.own_url(path)?.to_string()
        };
        Ok(Self { method: method.to_owned(), url, headers: access.headers()? })
    }

    fn curl(&self) -> Secret {
        let method = if self.method == "GET" { String::new() } else { format!(" -X {}", self.method) };
        let header =
            |(name, value): &(String, Secret)| format!("-H {}", quoted(&format!("{name}: {}", value.expose())));
        let headers: Vec<String> = self.headers.iter().map(header).chain([quoted(&self.url)]).collect();
        Secret::new(format!("curl{method} {}", headers.join(" ")))
    }

    fn httpie(&self) -> Secret {
        let header = |(name, value): &(String, Secret)| quoted(&format!("{name}:{}", value.expose()));
        let words: Vec<String> = std::iter::once(quoted(&self.url)).chain(self.headers.iter().map(header)).collect();
        Secret::new(format!("http {} {}", self.method, words.join(" ")))
    }

    fn fetch(&self) -> Secret {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        let headers: Vec<String> =
            self.headers.iter().map(|(name, value)| format!("{}: {}", text(name), text(value.expose()))).collect();
        let method = if self.method == "GET" { String::new() } else { format!("method: {}, ", text(&self.method)) };
        Secret::new(format!("await fetch({}, {{ {method}headers: {{ {} }} }})", text(&self.url), headers.join(", ")))
    }
}

fn headers_text(headers: &[(String, Secret)]) -> Secret {
    let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {}", value.expose())).collect();
    Secret::new(lines.join("\n"))
}

/// `GITHUB_JANE_TOKEN` for `github/jane`.
pub(super) fn variable_name(reference: &ConnectionRef) -> String {
    let plain = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' };
    let name: String =
        format!("{}_{}_TOKEN", reference.config.as_str(), reference.id.as_str()).chars().map(plain).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_offered_where_it_can_be_had() {
        let offered =
            |table: &str, way| Form::offered(&toml::from_str(&format!("name = \"A\"\n{table}")).unwrap(), way);
        let signed = |scheme: &str| offered(&format!("[basic]\n[api.signature]\nscheme = \"{scheme}\""), WayIn::Basic);
        assert_eq!(offered("[basic]", WayIn::Basic), Form::ALL);
        assert_eq!(offered("[oauth1]", WayIn::OAuth1), [Form::Raw, Form::Json, Form::Env, Form::Export]);
        assert_eq!(signed("aws-sigv4"), [Form::Json, Form::Env, Form::Export]);
        assert_eq!(signed("duo"), [Form::Json]);
    }

    #[test]
    fn a_variable_is_named_after_config_and_connection() {
        let name = |text| variable_name(&ConnectionRef::parse(text).unwrap());
        assert_eq!(name("github/jane"), "GITHUB_JANE_TOKEN");
        assert_eq!(name("1password events/j@x.com"), "_1PASSWORD_EVENTS_J_X_COM_TOKEN");
    }
}
