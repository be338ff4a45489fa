//! One lifecycle, shared by every clone of a source.
//!
//! A caller holds the lock for a decision, never across I/O or a wait. Every change is published to the readers before
//! the lock is released, and notifies the waiters afterwards. A poisoned lock is taken over: its lifecycle is valid.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use wellspring_core::{
    CallTarget, Clocks, Completed, ErrorKind, Fate, Generation, Instant, Lifecycle, LoginReason, Outcome,
    PendingSave, Policy, Provider, Rejected, Spill, Token, TokenError, TokenResponse,
};

use crate::clock::Clock;
use crate::events;
use crate::in_flight::{InFlight, JobKind, Report};
use crate::kind::{Kind, Parts};
use crate::name::Name;
use crate::notify::Notify;
use crate::observed::Ended;
use crate::observer::{Observation, RejectionAnswer};
use crate::published::{Published, TokenRef};
use crate::stage::{Stage, State};
use crate::storage::Storage;
use crate::sync::Mutex;
use crate::timer::Noted;

/// One lifecycle, with the published token and the waiters.
#[repr(C)]
pub struct SharedLifecycle {
    /// The user of a pool. It comes first, beside the counts of the `Arc`: a pool's look-up needs both.
    user: Name,
    published: Published,
    /// The clock.
    pub clock: Clock,
    kind: Arc<Kind>,
    /// The number of this source in its process: a part of the owner of what it saves.
    number: u64,
    noted: Noted,
    /// Whether the lifecycle remembers targets that have refused a fresh token.
    has_refusals: AtomicBool,
    /// Whether the token of a user at rest is not published.
    is_cold: AtomicBool,
    stage: Mutex<Stage>,
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
        let number = storage.as_ref().map_or(0, |storage| storage.owner().source);
        let store = storage.map(Storage::into_store);
        let parts = Parts { policy, store, observed: None, pool: None };
        let kind = Kind::of(&*provider, Arc::new(parts));
        Self::of(kind, "", provider, clock, number, seed)
    }

    /// A lifecycle of this kind, without a token. `number` and `seed` are random numbers.
    pub(crate) fn of(
        kind: Arc<Kind>,
        user: &str,
        provider: Arc<dyn Provider>,
        clock: Clock,
        number: u64,
        seed: u64,
    ) -> Arc<Self> {
        let lifecycle = Lifecycle::new(kind.parts.policy.clone(), seed);
        let published = match &kind.parts.pool {
            Some(pool) => Published::of(&pool.nothing),
            None => Published::default(),
        };
        Arc::new(Self {
            user: user.into(),
            published,
            clock,
            kind,
            number,
            noted: Noted::default(),
            has_refusals: AtomicBool::new(false),
            is_cold: AtomicBool::new(false),
            stage: Mutex::new(Stage::Awake(State::new(provider, lifecycle, 0))),
        })
    }

    /// The token, if it is fresh, or usable while no renewal can start. No lock, no allocation, unless it is the first read
    /// after a user of a pool was put to rest.
    #[inline]
    #[must_use]
    pub fn fresh(&self) -> Option<TokenRef<'_>> {
        match self.published.fresh(&self.clock) {
            None => self.fresh_beside(),
            fresh => fresh,
        }
    }

    /// The token, if it has not expired, whether or not a renewal is due. As [`fresh`](Self::fresh) no lock, no allocation.
    #[must_use]
    pub fn in_force(&self) -> Option<TokenRef<'_>> {
        let _ = self.warm();
        self.published.in_force(&self.clock)
    }

    /// Lends a token that the lifecycle has decided to hand out.
    #[must_use]
    pub fn lend(&self, token: Token) -> TokenRef<'_> {
        self.published.lend(token, &self.clock, &self.kind.prefix)
    }

    pub(crate) fn finish(
        self: &Arc<Self>,
        kind: JobKind,
        outcome: Outcome,
        in_flight: &Arc<InFlight>,
        sent: bool,
    ) {
        let name = self.name();
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
        let amends = matches!(kind, JobKind::Import | JobKind::Attach | JobKind::Age);
        let (result, known, observations, changes) = {
            let mut state = self.lock();
            let state = &mut *state;
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
                JobKind::Age => state.lifecycle.session_age(outcome, now).and_then(|age| {
                    in_flight.set_report(Report::SessionAge(age));
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
            self.publish(state);
            let observations = self.observed().map_or_else(Vec::new, |_| {
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
            if !self.is_observed() {
                in_flight.finish(result.clone());
            }
            (result, known, observations, Arc::clone(&state.changes))
        };
        if self.is_observed() {
            // The observer is told before any caller goes on. If it panics, the callers go on too.
            let _serving = Serving { in_flight, changes: &changes, result: &result };
            observations.into_iter().for_each(|observation| self.observe(|| observation));
            if sent {
                self.observe_certificate();
            }
        } else {
            changes.notify();
        }
        drop(changes);
        self.schedule();
        self.rest();
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
        self.published.mirror(&state.lifecycle, &self.clock, &self.kind.prefix);
    }

    /// Publishes the token that the lifecycle holds.
    pub(crate) fn mirror(&self, state: &State) {
        self.published.mirror(&state.lifecycle, &self.clock, &self.kind.prefix);
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
            self.mirror(&state);
            rejected
        };
        events::token_rejected(self.name(), generation, &rejected);
        self.observe(|| Observation::TokenRejected { answer: RejectionAnswer::of(&rejected) });
        rejected
    }

    /// Takes over a token response that the program obtained itself, as if its request had been sent now.
    ///
    /// # Errors
    ///
    /// `Misconfigured` where there is a store, which would not hold this token.
    pub fn adopt(&self, response: TokenResponse) -> Result<Token, TokenError> {
        if self.has_store() {
            let text =
                "a source with a store takes over no token, because the store would not hold it: sign in";
            return Err(TokenError::misconfigured(text));
        }
        let (token, changes) = {
            let mut state = self.lock();
            let now = self.clock.now();
            let token = state.lifecycle.take_over(response, now, now);
            self.mirror(&state);
            (token, Arc::clone(&state.changes))
        };
        changes.notify();
        self.observe_change(|told| told.sign_in(None));
        Ok(token)
    }

    /// From now on no renewal, sign-in or logout starts. Returns those in flight.
    pub fn close(&self) -> Vec<Arc<InFlight>> {
        let (in_flight, changes) = {
            let mut state = self.lock();
            state.lifecycle.close();
            self.publish(&mut state);
            let in_flight = state.in_flight.iter().chain(&state.others).cloned().collect();
            (in_flight, Arc::clone(&state.changes))
        };
        changes.notify();
        in_flight
    }

    /// Whether a renewal, a sign-in, a logout or a save is in flight.
    #[must_use]
    pub(crate) fn is_in_use(&self) -> bool {
        self.peek().awake().is_some_and(State::is_in_use)
    }

    /// Whether something is under way or remembered for this user of a pool.
    #[must_use]
    pub(crate) fn is_awake(&self) -> bool {
        self.peek().awake().is_some()
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

    /// Spills a token that is not saved: writes it where the next load finds it.
    pub(crate) fn spill(&self, pending: &PendingSave) {
        let Some(storage) = self.storage() else { return };
        let spilled = storage.spill(&self.key(), pending);
        match &spilled {
            Ok(()) => events::token_spilled(self.name()),
            Err(error) => events::store_failed(self.name(), "spill", error),
        }
        let _ = self.observe_reply::<Spill>(&spilled);
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
        // Nothing is set aside, untold or waited for at rest.
        if !self.is_awake() {
            return;
        }
        let set_aside = core::mem::take(&mut self.lock().set_aside);
        for pending in set_aside.iter().filter_map(|(unfinished, _)| unfinished.pending_save()) {
            self.spill(pending);
        }
        self.observe_change(|told| told.sign_in(None));
        self.observe_change(|told| told.spill(false));
        // A task that keeps the token warm sees that the source is gone.
        self.changes().notify();
    }
}

crate::debug_fields!([] SharedLifecycle, |shared|
    provider: shared.kind.name,
    token: shared.peek().token()
);

mod observing;
mod parts;
mod pending_save;
mod rest;

#[cfg(test)]
mod tests;
