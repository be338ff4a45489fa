//! Turns of renewals: so many of one token endpoint run at once, and the others wait in the order in which they were asked for.
//!
//! Each endpoint of a pool has turns of its own, so a slow one holds up no other. A renewal takes its place in the queue before
//! any caller waits for it. Renewals that no caller waits for do not queue: the pool's timer starts them when there is room.

use core::task::Waker;
use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, Weak};

use crate::notify::Notify;
use crate::sync::{Mutex, MutexGuard};
use crate::timer::Timed;

/// The turns of one token endpoint.
pub(crate) struct Turns {
    most: usize,
    queue: Mutex<Queue>,
    /// Notifies the pool's timer.
    timer: Arc<Notify>,
}

#[derive(Default)]
struct Queue {
    taken: usize,
    next: u64,
    /// In the order of their numbers.
    waiting: VecDeque<(u64, Option<Waker>)>,
    /// Users that are due, whom no caller waits for.
    due: VecDeque<Weak<dyn Timed>>,
}

/// The place of a renewal in the queue, then its turn. It ends when it is dropped.
pub(crate) struct Turn {
    turns: Arc<Turns>,
    number: u64,
    has_come: bool,
}

impl Turns {
    pub(crate) fn new(most: usize, timer: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self { most: most.max(1), queue: Mutex::default(), timer })
    }

    /// A place at the end of the queue.
    pub(crate) fn queue(self: &Arc<Self>) -> Turn {
        let mut queue = self.lock();
        queue.next += 1;
        let number = queue.next;
        queue.waiting.push_back((number, None));
        Turn { turns: Arc::clone(self), number, has_come: false }
    }

    /// Whether a renewal that queues now has its turn at once.
    pub(crate) fn has_room(&self) -> bool {
        let queue = self.lock();
        queue.taken + queue.waiting.len() < self.most
    }

    /// Notes that a user is due. The timer is notified when there is room, which may be by now.
    pub(crate) fn put_off(&self, user: &Arc<dyn Timed>) {
        self.change(|queue| queue.due.push_back(Arc::downgrade(user)));
    }

    /// The user that is due longest, if there is room.
    pub(crate) fn next_due(&self) -> Option<Weak<dyn Timed>> {
        let mut queue = self.lock();
        if queue.taken + queue.waiting.len() < self.most { queue.due.pop_front() } else { None }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those whose turn has come after this change, and the timer if there is room for more.
    fn change(&self, change: impl FnOnce(&mut Queue)) {
        let (woken, has_room) = {
            let mut queue = self.lock();
            change(&mut queue);
            let free = self.most.saturating_sub(queue.taken);
            let woken: Vec<_> =
                queue.waiting.iter_mut().take(free).filter_map(|(_, waker)| waker.take()).collect();
            (woken, queue.waiting.len() < free && !queue.due.is_empty())
        };
        for waker in woken {
            waker.wake();
        }
        if has_room {
            self.timer.notify();
        }
    }
}

impl Turn {
    /// Whether the turn has come. If it has not, this waker is woken when it may have.
    pub(crate) fn has_come(&mut self, waker: &Waker) -> bool {
        if self.has_come {
            return true;
        }
        let before = {
            let mut queue = self.turns.lock();
            let free = self.turns.most.saturating_sub(queue.taken);
            let Ok(place) = queue.waiting.binary_search_by_key(&self.number, |(number, _)| *number) else {
                return false;
            };
            if place < free {
                queue.taken += 1;
                self.has_come = true;
                queue.waiting.remove(place).and_then(|(_, waker)| waker)
            } else {
                queue.waiting[place].1.replace(waker.clone())
            }
        };
        // Dropping a waker runs foreign code, so the lock must be free.
        drop(before);
        self.has_come
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let (number, has_come) = (self.number, self.has_come);
        self.turns.change(|queue| {
            if has_come {
                queue.taken -= 1;
            } else {
                queue.waiting.retain(|(waiting, _)| *waiting != number);
            }
        });
    }
}

crate::debug_fields!([] Turn, |turn| has_come: turn.has_come);

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct User;

    impl Timed for User {
        fn noted(&self) -> &crate::timer::Noted {
            unreachable!("no timer looks at it")
        }

        fn into_any(self: Arc<Self>) -> Arc<dyn core::any::Any + Send + Sync> {
            self
        }
    }

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn turns_come_in_the_order_of_the_queue_and_the_place_of_one_that_leaves_is_passed_on() {
        let turns = Turns::new(2, Arc::default());
        let noop = Waker::noop();
        let mut all: Vec<Turn> = (0..5).map(|_| turns.queue()).collect();
        let come = |all: &mut Vec<Turn>| all.iter_mut().map(|turn| turn.has_come(noop)).collect::<Vec<_>>();
        assert!(!turns.has_room());
        assert!(!all[4].has_come(noop), "the last one asks first");
        assert_eq!(come(&mut all), [true, true, false, false, false]);
        drop(all.remove(0));
        assert_eq!(come(&mut all), [true, true, false, false]);
        drop(all.remove(2));
        drop(all.remove(0));
        assert_eq!(come(&mut all), [true, true], "one has left the queue");
        drop(all);
        assert!(turns.has_room());
    }

    #[test]
    fn a_turn_that_ends_wakes_the_next_in_the_queue_only() {
        let turns = Turns::new(1, Arc::default());
        let counts = [(); 3].map(|()| Arc::new(Count::default()));
        let mut all: Vec<Turn> = counts.iter().map(|_| turns.queue()).collect();
        for (turn, count) in all.iter_mut().zip(&counts) {
            turn.has_come(&Waker::from(Arc::clone(count)));
        }
        let woken = || counts.iter().map(|count| count.0.load(Ordering::Relaxed)).collect::<Vec<_>>();
        drop(all.remove(0));
        assert_eq!(woken(), [0, 1, 0]);
        drop(all.remove(0));
        assert_eq!(woken(), [0, 1, 1]);
    }

    #[test]
    fn the_timer_is_notified_when_there_is_room_for_a_user_that_is_due() {
        let timer = Arc::<Notify>::default();
        let turns = Turns::new(1, Arc::clone(&timer));
        let (mut first, second) = (turns.queue(), turns.queue());
        assert!(first.has_come(Waker::noop()));
        let user: Arc<dyn Timed> = Arc::new(User);
        turns.put_off(&user);
        assert!(turns.next_due().is_none());
        drop(first);
        assert_eq!(timer.count(), 0, "a caller waits for the second");
        drop(second);
        assert_eq!(timer.count(), 1);
        assert!(turns.next_due().is_some());
        // The last turn may end between the timer's look for room and this.
        turns.put_off(&user);
        assert_eq!(timer.count(), 2);
    }
}
