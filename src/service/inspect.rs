//! Looking into a token: claims with times for people, or what little an opaque one tells.

use serde_json::{Map, Value};

use super::{Result, Service};
use crate::auth::jwt;
use crate::model::freshness::{remaining, spoken};
use crate::model::{Connection, ConnectionRef, Time, untrusted};

/// How far the provider's clock may differ before it is called out.
const SKEW: chrono::TimeDelta = chrono::TimeDelta::seconds(60);

/// What can be seen of a token without handing it out.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// The connection.
    pub connection: Connection,
    /// `JWT` or `opaque`.
    pub format: &'static str,
    /// The token, masked.
    pub masked: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// Its type.
    pub token_type: String,
    /// When it ends.
    pub expires_at: Option<Time>,
    /// The header of a JWT, unverified.
    pub header: Option<Map<String, Value>>,
    /// Its claims, unverified.
    pub claims: Option<Map<String, Value>>,
    /// Whatever deserves a second look.
    pub warnings: Vec<String>,
}

impl Service {
    /// Looks into the access token of a connection as it is; it is not refreshed.
    pub async fn inspect(&self, reference: &ConnectionRef) -> Result<Inspection> {
        let (connection, loaded) = self.peek_credentials(reference).await?;
        let credentials = loaded.credentials;
        let tokens = credentials.tokens();
        let decoded = jwt::decode(&tokens.access_token);
        let now = self.now();
        let mut warnings = Vec::new();
        if let Some(problem) = &connection.problem {
            warnings.push(problem.reason.clone());
        }
        let refused = connection.refused_scopes();
        if !refused.is_empty() {
            warnings.push(format!("asked for and not granted: {}", refused.join(" ")));
        }
        if tokens.expires_at.is_some_and(|end| remaining(end, now).is_zero()) {
            warnings.push("it has ended; the next use refreshes it".to_owned());
        }
        if let Some(issued) = decoded.as_ref().and_then(|token| moment(token.claims.get("iat")?))
            && issued - now > SKEW
        {
            let ahead = spoken((issued - now).to_std().unwrap_or_default());
            warnings.push(format!("it was issued {ahead} in the future: check this machine's clock"));
        }
        Ok(Inspection {
            format: if decoded.is_some() { "JWT" } else { "opaque" },
            masked: tokens.access_token.masked(),
            fingerprint: tokens.access_token.fingerprint(),
            token_type: tokens.token_type.clone(),
            expires_at: tokens.expires_at,
            header: decoded.as_ref().map(|token| token.header.clone()),
            claims: decoded.map(|token| token.claims),
            warnings,
            connection,
        })
    }
}

impl Inspection {
    /// Returns the claims as lines for a person: the registered times (RFC 7519 section 4.1) are
    /// spelled out.
    pub fn claim_lines(&self, now: Time) -> Vec<(String, String)> {
        let claims = self.claims.iter().flatten();
        claims
            .map(|(name, value)| {
                let shown = match (name.as_str(), moment(value)) {
                    ("exp" | "iat" | "nbf" | "auth_time", Some(time)) => {
                        format!("{} ({})", time.format("%Y-%m-%d %H:%M:%S UTC"), relative(time, now))
                    }
                    _ => match value {
                        Value::String(text) => untrusted::line(text),
                        other => untrusted::line(&other.to_string()),
                    },
                };
                (untrusted::line(name), shown)
            })
            .collect()
    }
}

fn moment(value: &Value) -> Option<Time> {
    let seconds = value.as_i64().or_else(|| {
        #[expect(clippy::cast_possible_truncation, reason = "a time out of range is none, and is checked below")]
        value.as_f64().map(|seconds| seconds as i64)
    })?;
    Time::from_timestamp(seconds, 0)
}

fn relative(time: Time, now: Time) -> String {
    match (time - now).to_std() {
        Ok(ahead) => format!("in {}", spoken(ahead)),
        Err(_) => format!("{} ago", spoken((now - time).to_std().unwrap_or_default())),
    }
}
