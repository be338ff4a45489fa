//! One caller's way to a token, as a machine: when the caller starts a renewal, waits for one, waits for the end of a
//! pause, and when it is told why there is no token.
//!
//! ```text
//! ask ──▶ Done                           the lifecycle has a token, or a reason why there is none
//!  │ ▲
//!  │ ├── Start, Wait   a renewal runs; its result is the caller's, or a patient caller asks again
//!  │ └── Sleep         a pause; a patient caller asks again when it ends or the lifecycle changes
//!  └──▶ StartBeside    a renewal runs, and the caller does not wait for it
//! ```
//!
//! The driver carries out each [`AcquireStep`] and resumes it. The driver decides where callers park and on what
//! a renewal runs.

use core::ops::ControlFlow;

use crate::error::TokenError;
use crate::lifecycle::{Decision, Lifecycle, Need, Permit};
use crate::renewal::ask::store_error;
use crate::store::StoreError;
use crate::time::{Clocks, Instant};
use crate::token::Token;

/// How long a caller waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the machine matches on every case")]
pub enum Patience {
    /// For one renewal, but not for the end of a pause after a failure.
    OneRenewal,
    /// Through pauses and further renewals, until the caller's deadline.
    UntilDeadline,
}

/// One caller that needs a token. [`ask`](Self::ask), carry out the [`AcquireStep`], and resume with its result, which is
/// the caller's answer or makes it ask again.
#[must_use = "a caller waits for its token"]
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub struct Acquire {
    need: Need,
    patience: Patience,
    deadline: Instant,
    /// A renewal for this very need has brought a token that may not last as long.
    fell_short: bool,
    /// Why the last renewal brought no token.
    failure: Option<TokenError>,
}

/// What the driver does next for a caller.
#[must_use = "a caller waits for its token"]
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
#[expect(clippy::exhaustive_enums, reason = "a driver that overlooks a step must not compile")]
pub enum AcquireStep {
    /// Run a renewal with this permit and resume with its result.
    Start(Permit, AwaitRenewal),
    /// Run a renewal with this permit beside the caller, who gets this token. A driver that can run nothing beside the
    /// caller runs the renewal first and then asks again.
    StartBeside(Permit, Token, Acquire),
    /// Wait for the renewal under way and resume with its result.
    Wait(AwaitRenewal),
    /// Wait until the lifecycle changes or the instant comes.
    Sleep(Instant, AwaitChange),
    /// The caller's answer.
    Done(Result<Token, TokenError>),
}

/// A caller that waits for a renewal.
#[must_use = "a caller waits for its token"]
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub struct AwaitRenewal {
    acquire: Acquire,
    asked: Instant,
    /// The renewal is for this caller's need.
    own: bool,
}

/// A caller that waits for the end of a pause.
#[must_use = "a caller waits for its token"]
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub struct AwaitChange {
    acquire: Acquire,
    until: Instant,
    error: TokenError,
}

impl Acquire {
    /// A caller with this need, this patience, and no time after this instant.
    pub const fn new(need: Need, patience: Patience, deadline: Instant) -> Self {
        Self { need, patience, deadline, fell_short: false, failure: None }
    }

    /// What the caller needs.
    #[must_use]
    pub const fn need(&self) -> Need {
        self.need
    }

    /// The end of the caller's time.
    #[must_use]
    pub const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Asks the lifecycle. `executor` is the reason why this caller can run no renewal, where it cannot.
    pub fn ask(
        self,
        lifecycle: &mut Lifecycle,
        executor: Result<(), TokenError>,
        now: Clocks,
    ) -> AcquireStep {
        // The store may bring the same token again and again.
        let executor = if self.fell_short { Err(short()) } else { executor };
        let has_executor = executor.is_ok();
        let decision = acquire(lifecycle, self.need, executor, now);
        match decision {
            Decision::Use(token) => AcquireStep::Done(Ok(token)),
            Decision::UseAndRefresh(token, permit) => AcquireStep::StartBeside(permit, token, self),
            Decision::Refresh(permit) => AcquireStep::Start(permit, self.waits(true, now)),
            Decision::Wait => AcquireStep::Wait(self.waits(false, now)),
            Decision::Fail(error) => {
                let retry_at = lifecycle.retry_at(&error, now).filter(|retry_at| {
                    has_executor && self.patience == Patience::UntilDeadline && *retry_at < self.deadline
                });
                match retry_at {
                    Some(until) => AcquireStep::Sleep(until, AwaitChange { acquire: self, until, error }),
                    None => AcquireStep::Done(Err(error)),
                }
            }
        }
    }

    const fn waits(self, own: bool, now: Clocks) -> AwaitRenewal {
        AwaitRenewal { acquire: self, asked: now.instant, own }
    }
}

/// The answer of a caller that does not wait, with the permit of the renewal to run beside it.
pub fn acquire_at_once(
    lifecycle: &mut Lifecycle,
    need: Need,
    executor: Result<(), TokenError>,
    now: Clocks,
) -> (Option<Permit>, Result<Token, TokenError>) {
    match acquire(lifecycle, need, executor, now) {
        Decision::Use(token) => (None, Ok(token)),
        Decision::UseAndRefresh(token, permit) => (Some(permit), Ok(token)),
        Decision::Refresh(permit) => (Some(permit), Err(not_yet())),
        Decision::Wait => (None, Err(not_yet())),
        Decision::Fail(error) => (None, Err(error)),
    }
}

fn acquire(lifecycle: &mut Lifecycle, need: Need, executor: Result<(), TokenError>, now: Clocks) -> Decision {
    match executor {
        Ok(()) => lifecycle.acquire(need, now),
        Err(why) => lifecycle.acquire_held(need, why, now),
    }
}

/// Where a caller continues: it asks again, or this is its answer.
pub type Resumed = ControlFlow<Result<Token, TokenError>, Acquire>;

impl AwaitRenewal {
    /// The instant after which the caller no longer waits.
    #[must_use]
    pub const fn deadline(&self) -> Instant {
        self.acquire.deadline
    }

    /// Continues with the renewal's result.
    pub fn resume(self, result: Result<Token, TokenError>) -> Resumed {
        match result {
            Ok(token) if self.may_be_short(&token) => {
                ControlFlow::Continue(Acquire { fell_short: self.own, ..self.acquire })
            }
            Err(error) if self.acquire.patience == Patience::UntilDeadline && error.is_transient() => {
                ControlFlow::Continue(Acquire { failure: Some(error), ..self.acquire })
            }
            result => ControlFlow::Break(result),
        }
    }

    /// The error of a caller whose time ends first. `store` is the store's last answer to the renewal, if it was an error.
    #[must_use]
    pub fn time_up(self, store: Option<&StoreError>) -> TokenError {
        match (store, self.acquire.failure) {
            (None, Some(failure)) => failure,
            (store, _) => overdue(store),
        }
    }

    /// Whether another request could have brought a token that lasts longer: a renewal for a caller with a smaller need
    /// hands out an older token.
    fn may_be_short(&self, token: &Token) -> bool {
        matches!(self.acquire.need, Need::ValidFor(_)) && token.sent().instant < self.asked
    }
}

impl AwaitChange {
    /// Continues. `changed` says whether the lifecycle has changed; without a change before the instant, the clock that
    /// would have woken the caller has ended.
    pub fn resume(self, changed: bool, now: Clocks) -> Resumed {
        if changed || now.instant >= self.until {
            ControlFlow::Continue(self.acquire)
        } else {
            ControlFlow::Break(Err(self.error))
        }
    }
}

/// The error of a caller that does not wait.
fn not_yet() -> TokenError {
    TokenError::busy(
        "there is no token yet, and a renewal is under way: retry, or wait with `token` or `acquire`",
    )
}

/// The error of a caller for which no token lasts long enough.
fn short() -> TokenError {
    TokenError::unavailable("no renewal brought a token that lasts as long as needed: retry, or need less")
}

/// The error of a caller whose time ends while a renewal is under way. `store` is the store's last answer to the renewal,
/// if it was an error.
#[must_use]
pub fn overdue(store: Option<&StoreError>) -> TokenError {
    match store {
        Some(error) => store_error("a renewal is under way and did not end in time", error),
        None => TokenError::busy("a renewal is under way and did not end in time: retry"),
    }
}

#[cfg(test)]
mod tests;
