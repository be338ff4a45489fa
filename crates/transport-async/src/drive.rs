//! The loop that carries out a renewal's steps.

use core::panic::AssertUnwindSafe;
use core::pin::pin;
use core::task::{Context, Poll};

use std::panic::catch_unwind;

use tokio::runtime::Handle;
use wellspring_transport::twins::prelude::*;
use wellspring_transport::{ActiveRenewal, Failure, LOOK, LOOKS, Slices, drive_methods};

use crate::clock::wait;
use crate::off_thread::{GRACE, on_thread};
use crate::transport::Transport;

/// Carries out steps on this runtime.
#[derive(Clone, Copy)]
pub(crate) struct Worker<'a> {
    pub(crate) transport: &'a dyn Transport,
    pub(crate) runtime: &'a Handle,
}

drive_methods!([async] [.await]);

impl Worker<'_> {
    /// Carries out steps until the renewal has ended.
    pub(crate) async fn drive(
        self,
        active: &mut ActiveRenewal,
        first: Step,
    ) -> (Outcome, Option<UnfinishedSave>) {
        let mut step = first;
        loop {
            active.enter(&step);
            step = match step {
                Step::Done(outcome, unfinished) => return (outcome, unfinished),
                step => self.carry_out(active, step).await,
            };
        }
    }

    fn slices(&self, active: &ActiveRenewal, deadline: Instant) -> Slices {
        if active.is_awaited() { Slices::awaited(deadline) } else { Slices::new(deadline, Instant::NEVER) }
    }

    /// Runs the operation once: in this task, if the store is asynchronous, else on a thread for blocking work.
    async fn run<O: StoreOp>(
        &self,
        active: &ActiveRenewal,
        operation: &Arc<O>,
        within: Duration,
    ) -> Result<O::Reply, StoreError> {
        let reply = match active.run_async(operation, within) {
            Some(future) => self.poll(future, within).await,
            None => on_thread(self.runtime, within, active.run(operation, within)).await?,
        };
        reply.unwrap_or_else(|| Err(O::timed_out()))
    }

    /// The output of this future of a store; `None` if it panics, or takes much longer than it may.
    async fn poll<T>(&self, future: impl Future<Output = T>, within: Duration) -> Option<T> {
        let mut future = pin!(future);
        let look = |context: &mut Context<'_>| {
            let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
            polled.map_or(Poll::Ready(None), |polled| polled.map(Some))
        };
        // The machine's clock: a store works in real time, whatever clock the source has.
        let system = Clock::system();
        let end = system.now().instant.plus(within.saturating_add(GRACE));
        wait(&system, None, end, self.runtime, look).await.flatten()
    }

    async fn sleep(&self, clock: &Clock, until: Instant) {
        wait(clock, None, until, self.runtime, |_| Poll::<()>::Pending).await;
    }

    /// Sends the request, and stops waiting for the response at the deadline.
    async fn send(
        &self,
        clock: &Clock,
        request: &HttpRequest,
        within: Duration,
        deadline: Instant,
    ) -> Result<HttpResponse, TransportError> {
        let mut exchange = self.transport.exchange(request, within);
        let mut look = |context: &mut Context<'_>| exchange.as_mut().poll(context);
        if let Some(response) = wait(clock, None, deadline, self.runtime, &mut look).await {
            return response;
        }
        // The response may have arrived while the process was stopped. The transport looks for itself as often.
        let system = Clock::system();
        for _ in 0..2 * LOOKS {
            let end = system.now().instant.plus(LOOK);
            if let Some(response) = wait(&system, None, end, self.runtime, &mut look).await {
                return response;
            }
        }
        Err(Failure::TIMED_OUT.into())
    }
}
