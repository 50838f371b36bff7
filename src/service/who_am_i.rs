//! Who a token is: the call of the provider's API that tells it.

use serde_json::{Map, Value};

use super::inspect::lines;
use super::request::ApiRequest;
use super::source::Source;
use super::{Error, Kind, Result, Service};
use crate::model::{ConnectionRef, Time};

/// The most that is read of an answer, in bytes.
const LARGEST: usize = 256 * 1024;

/// What an API says about a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhoAmI {
    /// The connection.
    pub connection: ConnectionRef,
    /// The call that was made, as the provider file has it: `GET /user`.
    pub call: String,
    /// What was answered.
    pub fields: Map<String, Value>,
}

impl WhoAmI {
    /// Returns the answer as names and values for a person, made harmless for a terminal.
    pub fn lines(&self, now: Time) -> Vec<(String, String)> {
        lines(&self.fields, now)
    }
}

impl Service {
    /// Asks the API of a connection who its token is, by the call that the provider file names.
    pub async fn who_am_i(&self, reference: &ConnectionRef) -> Result<WhoAmI> {
        let provider = self.connection(reference)?.provider;
        self.who_am_i_of(self, reference, provider.as_str()).await
    }

    /// The same, with credentials from wherever they come.
    pub async fn who_am_i_of(&self, source: &impl Source, reference: &ConnectionRef, provider: &str) -> Result<WhoAmI> {
        let (_, provider) = self.provider(provider)?;
        let Some(call) = provider.api.identity.clone() else {
            return Err(Error::usage(format!("{} names no call that tells who a token is", provider.name))
                .hinted("`i` looks into the token itself; `hallpass request` sends a call of your own"));
        };
        let (method, path) = call.split_once(' ').unwrap_or(("GET", &call));
        let request =
            ApiRequest { method: method.to_owned(), path: path.to_owned(), is_named: true, ..ApiRequest::default() };
        let answer = self.request_of(source, reference, request).await?;
        let status = answer.status();
        if !(200..300).contains(&status) {
            return Err(Error::new(Kind::Provider, format!("the API answered {status} to `{call}`"))
                .hinted("its scopes may not let it; `i` shows what was granted"));
        }
        let fields = match answer.json(LARGEST).await? {
            Value::Object(fields) => fields,
            other => Map::from_iter([("answer".to_owned(), other)]),
        };
        Ok(WhoAmI { connection: reference.clone(), call, fields })
    }
}
