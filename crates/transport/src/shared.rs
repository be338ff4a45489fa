//! One lifecycle, shared by every clone of a source.
//!
//! The lock is held for a decision, never across I/O or a wait. Every change is published to the readers before the lock
//! is released, and notifies the waiters after. A poisoned lock is taken over: the lifecycle's verbs leave it valid.

use core::time::Duration;
use std::sync::{Arc, PoisonError, TryLockError};

use wellspring_core::{
    Acquire, AcquireStep, AuthorizationGrant, AwaitChange, AwaitRenewal, Completed, ErrorKind, Fate,
    Generation, Instant, Lifecycle, LoginReason, Need, Outcome, Permit, Policy, Provider, Rejected,
    RenewalJob, Token, TokenError, TokenResponse, UnfinishedSave, acquire_at_once,
};

use crate::clock::Clock;
use crate::events;
use crate::in_flight::{InFlight, JobKind, RenewalGuard};
use crate::notify::Notify;
use crate::published::{Published, TokenRef};
use crate::storage::{LivenessSlot, Storage};
use crate::sync::{Mutex, MutexGuard};

/// One lifecycle, with the published token and those who wait.
pub struct SharedLifecycle {
    provider: Arc<dyn Provider>,
    policy: Policy,
    clock: Clock,
    state: Mutex<State>,
    published: Published,
    changes: Arc<Notify>,
    storage: Option<Storage>,
}

struct State {
    lifecycle: Lifecycle,
    /// Where callers wait for the permit that is out.
    in_flight: Option<Arc<InFlight>>,
    /// Sign-ins, logouts and saves under way.
    others: Vec<Arc<InFlight>>,
    /// The save of a token that is held in memory only, and the error of callers that have to wait for it.
    unsaved: Option<(Arc<InFlight>, TokenError)>,
    /// Saves set aside; the next renewal retries them.
    set_aside: Vec<(UnfinishedSave, LivenessSlot)>,
    /// The last failure, which is reported once while nothing is sent.
    failure: Option<String>,
}

/// What a driver does for a caller.
#[must_use]
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver that overlooks an action must not compile")]
pub enum Action {
    /// Run this renewal, and resume with its result.
    Start(RenewalGuard, AwaitRenewal),
    /// Run this renewal beside the caller, who gets this token.
    StartBeside(RenewalGuard, Token, Acquire),
    /// Wait for this renewal, which another caller runs, and resume with its result.
    Wait(Arc<InFlight>, AwaitRenewal),
    /// Wait for a change since this count of changes, or for this instant.
    Sleep(u64, Instant, AwaitChange),
    /// The caller's answer.
    Done(Result<Token, TokenError>),
}

impl SharedLifecycle {
    /// A lifecycle without a token.
    #[must_use]
    pub fn new(
        provider: Arc<dyn Provider>,
        policy: Policy,
        seed: u64,
        clock: Clock,
        storage: Option<Storage>,
    ) -> Arc<Self> {
        let lifecycle = Lifecycle::new(policy.clone(), seed);
        let state = State {
            lifecycle,
            in_flight: None,
            others: Vec::new(),
            unsaved: None,
            set_aside: Vec::new(),
            failure: None,
        };
        Arc::new(Self {
            provider,
            policy,
            clock,
            state: Mutex::new(state),
            published: Published::default(),
            changes: Arc::default(),
            storage,
        })
    }

    /// The token, if it is fresh or no other can be had now. No lock, no allocation.
    #[inline]
    #[must_use]
    pub fn fresh(&self) -> Option<TokenRef<'_>> {
        self.published.fresh(&self.clock)
    }

    /// The token, if it is in force, whether or not it is due. No lock, no allocation.
    #[must_use]
    pub fn in_force(&self) -> Option<TokenRef<'_>> {
        self.published.in_force(&self.clock)
    }

    /// Lends a token that the lifecycle has decided to hand out.
    #[must_use]
    pub fn lend(&self, token: Token) -> TokenRef<'_> {
        self.published.lend(token, &self.clock)
    }

    /// The next action for a caller. `executor` is the reason why this caller can run no renewal, where it cannot.
    pub fn ask(self: &Arc<Self>, acquire: Acquire, executor: Result<(), TokenError>) -> Action {
        let mut state = self.lock();
        let seen = self.changes.count();
        let action = match acquire.ask(&mut state.lifecycle, executor, self.clock.now()) {
            AcquireStep::Start(permit, waiting) => Action::Start(self.renewal(&mut state, permit), waiting),
            AcquireStep::StartBeside(permit, token, acquire) => {
                Action::StartBeside(self.renewal(&mut state, permit), token, acquire)
            }
            AcquireStep::Wait(waiting) => match &state.in_flight {
                Some(in_flight) => Action::Wait(Arc::clone(in_flight), waiting),
                None => Action::Done(Err(TokenError::busy("a renewal is under way"))),
            },
            AcquireStep::Sleep(until, sleeping) => Action::Sleep(seen, until, sleeping),
            AcquireStep::Done(result) => Action::Done(result),
        };
        self.published.mirror(&state.lifecycle, &self.clock);
        action
    }

    /// The answer of a caller that does not wait, with the renewal to run beside it.
    pub fn ask_at_once(
        self: &Arc<Self>,
        executor: Result<(), TokenError>,
    ) -> (Option<RenewalGuard>, Result<Token, TokenError>) {
        self.at_once(self.lock(), executor)
    }

    /// The same; `None` when another thread holds the lock.
    #[must_use]
    pub fn try_ask_at_once(
        self: &Arc<Self>,
        executor: Result<(), TokenError>,
    ) -> Option<(Option<RenewalGuard>, Result<Token, TokenError>)> {
        match self.state.try_lock() {
            Ok(state) => Some(self.at_once(state, executor)),
            Err(TryLockError::Poisoned(poisoned)) => Some(self.at_once(poisoned.into_inner(), executor)),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn at_once(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        executor: Result<(), TokenError>,
    ) -> (Option<RenewalGuard>, Result<Token, TokenError>) {
        let now = self.clock.now();
        let (permit, answer) = acquire_at_once(&mut state.lifecycle, Need::Fresh, executor, now);
        let renewal = permit.map(|permit| self.renewal(&mut state, permit));
        self.published.mirror(&state.lifecycle, &self.clock);
        (renewal, answer)
    }

    fn renewal(self: &Arc<Self>, state: &mut State, permit: Permit) -> RenewalGuard {
        let in_flight = Arc::new(InFlight::default());
        state.in_flight = Some(Arc::clone(&in_flight));
        events::renewal_started(&self.provider.spec().name);
        let job = permit.job(Arc::clone(&self.provider));
        RenewalGuard::new(Arc::clone(self), in_flight, job, JobKind::Renewal(Box::new(permit)))
    }

    /// The exchange of a new grant, which is sent once.
    ///
    /// # Errors
    ///
    /// When the source is closed.
    pub fn sign_in(self: &Arc<Self>, grant: AuthorizationGrant) -> Result<RenewalGuard, TokenError> {
        self.beside(JobKind::SignIn, |life| life.sign_in(Arc::clone(&self.provider), grant))
    }

    /// The end of the session.
    ///
    /// # Errors
    ///
    /// When the source is closed.
    pub fn sign_out(self: &Arc<Self>) -> Result<RenewalGuard, TokenError> {
        self.beside(JobKind::SignOut, |life| life.sign_out(Arc::clone(&self.provider)))
    }

    fn beside(
        self: &Arc<Self>,
        kind: JobKind,
        job: impl FnOnce(&mut Lifecycle) -> Result<RenewalJob, TokenError>,
    ) -> Result<RenewalGuard, TokenError> {
        let mut state = self.lock();
        let job = job(&mut state.lifecycle)?;
        let in_flight = Arc::new(InFlight::default());
        state.others.push(Arc::clone(&in_flight));
        Ok(RenewalGuard::new(Arc::clone(self), in_flight, job, kind))
    }

    pub(crate) fn finish(&self, kind: JobKind, outcome: Outcome, in_flight: &Arc<InFlight>, sent: bool) {
        let name = &self.provider.spec().name;
        if let Outcome::Renewed(record, _) = &outcome
            && let Some(granted) = record.granted()
        {
            for deviation in &granted.response.deviations {
                events::deviation(name, *deviation);
            }
        }
        let adopted = matches!(outcome, Outcome::Adopted(_));
        let sign_in = matches!(kind, JobKind::SignIn);
        let (result, known) = {
            let mut state = self.lock();
            let now = self.clock.now();
            state.others.retain(|other| !Arc::ptr_eq(other, in_flight));
            let result = match kind {
                JobKind::Renewal(permit) => {
                    state.in_flight = None;
                    match state.lifecycle.complete(*permit, outcome, now) {
                        Completed::Renewed(token) | Completed::Adopted(token) => Ok(token),
                        Completed::Failed(error) => Err(error),
                    }
                }
                JobKind::SignIn => state.lifecycle.signed_in(outcome, now),
                JobKind::SignOut => state.lifecycle.signed_out(outcome, now).and_then(|revocation| {
                    in_flight.sign_out(revocation);
                    Err(TokenError::login_required(LoginReason::LoggedOut))
                }),
            };
            if let (Err(error), Some((_, unsaved))) = (&result, &mut state.unsaved)
                && error.kind() == ErrorKind::Store
            {
                *unsaved = error.clone();
            }
            let failure = result.as_ref().err().map(ToString::to_string);
            // A caller that polls for a sign-in gets every answer and expects most of them to be errors.
            let polled = sign_in && result.as_ref().is_err_and(may_repeat);
            let known = polled || !sent && failure.is_some() && failure == state.failure;
            state.failure = failure;
            self.publish(&mut state);
            in_flight.finish(result.clone());
            (result, known)
        };
        self.changes.notify();
        match result {
            Err(error) if known => events::renewal_still_failed(name, &error),
            Ok(token) if adopted => events::token_adopted(name, &token),
            Ok(token) => events::renewal_renewed(name, &token),
            Err(_) if in_flight.revocation().is_some() => events::signed_out(name),
            Err(error) => events::renewal_failed(name, &error),
        }
    }

    /// Publishes what the lifecycle holds, and tells it whether a save holds back its renewals.
    fn publish(&self, state: &mut State) {
        match &state.unsaved {
            Some((_, error)) if state.set_aside.is_empty() => state.lifecycle.save_pending(error.clone()),
            _ => state.lifecycle.save_ended(),
        }
        self.published.mirror(&state.lifecycle, &self.clock);
    }

    /// An API has refused the token of this generation.
    pub fn reject(&self, generation: Generation) -> Rejected {
        let rejected = {
            let mut state = self.lock();
            let rejected = state.lifecycle.reject(generation, self.clock.now());
            self.published.mirror(&state.lifecycle, &self.clock);
            rejected
        };
        events::token_rejected(&self.provider.spec().name, generation, &rejected);
        rejected
    }

    /// Takes over what a sign-in elsewhere has obtained, as if its request had been sent now.
    ///
    /// # Errors
    ///
    /// `Misconfigured` where there is a store, which would know nothing of it.
    pub fn adopt(&self, response: TokenResponse) -> Result<Token, TokenError> {
        if self.storage.is_some() {
            let text =
                "a token from elsewhere cannot be taken over beside a store, which would know nothing of it";
            return Err(TokenError::misconfigured(text));
        }
        let token = {
            let mut state = self.lock();
            let now = self.clock.now();
            let token = state.lifecycle.take_over(response, now, now);
            self.published.mirror(&state.lifecycle, &self.clock);
            token
        };
        self.changes.notify();
        Ok(token)
    }

    /// From now on no renewal, sign-in or logout starts. Returns those under way.
    pub fn close(&self) -> Vec<Arc<InFlight>> {
        let under_way = {
            let mut state = self.lock();
            state.lifecycle.close();
            self.publish(&mut state);
            state.in_flight.iter().chain(&state.others).cloned().collect()
        };
        self.changes.notify();
        under_way
    }

    /// Whether a renewal, a sign-in, a logout or a save is under way.
    #[must_use]
    pub(crate) fn is_under_way(&self) -> bool {
        let state = self.lock();
        state.in_flight.is_some()
            || !state.others.is_empty()
            || state.unsaved.is_some()
            || !state.set_aside.is_empty()
    }

    /// Whether it is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.lock().lifecycle.is_closed()
    }

    /// When a driver that keeps the token warm should ask next; `None` when that is of no use before a change.
    #[must_use]
    pub fn next_wake(&self) -> Option<Instant> {
        self.lock().lifecycle.next_wake()
    }

    /// The instant at which this much time will have passed.
    #[must_use]
    pub fn end_of(&self, deadline: Duration) -> Instant {
        self.clock.now().instant.plus(deadline)
    }

    /// The longest that a renewal takes in which nobody else has a hand: the exchange, and the store around it.
    #[must_use]
    pub fn longest_renewal(&self) -> Duration {
        let store = if self.storage.is_some() { self.policy.store_deadline } else { Duration::ZERO };
        self.policy.deadline.saturating_add(store).saturating_add(store)
    }

    /// Where tokens outlive the process, if they do.
    #[must_use]
    pub const fn storage(&self) -> Option<&Storage> {
        self.storage.as_ref()
    }

    /// The endpoint's dialect.
    #[must_use]
    pub fn provider(&self) -> &Arc<dyn Provider> {
        &self.provider
    }

    /// When to renew.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Where the time is read.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What rings whenever a renewal ends, a token comes in or the source closes or goes.
    #[must_use]
    pub const fn changes(&self) -> &Arc<Notify> {
        &self.changes
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SharedLifecycle {
    fn drop(&mut self) {
        let aside = core::mem::take(&mut self.lock().set_aside);
        for pending_save in aside.iter().filter_map(|(unfinished, _)| unfinished.pending_save()) {
            let Some(storage) = &self.storage else { continue };
            let profile = self.provider.spec();
            match storage.spill(&profile.key, pending_save) {
                Ok(()) => events::token_spilled(&profile.name),
                Err(error) => events::store_failed(&profile.name, "spill", &error),
            }
        }
        // Whoever keeps it warm sees that it is gone.
        self.changes.notify();
    }
}

impl core::fmt::Debug for SharedLifecycle {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SharedLifecycle")
            .field("provider", &self.provider.spec().name)
            .field("token", &self.lock().lifecycle.token())
            .finish_non_exhaustive()
    }
}

/// Whether the same grant may be sent again later.
fn may_repeat(error: &TokenError) -> bool {
    error.is_transient() && error.fate() == Fate::Unspent
}

mod pending_save;

#[cfg(test)]
mod tests;
