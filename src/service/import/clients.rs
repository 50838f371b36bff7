//! Taking in the clients that another program's file describes, a config each.

use super::found::FoundClient;
use super::{Fate, ImportFile, ImportOptions, Imported, dotenv, google, not_ours};
use crate::model::{Config, ConfigKey, ProviderId, untrusted};
use crate::service::configs::{ConfigChanges, NewConfig};
use crate::service::{Error, Kind, Result, Service};

impl Service {
    /// Takes in the clients of a `.env` file or of Google's `client_secret.json`, a config each.
    pub async fn import_clients(&self, file: &ImportFile, options: &ImportOptions) -> Result<Vec<Imported>> {
        self.may_change()?;
        let (text, file) = (std::str::from_utf8(&file.bytes), file.path.as_path());
        let text = text.map_err(|_| not_ours(file))?;
        // Windows' editors begin a file with a mark that nobody sees.
        let text = text.trim_start_matches('\u{feff}');
        let is_json = text.trim_start().starts_with(['{', '[']);
        let clients = if is_json { google::clients(text) } else { dotenv::clients(text) };
        let clients = clients.map_err(|error| Error {
            message: format!("`{}`: {}", file.display(), error.message),
            hint: error.hint.or_else(|| not_ours(file).hint),
            ..error
        })?;
        if clients.is_empty() {
            return Err(not_ours(file));
        }
        if options.key.is_some() && clients.len() > 1 {
            let names: Vec<String> = clients.iter().map(|client| untrusted::line(&client.name)).collect();
            return Err(Error::usage(format!("the file holds {} clients: {}", clients.len(), names.join(", ")))
                .hinted("`--key` is for a file with one; without it each gets a key of its own"));
        }
        let mut imported = Vec::new();
        let is_alone = clients.len() == 1;
        for client in clients {
            imported.push(self.take_client(client, is_alone, options).await?);
        }
        Ok(imported)
    }

    async fn take_client(&self, client: FoundClient, is_alone: bool, options: &ImportOptions) -> Result<Imported> {
        let name = untrusted::line(&client.name);
        let config = |name, fate| Imported { what: "config", name, fate };
        if client.client_secret.is_none() && !client.may_be_public {
            let why = format!("there is `{name}_CLIENT_ID`, and no `{name}_CLIENT_SECRET`");
            return Ok(config(name, Fate::Refused(why)));
        }
        let named = options.provider.as_ref().map(|id| self.provider(id).map(|(id, _)| id)).transpose()?;
        let called = self.provider_called(&client.name);
        // Of several clients, most say what they are for.
        let Some(provider) = (if is_alone { named.or(called) } else { called.or(named) }) else {
            let why = "no provider is called so; name it with `--provider ID`".to_owned();
            return Ok(config(name, Fate::Refused(why)));
        };
        let same = |config: &&Config| config.provider == provider && config.client_id == client.client_id;
        let configs = self.store.configs()?;
        let named_so = |config: &&Config| options.key.as_ref() == Some(&config.key);
        let here = configs.iter().filter(same).find(named_so).or_else(|| configs.iter().find(same));
        if let Some(here) = here {
            let shown = here.key.to_string();
            if options.key.as_ref().is_some_and(|key| *key != here.key) {
                return Ok(config(shown, Fate::Refused("it has this client already, under its own key".to_owned())));
            }
            if !options.replaces || client.client_secret.is_none() {
                return Ok(config(shown, Fate::Kept));
            }
            let changes = ConfigChanges { client_secret: client.client_secret, ..ConfigChanges::default() };
            self.edit_config(&here.key, changes).await?;
            return Ok(config(shown, Fate::Replaced));
        }
        let key = match &options.key {
            Some(key) => key.clone(),
            None => ConfigKey::new(self.suggested_key(&provider)?)?,
        };
        let new = NewConfig {
            key: key.clone(),
            provider: provider.as_str().to_owned(),
            client_id: client.client_id,
            client_secret: client.client_secret,
            scopes: client.scopes,
            redirect_uri: client.redirect_uri,
        };
        match self.create_config(new).await {
            Ok(made) => Ok(config(made.key.to_string(), Fate::Added)),
            Err(error) if error.kind == Kind::Usage => Ok(config(key.to_string(), Fate::Refused(error.message))),
            Err(error) => Err(error),
        }
    }

    /// Finds the provider that the name of a variable means: `MYAPP_GITHUB_OAUTH` is `github`.
    fn provider_called(&self, name: &str) -> Option<ProviderId> {
        let name = name.to_ascii_lowercase();
        let words: Vec<&str> = name.split(['_', '-']).filter(|word| !word.is_empty()).collect();
        let longest_first = (1..=words.len()).rev();
        let candidates = longest_first.flat_map(|length| words.windows(length)).map(|part| part.join("-"));
        candidates.filter_map(|id| self.provider(&id).ok()).map(|(id, _)| id).next()
    }
}
