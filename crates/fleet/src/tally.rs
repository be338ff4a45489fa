//! What has happened, second by second.

use core::ops::Range;
use core::time::Duration;

use crate::plan::DAY;

/// The counts of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Token calls that have left in each second, whatever their answer.
    pub(crate) calls: Vec<u32>,
    /// Operations on the store in each second.
    pub(crate) store: Vec<u32>,
    /// Tokens that an instance took over from the store.
    pub(crate) adopted: u64,
    /// Tokens that the endpoint granted.
    pub(crate) granted: u64,
    /// Instances that held no token in force for some time, each key by itself, and for how long altogether.
    pub(crate) without: u64,
    pub(crate) without_for: Duration,
    /// Keys whose user has to sign in again.
    pub(crate) ended: u64,
    /// Keys whose refresh token the server has seen a second time.
    pub(crate) reused: u64,
}

impl Tally {
    pub(crate) fn new() -> Self {
        let seconds = usize::try_from(DAY.as_secs()).unwrap_or(usize::MAX);
        Self {
            calls: vec![0; seconds],
            store: vec![0; seconds],
            adopted: 0,
            granted: 0,
            without: 0,
            without_for: Duration::ZERO,
            ended: 0,
            reused: 0,
        }
    }

    pub(crate) fn call(&mut self, at: Duration) {
        count(&mut self.calls, at);
    }

    pub(crate) fn operation(&mut self, at: Duration) {
        count(&mut self.store, at);
    }

    /// The counts of other keys on the same day.
    pub(crate) fn add(&mut self, other: &Self) {
        for (mine, theirs) in [(&mut self.calls, &other.calls), (&mut self.store, &other.store)] {
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                *mine += theirs;
            }
        }
        self.adopted += other.adopted;
        self.granted += other.granted;
        self.without += other.without;
        self.without_for += other.without_for;
        self.ended += other.ended;
        self.reused += other.reused;
    }
}

fn count(seconds: &mut [u32], at: Duration) {
    if let Some(second) = usize::try_from(at.as_secs()).ok().and_then(|second| seconds.get_mut(second)) {
        *second += 1;
    }
}

/// The most in one second, and the mean, over this part of the day.
pub(crate) fn peak_and_mean(seconds: &[u32], part: Range<Duration>) -> (u32, f64) {
    let place = |at: Duration| usize::try_from(at.as_secs()).unwrap_or(usize::MAX).min(seconds.len());
    let part = &seconds[place(part.start)..place(part.end)];
    let sum: u64 = part.iter().map(|count| u64::from(*count)).sum();
    let length = u32::try_from(part.len().max(1)).unwrap_or(u32::MAX);
    let mean = Duration::from_secs(sum).as_secs_f64() / f64::from(length);
    (part.iter().copied().max().unwrap_or_default(), mean)
}
