//! What a refused token leads to.

use super::refusals::Refusals;
use super::targets::CallTarget;
use super::{Lifecycle, Rejected, in_force};
use crate::decision::{Refusal, RefusedToken, decide_refusal};
use crate::generation::Generation;
use crate::time::Clocks;

impl Lifecycle {
    /// An API has refused the token of this generation: is there, or can there be, a different one?
    pub fn reject(&mut self, generation: Generation, now: Clocks) -> Rejected {
        self.rejected(None, generation, now)
    }

    /// The same of a call to this target. A target that refuses two fresh tokens in a row refuses every token: from then on its
    /// refusals renew nothing, until it accepts a token or a new session begins.
    pub fn reject_at(&mut self, target: CallTarget, generation: Generation, now: Clocks) -> Rejected {
        self.rejected(Some(target), generation, now)
    }

    /// An API has accepted a token at this target.
    pub fn accepted_at(&mut self, target: CallTarget) {
        self.targets.accept(target);
    }

    /// Whether a target is remembered, so that [`accepted_at`](Self::accepted_at) may change something.
    #[must_use]
    pub fn remembers_targets(&self) -> bool {
        !self.targets.is_empty()
    }

    fn rejected(&mut self, target: Option<CallTarget>, generation: Generation, now: Clocks) -> Rejected {
        let held = self.token.as_ref().filter(|token| in_force(token, now));
        let young =
            held.is_some_and(|token| now.instant.since(token.sent().instant) < self.policy.refusal_window);
        // A token of unknown lifetime may have ended: then a refusal counts again after a while.
        let may_have_ended = held.is_some_and(|token| {
            token.expires().is_none() && now.instant.since(token.sent().instant) >= self.policy.dead_pause
        });
        if let (Some(target), true, true) =
            (target, young, held.is_some_and(|token| token.generation() == generation))
        {
            self.targets.refuse(target, generation);
        }
        let refuses_all = target.is_some_and(|target| self.targets.refuses_all(target)) && !may_have_ended;
        let refused = match held {
            None => RefusedToken::Gone,
            Some(token) if token.generation() != generation => RefusedToken::Replaced,
            Some(_) if refuses_all => RefusedToken::Suspended,
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
