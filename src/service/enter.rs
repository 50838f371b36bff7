//! Connections that no browser takes part in: an API key or a login that a person enters, and a token
//! that the client gets for itself.

use std::collections::BTreeMap;

use super::activity::About;
use super::connect::{Connected, add_further, keep, scopes_of};
use super::fields::{Beside, checked_fields, from_files};
use super::hints;
use super::items::Item;
use super::refresh_lock::Held;
use super::{Error, Kind, Result, Service};
use crate::api::Request;
use crate::auth::token_exchange::{self, Given};
use crate::auth::{AuthError, Tape, client_credentials, introspect};
use crate::model::provider::{TOKEN, TOKEN_SECRET};
use crate::model::tape::What;
use crate::model::{
    Config, Connection, ConnectionRef, Credentials, Entered, Happening, Outcome, Provider, Secret, TokenPair, TokenSet,
    WayIn,
};
use crate::store::IntentKind;

/// What is to be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnterRequest {
    /// The connection.
    pub connection: ConnectionRef,
    /// The way of authenticating, if not the usual one of the config.
    pub way_in: Option<WayIn>,
    /// The provider's variables.
    pub variables: BTreeMap<String, String>,
    /// Further variables, which the provider file does not know.
    pub further: BTreeMap<String, String>,
    /// The scopes of a token that the client gets for itself, if not those of the config.
    pub scopes: Option<Vec<String>>,
    /// What was entered, by the names of the fields; nothing where the client gets a token for itself.
    pub fields: BTreeMap<String, Secret>,
    /// Whether a key in PEM may be given as the name of a file of this machine, `@FILE`: only by whoever sits at it.
    pub reads_files: bool,
    /// Whether a connection that exists is replaced.
    pub may_replace: bool,
    /// Whether what was entered is kept though the provider's proving call refuses it.
    pub unverified: bool,
}

/// A connection that is about to be kept, and what is told of it.
pub(super) struct Newcomer {
    pub(super) connection: Connection,
    pub(super) credentials: Credentials,
    pub(super) warnings: Vec<String>,
    pub(super) detail: String,
    /// The steps that it took so far.
    pub(super) tape: Tape,
}

/// What was entered, on its way to be proven.
struct Entry<'a> {
    connection: &'a Connection,
    credentials: &'a Credentials,
    is_kept_anyway: bool,
}

/// What mends it where a call proves nothing.
const UNPROVEN: &str =
    "nothing was kept; try again in a moment, or keep it unproven: `--unverified`, or `Prove it: no` in the form";

impl EnterRequest {
    /// Returns the same request of somebody who sits at this machine, whose files it may name.
    #[must_use]
    pub fn reading_files(self) -> Self {
        Self { reads_files: true, ..self }
    }

    /// Asks for a connection in the usual way, with nothing entered yet.
    pub fn new(connection: ConnectionRef) -> Self {
        Self {
            connection,
            way_in: None,
            variables: BTreeMap::new(),
            further: BTreeMap::new(),
            scopes: None,
            fields: BTreeMap::new(),
            reads_files: false,
            may_replace: true,
            unverified: false,
        }
    }
}

impl Service {
    /// Makes a connection of what was entered, after the provider's cheapest call has proven it; or, for
    /// client credentials, of the token that the client gets.
    pub async fn enter(&self, mut request: EnterRequest) -> Result<Connected> {
        self.may_change()?;
        let reference = request.connection.clone();
        let config = self.config(&reference.config)?;
        let (way, provider) = self.way_in(&config, request.way_in).await?;
        if request.reads_files {
            request.fields = from_files(request.fields, &provider)?;
        }
        let mut variables = self.variables_for(&provider, &reference, &request.variables)?;
        add_further(&mut variables, &request.further, &provider)?;
        let scopes = request.scopes.clone().unwrap_or_else(|| scopes_of(&config, &provider, way));
        let (mut warnings, tape) = (Vec::new(), Tape::default());
        let entered = match way {
            WayIn::ApiKey | WayIn::Basic => {
                let fields = checked_fields(&provider.credential_fields(way), &request.fields)?;
                let entered = Entered { fields, obtained_at: self.now() };
                Some(if way == WayIn::ApiKey { Credentials::ApiKey(entered) } else { Credentials::Basic(entered) })
            }
            WayIn::TokenExchange | WayIn::SignedJwt => {
                let fields = checked_fields(&provider.credential_fields(way), &request.fields)?;
                self.prove_vault().await?;
                let given = Given { provider: &provider, variables: &variables, fields: &fields };
                match Box::pin(self.exchange(way, given, &tape)).await {
                    Ok(tokens) => Some(exchanged(way, TokenSet { fields, ..tokens })),
                    Err(error) => return Err(self.not_authorized(&reference, error, &tape)),
                }
            }
            WayIn::OAuth1Token => {
                let mut fields = checked_fields(&provider.credential_fields(way), &request.fields)?;
                let mut field = |name| fields.remove(name).unwrap_or_default();
                let (token, token_secret) = (field(TOKEN), field(TOKEN_SECRET));
                let (obtained_at, extra) = (self.now(), Secret::new("{}"));
                Some(Credentials::OAuth1Token(TokenPair { token, token_secret, obtained_at, extra, fields }))
            }
            WayIn::ClientCredentials => None,
            WayIn::OAuth2 | WayIn::OAuth1 => {
                return Err(Error::usage(format!("`{}` is authorized by {way}, and nothing is entered", config.key))
                    .hinted(super::error::authorize_command(&reference)));
            }
        };
        self.prove_vault().await?;
        let beside = match &entered {
            Some(credentials) => credentials.fields().clone(),
            None => self.fields_beside(&provider, way, &reference, &request.fields).await?,
        };
        // A token that was had of the provider is proof enough.
        if let Some(credentials) = entered.as_ref().filter(|_| way != WayIn::TokenExchange) {
            let connection =
                Connection::new(&reference, &config.provider, credentials, scopes.clone(), variables.clone());
            self.access(self, &provider, &connection, credentials).await?.check_signing()?;
            let entry = Entry { connection: &connection, credentials, is_kept_anyway: request.unverified };
            match self.verify(&provider, &entry, &tape).await {
                Ok(warning) => warnings.extend(warning),
                Err(error) => return Err(self.not_authorized(&reference, error, &tape)),
            }
        }
        let (_lock, intent) = self.make_room(&reference, &config).await?;
        if !request.may_replace && self.store.connection(&reference)?.is_some() {
            self.withdraw(intent);
            return Err(keep::appeared(&reference));
        }
        let credentials = match entered {
            Some(credentials) => credentials,
            None => {
                match self.fetch(&config, Beside { variables: &variables, fields: &beside }, &scopes, &tape).await {
                    Ok(credentials) => credentials,
                    Err(error) => {
                        self.withdraw(intent);
                        return Err(self.not_authorized(&reference, error, &tape));
                    }
                }
            }
        };
        let credentials = credentials.with_fields(beside);
        let proof = if warnings.is_empty() { "" } else { ", not proven" };
        let detail =
            if way.is_entered() { format!("{way}, as it was entered{proof}") } else { format!("{way}, for itself") };
        let connection = Connection::new(&reference, &config.provider, &credentials, scopes, variables);
        self.keep_new(Newcomer { connection, credentials, warnings, detail, tape }, &provider, intent).await
    }

    /// Gets ready to keep a connection under a config as it is known: returns the connection's lock, and the
    /// intent to write it.
    pub(super) async fn make_room(&self, reference: &ConnectionRef, config: &Config) -> Result<(Held, i64)> {
        let _config = self.hold_config(&reference.config).await?;
        if self.config(&reference.config)?.provider != config.provider {
            let message = format!("`{}` was moved to another provider meanwhile", config.key);
            return Err(Error::usage(message).hinted(super::error::authorize_command(reference)));
        }
        let lock = self.hold(reference).await?;
        Ok((lock, self.announce(IntentKind::Write, &Item::Connection(reference.clone())).await?))
    }

    /// Keeps a connection that no flow brought, whose lock is held.
    pub(super) async fn keep_new(&self, new: Newcomer, provider: &Provider, intent: i64) -> Result<Connected> {
        let Newcomer { mut connection, credentials, mut warnings, detail, tape } = new;
        let reference = connection.reference.clone();
        keep::capture(provider, &credentials, &Secret::default(), &mut connection.variables, &mut warnings);
        warnings.extend(self.look_up(provider, &mut connection, &credentials, &tape).await);
        if let Some(before) = self.store.connection(&reference)? {
            connection.created_at = before.created_at;
        }
        self.save_surely(&connection, &credentials, intent).await?;
        let fingerprint = credentials.fingerprint();
        let about = About { fingerprint: Some(fingerprint.clone()), ..About::saying(detail).on(&tape) };
        self.record(&reference, Happening::Authorized, Outcome::Done, about);
        let connection = self.connection(&reference).unwrap_or(connection);
        Ok(Connected { connection, fingerprint, warnings })
    }

    /// Records that an authorization did not come about, and why.
    pub(super) fn not_authorized(&self, reference: &ConnectionRef, error: Error, tape: &Tape) -> Error {
        let about = About::saying(error.message.clone()).on(tape);
        self.record(reference, Happening::Authorized, outcome_of(&error), about);
        error
    }

    /// Gets a token with what was entered.
    async fn exchange(&self, way: WayIn, given: Given<'_>, tape: &Tape) -> Result<TokenSet> {
        if way == WayIn::SignedJwt {
            return Ok(token_exchange::signed_jwt(given, self.now())?);
        }
        let _busy = self.busy.begin();
        token_exchange::exchange(&self.network.auth.taped(tape), given).await.map_err(|error| match error {
            AuthError::Refused(refusal) => {
                let message = format!("{} refuses what was entered ({refusal})", given.provider.name);
                Error::new(Kind::Provider, message).hinted("nothing was kept; check it for a missing or a foreign part")
            }
            error => error.into(),
        })
    }

    /// Gets a token for the client itself.
    pub(super) async fn fetch(
        &self,
        config: &Config,
        beside: Beside<'_>,
        scopes: &[String],
        tape: &Tape,
    ) -> Result<Credentials> {
        let transport = self.network.auth.taped(tape);
        let client = self.client_of(&config.key, WayIn::ClientCredentials, beside).await?;
        let _busy = self.busy.begin();
        let mut tokens = match client_credentials::fetch(&transport, &client, scopes).await {
            Ok(tokens) => tokens,
            Err(AuthError::Refused(refusal))
                if refusal.is_about_the_client() && refusal.code != "unsupported_grant_type" =>
            {
                let (_, provider) = self.provider(config.provider.as_str())?;
                return Err(Error::from(refusal).hinted(hints::for_client(&provider, &config.key)));
            }
            Err(error) => return Err(error.into()),
        };
        introspect::find_end(&transport, &client, &mut tokens).await;
        Ok(Credentials::ClientCredentials(tokens))
    }

    /// Proves what was entered by the provider's cheapest call. Returns a warning where it could not be
    /// proven, and an error where the provider refuses it.
    async fn verify(&self, provider: &Provider, entry: &Entry<'_>, tape: &Tape) -> Result<Option<String>> {
        let Entry { connection, credentials, is_kept_anyway } = *entry;
        let Some((method, path)) = provider.api.verify.as_deref().and_then(|call| call.split_once(' ')) else {
            return Ok(Some(format!(
                "it was not proven: the provider file of {} names no call that proves it (`verify` under `[api]`)",
                provider.name
            )));
        };
        let access = self.access(self, provider, connection, credentials).await?;
        let request = Request::new(method, access.own_url(path)?)?.unfollowed();
        let api = self.network.api.taped(tape, What::Verification);
        let asked = keep::in_time(async { Ok(api.send(&access, &request).await?) });
        let answer = match asked.await {
            Ok(answer) => answer,
            Err(error) if is_kept_anyway => return Ok(Some(format!("it was not proven: {error}"))),
            Err(error) => return Err(error.hinted(UNPROVEN)),
        };
        let message = match answer.status() {
            200..=299 => return Ok(None),
            status @ (408 | 429 | 500..=599) => {
                let message = format!("{} is in trouble and proved nothing (it answered {status})", provider.name);
                if is_kept_anyway {
                    return Ok(Some(message));
                }
                return Err(Error::new(Kind::Network, message).hinted(UNPROVEN));
            }
            401 | 403 => format!("{} refuses what was entered (it answered {})", provider.name, answer.status()),
            status => format!("{} could not prove what was entered (it answered {status})", provider.name),
        };
        if is_kept_anyway {
            return Ok(Some(message));
        }
        let hint = "nothing was kept; check it for a missing or a foreign part, or keep it all the same: `--unverified`, or `Prove it: no` in the form";
        Err(Error::new(Kind::Provider, message).hinted(hint))
    }
}

/// Returns how an authorization ended that came to this error.
pub(super) fn outcome_of(error: &Error) -> Outcome {
    if error.kind == Kind::Provider { Outcome::Refused } else { Outcome::Failed }
}

/// Returns the credentials of a way of authenticating that a token is had in.
pub(super) fn exchanged(way: WayIn, tokens: TokenSet) -> Credentials {
    if way == WayIn::SignedJwt { Credentials::SignedJwt(tokens) } else { Credentials::TokenExchange(tokens) }
}
