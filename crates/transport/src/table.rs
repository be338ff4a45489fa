//! The users of a pool by name: one hash of the whole name, one lock of a small part of the table, one place.
//!
//! The hash is keyed, so that no user can choose a name to be slow. A user stands at the first place from the hash on that
//! was free, so a look-up reads from there until it meets the user or a free place: mostly one place.

use core::hash::BuildHasher as _;
use core::iter;
use std::sync::{Arc, PoisonError};

use crate::shared::SharedLifecycle;
use crate::sync::{Mutex, MutexGuard, RandomState};

/// How many parts the table has. A walk through all users holds up few callers at a time.
const SHARDS: usize = 256;

/// The users of a pool.
pub(crate) struct Table {
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
}

/// A part of the table.
#[derive(Default)]
struct Shard {
    /// None, or a power of two, of which at most three quarters are taken.
    places: Box<[Option<Place>]>,
    users: usize,
}

/// A user in the table.
struct Place {
    /// The hash of the name.
    number: u64,
    user: Arc<SharedLifecycle>,
    /// When a caller asked for this user last, on the coarse monotonic clock.
    used: u64,
}

impl Table {
    pub(crate) fn new() -> Self {
        let shards = iter::repeat_with(Mutex::default).take(SHARDS).collect();
        Self { shards, hasher: RandomState::default() }
    }

    /// The number from which on a user's place is looked for.
    #[inline]
    pub(crate) fn number(&self, user: &str) -> u64 {
        self.hasher.hash_one(user)
    }

    /// This user, asked for now.
    #[inline]
    pub(crate) fn get(&self, number: u64, user: &str, now: u64) -> Option<Arc<SharedLifecycle>> {
        let mut shard = self.shard(number);
        let place = shard.find(number, user.as_bytes())?;
        place.used = now;
        Some(Arc::clone(&place.user))
    }

    /// Adds this user, asked for now; returns the one that another thread has added first.
    pub(crate) fn insert(&self, number: u64, user: Arc<SharedLifecycle>, used: u64) -> Arc<SharedLifecycle> {
        let mut shard = self.shard(number);
        if let Some(known) = shard.find(number, user.user().as_bytes()) {
            return Arc::clone(&known.user);
        }
        shard.add(Place { number, user: Arc::clone(&user), used });
        user
    }

    /// How many users there are.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).users).sum()
    }

    /// Calls this with all users and when they were asked for last, a part of the table at a time, and drops those for which
    /// it returns `false`.
    pub(crate) fn retain(&self, keep: impl Fn(&Arc<SharedLifecycle>, u64) -> bool) {
        for shard in &self.shards {
            let dropped = lock(shard).extract(|place| !keep(&place.user, place.used));
            // A user that is dropped may call an observer or the store.
            drop(dropped);
        }
    }

    /// Calls this with all users, a part of the table at a time.
    pub(crate) fn for_each(&self, mut each: impl FnMut(&Arc<SharedLifecycle>)) {
        for shard in &self.shards {
            lock(shard).places.iter().flatten().for_each(|place| each(&place.user));
        }
    }

    #[inline]
    fn shard(&self, number: u64) -> MutexGuard<'_, Shard> {
        // Not the bits by which a part finds its places.
        lock(&self.shards[(number >> 40) as usize % SHARDS])
    }
}

impl Shard {
    /// The place of this user.
    #[inline]
    fn find(&mut self, number: u64, user: &[u8]) -> Option<&mut Place> {
        let last = self.places.len().checked_sub(1)?;
        let mut at = number as usize & last;
        while let Some(place) = &self.places[at] {
            if place.number == number && place.user.user().as_bytes() == user {
                break;
            }
            at = (at + 1) & last;
        }
        self.places[at].as_mut()
    }

    /// Adds a user that has no place.
    fn add(&mut self, place: Place) {
        if self.places.len() * 3 / 4 <= self.users {
            let places = core::mem::replace(&mut self.places, places_for(self.users + 1));
            places.into_iter().flatten().for_each(|place| self.put(place));
        }
        self.put(place);
        self.users += 1;
    }

    /// Puts this into the first free place from its number on. There is one.
    fn put(&mut self, place: Place) {
        let last = self.places.len() - 1;
        let mut at = place.number as usize & last;
        while self.places[at].is_some() {
            at = (at + 1) & last;
        }
        self.places[at] = Some(place);
    }

    /// Takes out those of which this returns `true`. The others are put anew, so that none stands behind a place that has
    /// become free.
    fn extract(&mut self, is_extracted: impl Fn(&Place) -> bool) -> Vec<Place> {
        let extracted: Vec<bool> = self.places.iter().flatten().map(is_extracted).collect();
        if !extracted.contains(&true) {
            return Vec::new();
        }
        let all = core::mem::take(&mut self.places).into_iter().flatten();
        let (extracted, kept): (Vec<_>, Vec<_>) = all.zip(extracted).partition(|(_, extracted)| *extracted);
        (self.places, self.users) = (places_for(kept.len()), kept.len());
        kept.into_iter().for_each(|(place, _)| self.put(place));
        extracted.into_iter().map(|(place, _)| place).collect()
    }
}

/// Free places for so many users.
fn places_for(users: usize) -> Box<[Option<Place>]> {
    let places = (users * 4 / 3 + 1).next_power_of_two();
    iter::repeat_with(|| None).take(places).collect()
}

#[inline]
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, not(wellspring_shuttle)))]
mod tests {
    use wellspring_core::Policy;

    use super::*;
    use crate::clock::Clock;
    use crate::kind::{Kind, Parts};
    use crate::scripted::Scripted;

    fn user(name: &str) -> Arc<SharedLifecycle> {
        let parts = Parts { policy: Policy::default(), store: None, observed: None, pool: None };
        let provider = Scripted::new([]);
        let kind = Kind::of(&*provider, Arc::new(parts));
        SharedLifecycle::of(kind, name, provider, Clock::system(), 0, 0)
    }

    #[test]
    fn users_whose_names_have_one_hash_are_told_apart_and_found_after_one_is_dropped() {
        for number in [7, u64::MAX] {
            let table = Table::new();
            for name in ["ann", "bob", "eve"] {
                table.insert(number, user(name), 1);
            }
            let found = |name: &str| table.get(number, name, 2).map(|user| user.user().as_str().to_owned());
            let dropped = |names: &[&str]| table.retain(|user, _| !names.contains(&user.user().as_str()));
            for name in ["ann", "bob", "eve"] {
                assert_eq!(found(name).as_deref(), Some(name));
                assert_eq!(table.insert(number, user(name), 3).user().as_str(), name);
            }
            assert_eq!((found("joe"), table.len()), (None, 3));
            dropped(&["bob"]);
            assert_eq!((found("bob"), found("eve").as_deref(), table.len()), (None, Some("eve"), 2));
            dropped(&["bob", "eve"]);
            assert_eq!((found("eve"), found("ann").as_deref(), table.len()), (None, Some("ann"), 1));
            dropped(&["ann"]);
            assert_eq!((found("ann"), table.len()), (None, 0));
        }
    }

    #[test]
    fn a_part_of_the_table_grows_and_shrinks_and_loses_no_user_and_no_moment() {
        let (table, moment) = (Table::new(), |n: u64| n * 10);
        let name = |n: u64| format!("user {n}");
        let kept = |n: u64| n.is_multiple_of(7);
        // All in one part, many of them at one number.
        for n in 0..500 {
            let added = user(&name(n));
            assert!(Arc::ptr_eq(&table.insert(n / 3, Arc::clone(&added), moment(n)), &added));
        }
        table.for_each(|user| assert_eq!(Arc::strong_count(user), 1));
        let places = |table: &Table| lock(&table.shards[0]).places.len();
        assert_eq!((table.len(), places(&table)), (500, 1024));
        let seen = core::cell::RefCell::new(Vec::new());
        table.retain(|user, used| {
            seen.borrow_mut().push(used);
            assert_eq!(user.user().as_str(), name(used / 10));
            kept(used / 10)
        });
        let mut seen = seen.into_inner();
        seen.sort_unstable();
        assert_eq!(seen, (0..500).map(moment).collect::<Vec<_>>(), "each is shown once");
        assert_eq!((table.len(), places(&table)), (72, 128));
        for n in 0..500 {
            assert_eq!(table.get(n / 3, &name(n), 1).is_some(), kept(n), "{n}");
        }
        table.retain(|_, used| used != 1);
        assert_eq!((table.len(), places(&table)), (0, 1));
    }
}
