//! The form for a config: a new one, one like another, or one that is there.

use crate::model::config::split_scopes;
use crate::model::{Config, ConfigKey, Provider, ProviderId};
use crate::service::configs::{ConfigChanges, NewConfig};
use crate::tui::effect::Effect;
use crate::tui::widgets::form::{Field, Form};
use crate::tui::widgets::input::Input;

/// The form for a config.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigForm {
    /// What comes of it.
    pub purpose: ConfigPurpose,
    /// The provider.
    pub provider_id: ProviderId,
    /// What its file says.
    pub provider: Provider,
    /// What is typed.
    pub form: Form,
}

/// What comes of a form for a config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigPurpose {
    /// A new one.
    New,
    /// Another one like this, with its client secret where none is typed.
    Like(ConfigKey),
    /// This one is changed.
    Edit(ConfigKey),
}

/// The line with the scopes.
pub const SCOPES: &str = "scopes";

impl ConfigForm {
    /// Makes the form for a new config; `key` is suggested. It asks for what the ways in need, and for the
    /// redirect URI where that is this machine's to choose.
    pub fn new(provider_id: ProviderId, provider: Provider, key: &str, chooses_redirect: bool) -> Self {
        let form = Form::new(fields(&provider, Some(key), chooses_redirect)).focused_on_first_empty();
        Self { purpose: ConfigPurpose::New, provider_id, provider, form }
    }

    /// Makes the form for another config like `config`.
    pub fn like(config: &Config, provider: Provider, key: &str) -> Self {
        let purpose = ConfigPurpose::Like(config.key.clone());
        Self { purpose, ..Self::filled(config, provider, Some(key), true) }
    }

    /// Makes the form for a config that is there.
    pub fn edit(config: &Config, provider: Provider, chooses_redirect: bool) -> Self {
        let purpose = ConfigPurpose::Edit(config.key.clone());
        Self { purpose, ..Self::filled(config, provider, None, chooses_redirect) }
    }

    fn filled(config: &Config, provider: Provider, key: Option<&str>, chooses_redirect: bool) -> Self {
        let mut form = Form::new(fields(&provider, key, chooses_redirect));
        for field in &mut form.fields {
            let known = match field.name.as_str() {
                "client_id" => Some(config.client_id.clone()),
                SCOPES => Some(config.scopes.join(",")),
                "redirect_uri" => Some(config.redirect_uri().to_owned()),
                _ => None,
            };
            if let Some(known) = known {
                field.input = Input::with(&known);
            }
            if field.name == "client_secret" {
                field.help = if config.has_client_secret {
                    "leave it empty to keep the one that is in the vault".to_owned()
                } else {
                    "there is none; leave it empty for a public client".to_owned()
                };
            }
        }
        let provider_id = config.provider.clone();
        Self { purpose: ConfigPurpose::New, provider_id, provider, form }
    }

    /// Returns what stands above it.
    pub fn title(&self) -> String {
        match &self.purpose {
            ConfigPurpose::New => format!("New config for {}", self.provider.name),
            ConfigPurpose::Like(key) => format!("Another config like {key}"),
            ConfigPurpose::Edit(key) => format!("Edit {key}"),
        }
    }

    /// Reads the filled form; an error names the line that it is about.
    pub fn asked(&self) -> Result<Effect, (&'static str, String)> {
        let text = |name| self.form.text(name);
        let is_new = !matches!(self.purpose, ConfigPurpose::Edit(_));
        let registers = is_new && self.provider.may_register();
        let needs_client = !registers && self.provider.ways().iter().all(|way| way.needs_client());
        if text("client_id").is_empty() && needs_client {
            return Err(("client_id", "it is empty".to_owned()));
        }
        let client_secret = Some(self.form.secret("client_secret")).filter(|secret| !secret.is_empty());
        let usual = self.provider.default_redirect_uri();
        let redirect_uri = Some(text("redirect_uri")).filter(|uri| !uri.is_empty() && *uri != usual);
        if let ConfigPurpose::Edit(key) = &self.purpose {
            let has = |name: &str| self.form.fields.iter().any(|field| field.name == name);
            let changes = ConfigChanges {
                provider: None,
                registers: false,
                client_id: has("client_id").then(|| text("client_id").to_owned()),
                client_secret,
                scopes: has(SCOPES).then(|| split_scopes(text(SCOPES))),
                redirect_uri: has("redirect_uri").then(|| redirect_uri.unwrap_or_default().to_owned()),
            };
            return Ok(Effect::EditConfig(key.clone(), changes));
        }
        let new = NewConfig {
            key: ConfigKey::new(text("key")).map_err(|error| ("key", error.to_string()))?,
            provider: self.provider_id.as_str().to_owned(),
            client_id: text("client_id").to_owned(),
            client_secret,
            scopes: split_scopes(text(SCOPES)),
            redirect_uri: redirect_uri.map(str::to_owned),
        };
        Ok(match &self.purpose {
            ConfigPurpose::Like(key) => Effect::MakeConfigLike(key.clone(), new),
            _ => Effect::MakeConfig(new),
        })
    }
}

fn fields(provider: &Provider, key: Option<&str>, chooses_redirect: bool) -> Vec<Field> {
    let ways = provider.ways();
    let needs_none = ways.iter().any(|way| !way.needs_client());
    let mut fields: Vec<Field> =
        key.map(|key| Field::new("key", "Key", key, "what you will call this config")).into_iter().collect();
    if ways.iter().any(|way| way.needs_client()) {
        let alone = match (needs_none, provider.may_register()) {
            (true, _) => "; empty where a key alone is enough",
            (false, true) => "; left empty, hallpass registers itself",
            (false, false) => "",
        };
        let help = format!("the provider's console shows it (ctrl-o opens that){alone}");
        fields.push(Field::new("client_id", "Client id", "", &help));
        let secret = if provider.signs() {
            "a private key in PEM: paste it, or @FILE reads it"
        } else {
            "leave it empty for a public client"
        };
        fields.push(Field::secret("client_secret", "Client secret", secret));
    }
    if let Some(way) = ways.iter().find(|way| way.needs_client()) {
        let known = provider.known_scopes(*way);
        let help = if known.is_empty() {
            "comma-separated".to_owned()
        } else {
            format!("ctrl-s chooses among the {} known ones", known.len())
        };
        fields.push(Field::new(SCOPES, "Scopes", &provider.default_scopes(*way).join(","), &help));
    }
    if chooses_redirect && provider.takes_redirect() {
        fields.push(Field::new(
            "redirect_uri",
            "Redirect URI",
            provider.default_redirect_uri(),
            "register it at the provider, to the letter (ctrl-r copies it)",
        ));
    }
    fields
}
