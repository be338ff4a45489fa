//! A renewal's steps, told apart by where they are carried out: at the store, at the endpoint, or by waiting.
//!
//! What a store does is blocking and may hang, so it is cut in two: an [`Operation`], which a thread that may block
//! carries out, and the [`Next`] that is resumed with what came of it, or with the news that nothing did.

use core::time::Duration;
use std::sync::{Arc, PoisonError};

use wellspring_core::{
    Attempt, BoundedRequest, Clocks, Forgetting, Instant, Loaded, Loading, Outcome, Owner, PendingSave,
    Provider, Rotation, SaveRequest, Saving, Sent, SharedBy, Sleeping, Spilling, Step, Store, StoreError,
    StoreGuarantees, Swap, TokenError, TokenKey, UnfinishedSave, Version, WatchOutcome, Watching,
};

use crate::active::LivenessSlot;
use crate::{Clock, events, owner};

/// The store of a source, and in whose name it is written.
#[derive(Clone, Debug)]
pub struct Storage {
    store: Arc<dyn Store>,
    owner: Owner,
}

impl Storage {
    /// This store, for the source of this random number.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, source: u64) -> Self {
        Self { store, owner: owner::here(source) }
    }

    pub(crate) const fn owner(&self) -> Owner {
        self.owner
    }

    /// How far the store reaches.
    #[must_use]
    pub fn reaches(&self) -> SharedBy {
        self.store.guarantees().scope
    }

    pub(crate) fn spill(&self, key: &TokenKey, pending_save: &PendingSave) -> Result<(), StoreError> {
        self.store.spill(key, pending_save)
    }
}

/// Whether the store, if there is one, can hold what this provider's tokens need.
///
/// # Errors
///
/// `Misconfigured` when a grant that may be spent but once is to be shared by more than the store reaches.
pub fn check_store(
    store: Option<&dyn Store>,
    shared_by: Option<SharedBy>,
    provider: &dyn Provider,
) -> Result<(), TokenError> {
    let promise = store.map_or(NO_STORE, Store::guarantees);
    let profile = provider.spec();
    if profile.credentials || profile.rotation == Rotation::Reusable {
        return Ok(());
    }
    let wanted = shared_by.unwrap_or(promise.scope);
    if wanted > promise.scope {
        let whom = |scope| match scope {
            SharedBy::Process => "one process",
            SharedBy::Host => "the processes of one machine",
            SharedBy::Fleet => "several machines",
        };
        return Err(TokenError::misconfigured(format!(
            "the refresh token may be spent but once and is to be shared by {}, but the store reaches {} alone: two would \
             spend it, and the server may revoke the session",
            whom(wanted),
            whom(promise.scope),
        )));
    }
    if store.is_some() && !promise.durable {
        events::store_weak(&profile.name, "it does not survive the process or a sudden end of the machine");
    }
    if store.is_some() && promise.may_go_back {
        events::store_weak(&profile.name, "it may show an older record again");
    }
    Ok(())
}

const NO_STORE: StoreGuarantees =
    StoreGuarantees { scope: SharedBy::Process, durable: false, may_go_back: false };

/// A step, by where it is carried out.
#[must_use]
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver that overlooks one must not compile")]
pub enum Work {
    /// At the store, until this instant at the latest.
    Store(Operation, Instant, Next),
    /// At the endpoint.
    Send(BoundedRequest, Sent),
    /// By waiting for this instant.
    Sleep(Instant, Sleeping),
    /// Nowhere: it is over.
    Done(Outcome, Option<UnfinishedSave>),
}

impl From<Step> for Work {
    fn from(step: Step) -> Self {
        match step {
            Step::Load(until, next) => Self::Store(Operation::Load, until, Next::Load(next)),
            Step::Save(request, next) => {
                let until = request.deadline;
                Self::Store(Operation::Save(request), until, Next::Save(next))
            }
            Step::Watch(version, until, next) => {
                Self::Store(Operation::Watch(version), until, Next::Watch(next))
            }
            Step::Spill(pending_save, next) => {
                Self::Store(Operation::Spill(pending_save), Instant::NEVER, Next::Spill(next))
            }
            Step::Forget(attempt, next) => {
                Self::Store(Operation::Forget(attempt), Instant::NEVER, Next::Forget(next))
            }
            Step::Send(sending, sent) => Self::Send(sending, sent),
            Step::Sleep(until, next) => Self::Sleep(until, next),
            Step::Done(outcome, unfinished) => Self::Done(outcome, unfinished),
        }
    }
}

/// What the store is to do.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "made from steps alone")]
pub enum Operation {
    /// Load.
    Load,
    /// Save this.
    Save(Box<SaveRequest>),
    /// Watch this version.
    Watch(Version),
    /// Spill this.
    Spill(Box<PendingSave>),
    /// Forget what this attempt has spilled.
    Forget(Attempt),
}

/// The longest that an operation without a deadline of its own may take.
const LONGEST_OPERATION: Duration = Duration::from_secs(30);

/// How long a watch lasts at most before whoever waits looks at its own clock and at its own end.
const WATCH_SLICE: Duration = Duration::from_millis(50);

/// After so many slices of a watch, about a second, the renewal looks for itself: what the owner has spilled changes no
/// version.
pub const WATCH_SLICES: u32 = 20;

impl Operation {
    /// How long it may take from now on.
    #[must_use]
    pub fn within(&self, until: Instant, now: Instant) -> Duration {
        let longest = if matches!(self, Self::Watch(_)) { WATCH_SLICE } else { LONGEST_OPERATION };
        until.since(now).min(longest)
    }

    /// Carries it out. A liveness lock that a save needs is shown first and left in `life`; whatever is shown there is
    /// shown until this is done, even if nobody waits for it any more.
    #[must_use]
    pub fn carry_out(
        &self,
        storage: &Storage,
        key: &TokenKey,
        within: Duration,
        life: &LivenessSlot,
    ) -> Said {
        let store = &storage.store;
        let slot = || life.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shown = slot().clone();
        let clock = Clock::system();
        let end = clock.now().instant.plus(within);
        match self {
            Self::Load => Said::Loaded(store.load(key, within).map(Box::new)),
            Self::Save(request) => {
                if request.liveness_lock && shown.is_none() {
                    match store.liveness_lock(key, within) {
                        Ok(sign) => {
                            shown = Some(Arc::new(sign));
                            slot().clone_from(&shown);
                        }
                        Err(error) => return Said::Saved(Err(error)),
                    }
                }
                let within = end.since(clock.now().instant);
                Said::Saved(store.save(key, request.expected, &request.record, within))
            }
            Self::Watch(version) => Said::Seen(store.watch(key, *version, within)),
            Self::Spill(pending_save) => Said::Spilled(store.spill(key, pending_save)),
            Self::Forget(attempt) => Said::Forgotten(store.forget_spill(key, *attempt)),
        }
    }

    /// What is to be said of it when it does not come back.
    #[must_use]
    pub fn hung(&self) -> Said {
        let error = || StoreError::unavailable("the store did not answer in time");
        match self {
            Self::Load => Said::Loaded(Err(error())),
            Self::Save(_) => Said::Saved(Err(error().maybe_applied())),
            Self::Watch(_) => Said::Seen(Err(error())),
            Self::Spill(_) => Said::Spilled(Err(error().maybe_applied())),
            Self::Forget(_) => Said::Forgotten(Err(error().maybe_applied())),
        }
    }
}

/// What the store has said.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "made from operations alone")]
pub enum Said {
    /// Of a load.
    Loaded(Result<Box<Loaded>, StoreError>),
    /// Of a save.
    Saved(Result<Swap, StoreError>),
    /// Of a watch.
    Seen(Result<WatchOutcome, StoreError>),
    /// Of a spill.
    Spilled(Result<(), StoreError>),
    /// Of a spill that is forgotten.
    Forgotten(Result<(), StoreError>),
}

impl Said {
    pub(crate) const fn error(&self) -> Option<(&'static str, &StoreError)> {
        match self {
            Self::Loaded(Err(error)) => Some(("load", error)),
            Self::Saved(Err(error)) => Some(("save", error)),
            Self::Seen(Err(error)) => Some(("watch", error)),
            Self::Spilled(Err(error)) => Some(("spill", error)),
            Self::Forgotten(Err(error)) => Some(("forget", error)),
            Self::Loaded(Ok(_))
            | Self::Saved(Ok(_))
            | Self::Seen(Ok(_))
            | Self::Spilled(Ok(()))
            | Self::Forgotten(Ok(())) => None,
        }
    }
}

/// What goes on when the store has spoken.
#[must_use = "a renewal goes on only when it is resumed"]
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "made from steps alone")]
pub enum Next {
    /// After a load.
    Load(Loading),
    /// After a save.
    Save(Saving),
    /// After a watch.
    Watch(Watching),
    /// After a spill.
    Spill(Spilling),
    /// After a spill was forgotten.
    Forget(Forgetting),
}

impl Next {
    /// Goes on.
    ///
    /// # Panics
    ///
    /// When it is resumed with what another operation said, which no driver does that keeps the two together.
    pub fn resume(self, said: Said, now: Clocks) -> Step {
        match (self, said) {
            (Self::Load(next), Said::Loaded(loaded)) => next.resume(loaded.map(|loaded| *loaded), now),
            (Self::Save(next), Said::Saved(saved)) => next.resume(saved, now),
            (Self::Watch(next), Said::Seen(seen)) => next.resume(seen, now),
            (Self::Spill(next), Said::Spilled(spilled)) => next.resume(spilled, now),
            (Self::Forget(next), Said::Forgotten(forgotten)) => next.resume(forgotten, now),
            (next, said) => unreachable!("{next:?} goes on with another answer than {said:?}"),
        }
    }
}
