//! A token as it can be told to another process: in wall-clock terms, with its place in the key's history.

use core::fmt;

use crate::{TokenResponse, UnixTime};

/// Counts the sign-ins and logouts of one key. A higher epoch is newer, whatever the generations say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(u64);

/// Counts the tokens of one key; never restarts, not even after a logout or a new sign-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(u64);

macro_rules! counters {
    ($($name:ident)+) => {$(
        impl $name {
            /// The counter with this value.
            #[must_use]
            pub const fn new(value: u64) -> Self {
                Self(value)
            }

            /// The counter's value.
            #[must_use]
            pub const fn value(self) -> u64 {
                self.0
            }

            /// The next value.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

counters!(Epoch Generation);

/// What one exchange obtained, with its place in the history of its key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Record {
    /// Which sign-in this descends from.
    pub epoch: Epoch,
    /// Which token of the key this is.
    pub generation: Generation,
    /// When the request was sent, on the wall clock of whoever sent it.
    pub obtained_at: UnixTime,
    /// What was granted; the refresh token is the one to spend next, an older one that stays in force included.
    pub response: TokenResponse,
    /// Whether a refresh has shown that the refresh token survives its use.
    pub reusable: bool,
}

impl Record {
    /// A record of what was granted.
    #[must_use]
    pub const fn new(
        epoch: Epoch,
        generation: Generation,
        obtained_at: UnixTime,
        response: TokenResponse,
    ) -> Self {
        Self { epoch, generation, obtained_at, response, reusable: false }
    }

    /// Where this record stands: of two records the later place is the newer one.
    #[must_use]
    pub const fn place(&self) -> (Epoch, Generation) {
        (self.epoch, self.generation)
    }
}
