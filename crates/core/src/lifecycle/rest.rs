//! A lifecycle at rest: its token and its place, while nothing is under way.
//!
//! A process that holds the tokens of many users keeps this of each of them, and makes the lifecycle of it again when
//! the user needs one. What the record of a store holds too is left to the record.

use alloc::boxed::Box;

use super::Lifecycle;
use super::gate::Gate;
use crate::generation::{Epoch, Generation};
use crate::jitter::Jitter;
use crate::members::Members;
use crate::policy::Policy;
use crate::refresh_state::RefreshState;
use crate::scope::Scope;
use crate::secret::RefreshToken;
use crate::time::{Clocks, Instant};
use crate::token::Token;
use crate::witnesses::Witnesses;

/// What is kept of a [`Lifecycle`] at rest: a token, its place, and a refresh token that may be sent without the store.
///
/// ```
/// use core::time::Duration;
/// use wellspring_core::{Clocks, Lifecycle, Policy, TokenResponse};
///
/// let now = Clocks::default();
/// let mut lifecycle = Lifecycle::new(Policy::default(), 7);
/// assert!(lifecycle.rest(true).is_none(), "it has no token");
/// lifecycle.take_over(TokenResponse::new("token").with_lifetime(Duration::from_secs(3_600)), now, now);
///
/// let resting = lifecycle.rest(true).unwrap();
/// let wake = lifecycle.next_wake();
/// assert_eq!(resting.next_wake(), wake);
/// let again = Lifecycle::awake(Policy::default(), &resting);
/// assert_eq!((again.token().unwrap().expose(), again.next_wake()), ("token", wake));
/// ```
#[derive(Debug)]
pub struct Resting {
    token: Token,
    place: (Epoch, Generation),
    jitter: Jitter,
    attempts: u64,
    repeatable: Option<Box<Repeatable>>,
}

/// A refresh token that survives its use: a renewal goes on with it when the store fails.
#[derive(Debug)]
struct Repeatable {
    token: RefreshToken,
    expires: Option<Clocks>,
    reusable: bool,
    requested_scope: Option<Scope>,
    members: Members,
}

impl Resting {
    /// The token.
    #[must_use]
    pub const fn token(&self) -> &Token {
        &self.token
    }

    /// As [`Lifecycle::next_wake`].
    #[must_use]
    pub fn next_wake(&self) -> Option<Instant> {
        Some(self.token.renew_at()?.instant).filter(|wake| *wake < Instant::NEVER)
    }
}

impl Lifecycle {
    /// What to keep of this lifecycle at rest. `None` while it has no token, a renewal is under way, a pause is open, or it
    /// remembers something that neither the token nor the record of a store holds.
    ///
    /// `repeatable`: the provider's refresh tokens survive their use, so a renewal may send one when the store fails. A
    /// single-use refresh token is never sent without the record, so it is not kept.
    #[must_use]
    pub fn rest(&self, repeatable: bool) -> Option<Resting> {
        let remembers = self.closed
            || self.pending_save.is_some()
            || self.failures > 0
            || self.witnesses != Witnesses::default()
            || self.refusals.in_a_row > 0
            || !self.targets.is_empty()
            || self.refused.is_some()
            || self.own_attempt.is_some()
            || self.logged_out
            || self.held.as_ref().is_some_and(|held| held.first_sent.is_some());
        let token = self.token.as_ref().filter(|_| matches!(self.gate, Gate::Open) && !remembers)?;
        let held = self.held.as_ref().filter(|held| repeatable || held.reusable);
        let repeatable = held.map(|held| {
            let RefreshState { token, expires, reusable, requested_scope, members, .. } = held.clone();
            Box::new(Repeatable { token, expires, reusable, requested_scope, members })
        });
        Some(Resting {
            token: token.clone(),
            place: self.place(),
            jitter: self.jitter.clone(),
            attempts: self.attempts,
            repeatable,
        })
    }

    /// The lifecycle of which this was kept. Its next renewal reads the record of the store first.
    #[must_use]
    pub fn awake(policy: Policy, resting: &Resting) -> Self {
        let held = resting.repeatable.as_ref().map(|held| RefreshState {
            token: held.token.clone(),
            expires: held.expires,
            reusable: held.reusable,
            requested_scope: held.requested_scope.clone(),
            members: held.members.clone(),
            first_sent: None,
            replays: 0,
        });
        let (epoch, generation) = resting.place;
        Self {
            jitter: resting.jitter.clone(),
            held,
            epoch,
            generation,
            issued: resting.token.generation(),
            attempts: resting.attempts,
            token: Some(resting.token.clone()),
            ..Self::new(policy, 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;
    use crate::error::TokenError;
    use crate::lifecycle::refusals::Refusals;
    use crate::lifecycle::{Decision, Need};
    use crate::renewal::outcome::{Outcome, OwnAttempt};
    use crate::token::TokenResponse;
    use crate::toy::at;

    fn holding() -> Lifecycle {
        let mut lifecycle = Lifecycle::new(Policy::default(), 7);
        let response = TokenResponse::new("token").with_refresh_token("refresh");
        lifecycle.take_over(response.with_lifetime(Duration::from_secs(3_600)), at(0), at(0));
        lifecycle
    }

    #[test]
    fn a_lifecycle_that_awakes_decides_as_before_and_keeps_only_a_refresh_token_that_survives_its_use() {
        for repeatable in [true, false] {
            let mut before = holding();
            before.attempts = 41;
            let mut after = Lifecycle::awake(Policy::default(), &before.rest(repeatable).unwrap());
            assert_eq!(after.held.is_some(), repeatable);
            assert_eq!((after.place(), after.issued), (before.place(), before.issued));
            for seconds in [0, 3_500, 3_601] {
                let verb = |lifecycle: &mut Lifecycle| match lifecycle.acquire(Need::Fresh, at(seconds)) {
                    Decision::Use(token) => (0, Some(token.generation())),
                    Decision::UseAndRefresh(token, _) => (1, Some(token.generation())),
                    Decision::Refresh(_) => (2, None),
                    Decision::Wait => (3, None),
                    Decision::Fail(_) => (4, None),
                };
                assert_eq!(verb(&mut before), verb(&mut after), "{repeatable} {seconds}");
            }
            assert_eq!(before.attempts, after.attempts, "an attempt has a number of its own");
            assert!(after.attempts > 41, "{}", after.attempts);
        }
    }

    #[test]
    fn a_lifecycle_that_renews_pauses_or_remembers_does_not_rest() {
        let refused = || {
            let mut lifecycle = holding();
            let generation = lifecycle.token().unwrap().generation();
            let _ = lifecycle.reject(generation, at(600));
            lifecycle
        };
        let due = |failed: bool| {
            let mut lifecycle = holding();
            let Decision::UseAndRefresh(_, permit) = lifecycle.acquire(Need::Fresh, at(3_500)) else {
                panic!("it is due")
            };
            if failed {
                let outcome = Outcome::given_up(TokenError::unavailable("down"));
                let _ = lifecycle.complete(permit, outcome, at(3_500));
            }
            lifecycle
        };
        let changed = |change: fn(&mut Lifecycle)| {
            let mut lifecycle = holding();
            change(&mut lifecycle);
            lifecycle
        };
        let busy = [
            Lifecycle::new(Policy::default(), 7),
            refused(),
            due(false),
            due(true),
            changed(Lifecycle::close),
            changed(|lifecycle| lifecycle.save_pending(TokenError::busy("not saved"))),
            changed(|lifecycle| lifecycle.refusals = Refusals { in_a_row: 1, ..Refusals::default() }),
            changed(|lifecycle| lifecycle.witnesses.undecided = 1),
            changed(|lifecycle| {
                let target = crate::CallTarget::of("https://a.example/x");
                lifecycle.targets.refuse(target, Generation::new(1));
            }),
            changed(|lifecycle| lifecycle.failures = 1),
            changed(|lifecycle| lifecycle.own_attempt = Some(OwnAttempt::Unsent(1))),
            changed(|lifecycle| lifecycle.refused = lifecycle.token.clone()),
            changed(|lifecycle| lifecycle.logged_out = true),
            changed(|lifecycle| {
                lifecycle.held.as_mut().unwrap().first_sent = Some(Instant::ORIGIN);
            }),
        ];
        for (n, lifecycle) in busy.iter().enumerate() {
            assert!(lifecycle.rest(true).is_none(), "{n}");
        }
        assert!(holding().rest(true).is_some());
    }
}
