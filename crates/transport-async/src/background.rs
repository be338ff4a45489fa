//! Where renewals run: each on its own task, which the cancellation of a caller does not reach.
//!
//! The runtime is the one given to the builder, else the caller's runtime, else the runtime on which the source was
//! built. When that runtime ends, the renewal ends with it, with an error for every caller that waits.

use core::future::{Future, poll_fn};
use core::task::Poll;
use std::sync::Arc;

use tokio::runtime::Handle;
use wellspring_core::TokenError;
use wellspring_transport::{Driver, RenewalGuard, Watch};

use crate::clock::{is_here, polled, wait};
use crate::drive::Worker;
use crate::transport::Transport;

/// Where renewals may run.
#[derive(Clone, Debug)]
pub(crate) struct Background {
    pub(crate) given: Option<Handle>,
    at_build: Option<Handle>,
}

impl Background {
    pub(crate) const fn new() -> Self {
        Self { given: None, at_build: None }
    }
}

impl Driver for Background {
    type Transport = dyn Transport;
    type Place = Handle;

    fn for_source(&self) -> Self {
        Self { given: self.given.clone(), at_build: Handle::try_current().ok() }
    }

    fn is_complete(&self) -> bool {
        self.given.is_some() || self.at_build.is_some()
    }

    fn place(&self) -> Result<Handle, TokenError> {
        let current = || Handle::try_current().ok();
        self.given.clone().or_else(current).or_else(|| self.at_build.clone()).ok_or_else(|| {
            TokenError::misconfigured(
                "there is no tokio runtime to renew on: call this on a runtime, or give the builder one",
            )
        })
    }

    fn start(place: &Handle, renewal: RenewalGuard, transport: &Arc<dyn Transport>) {
        let (transport, runtime) = (Arc::clone(transport), place.clone());
        // If the runtime drops this task, the run is dropped with it and ends for the callers that wait.
        drop(place.spawn(async move {
            let mut renewal = renewal;
            poll_fn(
                |context| if renewal.may_begin(context.waker()) { Poll::Ready(()) } else { Poll::Pending },
            )
            .await;
            let (mut run, first) = renewal.begin();
            let worker = Worker { transport: &*transport, runtime: &runtime };
            let (outcome, unfinished) = worker.drive(&mut run.active, first).await;
            if let Some(save) = run.finish(outcome, unfinished) {
                let (mut run, first) = save.begin();
                let (outcome, _) = worker.drive(&mut run.active, first).await;
                run.finish(outcome);
            }
        }));
    }

    fn watch(place: &Handle, _: &'static str, watch: Watch) -> Result<(), TokenError> {
        let runtime = place.clone();
        drop(place.spawn(async move {
            while let Some((seen, wake)) = watch.look() {
                let changed = polled(|| watch.has_changed(seen).then_some(()));
                wait(&watch.clock, Some(&watch.changes), wake, &runtime, changed).await;
            }
        }));
        Ok(())
    }
}

/// Runs this where the given runtime drives it: here, if the caller is on that runtime, else on one of its tasks.
pub(crate) async fn run<T: Send + 'static>(
    place: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, TokenError> {
    if is_here(place) {
        return Ok(work.await);
    }
    spawned(place, work).await
}

/// Runs this on a task of that runtime.
pub(crate) fn spawned<T: Send + 'static>(
    place: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = Result<T, TokenError>> {
    let task = place.spawn(work);
    async {
        task.await.map_err(|_| TokenError::unavailable("the tokio runtime ended before the response came"))
    }
}
