//! What programs hold: a source of tokens, each of them fresh.

use wellspring_transport::twins::prelude::*;
use wellspring_transport::{Driver as _, InFlight, MOMENT, RenewalGuard, source_methods};

use crate::background::{Background, carry_out, finish_save, save_once};
use crate::builder::Builder;
use crate::clock::wait;
use crate::drive::exchange;

/// A source of tokens, each of them fresh. Clones share everything; make one for each credential and keep it.
#[derive(Clone)]
pub struct TokenSource(pub(crate) Source<Background>);

source_methods!([] [] []);

impl TokenSource {
    /// Why this caller can run no renewal: it could only cut an exchange short, which may lose a single-use grant.
    fn executor(&self, deadline: Instant) -> Result<(), TokenError> {
        if self.0.driver.place().is_ok() || self.covers_a_renewal(deadline) {
            return Ok(());
        }
        Err(TokenError::busy(
            "no thread may be started to renew on, and there is no time for a whole exchange: wait for the policy's \
             deadline",
        ))
    }

    /// Whether a whole renewal ends before this instant.
    fn covers_a_renewal(&self, end: Instant) -> bool {
        let shared = &self.0.shared;
        shared.end_of(shared.longest_renewal()) <= end.plus(MOMENT)
    }

    /// Runs the renewal in the caller, if there is time for a whole exchange, else on a thread. With a store it runs on a
    /// thread, because the time that other lease holders take is not known.
    fn run(&self, renewal: RenewalGuard, deadline: Instant) {
        let in_time = self.covers_a_renewal(deadline) && self.0.shared.storage().is_none();
        match self.0.driver.place() {
            Ok(place) if !in_time => Background::start(&place, renewal, &self.0.transport),
            _ => self.run_until(renewal, deadline),
        }
    }

    fn run_here(&self, renewal: RenewalGuard) {
        self.run_until(renewal, Instant::NEVER);
    }

    fn run_until(&self, renewal: RenewalGuard, deadline: Instant) {
        if let Some(save) = carry_out(renewal, &*self.0.transport, deadline) {
            finish_save(self.0.driver.place().ok(), save, &self.0.transport, deadline);
        }
    }

    /// Runs the renewal on a thread, and returns whether it could; else runs it here.
    fn run_beside(&self, renewal: RenewalGuard, deadline: Instant) -> bool {
        let Ok(place) = self.0.driver.place() else {
            self.run_until(renewal, deadline);
            return false;
        };
        Background::start(&place, renewal, &self.0.transport);
        true
    }

    /// The renewal's result; `None` when the instant comes first.
    fn wait_for(&self, in_flight: &InFlight, end: Instant) -> Option<Result<Token, TokenError>> {
        wait(self.0.shared.clock(), Some(self.0.shared.changes()), end, || in_flight.result())
    }

    /// Waits for a change since this count of changes, or for the instant. Whether there was one.
    fn change_after(&self, seen: u64, until: Instant) -> bool {
        let changes = self.0.shared.changes();
        let changed = || (changes.count() != seen).then_some(());
        wait(self.0.shared.clock(), Some(changes), until, changed).is_some()
    }

    /// Sends this request under the rules of a token request.
    fn exchange_before(&self, request: &HttpRequest, end: Instant) -> Result<Answer, TokenError> {
        let exchanged = exchange(&*self.0.transport, self.0.shared.clock(), request, end);
        Ok(exchanged.unwrap_or_else(Answer::Failed))
    }

    /// Without threads only a caller goes on with saves that were set aside.
    fn save_set_aside(&self, end: Instant) -> Result<(), TokenError> {
        while let Some(save) = self.0.shared.take_up() {
            save_once(save, &*Arc::clone(&self.0.transport), end)?;
        }
        Ok(())
    }
}
