//! What a store holds of one key: in wall-clock terms, so that another process can read it, with its place in the
//! key's history.

use alloc::string::String;
use core::fmt;

use crate::{Attempt, Fingerprint, Lease, LoginReason, TokenResponse, UnixTime};

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

/// What a store holds of one key.
///
/// Absent is not the same as logged out: a store that was emptied forgets, a record that says
/// [`LoggedOut`](Grant::LoggedOut) remembers.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[non_exhaustive]
pub struct Record {
    /// Which sign-in this descends from.
    pub epoch: Epoch,
    /// Which token of the key this is.
    pub generation: Generation,
    /// Whose exchange or sign-in made this generation.
    pub writer: Option<Attempt>,
    /// What is held.
    pub state: SessionState,
    /// Who is renewing it, or was.
    pub lease: Option<Lease>,
    /// Why its refresh token can no longer be used, if it cannot.
    pub dead: Option<Dead>,
    /// How long all processes together leave the endpoint alone.
    pub throttle: Option<Throttle>,
}

/// What is held of a grant.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[expect(clippy::exhaustive_enums, reason = "whoever reads a record has to know every case")]
pub enum SessionState {
    /// Nothing was granted yet.
    Empty,
    /// A granted token.
    Active(Granted),
    /// Somebody has logged out.
    LoggedOut,
}

/// What one exchange obtained.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[non_exhaustive]
pub struct Granted {
    /// When the request was sent, on the wall clock of whoever sent it.
    pub obtained_at: UnixTime,
    /// What was granted; the refresh token is the one to spend next, an older one that stays in force included.
    pub response: TokenResponse,
    /// Whether a refresh has shown that the refresh token survives its use.
    pub reusable: bool,
}

/// Why a refresh token can no longer be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together again")]
pub struct Dead {
    /// Why.
    pub reason: LoginReason,
    /// Since when.
    pub since: UnixTime,
}

/// How long all processes together leave the endpoint alone, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together again")]
pub struct Throttle {
    /// Until when.
    pub until: UnixTime,
    /// The failures in a row.
    pub failures: u32,
    /// The credential that was turned away: another one need not wait.
    pub credential: Option<Fingerprint>,
    /// What went wrong.
    pub cause: Cause,
}

/// What went wrong, as far as it can be told to another process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores take it apart and put it together again")]
pub struct Cause {
    /// What to do next.
    pub kind: CauseKind,
    /// The error's own text, which holds no secret.
    pub text: String,
    /// The provider's own code.
    pub code: Option<String>,
}

/// What to do about a [`Cause`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "whoever reads a record has to know every case")]
pub enum CauseKind {
    /// Wait.
    Unavailable,
    /// Call the operator.
    Misconfigured,
    /// The answer is no token response.
    Protocol,
    /// The answer came from somebody in between, and may be gone soon.
    FromIntermediary,
}

impl Granted {
    /// What a request sent then was granted.
    #[must_use]
    pub const fn new(obtained_at: UnixTime, response: TokenResponse) -> Self {
        Self { obtained_at, response, reusable: false }
    }
}

impl Record {
    /// A record that holds this and nothing else.
    #[must_use]
    pub const fn new(epoch: Epoch, generation: Generation, state: SessionState) -> Self {
        Self { epoch, generation, writer: None, state, lease: None, dead: None, throttle: None }
    }

    /// Where this record stands: of two records the later place is the newer one.
    #[must_use]
    pub const fn place(&self) -> (Epoch, Generation) {
        (self.epoch, self.generation)
    }

    /// What is held, if anything is.
    #[must_use]
    pub const fn granted(&self) -> Option<&Granted> {
        match &self.state {
            SessionState::Active(granted) => Some(granted),
            SessionState::Empty | SessionState::LoggedOut => None,
        }
    }
}
