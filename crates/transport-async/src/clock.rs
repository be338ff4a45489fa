//! Waiting: for something to happen or for an instant to come, whichever is first.
//!
//! Timers sleep in slices and look at the clock again, because a machine may be suspended meanwhile; on a clock that
//! is moved by hand every move wakes the waiters instead.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use tokio::runtime::Handle;
use wellspring_core::Instant;
use wellspring_transport::{Clock, LONGEST_NAP, Notify};

/// Waits until `ready` has an answer, looking again whenever the bell rings; `None` when the instant comes first, or
/// the runtime that would tell it is gone.
pub(crate) async fn wait<T>(
    clock: &Clock,
    notify: Option<&Notify>,
    until: Instant,
    runtime: &Handle,
    mut ready: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Option<T> {
    let listener = notify.map(Notify::listener);
    let hands = clock.notify().map(Notify::listener);
    let mut timer: Option<Nap> = None;
    poll_fn(move |context| {
        // First sit, then look: what changes after the look wakes this task.
        for listener in listener.iter().chain(&hands) {
            listener.listen(context.waker());
        }
        if let Poll::Ready(answer) = ready(context) {
            return Poll::Ready(Some(answer));
        }
        loop {
            let left = until.since(clock.now().instant);
            if left.is_zero() {
                return Poll::Ready(None);
            }
            if hands.is_some() {
                return Poll::Pending;
            }
            let current = timer.get_or_insert_with(|| nap(left.min(LONGEST_NAP), runtime));
            if !ready!(current.as_mut().poll(context)) {
                return Poll::Ready(None);
            }
            timer = None;
        }
    })
    .await
}

/// Whether the runtime that counted the time is still there.
type Nap = Pin<Box<dyn Future<Output = bool> + Send>>;

fn nap(length: Duration, runtime: &Handle) -> Nap {
    let timer = async move { tokio::time::sleep(length).await };
    if is_here(runtime) {
        return Box::pin(async {
            timer.await;
            true
        });
    }
    // The caller is elsewhere, perhaps on an executor without a timer.
    let timer = runtime.spawn(timer);
    Box::pin(async { timer.await.is_ok() })
}

/// Whether the caller is on this runtime.
pub(crate) fn is_here(place: &Handle) -> bool {
    Handle::try_current().is_ok_and(|here| here.id() == place.id())
}
