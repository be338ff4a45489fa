//! A reproducible source of small differences, so that a fleet does not renew at the same moment.
//!
//! SplitMix64. Not for secrets: those come into this workspace as bytes from the operating system.

use core::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A duration from zero up to, and not including, `width`.
    pub(crate) fn below(&mut self, width: Duration) -> Duration {
        let share = self.next() >> 11;
        let nanos = width.as_nanos().saturating_mul(u128::from(share)) >> 53;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        // The first outputs of the reference implementation for seed 1234567.
        let mut jitter = Jitter::new(1_234_567);
        for expected in [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423] {
            assert_eq!(jitter.next(), expected);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_durations_within_the_width() {
        let (mut a, mut b) = (Jitter::new(7), Jitter::new(7));
        let width = Duration::from_secs(30);
        for _ in 0..1_000 {
            let drawn = a.below(width);
            assert!(drawn < width);
            assert_eq!(drawn, b.below(width));
        }
        assert_ne!(Jitter::new(1).below(width), Jitter::new(2).below(width));
        assert_eq!(a.below(Duration::ZERO), Duration::ZERO);
    }
}
