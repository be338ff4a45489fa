//! The loop that carries out a renewal's steps.

use wellspring_transport::twins::prelude::*;
use wellspring_transport::{ActiveRenewal, Slices, drive_methods};

use crate::clock::wait;
use crate::transport::Transport;

/// Carries out steps in this thread.
pub(crate) struct Worker<'a> {
    transport: &'a dyn Transport,
    /// The end of each operation on the store.
    operation_end: Instant,
    /// The end of each wait.
    wait_end: Instant,
}

drive_methods!([] []);

impl<'a> Worker<'a> {
    pub(crate) const fn new(transport: &'a dyn Transport) -> Self {
        Self { transport, operation_end: Instant::NEVER, wait_end: Instant::NEVER }
    }

    /// Carries out steps until the renewal has ended. It waits for other processes, and before it retries, until `end`
    /// unless a token would be lost by that, and makes at most so many pauses. After these it returns the next step.
    pub(crate) fn drive(
        mut self,
        active: &mut ActiveRenewal,
        first: Step,
        end: Instant,
        mut pauses: u32,
    ) -> Result<(Outcome, Option<UnfinishedSave>), Box<Step>> {
        // A caller with a deadline tries once.
        self.operation_end = if pauses == 1 { end } else { Instant::NEVER };
        let mut step = first;
        loop {
            // A token is saved, however late it is. A renewal that only waits leaves time for the exchange after it.
            let exchange_deadline = active.shared().policy().deadline;
            self.wait_end =
                if step.pending_save().is_some() { Instant::NEVER } else { end.minus(exchange_deadline) };
            let sleeps = matches!(step, Step::Sleep(..));
            let ends = || pauses == 0 || active.shared().clock.now().instant >= self.wait_end;
            if (sleeps || matches!(step, Step::Watch(..))) && ends() {
                return Err(Box::new(step));
            }
            pauses -= u32::from(sleeps);
            active.enter(&step);
            step = match step {
                Step::Done(outcome, unfinished) => return Ok((outcome, unfinished)),
                step => self.carry_out(active, step),
            };
        }
    }

    fn slices(&self, _: &ActiveRenewal, deadline: Instant) -> Slices {
        Slices::new(deadline.min(self.operation_end), self.wait_end)
    }

    fn run<O: StoreOp>(
        &self,
        active: &ActiveRenewal,
        operation: &Arc<O>,
        within: Duration,
    ) -> Result<O::Reply, StoreError> {
        active.run(operation, within)()
    }

    fn sleep(&self, clock: &Clock, until: Instant) {
        wait(clock, None, until.min(self.wait_end), || None::<()>);
    }

    /// Sends the request. Only the transport ends it: a request that was sent cannot be taken back.
    fn send(
        &self,
        _: &Clock,
        request: &HttpRequest,
        within: Duration,
        _: Instant,
    ) -> Result<HttpResponse, TransportError> {
        self.transport.exchange(request, within)
    }
}
