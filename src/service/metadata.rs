//! Which way in a config takes, and its provider with what is discovered about it: the metadata of its
//! issuer, kept for a day.

use super::{Error, Result, Service};
use crate::auth::discovery::{self, Metadata};
use crate::model::{Config, ConnectionRef, Provider, ProviderId, WayIn};

/// How long metadata is taken as it is.
const LIFETIME: chrono::TimeDelta = chrono::TimeDelta::days(1);

impl Service {
    /// Returns the way in which a config is authorized, and its provider: the way asked for, or the usual
    /// one.
    pub async fn way_in(&self, config: &Config, asked: Option<WayIn>) -> Result<(WayIn, Provider)> {
        let provider = self.ready_provider(&config.provider).await?;
        let has_client = !config.client_id.is_empty();
        let offered = || provider.way_words().join(", ");
        let way = match asked {
            Some(way) if provider.declares(way) => way,
            Some(way) => {
                return Err(Error::usage(format!("{} offers no {way}", provider.name))
                    .hinted(format!("it offers {}", offered())));
            }
            None => provider
                .usual_way(has_client)
                .ok_or_else(|| Error::usage(format!("the provider file of {} declares no way in", provider.name)))?,
        };
        if way.needs_client() && !has_client {
            return Err(Error::usage(format!("`{}` has no client id, and {way} needs one", config.key)).hinted(
                format!("`hallpass config edit {} --client-id ID`", super::error::quoted(config.key.as_str())),
            ));
        }
        Ok((way, provider))
    }

    /// The same for one connection: one that is there keeps its way, unless another is asked for or it is gone.
    pub async fn way_in_again(
        &self,
        config: &Config,
        connection: &ConnectionRef,
        asked: Option<WayIn>,
    ) -> Result<(WayIn, Provider)> {
        let before = self.store.connection(connection)?.map(|connection| connection.way);
        let (_, provider) = self.provider(config.provider.as_str())?;
        let usable = provider.usable_ways(!config.client_id.is_empty());
        self.way_in(config, asked.or(before.filter(|way| usable.contains(way)))).await
    }

    /// Returns a provider, with what its file leaves to discovery filled in.
    pub(super) async fn ready_provider(&self, id: &ProviderId) -> Result<Provider> {
        let (_, mut provider) = self.provider(id.as_str())?;
        let is_own = provider.is_own;
        for table in [provider.oauth2.as_mut(), provider.client_credentials.as_mut()].into_iter().flatten() {
            let Some(issuer) = table.issuer.clone().filter(|_| table.token_endpoint.is_none()) else { continue };
            self.metadata(&issuer, is_own).await?.complete(table);
        }
        Ok(provider)
    }

    /// Returns a provider with all that can be discovered of it: endpoints that its file leaves out though
    /// it names others (revocation, introspection). Where that cannot be fetched, what the file says.
    pub(super) async fn whole_provider(&self, id: &ProviderId) -> Result<Provider> {
        let mut provider = self.ready_provider(id).await?;
        let is_own = provider.is_own;
        for table in [provider.oauth2.as_mut(), provider.client_credentials.as_mut()].into_iter().flatten() {
            let Some(issuer) = table.issuer.clone() else { continue };
            match self.metadata(&issuer, is_own).await {
                // Only endpoints: what the file says of the rest was decided there.
                Ok(metadata) => metadata.add_endpoints(table),
                Err(error) => tracing::info!(%error, "discovering what the provider file leaves out"),
            }
        }
        Ok(provider)
    }

    /// Returns the metadata of an issuer: as it was kept, if that is not too old, else fetched anew. Where
    /// it cannot be fetched, what was kept serves on.
    pub(super) async fn metadata(&self, issuer: &str, allows_loopback_http: bool) -> Result<Metadata> {
        let kept = self.store.metadata(issuer)?.and_then(|(document, at)| {
            let document = serde_json::from_str(&document).ok()?;
            Some((Metadata::of(issuer, document, allows_loopback_http).ok()?, at))
        });
        let age = kept.as_ref().map(|(_, at)| self.now() - *at);
        if let Some((metadata, _)) = kept.as_ref().filter(|_| {
            // One from the future was kept before the clock was set back.
            age.is_some_and(|age| age < LIFETIME && age > -LIFETIME)
        }) {
            return Ok(metadata.clone());
        }
        match discovery::discover(&self.network.auth, issuer, allows_loopback_http).await {
            Ok(metadata) => {
                if !self.settings.read_only
                    && let Err(error) = self.store.keep_metadata(issuer, &metadata.document(), self.now())
                {
                    tracing::warn!(%error, "keeping the metadata of an issuer");
                }
                Ok(metadata)
            }
            Err(error) => match kept {
                Some((metadata, _)) => {
                    tracing::warn!(%error, issuer, "the metadata could not be fetched anew");
                    Ok(metadata)
                }
                None => Err(error.into()),
            },
        }
    }
}
