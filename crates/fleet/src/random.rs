//! Reproducible random numbers: SplitMix64, one stream for each key. A day is the same on any number of threads.

use core::time::Duration;

#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream of this key.
    pub(crate) fn of_key(key: u64) -> Self {
        let mut random = Self(key.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        let _ = random.number();
        random
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from zero up to, and not including, `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        u64::try_from((u128::from(self.number()) * u128::from(end)) >> 64).unwrap_or(u64::MAX)
    }

    /// A time from zero up to, and not including, `end`.
    pub(crate) fn time_below(&mut self, end: Duration) -> Duration {
        Duration::from_nanos(self.below(u64::try_from(end.as_nanos()).unwrap_or(u64::MAX)))
    }
}
