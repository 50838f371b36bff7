//! The key of a sealed vault: a random data key, wrapped by what the user has — a passphrase, a
//! key file, or one entry of the keychain — so that changing that rewrites one small header.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use zeroize::Zeroizing;

use super::{VaultBackend, VaultError};
use crate::model::Secret;
use crate::settings::KeySource;
use crate::settings::private;

/// A key of 256 bits.
pub type Key = Zeroizing<[u8; 32]>;

/// Argon2id with 64 MiB, 3 passes and 4 lanes: the second recommendation of RFC 9106 section 4.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;

/// The item of the keychain that holds a wrapping key.
const KEYCHAIN_ITEM: &str = "vault-key";

/// Whether a vault is being made or opened: a new one may make its key, an old one never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// There is no vault yet.
    Make,
    /// There is one.
    Open,
}

/// Asks a person for the passphrase; `None` where nobody is there to answer.
pub type AskPassphrase = Arc<dyn Fn(Purpose) -> Option<Secret> + Send + Sync>;

/// What can unwrap the data key.
#[derive(Clone)]
pub struct KeyRing {
    /// The passphrase, where the environment or a person already gave it.
    pub passphrase: Option<Secret>,
    /// How to ask for it.
    pub ask: Option<AskPassphrase>,
    /// The key file, where one is named.
    pub file: Option<PathBuf>,
    /// The source the user settled on; otherwise what is there decides.
    pub chosen: Option<KeySource>,
}

impl KeyRing {
    /// Returns the source for a new vault.
    pub fn source(&self) -> KeySource {
        match (self.chosen, &self.file) {
            (Some(chosen), _) => chosen,
            (None, Some(_)) => KeySource::KeyFile,
            (None, None) => KeySource::Passphrase,
        }
    }

    /// Returns the key that wraps the data key.
    pub fn wrapping_key(&self, source: KeySource, salt: &[u8; 16], purpose: Purpose) -> Result<Key, VaultError> {
        match source {
            KeySource::Passphrase => {
                let passphrase = match (&self.passphrase, &self.ask) {
                    (Some(passphrase), _) => Some(passphrase.clone()),
                    (None, Some(ask)) => ask(purpose),
                    (None, None) => None,
                };
                let passphrase = passphrase
                    .filter(|passphrase| !passphrase.is_empty())
                    .ok_or(VaultError::PassphraseNeeded(purpose))?;
                Ok(from_passphrase(&passphrase, salt))
            }
            KeySource::KeyFile => {
                let missing =
                    || VaultError::KeyMissing("it was sealed with a key file; name it in HALLPASS_KEY_FILE".to_owned());
                from_file(self.file.as_deref().ok_or_else(missing)?, salt, purpose)
            }
            KeySource::Keychain => from_keychain(&mut super::keychain::open()?, salt, purpose),
        }
    }
}

fn from_passphrase(passphrase: &Secret, salt: &[u8; 16]) -> Key {
    let mut key = Zeroizing::new([0; 32]);
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).expect("the constants are in Argon2's range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose().as_bytes(), salt, &mut *key)
        .expect("the lengths are constant and in Argon2's range");
    key
}

fn from_file(path: &Path, salt: &[u8; 16], purpose: Purpose) -> Result<Key, VaultError> {
    let bad = |why: String| VaultError::KeyFile { path: path.display().to_string(), why };
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && purpose == Purpose::Make => {
            make_file(path).map_err(bad)?
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(VaultError::KeyMissing(format!("`{}` does not exist", path.display())));
        }
        Err(error) => return Err(bad(error.to_string())),
    };
    check_mode(path).map_err(bad)?;
    let secret = text.trim();
    if secret.len() < 32 {
        return Err(bad("it holds fewer than 32 characters".to_owned()));
    }
    Ok(stretched(secret.as_bytes(), salt))
}

fn make_file(path: &Path) -> Result<Zeroizing<String>, String> {
    use std::io::Write;
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.exists()) {
        private::folder(parent).map_err(|error| error.to_string())?;
    }
    let text = Zeroizing::new(format!("{}\n", BASE64.encode(*random())));
    let mut file = private::options().create_new(true).open(path).map_err(|error| error.to_string())?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| error.to_string())?;
    Ok(text)
}

#[cfg(unix)]
fn check_mode(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).map_err(|error| error.to_string())?.permissions().mode();
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(format!("other users may read it (mode {:o}); mend it with `chmod 600`", mode & 0o777))
    }
}

#[cfg(not(unix))]
fn check_mode(_path: &Path) -> Result<(), String> {
    Ok(())
}

fn from_keychain(keychain: &mut impl VaultBackend, salt: &[u8; 16], purpose: Purpose) -> Result<Key, VaultError> {
    if let Some(secret) = keychain.read(KEYCHAIN_ITEM)? {
        return Ok(stretched(secret.expose().as_bytes(), salt));
    }
    if purpose == Purpose::Open {
        return Err(VaultError::KeyMissing("the keychain has no item `vault-key`".to_owned()));
    }
    let secret = Secret::new(BASE64.encode(*random()));
    keychain.write(KEYCHAIN_ITEM, &secret)?;
    Ok(stretched(secret.expose().as_bytes(), salt))
}

/// Makes a key of secrets that are random already (RFC 5869).
fn stretched(secret: &[u8], salt: &[u8; 16]) -> Key {
    struct Bytes;
    impl ring::hkdf::KeyType for Bytes {
        fn len(&self) -> usize {
            32
        }
    }
    let mut key = Zeroizing::new([0; 32]);
    ring::hkdf::Salt::new(ring::hkdf::HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[b"hallpass vault key"], Bytes)
        .and_then(|okm| okm.fill(&mut *key))
        .expect("32 bytes are less than HKDF's most");
    key
}

/// Returns a new random key.
///
/// # Panics
///
/// The system has no source of randomness.
pub fn random() -> Key {
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *key).expect("the system has a source of randomness");
    key
}

/// Returns new random bytes that are no secret: a salt, a nonce.
///
/// # Panics
///
/// The system has no source of randomness.
pub fn fresh<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has a source of randomness");
    bytes
}

/// Seals `plain`, bound to `name`: nonce (24 bytes), then ciphertext and tag.
///
/// # Panics
///
/// The system has no source of randomness, or `plain` is larger than 256 GiB.
pub fn seal(key: &Key, name: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce = fresh::<24>();
    let cipher = XChaCha20Poly1305::new_from_slice(&**key).expect("the key has 32 bytes");
    let sealed =
        cipher.encrypt(&nonce.into(), Payload { msg: plain, aad: name }).expect("a record is smaller than 256 GiB");
    wipe_stack();
    [&nonce[..], &sealed].concat()
}

/// Opens what [`seal`] made for the same `name`; `None` where key, name or a single bit differs.
///
/// # Panics
///
/// Never: a key has 32 bytes.
pub fn open(key: &Key, name: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_first_chunk::<24>()?;
    let cipher = XChaCha20Poly1305::new_from_slice(&**key).expect("the key has 32 bytes");
    let plain = cipher.decrypt(&(*nonce).into(), Payload { msg: sealed, aad: name }).ok().map(Zeroizing::new);
    wipe_stack();
    plain
}

/// Overwrites the stack below its caller: the cipher puts the last blocks of the plain text there, and
/// does not take them away.
#[inline(never)]
fn wipe_stack() {
    let mut below = [0_u8; 16 * 1024];
    std::hint::black_box(&mut below);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_file_is_made_for_a_new_vault_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/key");
        let salt = fresh();
        assert!(matches!(from_file(&path, &salt, Purpose::Open), Err(VaultError::KeyMissing(_))));
        let made = from_file(&path, &salt, Purpose::Make).unwrap();
        assert_eq!(from_file(&path, &salt, Purpose::Open).unwrap(), made);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        from_file(&path, &fresh(), Purpose::Make).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = from_file(&path, &fresh(), Purpose::Open).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    proptest! {
        #[test]
        fn to_open_what_was_sealed_is_the_identity(plain in any::<Vec<u8>>(), name in any::<Vec<u8>>()) {
            let key = random();
            let sealed = seal(&key, &name, &plain);
            prop_assert_eq!(open(&key, &name, &sealed).unwrap().to_vec(), plain);
        }

        #[test]
        fn any_flipped_bit_is_found(plain in any::<Vec<u8>>(), place in any::<proptest::sample::Index>(), bit in 0..8u8) {
            let key = random();
            let mut sealed = seal(&key, b"name", &plain);
            let place = place.index(sealed.len());
            sealed[place] ^= 1 << bit;
            prop_assert!(open(&key, b"name", &sealed).is_none());
        }
    }
}
