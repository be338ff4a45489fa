//! The contract notices a store that is broken: each mistake breaks the clause that guards against it.

use core::any::Any;
use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::panic::catch_unwind;

use wellspring_core::{
    LivenessLock, LockDomain, Store, StoreError, StoreGuarantees, TokenKey, Version, WatchOutcome,
};

use super::fixture::{Clause, Fixture};
use super::{Folder, liveness, lock_domains};
use crate::liveness_locks::LivenessLocks;
use crate::map::{Entry, KeyName, Map};
use crate::memory::MemoryStore;
use crate::records::Records;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    None,
    /// A watcher takes the lock at its own path for the one that the lease names.
    AnyLock,
    /// The same, only for a lease that names no lock.
    AnyLockForNoDomain,
    /// All stores name their locks alike.
    OneDomain,
    /// A watcher takes an owner for gone though it holds the lock.
    AlwaysGone,
    /// A watcher looks at the lock before it looks at the version.
    LockFirst,
}

/// A map in memory, with liveness locks in a folder.
#[derive(Debug)]
struct Toy {
    entries: MemoryStore,
    locks: LivenessLocks,
    mistake: Mistake,
}

impl Map for Toy {
    fn guarantees(&self) -> StoreGuarantees {
        self.entries.guarantees()
    }

    fn load(&self, name: &KeyName, within: Duration) -> Result<Option<Entry>, StoreError> {
        self.entries.load(name, within)
    }

    fn swap(
        &self,
        name: &KeyName,
        expected: Option<Version>,
        entry: &Entry,
        within: Duration,
    ) -> Result<bool, StoreError> {
        self.entries.swap(name, expected, entry, within)
    }

    fn watch(
        &self,
        name: &KeyName,
        version: Version,
        domain: Option<LockDomain>,
        within: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        let own = || self.locks.acquire(name, within).map(|lock| lock.domain());
        let domain = match self.mistake {
            Mistake::AnyLock => own()?,
            Mistake::AnyLockForNoDomain if domain.is_none() => own()?,
            Mistake::OneDomain if domain == LockDomain::new(7) => own()?,
            Mistake::AlwaysGone if domain == own()? => return Ok(WatchOutcome::OwnerGone),
            Mistake::LockFirst => {
                let unmoved = self.locks.watch(name, version, domain, within, |_| Ok(Some(version)))?;
                if unmoved == WatchOutcome::OwnerGone {
                    return Ok(unmoved);
                }
                domain
            }
            _ => domain,
        };
        let version_now = || Ok(self.entries.load(name, within)?.map(|entry| entry.version));
        self.locks.watch(name, version, domain, within, |_| version_now())
    }

    fn liveness_lock(&self, name: &KeyName, within: Duration) -> Result<LivenessLock, StoreError> {
        let lock = self.locks.acquire(name, within)?;
        let domain = if self.mistake == Mistake::OneDomain { LockDomain::new(7) } else { lock.domain() };
        Ok(LivenessLock::new(domain, lock))
    }
}

struct Toys {
    entries: MemoryStore,
    folder: Folder,
    mistake: Mistake,
}

impl Toys {
    fn new(mistake: Mistake) -> Self {
        Self { entries: MemoryStore::default(), folder: Folder::new(), mistake }
    }

    fn open_in(&self, folder: &str) -> Box<dyn Store> {
        let locks = LivenessLocks::open(self.folder.path().join(folder)).unwrap();
        Box::new(Records::new(Toy { entries: self.entries.clone(), locks, mistake: self.mistake }))
    }
}

impl Fixture for Toys {
    fn open(&self) -> Box<dyn Store> {
        self.open_in("locks")
    }

    fn corrupt(&self, _: &TokenKey) {}

    fn refuse_saves(&self) -> Option<Box<dyn Any>> {
        None
    }

    fn open_elsewhere(&self) -> Vec<Box<dyn Store>> {
        vec![self.open_in("other locks")]
    }

    fn remove_locks(&self) -> bool {
        std::fs::remove_dir_all(self.folder.path().join("locks")).is_ok()
    }
}

/// A clause that a mistake breaks, and what the clause says of it.
const BROKEN: [(Mistake, Clause, &str); 8] = {
    use Mistake as M;
    [
        (M::AnyLock, lock_domains::the_owner_of_a_lock_of_another_domain_is_unknown, "in another domain"),
        (
            M::AnyLock,
            lock_domains::a_live_owner_is_not_gone_for_a_watcher_that_came_by_another_path,
            "another path is reported as gone",
        ),
        (M::AnyLock, lock_domains::an_owner_whose_lock_was_removed_is_not_gone, "lock was removed is gone"),
        (M::AnyLockForNoDomain, lock_domains::without_a_domain_only_a_change_is_seen, "without a domain"),
        (
            M::OneDomain,
            lock_domains::a_live_owner_is_not_gone_for_a_watcher_that_came_by_another_path,
            "another path is reported as gone",
        ),
        (M::OneDomain, lock_domains::an_owner_whose_lock_was_removed_is_not_gone, "lock was removed is gone"),
        (M::AlwaysGone, liveness::a_liveness_lock_is_seen_by_other_handles, "a liveness lock was not seen"),
        (M::LockFirst, liveness::a_change_takes_precedence_over_a_gone_owner, "is reported as gone"),
    ]
};

fn complaint(clause: impl FnOnce()) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(clause)).err()?;
    panic.downcast_ref::<String>().cloned()
}

#[test]
fn a_store_with_a_mistake_breaks_the_clause_that_guards_against_it() {
    for (mistake, clause, sentence) in BROKEN {
        assert_eq!(complaint(|| clause(&Toys::new(Mistake::None))), None, "{sentence}");
        let complaint = complaint(|| clause(&Toys::new(mistake))).unwrap_or_default();
        assert!(complaint.contains(sentence), "{mistake:?}: {complaint} is not {sentence}");
    }
}

#[test]
fn stores_that_name_their_locks_alike_break_a_clause() {
    let check = |mistake| {
        let stores = [Toys::new(mistake), Toys::new(mistake)];
        complaint(|| lock_domains::the_locks_of_two_stores_are_two(&stores[0], &stores[1]))
    };
    assert_eq!(check(Mistake::None), None);
    assert!(check(Mistake::OneDomain).is_some_and(|complaint| complaint.contains("another store is gone")));
}
