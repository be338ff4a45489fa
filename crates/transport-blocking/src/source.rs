//! What programs hold: a source of fresh tokens.

use wellspring_transport::twins::prelude::*;
use wellspring_transport::{Driver as _, GRACE, RenewalGuard, record_methods, source_methods};

use crate::background::{Background, carry_out, finish_save, save_once};
use crate::clock::wait;
use crate::drive::Worker;

/// A source of fresh tokens. Clones share everything; make one for each credential and keep it.
#[derive(Clone, Debug)]
pub struct TokenSource(pub(crate) Source<Background>);

source_methods!([] [] []);
record_methods!([] []);

impl TokenSource {
    /// Why this caller cannot run a renewal: it would cut an exchange short, which may lose a single-use refresh token.
    fn executor(&self, deadline: Instant) -> Result<(), TokenError> {
        if self.0.common.driver.place().is_ok() || self.covers_a_renewal(deadline) {
            return Ok(());
        }
        Err(TokenError::busy(
            "no renewal was started: no thread may be started, and this caller's deadline is too short for an exchange; \
             wait for at least the policy's deadline",
        ))
    }

    /// Whether a whole renewal ends before this instant.
    fn covers_a_renewal(&self, end: Instant) -> bool {
        let shared = &self.0.shared;
        shared.end_of(shared.longest_renewal()) <= end.plus(GRACE)
    }

    /// Runs the renewal in this thread if a whole exchange ends before the deadline, else on a thread of its own. With
    /// a store it runs on a thread of its own, because the time that other lease holders take is not known.
    fn run(&self, renewal: RenewalGuard, deadline: Instant) {
        let in_time = self.covers_a_renewal(deadline) && !self.0.shared.has_store();
        match self.0.common.driver.place() {
            Ok(place) if !in_time => Background::start(&place, renewal, &self.0.common.transport),
            _ => self.run_until(renewal, deadline),
        }
    }

    fn run_here(&self, renewal: RenewalGuard) {
        self.run_until(renewal, Instant::NEVER);
    }

    fn run_until(&self, renewal: RenewalGuard, deadline: Instant) {
        if let Some(save) = carry_out(renewal, &*self.0.common.transport, deadline) {
            finish_save(self.0.common.driver, save, &self.0.common.transport, deadline);
        }
    }

    /// Runs the renewal on a thread of its own and returns `true`. Without threads, runs it in this thread.
    fn run_beside(&self, renewal: RenewalGuard, deadline: Instant) -> bool {
        let place = self.0.common.driver.place();
        match &place {
            Ok(place) => Background::start(place, renewal, &self.0.common.transport),
            Err(_) => self.run_until(renewal, deadline),
        }
        place.is_ok()
    }

    /// Waits until `ready` returns a value; `None` when the instant comes first.
    pub(crate) fn wait<T>(&self, until: Instant, ready: impl FnMut() -> Option<T>) -> Option<T> {
        wait(&self.0.shared.clock, Some(&self.0.shared.changes()), until, ready)
    }

    /// Sends this request under the rules of a token request.
    fn exchange_before(&self, request: &HttpRequest, end: Instant) -> Result<Answer, TokenError> {
        let exchanged = Worker::new(&*self.0.common.transport).exchange(&self.0.shared.clock, request, end);
        Ok(exchanged.unwrap_or_else(Answer::Failed))
    }

    /// Without threads, only a caller continues the saves that were set aside.
    fn save_set_aside(&self, end: Instant) -> Result<(), TokenError> {
        while let Some(save) = self.0.shared.take_up() {
            save_once(save, &*self.0.common.transport, end)?;
        }
        Ok(())
    }
}
