//! What the metadata of issuers says otherwise than the files that are built in: for whoever keeps these.

use super::{Error, Result, Service};
use crate::auth::discovery;
use crate::model::ProviderId;

/// What an issuer's metadata says otherwise than a file.
#[derive(Debug)]
pub struct Drift {
    /// The provider.
    pub id: ProviderId,
    /// One sentence each; or why the metadata cannot be had.
    pub differences: Result<Vec<String>>,
}

impl Service {
    /// Returns the providers whose files name an issuer and its endpoints too.
    pub fn providers_with_issuer(&self) -> Vec<ProviderId> {
        let all = self.catalog.all().into_iter().filter_map(|(id, provider)| Some((id, provider.ok()?)));
        let has_both =
            |table: &crate::model::provider::OAuth2| table.issuer.is_some() && table.token_endpoint.is_some();
        all.filter(|(_, provider)| provider.oauth2.as_ref().is_some_and(has_both)).map(|(id, _)| id).collect()
    }

    /// Fetches the metadata of a provider's issuer, however lately that was done, and compares the file with it.
    pub async fn drift(&self, id: &str) -> Result<Drift> {
        let (id, provider) = self.provider(id)?;
        let table = provider.oauth2.as_ref();
        let Some((table, issuer)) = table.and_then(|table| Some((table, table.issuer.as_deref()?))) else {
            return Err(Error::usage(format!("the file of {} names no issuer", provider.name))
                .hinted("its addresses can be compared with nothing"));
        };
        let metadata = discovery::discover(&self.network.auth, issuer, provider.is_own).await;
        Ok(Drift { id, differences: metadata.map(|metadata| metadata.differences(table)).map_err(Error::from) })
    }
}
