//! Configs of another host.

use reqwest::Method;
use serde_json::{Value, json};

use super::host::{Call, Routes};
use super::{Remote, list, shapes};
use crate::model::{Config, ConfigKey, Secret, rest};
use crate::service::configs::{ConfigChanges, NewConfig};
use crate::service::source::ConfigClient;
use crate::service::{Error, Kind, Result};

/// What was read of a config, with its secret.
struct Whole {
    config: Config,
    secret: Option<Secret>,
}

impl Remote {
    /// Returns every config, sorted by key. Those whose names cannot be written here are left out.
    pub async fn configs(&self) -> Result<Vec<Config>> {
        let (routes, answer) = self.host.ask(Call::get(&["integrations"]), Call::get(&["config"])).await?;
        let rows = list(answer, if routes == Routes::Era { "configs" } else { "data" });
        let now = self.here.now();
        let mut configs: Vec<Config> =
            rows.iter().filter_map(|row| shapes::config(row, self.host.address(), now)).collect();
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
        let asked = self.host.ask(today, Call::get(&["config", key.as_str()])).await;
        let (routes, answer) = asked.map_err(|error| match error.kind {
            Kind::NotFound => Error::not_found(format!("there is no config `{key}` at `{}`", self.host.address()))
                .hinted("`hallpass config list` shows what there is"),
            _ => error,
        })?;
        let row = answer.get(if routes == Routes::Era { "config" } else { "data" }).unwrap_or(&Value::Null);
        let config = shapes::config(row, self.host.address(), self.here.now()).filter(|config| config.key == *key);
        let config = config.ok_or_else(|| {
            Error::new(Kind::Provider, format!("`{}` tells nothing of `{key}` that can be read", self.host.address()))
        })?;
        let secret = row.get("oauth_client_secret").or_else(|| row.get("credentials")?.get("client_secret"));
        let secret = secret.and_then(Value::as_str).filter(|secret| !secret.is_empty()).map(Secret::new);
        Ok(Whole { config, secret })
    }

    pub(super) async fn client_of(&self, key: &ConfigKey, with_secret: bool) -> Result<ConfigClient> {
        let Whole { config, secret } = self.whole(key).await?;
        Ok(ConfigClient { id: config.client_id, secret: secret.filter(|_| with_secret) })
    }

    /// Makes a config there.
    pub async fn create_config(&self, new: NewConfig) -> Result<Config> {
        self.here.may_change()?;
        self.refuse_redirect_uri(new.redirect_uri.as_deref())?;
        let (secret, scopes) = (new.client_secret.unwrap_or_default(), new.scopes.join(","));
        let today = Call::new(Method::POST, &["integrations"]).body(json!({
            "unique_key": new.key.as_str(),
            "provider": new.provider,
            "credentials": {
                "type": self.auth_mode(&new.provider, &new.client_id),
                "client_id": new.client_id,
                "client_secret": secret.expose(),
                "scopes": scopes,
            },
        }));
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
        let Whole { config, secret } = self.whole(key).await?;
        let provider = changes.provider.unwrap_or_else(|| config.provider.as_str().to_owned());
        let client_id = changes.client_id.unwrap_or(config.client_id);
        let secret = changes.client_secret.or(secret).unwrap_or_default();
        let scopes = changes.scopes.unwrap_or(config.scopes).join(",");
        match self.host.routes().await? {
            Routes::Today if provider != config.provider.as_str() => {
                return Err(self.not_offered("a config is given another provider"));
            }
            Routes::Today => {
                let body = json!({"credentials": {
                    "type": self.auth_mode(&provider, &client_id),
                    "client_id": client_id,
                    "client_secret": secret.expose(),
                    "scopes": scopes,
                }});
                self.host.ask_one(Call::new(Method::PATCH, &["integrations", key.as_str()]).body(body)).await?
            }
            Routes::Era => {
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
        let mut connections = self.connections().await?;
        connections.retain(|connection| connection.reference.config == *key);
        if self.host.routes().await? == Routes::Era {
            // Those routes leave the connections behind.
            for connection in &connections {
                self.delete_connection(&connection.reference).await?;
            }
        }
        let call = |route: &'static str| Call::new(Method::DELETE, &[route, key.as_str()]);
        self.host.ask(call("integrations"), call("config")).await?;
        Ok(connections.len())
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
