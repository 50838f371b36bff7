//! Clients that make themselves known (RFC 7591).

use crate::auth::registration::{self, Registered};
use crate::auth::{AuthError, Tape};
use crate::model::ProviderId;
use crate::model::template::Values;
use crate::service::{Error, Result, Service};

impl Service {
    /// Makes hallpass known as a client of a provider (RFC 7591), which tells its id, and its secret if it has one.
    pub(super) async fn register(&self, id: &ProviderId, redirect_uri: &str, tape: &Tape) -> Result<Registered> {
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
