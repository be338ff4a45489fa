//! How a task waits, for the schedules of `cargo xtask interleavings`.
//!
//! Whole sources are not explored here: what they spawn on is tokio's.

#[path = "../../transport/tests/support/schedules.rs"]
mod schedules;
#[path = "../../transport/tests/twins/interleavings.rs"]
mod twins;

use core::future::poll_fn;
use core::task::Poll;
use std::sync::LazyLock;

use shuttle::future::block_on;
use tokio::runtime::{Builder, Runtime};
use wellspring_core::Instant;
use wellspring_transport::{Clock, Notify};

use crate::clock::wait;

/// Runs nothing: a clock that is moved by hand needs no timer.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().build().unwrap());

fn wait_for_change(notify: &Notify, changed: &dyn Fn() -> bool) -> Option<()> {
    let clock = Clock::from(Clock::manual(1_000));
    block_on(wait(&clock, Some(notify), Instant::NEVER, RUNTIME.handle(), |_| ready(changed())))
}

fn wait_until(clock: &Clock, until: Instant) -> Option<()> {
    block_on(wait(clock, None, until, RUNTIME.handle(), |_| Poll::Pending))
}

/// [`wait`] without the look between listening and waiting: it looks first.
fn wait_without_second_look(notify: &Notify, changed: &dyn Fn() -> bool) {
    let listener = notify.listener();
    block_on(poll_fn(|context| {
        let answer = ready(changed());
        listener.listen(context.waker());
        answer
    }));
}

fn ready(changed: bool) -> Poll<()> {
    if changed { Poll::Ready(()) } else { Poll::Pending }
}
