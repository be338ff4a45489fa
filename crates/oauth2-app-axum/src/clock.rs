//! Waiting by the login's clock, which a test moves.

use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Poll, ready};
use core::time::Duration;

use wellspring_transport::{Clock, LONGEST_NAP, Notify};

/// Waits for this time. A timer sleeps in slices and reads the clock again, because the machine may be suspended
/// meanwhile.
pub(crate) async fn sleep(clock: &Clock, length: Duration) {
    let end = clock.now().instant.plus(length);
    let moves = clock.notify().map(Notify::listener);
    let mut timer: Option<Pin<Box<tokio::time::Sleep>>> = None;
    poll_fn(move |context| {
        // First listen, then look: a move after the look wakes this task.
        if let Some(listener) = &moves {
            listener.listen(context.waker());
        }
        loop {
            let left = end.since(clock.now().instant);
            if left.is_zero() {
                return Poll::Ready(());
            }
            if moves.is_some() {
                return Poll::Pending;
            }
            let nap = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(left.min(LONGEST_NAP))));
            ready!(nap.as_mut().poll(context));
            timer = None;
        }
    })
    .await;
}

/// The future's output; `None` if the time is up first.
pub(crate) async fn within<T>(clock: &Clock, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut end = pin!(sleep(clock, limit));
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        end.as_mut().poll(context).map(|()| None)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_time_is_up_when_the_clock_says_so() {
        let manual = Clock::manual(1_000);
        let clock = Clock::from(&manual);
        let waiting =
            tokio::spawn(async move { within(&clock, Duration::from_secs(2), sleep_for_ever()).await });
        while Clock::from(&manual).notify().unwrap().waiting() == 0 {
            tokio::task::yield_now().await;
        }
        manual.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        manual.advance(Duration::from_secs(1));
        assert_eq!(waiting.await.unwrap(), None);
    }

    async fn sleep_for_ever() {
        core::future::pending().await
    }

    #[tokio::test]
    async fn an_output_that_is_there_is_taken_even_if_the_time_is_up() {
        assert_eq!(within(&Clock::system(), Duration::ZERO, async { 7 }).await, Some(7));
    }
}
