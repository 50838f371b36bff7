//! Looking into credentials: claims with times for people, what the server says of a token, and whether
//! an ID token is what it says.

use serde_json::{Map, Value};

use super::fields::Beside;
use super::{Result, Service};
use crate::auth::id_token::{self, Expected};
use crate::auth::introspect::{self, Introspection};
use crate::auth::{self, AuthError, jwt};
use crate::model::freshness::{remaining, spoken};
use crate::model::tape::What;
use crate::model::{Connection, ConnectionRef, Credentials, Secret, Time, TokenSet, untrusted};

/// How far the provider's clock may differ before it is called out.
const SKEW: chrono::TimeDelta = chrono::TimeDelta::seconds(60);

/// What can be seen of a connection's credentials without handing them out.
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
    /// Its type: `Bearer`, or the way of authenticating where there is no such thing.
    pub token_type: String,
    /// When it ends.
    pub expires_at: Option<Time>,
    /// The header of a JWT, unverified.
    pub header: Option<Map<String, Value>>,
    /// Its claims, unverified: an access token is made for its API, which alone knows how to judge it.
    pub claims: Option<Map<String, Value>>,
    /// What the server says of the token, where it has an introspection endpoint (RFC 7662).
    pub introspection: Option<Introspected>,
    /// The ID token, where there is one.
    pub id_token: Option<IdToken>,
    /// Whatever deserves a second look.
    pub warnings: Vec<String>,
}

/// What a server says of a token.
#[derive(Debug, Clone, PartialEq)]
pub struct Introspected {
    /// Whether it is good now.
    pub is_active: bool,
    /// Every field of the answer but that.
    pub fields: Map<String, Value>,
}

/// An ID token, and whether it is what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct IdToken {
    /// Its claims.
    pub claims: Map<String, Value>,
    /// `None` where signature and claims were found good, else why not.
    pub doubt: Option<String>,
}

impl Service {
    /// Looks into the credentials of a connection as they are; they are not refreshed. The server is
    /// asked what it knows of the token, and for the keys that an ID token is signed with.
    pub async fn inspect(&self, reference: &ConnectionRef) -> Result<Inspection> {
        let (connection, loaded) = self.peek_credentials(reference).await?;
        let mut inspection = self.look_into(connection, &loaded.credentials);
        let tokens = loaded.credentials.tokens().filter(|_| !inspection.connection.way.is_exchanged());
        if let Some(tokens) = tokens {
            let (introspection, id_token) =
                self.ask_about(&inspection.connection, tokens, &mut inspection.warnings).await;
            (inspection.introspection, inspection.id_token) = (introspection, id_token);
        }
        Ok(inspection)
    }

    /// Looks into credentials, and asks nobody.
    pub fn look_into(&self, connection: Connection, credentials: &Credentials) -> Inspection {
        let decoded = credentials.tokens().and_then(|tokens| jwt::decode(&tokens.access_token));
        let now = self.now();
        let mut warnings = Vec::new();
        if let Some(problem) = &connection.problem {
            warnings.push(problem.reason.clone());
        }
        let refused = connection.refused_scopes();
        if !refused.is_empty() {
            warnings.push(format!("asked for and not granted: {}", refused.join(" ")));
        }
        if credentials.expires_at().is_some_and(|end| remaining(end, now).is_zero()) {
            let next =
                if credentials.is_refreshable() { "the next use refreshes it" } else { "it must be authorized again" };
            warnings.push(format!("it has ended; {next}"));
        }
        if let Some(issued) = decoded.as_ref().and_then(|token| moment(token.claims.get("iat")?))
            && issued - now > SKEW
        {
            let ahead = spoken((issued - now).to_std().unwrap_or_default());
            warnings.push(format!("it was issued {ahead} in the future: check this machine's clock"));
        }
        Inspection {
            format: if decoded.is_some() { "JWT" } else { "opaque" },
            masked: credentials.masked(),
            fingerprint: credentials.fingerprint(),
            token_type: credentials
                .tokens()
                .map_or_else(|| connection.way.to_string(), |tokens| tokens.token_type.clone()),
            expires_at: credentials.expires_at(),
            header: decoded.as_ref().map(|token| token.header.clone()),
            claims: decoded.map(|token| token.claims),
            introspection: None,
            id_token: None,
            warnings,
            connection,
        }
    }

    /// Asks the server about a token set. That it cannot be asked keeps nobody from seeing the rest.
    async fn ask_about(
        &self,
        connection: &Connection,
        tokens: &TokenSet,
        warnings: &mut Vec<String>,
    ) -> (Option<Introspected>, Option<IdToken>) {
        let client = match self
            .whole_client_of(&connection.reference.config, connection.way, Beside::of(connection, &tokens.fields))
            .await
        {
            Ok(client) => client,
            Err(error) => {
                warnings.push(format!("the server could not be asked: {error}"));
                return (
                    None,
                    tokens.id_token.as_ref().and_then(|token| doubted(token, "the server could not be asked")),
                );
            }
        };
        let introspection = match introspect::introspect(&self.network.auth, &client, &tokens.access_token).await {
            Ok(Introspection { is_active, mut fields, .. }) => {
                fields.remove("active");
                Some(Introspected { is_active, fields })
            }
            Err(AuthError::NotOffered(_)) => None,
            Err(error) => {
                warnings.push(format!("introspection: {error}"));
                None
            }
        };
        let id_token = match &tokens.id_token {
            Some(token) => self.judged_id_token(token, &client, tokens.nonce.as_deref()).await,
            None => None,
        };
        (introspection, id_token)
    }

    async fn judged_id_token(&self, token: &Secret, client: &auth::Client, nonce: Option<&str>) -> Option<IdToken> {
        let Some(issuer) = client.table().issuer.clone() else {
            return doubted(token, "the provider file names no issuer");
        };
        let keys = match self.keys_of(&issuer, client).await {
            Ok(keys) => keys,
            Err(error) => return doubted(token, &format!("the issuer's keys cannot be had: {error}")),
        };
        let expected = Expected { issuer: &issuer, client_id: client.id(), nonce, now: self.now() };
        match id_token::verify(token, &keys, &expected) {
            Ok(claims) => Some(IdToken { claims, doubt: None }),
            Err(error) => doubted(token, &error.to_string()),
        }
    }

    async fn keys_of(&self, issuer: &str, client: &auth::Client) -> Result<Value> {
        let is_own = auth::http::is_loopback_issuer(issuer);
        let url = match client.jwks_url() {
            Some(url) => url.clone(),
            None => self
                .metadata(issuer, is_own)
                .await?
                .jwks_url()
                .ok_or_else(|| super::Error::new(super::Kind::Provider, "its metadata names no `jwks_uri`"))?,
        };
        Ok(self.network.auth.document(&url, What::Keys).await?)
    }
}

fn doubted(token: &Secret, why: &str) -> Option<IdToken> {
    Some(IdToken { claims: jwt::decode(token)?.claims, doubt: Some(why.to_owned()) })
}

impl Inspection {
    /// Returns the claims as lines for a person: the registered times (RFC 7519 section 4.1) are
    /// spelled out.
    pub fn claim_lines(&self, now: Time) -> Vec<(String, String)> {
        self.claims.as_ref().map(|claims| lines(claims, now)).unwrap_or_default()
    }
}

/// Returns fields of a token as lines for a person, with times spelled out.
pub fn lines(fields: &Map<String, Value>, now: Time) -> Vec<(String, String)> {
    let line = |(name, value): (&String, &Value)| {
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
    };
    fields.iter().map(line).collect()
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
