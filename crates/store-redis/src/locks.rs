//! The liveness locks that this process holds, and which versions with a lease it may have saved under each.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use wellspring_core::{LockDomain, Version};
use wellspring_store::KeyName;

/// The liveness locks of one opened store.
#[derive(Debug)]
pub(crate) struct Locks {
    /// The random id of this process, as the upper half of each domain.
    process: u64,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    last: u64,
    names: HashMap<KeyName, Vec<Lock>>,
}

#[derive(Debug)]
struct Lock {
    number: u64,
    /// The versions with a lease that this process has saved, or may have saved, while it held the lock.
    leased: Vec<Version>,
}

/// A lock of this process as a watcher in the same process sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    /// The domain is of another process.
    Foreign,
    Held,
    Ended,
}

impl Locks {
    pub(crate) fn new(process: u64) -> Self {
        Self { process, held: Mutex::default() }
    }

    /// The id of this process.
    pub(crate) const fn process(&self) -> u64 {
        self.process
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a lock, and returns its number.
    pub(crate) fn take(&self, name: &KeyName) -> u64 {
        let mut held = self.held();
        held.last += 1;
        let number = held.last;
        held.names.entry(name.clone()).or_default().push(Lock { number, leased: Vec::new() });
        number
    }

    /// The domain of the lock of this number.
    pub(crate) fn domain(&self, number: u64) -> Option<LockDomain> {
        LockDomain::new(u128::from(self.process) << 64 | u128::from(number))
    }

    /// What is known here of the owner of this domain.
    pub(crate) fn own(&self, name: &KeyName, domain: LockDomain) -> Own {
        if process_of(domain) != self.process {
            return Own::Foreign;
        }
        let held = self.held();
        let is = |lock: &Lock| self.domain(lock.number) == Some(domain);
        match held.names.get(name).is_some_and(|locks| locks.iter().any(is)) {
            true => Own::Held,
            false => Own::Ended,
        }
    }

    /// A save of this version, which has a lease or has not, is about to be sent.
    pub(crate) fn saving(&self, name: &KeyName, version: Version, leased: bool) {
        if let (true, Some(locks)) = (leased, self.held().names.get_mut(name)) {
            locks.iter_mut().for_each(|lock| lock.leased.push(version));
        }
    }

    /// The save of this version has succeeded, or it has certainly not.
    pub(crate) fn saved(&self, name: &KeyName, version: Version, succeeded: bool) {
        if let Some(locks) = self.held().names.get_mut(name) {
            let keep = |known: &Version| if succeeded { *known == version } else { *known != version };
            locks.iter_mut().for_each(|lock| lock.leased.retain(keep));
        }
    }

    /// Ends a lock, and returns the versions whose lease it may have left behind.
    pub(crate) fn release(&self, name: &KeyName, number: u64) -> Vec<Version> {
        let mut held = self.held();
        let Some(locks) = held.names.get_mut(name) else { return Vec::new() };
        let at = locks.iter().position(|lock| lock.number == number);
        let left = at.map(|at| locks.swap_remove(at).leased).unwrap_or_default();
        if locks.is_empty() {
            held.names.remove(name);
        }
        left
    }
}

/// The process of this domain.
pub(crate) const fn process_of(domain: LockDomain) -> u64 {
    (domain.value() >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> KeyName {
        KeyName::of_digits(&"a".repeat(64)).expect("64 digits")
    }

    #[test]
    fn a_lock_that_ends_leaves_the_versions_whose_lease_may_stand() {
        let (locks, name) = (Locks::new(7), name());
        let number = locks.take(&name);
        assert_eq!(locks.domain(number).map(process_of), Some(7));
        for version in [1, 2].map(Version::new) {
            locks.saving(&name, version, true);
        }
        // The second save was refused, the fate of the first is unknown.
        locks.saved(&name, Version::new(2), false);
        assert_eq!(locks.release(&name, number), [Version::new(1)]);

        let number = locks.take(&name);
        locks.saving(&name, Version::new(3), true);
        locks.saved(&name, Version::new(3), true);
        locks.saving(&name, Version::new(4), false);
        locks.saved(&name, Version::new(4), true);
        assert!(locks.release(&name, number).is_empty());
    }

    #[test]
    fn a_lock_of_this_process_is_held_or_has_ended() {
        let (locks, name) = (Locks::new(7), name());
        let number = locks.take(&name);
        let domain = locks.domain(number).expect("not zero");
        assert_eq!(locks.own(&name, domain), Own::Held);
        locks.release(&name, number);
        assert_eq!(locks.own(&name, domain), Own::Ended);
        assert_eq!(Locks::new(8).own(&name, domain), Own::Foreign);
    }
}
