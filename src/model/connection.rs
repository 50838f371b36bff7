//! A connection as the lists show it: everything but its secrets.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::freshness::{INTERACTIVE_MARGIN, margin, remaining};
use super::{ConnectionRef, Credentials, ProviderId, Time, WayIn};

/// One authorized account under a config. Its credentials rest in the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// The number of its row, as Nango's REST API shows it.
    pub number: i64,
    /// Config and id.
    pub reference: ConnectionRef,
    /// The provider of its config when it was authorized.
    pub provider: ProviderId,
    /// The way in which it was authorized.
    #[serde(default)]
    pub way: WayIn,
    /// The scopes asked for.
    pub requested_scopes: Vec<String>,
    /// The scopes granted, where the provider said so.
    pub granted_scopes: Option<Vec<String>>,
    /// When the access token ends.
    pub expires_at: Option<Time>,
    /// When the access token was obtained.
    pub obtained_at: Time,
    /// Whether there is a refresh token.
    pub is_refreshable: bool,
    /// The provider's variables, as the user gave them or the flow captured them.
    pub variables: BTreeMap<String, String>,
    /// What went wrong last, until something goes right.
    pub problem: Option<Problem>,
    /// When it was first authorized.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// When it was last refreshed, if ever.
    pub refreshed_at: Option<Time>,
    /// Whether another host has it, and told nothing of its tokens.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_untold: bool,
    /// Which write of its credentials this row belongs to. The vault's record bears the same number:
    /// a smaller one there is an older copy. 0 where it was written before there were numbers.
    pub revision: i64,
}

/// What went wrong with a connection, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What it means for the connection.
    pub kind: ProblemKind,
    /// The reason, already made harmless for a terminal.
    pub reason: String,
    /// When it happened.
    pub at: Time,
}

/// What a problem means for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The provider refused the refresh: only a new authorization mends it.
    NeedsAuthorization,
    /// The provider refused the client: the config must be edited.
    ClientRefused,
    /// It may pass by itself.
    Transient,
}

/// The state of a connection at a moment, as every face words it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// Valid for longer than the margin, for this long.
    Fresh(Duration),
    /// Valid without an end.
    Endless,
    /// About to end; it will be refreshed on the next use.
    Expiring(Duration),
    /// Ended; it will be refreshed on the next use.
    Refreshable,
    /// Ended, and there is nothing to refresh it with.
    Expired,
    /// Refused by the provider.
    Refused,
    /// Known to another host alone.
    Untold,
}

impl Health {
    /// Returns the one word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fresh(_) | Self::Endless => "ok",
            Self::Expiring(_) => "expiring",
            Self::Refreshable => "stale",
            Self::Expired => "expired",
            Self::Refused => "re-authorize",
            Self::Untold => "unknown",
        }
    }

    /// Tells whether only a new authorization helps.
    pub fn needs_authorization(self) -> bool {
        matches!(self, Self::Expired | Self::Refused)
    }
}

impl Connection {
    /// Makes one of credentials that just came.
    pub fn new(
        reference: &ConnectionRef,
        provider: &ProviderId,
        credentials: &Credentials,
        requested_scopes: Vec<String>,
        variables: BTreeMap<String, String>,
    ) -> Self {
        let at = credentials.obtained_at();
        let mut connection = Self {
            number: 0,
            reference: reference.clone(),
            provider: provider.clone(),
            way: credentials.way(),
            requested_scopes,
            granted_scopes: None,
            expires_at: None,
            obtained_at: at,
            is_refreshable: false,
            variables,
            problem: None,
            created_at: at,
            updated_at: at,
            refreshed_at: None,
            is_untold: false,
            revision: 0,
        };
        connection.record(credentials);
        connection
    }

    /// Returns its state at `now`.
    pub fn health(&self, now: Time) -> Health {
        if self.problem.as_ref().is_some_and(|problem| problem.kind == ProblemKind::NeedsAuthorization) {
            return Health::Refused;
        }
        if self.is_untold {
            return Health::Untold;
        }
        let Some(end) = self.expires_at else { return Health::Endless };
        let left = remaining(end, now);
        let lifetime = (end - self.obtained_at).to_std().ok();
        if left.is_zero() {
            if self.is_refreshable { Health::Refreshable } else { Health::Expired }
        } else if left < margin(None, None, INTERACTIVE_MARGIN, lifetime) {
            Health::Expiring(left)
        } else {
            Health::Fresh(left)
        }
    }

    /// Returns the scopes asked for that the provider did not grant.
    pub fn refused_scopes(&self) -> Vec<&str> {
        self.granted_scopes.as_ref().map_or_else(Vec::new, |granted| {
            // A refresh token is what that scope asks for (OpenID Connect Core section 11); few servers name it again.
            let has_come = |scope: &str| scope == "offline_access" && self.is_refreshable;
            let is_missing = |scope: &&String| !granted.contains(scope) && !has_come(scope);
            self.requested_scopes.iter().filter(is_missing).map(String::as_str).collect()
        })
    }

    /// Takes over what the lists show of new credentials, and forgets the problem.
    pub fn record(&mut self, credentials: &Credentials) {
        self.way = credentials.way();
        self.granted_scopes = credentials.tokens().and_then(|tokens| tokens.scopes.clone());
        self.expires_at = credentials.expires_at();
        self.obtained_at = credentials.obtained_at();
        self.is_refreshable = credentials.is_refreshable();
        self.updated_at = credentials.obtained_at();
        self.problem = None;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn connection() -> Connection {
        let start: Time = "2026-01-01T00:00:00Z".parse().unwrap();
        Connection {
            number: 1,
            reference: ConnectionRef::parse("github/jane").unwrap(),
            provider: ProviderId::new("github").unwrap(),
            way: WayIn::OAuth2,
            requested_scopes: vec!["repo".to_owned(), "gist".to_owned()],
            granted_scopes: Some(vec!["repo".to_owned()]),
            expires_at: Some(start + Duration::from_hours(1)),
            obtained_at: start,
            is_refreshable: true,
            variables: BTreeMap::new(),
            problem: None,
            created_at: start,
            updated_at: start,
            refreshed_at: None,
            is_untold: false,
            revision: 0,
        }
    }

    #[test]
    fn health_follows_the_clock() {
        let connection = connection();
        let at = |seconds| connection.obtained_at + Duration::from_secs(seconds);
        assert_eq!(connection.health(at(0)), Health::Fresh(Duration::from_hours(1)));
        assert_eq!(connection.health(at(3_550)), Health::Expiring(Duration::from_secs(50)));
        assert_eq!(connection.health(at(3_600)), Health::Refreshable);
        let bare = Connection { is_refreshable: false, ..connection.clone() };
        assert_eq!(bare.health(at(3_600)), Health::Expired);
    }

    #[test]
    fn a_refused_connection_needs_authorization_however_long_its_token_lasts() {
        let mut connection = connection();
        let at = connection.obtained_at;
        connection.problem = Some(Problem { kind: ProblemKind::NeedsAuthorization, reason: "revoked".to_owned(), at });
        assert!(connection.health(at).needs_authorization());
    }

    #[test]
    fn names_the_scopes_that_were_not_granted() {
        assert_eq!(connection().refused_scopes(), ["gist"]);
        let mut offline = connection();
        offline.requested_scopes.push("offline_access".to_owned());
        offline.is_refreshable = true;
        assert_eq!(offline.refused_scopes(), ["gist"], "its refresh token is there");
        offline.is_refreshable = false;
        assert_eq!(offline.refused_scopes(), ["gist", "offline_access"]);
        let silent = Connection { granted_scopes: None, ..connection() };
        assert!(silent.refused_scopes().is_empty());
    }
}
