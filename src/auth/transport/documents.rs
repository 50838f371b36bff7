//! What a server tells everybody: requests without a secret, and without a form.

use reqwest::header::{ACCEPT, WWW_AUTHENTICATE};
use serde_json::Value;
use url::Url;

use super::{Told, Transport};
use crate::auth::http::{chain, explain, host_of};
use crate::auth::sent::Sent;
use crate::auth::{AuthError, Refusal, masked};
use crate::model::tape::What;

impl Transport {
    /// Fetches a public document: metadata, keys.
    pub async fn document(&self, url: &Url, what: What) -> Result<Value, AuthError> {
        let client = self.client(url).await?;
        let request = client.get(url.clone()).header(ACCEPT, "application/json").build();
        let request = request.map_err(|error| AuthError::Tls(chain(&error)))?;
        let recording = self.tape.as_ref().map(|tape| tape.begin(what, masked::document(url), self.now()));
        let outcome = self.execute(client, request, url, &Sent::default()).await;
        if let Some(recording) = recording {
            match &outcome {
                // It is public, long, and to be had there.
                Ok(reply) => {
                    recording.answered_bare(reply.status, &reply.headers, u64::try_from(reply.body.len()).ok(), &[]);
                }
                Err(error) => recording.failed(&error.to_string()),
            }
        }
        let reply = outcome?;
        let told = Told { host: host_of(url), status: reply.status, retry_after: reply.retry_after };
        match reply.status {
            200..=299 => serde_json::from_slice(&reply.body).map_err(|_| told.unusable("something that is not JSON")),
            _ if told.is_busy() => Err(told.busy(None)),
            status => Err(Refusal::of_status(status).into()),
        }
    }
    /// Asks for something without a token, and returns what the refusal says is wanted (`WWW-Authenticate`, RFC 9110
    /// section 11.6.1); nothing where it is no refusal.
    pub async fn challenges(&self, url: &Url) -> Result<Vec<String>, AuthError> {
        let client = self.client(url).await?;
        let request = client.get(url.clone()).header(ACCEPT, "application/json, text/event-stream").build();
        let request = request.map_err(|error| AuthError::Tls(chain(&error)))?;
        let host = host_of(url);
        let response = client.execute(request).await.map_err(|error| explain(&host, error))?;
        let headers = response.headers().get_all(WWW_AUTHENTICATE).into_iter();
        let headers = headers.filter(|_| response.status().as_u16() == 401);
        Ok(headers.filter_map(|header| header.to_str().ok()).map(str::to_owned).collect())
    }
}
