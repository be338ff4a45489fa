//! A spill of the leased attempt that cannot be used: the server has answered that attempt, so its refresh token is spent.
//!
//! A token in force stays usable. Where the renewal would send the refresh token, it fails instead with the error that names
//! the spill. The record says that the refresh token may have been used before any caller gets that error: when a person has
//! moved the spill away, no renewal sends the token. The lease stays in the record, so that a spill that was repaired is
//! found, and saved over the mark.

use super::{Context, Dead, Fallback, Judge, Judged, LoginReason, Sent, StoreError, Stored, store_error};
use crate::time::Clocks;

impl Judge {
    /// Whether the renewal would send a refresh token that the leased attempt has spent.
    pub(super) fn holds_spent(&self, context: &Context) -> bool {
        self.current.held.as_ref().is_some_and(|held| !context.survives_use(held))
    }

    /// Whether the renewal would send a refresh token that the lease of this record may have spent.
    pub(super) fn may_hold_spent(&self, context: &Context, stored: Option<&Stored>) -> bool {
        stored.is_some_and(|stored| stored.record.lease.is_some()) && self.holds_spent(context)
    }

    /// Sends nothing, because the answer to the leased attempt may be spilled where the store cannot look. Nothing is recorded: it
    /// shows once a person has corrected that.
    pub(super) fn without_look(mut self, unseen: &StoreError, now: Clocks) -> Judged {
        match self.retry.after(unseen, now) {
            Some(next) => Judged::LoadAt(next, self),
            None => self.fail(store_error("nothing was sent", unseen)),
        }
    }

    /// Continues without the answer to the leased attempt.
    pub(super) fn without_answer(
        mut self,
        context: &Context,
        unusable: &StoreError,
        stored: Stored,
        sent: Sent,
        now: Clocks,
    ) -> Judged {
        let Stored { version, mut record } = stored;
        if context.fallback() == Fallback::Credentials {
            record.dead.get_or_insert(Dead { reason: LoginReason::Ambiguous, since: now.unix });
            return self.lease(context, Stored { version, record }, sent, true, now);
        }
        if let Some(next) = self.retry.after(unusable, now) {
            return Judged::LoadAt(next, self);
        }
        let error = store_error("nothing was sent", unusable);
        if record.dead.is_some() { self.fail(error) } else { Judged::EndLease(error, version, record, self) }
    }
}
