//! Waiting for a change or for an instant, whichever comes first.
//!
//! Timers sleep in slices and read the clock again, because the machine may be suspended meanwhile. A clock that a test
//! moves wakes the waiters with every move instead.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use tokio::runtime::Handle;
use wellspring_core::Instant;
use wellspring_transport::{Clock, LONGEST_NAP, Notify};
#[cfg(feature = "client")]
use wellspring_transport::{LOOK, LOOKS};

/// Waits until `ready` returns a value, and looks again at each notification; `None` when the instant comes first, or
/// the runtime that measures the time has ended.
pub(crate) async fn wait<T>(
    clock: &Clock,
    notify: Option<&Notify>,
    until: Instant,
    runtime: &Handle,
    mut ready: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Option<T> {
    let listener = notify.map(Notify::listener);
    let moves = clock.notify().map(Notify::listener);
    let mut timer: Option<Sleep> = None;
    poll_fn(move |context| {
        // First listen, then look: a change after the look wakes this task.
        for listener in listener.iter().chain(&moves) {
            listener.listen(context.waker());
        }
        if let Poll::Ready(value) = ready(context) {
            return Poll::Ready(Some(value));
        }
        loop {
            let left = until.since(clock.now().instant);
            if left.is_zero() {
                return Poll::Ready(None);
            }
            if moves.is_some() {
                return Poll::Pending;
            }
            let current = timer.get_or_insert_with(|| sleep(left.min(LONGEST_NAP), runtime));
            if !ready!(current.as_mut().poll(context)) {
                return Poll::Ready(None);
            }
            timer = None;
        }
    })
    .await
}

/// The time that a request has left, by the runtime's clock.
#[cfg(feature = "client")]
pub(crate) struct TimeLimit {
    end: tokio::time::Instant,
    looks: u32,
}

#[cfg(feature = "client")]
impl TimeLimit {
    pub(crate) fn new(within: Duration) -> Self {
        let now = tokio::time::Instant::now();
        let end = now.checked_add(within).unwrap_or(now + FAR);
        Self { end, looks: LOOKS }
    }

    /// The output of the future. `None` when the time is up and the output has not arrived by then.
    pub(crate) async fn wait<T>(&mut self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = core::pin::pin!(future);
        // Each of these looks at the future before it looks at the clock.
        if let Ok(output) = tokio::time::timeout_at(self.end, future.as_mut()).await {
            return Some(output);
        }
        while self.looks > 0 {
            self.looks -= 1;
            if let Ok(output) = tokio::time::timeout(LOOK, future.as_mut()).await {
                return Some(output);
            }
        }
        None
    }
}

/// The time by the runtime's clock.
#[cfg(feature = "client")]
pub(crate) fn timer_now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

#[cfg(feature = "client")]
const FAR: Duration = Duration::from_secs(86_400 * 365);

/// For [`wait`]: a look that needs no context.
pub(crate) fn polled<T>(mut ready: impl FnMut() -> Option<T>) -> impl FnMut(&mut Context<'_>) -> Poll<T> {
    move |_| ready().map_or(Poll::Pending, Poll::Ready)
}

/// A timer. It returns whether its runtime still runs.
type Sleep = Pin<Box<dyn Future<Output = bool> + Send>>;

fn sleep(length: Duration, runtime: &Handle) -> Sleep {
    let timer = async move { tokio::time::sleep(length).await };
    if is_here(runtime) {
        return Box::pin(async {
            timer.await;
            true
        });
    }
    // The caller's executor may have no timer.
    let timer = runtime.spawn(timer);
    Box::pin(async { timer.await.is_ok() })
}

/// Whether the caller is on this runtime.
pub(crate) fn is_here(place: &Handle) -> bool {
    Handle::try_current().is_ok_and(|here| here.id() == place.id())
}
