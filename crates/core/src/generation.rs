//! The counters that order the records of one key.

use core::fmt;

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
