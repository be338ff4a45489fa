//! What a driver does for a renewal, step by step.

use core::fmt;
use core::time::Duration;

use crate::async_store::{AsyncStore, StoreFuture};
use crate::key::TokenKey;
use crate::liveness::LockDomain;
use crate::store::{Loaded, PendingSave, Store, StoreError};
use crate::time::{Clocks, Instant};

use super::acquire_lease::AcquireLease;
use super::amend::Amend;
use super::context::Context;
use super::end_lease::EndLease;
use super::exchange::Exchange;
use super::judge::{Judge, Watcher};
use super::operation::{Forget, Load, Save, Spill, Watch};
use super::outcome::Outcome;
use super::record_failure::RecordFailure;
use super::request::BoundedRequest;
use super::save_token::{Concluded, SaveToken};
use super::sign_in::{SignIn, SignInExchange};
use super::sign_out::{Revoke, SignOut};

/// What the driver has to do next.
#[must_use = "a renewal continues only when its step is carried out"]
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
#[expect(clippy::exhaustive_enums, reason = "a driver that overlooks a step must not compile")]
pub enum Step {
    /// Load the record.
    Load(Pending<Load>),
    /// Save a record.
    Save(Pending<Save>),
    /// Watch the record, which another renewal has leased.
    Watch(Pending<Watch>),
    /// Spill a token.
    Spill(Pending<Spill>),
    /// Remove a spilled token.
    Forget(Pending<Forget>),
    /// Send this one request and resume with the answer.
    Send(BoundedRequest, Sent),
    /// Wait for this instant.
    Sleep(Instant, Sleeping),
    /// Nothing: the renewal has ended with this outcome. A token that is still to be saved goes to the background.
    Done(Outcome, Option<UnfinishedSave>),
}

/// An operation on the store, with the part of the renewal that continues with its reply.
///
/// The reply of another operation does not compile:
///
/// ```compile_fail,E0308
/// use wellspring_core::{Clocks, Load, Pending, Step, Swap};
///
/// fn resume(load: Pending<Load>, now: Clocks) -> Step {
///     load.resume(Ok(Swap::Conflict), now)
/// }
/// ```
#[must_use = "a renewal continues only when its operation is carried out"]
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
#[non_exhaustive]
pub struct Pending<O: StoreOp> {
    /// The operation.
    pub operation: O,
    /// The end of the operation; [`Instant::NEVER`] where it has no deadline of its own.
    pub deadline: Instant,
    /// What continues with the reply.
    pub next: O::Next,
}

impl<O: StoreOp> Pending<O> {
    /// Continues with the reply of the store.
    pub fn resume(self, reply: Result<O::Reply, StoreError>, now: Clocks) -> Step {
        O::resume(self.next, reply, now)
    }
}

/// An operation on a store.
///
/// A driver runs it within the time that is left, on a thread that may block or as a future, and resumes the renewal with the
/// result.
/// [`Load`], [`Save`], [`Watch`], [`Spill`] and [`Forget`] are all there are.
pub trait StoreOp: fmt::Debug + Send + Sync + Sized + 'static {
    /// What the store answers.
    type Reply: fmt::Debug + Send + 'static;
    /// What continues with the reply.
    type Next: fmt::Debug + Send;
    /// The name of the operation in events.
    const NAME: &'static str;
    /// Whether the operation waits for a change, so that a driver runs it in short slices.
    const SLICED: bool = false;
    /// Whether the operation touches only local files also in an [`AsyncStore`]. Its future then blocks when it is polled,
    /// and is ready at once: a driver polls it on a thread for blocking work.
    const LOCAL: bool = false;

    /// Whether a liveness lock must be held before it runs and until the renewal has ended.
    #[must_use]
    fn needs_liveness_lock(&self) -> bool {
        false
    }

    /// Runs the operation on this store. The caller holds a liveness lock of this domain, if any.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn run(
        &self,
        store: &dyn Store,
        key: &TokenKey,
        held: Option<LockDomain>,
        within: Duration,
    ) -> Result<Self::Reply, StoreError>;

    /// Runs the operation on this store as a future, which a driver awaits within the time that is left or drops. The caller
    /// holds a liveness lock of this domain, if any.
    fn run_async<'a>(
        &'a self,
        store: &'a dyn AsyncStore,
        key: &'a TokenKey,
        held: Option<LockDomain>,
        within: Duration,
    ) -> StoreFuture<'a, Self::Reply>;

    /// Whether this reply ends the operation. If it does not, a driver runs the next slice.
    #[must_use]
    fn is_final(_: &Self::Reply) -> bool {
        true
    }

    /// What the store holds, if this reply says so.
    #[must_use]
    fn loaded(_: &Self::Reply) -> Option<&Loaded> {
        None
    }

    /// The error of an operation that has not returned in time.
    #[must_use]
    fn timed_out() -> StoreError {
        StoreError::unavailable("the store did not answer in time").maybe_applied()
    }

    /// Continues with the reply.
    fn resume(next: Self::Next, reply: Result<Self::Reply, StoreError>, now: Clocks) -> Step;
}

/// The phases that continue with a record.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) enum AfterLoad {
    Judge(Judge),
    SignIn(SignIn),
    AcquireLease(AcquireLease),
    SaveToken(SaveToken),
    RecordFailure(RecordFailure),
    SignOut(SignOut),
    Amend(Amend),
}

/// The phases that continue when a record is saved.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) enum AfterSave {
    AcquireLease(AcquireLease),
    EndLease(EndLease),
    SaveToken(SaveToken),
    RecordFailure(RecordFailure),
    SignOut(SignOut),
    Amend(Amend),
}

/// The phases that continue with an answer.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) enum AfterSend {
    Exchange(Exchange),
    SignIn(SignInExchange),
    RevokeOrphan(Concluded),
    Revoke(Revoke),
}

macro_rules! continuations {
    ($($(#[$doc:meta])* $name:ident: $phase:ty;)+) => {$(
        $(#[$doc])*
        #[must_use = "a renewal continues only when it is resumed"]
        #[derive(Debug)]
        #[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
        pub struct $name {
            pub(super) context: Context,
            pub(super) phase: $phase,
        }
    )+};
}

continuations! {
    /// Continues with the record.
    Loading: AfterLoad;
    /// Continues with the result of a save.
    Saving: AfterSave;
    /// Continues with what a watch has shown.
    Watching: Watcher;
    /// Continues with the answer to a request.
    Sent: AfterSend;
    /// Continues when a token is spilled.
    Spilling: SaveToken;
    /// Continues when a spilled token is removed.
    Forgetting: Concluded;
    /// Continues after a pause.
    Sleeping: AfterLoad;
    /// A token that the store did not take in time; the background continues with it.
    UnfinishedSave: SaveToken;
}

impl Step {
    /// The token that is lost if this step is dropped: no store holds it yet.
    #[must_use]
    pub fn pending_save(&self) -> Option<&PendingSave> {
        match self {
            Self::Load(Pending { next: Loading { phase, .. }, .. })
            | Self::Sleep(_, Sleeping { phase, .. }) => match phase {
                AfterLoad::SaveToken(save) => save.pending_save(),
                _ => None,
            },
            Self::Save(Pending { next: Saving { phase: AfterSave::SaveToken(save), .. }, .. }) => {
                save.pending_save()
            }
            Self::Spill(spill) => Some(&spill.operation.pending_save),
            Self::Done(_, unfinished) => unfinished.as_ref().and_then(UnfinishedSave::pending_save),
            Self::Save(_) | Self::Watch(_) | Self::Send(..) | Self::Forget(_) => None,
        }
    }

    /// Takes the token that would be lost out of a step that is not carried out.
    #[must_use]
    pub fn into_unfinished_save(self) -> Option<UnfinishedSave> {
        match self {
            Self::Load(Pending { next: Loading { context, phase: AfterLoad::SaveToken(save) }, .. })
            | Self::Sleep(_, Sleeping { context, phase: AfterLoad::SaveToken(save) })
            | Self::Save(Pending { next: Saving { context, phase: AfterSave::SaveToken(save) }, .. })
            | Self::Spill(Pending { next: Spilling { context, phase: save }, .. }) => {
                Some(UnfinishedSave::new(context, save))
            }
            Self::Done(_, unfinished) => unfinished,
            _ => None,
        }
    }
}

impl UnfinishedSave {
    pub(super) fn new(context: Context, save: SaveToken) -> Self {
        Self { context, phase: save.into_background() }
    }

    /// The token, unless the next load finds it in the fallback place.
    #[must_use]
    pub fn pending_save(&self) -> Option<&PendingSave> {
        self.phase.pending_save()
    }
}
