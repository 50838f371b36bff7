//! Connections: finding, renaming, deleting, revoking.

use std::collections::BTreeSet;

use super::activity::About;
use super::error::quoted;
use super::fields::Beside;
use super::items::Item;
use super::{Error, Kind, Result, Service};
use crate::auth::{self, Registration};
use crate::model::{
    ConfigKey, Connection, ConnectionId, ConnectionRef, Happening, Outcome, Problem, ProblemKind, Provider, Secret,
    WayIn, search, untrusted,
};
use crate::store::{Announcement, IntentKind, Rename};

/// What became of a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// What the provider said to the revocation, if one was asked for.
    pub revocation: Option<std::result::Result<(), Error>>,
}

/// What is wrong with a connection whose config was deleted.
fn left_behind(connection: &Connection) -> Problem {
    let reason = format!("its config was deleted; one of the same key for {} brings it back", connection.provider);
    Problem { kind: ProblemKind::NeedsAuthorization, reason, at: connection.updated_at }
}

/// Returns the only one of a config's connections.
pub fn only_of(key: &ConfigKey, connections: &[Connection]) -> Result<ConnectionRef> {
    match connections {
        [only] => Ok(only.reference.clone()),
        [] => Err(Error::not_found(format!("`{key}` has no connection yet"))
            .hinted(format!("authorize one with `hallpass connect {key} ID`"))),
        several => {
            let names: Vec<String> =
                several.iter().take(8).map(|connection| format!("`{}`", connection.reference)).collect();
            let more = if several.len() > 8 { ", …" } else { "" };
            Err(Error::usage(format!("`{key}` has {} connections; name one", several.len()))
                .hinted(format!("{}{more}", names.join(", "))))
        }
    }
}

impl Service {
    /// Returns every connection, sorted by config and id. Those whose config was deleted say so.
    pub fn connections(&self) -> Result<Vec<Connection>> {
        let mut connections = self.store.connections()?;
        let configs: BTreeSet<ConfigKey> = self.store.configs()?.into_iter().map(|config| config.key).collect();
        for connection in connections.iter_mut().filter(|left| !configs.contains(&left.reference.config)) {
            connection.problem = Some(left_behind(connection));
        }
        Ok(connections)
    }

    /// Returns one connection, whose config is there.
    pub fn connection(&self, reference: &ConnectionRef) -> Result<Connection> {
        let connection = self.store.connection(reference)?;
        match (self.config(&reference.config), connection) {
            (Ok(_), Some(connection)) => Ok(connection),
            (Ok(_), None) => Err(self.no_connection(reference)),
            (Err(error), Some(left)) if error.kind == Kind::NotFound => {
                let (key, id) = (quoted(reference.config.as_str()), quoted(reference.id.as_str()));
                Err(Error { message: format!("{}: it was deleted, and `{reference}` was left", error.message), ..error }
                    .hinted(format!(
                        "`hallpass config create {key} {}` brings it back, `hallpass connection delete {key} {id}` deletes it",
                        left.provider
                    )))
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Returns one connection, also one whose config was deleted, which then says so.
    pub fn any_connection(&self, reference: &ConnectionRef) -> Result<Connection> {
        match self.store.connection(reference)? {
            Some(left) if self.store.config(&reference.config)?.is_none() => {
                Ok(Connection { problem: Some(left_behind(&left)), ..left })
            }
            _ => self.connection(reference),
        }
    }

    fn no_connection(&self, reference: &ConnectionRef) -> Error {
        let connections = self.store.connections_of(&reference.config).unwrap_or_default();
        let ids = connections.iter().map(|connection| connection.reference.id.as_str());
        let near = search::nearest(reference.id.as_str(), ids).into_iter().next();
        let meant = near.map(|near| format!("did you mean `{}`? Or ", untrusted::line(&near))).unwrap_or_default();
        Error::not_found(format!("there is no connection `{reference}`"))
            .hinted(format!("{meant}authorize it with {}", super::error::authorize_command(reference)))
    }

    /// Finds the connection that is meant where its id was left out: the only one of the config.
    pub fn only_connection(&self, key: &ConfigKey) -> Result<ConnectionRef> {
        self.config(key)?;
        only_of(key, &self.store.connections_of(key)?)
    }

    /// Gives a connection another id; its credentials go along.
    pub async fn rename_connection(&self, reference: &ConnectionRef, new: &ConnectionId) -> Result<ConnectionRef> {
        self.may_change()?;
        let there = ConnectionRef::new(reference.config.clone(), new.clone());
        let _config = self.hold_config(&reference.config).await?;
        // Nobody refreshes it meanwhile, or a rotated token would go to the old name. Always in
        // the same order, or two that swap names would wait for each other.
        let (first, second) = if *reference <= there { (reference, &there) } else { (&there, reference) };
        let _first = self.hold(first).await?;
        let _second = if first == second { None } else { Some(self.hold(second).await?) };
        self.connection(reference)?;
        if self.store.connection(&there)?.is_some() {
            return Err(Error::usage(format!("there is a connection `{there}` already")).hinted("choose another id"));
        }
        let (from, to) = (Item::Connection(reference.clone()), Item::Connection(there.clone()));
        self.home_vault().await?;
        let (old_item, vault, holder) = (from.name(), self.vault.word().await, self.holder()?);
        let copied = self.copy_item(&from, &to).await?;
        let original =
            Announcement { kind: IntentKind::Forget, item: &old_item, vault, holder: &holder, at: self.now() };
        let deletion = self.store.rename_connection(reference, new, &Rename { copied, original })?;
        self.vault.delete(&old_item).await?;
        self.store.clear_intent(deletion)?;
        self.record(&there, Happening::Changed, Outcome::Done, About::saying(format!("was `{reference}`")));
        Ok(there)
    }

    /// Deletes a connection here, after revoking its tokens at the provider if `revoke` says so.
    /// It is deleted here whatever the provider answers.
    pub async fn delete_connection(&self, reference: &ConnectionRef, revoke: bool) -> Result<Deleted> {
        self.may_change()?;
        // One whose config is gone can be deleted too.
        // Nothing is locked for what is not there.
        self.any_connection(reference)?;
        let _lock = self.hold(reference).await?;
        self.any_connection(reference)?;
        let revocation = if revoke { Some(self.revoke_held(reference).await) } else { None };
        self.forget_held(reference).await?;
        let detail = match &revocation {
            None => "here only; the provider was not told",
            Some(Ok(())) => "and revoked at the provider",
            Some(Err(_)) => "here; revoking it at the provider did not work",
        };
        self.record(reference, Happening::Deleted, Outcome::Done, About::saying(detail));
        Ok(Deleted { revocation })
    }

    /// Revokes the tokens of a connection at the provider (RFC 7009). The connection stays.
    pub async fn revoke(&self, reference: &ConnectionRef) -> Result<()> {
        self.may_change()?;
        let _lock = self.hold(reference).await?;
        self.revoke_held(reference).await
    }

    /// Revokes while the lock is held: a token that is rotated meanwhile would live on.
    async fn revoke_held(&self, reference: &ConnectionRef) -> Result<()> {
        let connection = self.connection(reference)?;
        let credentials = self.load_credentials(&connection).await?.credentials;
        let Some(tokens) = credentials.tokens().filter(|_| !connection.way.is_exchanged()) else {
            return Err(Error::usage(format!("`{reference}` is {}: there is nothing to revoke it by", connection.way))
                .hinted("end it at the provider"));
        };
        let client =
            self.whole_client_of(&reference.config, connection.way, Beside::of(&connection, &tokens.fields)).await?;
        let fingerprint = Some(credentials.fingerprint());
        let tape = auth::Tape::default();
        let outcome = auth::revoke::revoke(&self.network.auth.taped(&tape), &client, tokens).await;
        let (word, detail) = match &outcome {
            Ok(()) if tokens.refresh_token.is_none() => (Outcome::Done, "access token".to_owned()),
            Ok(()) => (Outcome::Done, "refresh token and access token".to_owned()),
            Err(error) => (Outcome::Failed, error.to_string()),
        };
        self.record(reference, Happening::Revoked, word, About { fingerprint, ..About::saying(detail).on(&tape) });
        Ok(outcome?)
    }

    /// Deletes a connection from the vault and the store.
    pub(super) async fn forget(&self, reference: &ConnectionRef) -> Result<()> {
        let _lock = self.hold(reference).await?;
        self.forget_held(reference).await
    }

    async fn forget_held(&self, reference: &ConnectionRef) -> Result<()> {
        self.delete_item(&Item::Connection(reference.clone()), |intent| {
            Ok(self.store.delete_connection(reference, Some(intent))?)
        })
        .await
    }

    /// Returns the client of a config for a way of authenticating, with what a connection has beside it.
    pub(super) async fn client_of(&self, key: &ConfigKey, way: WayIn, beside: Beside<'_>) -> Result<auth::Client> {
        let provider = self.ready_provider(&self.config(key)?.provider).await?;
        self.client_with(&provider, key, way, beside).await
    }

    /// The same, for what a provider file may leave to discovery.
    pub(super) async fn whole_client_of(
        &self,
        key: &ConfigKey,
        way: WayIn,
        beside: Beside<'_>,
    ) -> Result<auth::Client> {
        let provider = self.whole_provider(&self.config(key)?.provider).await?;
        self.client_with(&provider, key, way, beside).await
    }

    async fn client_with(
        &self,
        provider: &Provider,
        key: &ConfigKey,
        way: WayIn,
        beside: Beside<'_>,
    ) -> Result<auth::Client> {
        let config = self.config(key)?;
        let secret: Option<Secret> = self.load_client_secret(&config).await?;
        let registration = Registration {
            provider,
            way,
            client_id: &config.client_id,
            client_secret: secret.as_ref(),
            redirect_uri: config.redirect_uri(),
            variables: beside.variables,
            fields: beside.fields,
        };
        Ok(auth::Client::new(&registration)?)
    }
}
