//! How other processes see that a lease holder is alive: the lock that it holds, and the lock's name.

use alloc::boxed::Box;
use core::any::Any;
use core::fmt;
use core::num::NonZeroU128;

/// Shows other processes that its holder is alive. It ends with the process, whatever the cause.
pub struct LivenessLock {
    domain: Option<LockDomain>,
    #[expect(dead_code, reason = "held only for its drop")]
    held: Box<dyn Any + Send + Sync>,
}

impl LivenessLock {
    /// A liveness lock of this domain that ends when `held` is dropped. Without a domain no process can tell when it
    /// ends.
    #[must_use]
    pub fn new(domain: Option<LockDomain>, held: impl Send + Sync + 'static) -> Self {
        Self { domain, held: Box::new(held) }
    }

    /// The name of the lock, for the lease of its holder.
    #[must_use]
    pub const fn domain(&self) -> Option<LockDomain> {
        self.domain
    }
}

impl fmt::Debug for LivenessLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LivenessLock").field("domain", &self.domain).finish_non_exhaustive()
    }
}

/// Names the one lock that shows whether a lease holder is alive.
///
/// The store that grants a [`LivenessLock`] names it, and the lease carries the name. Only a process
/// that takes a lock of the same name exclusively knows that the lease holder is gone. Two locks never have the same name,
/// on any machine, even if the stores are copies of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LockDomain(NonZeroU128);

impl LockDomain {
    /// The domain of this number; `None` for zero, which names no lock.
    #[must_use]
    pub const fn new(number: u128) -> Option<Self> {
        match NonZeroU128::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The domain's number.
    #[must_use]
    pub const fn value(self) -> u128 {
        self.0.get()
    }
}
