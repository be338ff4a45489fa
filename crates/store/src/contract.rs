//! What every store must do, as a test that any store can run.
//!
//! Whoever writes a store says, as a [`Place`], how to open it and how to spoil what it holds, and calls [`check`].
//! Each clause gets a place of its own; one that is broken panics and says in a sentence what the store did. Stores
//! that processes share also call [`across_processes`].

mod clauses;
mod disks;
mod folder;
mod lives;
mod processes;
pub mod sample;
mod spilling;

use core::any::Any;
use core::fmt::Debug;
use core::time::Duration;

use wellspring_core::{
    LivenessLock, Loaded, Record, Store, StoreError, Stored, Swap, TokenKey, Version, WatchOutcome,
};

pub use disks::on_a_small_disk;
pub use folder::Folder;
pub use processes::{across_processes, play_part};

/// How long an operation may take that nothing stands in the way of.
pub(crate) const AMPLE: Duration = Duration::from_secs(20);

/// One place where records can be, made for one test.
pub trait Place {
    /// Opens the store at this place once more, as another process would.
    fn open(&self) -> Box<dyn Store>;

    /// Overwrites what is held of this key by something that is no record.
    fn corrupt(&self, key: &TokenKey);

    /// Keeps the store from taking anything until what is returned is dropped; `None` where that cannot be done.
    fn refuse(&self) -> Option<Box<dyn Any>>;
}

type Clause = fn(&dyn Place);

/// Holds a store to its contract. `fresh` makes an empty place.
///
/// # Panics
///
/// When the store breaks a clause.
pub fn check(mut fresh: impl FnMut() -> Box<dyn Place>) {
    let clauses: [&[Clause]; 3] = [&clauses::ALL, &lives::ALL, &spilling::ALL];
    for clause in clauses.into_iter().flatten() {
        clause(&*fresh());
    }
}

/// The operations of a store, of which none may fail here.
pub(crate) struct Handle(Box<dyn Store>);

impl Handle {
    pub(crate) fn of(place: &dyn Place) -> Self {
        Self(place.open())
    }

    pub(crate) fn loaded(&self, key: &TokenKey) -> Loaded {
        done("a load", self.0.load(key, AMPLE))
    }

    pub(crate) fn stored(&self, key: &TokenKey) -> Option<Stored> {
        self.loaded(key).stored
    }

    pub(crate) fn swap(&self, key: &TokenKey, expected: Option<Version>, record: &Record) -> Swap {
        done("a save", self.0.save(key, expected, record, AMPLE))
    }

    /// Saves over whatever version this is, and expects that to be the one that is held.
    pub(crate) fn save(&self, key: &TokenKey, expected: Option<Version>, record: &Record) -> Version {
        match self.swap(key, expected, record) {
            Swap::Done(version) => version,
            Swap::Conflict => panic!("a save over the version that is held came back as a conflict"),
        }
    }

    pub(crate) fn watch(&self, key: &TokenKey, version: Version, within: Duration) -> WatchOutcome {
        done("a watch", self.0.watch(key, version, within))
    }

    pub(crate) fn liveness_lock(&self, key: &TokenKey) -> LivenessLock {
        done("a liveness lock", self.0.liveness_lock(key, AMPLE))
    }
}

#[track_caller]
pub(crate) fn done<T>(what: &str, outcome: Result<T, StoreError>) -> T {
    match outcome {
        Ok(value) => value,
        Err(error) => panic!("{what} failed: {error} ({:?})", core::error::Error::source(&error)),
    }
}

#[track_caller]
pub(crate) fn equal<T: PartialEq + Debug>(left: T, right: T, sentence: &str) {
    assert!(left == right, "{sentence}: {left:?} is not {right:?}");
}

pub(crate) fn key() -> TokenKey {
    TokenKey::new("contract", "https://example.invalid/token")
}
