//! Ending a lapsed lease whose grant may not be sent again: the record says that the user has to sign in.
//!
//! No process waits for that lease again. If its owner is alive after all, it still saves its token over the mark. Only a
//! lease whose spill cannot be used stays beside the mark: it names the spill, which a person may repair.

use crate::error::{ErrorKind, TokenError};
use crate::login_reason::LoginReason;
use crate::record::{Dead, Record};
use crate::store::{StoreError, Swap, Version};
use crate::time::Clocks;

use super::ask::store_error;
use super::judge::{Judge, Judged};
use super::operation::Save;
use super::outcome::Failure;

/// A lease that is being ended.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct EndLease {
    judge: Judge,
    error: TokenError,
}

impl EndLease {
    /// The user has to sign in, for this error. Returns what is to be saved.
    pub(super) fn begin(
        error: TokenError,
        version: Version,
        record: Record,
        judge: Judge,
        now: Clocks,
    ) -> (Save, Self) {
        let reason = match error.kind() {
            ErrorKind::LoginRequired { reason } => reason,
            _ => LoginReason::Ambiguous,
        };
        let dead = record.dead.or(Some(Dead { reason, since: now.unix }));
        let lease = record.lease.filter(|_| is_of_spill(&error));
        let record = Record { lease, dead, throttle: None, ..record };
        (Save { expected: Some(version), record, liveness_lock: false }, Self { judge, error })
    }

    /// Continues with the result of the save. If the store has failed, the record may have changed, and the next renewal
    /// looks again.
    pub(super) fn saved(self, saved: Result<Swap, StoreError>) -> Judged {
        let Self { judge, error } = self;
        match saved {
            Ok(Swap::Conflict) => Judged::Load(judge),
            Ok(Swap::Done(_)) => Judged::Fail(Failure::looked(error, None, judge.logged_out)),
            // The spill prevents the request also without the mark.
            Err(_) if is_of_spill(&error) => Judged::Fail(Failure::looked(error, None, judge.logged_out)),
            Err(failure) => {
                let text = "the refresh token may have been used, and that could not be recorded";
                Judged::Fail(Failure::looked(
                    store_error(text, &failure),
                    judge.current.held,
                    judge.logged_out,
                ))
            }
        }
    }
}

/// Whether this is the error of a spill that cannot be used.
fn is_of_spill(error: &TokenError) -> bool {
    error.kind() == ErrorKind::Store
}
