//! What a caller's need leads to: a token, a renewal to run, or a wait.

use core::time::Duration;
use std::sync::Arc;

use wellspring_core::{
    Acquire, AcquireStep, Amendment, AuthorizationGrant, AwaitChange, AwaitRenewal, Fingerprint, Instant,
    Lifecycle, Need, Permit, Provider, RenewalJob, Token, TokenError, acquire_at_once,
};

use crate::events;
use crate::guards::RenewalGuard;
use crate::in_flight::{InFlight, JobKind};
use crate::shared::SharedLifecycle;
use crate::stage::{Locked, State};

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
    /// Return this result to the caller.
    Done(Result<Token, TokenError>),
}

/// The result for a caller that does not wait, and the renewal to run beside it.
type AtOnce = (Option<RenewalGuard>, Result<Token, TokenError>);

impl SharedLifecycle {
    /// The next action for a caller. `executor` is an error where this caller cannot run a renewal.
    pub fn ask(self: &Arc<Self>, acquire: Acquire, executor: Result<(), TokenError>) -> Action {
        let mut state = self.lock();
        look_at_credential(&mut state);
        let seen = state.changes.count();
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
        self.mirror(&state);
        action
    }

    /// The result for a caller that does not wait, with the renewal to run beside it.
    pub fn ask_at_once(self: &Arc<Self>, executor: Result<(), TokenError>) -> AtOnce {
        self.at_once(self.lock(), executor)
    }

    /// The same; `None` when another thread holds the lock.
    #[must_use]
    pub fn try_ask_at_once(self: &Arc<Self>, executor: Result<(), TokenError>) -> Option<AtOnce> {
        Some(self.at_once(self.try_lock()?, executor))
    }

    fn at_once(self: &Arc<Self>, mut state: Locked<'_>, executor: Result<(), TokenError>) -> AtOnce {
        look_at_credential(&mut state);
        let now = self.clock.now();
        let (permit, result) = acquire_at_once(&mut state.lifecycle, Need::Fresh, executor, now);
        let renewal = permit.map(|permit| self.renewal(&mut state, permit));
        self.mirror(&state);
        (renewal, result)
    }

    fn renewal(self: &Arc<Self>, state: &mut State, permit: Permit) -> RenewalGuard {
        let in_flight = Arc::new(InFlight::default());
        state.in_flight = Some(Arc::clone(&in_flight));
        state.credential = Some(credential(&*state.provider));
        events::renewal_started(self.name());
        let job = permit.job(Arc::clone(&state.provider));
        RenewalGuard::new(Arc::clone(self), in_flight, job, JobKind::Renewal(Box::new(permit)))
    }

    /// The exchange of a new grant. The grant is sent once.
    ///
    /// # Errors
    ///
    /// When the source is closed.
    pub fn sign_in(self: &Arc<Self>, grant: AuthorizationGrant) -> Result<RenewalGuard, TokenError> {
        self.beside(JobKind::SignIn, |lifecycle, provider| lifecycle.sign_in(provider, grant))
    }

    /// The end of the session.
    ///
    /// # Errors
    ///
    /// When the source is closed.
    pub fn sign_out(self: &Arc<Self>) -> Result<RenewalGuard, TokenError> {
        self.beside(JobKind::SignOut, |lifecycle, provider| lifecycle.sign_out(provider))
    }

    /// The end of the session, without a revocation.
    ///
    /// # Errors
    ///
    /// When the source is closed.
    pub fn forget(self: &Arc<Self>) -> Result<RenewalGuard, TokenError> {
        self.beside(JobKind::Forget, |lifecycle, provider| lifecycle.forget(provider))
    }

    /// A change of the session's record, or a look at it. Nothing is sent.
    ///
    /// # Errors
    ///
    /// When the source is closed.
    pub fn amend(self: &Arc<Self>, amendment: Amendment) -> Result<RenewalGuard, TokenError> {
        let kind = if matches!(amendment, Amendment::Import(_)) { JobKind::Import } else { JobKind::Attach };
        self.beside(kind, |lifecycle, provider| lifecycle.amend(provider, amendment))
    }

    /// A look at the age of the session. Nothing is sent.
    ///
    /// # Errors
    ///
    /// When the source is closed.
    pub fn session_age(self: &Arc<Self>) -> Result<RenewalGuard, TokenError> {
        self.beside(JobKind::Age, |lifecycle, provider| lifecycle.amend(provider, Amendment::Look))
    }

    /// Whether this token was obtained before this instant, and so long ago that its refresh token counts as unused.
    #[must_use]
    pub fn is_unused_since(&self, token: &Token, began: Instant, unused: Duration) -> bool {
        let sent = token.sent();
        sent.instant < began && self.clock.now().unix.since(sent.unix) >= unused
    }

    fn beside(
        self: &Arc<Self>,
        kind: JobKind,
        job: impl FnOnce(&mut Lifecycle, Arc<dyn Provider>) -> Result<RenewalJob, TokenError>,
    ) -> Result<RenewalGuard, TokenError> {
        let mut state = self.lock();
        let provider = Arc::clone(&state.provider);
        let job = job(&mut state.lifecycle, provider)?;
        let in_flight = Arc::new(InFlight::default());
        state.others.push(Arc::clone(&in_flight));
        Ok(RenewalGuard::new(Arc::clone(self), in_flight, job, kind))
    }
}

/// Ends the pause after a refusal if the credential is another one now: the files of a client certificate may change while
/// the program runs.
fn look_at_credential(state: &mut State) {
    if state.lifecycle.is_misconfigured()
        && state.credential.is_some_and(|it| it != credential(&*state.provider))
    {
        state.lifecycle.credential_changed();
    }
}

fn credential(provider: &dyn Provider) -> u64 {
    // It never leaves the process, so the salt protects nothing.
    Fingerprint::of(provider, 0).hash
}
