//! Blocking work for an async caller: on a thread of its own, so that it holds up no runtime, and under any runtime.

use core::future::poll_fn;
use core::task::{Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::error::LoopbackError;

struct Shared<T>(Mutex<State<T>>);

struct State<T> {
    result: Option<T>,
    ended: bool,
    waker: Option<Waker>,
}

impl<T> Shared<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the caller when the thread ends, also by a panic.
struct End<T>(Arc<Shared<T>>);

impl<T> Drop for End<T> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.ended = true;
        let waker = state.waker.take();
        drop(state);
        waker.iter().for_each(Waker::wake_by_ref);
    }
}

/// Does the work on a thread of its own.
///
/// # Errors
///
/// If no thread can be started, or the work has panicked.
pub(crate) async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LoopbackError> {
    let shared = Arc::new(Shared(Mutex::new(State { result: None, ended: false, waker: None })));
    let end = End(shared.clone());
    let started = thread::Builder::new().name("loopback-wait".into()).spawn(move || {
        let result = work();
        end.0.state().result = Some(result);
        drop(end);
    });
    started.map_err(LoopbackError::Thread)?;
    poll_fn(|context| {
        let mut state = shared.state();
        if state.ended {
            return Poll::Ready(state.result.take());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    })
    .await
    .ok_or_else(|| LoopbackError::Thread(std::io::Error::other("the thread has panicked")))
}
