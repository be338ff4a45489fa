//! Sealing keys in the operating system's keyring: the Secret Service on Linux and BSD, the Keychain on macOS, the Credential
//! Manager on Windows.
//!
//! A keyring may ask a person to unlock it and never answer. Each call therefore runs on a thread of its own and is given up
//! when its time ends. The keyring holds only keys, never tokens: Windows takes at most 2,560 bytes.

use core::time::Duration;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;

use keyring::{Entry, Error};
use wellspring_core::StoreError;
use zeroize::Zeroizing;

use super::{SealingKey, SealingKeys};

/// The service under which the keyring lists the entries.
const SERVICE: &str = "wellspring";

impl SealingKeys {
    /// The keys in the entry of this name in the operating system's keyring, the newest first. The keyring lists it under the
    /// service `wellspring`.
    ///
    /// ```no_run
    /// use core::time::Duration;
    /// use wellspring_store::{SealingKey, SealingKeys};
    ///
    /// let within = Duration::from_secs(10);
    /// let key = SealingKey::random()?;
    /// key.add_to_keyring("my-service", within)?;
    /// assert_eq!(SealingKeys::from_keyring("my-service", within)?.newest().id(), key.id());
    /// # Ok::<(), wellspring_core::StoreError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When there is no keyring or no such entry, the keyring does not answer within this time, or the entry holds something
    /// else than keys. The error shows nothing of what it holds.
    pub fn from_keyring(name: &str, within: Duration) -> Result<Self, StoreError> {
        let text = ask(name, within, Entry::get_password)?.map_err(|error| refusal(name, &error))?;
        Zeroizing::new(text)
            .parse()
            .map_err(|error| StoreError::refused(format!("{} cannot be used: {error}", shown(name))))
    }
}

impl SealingKey {
    /// Adds this key to the operating system's keyring as the entry of this name. An entry that is there stays: it may have
    /// sealed a store.
    ///
    /// # Errors
    ///
    /// When the entry is there, there is no keyring, or it does not answer within this time.
    pub fn add_to_keyring(&self, name: &str, within: Duration) -> Result<(), StoreError> {
        let text = self.to_text();
        let added = ask(name, within, move |entry| match entry.get_password() {
            Ok(found) => {
                drop(Zeroizing::new(found));
                Ok(false)
            }
            Err(Error::NoEntry) => entry.set_password(&text).map(|()| true),
            Err(error) => Err(error),
        })?;
        match added {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::refused(format!(
                "{} is there and is not overwritten: choose another name",
                shown(name)
            ))),
            Err(error) => Err(refusal(name, &error)),
        }
    }
}

/// Runs this call of the keyring on a thread of its own, and gives it up when its time ends.
fn ask<T: Send + 'static>(
    name: &str,
    within: Duration,
    call: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
) -> Result<Result<T, Error>, StoreError> {
    let (sender, receiver) = sync_channel(1);
    let entry = name.to_owned();
    let started = thread::Builder::new().name("wellspring-keyring".to_owned()).spawn(move || {
        // The caller may have given up.
        drop(sender.send(Entry::new(SERVICE, &entry).and_then(|entry| call(&entry))));
    });
    started.map_err(|error| StoreError::unavailable(format!("the system starts no thread: {error}")))?;
    receiver.recv_timeout(within).map_err(|error| match error {
        RecvTimeoutError::Timeout => StoreError::unavailable(format!(
            "the operating system's keyring did not answer within {} s: it may wait for a person to unlock it",
            within.as_secs()
        )),
        RecvTimeoutError::Disconnected => StoreError::unavailable("the operating system's keyring failed"),
    })
}

fn shown(name: &str) -> String {
    format!("the sealing key \"{name}\" in the operating system's keyring")
}

fn refusal(name: &str, error: &Error) -> StoreError {
    let shown = shown(name);
    StoreError::refused(match error {
        Error::NoEntry => format!("{shown} does not exist: `wellspring keygen --keyring {name}` makes one"),
        // Its text may hold what the keyring holds.
        Error::BadEncoding(_) => format!("{shown} is not text"),
        error => format!(
            "{shown} cannot be reached: {error}; unlock the keyring, or keep the key in a file or in the environment where no \
             keyring service runs"
        ),
    })
}
