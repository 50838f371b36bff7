//! The keychain of the operating system: Secret Service on Linux, Keychain on macOS, Credential
//! Manager on Windows. Service `hallpass`, the item's name as the account name.
//!
//! The stores are used directly and not through `keyring`'s process-wide default, which fails once
//! and then stays failed: a daemon that is restarted would lock a running program out for good.

use std::collections::HashMap;
use std::sync::Arc;

use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error as KeyringError};

use super::VaultError;
use super::split::{Items, Limit, Split};
use crate::model::{Secret, untrusted};

/// The service under which all items stand.
const SERVICE: &str = "hallpass";

/// The items of one keychain.
pub struct Keychain {
    store: Arc<dyn CredentialStoreApi + Send + Sync>,
}

/// Reaches the keychain of this machine. Blocks; called on the vault's worker thread.
pub fn open() -> Result<Split<Keychain>, VaultError> {
    Ok(Split(Keychain { store: platform::store().map_err(explain)? }))
}

impl Keychain {
    fn entry(&self, name: &str) -> Result<Entry, VaultError> {
        let name = &platform::account(name);
        let label = format!("hallpass: {name}");
        let modifiers = HashMap::from([("label", label.as_str())]);
        let modifiers = platform::TAKES_LABEL.then_some(&modifiers);
        self.store.build(SERVICE, name, modifiers).map_err(explain)
    }
}

impl Items for Keychain {
    fn get(&mut self, name: &str) -> Result<Option<Secret>, VaultError> {
        match self.entry(name)?.get_password() {
            Ok(text) => Ok(Some(Secret::new(text))),
            // A locked KeePassXC finds nothing where GNOME Keyring finds a locked item.
            Err(KeyringError::NoEntry) if platform::is_locked() => Err(VaultError::Locked),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(error) => Err(explain(error)),
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), VaultError> {
        // Text, never bytes: KDE Wallet keeps only UTF-8.
        self.entry(name)?.set_password(value).map_err(explain)
    }

    fn remove(&mut self, name: &str) -> Result<(), VaultError> {
        match self.entry(name)?.delete_credential() {
            Err(KeyringError::NoEntry) if platform::is_locked() => Err(VaultError::Locked),
            Ok(()) | Err(KeyringError::NoEntry) => Ok(()),
            Err(error) => Err(explain(error)),
        }
    }

    fn limit(&self) -> Limit {
        platform::LIMIT
    }
}

/// Sorts the keychain's errors by what the user has to do. The texts come from the platform and
/// hold no secret, but are not ours.
fn explain(error: KeyringError) -> VaultError {
    let text = |error: &dyn std::error::Error| untrusted::line(&error.to_string());
    match error {
        KeyringError::NoStorageAccess(_) => VaultError::Locked,
        KeyringError::PlatformFailure(cause) if platform::is_denial(cause.as_ref()) => {
            VaultError::Denied(text(cause.as_ref()))
        }
        KeyringError::PlatformFailure(cause) => VaultError::Unavailable(text(cause.as_ref())),
        // Both carry the bytes that were found.
        KeyringError::BadEncoding(_) | KeyringError::BadDataFormat(..) => {
            VaultError::Denied("it answered with bytes that are no text".to_owned())
        }
        KeyringError::Ambiguous(entries) => VaultError::Denied(format!("{} items have the same name", entries.len())),
        other => VaultError::Denied(text(&other)),
    }
}

#[cfg(target_os = "linux")]
mod platform {
    use secret_service::EncryptionType;
    use secret_service::blocking::SecretService;

    use super::{Arc, CredentialStoreApi, KeyringError, Limit};

    pub(super) const LIMIT: Limit = Limit::None;
    pub(super) const TAKES_LABEL: bool = true;

    pub(super) fn account(name: &str) -> String {
        name.to_owned()
    }

    /// Asks the Secret Service itself whether its default collection is locked. Only where an item
    /// was not found: it takes a session of its own.
    pub(super) fn is_locked() -> bool {
        let Ok(service) = SecretService::connect(EncryptionType::Plain) else { return false };
        service.get_default_collection().and_then(|collection| collection.is_locked()).unwrap_or(false)
    }

    /// A session whose server was restarted answers so for ever: only a new one helps.
    pub(super) fn is_denial(_: &(dyn std::error::Error + Send + Sync)) -> bool {
        false
    }

    pub(super) fn store() -> Result<Arc<dyn CredentialStoreApi + Send + Sync>, KeyringError> {
        Ok(zbus_secret_service_keyring_store::Store::new()?)
    }
}

#[cfg(target_os = "macos")]
mod platform {
    use super::{Arc, CredentialStoreApi, KeyringError, Limit};

    pub(super) const LIMIT: Limit = Limit::None;
    pub(super) const TAKES_LABEL: bool = false;

    pub(super) fn account(name: &str) -> String {
        name.to_owned()
    }

    pub(super) fn is_locked() -> bool {
        false
    }

    pub(super) fn is_denial(_: &(dyn std::error::Error + Send + Sync)) -> bool {
        true
    }

    pub(super) fn store() -> Result<Arc<dyn CredentialStoreApi + Send + Sync>, KeyringError> {
        Ok(apple_native_keyring_store::keychain::Store::new()?)
    }
}

#[cfg(windows)]
mod platform {
    use super::{Arc, CredentialStoreApi, KeyringError, Limit};

    /// `CRED_MAX_CREDENTIAL_BLOB_SIZE`; text is stored as UTF-16.
    pub(super) const LIMIT: Limit = Limit::Utf16Bytes(2_560);
    pub(super) const TAKES_LABEL: bool = false;

    /// Credential Manager ignores case: names that differ in nothing else are told apart by a
    /// fingerprint.
    pub(super) fn account(name: &str) -> String {
        if name.chars().any(char::is_uppercase) {
            format!("{name} ({})", crate::model::Secret::new(name).fingerprint())
        } else {
            name.to_owned()
        }
    }

    pub(super) fn is_locked() -> bool {
        false
    }

    pub(super) fn is_denial(_: &(dyn std::error::Error + Send + Sync)) -> bool {
        true
    }

    pub(super) fn store() -> Result<Arc<dyn CredentialStoreApi + Send + Sync>, KeyringError> {
        Ok(windows_native_keyring_store::Store::new()?)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
mod platform {
    use super::{Arc, CredentialStoreApi, KeyringError, Limit};

    pub(super) const LIMIT: Limit = Limit::None;
    pub(super) const TAKES_LABEL: bool = false;

    pub(super) fn account(name: &str) -> String {
        name.to_owned()
    }

    pub(super) fn is_locked() -> bool {
        false
    }

    pub(super) fn is_denial(_: &(dyn std::error::Error + Send + Sync)) -> bool {
        false
    }

    pub(super) fn store() -> Result<Arc<dyn CredentialStoreApi + Send + Sync>, KeyringError> {
        Err(KeyringError::NotSupportedByStore("this system has no keychain that hallpass knows".to_owned()))
    }
}
