//! One renewal, as a machine of effects: it asks the driver for I/O and is resumed with the result.
//!
//! ```text
//! without a store    begin ──▶ Send ──▶ Done
//! with a store       begin ──▶ Load ──▶ Save(lease) ──▶ Send ──▶ Save(outcome) ──▶ Done
//!                                ╰──▶ Watch, while another's lease stands
//! ```
//!
//! Each step holds its continuation by value, so nothing can be resumed twice and nothing is forgotten. What to
//! spend, whether a grant of unknown fate may be spent again and what an answer makes of the grant is decided
//! here; how bytes travel, where records lie and how long callers wait is the driver's business.
//!
//! - [`exchange`]: what to spend, and what an answer makes of it
//! - [`view`]: what the store says before anything is sent
//! - [`claiming`]: the lease, which is the lock
//! - [`keep`]: storing what was obtained
//! - [`note`]: storing what a failure says
//! - [`sign_out`]: logging out
//! - [`answer`]: what became of a request
//! - [`job`], [`outcome`]: what a renewal is sent out to do, and what becomes of it

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use crate::jitter::Jitter;
use crate::lifecycle::RefreshState;
use crate::{
    Attempt, AuthorizationGrant, Clocks, Epoch, ErrorKind, Generation, HttpRequest, Instant, Loaded,
    PendingSave, Policy, Store, StoreError, Swap, TokenError, TokenKey, Version, WatchOutcome,
};

mod acquire_lease;
mod answer;
mod exchange;
mod job;
mod keep;
mod note;
mod operation;
mod outcome;
mod sign_out;
mod store_view;

pub use answer::{Answer, TransportError, TransportErrorKind};
pub use job::RenewalJob;
pub(crate) use job::{Goal, ProviderRef};
pub use operation::{Forget, Load, Save, Spill, Watch};
pub use outcome::Outcome;
pub(crate) use outcome::{Failure, RefreshUpdate, StoreFacts};
pub use sign_out::Revocation;

use acquire_lease::AcquireLease;
use exchange::Exchange;
use keep::SaveToken;
use note::RecordFailure;
use sign_out::SignOut;
use store_view::StoreView;

/// What the driver has to do next.
#[must_use = "a renewal goes on only when its step is carried out"]
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

/// An operation on the store, with the part of the renewal that goes on with its reply.
#[must_use = "a renewal goes on only when its operation is carried out"]
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
#[non_exhaustive]
pub struct Pending<O: StoreOp> {
    /// The operation.
    pub operation: O,
    /// The end of the operation; [`Instant::NEVER`] where it has no deadline of its own.
    pub deadline: Instant,
    /// What goes on with the reply.
    pub next: O::Next,
}

impl<O: StoreOp> Pending<O> {
    /// Goes on with the reply of the store.
    pub fn resume(self, reply: Result<O::Reply, StoreError>, now: Clocks) -> Step {
        O::resume(self.next, reply, now)
    }
}

/// An operation on a store.
///
/// A driver runs it within the time that is left, on a thread that may block, and resumes the renewal with the result.
/// [`Load`], [`Save`], [`Watch`], [`Spill`] and [`Forget`] are all there are.
pub trait StoreOp: fmt::Debug + Send + Sync + Sized + 'static {
    /// What the store answers.
    type Reply: fmt::Debug + Send + 'static;
    /// What goes on with the reply.
    type Next: fmt::Debug + Send;
    /// The name of the operation in events.
    const NAME: &'static str;
    /// Whether the operation waits for a change, so that a driver runs it in short slices.
    const SLICED: bool = false;

    /// Whether a liveness lock must be held before it runs and until the renewal has ended.
    #[must_use]
    fn needs_liveness_lock(&self) -> bool {
        false
    }

    /// Runs the operation on this store.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn run(&self, store: &dyn Store, key: &TokenKey, within: Duration) -> Result<Self::Reply, StoreError>;

    /// Whether this reply ends the operation. If it does not, a driver runs the next slice.
    #[must_use]
    fn is_final(_: &Self::Reply) -> bool {
        true
    }

    /// The error of an operation that has not returned in time.
    #[must_use]
    fn timed_out() -> StoreError {
        StoreError::unavailable("the store did not answer in time").maybe_applied()
    }

    /// Goes on with the reply.
    fn resume(next: Self::Next, reply: Result<Self::Reply, StoreError>, now: Clocks) -> Step;
}

impl StoreOp for Load {
    type Reply = Loaded;
    type Next = Loading;
    const NAME: &'static str = "load";

    fn run(&self, store: &dyn Store, key: &TokenKey, within: Duration) -> Result<Loaded, StoreError> {
        store.load(key, within)
    }

    fn timed_out() -> StoreError {
        StoreError::unavailable("the store did not answer in time")
    }

    fn resume(next: Loading, reply: Result<Loaded, StoreError>, now: Clocks) -> Step {
        next.resume(reply, now)
    }
}

impl StoreOp for Save {
    type Reply = Swap;
    type Next = Saving;
    const NAME: &'static str = "save";

    fn needs_liveness_lock(&self) -> bool {
        self.liveness_lock
    }

    fn run(&self, store: &dyn Store, key: &TokenKey, within: Duration) -> Result<Swap, StoreError> {
        store.save(key, self.expected, &self.record, within)
    }

    fn resume(next: Saving, reply: Result<Swap, StoreError>, now: Clocks) -> Step {
        next.resume(reply, now)
    }
}

impl StoreOp for Watch {
    type Reply = WatchOutcome;
    type Next = Watching;
    const NAME: &'static str = "watch";
    const SLICED: bool = true;

    fn run(&self, store: &dyn Store, key: &TokenKey, within: Duration) -> Result<WatchOutcome, StoreError> {
        store.watch(key, self.version, within)
    }

    fn is_final(reply: &WatchOutcome) -> bool {
        *reply != WatchOutcome::Unchanged
    }

    fn timed_out() -> StoreError {
        StoreError::unavailable("the store did not answer in time")
    }

    fn resume(next: Watching, reply: Result<WatchOutcome, StoreError>, now: Clocks) -> Step {
        next.resume(reply, now)
    }
}

impl StoreOp for Spill {
    type Reply = ();
    type Next = Spilling;
    const NAME: &'static str = "spill";

    fn run(&self, store: &dyn Store, key: &TokenKey, _: Duration) -> Result<(), StoreError> {
        store.spill(key, &self.pending_save)
    }

    fn resume(next: Spilling, reply: Result<(), StoreError>, now: Clocks) -> Step {
        next.resume(reply, now)
    }
}

impl StoreOp for Forget {
    type Reply = ();
    type Next = Forgetting;
    const NAME: &'static str = "forget";

    fn run(&self, store: &dyn Store, key: &TokenKey, _: Duration) -> Result<(), StoreError> {
        store.forget_spill(key, self.attempt)
    }

    fn resume(next: Forgetting, reply: Result<(), StoreError>, now: Clocks) -> Step {
        next.resume(reply, now)
    }
}

/// One request, and the instants that bound it.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
#[non_exhaustive]
pub struct BoundedRequest {
    /// The request.
    pub request: HttpRequest,
    /// After this instant, read from the clock that counts suspend right before the socket, it must not be started.
    pub not_after: Instant,
    /// The end of the exchange, from name lookup to the last byte of the body.
    pub deadline: Instant,
}

/// One renewal: [`begin`](Self::begin) it, carry out each [`Step`], and resume with what came of it until it is done.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub struct Renewal {
    provider: ProviderRef,
    policy: Policy,
    jitter: Jitter,
    failures: u32,
    epoch: Epoch,
    generation: Generation,
    held: Option<RefreshState>,
    access_left: Duration,
    /// How long a token is to last, if the endpoint grants any that do.
    wanted: Duration,
    /// The end of the whole exchange; a fallback shares it.
    deadline: Instant,
    fell_back: bool,
    /// For a new grant: nothing of what is held counts.
    signing_in: bool,
    view: Option<Box<StoreView>>,
}

impl Renewal {
    /// Starts the errand.
    pub fn begin(job: RenewalJob, now: Clocks) -> Step {
        let RenewalJob { provider, policy, jitter, failures, place, number, unsent, logged_out, goal, owner } =
            job;
        let view = owner.map(|owner| {
            let me = Attempt { owner, number };
            Box::new(StoreView::new(me, place, unsent, logged_out, now.instant.plus(policy.store_deadline)))
        });
        let stored = view.is_some();
        let mut renewal = Self {
            provider,
            deadline: now.instant.plus(policy.deadline),
            policy,
            jitter,
            failures,
            epoch: place.0,
            generation: place.1,
            held: None,
            access_left: Duration::ZERO,
            wanted: Duration::ZERO,
            fell_back: false,
            signing_in: matches!(goal, Goal::SignIn(_)),
            view,
        };
        match goal {
            Goal::SignIn(spend) if stored => renewal.load(Task::SignIn(spend), now),
            Goal::SignIn(spend) => renewal.send(spend, now),
            Goal::SignOut { held } => SignOut::begin(renewal, held, now),
            Goal::Renew { held, access_left, wanted } => {
                renewal.held = held;
                renewal.access_left = access_left;
                renewal.wanted = wanted;
                if stored { renewal.load(Task::Consider, now) } else { renewal.spend_what_is_held(true, now) }
            }
        }
    }

    /// The refresh token if it may be spent, else the credentials, at once.
    fn spend_what_is_held(mut self, owner_is_gone: bool, now: Clocks) -> Step {
        match self.choose(owner_is_gone, now) {
            Ok(spend) => self.send(spend, now),
            Err(error) => self.fail(error),
        }
    }

    fn fail(self, error: TokenError) -> Step {
        let mut told = self.view.as_ref().map(|view| view.told());
        if let (Some(told), ErrorKind::LoginRequired { .. }) = (&mut told, error.kind()) {
            // It costs no call to look again, and somebody may have signed in.
            told.recorded = true;
        }
        Step::Done(Outcome::Failed(Failure { error, held: RefreshUpdate::As(self.held), told }), None)
    }

    /// Asks the store, for this.
    fn load(self, task: Task, now: Clocks) -> Step {
        let until = now.instant.plus(self.policy.store_deadline);
        Step::Load(Pending { operation: Load {}, deadline: until, next: Loading { renewal: self, task } })
    }

    fn save(self, save: Save, deadline: Instant, task: Task) -> Step {
        Step::Save(Pending { operation: save, deadline, next: Saving { renewal: self, task } })
    }

    /// Comes back to this by way of the store, a little later for each time it was tried.
    fn load_later(self, task: Task, tries: u32, now: Clocks) -> Step {
        let pause = FIRST_NAP.saturating_mul(1 << tries.min(16)).min(LONGEST_NAP);
        Step::Sleep(now.instant.plus(pause), Sleeping { renewal: self, task })
    }
}

/// Between two tries to reach the store.
const FIRST_NAP: Duration = Duration::from_millis(50);
const LONGEST_NAP: Duration = Duration::from_secs(30);

/// What a store is asked for.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
enum Task {
    Consider,
    SignIn(AuthorizationGrant),
    Lease(AcquireLease),
    Keep(SaveToken),
    Note(RecordFailure),
    SignOut(SignOut),
}

macro_rules! continuations {
    ($($(#[$doc:meta])* $name:ident: $task:ty;)+) => {$(
        $(#[$doc])*
        #[must_use = "a renewal goes on only when it is resumed"]
        #[derive(Debug)]
        #[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
        pub struct $name {
            renewal: Renewal,
            task: $task,
        }
    )+};
}

continuations! {
    /// A record on its way in; resume it with what came.
    Loading: Task;
    /// A record on its way out; resume it with what became of it.
    Saving: Task;
    /// Another's lease; resume it with what was seen.
    Watching: Version;
    /// A request on its way; resume it with what came of it.
    Sent: Exchange;
    /// A token on its way out of harm's way; resume it with what became of it.
    Spilling: SaveToken;
    /// A spilled token that is stored by now; resume it when it is removed.
    Forgetting: keep::Settled;
    /// A pause; resume it when it is over.
    Sleeping: Task;
}

impl Loading {
    /// Goes on with what the store holds.
    fn resume(self, loaded: Result<Loaded, StoreError>, now: Clocks) -> Step {
        let Self { renewal, task } = self;
        match task {
            Task::Consider => renewal.consider(loaded, now),
            Task::SignIn(spend) => renewal.sign_in(spend, loaded, now),
            Task::Lease(claiming) => claiming.look(renewal, loaded, now),
            Task::Keep(keeping) => keeping.look(renewal, loaded, now),
            Task::Note(noting) => noting.look(renewal, loaded, now),
            Task::SignOut(signing_out) => signing_out.look(renewal, loaded, now),
        }
    }
}

impl Saving {
    /// Goes on with what became of the save.
    fn resume(self, saved: Result<Swap, StoreError>, now: Clocks) -> Step {
        let Self { renewal, task } = self;
        match task {
            Task::Lease(claiming) => claiming.saved(renewal, saved, now),
            Task::Keep(keeping) => keeping.saved(renewal, saved, now),
            Task::Note(noting) => noting.saved(renewal, saved, now),
            Task::SignOut(signing_out) => signing_out.saved(renewal, saved, now),
            Task::Consider | Task::SignIn(_) => unreachable!("these save nothing"),
        }
    }
}

impl Watching {
    /// Goes on with what was seen.
    fn resume(self, seen: Result<WatchOutcome, StoreError>, now: Clocks) -> Step {
        self.renewal.watched(self.task, seen, now)
    }
}

impl Sleeping {
    /// Goes on.
    pub fn resume(self, now: Clocks) -> Step {
        self.renewal.load(self.task, now)
    }
}

impl Spilling {
    /// Goes on with what became of it.
    fn resume(self, spilled: Result<(), StoreError>, now: Clocks) -> Step {
        self.task.spilled(self.renewal, spilled, now)
    }
}

impl Forgetting {
    /// Goes on; what could not be removed is not looked at again.
    fn resume(self, forgotten: Result<(), StoreError>, now: Clocks) -> Step {
        self.task.forgotten(self.renewal, forgotten.is_ok(), now)
    }
}

impl Step {
    /// What would be lost if this step were dropped: a token that nobody has stored yet.
    #[must_use]
    pub fn pending_save(&self) -> Option<&PendingSave> {
        match self {
            Self::Load(Pending { next: Loading { task, .. }, .. })
            | Self::Save(Pending { next: Saving { task, .. }, .. })
            | Self::Sleep(_, Sleeping { task, .. }) => task.pending_save(),
            Self::Spill(spill) => Some(&spill.operation.pending_save),
            Self::Done(_, unfinished) => unfinished.as_ref().and_then(UnfinishedSave::pending_save),
            Self::Watch(..) | Self::Send(..) | Self::Forget(..) => None,
        }
    }
}

impl Step {
    /// Takes what would be lost out of a step that is not carried out.
    #[must_use]
    pub fn into_unfinished_save(self) -> Option<UnfinishedSave> {
        match self {
            Self::Load(Pending { next: Loading { renewal, task: Task::Keep(keeping) }, .. })
            | Self::Save(Pending { next: Saving { renewal, task: Task::Keep(keeping) }, .. })
            | Self::Sleep(_, Sleeping { renewal, task: Task::Keep(keeping) })
            | Self::Spill(Pending { next: Spilling { renewal, task: keeping }, .. }) => {
                Some(UnfinishedSave { renewal: Box::new(renewal), keeping: Box::new(keeping) })
            }
            Self::Done(_, unfinished) => unfinished,
            _ => None,
        }
    }
}

impl Task {
    const fn pending_save(&self) -> Option<&PendingSave> {
        match self {
            Self::Keep(keeping) => keeping.pending_save(),
            _ => None,
        }
    }
}

/// A token that the store would not take in time; the background goes on with it.
#[must_use = "nobody else will store it"]
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub struct UnfinishedSave {
    renewal: Box<Renewal>,
    keeping: Box<SaveToken>,
}

impl UnfinishedSave {
    /// Goes on with it. The liveness lock of the renewal it is left from is to be shown until this is done.
    pub fn recover(self, now: Clocks) -> Step {
        let Self { renewal, keeping } = self;
        keeping.recover(*renewal, now)
    }

    /// The token, unless it lies where the next load finds it.
    #[must_use]
    pub fn pending_save(&self) -> Option<&PendingSave> {
        self.keeping.pending_save()
    }
}

/// The text of an error that says what was and what was not done.
fn store_error(what: &str, error: &StoreError) -> TokenError {
    let text: String = [what, ": ", &alloc::string::ToString::to_string(error)].concat();
    let told = TokenError::store(text, !error.is_unreadable());
    told.with_source(Arc::new(error.clone()))
}

#[cfg(test)]
mod tests;
