//! Making a config from a provider.

use super::Plain;
use super::talk::Said;
use crate::model::config::split_scopes;
use crate::model::{ConfigKey, Provider, ProviderId, search, untrusted};
use crate::service::Listed;
use crate::service::configs::NewConfig;

/// How many providers are offered at once.
const OFFERED: usize = 9;

impl Plain<'_> {
    pub(super) async fn make_config(&mut self) -> Said<()> {
        let (id, provider) = self.choose_provider().await?;
        for note in &provider.notes {
            self.talk.say(&format!("Note: {}", untrusted::line(note)))?;
        }
        if let Some(console) = &provider.console {
            self.talk.say(&format!("Register an application at: {}", untrusted::line(console)))?;
        }
        let suggested = self.backend.suggested_key(&id).await?;
        let key = loop {
            let help = "Type the name that the config is to have, such as github or work.";
            match ConfigKey::new(self.talk.ask("A key for the config", Some(&suggested), help).await?) {
                Ok(key) => break key,
                Err(error) => self.talk.say(&format!("{error}."))?,
            }
        };
        let mut new = NewConfig {
            key,
            provider: id.as_str().to_owned(),
            client_id: String::new(),
            client_secret: None,
            scopes: Vec::new(),
            redirect_uri: None,
        };
        // A provider that is authorized by a key alone knows no client.
        if let Some(way) = provider.ways().into_iter().find(|way| way.needs_client()) {
            new.client_id = if provider.may_register() {
                let help = "Type the client id that the provider gave you; nothing lets hallpass register itself.";
                self.talk.ask("Client id; nothing lets hallpass register itself", Some(""), help).await?
            } else {
                self.talk.ask("Client id", None, "Type the client id that the provider gave you.").await?
            };
            if !new.client_id.is_empty() {
                let asked = if provider.signs() {
                    "Private key in PEM; @FILE reads it from a file"
                } else {
                    "Client secret; nothing for a public client"
                };
                let secret = self.talk.secret(asked).await?;
                new.client_secret = Some(secret).filter(|secret| !secret.is_empty());
            }
            let known = provider.known_scopes(way);
            let known =
                if known.is_empty() { String::new() } else { format!(" The provider knows {}.", known.join(", ")) };
            let help =
                format!("Type scopes with commas between them; nothing asks for the provider's usual ones.{known}");
            new.scopes = split_scopes(&self.talk.ask("Scopes; nothing for the usual ones", Some(""), &help).await?);
        }
        let config = self.backend.create_config(new).await?;
        self.talk.say(&format!("The config {} is ready.", config.key))?;
        if provider.takes_redirect() && !config.client_id.is_empty() {
            self.talk.say("Register this redirect URI at the provider, to the letter:")?;
            self.talk.say(config.redirect_uri())?;
        }
        if self.backend.capabilities().can_authorize
            && self.talk.agree("Authorize a connection under it now?", true).await?
        {
            return self.authorize_new(Some(config.key.as_str().to_owned())).await;
        }
        Ok(())
    }

    /// Asks for a few letters until one provider is chosen.
    async fn choose_provider(&mut self) -> Said<(ProviderId, Provider)> {
        let providers = self.backend.listed_providers();
        let good: Vec<Listed> = providers.into_iter().filter_map(|(_, listed)| listed.ok()).collect();
        let names: Vec<String> =
            good.iter().map(|listed| search::entry(listed.id.as_str(), &listed.aliases, &listed.name, "")).collect();
        loop {
            let help = "Type a few letters of the provider's name, such as git.";
            let typed = self.talk.ask("Provider, a few letters are enough", None, help).await?;
            if let Ok(known) = self.backend.provider(&typed) {
                return Ok(known);
            }
            let found = search::fuzzy(&typed, &names);
            if found.is_empty() {
                self.talk.say("No provider is like that.")?;
                continue;
            }
            if found.len() > OFFERED {
                self.talk
                    .say(&format!("There are {}; these are most like it. More letters leave fewer.", found.len()))?;
            }
            let mut offered: Vec<String> =
                found.iter().take(OFFERED).map(|index| format!("{}, {}", good[*index].name, good[*index].id)).collect();
            offered.push("None of these".to_owned());
            let chosen = self.talk.choose("Which one", &offered).await?;
            if let Some(index) = found.iter().take(OFFERED).nth(chosen) {
                // One that was listed can be read, unless its file has just been changed.
                if let Ok(chosen) = self.backend.provider(good[*index].id.as_str()) {
                    return Ok(chosen);
                }
            }
        }
    }
}
