//! A hasher for numbers that are hashes already.
#![cfg(not(wellspring_shuttle))]

/// The hash of a number that is a hash already.
#[derive(Default)]
pub(crate) struct Hashed(u64);

impl core::hash::Hasher for Hashed {
    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}
