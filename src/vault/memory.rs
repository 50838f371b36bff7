//! Secrets that are gone when the program ends: for the demo and for tests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{VaultBackend, VaultError};
use crate::model::Secret;

/// A vault in memory. Clones share what they hold.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<BTreeMap<String, Secret>>>);

impl Memory {
    /// Returns the names of what is held.
    pub fn items(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl VaultBackend for Memory {
    fn read(&mut self, item: &str) -> Result<Option<Secret>, VaultError> {
        Ok(self.lock().get(item).cloned())
    }

    fn write(&mut self, item: &str, value: &Secret) -> Result<(), VaultError> {
        self.lock().insert(item.to_owned(), value.clone());
        Ok(())
    }

    fn delete(&mut self, item: &str) -> Result<(), VaultError> {
        self.lock().remove(item);
        Ok(())
    }
}
