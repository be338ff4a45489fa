//! Where sessions begin and end: sign-in, logout, and saves that end late.

use alloc::sync::Arc;
use core::time::Duration;

use super::Lifecycle;
use super::gate::{Gate, closed_error};
use super::permit::Known;
use crate::error::TokenError;
use crate::generation::{Epoch, Generation};
use crate::login_reason::LoginReason;
use crate::provider::{AuthorizationGrant, Provider};
use crate::record::{Record, SessionState};
use crate::renewal::job::{Goal, RenewalJob};
use crate::renewal::outcome::Failure;
use crate::renewal::outcome::{Outcome, Revocation};
use crate::time::Clocks;
use crate::token::Token;

impl Lifecycle {
    /// The job of exchanging a new grant, for example an authorization code. The grant is sent once; the outcome goes to
    /// [`signed_in`](Self::signed_in).
    ///
    /// # Errors
    ///
    /// When the lifecycle is closed.
    pub fn sign_in(
        &mut self,
        provider: Arc<dyn Provider>,
        grant: AuthorizationGrant,
    ) -> Result<RenewalJob, TokenError> {
        self.job(provider, Goal::SignIn(grant))
    }

    /// The job of logging out; the outcome goes to [`signed_out`](Self::signed_out).
    ///
    /// # Errors
    ///
    /// When the lifecycle is closed.
    pub fn sign_out(&mut self, provider: Arc<dyn Provider>) -> Result<RenewalJob, TokenError> {
        let goal = Goal::SignOut { held: self.held.clone() };
        self.job(provider, goal)
    }

    /// The job of forgetting the session: as a logout, but nothing is revoked. The outcome goes to
    /// [`forgotten`](Self::forgotten).
    ///
    /// # Errors
    ///
    /// When the lifecycle is closed.
    pub fn forget(&mut self, provider: Arc<dyn Provider>) -> Result<RenewalJob, TokenError> {
        self.job(provider, Goal::Forget)
    }

    pub(super) fn job(&mut self, provider: Arc<dyn Provider>, goal: Goal) -> Result<RenewalJob, TokenError> {
        if self.is_closed() {
            return Err(closed_error());
        }
        self.attempts = self.attempts.wrapping_add(1);
        Ok(self.known().job(provider, self.place(), self.attempts, goal))
    }

    pub(super) fn known(&self) -> Known {
        Known {
            policy: self.policy.clone(),
            jitter: self.jitter.clone(),
            failures: self.failures,
            witnesses: self.witnesses,
            proven: self.proven,
            own_attempt: self.own_attempt,
            logged_out: self.logged_out,
        }
    }

    /// A sign-in has ended. Its token is newer than all before it.
    ///
    /// # Errors
    ///
    /// The reason why it brought no token.
    pub fn signed_in(&mut self, outcome: Outcome, now: Clocks) -> Result<Token, TokenError> {
        match outcome {
            Outcome::Renewed(record, sent) => {
                let place = record.place();
                let place = if place > self.place() { place } else { self.next_place() };
                self.proven = record.proven;
                match record.state {
                    SessionState::Active(granted) => Ok(self.install(place, granted, Some(sent), now)),
                    SessionState::Empty | SessionState::LoggedOut => {
                        Err(TokenError::unavailable("the sign-in brought no token"))
                    }
                }
            }
            Outcome::Kept(mut record, error) => {
                if record.place() <= self.place() {
                    (record.epoch, record.generation) = self.next_place();
                }
                self.token = None;
                self.keep(&record, now);
                self.reopen();
                Err(error)
            }
            Outcome::Adopted(record) => {
                let overtaken = || TokenError::unavailable("the sign-in was overtaken by another one");
                self.adopt(&record, now).ok_or_else(overtaken)
            }
            Outcome::Failed(failure) => Err(failure.error),
            Outcome::SignedOut(..) | Outcome::Forgotten(_) | Outcome::Imported(_) | Outcome::Looked(_) => {
                Err(TokenError::unavailable("the sign-in was overtaken by a logout"))
            }
        }
    }

    /// A logout has ended: there is no session any more. Returns the result of the revocation.
    ///
    /// # Errors
    ///
    /// The reason why the user is not logged out.
    pub fn signed_out(&mut self, outcome: Outcome, now: Clocks) -> Result<Revocation, TokenError> {
        match outcome {
            Outcome::SignedOut(record, revocation) => {
                self.ended_at(record.as_ref(), now);
                Ok(revocation)
            }
            Outcome::Failed(failure) => Err(failure.error),
            Outcome::Renewed(..)
            | Outcome::Kept(..)
            | Outcome::Adopted(_)
            | Outcome::Forgotten(_)
            | Outcome::Imported(_)
            | Outcome::Looked(_) => Err(TokenError::unavailable("the logout was overtaken by a sign-in")),
        }
    }

    /// The session was forgotten: there is none any more.
    ///
    /// # Errors
    ///
    /// The reason why the session is still there.
    pub fn forgotten(&mut self, outcome: Outcome, now: Clocks) -> Result<(), TokenError> {
        match outcome {
            Outcome::Forgotten(record) => {
                self.ended_at(record.as_ref(), now);
                Ok(())
            }
            Outcome::Failed(failure) => Err(failure.error),
            Outcome::Renewed(..)
            | Outcome::Kept(..)
            | Outcome::Adopted(_)
            | Outcome::SignedOut(..)
            | Outcome::Imported(_)
            | Outcome::Looked(_) => Err(TokenError::unavailable("the end of the session was overtaken")),
        }
    }

    /// The session has ended, with this tombstone where there is a store.
    fn ended_at(&mut self, tombstone: Option<&Record>, now: Clocks) {
        let place = tombstone.map_or_else(|| self.next_place(), Record::place);
        if place > self.place() {
            (self.epoch, self.generation) = place;
        }
        self.end_session();
        if !matches!(self.gate, Gate::Busy { .. }) {
            let cause = TokenError::login_required(LoginReason::LoggedOut);
            self.shut(Duration::MAX, cause, now);
        }
    }

    /// A save that went on after its renewal has ended.
    pub fn recovered(&mut self, outcome: Outcome, now: Clocks) {
        match outcome {
            Outcome::Renewed(record, _) | Outcome::Kept(record, _) | Outcome::Adopted(record) => {
                let _ = self.adopt(&record, now);
            }
            Outcome::Failed(Failure { facts: Some(facts), .. }) if facts.logged_out => self.end_session(),
            Outcome::Failed(_)
            | Outcome::SignedOut(..)
            | Outcome::Forgotten(_)
            | Outcome::Imported(_)
            | Outcome::Looked(_) => {}
        }
    }

    pub(super) fn end_session(&mut self) {
        self.logged_out = true;
        self.token = None;
        self.held = None;
    }

    pub(super) const fn next_place(&self) -> (Epoch, Generation) {
        (self.epoch.next(), self.generation.next())
    }
}
