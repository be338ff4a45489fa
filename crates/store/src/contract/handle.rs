//! A handle to the store under test whose operations must succeed, and the assertions of the clauses.

use core::error::Error;
use core::fmt::Debug;
use core::time::Duration;
use std::thread::ScopedJoinHandle;

use wellspring_core::{
    LivenessLock, Loaded, LockDomain, Record, SharedBy, Store, StoreError, Stored, Swap, TokenKey, Version,
    WatchOutcome,
};

use super::fixture::Fixture;
use crate::clock::Deadline;

/// Deadline of an operation that nothing blocks.
pub(super) const TIMEOUT: Duration = Duration::from_secs(20);

/// How much later than required an operation may end, because the machine may be busy.
pub(super) const SLACK: Duration = Duration::from_millis(400);

/// The operations of a store. An operation that fails panics.
pub(super) struct Handle(Box<dyn Store>);

impl Handle {
    pub(super) fn new(store: Box<dyn Store>) -> Self {
        Self(store)
    }

    pub(super) fn open(fixture: &dyn Fixture) -> Self {
        Self(fixture.open())
    }

    pub(super) fn load(&self, key: &TokenKey) -> Loaded {
        expect_ok("a load", self.0.load(key, TIMEOUT))
    }

    /// The record of this key, if the store has one.
    pub(super) fn stored(&self, key: &TokenKey) -> Option<Stored> {
        self.load(key).stored
    }

    pub(super) fn try_save(&self, key: &TokenKey, expected: Option<Version>, record: &Record) -> Swap {
        expect_ok("a save", self.0.save(key, expected, record, TIMEOUT))
    }

    /// Saves, and asserts that the store holds the expected version.
    pub(super) fn save(&self, key: &TokenKey, expected: Option<Version>, record: &Record) -> Version {
        match self.try_save(key, expected, record) {
            Swap::Done(version) => version,
            Swap::Conflict => panic!("a save over the stored version returned a conflict"),
        }
    }

    pub(super) fn watch(
        &self,
        key: &TokenKey,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> WatchOutcome {
        expect_ok("a watch", self.0.watch(key, version, domain, within))
    }

    pub(super) fn liveness_lock(&self, key: &TokenKey) -> LivenessLock {
        expect_ok("acquiring a liveness lock", self.0.liveness_lock(key, TIMEOUT))
    }
}

#[track_caller]
pub(super) fn expect_ok<T>(what: &str, outcome: Result<T, StoreError>) -> T {
    outcome.unwrap_or_else(|error| panic!("{what} failed: {error} ({:?})", error.source()))
}

#[track_caller]
pub(super) fn assert_equal<T: PartialEq + Debug>(actual: T, expected: T, sentence: &str) {
    assert!(actual == expected, "{sentence}: {actual:?} is not {expected:?}");
}

/// How long the thread still takes, counted in sleeps. On a busy machine the sleeps take longer, like the thread.
pub(super) fn sleeps_until_finished<T>(thread: &ScopedJoinHandle<'_, T>) -> Duration {
    const SLEEP: Duration = Duration::from_millis(10);
    let mut slept = Duration::ZERO;
    while !thread.is_finished() {
        let _ = Deadline::after(SLEEP).sleep(SLEEP);
        slept += SLEEP;
    }
    slept
}

/// Whether the machines of a fleet share the store of this fixture.
pub(super) fn is_fleet(fixture: &dyn Fixture) -> bool {
    fixture.open().guarantees().scope == SharedBy::Fleet
}

pub(super) fn key() -> TokenKey {
    TokenKey::new("contract", "https://example.invalid/token")
}
