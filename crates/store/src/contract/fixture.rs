//! What the contract needs from the author of a store.

use core::any::Any;
use core::time::Duration;

use wellspring_core::{Store, TokenKey};

/// One store, made for one clause of the contract.
pub trait Fixture {
    /// Opens the store once more, as another process would.
    fn open(&self) -> Box<dyn Store>;

    /// Overwrites the record of this key with bytes that are not a record.
    fn corrupt(&self, key: &TokenKey);

    /// Overwrites every spilled token with bytes that are not one. Returns whether the store keeps any in files.
    fn corrupt_spills(&self) -> bool {
        false
    }

    /// Makes the store refuse every save until the returned value is dropped; `None` if the store never refuses a save.
    fn refuse_saves(&self) -> Option<Box<dyn Any>>;

    /// How soon a watcher of this store notices a change or the end of a liveness lock. A caller waits that much longer
    /// for a token that another process renews, so it must not be more than a second.
    fn notice(&self) -> Duration {
        Duration::from_millis(100)
    }

    /// How long a store that the machines of a fleet share believes that a process lives which no longer shows it.
    fn presence(&self) -> Duration {
        Duration::ZERO
    }

    /// Opens the store by every other path that leads to it: a link to it, or a folder in which its side files are others.
    fn open_elsewhere(&self) -> Vec<Box<dyn Store>> {
        Vec::new()
    }

    /// Removes every lock file and its folder, as a program that removes old files may do at any time. Returns whether the
    /// store has any.
    fn remove_locks(&self) -> bool {
        false
    }
}

/// One clause of the contract.
pub(super) type Clause = fn(&dyn Fixture);
