//! The mark in a record that somebody is renewing, which is also the lock; and who that somebody is.

use core::fmt;
use core::hash::Hasher;
use core::time::Duration;

use siphasher::sip::SipHasher24;

use crate::{Provider, UnixTime};

/// Whoever may write records: one source in one process on one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together again")]
pub struct Owner {
    /// The machine, across reboots; zero where nobody knows.
    pub machine: u64,
    /// The machine since it was started; zero where nobody knows.
    pub boot: u128,
    /// The process, for people to look for.
    pub process: u32,
    /// The source inside it: a random number, another one for each.
    pub source: u64,
}

impl Owner {
    /// Whether both run, or ran, on one machine, so that its kernel can tell whether one is gone.
    #[must_use]
    pub const fn shares_machine_with(&self, other: &Self) -> bool {
        (self.boot != 0 && self.boot == other.boot) || (self.machine != 0 && self.machine == other.machine)
    }
}

/// One attempt of one owner to renew or to sign in. No two are alike, on whatever machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together again")]
pub struct Attempt {
    /// Whose.
    pub owner: Owner,
    /// Which of theirs.
    pub number: u64,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.owner.source, self.number)
    }
}

/// Says in a record that its grant is being spent, or may have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together again")]
pub struct Lease {
    /// By which attempt.
    pub attempt: Attempt,
    /// When the grant of this generation may first have been sent by an earlier attempt; `None` when this is the first.
    pub first_sent: Option<UnixTime>,
    /// Until when, on the wall clock of its owner, whom alone it binds.
    pub until: UnixTime,
    /// How long it was made for: it began that much before [`until`](Self::until).
    pub span: Duration,
    /// How often the grant may have been sent again, by this attempt included.
    pub replays: u32,
}

impl Lease {
    /// When the grant may have been sent for the first time, this attempt's sending included.
    #[must_use]
    pub fn may_be_sent_since(&self) -> UnixTime {
        self.first_sent.unwrap_or(self.until.minus(self.span))
    }
}

/// Tells one credential from another without saying anything of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together again")]
pub struct Fingerprint {
    /// What was mixed in.
    pub salt: u64,
    /// What came out.
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
