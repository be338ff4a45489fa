//! Wakes every task and thread that waits for a change.
//!
//! Both transports wait in the same way: a task leaves its waker, a blocked thread leaves a waker that unparks it. A
//! waiter first listens, then looks, then waits: a change after the look wakes the waiter, so no wake-up is lost.

use core::task::Waker;
use std::sync::PoisonError;

use crate::sync::{HashMap, Mutex, MutexGuard};

/// Wakes every task and thread that waits for a change.
#[derive(Debug, Default)]
pub struct Notify(Mutex<Listeners>);

#[derive(Debug, Default)]
struct Listeners {
    wakers: HashMap<u64, Waker>,
    next: u64,
    notified: u64,
}

impl Notify {
    /// One that has notified so many times.
    pub(crate) fn after(notified: u64) -> Self {
        Self(Mutex::new(Listeners { notified, ..Listeners::default() }))
    }

    /// A place for one waiter.
    #[must_use]
    pub fn listener(&self) -> Listener<'_> {
        let mut listeners = self.listeners();
        listeners.next += 1;
        Listener { notify: self, number: listeners.next }
    }

    /// Wakes all waiters.
    pub fn notify(&self) {
        let wakers = {
            let mut listeners = self.listeners();
            listeners.notified += 1;
            core::mem::take(&mut listeners.wakers)
        };
        for waker in wakers.into_values() {
            waker.wake();
        }
    }

    /// How many times it has notified.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.listeners().notified
    }

    /// How many waiters listen now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.listeners().wakers.len()
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One waiter's place. Dropping it removes the waker.
#[derive(Debug)]
pub struct Listener<'a> {
    notify: &'a Notify,
    number: u64,
}

impl Listener<'_> {
    /// The next notification wakes this waker, once: listen again before each look.
    pub fn listen(&self, waker: &Waker) {
        let waker = waker.clone();
        let before = self.notify.listeners().wakers.insert(self.number, waker);
        // Dropping a waker runs foreign code, so the lock must be free.
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
    fn a_notification_wakes_each_listener_once_and_none_that_left() {
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
