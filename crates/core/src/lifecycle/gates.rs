//! The five gates: what moves them, and what they tell a caller.

use core::time::Duration;

use super::Lifecycle;
use super::gate::{Gate, closed_error};
use crate::decision::GateState;
use crate::error::{ErrorKind, TokenError};
use crate::rules::{Rule, holds};
use crate::time::{Clocks, Instant};
use crate::witnesses::Witnesses;

impl Lifecycle {
    /// From now on no renewal, sign-in or logout starts. The renewal under way continues, and the token in force stays
    /// usable.
    pub const fn close(&mut self) {
        self.closed = true;
    }

    /// Whether [`close`](Self::close) was called.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// A token is held in memory only: no renewal starts before [`save_ended`](Self::save_ended), because it would spend
    /// the refresh token a second time. Callers without a token get this error.
    pub fn save_pending(&mut self, error: TokenError) {
        self.pending_save = Some(error);
    }

    /// The token that was held in memory only is saved or spilled, or the next renewal saves it before all else.
    pub fn save_ended(&mut self) {
        self.pending_save = None;
    }

    /// Whether a token is held in memory only and no renewal may start for that reason.
    #[must_use]
    pub const fn is_save_pending(&self) -> bool {
        self.pending_save.is_some()
    }

    /// Whether a pause is open because the server has refused the client, or because the settings are wrong.
    #[must_use]
    pub fn is_misconfigured(&self) -> bool {
        matches!(&self.gate, Gate::Shut { cause, .. } if cause.kind() == ErrorKind::Misconfigured)
    }

    /// The client has another credential than before, such as a client certificate whose file was exchanged: the pause after
    /// a refusal of the old one ends.
    pub fn credential_changed(&mut self) {
        if self.is_misconfigured() && holds(Rule::ChangeOpens) {
            self.gate = Gate::Open;
            self.failures = 0;
            if holds(Rule::WitnessesOfOneCredential) {
                self.witnesses = Witnesses::default();
            }
        }
    }

    /// Before this instant acquiring another token than the one in force cannot change the answer, whether or not that
    /// token is due. The read path mirrors it.
    #[must_use]
    pub const fn quiet_until(&self) -> Instant {
        match &self.gate {
            Gate::Busy { .. } => Instant::NEVER,
            _ if self.closed || self.pending_save.is_some() => Instant::NEVER,
            Gate::Open => Instant::ORIGIN,
            Gate::Shut { until, .. } => *until,
        }
    }

    /// When a caller that was told this error may get another answer without a change of the lifecycle; `None` when
    /// only a change helps.
    pub(crate) fn retry_at(&self, error: &TokenError, now: Clocks) -> Option<Instant> {
        match self.gate_state(now) {
            GateState::Closed => None,
            GateState::PendingSave => Some(now.instant.plus(self.policy.first_pause)),
            GateState::Open | GateState::Busy | GateState::Shut => {
                error.is_transient().then(|| self.quiet_until())
            }
        }
    }

    pub(super) fn gate_state(&self, now: Clocks) -> GateState {
        match self.gate {
            // Also when closed: the result of the renewal under way is for every caller that waits.
            Gate::Busy { .. } => GateState::Busy,
            _ if self.closed => GateState::Closed,
            _ if self.pending_save.is_some() => GateState::PendingSave,
            Gate::Shut { until, .. } if now.instant < until => GateState::Shut,
            Gate::Shut { .. } | Gate::Open => GateState::Open,
        }
    }

    pub(super) fn gate_error(&self, now: Clocks) -> TokenError {
        match &self.pending_save {
            _ if self.closed => closed_error(),
            Some(error) => error.clone(),
            None => self.shut_error(now),
        }
    }

    pub(super) fn shut_error(&self, now: Clocks) -> TokenError {
        match &self.gate {
            Gate::Shut { until, retry_at, cause } => {
                let own = now.unix.plus(until.since(now.instant));
                cause.clone().with_retry_at(retry_at.unwrap_or(own))
            }
            Gate::Open | Gate::Busy { .. } => TokenError::busy("a renewal is under way"),
        }
    }

    pub(super) fn shut(&mut self, pause: Duration, cause: TokenError, now: Clocks) {
        let retry_at = cause.next_attempt();
        self.gate = Gate::Shut { until: now.instant.plus(pause), retry_at, cause };
    }
}
