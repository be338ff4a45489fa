//! Where renewals run: each on a task of its own, which the caller's cancellation does not reach.
//!
//! The runtime is the one given to the builder, else the caller's, else the one on which the source was built. When that
//! runtime ends, the renewal ends with it, with an error for every caller that waits.

use core::future::Future;
use core::task::Poll;
use std::sync::Arc;

use tokio::runtime::Handle;
use wellspring_core::TokenError;
use wellspring_transport::{Driver, RenewalGuard, SaveGuard, Watch};

use crate::clock::{is_here, wait};
use crate::drive::drive;
use crate::transport::Transport;

/// Where renewals may run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Background {
    pub(crate) given: Option<Handle>,
    at_build: Option<Handle>,
}

impl Driver for Background {
    type Transport = dyn Transport;
    type Place = Handle;

    fn for_source(&self) -> Self {
        Self { given: self.given.clone(), at_build: Handle::try_current().ok() }
    }

    fn place(&self) -> Result<Handle, TokenError> {
        let current = || Handle::try_current().ok();
        self.given.clone().or_else(current).or_else(|| self.at_build.clone()).ok_or_else(|| {
            TokenError::misconfigured(
                "there is no tokio runtime to renew on: call this from within a runtime, or give one to the builder",
            )
        })
    }

    fn start(place: &Handle, renewal: RenewalGuard, transport: &Arc<dyn Transport>) {
        let (transport, runtime) = (Arc::clone(transport), place.clone());
        // However this task ends, the run is dropped with it and ends for the callers that wait.
        drop(place.spawn(async move {
            let (mut run, first) = renewal.begin();
            let (outcome, unfinished) = drive(&mut run.active, first, &*transport, &runtime).await;
            if let Some(save) = run.finish(outcome, unfinished) {
                finish_save(save, &*transport, &runtime).await;
            }
        }));
    }

    fn watch(place: &Handle, _: &'static str, watch: Watch) -> Result<(), TokenError> {
        let runtime = place.clone();
        drop(place.spawn(async move {
            while let Some((seen, wake)) = watch.look() {
                let changed = |_: &mut core::task::Context<'_>| {
                    if watch.has_changed(seen) { Poll::Ready(()) } else { Poll::Pending }
                };
                wait(&watch.clock, Some(&watch.changes), wake, &runtime, changed).await;
            }
        }));
        Ok(())
    }
}

/// Goes on with a save until the store has taken it.
async fn finish_save(save: SaveGuard, transport: &dyn Transport, runtime: &Handle) {
    let (mut run, first) = save.begin();
    let (outcome, _) = drive(&mut run.active, first, transport, runtime).await;
    run.finish(outcome);
}

/// Runs this where there is a reactor: here, if the caller is on the given runtime, else as a task of it.
pub(crate) async fn run<T: Send + 'static>(
    place: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, TokenError> {
    if is_here(place) {
        return Ok(work.await);
    }
    spawned(place, work).await
}

/// Runs this as a task of that runtime.
pub(crate) fn spawned<T: Send + 'static>(
    place: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = Result<T, TokenError>> {
    let task = place.spawn(work);
    async { task.await.map_err(|_| TokenError::unavailable("the runtime ended before the response came")) }
}
