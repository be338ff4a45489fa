//! Waiting: for something to happen or for an instant to come, whichever is first.
//!
//! Timers sleep in slices and look at the clock again, because a machine may be suspended meanwhile; on a clock that
//! is moved by hand every move wakes the waiters instead.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};

use tokio::runtime::Handle;
use wellspring_core::Instant;
use wellspring_transport::{Bell, Clock, LONGEST_NAP};

/// Waits until `ready` has an answer, looking again whenever the bell rings; `None` when the instant comes first.
pub(crate) async fn wait<T>(
    clock: &Clock,
    bell: Option<&Bell>,
    until: Instant,
    mut ready: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Option<T> {
    let seat = bell.map(Bell::seat);
    let hands = clock.bell().map(Bell::seat);
    let mut nap = None;
    poll_fn(move |context| {
        // First sit, then look: what changes after the look wakes this task.
        for seat in seat.iter().chain(&hands) {
            seat.sit(context.waker());
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
            let nap = nap.get_or_insert_with(|| Nap::of(left.min(LONGEST_NAP)));
            match nap.poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => {}
            }
            *nap = Nap::of(until.since(clock.now().instant).min(LONGEST_NAP));
        }
    })
    .await
}

/// One slice of sleep; without a runtime there is none, and other wake-ups have to do.
struct Nap(Option<Pin<Box<tokio::time::Sleep>>>);

impl Nap {
    fn of(length: core::time::Duration) -> Self {
        Self(Handle::try_current().ok().map(|_| Box::pin(tokio::time::sleep(length))))
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().map_or(Poll::Pending, |sleep| sleep.as_mut().poll(context))
    }
}
