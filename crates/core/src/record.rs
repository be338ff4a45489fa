//! What a store holds for one key, and its place in the history of the key. Times are wall-clock times, so that other
//! processes can read them.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use crate::attachments::Attachments;
use crate::error::ErrorSubject;
use crate::generation::{Epoch, Generation};
use crate::lease::{Attempt, Fingerprint, Lease};
use crate::login_reason::LoginReason;
use crate::proven::Proven;
use crate::scope::Scope;
use crate::time::UnixTime;
use crate::token::TokenResponse;
use crate::wiped::Zeroizing;
use crate::witnesses::Witnesses;

/// What a store holds for one key.
///
/// An absent record is not a logout: a store that was emptied forgets, a record in the state
/// [`LoggedOut`](SessionState::LoggedOut) remembers.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[non_exhaustive]
pub struct Record {
    /// The sign-in that this descends from.
    pub epoch: Epoch,
    /// The token of the key that this is.
    pub generation: Generation,
    /// The attempt whose exchange or sign-in made this generation.
    pub writer: Option<Attempt>,
    /// The state of the session.
    pub state: SessionState,
    /// The attempt that renews it, or has.
    pub lease: Option<Lease>,
    /// Why the refresh token can no longer be used.
    pub dead: Option<Dead>,
    /// The pause that all processes keep together.
    pub throttle: Option<Throttle>,
    /// The credential with which this token was obtained.
    pub proven: Option<Proven>,
    /// What the program has attached to the session.
    pub attachments: Attachments,
    /// Of a tombstone: the session was forgotten, so a token of it that turns up later is not revoked either.
    pub forgotten: bool,
    /// What a later version has added to the record and this version does not know.
    pub unknown: UnknownFields,
}

/// The state of a session.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[expect(clippy::exhaustive_enums, reason = "a reader of records matches on every case")]
pub enum SessionState {
    /// No token was granted yet.
    Empty,
    /// A token was granted.
    Active(Granted),
    /// The user has logged out.
    LoggedOut,
}

/// What one exchange has obtained.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[non_exhaustive]
pub struct Granted {
    /// When the request was sent, on the wall clock of the sender.
    pub obtained_at: UnixTime,
    /// The response. Its refresh token is the one to use next, also where an older one stays in force (RFC 6749 section
    /// 6).
    pub response: TokenResponse,
    /// Whether a refresh has shown that the refresh token survives its use.
    pub reusable: bool,
    /// The scope that the sign-in asked for; `None` if that is unknown or no user has signed in. The granted scope, which
    /// may be smaller or have other words, is the response's.
    pub requested_scope: Option<Scope>,
}

/// Fields of a record that a later version has written and this version does not know, in the store's own encoding.
///
/// This version writes them back as they are, so that two versions that share a store lose nothing of each other. They may
/// be secrets, so `Debug` does not show them.
#[derive(Clone, Default)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub struct UnknownFields(Arc<Zeroizing<String>>);

impl UnknownFields {
    /// Fields in this encoding.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(text.into())))
    }

    /// The fields in their encoding.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for UnknownFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnknownFields({} bytes)", self.0.len())
    }
}

/// Why a refresh token can no longer be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores encode and decode it")]
pub struct Dead {
    /// The reason.
    pub reason: LoginReason,
    /// When this became known.
    pub since: UnixTime,
}

/// The pause that all processes keep together, and its cause.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores encode and decode it")]
pub struct Throttle {
    /// The end of the pause.
    pub until: UnixTime,
    /// The failures in a row.
    pub failures: u32,
    /// The credential that was refused. A source with another credential does not wait.
    pub credential: Option<Fingerprint>,
    /// What went wrong.
    pub cause: Cause,
    /// When it went wrong.
    pub since: UnixTime,
    /// The refusals in a row.
    pub witnesses: Witnesses,
}

/// What went wrong, as far as another process can know it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores encode and decode it")]
pub struct Cause {
    /// What to do next.
    pub kind: CauseKind,
    /// The text of the error, which holds no secret.
    pub text: String,
    /// The provider's own code.
    pub code: Option<String>,
    /// The status of the response.
    pub status: Option<u16>,
    /// Whether the refusal is no verdict on the credential.
    pub without_verdict: bool,
    /// What the error is about.
    pub subject: Option<ErrorSubject>,
}

/// What to do about a [`Cause`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a reader of records matches on every case")]
pub enum CauseKind {
    /// Wait.
    Unavailable,
    /// Call the operator.
    Misconfigured,
    /// The answer is not a token response.
    Protocol,
    /// The answer came from an intermediary (a proxy, a firewall) and may soon be another.
    FromIntermediary,
}

impl Granted {
    /// The response to a request that was sent then.
    #[must_use]
    pub const fn new(obtained_at: UnixTime, response: TokenResponse) -> Self {
        Self { obtained_at, response, reusable: false, requested_scope: None }
    }

    /// Whether there is an access token. Without one the response has brought only a refresh token.
    #[must_use]
    pub fn has_access_token(&self) -> bool {
        !self.response.access_token.expose().is_empty()
    }
}

impl Record {
    /// A record in this state, with nothing else.
    #[must_use]
    pub fn new(epoch: Epoch, generation: Generation, state: SessionState) -> Self {
        Self {
            epoch,
            generation,
            writer: None,
            state,
            lease: None,
            dead: None,
            throttle: None,
            proven: None,
            attachments: Attachments::default(),
            forgotten: false,
            unknown: UnknownFields::default(),
        }
    }

    /// Takes over what lasts as long as the session, if this earlier record is of the same one: attachments, and fields that
    /// this version does not know.
    pub(crate) fn keep_from(&mut self, earlier: &Self) {
        if self.epoch == earlier.epoch {
            self.attachments.clone_from(&earlier.attachments);
            self.unknown.clone_from(&earlier.unknown);
        }
    }

    /// The place of this record in the history of its key. Of two records the newer one has the later place.
    #[must_use]
    pub const fn place(&self) -> (Epoch, Generation) {
        (self.epoch, self.generation)
    }

    /// The granted token, if there is one.
    #[must_use]
    pub const fn granted(&self) -> Option<&Granted> {
        match &self.state {
            SessionState::Active(granted) => Some(granted),
            SessionState::Empty | SessionState::LoggedOut => None,
        }
    }
}
