//! What the contract needs from the author of a store.

use core::any::Any;

use wellspring_core::{Store, TokenKey};

/// One store, made for one clause of the contract.
pub trait Fixture {
    /// Opens the store once more, as another process would.
    fn open(&self) -> Box<dyn Store>;

    /// Overwrites the record of this key with bytes that are not a record.
    fn corrupt(&self, key: &TokenKey);

    /// Makes the store refuse every save until the returned value is dropped; `None` if the store never refuses a save.
    fn refuse_saves(&self) -> Option<Box<dyn Any>>;
}

/// One clause of the contract.
pub(super) type Clause = fn(&dyn Fixture);
