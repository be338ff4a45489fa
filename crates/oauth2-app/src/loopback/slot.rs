//! A place for the one callback of a sign-in, and the wait for it.

use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A place for one value.
#[derive(Debug)]
pub(super) struct Slot<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    value: Option<T>,
    closed: bool,
}

impl<T> Slot<T> {
    pub(super) const fn new() -> Self {
        Self { state: Mutex::new(State { value: None, closed: false }), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the value, unless the wait has ended.
    pub(super) fn put(&self, value: T) {
        let mut state = self.state();
        if !state.closed && state.value.is_none() {
            state.value = Some(value);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Ends the wait.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// The value; `None` after this time, and once the wait has ended.
    pub(super) fn wait(&self, within: Duration) -> Option<T> {
        let waits = |state: &mut State<T>| state.value.is_none() && !state.closed;
        let waited = self.changed.wait_timeout_while(self.state(), within, waits);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.value.take()
    }
}
