//! The flows that a person takes part in, as the rest of an authorization sees them: an address to open,
//! a callback to judge, something to exchange.

use std::time::Duration;

use url::Url;

use super::{DeviceCode, Way};
use crate::auth::authorization_code::Further;
use crate::auth::callback::{self, Verdict};
use crate::auth::device::Device;
use crate::auth::{AuthError, Client, Registration, Transport, authorization_code, device, oauth1};
use crate::model::{Credentials, Secret, WayIn};

/// A flow that has begun.
pub(super) enum Flow {
    /// Authorization code with PKCE.
    Code { client: Box<Client>, begun: Box<authorization_code::Begun> },
    /// OAuth 1.0a.
    Signed { consumer: Box<oauth1::Consumer>, begun: Box<oauth1::Begun> },
    /// Device authorization.
    Device { client: Box<Client>, device: Box<Device>, page: Url },
}

impl Flow {
    /// Begins the flow of a registration's way of authenticating.
    pub(super) async fn begin(
        transport: &Transport,
        registration: &Registration<'_>,
        way: Way,
        scopes: &[String],
        further: &Further,
    ) -> Result<Self, AuthError> {
        if registration.way == WayIn::OAuth1 {
            let consumer = Box::new(oauth1::Consumer::new(registration)?);
            let begun = Box::new(oauth1::begin(transport, &consumer, scopes, further).await?);
            return Ok(Self::Signed { consumer, begun });
        }
        let client = Box::new(Client::new(registration)?);
        if way == Way::Device {
            let device = Box::new(device::begin(transport, &client, scopes).await?);
            let page = device.verification_uri_complete.clone().unwrap_or_else(|| device.verification_uri.clone());
            return Ok(Self::Device { client, device, page });
        }
        let begun = authorization_code::begin(&client, scopes, further)?;
        let begun = Box::new(authorization_code::push(transport, &client, begun).await?);
        Ok(Self::Code { client, begun })
    }

    /// Returns the address to open.
    pub(super) fn url(&self) -> &Url {
        match self {
            Self::Code { begun, .. } => &begun.url,
            Self::Signed { begun, .. } => &begun.url,
            Self::Device { page, .. } => page,
        }
    }

    /// Returns the page that a person is sent to, as it may be kept: no code stands in it that they are to enter.
    pub(super) fn page(&self) -> &Url {
        match self {
            Self::Device { device, .. } => &device.verification_uri,
            Self::Code { .. } | Self::Signed { .. } => self.url(),
        }
    }

    /// Returns the names of the parameters that the provider file adds to the page.
    pub(super) fn own_parameters(&self) -> Vec<String> {
        match self {
            Self::Code { client, .. } | Self::Device { client, .. } => {
                client.table().authorization_params.keys().cloned().collect()
            }
            Self::Signed { .. } => Vec::new(),
        }
    }

    /// Returns the state that the callback must carry.
    pub(super) fn state(&self) -> Option<&Secret> {
        match self {
            Self::Code { begun, .. } => Some(&begun.expected.state),
            Self::Signed { begun, .. } => Some(&begun.state),
            Self::Device { .. } => None,
        }
    }

    /// Returns how long the flow is good for, where the server says so.
    pub(super) fn lifetime(&self) -> Option<Duration> {
        match self {
            Self::Device { device, .. } => Some(device.lifetime),
            Self::Code { .. } | Self::Signed { .. } => None,
        }
    }

    /// Returns the code to show.
    pub(super) fn device_code(&self) -> Option<DeviceCode> {
        match self {
            Self::Device { device, .. } => Some(DeviceCode {
                user_code: device.user_code.clone(),
                verification_uri: device.verification_uri.clone(),
                verification_uri_complete: device.verification_uri_complete.clone(),
            }),
            Self::Code { .. } | Self::Signed { .. } => None,
        }
    }

    /// Judges the query of a callback.
    pub(super) fn judge(&self, query: &str) -> Verdict {
        match self {
            Self::Code { begun, .. } => callback::judge(query, &begun.expected),
            Self::Signed { begun, .. } => match oauth1::judge(query, begun) {
                oauth1::Verdict::Stranger(why) => Verdict::Stranger(why),
                oauth1::Verdict::Denied(refusal) => Verdict::Denied(refusal),
                oauth1::Verdict::Verifier(verifier) => Verdict::Code(verifier),
            },
            Self::Device { .. } => Verdict::Stranger("nothing was to come back"),
        }
    }

    /// Exchanges what the callback carried.
    pub(super) async fn exchange(&self, transport: &Transport, code: &Secret) -> Result<Credentials, AuthError> {
        match self {
            Self::Code { client, begun } => {
                authorization_code::exchange(transport, client, begun, code).await.map(Credentials::OAuth2)
            }
            Self::Signed { consumer, begun } => {
                oauth1::exchange(transport, consumer, begun, code).await.map(Credentials::OAuth1)
            }
            Self::Device { .. } => Err(AuthError::NotOffered("exchange of a code by a device")),
        }
    }

    /// Returns the client, where there is an OAuth 2 one.
    pub(super) fn client(&self) -> Option<&Client> {
        match self {
            Self::Code { client, .. } | Self::Device { client, .. } => Some(client),
            Self::Signed { .. } => None,
        }
    }
}
