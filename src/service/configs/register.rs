//! Clients that make themselves known (RFC 7591).

use crate::auth::registration::{self, Registered};
use crate::auth::{AuthError, Tape};
use crate::model::template::Values;
use crate::model::{Config, ConfigKey, Happening, ProviderId};
use crate::service::activity::About;
use crate::service::enter::outcome_of;
use crate::service::items::Item;
use crate::service::{Error, Result, Service};

impl Service {
    /// Makes hallpass known as the client of a config (RFC 7591), which is told its id, and its secret if it has one.
    pub(super) async fn register(
        &self,
        key: &ConfigKey,
        provider: &ProviderId,
        redirect_uri: &str,
        tape: &Tape,
    ) -> Result<Registered> {
        self.registered(provider, redirect_uri, tape).await.inspect_err(|error| {
            let about = About::saying(error.message.clone()).on(tape);
            self.record_failed_config(key, outcome_of(error), about);
        })
    }

    /// Makes hallpass known as another client of a config that is there: the server has forgotten the one that it was,
    /// or its redirect URI is another one now. What the old one was granted ends with it, most often.
    pub(super) async fn register_anew(&self, mut config: Config) -> Result<Config> {
        let tape = Tape::default();
        let uri = config.redirect_uri().to_owned();
        let registered = Box::pin(self.register(&config.key, &config.provider, &uri, &tape)).await?;
        config.client_id = registered.client_id;
        match registered.client_secret {
            Some(secret) => config = self.update_with_secret(&config, &secret).await?,
            None if config.has_client_secret => {
                config.has_client_secret = false;
                self.drop_client_secret(&config, &Item::Config(config.key.clone())).await?;
            }
            None => self.store.update_config(&config, None)?,
        }
        self.record_config(&config.key, Happening::Changed, About::saying("registered anew").on(&tape));
        Ok(config)
    }

    async fn registered(&self, id: &ProviderId, redirect_uri: &str, tape: &Tape) -> Result<Registered> {
        let provider = self.ready_provider(id).await?;
        let table = provider.oauth2.clone().unwrap_or_default();
        let Some(endpoint) = &table.registration_endpoint else {
            return Err(Error::usage(format!("{} registers no clients, and no client id was given", provider.name))
                .hinted("register an application there, and give its client id"));
        };
        let given = std::collections::BTreeMap::new();
        let values = Values { declared: &provider.variables, given: &given, allows_loopback_http: provider.is_own };
        let url = values.url(endpoint).map_err(AuthError::from)?;
        // Whoever makes a config wants to know at once that its client can be kept.
        self.prove_vault().await?;
        let _busy = self.busy.begin();
        registration::register(&self.network.auth.taped(tape), &url, redirect_uri, &table).await.map_err(|error| {
            let error = Error::from(error);
            Error { message: format!("{} did not register a client: {}", provider.name, error.message), ..error }
                .or_hinted(|| Some("register an application there, and give its client id".to_owned()))
        })
    }
}
