//! Wakes everybody who waits for something to change.
//!
//! Both transports wait on the same bell: a task leaves its waker, a blocked thread leaves one that unparks it.
//! Take a seat, then look, then wait: whatever changes after the look rings the bell, so no wake-up is lost.

use core::task::Waker;
use std::sync::PoisonError;

use crate::sync::{HashMap, Mutex, MutexGuard};

/// Wakes everybody who waits for something to change.
#[derive(Debug, Default)]
pub struct Notify(Mutex<Listeners>);

#[derive(Debug, Default)]
struct Listeners {
    wakers: HashMap<u64, Waker>,
    next: u64,
    rung: u64,
}

impl Notify {
    /// A place to wait at.
    #[must_use]
    pub fn listener(&self) -> Listener<'_> {
        let mut listeners = self.listeners();
        listeners.next += 1;
        Listener { notify: self, number: listeners.next }
    }

    /// Wakes everybody.
    pub fn notify(&self) {
        let wakers = {
            let mut listeners = self.listeners();
            listeners.rung += 1;
            core::mem::take(&mut listeners.wakers)
        };
        for waker in wakers.into_values() {
            waker.wake();
        }
    }

    /// How often it has rung.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.listeners().rung
    }

    /// How many wait now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.listeners().wakers.len()
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One waiter's place; leaving it takes the waker along.
#[derive(Debug)]
pub struct Listener<'a> {
    notify: &'a Notify,
    number: u64,
}

impl Listener<'_> {
    /// Has this waker woken by the next ring. Once: sit down again before each look.
    pub fn listen(&self, waker: &Waker) {
        let waker = waker.clone();
        let before = self.notify.listeners().wakers.insert(self.number, waker);
        // A waker's own drop is foreign code: it runs when the lock is free again.
        drop(before);
    }
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        let waker = self.notify.listeners().wakers.remove(&self.number);
        drop(waker);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicU32, Ordering};
    use std::sync::Arc;

    #[derive(Default)]
    struct Count(AtomicU32);

    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_ring_wakes_each_sitter_once_and_nobody_who_left() {
        let (notify, here, gone) =
            (Notify::default(), Arc::new(Count::default()), Arc::new(Count::default()));
        let listener = notify.listener();
        listener.listen(&here.clone().into());
        listener.listen(&here.clone().into());
        {
            let left = notify.listener();
            left.listen(&gone.clone().into());
        }
        assert_eq!(notify.waiting(), 1);
        notify.notify();
        notify.notify();
        assert_eq!(here.0.load(Ordering::Relaxed), 1);
        assert_eq!(gone.0.load(Ordering::Relaxed), 0);
        assert_eq!(notify.count(), 2);
    }
}
