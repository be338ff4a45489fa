//! One lifecycle, shared by every clone of a source.
//!
//! A caller holds the lock for a decision, never across I/O or a wait. Every change is published to the readers before
//! the lock is released, and notifies the waiters afterwards. A poisoned lock is taken over: its lifecycle is valid.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::{Arc, PoisonError};

use wellspring_core::{
    CallTarget, Clocks, Completed, ErrorKind, Fate, Generation, Instant, Lifecycle, LoginReason, Outcome,
    PendingSave, Policy, Provider, Rejected, Spill, Token, TokenError, TokenResponse, UnfinishedSave,
};

use crate::call_parts::{CallParts, prefix_of};
use crate::clock::Clock;
use crate::events;
use crate::in_flight::{InFlight, JobKind, Report};
use crate::notify::Notify;
use crate::observed::{Ended, Observed, Told};
use crate::observer::{Observation, RejectionAnswer};
use crate::published::{Published, TokenRef};
use crate::storage::{LivenessSlot, Storage};
use crate::sync::{Mutex, MutexGuard};

/// One lifecycle, with the published token and the waiters.
pub struct SharedLifecycle {
    /// The provider of the tokens.
    pub provider: Arc<dyn Provider>,
    /// When to renew.
    pub policy: Policy,
    /// The clock.
    pub clock: Clock,
    /// The store, where tokens outlive the process.
    pub storage: Option<Storage>,
    pub(crate) calls: Result<CallParts, TokenError>,
    pub(crate) state: Mutex<State>,
    pub(crate) published: Published,
    pub(crate) changes: Arc<Notify>,
    /// Whether the lifecycle remembers targets that have refused a fresh token.
    has_refusals: AtomicBool,
    observed: Option<Arc<Observed>>,
}

pub(crate) struct State {
    pub(crate) lifecycle: Lifecycle,
    /// The renewal that has the permit.
    pub(crate) in_flight: Option<Arc<InFlight>>,
    /// Sign-ins, logouts and saves in flight.
    pub(crate) others: Vec<Arc<InFlight>>,
    /// The save of a token that only this process holds, and the error for callers that must wait for the save.
    unsaved: Option<(Arc<InFlight>, TokenError)>,
    /// Saves set aside; the next renewal retries them.
    set_aside: Vec<(UnfinishedSave, LivenessSlot)>,
    /// The credential of the last renewal.
    pub(crate) credential: Option<u64>,
    /// The last failure. While nothing is sent, the same failure is not reported again as a warning.
    failure: Option<String>,
    told: Told,
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
        Self::observed(provider, policy, seed, clock, storage, None)
    }

    /// A lifecycle without a token, and its observer.
    pub(crate) fn observed(
        provider: Arc<dyn Provider>,
        policy: Policy,
        seed: u64,
        clock: Clock,
        storage: Option<Storage>,
        observed: Option<Arc<Observed>>,
    ) -> Arc<Self> {
        let lifecycle = Lifecycle::new(policy.clone(), seed);
        let state = State {
            lifecycle,
            in_flight: None,
            others: Vec::new(),
            unsaved: None,
            set_aside: Vec::new(),
            credential: None,
            failure: None,
            told: Told::default(),
        };
        Arc::new(Self {
            policy,
            clock,
            state: Mutex::new(state),
            published: Published::new(prefix_of(&provider.spec().calls), observed.is_some()),
            calls: CallParts::of(&provider.spec().calls),
            changes: Arc::default(),
            has_refusals: AtomicBool::new(false),
            storage,
            provider,
            observed,
        })
    }

    /// Whether the source has an observer.
    #[must_use]
    pub(crate) const fn is_observed(&self) -> bool {
        self.observed.is_some()
    }

    /// What each call carries.
    ///
    /// # Errors
    ///
    /// `Misconfigured` when the provider's data name something that HTTP forbids.
    pub fn calls(&self) -> Result<&CallParts, TokenError> {
        self.calls.as_ref().map_err(TokenError::clone)
    }

    /// The token, if it is fresh, or usable while no renewal can start. No lock, no allocation.
    #[inline]
    #[must_use]
    pub fn fresh(&self) -> Option<TokenRef<'_>> {
        match self.published.fresh(&self.clock) {
            None => self.observed_fresh(),
            fresh => fresh,
        }
    }

    /// The token, if it has not expired, whether or not a renewal is due. No lock, no allocation.
    #[must_use]
    pub fn in_force(&self) -> Option<TokenRef<'_>> {
        self.published.in_force(&self.clock)
    }

    /// Lends a token that the lifecycle has decided to hand out.
    #[must_use]
    pub fn lend(&self, token: Token) -> TokenRef<'_> {
        self.published.lend(token, &self.clock)
    }

    pub(crate) fn finish(&self, kind: JobKind, outcome: Outcome, in_flight: &Arc<InFlight>, sent: bool) {
        let name = &self.provider.spec().name;
        let renewed = if let Outcome::Renewed(record, _) = &outcome { record.granted() } else { None };
        for deviation in renewed.into_iter().flat_map(|granted| &granted.response.deviations) {
            events::deviation(name, *deviation);
        }
        let adopted = matches!(outcome, Outcome::Adopted(_));
        if adopted {
            in_flight.set_from_store();
        }
        let job = kind.job();
        let sign_in = matches!(kind, JobKind::SignIn);
        let amends = matches!(kind, JobKind::Import | JobKind::Attach);
        let (result, known, observations) = {
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
                    in_flight.set_report(Report::Revocation(revocation));
                    Err(TokenError::login_required(LoginReason::LoggedOut))
                }),
                JobKind::Forget => state.lifecycle.forgotten(outcome, now).and_then(|()| {
                    in_flight.set_report(Report::Forgotten);
                    Err(TokenError::login_required(LoginReason::LoggedOut))
                }),
                JobKind::Import => state.lifecycle.imported(outcome, now).and_then(|imported| {
                    in_flight.set_report(Report::Imported(imported));
                    Err(no_token())
                }),
                JobKind::Attach => state.lifecycle.attached(outcome).and_then(|attachments| {
                    in_flight.set_report(Report::Attachments(attachments));
                    Err(no_token())
                }),
            };
            if let (Err(error), Some((_, unsaved))) = (&result, &mut state.unsaved) {
                if error.kind() == ErrorKind::Store {
                    *unsaved = error.clone();
                }
            }
            let failure = result.as_ref().err().map(ToString::to_string);
            // A caller that polls for a sign-in gets every result and expects most of them to be errors.
            let same_grant_again = |error: &TokenError| error.is_transient() && error.fate() == Fate::Unspent;
            let polled = sign_in && result.as_ref().is_err_and(same_grant_again);
            let known = polled || !sent && failure.is_some() && failure == state.failure;
            if !amends {
                state.failure = failure;
            }
            self.publish(&mut state);
            let observations = self.observed.as_ref().map_or_else(Vec::new, |_| {
                let ended = Ended {
                    job,
                    result: &result,
                    from_store: adopted,
                    imported: matches!(in_flight.report(), Some(Report::Imported(true))),
                    sent,
                    known,
                    began: in_flight.began(),
                    quiet_until: state.lifecycle.quiet_until(),
                    now,
                };
                ended.observations(&mut state.told)
            });
            if self.observed.is_none() {
                in_flight.finish(result.clone());
            }
            (result, known, observations)
        };
        if self.observed.is_some() {
            // The observer is told before any caller goes on. If it panics, the callers go on too.
            let _serving = Serving { in_flight, changes: &self.changes, result: &result };
            observations.into_iter().for_each(|observation| self.observe(|| observation));
            if sent {
                self.observe_certificate();
            }
        } else {
            self.changes.notify();
        }
        match result {
            // The caller gets the error.
            Err(_) if amends => {}
            Err(error) if known => events::renewal_still_failed(name, &error),
            Ok(token) if adopted => events::token_adopted(name, &token),
            Ok(token) => events::renewal_renewed(name, &token),
            Err(_) if in_flight.revocation().is_some() => events::signed_out(name),
            Err(_) if matches!(in_flight.report(), Some(Report::Forgotten)) => {
                events::session_forgotten(name)
            }
            Err(error) => events::renewal_failed(name, &error),
        }
    }

    /// Publishes the token that the lifecycle holds, and tells the lifecycle whether a pending save blocks renewals.
    fn publish(&self, state: &mut State) {
        match &state.unsaved {
            Some((_, error)) if state.set_aside.is_empty() => state.lifecycle.save_pending(error.clone()),
            _ => state.lifecycle.save_ended(),
        }
        self.published.mirror(&state.lifecycle, &self.clock);
    }

    /// An API has refused the token of this generation.
    pub fn reject(&self, generation: Generation) -> Rejected {
        self.rejected(generation, |lifecycle, now| lifecycle.reject(generation, now))
    }

    /// The same of a call to this target.
    pub fn reject_at(&self, target: CallTarget, generation: Generation) -> Rejected {
        self.rejected(generation, |lifecycle, now| lifecycle.reject_at(target, generation, now))
    }

    /// An API has accepted a token at this target. Takes no lock unless an API has refused a fresh token before.
    pub fn accepted_at(&self, target: CallTarget) {
        if self.has_refusals.load(Ordering::Relaxed) {
            let mut state = self.lock();
            state.lifecycle.accepted_at(target);
            self.has_refusals.store(state.lifecycle.remembers_targets(), Ordering::Relaxed);
        }
    }

    fn rejected(
        &self,
        generation: Generation,
        reject: impl FnOnce(&mut Lifecycle, Clocks) -> Rejected,
    ) -> Rejected {
        let rejected = {
            let mut state = self.lock();
            let rejected = reject(&mut state.lifecycle, self.clock.now());
            self.has_refusals.store(state.lifecycle.remembers_targets(), Ordering::Relaxed);
            self.published.mirror(&state.lifecycle, &self.clock);
            rejected
        };
        events::token_rejected(&self.provider.spec().name, generation, &rejected);
        self.observe(|| Observation::TokenRejected { answer: RejectionAnswer::of(&rejected) });
        rejected
    }

    /// Takes over a token response that the program obtained itself, as if its request had been sent now.
    ///
    /// # Errors
    ///
    /// `Misconfigured` where there is a store, which would not hold this token.
    pub fn adopt(&self, response: TokenResponse) -> Result<Token, TokenError> {
        if self.storage.is_some() {
            let text =
                "a source with a store takes over no token, because the store would not hold it: sign in";
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
        self.observe_change(|told| told.sign_in(None));
        Ok(token)
    }

    /// From now on no renewal, sign-in or logout starts. Returns those in flight.
    pub fn close(&self) -> Vec<Arc<InFlight>> {
        let in_flight = {
            let mut state = self.lock();
            state.lifecycle.close();
            self.publish(&mut state);
            state.in_flight.iter().chain(&state.others).cloned().collect()
        };
        self.changes.notify();
        in_flight
    }

    /// Whether a renewal, a sign-in, a logout or a save is in flight.
    #[must_use]
    pub(crate) fn is_in_use(&self) -> bool {
        let state = self.lock();
        state.in_flight.is_some()
            || !state.others.is_empty()
            || state.unsaved.is_some()
            || !state.set_aside.is_empty()
    }

    /// Whether the source is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.lock().lifecycle.is_closed()
    }

    /// When a driver that keeps the token warm should ask next; `None` until something changes.
    #[must_use]
    pub fn next_wake(&self) -> Option<Instant> {
        self.lock().lifecycle.next_wake()
    }

    /// The instant at which this deadline ends.
    #[must_use]
    pub fn end_of(&self, deadline: Duration) -> Instant {
        self.clock.now().instant.plus(deadline)
    }

    /// The longest time of a renewal that waits for no other process.
    #[must_use]
    pub const fn longest_renewal(&self) -> Duration {
        self.policy.longest_renewal(self.storage.is_some())
    }

    /// Notifies when a renewal ends, a token is taken over, or the source closes or is dropped.
    #[must_use]
    pub const fn changes(&self) -> &Arc<Notify> {
        &self.changes
    }

    /// Spills a token that is not saved: writes it where the next load finds it.
    pub(crate) fn spill(&self, pending: &PendingSave) {
        let (Some(storage), spec) = (&self.storage, self.provider.spec()) else { return };
        let spilled = storage.spill(&spec.key, pending);
        match &spilled {
            Ok(()) => events::token_spilled(&spec.name),
            Err(error) => events::store_failed(&spec.name, "spill", error),
        }
        let _ = self.observe_reply::<Spill>(&spilled);
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the callers of a renewal their result when it is dropped.
struct Serving<'a> {
    in_flight: &'a InFlight,
    changes: &'a Notify,
    result: &'a Result<Token, TokenError>,
}

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        self.in_flight.finish(self.result.clone());
        self.changes.notify();
    }
}

/// The result for a caller that waits for a token, of what brings none.
fn no_token() -> TokenError {
    TokenError::unavailable("the session's record was read or changed, which returns no token")
}

impl Drop for SharedLifecycle {
    fn drop(&mut self) {
        let set_aside = core::mem::take(&mut self.lock().set_aside);
        for pending in set_aside.iter().filter_map(|(unfinished, _)| unfinished.pending_save()) {
            self.spill(pending);
        }
        self.observe_change(|told| told.sign_in(None));
        self.observe_change(|told| told.spill(false));
        // A task that keeps the token warm sees that the source is gone.
        self.changes.notify();
    }
}

crate::debug_fields!([] SharedLifecycle, |shared|
    provider: shared.provider.spec().name,
    token: shared.lock().lifecycle.token()
);

mod observing;
mod pending_save;

#[cfg(test)]
mod tests;
