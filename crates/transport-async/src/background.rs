//! Where renewals run: each on a task of its own, which no caller's cancellation reaches.
//!
//! The runtime is the one given to the builder, else the caller's, else the one the source was built on. When that
//! runtime goes, the renewal goes with it, and everybody who waits is told. A runtime needs its drivers for I/O and
//! time (`enable_all`).

use core::future::Future;
use std::sync::Arc;

use tokio::runtime::Handle;
use wellspring_core::TokenError;
use wellspring_transport::{RenewalGuard, SaveGuard};

use crate::Transport;
use crate::drive::drive;

/// Where renewals may run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Background {
    pub(crate) given: Option<Handle>,
    pub(crate) at_build: Option<Handle>,
}

impl Background {
    /// Where one may run now. To be asked before a renewal is asked for, which must then run.
    pub(crate) fn available(&self) -> Result<Handle, TokenError> {
        let current = || Handle::try_current().ok();
        self.given.clone().or_else(current).or_else(|| self.at_build.clone()).ok_or_else(|| {
            TokenError::misconfigured(
                "there is no tokio runtime to renew on: call this from within one, or give one to the builder",
            )
        })
    }
}

/// Starts the renewal and returns at once.
pub(crate) fn start(place: &Handle, mut renewal: RenewalGuard, transport: &Arc<dyn Transport>) {
    let transport = Arc::clone(transport);
    // Whatever ends this task, `renewal` is dropped with it and tells those who wait.
    let runtime = place.clone();
    drop(place.spawn(async move {
        let first = renewal.begin();
        let (outcome, unfinished) = drive(&mut renewal.course, first, &*transport, &runtime).await;
        if let Some(save_guard) = renewal.finish(outcome, unfinished) {
            store(save_guard, &*transport, &runtime).await;
        }
    }));
}

/// Goes on with what the store would not take, until it has taken it.
async fn store(mut save_guard: SaveGuard, transport: &dyn Transport, runtime: &Handle) {
    let first = save_guard.begin();
    let (outcome, _) = drive(&mut save_guard.course, first, transport, runtime).await;
    save_guard.finish(outcome);
}

/// Whether the caller is on this runtime.
pub(crate) fn is_here(place: &Handle) -> bool {
    Handle::try_current().is_ok_and(|here| here.id() == place.id())
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
    async { task.await.map_err(|_| TokenError::unavailable("the runtime ended before the answer came")) }
}
