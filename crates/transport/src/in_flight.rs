//! The result of a renewal or a save, for the callers that wait for it.

use core::ops::ControlFlow;
use core::time::Duration;
use std::sync::PoisonError;

use wellspring_core::{
    Attachments, AwaitRenewal, Instant, Permit, Resumed, Revocation, StoreError, Token, TokenError, overdue,
};

use crate::observed::Job;
use crate::sync::{Mutex, OnceLock};

/// A renewal or a save in flight, as the callers that wait for it see it.
#[derive(Debug, Default)]
pub struct InFlight {
    result: OnceLock<Result<Token, TokenError>>,
    report: OnceLock<Report>,
    /// When it began, where an observer is told.
    began: OnceLock<Instant>,
    /// Whether its token came from the store.
    from_store: OnceLock<()>,
    /// The store's last answer, while it is an error.
    store_error: Mutex<Option<StoreError>>,
}

impl InFlight {
    /// The result, once the renewal has ended.
    #[must_use]
    pub fn result(&self) -> Option<Result<Token, TokenError>> {
        self.result.get().cloned()
    }

    /// The result that is no token, once a logout or a change of the session's record has ended.
    #[must_use]
    pub fn report(&self) -> Option<Report> {
        self.report.get().cloned()
    }

    /// The result of the revocation at the endpoint, once a logout has ended.
    #[must_use]
    pub fn revocation(&self) -> Option<Revocation> {
        if let Some(Report::Revocation(revocation)) = self.report() { Some(revocation) } else { None }
    }

    /// Where a caller continues that has waited for this renewal; without a result its time has ended first.
    pub fn resume(&self, waiting: AwaitRenewal, result: Option<Result<Token, TokenError>>) -> Resumed {
        match result {
            Some(result) => waiting.resume(result),
            None => ControlFlow::Break(Err(waiting.time_up(self.store_error().as_ref()))),
        }
    }

    /// The error of a caller whose time ends before this renewal or save.
    #[must_use]
    pub fn overdue(&self) -> TokenError {
        overdue(self.store_error().as_ref())
    }

    fn store_error(&self) -> Option<StoreError> {
        self.store_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The store has answered, with this error or without one.
    pub(crate) fn store_answered(&self, error: Option<&StoreError>) {
        *self.store_error.lock().unwrap_or_else(PoisonError::into_inner) = error.cloned();
    }

    pub(crate) fn finish(&self, result: Result<Token, TokenError>) {
        // A renewal has one guard, which ends once.
        let _ = self.result.set(result);
    }

    pub(crate) fn begin(&self, now: Instant) {
        let _ = self.began.set(now);
    }

    pub(crate) fn began(&self) -> Option<Instant> {
        self.began.get().copied()
    }

    pub(crate) fn set_from_store(&self) {
        let _ = self.from_store.set(());
    }

    pub(crate) fn is_from_store(&self) -> bool {
        self.from_store.get().is_some()
    }

    pub(crate) fn set_report(&self, report: Report) {
        let _ = self.report.set(report);
    }
}

/// The result of what brings no token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Report {
    /// Of a logout: the result of the revocation at the endpoint.
    Revocation(Revocation),
    /// The session was forgotten.
    Forgotten,
    /// Of an import: whether the session is that of the imported tokens.
    Imported(bool),
    /// Of a look at the record, or a change of its attachments: the attachments.
    Attachments(Attachments),
    /// Of a look at the record: how long ago the session's refresh token was obtained; `None` without one.
    SessionAge(Option<Duration>),
}

/// What a renewal was started for.
#[derive(Debug)]
pub(crate) enum JobKind {
    Renewal(Box<Permit>),
    SignIn,
    SignOut,
    Forget,
    Import,
    Attach,
    /// A look at the age of the session.
    Age,
}

impl JobKind {
    pub(crate) const fn job(&self) -> Job {
        match self {
            Self::Renewal(_) => Job::Renewal,
            Self::SignIn => Job::SignIn,
            Self::SignOut | Self::Forget => Job::SessionEnd,
            Self::Import | Self::Attach | Self::Age => Job::Amendment,
        }
    }
}
