//! What this lifecycle knows of a lease of its own: whether its request was sent, and whether the answer came.

use crate::lease::{Attempt, Lease};
use crate::rules::{Rule, holds};

use super::super::outcome::OwnAttempt;
use super::Judge;

impl Judge {
    /// Whether this is the lease of the attempt of which this lifecycle knows this.
    pub(super) fn is_own(&self, lease: &Lease, known: fn(u64) -> OwnAttempt) -> bool {
        let Attempt { owner, number } = lease.attempt;
        owner == self.attempt.owner && self.own_attempt == Some(known(number))
    }

    /// Whether this lease is of an own attempt whose response could not be read, and which could not be recorded.
    pub(super) fn has_answer(&self, lease: &Lease) -> bool {
        self.is_own(lease, OwnAttempt::Answered) && holds(Rule::RememberAnswered)
    }

    /// The lease of this attempt may stand in the record, and it has sent nothing: the save of the lease was not confirmed.
    pub(in crate::renewal) const fn remember_unsent(&mut self) {
        if !matches!(self.own_attempt, Some(OwnAttempt::Answered(_))) {
            self.own_attempt = Some(OwnAttempt::Unsent(self.attempt.number));
        }
    }

    /// This attempt is about to send its request.
    pub(in crate::renewal) fn forget_unsent(&mut self) {
        let unsent = OwnAttempt::Unsent(self.attempt.number);
        self.own_attempt = self.own_attempt.filter(|attempt| *attempt != unsent);
    }
}
