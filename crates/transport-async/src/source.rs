//! What programs hold: a source of tokens, each of them fresh.

use core::task::Poll;

use wellspring_transport::twins::prelude::*;
use wellspring_transport::{Driver as _, InFlight, RenewalGuard, source_methods};

use crate::background::{Background, run};
use crate::builder::Builder;
use crate::clock::wait;
use crate::drive::exchange;

/// A source of tokens, each of them fresh. Clones share everything; make one for each credential and keep it.
///
/// Every future of a source may be awaited on any executor. Renewals need a tokio runtime with its drivers for I/O and
/// time (`enable_all`): the caller's, the one the source was built on, or one given to the builder.
#[derive(Clone)]
pub struct TokenSource(pub(crate) Source<Background>);

source_methods!([async] [.await] [Box::pin]);

impl TokenSource {
    /// Why this caller can run no renewal.
    fn executor(&self, _: Instant) -> Result<(), TokenError> {
        self.0.driver.place().map(drop)
    }

    /// Runs the renewal beside the caller.
    fn run(&self, renewal: RenewalGuard, _: Instant) {
        self.run_here(renewal);
    }

    /// The same. A renewal that finds no runtime ends with an error for all that wait.
    fn run_here(&self, renewal: RenewalGuard) {
        if let Ok(place) = self.0.driver.place() {
            Background::start(&place, renewal, &self.0.transport);
        }
    }

    /// The same; the caller goes on meanwhile.
    fn run_beside(&self, renewal: RenewalGuard, _: Instant) -> bool {
        self.run_here(renewal);
        true
    }

    /// The renewal's result; `None` when the instant comes first, or no runtime is left to tell the time.
    async fn wait_for(&self, in_flight: &InFlight, end: Instant) -> Option<Result<Token, TokenError>> {
        let Ok(place) = self.0.driver.place() else { return in_flight.result() };
        let (clock, changes) = (self.0.shared.clock(), self.0.shared.changes());
        wait(clock, Some(changes), end, &place, |_| match in_flight.result() {
            Some(result) => Poll::Ready(result),
            None => Poll::Pending,
        })
        .await
    }

    /// Waits for a change since this count of changes, or for the instant. Whether there was one.
    async fn change_after(&self, seen: u64, until: Instant) -> bool {
        let Ok(place) = self.0.driver.place() else { return false };
        let (clock, changes) = (self.0.shared.clock(), self.0.shared.changes());
        let changed = |_: &mut core::task::Context<'_>| {
            if changes.count() == seen { Poll::Pending } else { Poll::Ready(()) }
        };
        wait(clock, Some(changes), until, &place, changed).await.is_some()
    }

    /// Sends this request under the rules of a token request.
    async fn exchange_before(&self, request: &HttpRequest, end: Instant) -> Result<Answer, TokenError> {
        let place = self.0.driver.place()?;
        let (transport, clock) = (Arc::clone(&self.0.transport), self.0.shared.clock().clone());
        let (request, runtime) = (request.clone(), place.clone());
        let work = async move { exchange(&*transport, &clock, &request, end, &runtime).await };
        Ok(run(&place, work).await?.unwrap_or_else(Answer::Failed))
    }

    /// Saves run on tasks of their own: none is set aside.
    fn save_set_aside(&self, _: Instant) -> Result<(), TokenError> {
        Ok(())
    }
}
