//! An authorized request to a provider's API, with a fresh token; and once more with a new one where the
//! API says 401.

use super::activity::About;
use super::fresh::{Fresh, Freshness};
use super::{Kind, Result, Service};
pub use crate::api::Answer;
use crate::api::{Access, Request};
use crate::model::{ConnectionRef, Happening, Outcome};

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiRequest {
    /// The HTTP method, in any case.
    pub method: String,
    /// A path under the API's base URL, or a whole URL of the same origin.
    pub path: String,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
}

impl Service {
    /// Sends a request to the API of a connection, authorized as its provider wants it.
    pub async fn request(&self, reference: &ConnectionRef, request: &ApiRequest) -> Result<Answer> {
        let fresh = self.fresh_credentials(reference, Freshness::default()).await?;
        let access = self.access_of(&fresh).await?;
        let mut ready = Request::new(&request.method, access.url(&request.path)?)?;
        for (name, value) in &request.headers {
            ready = ready.header(name, value)?;
        }
        if let Some(body) = &request.body {
            ready = ready.body(body.clone());
        }
        let answer = self.network.api.send(&access, &ready).await?;
        self.note_request(reference, &fresh, request, answer.status());
        let is_renewable = fresh.credentials.is_refreshable() && !fresh.was_refreshed;
        if answer.status() != 401 || !is_renewable || self.settings.read_only {
            return Ok(answer);
        }
        // It may have been revoked before its time: one refresh, one more try.
        tracing::info!("the API answered 401; refreshing once");
        let fresh = match self.replaced(reference, &fresh).await {
            Ok(fresh) => fresh,
            Err(error) if matches!(error.kind, Kind::AuthorizationNeeded | Kind::Vault) => return Err(error),
            Err(error) => {
                tracing::info!(%error, "the refresh did not work");
                return Ok(answer);
            }
        };
        let access = self.access_of(&fresh).await?;
        let ready = ready.moved(access.url(&request.path)?);
        let answer = self.network.api.send(&access, &ready).await?;
        self.note_request(reference, &fresh, request, answer.status());
        Ok(answer)
    }

    /// Returns other credentials than those that an API refused: those that somebody else got meanwhile, or
    /// new ones.
    async fn replaced(&self, reference: &ConnectionRef, refused: &Fresh) -> Result<Fresh> {
        let now = self.fresh_credentials(reference, Freshness::default()).await?;
        if now.credentials.token() != refused.credentials.token() {
            return Ok(now);
        }
        self.fresh_credentials(reference, Freshness { forced: true, ..Freshness::default() }).await
    }

    pub(super) async fn access_of(&self, fresh: &Fresh) -> Result<Access> {
        let provider = self.ready_provider(&fresh.connection.provider).await?;
        self.access(&provider, &fresh.connection, &fresh.credentials).await
    }

    fn note_request(&self, reference: &ConnectionRef, fresh: &Fresh, request: &ApiRequest, status: u16) {
        let path = request.path.split('?').next().unwrap_or_default();
        let detail = format!("{} {} → {status}", request.method.to_uppercase(), crate::model::untrusted::line(path));
        let fingerprint = Some(fresh.credentials.fingerprint());
        let outcome = if status < 400 { Outcome::Done } else { Outcome::Refused };
        self.record(reference, Happening::Requested, outcome, About { detail, took: None, fingerprint });
    }
}
