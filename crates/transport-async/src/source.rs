//! What programs hold: a source of fresh tokens.

use wellspring_transport::twins::prelude::*;
use wellspring_transport::{Driver as _, RenewalGuard, record_methods, source_methods};

use crate::background::{Background, run};
use crate::clock::{polled, wait};
use crate::drive::Worker;

/// A source of fresh tokens. Clones share everything; make one for each credential and keep it.
///
/// Any executor may await the futures of a source. Renewals need a tokio runtime with its drivers for I/O and time
/// (`enable_all`): the caller's runtime, the runtime the source was built on, or the runtime given to the builder.
#[derive(Clone, Debug)]
pub struct TokenSource(pub(crate) Source<Background>);

source_methods!([async] [.await] [Box::pin]);
record_methods!([async] [.await]);

impl TokenSource {
    /// Why this caller cannot run a renewal, if it cannot.
    fn executor(&self, _: Instant) -> Result<(), TokenError> {
        self.0.common.driver.place().map(drop)
    }

    /// Runs the renewal on a task. Without a runtime the renewal ends with an error for all callers that wait.
    fn run_here(&self, renewal: RenewalGuard) {
        if let Ok(place) = self.0.common.driver.place() {
            Background::start(&place, renewal, &self.0.common.transport);
        }
    }

    fn run(&self, renewal: RenewalGuard, _: Instant) {
        self.run_here(renewal);
    }

    /// Runs the renewal on a task. Returns `true`: the caller continues meanwhile.
    fn run_beside(&self, renewal: RenewalGuard, _: Instant) -> bool {
        self.run_here(renewal);
        true
    }

    /// Waits until `ready` returns a value; `None` when the instant comes first, or no runtime measures the time.
    pub(crate) async fn wait<T>(&self, until: Instant, mut ready: impl FnMut() -> Option<T>) -> Option<T> {
        let Ok(place) = self.0.common.driver.place() else { return ready() };
        wait(&self.0.shared.clock, Some(&self.0.shared.changes()), until, &place, polled(ready)).await
    }

    /// Sends this request under the rules of a token request.
    async fn exchange_before(&self, request: &HttpRequest, end: Instant) -> Result<Answer, TokenError> {
        let place = self.0.common.driver.place()?;
        let (transport, clock) = (Arc::clone(&self.0.common.transport), self.0.shared.clock.clone());
        let (request, runtime) = (request.clone(), place.clone());
        let work = async move {
            let worker = Worker { transport: &*transport, runtime: &runtime };
            worker.exchange(&clock, &request, end).await
        };
        Ok(run(&place, work).await?.unwrap_or_else(Answer::Failed))
    }

    /// Saves run on tasks of their own: the source sets none aside.
    fn save_set_aside(&self, _: Instant) -> Result<(), TokenError> {
        Ok(())
    }
}
