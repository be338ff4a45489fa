//! When to renew, and what the pauses after failures are made of. How long each pause is: [`pauses`](crate::pauses).
//!
//! Arithmetic on durations only: instants are made in [`Lifecycle`](crate::Lifecycle), clocks are read in the
//! transports. With the defaults a one-hour token is renewed between 50 and 55 minutes after its request was
//! sent, and handed out until 60.

use core::time::Duration;

use crate::jitter::Jitter;

/// When to renew, and how long the pauses after failures are: data, with defaults that fit the providers of this
/// workspace. Every time is a [`Duration`], and each field has a setter: `with_margin`, `with_deadline` and so on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Policy {
    /// How long before its expiry a token is renewed; never more than a fifth of its life. Default: 300 s.
    pub margin: Duration,
    /// How much earlier still, at most, so that a fleet does not renew at one moment; never more than the margin or a tenth
    /// of the life. Default: no other bound.
    pub jitter: Duration,
    /// The time for one exchange, everything included: from name lookup to the last byte. Default: 30 s.
    pub deadline: Duration,
    /// The time for the store, before an exchange and after it each, retries included. Default: 10 s.
    pub store_deadline: Duration,
    /// How long a call of an API waits for the next byte. It limits silence and not length: a large download goes on for as
    /// long as its bytes flow. Default: 30 s.
    pub call_idle_timeout: Duration,
    /// The least time between two exchanges that succeed. Default: 1 s.
    pub min_age: Duration,
    /// The first pause after a failure; it doubles with each further one. Default: 1 s.
    pub first_pause: Duration,
    /// The longest pause without a request of the endpoint. Default: 60 s.
    pub longest_pause: Duration,
    /// The longest pause that an endpoint may ask for. Default: one hour.
    pub longest_retry_after: Duration,
    /// The pause after a permanent error: at most three calls an hour. A credential that has worked within the last day is
    /// asked for again after `first_pause` and after `longest_pause` before that; three calls an hour stay the limit.
    /// Default: 1201 s.
    pub dead_pause: Duration,
    /// A token refused this soon after its request was sent shows that the API refuses every token. Default: 60 s.
    pub refusal_window: Duration,
    /// The lifetime to assume where the endpoint names none. Default: none, which means renewal on a 401 only.
    pub assumed_lifetime: Option<Duration>,
}

/// How far a wall clock may fall behind the moment a token was obtained before the token is distrusted.
pub(crate) const CLOCK_WENT_BACK: Duration = Duration::from_secs(60);

impl Default for Policy {
    fn default() -> Self {
        Self {
            margin: Duration::from_secs(300),
            jitter: Duration::MAX,
            deadline: Duration::from_secs(30),
            store_deadline: Duration::from_secs(10),
            call_idle_timeout: Duration::from_secs(30),
            min_age: Duration::from_secs(1),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            longest_retry_after: Duration::from_secs(3_600),
            dead_pause: Duration::from_secs(1_201),
            refusal_window: Duration::from_secs(60),
            assumed_lifetime: None,
        }
    }
}

/// Each field has a setter, for a policy in one expression.
///
/// ```
/// use core::time::Duration;
///
/// use wellspring_core::Policy;
///
/// let policy = Policy::default().with_margin(Duration::from_secs(120)).with_deadline(Duration::from_secs(10));
/// assert_eq!((policy.margin.as_secs(), policy.deadline.as_secs()), (120, 10));
/// assert_eq!(policy.store_deadline, Policy::default().store_deadline);
/// ```
impl Policy {
    /// Renews a token this long before its expiry; never more than a fifth of its life.
    #[must_use]
    pub const fn with_margin(mut self, time: Duration) -> Self {
        self.margin = time;
        self
    }

    /// Renews a token up to this much earlier still, so that a fleet does not renew at one moment.
    #[must_use]
    pub const fn with_jitter(mut self, time: Duration) -> Self {
        self.jitter = time;
        self
    }

    /// Limits one exchange to this time, from name lookup to the last byte.
    #[must_use]
    pub const fn with_deadline(mut self, time: Duration) -> Self {
        self.deadline = time;
        self
    }

    /// Limits the store to this time, before an exchange and after it each, retries included.
    #[must_use]
    pub const fn with_store_deadline(mut self, time: Duration) -> Self {
        self.store_deadline = time;
        self
    }

    /// Ends a call of an API in which no byte comes for this long.
    #[must_use]
    pub const fn with_call_idle_timeout(mut self, time: Duration) -> Self {
        self.call_idle_timeout = time;
        self
    }

    /// Waits at least this long between two exchanges that succeed.
    #[must_use]
    pub const fn with_min_age(mut self, time: Duration) -> Self {
        self.min_age = time;
        self
    }

    /// Pauses this long after the first failure; the pause doubles with each further one.
    #[must_use]
    pub const fn with_first_pause(mut self, time: Duration) -> Self {
        self.first_pause = time;
        self
    }

    /// Limits the pauses that the endpoint has not asked for to this time.
    #[must_use]
    pub const fn with_longest_pause(mut self, time: Duration) -> Self {
        self.longest_pause = time;
        self
    }

    /// Limits the pauses that the endpoint asks for to this time.
    #[must_use]
    pub const fn with_longest_retry_after(mut self, time: Duration) -> Self {
        self.longest_retry_after = time;
        self
    }

    /// Pauses this long after a permanent error, such as a refused client.
    #[must_use]
    pub const fn with_dead_pause(mut self, time: Duration) -> Self {
        self.dead_pause = time;
        self
    }

    /// Takes the API to refuse every token if it refuses one this soon after the token's request was sent.
    #[must_use]
    pub const fn with_refusal_window(mut self, time: Duration) -> Self {
        self.refusal_window = time;
        self
    }

    /// Assumes this lifetime where the endpoint names none. Without it such a token is renewed only after a 401.
    #[must_use]
    pub const fn with_assumed_lifetime(mut self, lifetime: Duration) -> Self {
        self.assumed_lifetime = Some(lifetime);
        self
    }
}

impl Policy {
    /// How long before its expiry a token of this lifetime is due: the margin, or a fifth of a short life.
    #[must_use]
    pub fn margin_of(&self, lifetime: Duration) -> Duration {
        self.margin.min(lifetime / 5)
    }

    /// The longest time of a renewal that waits for no other process: the exchange, and the store before and after it.
    #[must_use]
    pub const fn longest_renewal(&self, with_store: bool) -> Duration {
        let store = if with_store { self.store_deadline } else { Duration::ZERO };
        self.deadline.saturating_add(store).saturating_add(store)
    }

    /// Whether a token of this lifetime with this time left lasts as long as wanted, or as long as a new token would.
    #[must_use]
    pub fn lasts(&self, lifetime: Duration, left: Duration, wanted: Duration) -> bool {
        let age = lifetime.saturating_sub(left);
        // No renewal makes a token longer than the endpoint's own: only an old one is worth replacing.
        let young = if wanted > lifetime { self.margin_of(lifetime) } else { Duration::ZERO };
        left >= wanted || age < young.max(self.min_age)
    }

    /// The margin and this token's own share of jitter, drawn once for each token.
    pub(crate) fn lead(&self, lifetime: Duration, jitter: &mut Jitter) -> Duration {
        let margin = self.margin_of(lifetime);
        let width = self.jitter.min(margin).min(lifetime / 10);
        margin.saturating_add(jitter.below(width))
    }

    /// The pause after so many failures in a row: doubling, between half and whole.
    pub(crate) fn pause(&self, failures: u32, jitter: &mut Jitter) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let whole = self.first_pause.saturating_mul(1 << doublings).min(self.longest_pause);
        whole - jitter.below(whole / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_margin_is_five_minutes_for_long_tokens_and_a_fifth_of_short_ones() {
        let policy = Policy::default();
        for (lifetime, margin) in
            [(1_800, 300), (3_600, 300), (7_200, 300), (86_400, 300), (600, 120), (300, 60), (60, 12), (0, 0)]
        {
            assert_eq!(policy.margin_of(s(lifetime)), s(margin), "{lifetime}");
        }
    }

    #[test]
    fn jitter_only_makes_renewal_earlier_and_by_a_tenth_of_the_life_at_most() {
        let policy = Policy::default();
        let mut jitter = Jitter::new(3);
        for _ in 0..1_000 {
            let lead = policy.lead(s(3_600), &mut jitter);
            assert!(lead >= s(300) && lead < s(600));
            let lead = policy.lead(s(300), &mut jitter);
            assert!(lead >= s(60) && lead < s(90));
        }
    }

    #[test]
    fn pauses_double_from_one_second_to_sixty_between_half_and_whole() {
        let policy = Policy::default();
        let mut jitter = Jitter::new(3);
        for (failures, whole) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (u32::MAX, 60)] {
            let pause = policy.pause(failures, &mut jitter);
            assert!(pause <= s(whole) && pause >= s(whole) / 2, "{failures}: {pause:?}");
        }
    }
}
