//! What becomes of a renewal.

use crate::lifecycle::RefreshState;
use crate::{ByteLeft, Clocks, Fate, Record, TokenError};

use super::Revocation;

/// What became of a renewal, to be given to [`Lifecycle::complete`](crate::Lifecycle::complete).
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
#[non_exhaustive]
pub enum Outcome {
    /// A token was granted by a request sent then.
    Renewed(Record, Clocks),
    /// Somebody else has obtained a newer one.
    Adopted(Record),
    /// The session is over, and this became of the refresh token at the endpoint. The record, where there is a store,
    /// is the tombstone.
    SignedOut(Option<Record>, Revocation),
    /// No token.
    Failed(Failure),
}

/// Why there is no token, and what is known of the grant.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
#[expect(unnameable_types, reason = "made by a renewal, taken by the lifecycle, of no use to anybody else")]
pub struct Failure {
    pub(crate) error: TokenError,
    pub(crate) held: RefreshUpdate,
    /// What the store has said, if it was asked.
    pub(crate) told: Option<StoreFacts>,
}

/// What a failed renewal has learnt from the store.
#[derive(Clone, Debug, Default)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub(crate) struct StoreFacts {
    /// It is kept there how long the endpoint is to be left alone: looking again soon costs no call.
    pub(crate) recorded: bool,
    /// Somebody has logged out.
    pub(crate) logged_out: bool,
    /// This attempt has certainly sent nothing, though a lease of its own may stand.
    pub(crate) unsent: Option<u64>,
}

/// What a failed renewal knows of the refresh token it started with.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(crate) enum RefreshUpdate {
    /// This, to be remembered.
    As(Option<RefreshState>),
    /// Nothing: the renewal was given up, and a byte may have left or not.
    Abandoned { byte_left: bool },
}

impl Outcome {
    /// The outcome of a renewal that was given up before anything was sent, for this reason.
    #[must_use]
    pub const fn given_up(error: TokenError) -> Self {
        Self::Failed(Failure { error, held: RefreshUpdate::Abandoned { byte_left: false }, told: None })
    }

    /// The outcome of a renewal that was given up before it ended.
    #[must_use]
    pub fn abandoned(byte_left: ByteLeft) -> Self {
        let byte_left = byte_left == ByteLeft::Maybe;
        let error = TokenError::unavailable("the renewal was given up before it ended");
        let error = error.with_fate(if byte_left { Fate::Unknown } else { Fate::Unspent });
        Self::Failed(Failure { error, held: RefreshUpdate::Abandoned { byte_left }, told: None })
    }

    /// The error, where there is one.
    #[must_use]
    pub const fn error(&self) -> Option<&TokenError> {
        match self {
            Self::Renewed(..) | Self::Adopted(_) | Self::SignedOut(..) => None,
            Self::Failed(failure) => Some(&failure.error),
        }
    }
}
