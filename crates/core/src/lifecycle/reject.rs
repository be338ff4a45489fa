//! What a refused token leads to.

use super::refusals::Refusals;
use super::{Lifecycle, Rejected, in_force};
use crate::decision::{Refusal, RefusedToken, decide_refusal};
use crate::generation::Generation;
use crate::time::Clocks;

impl Lifecycle {
    /// An API has refused the token of this generation: is there, or can there be, a different one?
    pub fn reject(&mut self, generation: Generation, now: Clocks) -> Rejected {
        let held = self.token.as_ref().filter(|token| in_force(token, now));
        let young =
            held.is_some_and(|token| now.instant.since(token.sent().instant) < self.policy.refusal_window);
        let refused = match held {
            None => RefusedToken::Gone,
            Some(token) if token.generation() != generation => RefusedToken::Replaced,
            Some(_) if young && now.instant < self.refusals.pause_until => RefusedToken::Suspended,
            Some(_) => RefusedToken::Current,
        };
        let refusal = decide_refusal(refused, self.gate_state(now));
        if matches!(refusal, Refusal::Discard | Refusal::DiscardAndKeep) && refused != RefusedToken::Gone {
            if refused == RefusedToken::Current {
                self.count_refusal(young, now);
            }
            self.refused = self.token.take();
        }
        match (refusal, &self.token) {
            (Refusal::UseOther, Some(token)) => Rejected::Replaced(token.clone()),
            (Refusal::Discard | Refusal::UseOther, _) => Rejected::Renew,
            (Refusal::DiscardAndKeep | Refusal::Keep, _) => Rejected::KeepResponse,
        }
    }

    /// Tokens refused soon after their issue, in a row, open a pause that doubles.
    fn count_refusal(&mut self, young: bool, now: Clocks) {
        if !young {
            self.refusals = Refusals::default();
            return;
        }
        self.refusals.in_a_row = self.refusals.in_a_row.saturating_add(1);
        let pause = self.policy.pause(self.refusals.in_a_row, &mut self.jitter);
        self.refusals.pause_until = now.instant.plus(pause);
    }
}
