//! One lifecycle, shared by every clone of a source.
//!
//! The lock is held for a decision, never across I/O or a wait; every change is published to the readers before it
//! is released, and rings the bell after. A poisoned lock is taken over: the lifecycle's verbs leave it in one
//! piece.

use core::time::Duration;
use std::sync::{Arc, PoisonError, TryLockError};

use wellspring_core::{
    AuthorizationGrant, Clocks, Completed, Decision, ErrorKind, Fate, Generation, Instant, Lifecycle,
    LoginReason, Need, Outcome, Policy, Provider, Rejected, Token, TokenError, TokenResponse, UnfinishedSave,
};

use crate::in_flight::Right;
use crate::published::Published;
use crate::storage::LivenessSlot;
use crate::sync::{Mutex, MutexGuard};
use crate::{Clock, InFlight, Notify, RenewalGuard, Storage, TokenRef, events};

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
    /// What else is under way: sign-ins, logouts, tokens that the store has yet to take.
    others: Vec<Arc<InFlight>>,
    /// A token is held in memory alone, and nothing may be sent before it is stored.
    unstored: Option<(Arc<InFlight>, TokenError)>,
    /// It is nobody's business just now: whoever renews next goes on with it.
    aside: Vec<(UnfinishedSave, LivenessSlot)>,
    /// What was said of the last failure, to be said once while nothing is sent.
    failure: Option<String>,
    closed: bool,
}

/// What a driver has to do for a caller.
#[must_use]
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver that overlooks an answer must not compile")]
pub enum Action {
    /// Hand this out.
    Use(Token),
    /// Hand this out, and run a renewal beside it.
    UseAndRenew(Token, RenewalGuard),
    /// Run a renewal.
    Renew(RenewalGuard),
    /// Wait for this renewal, which somebody else runs.
    Wait(Arc<InFlight>),
    /// Say why there is no token. The instant is when asking again may help, if ever.
    Fail(TokenError, Option<Instant>),
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
            unstored: None,
            aside: Vec::new(),
            failure: None,
            closed: false,
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

    /// Lends a token that was decided on.
    #[must_use]
    pub fn lend(&self, token: Token) -> TokenRef<'_> {
        self.published.lend(token, &self.clock)
    }

    /// A caller needs a token: what to do?
    pub fn ask(self: &Arc<Self>, need: Need) -> Action {
        self.decide(self.lock(), need)
    }

    /// The same; `None` when somebody else is just deciding.
    #[must_use]
    pub fn try_ask(self: &Arc<Self>, need: Need) -> Option<Action> {
        match self.state.try_lock() {
            Ok(state) => Some(self.decide(state, need)),
            Err(TryLockError::Poisoned(poisoned)) => Some(self.decide(poisoned.into_inner(), need)),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn decide(self: &Arc<Self>, mut state: MutexGuard<'_, State>, need: Need) -> Action {
        let now = self.clock.now();
        if state.closed {
            return without_renewing(&state, need, now, &closed_error(), None);
        }
        if let (Some((_, error)), true) = (&state.unstored, state.aside.is_empty()) {
            // The bell rings as soon as it is stored.
            let again = Some(now.instant.plus(self.policy.first_pause));
            return without_renewing(&state, need, now, error, again);
        }
        let asked = match state.lifecycle.acquire(need, now) {
            Decision::Use(token) => Action::Use(token),
            Decision::UseAndRefresh(token, permit) => {
                Action::UseAndRenew(token, self.start(&mut state, Right::Renewal(Box::new(permit))))
            }
            Decision::Refresh(permit) => {
                Action::Renew(self.start(&mut state, Right::Renewal(Box::new(permit))))
            }
            Decision::Wait => match &state.in_flight {
                Some(in_flight) => Action::Wait(Arc::clone(in_flight)),
                None => Action::Fail(TokenError::busy("a renewal is under way"), None),
            },
            Decision::Fail(error) => {
                let again = error.is_transient().then(|| state.lifecycle.quiet_until());
                Action::Fail(error, again)
            }
        };
        self.published.mirror(&state.lifecycle, &self.clock);
        drop(state);
        if matches!(asked, Action::UseAndRenew(..) | Action::Renew(_)) {
            events::renewal_started(&self.provider.spec().name);
        }
        asked
    }

    fn start(self: &Arc<Self>, state: &mut State, right: Right) -> RenewalGuard {
        let in_flight = Arc::new(InFlight::default());
        state.in_flight = Some(Arc::clone(&in_flight));
        RenewalGuard::new(Arc::clone(self), in_flight, right)
    }

    /// The right to spend a fresh grant once.
    ///
    /// # Errors
    ///
    /// When the source is closed.
    pub fn sign_in(self: &Arc<Self>, spend: AuthorizationGrant) -> Result<RenewalGuard, TokenError> {
        let provider = Arc::clone(&self.provider);
        self.beside(|life| Ok(Right::SignIn(Some(Box::new(life.sign_in(provider, spend)?)))))
    }

    /// The right to log out once.
    ///
    /// # Errors
    ///
    /// When the source is closed.
    pub fn sign_out(self: &Arc<Self>) -> Result<RenewalGuard, TokenError> {
        let provider = Arc::clone(&self.provider);
        self.beside(|life| Ok(Right::SignOut(Some(Box::new(life.sign_out(provider)?)))))
    }

    fn beside(
        self: &Arc<Self>,
        right: impl FnOnce(&mut Lifecycle) -> Result<Right, TokenError>,
    ) -> Result<RenewalGuard, TokenError> {
        let mut state = self.lock();
        let right = right(&mut state.lifecycle)?;
        let in_flight = Arc::new(InFlight::default());
        state.others.push(Arc::clone(&in_flight));
        Ok(RenewalGuard::new(Arc::clone(self), in_flight, right))
    }

    pub(crate) fn finish(&self, right: Right, outcome: Outcome, in_flight: &Arc<InFlight>, sent: bool) {
        let name = &self.provider.spec().name;
        if let Outcome::Renewed(record, _) = &outcome
            && let Some(granted) = record.granted()
        {
            for deviation in &granted.response.deviations {
                events::deviation(name, *deviation);
            }
        }
        let adopted = matches!(outcome, Outcome::Adopted(_));
        let sign_in = matches!(right, Right::SignIn(_));
        let (result, known) = {
            let mut state = self.lock();
            let now = self.clock.now();
            state.others.retain(|other| !Arc::ptr_eq(other, in_flight));
            let result = match right {
                Right::Renewal(permit) => {
                    state.in_flight = None;
                    match state.lifecycle.complete(*permit, outcome, now) {
                        Completed::Renewed(token) | Completed::Adopted(token) => Ok(token),
                        Completed::Failed(error) => Err(error),
                    }
                }
                Right::SignIn(_) => state.lifecycle.signed_in(outcome, now),
                Right::SignOut(_) => match state.lifecycle.signed_out(outcome, now) {
                    Ok(revocation) => {
                        in_flight.sign_out(revocation);
                        Err(TokenError::login_required(LoginReason::LoggedOut))
                    }
                    Err(error) => Err(error),
                },
            };
            if let (Err(error), Some((_, told))) = (&result, &mut state.unstored)
                && error.kind() == ErrorKind::Store
            {
                *told = error.clone();
            }
            let failure = result.as_ref().err().map(ToString::to_string);
            // Whoever polls for a sign-in is told of each try and expects most of them to fail.
            let polled = sign_in && result.as_ref().is_err_and(goes_on);
            let known = polled || !sent && failure.is_some() && failure == state.failure;
            state.failure = failure;
            self.published.mirror(&state.lifecycle, &self.clock);
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

    /// From now on no renewal and no sign-in starts. Those that are under way.
    pub fn close(&self) -> Vec<Arc<InFlight>> {
        let in_flight = {
            let mut state = self.lock();
            state.closed = true;
            state.lifecycle.close();
            state.in_flight.iter().chain(&state.others).cloned().collect()
        };
        self.changes.notify();
        in_flight
    }

    /// Whether anything is being renewed, spent, ended or stored.
    #[must_use]
    pub(crate) fn is_under_way(&self) -> bool {
        let state = self.lock();
        state.in_flight.is_some()
            || !state.others.is_empty()
            || state.unstored.is_some()
            || !state.aside.is_empty()
    }

    /// Whether it is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// When whoever keeps the token warm should ask next; `None` when asking would be of no use before something
    /// changes.
    #[must_use]
    pub fn next_wake(&self) -> Option<Instant> {
        let state = self.lock();
        // Nothing is renewed before that is stored, and then the bell rings.
        let held_back = state.unstored.is_some() && state.aside.is_empty();
        if held_back { None } else { state.lifecycle.next_wake() }
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
        let aside = core::mem::take(&mut self.lock().aside);
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
fn goes_on(error: &TokenError) -> bool {
    error.is_transient() && error.fate() == Fate::Unspent
}

fn closed_error() -> TokenError {
    TokenError::unavailable("this source is closed and renews no more; make a new one")
}

/// A source that may not renew hands out what it holds, or says why it may not.
fn without_renewing(
    state: &State,
    need: Need,
    now: Clocks,
    why: &TokenError,
    again: Option<Instant>,
) -> Action {
    let enough = |token: &&Token| {
        let in_force = token.expires().is_none_or(|expires| !now.reached(expires));
        in_force && !matches!(need, Need::Newer(refused) if token.generation() <= refused)
    };
    match (state.lifecycle.token().filter(enough), &state.in_flight) {
        (Some(token), _) => Action::Use(token.clone()),
        (None, Some(in_flight)) => Action::Wait(Arc::clone(in_flight)),
        (None, None) => Action::Fail(why.clone(), again),
    }
}

mod pending_save;

#[cfg(test)]
mod tests;
