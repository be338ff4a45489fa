//! The lease: the mark in a record that one attempt renews it. The lease is also the lock.

use core::fmt;
use core::hash::Hasher;
use core::time::Duration;

use siphasher::sip::SipHasher24;

use crate::liveness::LockDomain;
use crate::provider::Provider;
use crate::time::UnixTime;

/// A writer of records: one source in one process on one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores encode and decode it")]
pub struct Owner {
    /// The machine, across reboots, for people; zero where it is not known. Two machines may have the same number.
    pub machine: u64,
    /// The machine since its start, for people; zero where it is not known.
    pub boot: u128,
    /// The process id, for people.
    pub process: u32,
    /// The source in the process: a random number.
    pub source: u64,
}

/// One attempt of one owner to renew or to sign in. No two attempts are equal, on any machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores encode and decode it")]
pub struct Attempt {
    /// The owner.
    pub owner: Owner,
    /// The number of the attempt, counted by its owner.
    pub number: u64,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.owner.source, self.number)
    }
}

/// Says in a record that its grant is being sent, or may have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores encode and decode it")]
pub struct Lease {
    /// The attempt.
    pub attempt: Attempt,
    /// The lock that shows whether the owner is alive; `None` when no process can tell.
    pub domain: Option<LockDomain>,
    /// When an earlier attempt may first have sent the grant of this generation; `None` when this attempt is the first.
    pub first_sent: Option<UnixTime>,
    /// The end, on the wall clock of the owner. Other processes must not rely on it.
    pub until: UnixTime,
    /// The span: the lease began that long before [`until`](Self::until).
    pub span: Duration,
    /// How often the grant may have been sent again, including by this attempt.
    pub replays: u32,
}

impl Lease {
    /// When the grant may have been sent for the first time, by this attempt or an earlier one.
    #[must_use]
    pub fn may_be_sent_since(&self) -> UnixTime {
        self.first_sent.unwrap_or(self.until.minus(self.span))
    }
}

/// Distinguishes credentials without revealing them: a salted hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores encode and decode it")]
pub struct Fingerprint {
    /// The salt.
    pub salt: u64,
    /// The hash.
    pub hash: u64,
}

impl Fingerprint {
    /// The fingerprint of a provider's own credential.
    #[must_use]
    pub fn of(provider: &dyn Provider, salt: u64) -> Self {
        let mut hasher = SipHasher24::new_with_keys(salt, !salt);
        provider.credential(&mut hasher);
        Self { salt, hash: hasher.finish() }
    }
}
