//! Device authorization (RFC 8628): a code that the user enters on another device, and polling until
//! they have.

use std::time::Duration;

use serde_json::{Map, Value};
use url::Url;

use super::answer::Reading;
use super::transport::{Told, Transport};
use super::{AuthError, Client};
use crate::model::provider::OAuth2;
use crate::model::tape::What;
use crate::model::template::is_loopback;
use crate::model::{Secret, TokenSet, untrusted};

/// The grant type of section 3.4.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How long to wait between two polls where the server does not say (section 3.2).
const INTERVAL: Duration = Duration::from_secs(5);
/// What `slow_down` adds to it, for good (section 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// The longest life that is believed; no pause between two polls is longer.
const LONGEST_LIFE: u64 = 3_600;
/// The longest code that fits onto a screen.
const LONGEST_CODE: usize = 64;

/// A device authorization that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    code: Secret,
    /// The code that the user enters.
    pub user_code: String,
    /// Where they enter it.
    pub verification_uri: Url,
    /// The same with the code in it, for a QR code (section 3.3.1).
    pub verification_uri_complete: Option<Url>,
    /// How long the code is good for.
    pub lifetime: Duration,
    /// How long to wait between two polls.
    pub interval: Duration,
}

/// What a poll brought.
#[derive(Debug)]
pub enum Poll {
    /// The user has not decided yet.
    Pending,
    /// Not so often: [`Device::slow_down`].
    SlowDown,
    /// They let the client in.
    Done(Box<TokenSet>),
}

impl Device {
    /// Waits longer between two polls from now on.
    pub fn slow_down(&mut self) {
        self.interval += SLOWER;
    }

    /// Waits longer after a poll that brought no answer (section 3.5): twice as long, at most `longest`, and
    /// never shorter than before or than the server asks for.
    pub fn back_off(&mut self, longest: Duration, asked: Option<Duration>) {
        let twice = (self.interval * 2).min(longest);
        self.interval = self.interval.max(twice).max(asked.unwrap_or_default());
    }
}

/// Asks for a code.
pub async fn begin(transport: &Transport, client: &Client, scopes: &[String]) -> Result<Device, AuthError> {
    let url = client.device_authorization_url()?;
    let scope = scopes.join(&client.table.scope_separator);
    let mut parameters = Vec::new();
    if !scope.is_empty() {
        parameters.push(("scope", scope.as_str()));
    }
    let answer = transport
        .object(url, &device_table(client), client.request(What::DeviceCode, &parameters, transport.now()))
        .await?;
    read(&answer).ok_or_else(|| AuthError::Unusable {
        host: super::http::host_of(url),
        status: 200,
        what: "a device authorization without a usable `device_code`, `user_code` or `verification_uri`".to_owned(),
    })
}

/// Asks whether the user has decided.
pub async fn poll(
    transport: &Transport,
    client: &Client,
    device: &Device,
    scopes: &[String],
) -> Result<Poll, AuthError> {
    let scope = scopes.join(&client.table.scope_separator);
    let mut parameters = vec![("grant_type", GRANT), ("device_code", device.code.expose())];
    // Not in the RFC; who renames it wants it here too (Twitch).
    if client.table.device_param_names.contains_key("scope") {
        parameters.push(("scope", &scope));
    }
    let request = client.request(What::Poll, &parameters, transport.now());
    let (reading, told) = transport.ask(&client.token_url, &device_table(client), request).await?;
    judged(reading, &told, transport, client)
}

fn judged(reading: Reading, told: &Told, transport: &Transport, client: &Client) -> Result<Poll, AuthError> {
    match reading {
        Reading::Refused(refusal) | Reading::Later(refusal) if refusal.code == "slow_down" => Ok(Poll::SlowDown),
        Reading::Refused(refusal) if is_pending(&refusal.code, refusal.description.as_deref()) => Ok(Poll::Pending),
        reading => {
            let tokens = client.bound(Client::token_set_of(told.tokens(reading)?, transport.now())?);
            Ok(Poll::Done(Box::new(tokens)))
        }
    }
}

/// Twitch has no error code: its status is 400 and its message the code.
fn is_pending(code: &str, description: Option<&str>) -> bool {
    code == "authorization_pending" || description == Some("authorization_pending")
}

fn device_table(client: &Client) -> OAuth2 {
    let mut table = client.table.clone();
    table.param_names.extend(table.device_param_names.clone());
    table
}

fn read(answer: &Map<String, Value>) -> Option<Device> {
    let text = |name: &str| answer.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let number = |name: &str| match answer.get(name)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    // Google had the draft's name.
    let uri = text("verification_uri").or_else(|| text("verification_url"))?;
    let complete = text("verification_uri_complete").or_else(|| text("verification_url_complete"));
    let user_code = text("user_code").filter(|code| code.len() <= LONGEST_CODE).map(untrusted::line)?;
    Some(Device {
        code: Secret::new(text("device_code")?),
        user_code,
        verification_uri: page(uri)?,
        verification_uri_complete: complete.and_then(page),
        lifetime: Duration::from_secs(number("expires_in").unwrap_or(LONGEST_LIFE).min(LONGEST_LIFE)),
        interval: number("interval").map_or(INTERVAL, |seconds| Duration::from_secs(seconds.clamp(1, LONGEST_LIFE))),
    })
}

/// A page that a browser may be sent to.
fn page(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_fit = url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url);
    (is_fit && url.username().is_empty() && url.password().is_none()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn device(value: &Value) -> Option<Device> {
        read(value.as_object().unwrap())
    }

    #[test]
    fn the_example_of_rfc_8628_is_read() {
        let device = device(&json!({
            "device_code": "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS", "user_code": "WDJB-MJHT",
            "verification_uri": "https://example.com/device",
            "verification_uri_complete": "https://example.com/device?user_code=WDJB-MJHT",
            "expires_in": 1800, "interval": 5
        }))
        .unwrap();
        assert_eq!(
            (device.user_code.as_str(), device.lifetime.as_secs(), device.interval.as_secs()),
            ("WDJB-MJHT", 1_800, 5)
        );
        assert!(!format!("{device:?}").contains("GmRhmhcx"));
    }

    #[test]
    fn what_a_server_leaves_out_has_the_rfcs_default_and_what_is_absurd_is_bounded() {
        let answer = json!({"device_code": "d", "user_code": "u", "verification_url": "https://a.example/", "expires_in": 99_999_999, "interval": 0});
        let found = device(&answer).unwrap();
        assert_eq!((found.interval.as_secs(), found.lifetime.as_secs()), (1, 3_600));
        let bare = json!({"device_code": "d", "user_code": "u", "verification_uri": "https://a.example/"});
        assert_eq!(device(&bare).unwrap().interval, INTERVAL);
    }

    #[test]
    fn a_page_that_is_none_and_codes_with_escapes_are_not_shown() {
        for uri in ["javascript:alert(1)", "http://a.example/", "https://u:p@a.example/", "file:///etc/passwd", ""] {
            assert!(device(&json!({"device_code": "d", "user_code": "u", "verification_uri": uri})).is_none(), "{uri}");
        }
        let escaped = json!({"device_code": "d", "user_code": "A\u{1b}[2JB", "verification_uri": "https://a.example/"});
        assert_eq!(device(&escaped).unwrap().user_code, "A[2JB");
    }

    #[test]
    fn each_slow_down_adds_five_seconds_for_good() {
        let mut device =
            device(&json!({"device_code": "d", "user_code": "u", "verification_uri": "https://a.example/"})).unwrap();
        device.slow_down();
        device.slow_down();
        assert_eq!(device.interval.as_secs(), 15);
    }

    #[test]
    fn a_pause_grows_after_a_poll_without_an_answer_and_never_shrinks() {
        let mut device = device(
            &json!({"device_code": "d", "user_code": "u", "verification_uri": "https://a.example/", "interval": 40}),
        )
        .unwrap();
        let minute = Duration::from_mins(1);
        device.back_off(minute, None);
        assert_eq!(device.interval, minute);
        device.back_off(minute, Some(Duration::from_secs(90)));
        assert_eq!(device.interval.as_secs(), 90);
        device.back_off(minute, None);
        assert_eq!(device.interval.as_secs(), 90);
    }
}
