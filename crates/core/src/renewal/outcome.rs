//! The outcome of a renewal.

use crate::error::{ErrorKind, Fate, TokenError};
use crate::record::Record;
use crate::refresh_state::RefreshState;
use crate::time::Clocks;

/// The outcome of a renewal, for [`Lifecycle::complete`](crate::Lifecycle::complete).
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
#[non_exhaustive]
pub enum Outcome {
    /// A token was granted. Its request was sent then.
    Renewed(Record, Clocks),
    /// A refresh token was granted without a usable access token. The record has it; the error says what is wrong with the
    /// response.
    Kept(Record, TokenError),
    /// Another process or source has obtained a newer token.
    Adopted(Record),
    /// The session has ended, and this is the result of the revocation. The record, where there is a store, is the
    /// tombstone.
    SignedOut(Option<Record>, Revocation),
    /// The session has ended without a revocation. The record, where there is a store, is the tombstone.
    Forgotten(Option<Record>),
    /// A session has begun with the tokens of another program.
    Imported(Record),
    /// The record, if there is one, as it is now. Nothing was obtained.
    Looked(Option<Record>),
    /// No token.
    Failed(Failure),
}

/// The result of revoking a refresh token (RFC 7009).
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[non_exhaustive]
pub enum Revocation {
    /// The endpoint has revoked it.
    Done,
    /// No refresh token was held.
    NothingHeld,
    /// The provider has no revocation endpoint: the refresh token stays in force until it expires.
    NotOffered,
    /// The refresh token may still be in force, for this reason.
    Failed(TokenError),
}

/// Why there is no token, and what is known of the grant.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
#[expect(unnameable_types, reason = "made by a renewal and taken by the lifecycle")]
pub struct Failure {
    pub(crate) error: TokenError,
    pub(crate) held: RefreshUpdate,
    /// What the store has answered, if it was asked.
    pub(crate) facts: Option<StoreFacts>,
    /// The credential has worked within the last day.
    pub(crate) worked: bool,
}

/// What a failed renewal has learned from the store.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub(crate) struct StoreFacts {
    /// The store holds the pause of the endpoint, or only a look at the store is needed: look again soon.
    pub(crate) recorded: bool,
    /// The user has logged out.
    pub(crate) logged_out: bool,
    pub(crate) own_attempt: Option<OwnAttempt>,
}

/// What a lifecycle knows of an attempt of its own, by its number, whose lease may stand in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(wellspring_explore, derive(Hash))]
pub(crate) enum OwnAttempt {
    /// It has certainly sent nothing.
    Unsent(u64),
    /// Its refresh token is spent: the response came and could not be read.
    Answered(u64),
}

/// What a failed renewal knows of the refresh token it started with.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(crate) enum RefreshUpdate {
    /// Remember this.
    As(Option<RefreshState>),
    /// Nothing: the renewal was given up, and a byte may have left or not.
    Abandoned { byte_left: bool },
}

impl StoreFacts {
    pub(super) fn new(logged_out: bool) -> Self {
        Self { logged_out, ..Self::default() }
    }

    pub(super) fn recorded(self) -> Self {
        Self { recorded: true, ..self }
    }

    /// After this error of a renewal that has recorded nothing.
    pub(super) fn after(self, error: &TokenError) -> Self {
        // A user may sign in at any time, and an operator may correct what the store refuses. A look at the store costs
        // no request.
        let by_a_person = match error.kind() {
            ErrorKind::LoginRequired { .. } => true,
            ErrorKind::Store => !error.is_transient(),
            _ => false,
        };
        Self { recorded: self.recorded || by_a_person, ..self }
    }
}

impl Failure {
    /// An error, and the refresh token to be remembered.
    pub(super) const fn new(
        error: TokenError,
        held: Option<RefreshState>,
        facts: Option<StoreFacts>,
    ) -> Self {
        Self { error, held: RefreshUpdate::As(held), facts, worked: false }
    }

    /// The same failure, of a credential that has worked within the last day, or of one that has not.
    pub(super) fn of_credential(self, worked: bool) -> Self {
        Self { worked, ..self }
    }

    /// The same, after a look at the store in which nothing was recorded.
    pub(super) fn looked(error: TokenError, held: Option<RefreshState>, logged_out: bool) -> Self {
        let facts = StoreFacts::new(logged_out).after(&error);
        Self::new(error, held, Some(facts))
    }
}

impl Outcome {
    /// The outcome of a renewal that was given up before anything was sent, for this reason.
    #[must_use]
    pub const fn given_up(error: TokenError) -> Self {
        let held = RefreshUpdate::Abandoned { byte_left: false };
        Self::Failed(Failure { error, held, facts: None, worked: false })
    }

    /// The outcome of a renewal that was given up before it ended.
    #[must_use]
    pub fn abandoned(byte_left: ByteLeft) -> Self {
        let byte_left = byte_left == ByteLeft::Maybe;
        let error = TokenError::unavailable("the renewal was given up before it ended");
        let error = error.with_fate(if byte_left { Fate::Unknown } else { Fate::Unspent });
        let held = RefreshUpdate::Abandoned { byte_left };
        Self::Failed(Failure { error, held, facts: None, worked: false })
    }

    /// The error, where there is one.
    #[must_use]
    pub const fn error(&self) -> Option<&TokenError> {
        match self {
            Self::Renewed(..)
            | Self::Adopted(_)
            | Self::SignedOut(..)
            | Self::Forgotten(_)
            | Self::Imported(_)
            | Self::Looked(_) => None,
            Self::Kept(_, error) => Some(error),
            Self::Failed(failure) => Some(&failure.error),
        }
    }
}

/// Whether a byte of the request may have left before a renewal was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "what is not known to have stayed may have left")]
pub enum ByteLeft {
    /// Certainly not.
    No,
    /// It may have.
    Maybe,
}
