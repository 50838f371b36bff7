//! The one error that the faces render: plain data, with the hint that mends it.

use std::fmt;

use crate::api::ApiError;
use crate::auth::{AuthError, Refusal};
use crate::catalog::CatalogError;
use crate::model::credentials::RecordError;
use crate::model::template::TemplateError;
use crate::model::{ConnectionRef, InvalidName};
use crate::store::StoreError;
use crate::vault::VaultError;
use crate::vault::key::Purpose;

/// What an error means for whoever asked. Each kind has an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What was asked for makes no sense.
    Usage,
    /// It does not exist.
    NotFound,
    /// The user has to authorize (again).
    AuthorizationNeeded,
    /// The provider said no, or something odd.
    Provider,
    /// The provider could not be reached, or its answer was lost.
    Network,
    /// The vault or the store cannot be used.
    Vault,
    /// A bug.
    Internal,
}

impl Kind {
    /// Returns the word that `--json` shows.
    pub fn word(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::NotFound => "not_found",
            Self::AuthorizationNeeded => "authorization_needed",
            Self::Provider => "provider",
            Self::Network => "network",
            Self::Vault => "vault",
            Self::Internal => "internal",
        }
    }

    /// Tells whether somebody was asked, so that the steps of a flow say more.
    pub fn is_of_a_flow(self) -> bool {
        matches!(self, Self::AuthorizationNeeded | Self::Provider | Self::Network)
    }

    /// Returns the exit code of the command line.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::AuthorizationNeeded => 4,
            Self::Provider => 5,
            Self::Network => 6,
            Self::Vault => 7,
            Self::Internal => 70,
        }
    }
}

/// An error for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What it means.
    pub kind: Kind,
    /// What went wrong, in a sentence without a full stop.
    pub message: String,
    /// What caused it, outermost first.
    pub causes: Vec<String>,
    /// What mends it.
    pub hint: Option<String>,
    /// The passphrase that would let it through, where only that is missing.
    pub needs_passphrase: Option<Purpose>,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl Error {
    /// Makes an error without causes and hint.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), causes: Vec::new(), hint: None, needs_passphrase: None }
    }

    /// Says what was asked for makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Says that something does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// Adds the hint that mends it.
    #[must_use]
    pub fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a hint unless there is one.
    #[must_use]
    pub fn or_hinted(self, hint: impl FnOnce() -> Option<String>) -> Self {
        let Self { hint: None, .. } = &self else { return self };
        Self { hint: hint(), ..self }
    }

    /// Says that a connection must be authorized (again), and how.
    pub fn authorization_needed(connection: &ConnectionRef, reason: &str) -> Self {
        Self::new(Kind::AuthorizationNeeded, format!("`{connection}` must be authorized again: {reason}"))
            .hinted(authorize_command(connection))
    }

    fn of(kind: Kind, error: &dyn std::error::Error) -> Self {
        let mut causes = Vec::new();
        let mut next = error.source();
        while let Some(cause) = next {
            causes.push(crate::model::untrusted::line(&cause.to_string()));
            next = cause.source();
        }
        Self { kind, message: error.to_string(), causes, hint: None, needs_passphrase: None }
    }
}

/// Returns the command that authorizes a connection, quoted where the shell needs it.
pub fn authorize_command(connection: &ConnectionRef) -> String {
    format!("`hallpass connect {} {}`", quoted(connection.config.as_str()), quoted(connection.id.as_str()))
}

/// Quotes text where a shell needs it. `~` and `=` mean something at the start of a word, and `~`
/// after a `:` too.
pub fn quoted(text: &str) -> String {
    let is_plain = !text.is_empty()
        && !text.starts_with(['~', '='])
        && !text.contains(":~")
        && text.chars().all(|character| character.is_alphanumeric() || "-._~/+=:@%,".contains(character));
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

impl From<InvalidName> for Error {
    fn from(error: InvalidName) -> Self {
        Self::of(Kind::Usage, &error)
    }
}

impl From<CatalogError> for Error {
    fn from(error: CatalogError) -> Self {
        let kind = if matches!(error, CatalogError::Unknown { .. }) { Kind::NotFound } else { Kind::Usage };
        let hint = match &error {
            CatalogError::Unknown { why: Some(_), .. } => "`hallpass provider list` shows what there is".to_owned(),
            CatalogError::Unknown { near, .. } if !near.is_empty() => {
                let names: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
                format!("did you mean {}?", names.join(" or "))
            }
            CatalogError::Unknown { .. } => "`hallpass provider list` shows what there is".to_owned(),
            CatalogError::Malformed { file, .. } => {
                format!("mend it, and `hallpass provider check {}` tells what is left", quoted(file))
            }
            CatalogError::Unreadable { .. } => "check the path, and whether you may read it".to_owned(),
            CatalogError::Unwritable { .. } => "`hallpass doctor` looks at the folder and the disk".to_owned(),
        };
        Self::of(kind, &error).hinted(hint)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Exists(_) => Self::of(Kind::Usage, &error),
            StoreError::NoConfig(_) => {
                Self::of(Kind::NotFound, &error).hinted("`hallpass config list` shows what there is")
            }
            StoreError::Newer { .. } => {
                Self::of(Kind::Vault, &error).hinted("install the newer hallpass, or name another folder with `--home`")
            }
            StoreError::Database { .. } | StoreError::Private(_) | StoreError::Copy { .. } => {
                Self::of(Kind::Vault, &error).hinted("`hallpass doctor` looks at the folder and the disk")
            }
        }
    }
}

impl From<RecordError> for Error {
    fn from(error: RecordError) -> Self {
        let shown = Self::of(Kind::Vault, &error);
        match error {
            RecordError::Newer(_) => shown.hinted("install the newer hallpass"),
            RecordError::Malformed { .. } => shown,
        }
    }
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        let hint = match &error {
            VaultError::Locked | VaultError::Timeout(_) => {
                "unlock the keychain (`hallpass vault unlock`) and try again; nothing was lost"
            }
            VaultError::Unavailable(_) => {
                "start a keychain, or use the sealed vault: `--vault sealed` with HALLPASS_KEY_FILE or HALLPASS_PASSPHRASE_FILE"
            }
            VaultError::Denied(_) => {
                "look at hallpass's items in your keychain manager; `hallpass vault status` tells more"
            }
            VaultError::PassphraseNeeded(_) => {
                "set HALLPASS_PASSPHRASE_FILE or HALLPASS_KEY_FILE, or run this on a terminal, where it is asked for"
            }
            VaultError::WrongKey(_) => {
                "nothing was changed; try again, or name another one with HALLPASS_PASSPHRASE_FILE or HALLPASS_KEY_FILE"
            }
            VaultError::KeyMissing(_) => {
                "bring the key back; without it nobody can open the vault, and hallpass makes no new one over it"
            }
            VaultError::KeyFile { .. } => {
                "put that right; no other key opens the vault (only a new vault makes a new key file)"
            }
            VaultError::Damaged { .. } => "authorize this connection again, or bring back a copy of the vault",
            VaultError::Corrupt { .. } | VaultError::ForeignHeader => {
                "bring back a copy of the file; or move it away and `hallpass import` a backup, which brings back what is missing"
            }
            VaultError::Gone { found: "gone", .. } => {
                "bring it back; if there is no copy, `hallpass import` a backup, or give the client secrets again and authorize again"
            }
            VaultError::Gone { .. } => "bring back a copy of it; to begin with an empty vault, remove the file",
            VaultError::Newer(_) => "install the newer hallpass",
            VaultError::Database { .. } | VaultError::Private(_) | VaultError::Copy { .. } => {
                "`hallpass doctor` looks at the folder and the disk"
            }
        };
        let needs_passphrase = match &error {
            VaultError::PassphraseNeeded(purpose) => Some(*purpose),
            _ => None,
        };
        Self { needs_passphrase, ..Self::of(Kind::Vault, &error).hinted(hint) }
    }
}

impl From<TemplateError> for Error {
    fn from(error: TemplateError) -> Self {
        let shown = Self::of(Kind::Usage, &error);
        match &error {
            TemplateError::Missing { name } if name.starts_with("credential.") => {
                shown.hinted("authorize the connection again with `hallpass connect`: it is asked for there")
            }
            TemplateError::Missing { name } | TemplateError::BadValue { name, .. } => {
                shown.hinted(format!("give it with `--param {name}=VALUE`"))
            }
            TemplateError::Malformed { .. } | TemplateError::BadUrl { .. } => shown,
        }
    }
}

impl From<AuthError> for Error {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Template(error) => error.into(),
            AuthError::Refused(refusal) => refusal.into(),
            AuthError::NotOffered(_) => {
                Self::of(Kind::Usage, &error).hinted("`hallpass provider show ID` shows what the file declares")
            }
            AuthError::Signing(_) => Self::of(Kind::Usage, &error)
                .hinted("enter the connection anew; a client's key is changed with `hallpass config edit`"),
            AuthError::ClientCertificate(_) => Self::of(Kind::Usage, &error).hinted(
                "enter the connection anew, with a certificate and the private key that belongs to it, each as `@FILE`",
            ),
            AuthError::IdToken(_) => Self::of(Kind::Provider, &error)
                .hinted("it was not used; begin again, and tell the provider if it happens again"),
            AuthError::Resource { .. } => Self::of(Kind::Provider, &error)
                .hinted("check the address: it must be the whole one of the server, to the letter"),
            AuthError::Metadata { .. } => Self::of(Kind::Provider, &error)
                .hinted("check the issuer: it is the `issuer` of the server's own `/.well-known/openid-configuration`, to the letter"),
            AuthError::Busy { .. } => {
                Self::of(Kind::Provider, &error).hinted("nothing was lost; try again in a moment")
            }
            AuthError::Unusable { .. } => Self::of(Kind::Provider, &error),
            AuthError::Unreachable { ref why, .. } => {
                let hint = hint_for_network(why);
                Self::of(Kind::Network, &error).hinted(hint)
            }
            AuthError::NoAnswer { .. } => Self::of(Kind::Network, &error),
            AuthError::Tls(_) => Self::of(Kind::Network, &error)
                .hinted("install your system's certificates (Debian: `apt install ca-certificates`)"),
        }
    }
}

fn hint_for_network(why: &str) -> String {
    let why = why.to_ascii_lowercase();
    if why.contains("notvalidyet") || why.contains("not valid yet") || why.contains("expired") {
        "check this machine's clock: certificates are valid for a time only".to_owned()
    } else if why.contains("unknownissuer") || why.contains("unknown issuer") {
        "a proxy or a private authority signs this connection: add its certificate to the system's store".to_owned()
    } else {
        "check the network and the proxy (`hallpass doctor`); nothing was lost".to_owned()
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Template(error) => error.into(),
            ApiError::Http(error) => error.into(),
            ApiError::NoBaseUrl(_) => Self::of(Kind::Usage, &error).hinted(
                "write it into the file where that is your own (`hallpass paths` names the folder), or into one that extends it; a new config for an issuer takes it as `--api URL`",
            ),
            ApiError::NoScope(_) => Self::of(Kind::Usage, &error)
                .hinted("check the service and the region; for a host of another name, `service` and `region` under `[api.signature]` say them"),
            ApiError::Foreign { .. } | ApiError::Malformed(..) => Self::of(Kind::Usage, &error),
            ApiError::Redirects { .. } => Self::of(Kind::Provider, &error),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let mut error = Self::new(Kind::Provider, format!("the provider refused: {refusal}"));
        if let Some(uri) = &refusal.uri {
            error.causes.push(format!("the provider explains it at {uri}"));
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_the_help() {
        let kinds = [
            Kind::Usage,
            Kind::NotFound,
            Kind::AuthorizationNeeded,
            Kind::Provider,
            Kind::Network,
            Kind::Vault,
            Kind::Internal,
        ];
        assert_eq!(kinds.map(Kind::exit_code), [2, 3, 4, 5, 6, 7, 70]);
    }

    #[test]
    fn the_command_that_authorizes_can_be_pasted_into_a_shell() {
        let plain = ConnectionRef::parse("github/jane@example.com").unwrap();
        assert_eq!(authorize_command(&plain), "`hallpass connect github jane@example.com`");
        let odd = ConnectionRef::parse("git hub/o'x").unwrap();
        assert_eq!(authorize_command(&odd), r"`hallpass connect 'git hub' 'o'\''x'`");
    }

    #[test]
    fn text_is_quoted_for_a_shell_only_where_it_must_be() {
        assert_eq!(quoted("gho_abc-1.2~/+="), "gho_abc-1.2~/+=");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("~root"), "'~root'");
        assert_eq!(quoted("a b'c$(d)"), r"'a b'\''c$(d)'");
    }
}
