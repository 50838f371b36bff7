//! The thread that makes all calls, and the handle through which they are asked for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use super::{DEADLINE, VaultBackend, VaultError};
use crate::model::Secret;

/// Opens a backend; called on the worker thread when one is needed.
pub type Opener = Box<dyn Fn() -> Result<Box<dyn VaultBackend>, VaultError> + Send + Sync>;

type Call = Box<dyn FnOnce(&mut Worker) + Send>;

/// The handle.
pub struct Vault {
    opener: Arc<Opener>,
    calls: Mutex<Option<Arc<Sender<Call>>>>,
    deadline: Duration,
    is_asking: Arc<AtomicBool>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Vault")
    }
}

/// A proof that did not come off.
#[derive(Debug)]
pub struct ProbeError {
    /// Whether something was written, which may still be there.
    pub was_written: bool,
    /// Why.
    pub error: VaultError,
}

struct Worker {
    opener: Arc<Opener>,
    backend: Option<Box<dyn VaultBackend>>,
}

impl Vault {
    /// Makes a vault whose backend `opener` opens when it is first needed.
    pub fn new(opener: Opener) -> Self {
        Self { opener: Arc::new(opener), calls: Mutex::new(None), deadline: DEADLINE, is_asking: Arc::default() }
    }

    /// Makes a vault over an open backend.
    pub fn over(backend: impl VaultBackend + Clone + Sync + 'static) -> Self {
        Self::new(Box::new(move || Ok(Box::new(backend.clone()))))
    }

    /// Gives every call another deadline than the usual one.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Lets `is_asking` stop the clock: an opener sets it while it waits for a person.
    #[must_use]
    pub fn with_patience(self, is_asking: Arc<AtomicBool>) -> Self {
        Self { is_asking, ..self }
    }

    /// Returns the item, or `None` where there is none.
    pub async fn read(&self, item: &str) -> Result<Option<Secret>, VaultError> {
        let item = item.to_owned();
        self.call(self.deadline, move |backend| backend.read(&item)).await
    }

    /// Writes the item; it is durable when this returns.
    pub async fn write(&self, item: &str, value: &Secret) -> Result<(), VaultError> {
        let (item, value) = (item.to_owned(), value.clone());
        self.call(self.deadline, move |backend| backend.write(&item, &value)).await
    }

    /// Deletes the item.
    pub async fn delete(&self, item: &str) -> Result<(), VaultError> {
        let item = item.to_owned();
        self.call(self.deadline, move |backend| backend.delete(&item)).await
    }

    /// Proves with `item`, which is nobody else's, that something can be written and read back,
    /// before anything depends on it. A person may be asked to unlock the keychain, and has `patience`
    /// for it.
    pub async fn probe(&self, item: &str, patience: Duration) -> Result<(), ProbeError> {
        let (item, was_written) = (item.to_owned(), Arc::new(AtomicBool::new(false)));
        let writing = was_written.clone();
        let outcome = self.call(patience, move |backend| {
            backend.write(&item, &Secret::new("hallpass was here"))?;
            writing.store(true, Ordering::SeqCst);
            let back = backend.read(&item)?;
            backend.delete(&item)?;
            if back.is_some() {
                Ok(())
            } else {
                Err(VaultError::Damaged { item, why: "it was gone after it was written" })
            }
        });
        outcome.await.map_err(|error| ProbeError { was_written: was_written.load(Ordering::SeqCst), error })
    }

    /// Forgets the open backend, so that the next call opens it anew (with another passphrase).
    pub fn close(&self) {
        self.lock().take();
    }

    async fn call<T: Send + 'static>(
        &self,
        deadline: Duration,
        work: impl FnOnce(&mut dyn VaultBackend) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let (answer, answered) = oneshot::channel();
        let call: Call = Box::new(move |worker| {
            // Whoever asked may have given up meanwhile: what they were told did not happen must not
            // happen later.
            if !answer.is_closed() {
                let _ = answer.send(worker.run(work));
            }
        });
        let asked = self.send(call)?;
        let mut answered = std::pin::pin!(answered);
        let mut has_asked = false;
        loop {
            let is_asking = self.is_asking.load(Ordering::SeqCst);
            match tokio::time::timeout(deadline, answered.as_mut()).await {
                Ok(Ok(outcome)) => return outcome,
                Ok(Err(_)) => return Err(VaultError::Unavailable("its worker ended".to_owned())),
                // A person is being asked, or was a moment ago: the rest gets its full time.
                Err(_) if is_asking || self.is_asking.load(Ordering::SeqCst) => has_asked = true,
                Err(_) if std::mem::take(&mut has_asked) => {}
                Err(_) => {
                    // The thread may hang for good. It is left behind, and the next call gets a new
                    // one; unless another has seen to that already.
                    self.lock().take_if(|current| Arc::ptr_eq(current, &asked));
                    return Err(VaultError::Timeout(deadline));
                }
            }
        }
    }

    /// Hands a call to the worker, starting one if need be, and returns who has it.
    fn send(&self, call: Call) -> Result<Arc<Sender<Call>>, VaultError> {
        let mut calls = self.lock();
        let unsent = match calls.as_ref() {
            None => call,
            Some(calls) => match calls.send(call) {
                Ok(()) => return Ok(calls.clone()),
                Err(unsent) => unsent.0,
            },
        };
        let sender = Arc::new(self.start()?);
        sender.send(unsent).map_err(|_| VaultError::Unavailable("its worker ended".to_owned()))?;
        *calls = Some(sender.clone());
        Ok(sender)
    }

    fn start(&self) -> Result<Sender<Call>, VaultError> {
        let (sender, receiver): (Sender<Call>, Receiver<Call>) = channel();
        let mut worker = Worker { opener: self.opener.clone(), backend: None };
        let run = move || {
            while let Ok(call) = receiver.recv() {
                call(&mut worker);
            }
        };
        thread::Builder::new()
            .name("vault".to_owned())
            .spawn(run)
            .map_err(|error| VaultError::Unavailable(error.to_string()))?;
        Ok(sender)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Sender<Call>>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker {
    fn run<T>(&mut self, work: impl FnOnce(&mut dyn VaultBackend) -> Result<T, VaultError>) -> Result<T, VaultError> {
        let mut backend = match self.backend.take() {
            Some(backend) => backend,
            None => (self.opener)()?,
        };
        let outcome = work(backend.as_mut());
        let is_fault = outcome.as_ref().is_err_and(VaultError::is_fault);
        if !is_fault {
            self.backend = Some(backend);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::memory::Memory;

    #[tokio::test]
    async fn what_is_written_is_read_and_what_is_deleted_is_gone() {
        let vault = Vault::over(Memory::default());
        vault.write("config/github", &Secret::new("s")).await.unwrap();
        assert_eq!(vault.read("config/github").await.unwrap(), Some(Secret::new("s")));
        vault.delete("config/github").await.unwrap();
        vault.delete("config/github").await.unwrap();
        assert_eq!(vault.read("config/github").await.unwrap(), None);
    }

    struct Hanging(Arc<Mutex<Receiver<()>>>);

    impl VaultBackend for Hanging {
        fn read(&mut self, _: &str) -> Result<Option<Secret>, VaultError> {
            // Waits until the test ends, as a keychain waits for a prompt that nobody answers.
            let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).recv();
            Ok(None)
        }
        fn write(&mut self, _: &str, _: &Secret) -> Result<(), VaultError> {
            Ok(())
        }
        fn delete(&mut self, _: &str) -> Result<(), VaultError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_backend_that_hangs_ends_in_a_timeout_and_the_next_call_gets_a_new_worker() {
        let (end, wait) = channel();
        let wait = Arc::new(Mutex::new(wait));
        let vault = Vault::new(Box::new(move || Ok(Box::new(Hanging(wait.clone())))));
        let vault = vault.with_deadline(Duration::from_millis(50));
        assert!(matches!(vault.read("x").await, Err(VaultError::Timeout(_))));
        vault.write("x", &Secret::new("y")).await.unwrap();
        drop(end);
    }

    /// Hangs on a read and remembers what was written.
    struct Slow(Arc<Mutex<Receiver<()>>>, Sender<String>);

    impl VaultBackend for Slow {
        fn read(&mut self, _: &str) -> Result<Option<Secret>, VaultError> {
            let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).recv();
            Ok(None)
        }
        fn write(&mut self, item: &str, _: &Secret) -> Result<(), VaultError> {
            let _ = self.1.send(item.to_owned());
            Ok(())
        }
        fn delete(&mut self, _: &str) -> Result<(), VaultError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_was_given_up_does_not_happen_later() {
        let ((end, wait), (told, writes)) = (channel(), channel());
        let wait = Arc::new(Mutex::new(wait));
        let vault = Vault::new(Box::new(move || Ok(Box::new(Slow(wait.clone(), told.clone())))));
        let vault = vault.with_deadline(Duration::from_millis(50));
        let secret = Secret::new("y");
        let (read, write) = tokio::join!(vault.read("x"), vault.write("given up", &secret));
        assert!(read.is_err() && matches!(write, Err(VaultError::Timeout(_))));
        vault.write("later", &secret).await.unwrap();
        // The first worker goes on, finds the write of which nobody wants to know, and ends.
        drop((end, vault));
        assert_eq!(writes.iter().collect::<Vec<_>>(), ["later"]);
    }

    #[tokio::test]
    async fn a_backend_is_opened_anew_after_a_fault() {
        let opened = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let count = opened.clone();
        let vault = Vault::new(Box::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
            Err(VaultError::Unavailable("no bus".to_owned()))
        }));
        assert!(vault.read("x").await.is_err());
        assert!(vault.read("x").await.is_err());
        assert_eq!(opened.load(Ordering::SeqCst), 2);
    }
}
