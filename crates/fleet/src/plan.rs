//! What a day is made of: how large the fleet is, what its keys are, and what goes wrong when.

use core::ops::Range;
use core::time::Duration;

/// The length of the simulated time.
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3_600);

/// One day of one fleet.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) keys: u64,
    pub(crate) instances: u64,
    /// How many instances use each key.
    pub(crate) sharers: usize,
    /// Whether they share a store.
    pub(crate) stored: bool,
    /// What a renewal spends.
    pub(crate) grant: Grant,
    /// How long a token lives.
    pub(crate) lifetime: Duration,
    /// `Policy::jitter`.
    pub(crate) jitter: Duration,
    /// When the token endpoint takes no connection.
    pub(crate) outage: Option<Range<Duration>>,
    /// When the store does not answer. At the end it continues as a copy without the last saves.
    pub(crate) failover: Option<Range<Duration>>,
    /// How much of the time before the failover the copy lacks.
    pub(crate) lag: Duration,
    /// When all instances are started anew, one after another.
    pub(crate) deployment: Option<Range<Duration>>,
}

/// What a renewal spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// The client's own credentials. Each instance can send them.
    Credentials,
    /// A single-use refresh token, which only one instance may send.
    Rotating,
}

pub(crate) const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

impl Plan {
    /// A day on which nothing goes wrong.
    pub(crate) const fn quiet(keys: u64, stored: bool, grant: Grant) -> Self {
        Self {
            keys,
            instances: 10_000,
            sharers: 2,
            stored,
            grant,
            lifetime: minutes(60),
            jitter: Duration::MAX,
            outage: None,
            failover: None,
            lag: Duration::from_secs(1),
            deployment: None,
        }
    }

    /// The day of the book: the endpoint is down for ten minutes in the morning, the store fails over at noon, and all
    /// instances are started anew in the afternoon.
    pub(crate) const fn eventful(keys: u64, stored: bool, grant: Grant) -> Self {
        let mut plan = Self::quiet(keys, stored, grant);
        plan.outage = Some(minutes(6 * 60)..minutes(6 * 60 + 10));
        if stored {
            plan.failover = Some(minutes(12 * 60)..Duration::from_secs(12 * 3_600 + 30));
        }
        plan.deployment = Some(minutes(18 * 60)..minutes(18 * 60 + 10));
        plan
    }
}
