//! Configs of another host.

use reqwest::Method;
use serde_json::{Value, json};

use super::host::{Call, Routes};
use super::shapes::Whole;
use super::{Remote, list, shapes};
use crate::model::{Config, ConfigKey, rest};
use crate::service::configs::{ConfigChanges, NewConfig, cannot_move};
use crate::service::source::ConfigClient;
use crate::service::{Error, Kind, Result};

impl Remote {
    /// Returns every config, sorted by key. Those whose names cannot be written here are left out.
    pub async fn configs(&self) -> Result<Vec<Config>> {
        let (routes, answer) = self.host.ask(Call::get(&["integrations"]), Call::get(&["config"])).await?;
        let rows = list(answer, if routes == Routes::Era { "configs" } else { "data" });
        let read = rows.iter().filter_map(|row| shapes::config(row, self.host.address()));
        let mut configs: Vec<Config> = read.map(|whole| whole.config).collect();
        configs.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(configs)
    }

    /// Returns one config.
    pub async fn config(&self, key: &ConfigKey) -> Result<Config> {
        Ok(self.whole(key).await?.config)
    }

    /// The newer routes tell the client id only together with the secret.
    async fn whole(&self, key: &ConfigKey) -> Result<Whole> {
        let today = Call::get(&["integrations", key.as_str()]).with("include", "credentials");
        // Servers since the middle of 2023 tell the secret on the older route only to whoever asks for it.
        let era = Call::get(&["config", key.as_str()]).with("include_creds", "true");
        let asked = self.host.ask(today, era).await;
        let (routes, answer) = asked.map_err(|error| match error.kind {
            Kind::NotFound => Error::not_found(format!("there is no config `{key}` at `{}`", self.host.address()))
                .hinted("`hallpass config list` shows what there is"),
            _ => error,
        })?;
        let row = answer.get(if routes == Routes::Era { "config" } else { "data" }).unwrap_or(&Value::Null);
        shapes::config(row, self.host.address()).filter(|whole| whole.config.key == *key).ok_or_else(|| {
            Error::new(Kind::Provider, format!("`{}` tells nothing of `{key}` that can be read", self.host.address()))
        })
    }

    pub(super) async fn client_of(&self, key: &ConfigKey, with_secret: bool) -> Result<ConfigClient> {
        let whole = self.whole(key).await?;
        Ok(ConfigClient { id: whole.config.client_id, secret: whole.client_secret.filter(|_| with_secret) })
    }

    /// Makes a config there.
    pub async fn create_config(&self, new: NewConfig) -> Result<Config> {
        self.here.may_change()?;
        self.refuse_redirect_uri(new.redirect_uri.as_deref())?;
        let (secret, scopes) = (new.client_secret.unwrap_or_default(), new.scopes.join(","));
        let mut body = json!({"unique_key": new.key.as_str(), "provider": new.provider});
        // What is authorized by a key alone has no client, and Nango takes none for it.
        if !new.client_id.is_empty() {
            body["credentials"] = json!({
                "type": self.auth_mode(&new.provider, &new.client_id),
                "client_id": new.client_id,
                "client_secret": secret.expose(),
                "scopes": scopes,
            });
        }
        let today = Call::new(Method::POST, &["integrations"]).body(body);
        let era = Call::new(Method::POST, &["config"]).body(json!({
            "provider_config_key": new.key.as_str(),
            "provider": new.provider,
            "oauth_client_id": new.client_id,
            "oauth_client_secret": secret.expose(),
            "oauth_scopes": scopes,
        }));
        self.host.ask(today, era).await?;
        self.config(&new.key).await
    }

    /// Changes a config there. Its routes take a config whole: what is to stay is read first.
    pub async fn edit_config(&self, key: &ConfigKey, changes: ConfigChanges) -> Result<Config> {
        self.here.may_change()?;
        self.refuse_redirect_uri(changes.redirect_uri.as_deref())?;
        let Whole { config, client_id, client_secret, scopes, auth_mode } = self.whole(key).await?;
        let untold = |what: &str, option: &str| {
            let message = format!("`{}` does not tell the {what} of `{key}`, and would lose it", self.host.address());
            Error::usage(message).hinted(format!("give it too, with `{option}`"))
        };
        let provider = changes.provider.unwrap_or_else(|| config.provider.as_str().to_owned());
        let client_id = changes.client_id.or(client_id).ok_or_else(|| untold("client id", "--client-id ID"))?;
        let secret = changes.client_secret.or(client_secret);
        let secret = secret.ok_or_else(|| untold("client secret", "--client-secret -"))?;
        let scopes = changes.scopes.or(scopes).ok_or_else(|| untold("scopes", "--scopes SCOPES"))?.join(",");
        match self.host.routes().await? {
            Routes::Today if provider != config.provider.as_str() => {
                return Err(self.not_offered("a config is given another provider"));
            }
            Routes::Today => {
                let body = json!({"credentials": {
                    "type": auth_mode.unwrap_or_else(|| self.auth_mode(&provider, &client_id).to_owned()),
                    "client_id": client_id,
                    "client_secret": secret.expose(),
                    "scopes": scopes,
                }});
                self.host.ask_one(Call::new(Method::PATCH, &["integrations", key.as_str()]).body(body)).await?
            }
            Routes::Era => {
                let connections = self.raw_connections(key).await?.len();
                if provider != config.provider.as_str() && connections > 0 {
                    return Err(cannot_move(key, &config.provider, &provider, connections));
                }
                let body = json!({
                    "provider_config_key": key.as_str(),
                    "provider": provider,
                    "oauth_client_id": client_id,
                    "oauth_client_secret": secret.expose(),
                    "oauth_scopes": scopes,
                });
                self.host.ask_one(Call::new(Method::PUT, &["config"]).body(body)).await?
            }
        };
        self.config(key).await
    }

    /// Gives a config another key, where the host can.
    pub async fn rename_config(&self, key: &ConfigKey, new: &ConfigKey) -> Result<()> {
        self.here.may_change()?;
        if self.host.routes().await? == Routes::Era {
            return Err(self.not_offered("a config is given another key"));
        }
        let body = json!({"unique_key": new.as_str()});
        self.host.ask_one(Call::new(Method::PATCH, &["integrations", key.as_str()]).body(body)).await?;
        Ok(())
    }

    /// Deletes a config there with its connections; returns how many those were.
    pub async fn delete_config(&self, key: &ConfigKey) -> Result<usize> {
        self.here.may_change()?;
        let count = match self.host.routes().await? {
            Routes::Today => {
                let mut connections = self.connections().await?;
                connections.retain(|connection| connection.reference.config == *key);
                connections.len()
            }
            Routes::Era => {
                // Those routes leave the connections behind, whatever their names.
                let names = self.raw_connections(key).await?;
                for name in &names {
                    let call = Call::new(Method::DELETE, &["connection", name]);
                    self.host.ask_one(call.with("provider_config_key", key.as_str())).await?;
                }
                names.len()
            }
        };
        let call = |route: &'static str| Call::new(Method::DELETE, &[route, key.as_str()]);
        self.host.ask(call("integrations"), call("config")).await?;
        Ok(count)
    }

    /// Returns the ids of a config's connections as the older routes tell them, also those that cannot be written
    /// here.
    async fn raw_connections(&self, key: &ConfigKey) -> Result<Vec<String>> {
        let rows = list(self.host.ask_one(Call::get(&["connection"])).await?, "connections");
        let of_key = |row: &&Value| {
            let told = row.get("provider_config_key").or_else(|| row.get("provider"));
            told.and_then(Value::as_str) == Some(key.as_str())
        };
        let names = rows.iter().filter(of_key).filter_map(|row| Some(row.get("connection_id")?.as_str()?.to_owned()));
        Ok(names.collect())
    }

    fn auth_mode(&self, provider: &str, client_id: &str) -> &'static str {
        let known = self.here.provider(provider).ok().and_then(|(_, file)| file.usual_way(!client_id.is_empty()));
        rest::auth_mode(known.unwrap_or_default())
    }

    fn refuse_redirect_uri(&self, given: Option<&str>) -> Result<()> {
        match given {
            None => Ok(()),
            Some(_) => Err(self.not_offered("the redirect URI of its configs is the host's own")),
        }
    }
}
