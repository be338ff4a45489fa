//! Wakes everybody who waits for something to change.
//!
//! Both transports wait on the same bell: a task leaves its waker, a blocked thread leaves one that unparks it.
//! Take a seat, then look, then wait: whatever changes after the look rings the bell, so no wake-up is lost.

use core::task::Waker;
use std::sync::PoisonError;

use crate::sync::{HashMap, Mutex, MutexGuard};

/// Wakes everybody who waits for something to change.
#[derive(Debug, Default)]
pub struct Bell(Mutex<Seats>);

#[derive(Debug, Default)]
struct Seats {
    wakers: HashMap<u64, Waker>,
    next: u64,
    rung: u64,
}

impl Bell {
    /// A place to wait at.
    #[must_use]
    pub fn seat(&self) -> Seat<'_> {
        let mut seats = self.seats();
        seats.next += 1;
        Seat { bell: self, number: seats.next }
    }

    /// Wakes everybody.
    pub fn ring(&self) {
        let wakers = {
            let mut seats = self.seats();
            seats.rung += 1;
            core::mem::take(&mut seats.wakers)
        };
        for waker in wakers.into_values() {
            waker.wake();
        }
    }

    /// How often it has rung.
    #[must_use]
    pub fn rung(&self) -> u64 {
        self.seats().rung
    }

    /// How many wait now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.seats().wakers.len()
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One waiter's place; leaving it takes the waker along.
#[derive(Debug)]
pub struct Seat<'a> {
    bell: &'a Bell,
    number: u64,
}

impl Seat<'_> {
    /// Has this waker woken by the next ring. Once: sit down again before each look.
    pub fn sit(&self, waker: &Waker) {
        let waker = waker.clone();
        let before = self.bell.seats().wakers.insert(self.number, waker);
        // A waker's own drop is foreign code: it runs when the lock is free again.
        drop(before);
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let waker = self.bell.seats().wakers.remove(&self.number);
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
        let (bell, here, gone) = (Bell::default(), Arc::new(Count::default()), Arc::new(Count::default()));
        let seat = bell.seat();
        seat.sit(&here.clone().into());
        seat.sit(&here.clone().into());
        {
            let left = bell.seat();
            left.sit(&gone.clone().into());
        }
        assert_eq!(bell.waiting(), 1);
        bell.ring();
        bell.ring();
        assert_eq!(here.0.load(Ordering::Relaxed), 1);
        assert_eq!(gone.0.load(Ordering::Relaxed), 0);
        assert_eq!(bell.rung(), 2);
    }
}
