//! One timer for all users of a pool: a heap of the moments at which they are due.
//!
//! A user has one entry that counts. When a user is due earlier, a second entry replaces it, and the first is dropped when
//! its moment comes. When a user is due later, the entry stays, and the user is put back when its moment comes. A user that
//! the pool has dropped costs nothing but its entry.

use core::any::Any;
use core::cmp::{Ordering as Order, Reverse};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::collections::BinaryHeap;
use std::sync::{Arc, PoisonError, Weak};

use wellspring_core::Instant;

use crate::clock::nanos;
use crate::sync::{Mutex, MutexGuard};

/// The moments at which the users of a pool are due.
#[derive(Default)]
pub(crate) struct Timer {
    entries: Mutex<BinaryHeap<Reverse<Entry>>>,
    /// How many tasks or threads look at them. Without any, no moment is noted.
    watchers: AtomicUsize,
}

/// The entry of a user that counts: its moment, or [`NONE`](Self::NONE).
pub(crate) struct Noted(AtomicU64);

/// What has a moment at which it is due.
pub(crate) trait Timed: Send + Sync {
    /// The entry that counts.
    fn noted(&self) -> &Noted;

    /// The same, of its own type.
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

/// A user, and when it is due: nanoseconds of the precise clock.
pub(crate) struct Entry {
    at: u64,
    user: Weak<dyn Timed>,
}

impl Noted {
    const NONE: u64 = u64::MAX;

    /// Whether this entry is the one that counts. If it is, none counts from now on.
    pub(crate) fn take(&self, entry: &Entry) -> bool {
        let taken = self.0.compare_exchange(entry.at, Self::NONE, Ordering::AcqRel, Ordering::Relaxed);
        taken.is_ok()
    }
}

impl Default for Noted {
    fn default() -> Self {
        Self(AtomicU64::new(Self::NONE))
    }
}

impl Entry {
    /// The user, if the pool still has it.
    pub(crate) fn user(&self) -> Option<Arc<dyn Timed>> {
        self.user.upgrade()
    }
}

impl Timer {
    pub(crate) fn is_watched(&self) -> bool {
        self.watchers.load(Ordering::Acquire) > 0
    }

    pub(crate) fn begin(&self) {
        self.watchers.fetch_add(1, Ordering::AcqRel);
    }

    /// A task or thread looks no more. With the last of them the entries go.
    pub(crate) fn end(&self) {
        if self.watchers.fetch_sub(1, Ordering::AcqRel) == 1 {
            let entries = core::mem::take(&mut *self.lock());
            for Reverse(entry) in entries {
                if let Some(user) = entry.user() {
                    user.noted().take(&entry);
                }
            }
        }
    }

    /// Notes that this user is due then, unless an earlier moment is noted. Returns whether that is before all others.
    pub(crate) fn note(&self, user: &Arc<dyn Timed>, due: Instant) -> bool {
        let at = nanos(due.since_origin()).min(Noted::NONE - 1);
        if at >= user.noted().0.fetch_min(at, Ordering::AcqRel) {
            return false;
        }
        let mut entries = self.lock();
        let first = entries.peek().is_none_or(|Reverse(first)| at < first.at);
        entries.push(Reverse(Entry { at, user: Arc::downgrade(user) }));
        first
    }

    /// Takes the first entry whose moment has come.
    pub(crate) fn pop(&self, now: Instant) -> Option<Entry> {
        let mut entries = self.lock();
        let now = nanos(now.since_origin());
        entries.peek().filter(|Reverse(first)| first.at <= now)?;
        entries.pop().map(|Reverse(entry)| entry)
    }

    /// The first moment.
    pub(crate) fn next(&self) -> Option<Instant> {
        let nanos = self.lock().peek().map(|Reverse(first)| first.at)?;
        Some(Instant::after_origin(core::time::Duration::from_nanos(nanos)))
    }

    /// How many entries there are, those included that do not count any more.
    #[cfg(test)]
    pub(crate) fn entries(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, BinaryHeap<Reverse<Entry>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Order> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Order {
        self.at.cmp(&other.at)
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[derive(Default)]
    struct User(Noted);

    impl Timed for User {
        fn noted(&self) -> &Noted {
            &self.0
        }

        fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
            self
        }
    }

    fn user() -> Arc<dyn Timed> {
        Arc::new(User::default())
    }

    const fn at(seconds: u64) -> Instant {
        Instant::after_origin(Duration::from_secs(seconds))
    }

    #[test]
    fn the_earliest_moment_of_a_user_counts_and_its_other_entries_do_not() {
        let (timer, ann, bob) = (Timer::default(), user(), user());
        assert!(timer.note(&ann, at(50)) && !timer.note(&bob, at(60)));
        assert!(!timer.note(&ann, at(70)), "it is noted earlier");
        assert!(timer.note(&ann, at(40)));
        assert_eq!((timer.entries(), timer.next()), (3, Some(at(40))));
        assert!(timer.pop(at(39)).is_none());
        let counts = |entry: Entry| entry.user().is_some_and(|user| user.noted().take(&entry));
        assert!(counts(timer.pop(at(100)).unwrap()));
        assert!(!counts(timer.pop(at(100)).unwrap()), "that of 50 was replaced");
        drop(bob);
        assert!(timer.pop(at(100)).unwrap().user().is_none());
        assert!(timer.pop(at(100)).is_none());
    }

    #[test]
    fn the_entries_go_with_the_last_watcher_and_users_can_be_noted_again() {
        let (timer, ann) = (Timer::default(), user());
        timer.begin();
        timer.begin();
        timer.note(&ann, at(50));
        timer.end();
        assert!(timer.is_watched() && timer.entries() == 1);
        timer.end();
        assert!(!timer.is_watched() && timer.entries() == 0);
        assert!(timer.note(&ann, at(60)));
    }
}
