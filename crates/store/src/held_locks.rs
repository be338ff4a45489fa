//! The liveness locks that a process holds in a store on a network, and which versions with a lease it may have saved under
//! each.
//!
//! Hosts share no kernel that could tell when a lock ends. Such a store shows that its process lives, gives each lock a domain
//! of its own, and leaves a note where a lock ends while a lease may still stand.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use wellspring_core::{LockDomain, Version};

use crate::map::KeyName;

/// The liveness locks of one opened store, for the map of a network store.
///
/// ```
/// use wellspring_core::TokenKey;
/// use wellspring_store::{HeldLocks, KeyName, LockState};
///
/// let (locks, name) = (HeldLocks::new(7), KeyName::of(&TokenKey::new("p", "e")));
/// let number = locks.take(&name);
/// let domain = locks.domain(number).expect("the number is not zero");
/// assert_eq!(HeldLocks::process_of(domain), 7);
/// assert_eq!(locks.state(&name, domain), LockState::Held);
/// // No lease was saved under it, so that there is nothing to note.
/// assert!(locks.release(&name, number).is_empty());
/// assert_eq!(locks.state(&name, domain), LockState::Ended);
/// ```
#[derive(Debug)]
pub struct HeldLocks {
    /// The random id of this process, as the upper half of each domain.
    process: u64,
    held: Mutex<Numbered>,
}

#[derive(Debug, Default)]
struct Numbered {
    last: u64,
    names: HashMap<KeyName, Vec<Lock>>,
}

#[derive(Debug)]
struct Lock {
    number: u64,
    /// The versions with a lease that this process has saved, or may have saved, while it held the lock.
    leased: Vec<Version>,
}

/// What a process knows by itself of the lock of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a watcher matches on every case")]
pub enum LockState {
    /// Nothing: another process has taken it.
    Foreign,
    /// This process holds it.
    Held,
    /// This process has held it.
    Ended,
}

impl HeldLocks {
    /// No locks yet, of the process with this random id.
    #[must_use]
    pub fn new(process: u64) -> Self {
        Self { process, held: Mutex::default() }
    }

    /// The id of this process.
    #[must_use]
    pub const fn process(&self) -> u64 {
        self.process
    }

    fn held(&self) -> MutexGuard<'_, Numbered> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id of the process that has taken the lock of this domain.
    #[must_use]
    pub const fn process_of(domain: LockDomain) -> u64 {
        (domain.value() >> 64) as u64
    }

    /// Takes a lock, and returns its number.
    #[must_use]
    pub fn take(&self, name: &KeyName) -> u64 {
        let mut held = self.held();
        held.last += 1;
        let number = held.last;
        held.names.entry(name.clone()).or_default().push(Lock { number, leased: Vec::new() });
        number
    }

    /// The domain of the lock of this number: the process and the number.
    #[must_use]
    pub fn domain(&self, number: u64) -> Option<LockDomain> {
        LockDomain::new(u128::from(self.process) << 64 | u128::from(number))
    }

    /// What is known here of the lock of this domain.
    #[must_use]
    pub fn state(&self, name: &KeyName, domain: LockDomain) -> LockState {
        if Self::process_of(domain) != self.process {
            return LockState::Foreign;
        }
        let held = self.held();
        let is = |lock: &Lock| self.domain(lock.number) == Some(domain);
        match held.names.get(name).is_some_and(|locks| locks.iter().any(is)) {
            true => LockState::Held,
            false => LockState::Ended,
        }
    }

    /// A save of this version, which has a lease or has not, is about to be sent. A caller that drops it does not learn whether
    /// it was made.
    pub fn saving(&self, name: &KeyName, version: Version, leased: bool) {
        if let (true, Some(locks)) = (leased, self.held().names.get_mut(name)) {
            locks.iter_mut().for_each(|lock| lock.leased.push(version));
        }
    }

    /// The save of this version has succeeded, or it has certainly not.
    pub fn saved(&self, name: &KeyName, version: Version, succeeded: bool) {
        if let Some(locks) = self.held().names.get_mut(name) {
            let keep = |known: &Version| if succeeded { *known == version } else { *known != version };
            locks.iter_mut().for_each(|lock| lock.leased.retain(keep));
        }
    }

    /// Ends a lock, and returns the versions whose lease it may have left behind.
    #[must_use]
    pub fn release(&self, name: &KeyName, number: u64) -> Vec<Version> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> KeyName {
        KeyName::of_digits(&"a".repeat(64)).expect("64 digits")
    }

    #[test]
    fn a_lock_that_ends_leaves_the_versions_whose_lease_may_stand() {
        let (locks, name) = (HeldLocks::new(7), name());
        let number = locks.take(&name);
        assert_eq!(locks.domain(number).map(HeldLocks::process_of), Some(7));
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
        let (locks, name) = (HeldLocks::new(7), name());
        let number = locks.take(&name);
        let domain = locks.domain(number).expect("not zero");
        assert_eq!(locks.state(&name, domain), LockState::Held);
        assert!(locks.release(&name, number).is_empty());
        assert_eq!(locks.state(&name, domain), LockState::Ended);
        assert_eq!(HeldLocks::new(8).state(&name, domain), LockState::Foreign);
    }
}
