//! The users of a pool by name: one hash of the whole name, one lock of a small part of the table.
//!
//! The hash is keyed, so that no user can choose a name to be slow. Two names with the same hash stand at neighbouring
//! numbers.

use core::hash::BuildHasher as _;
use core::iter;
use core::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use crate::shared::SharedLifecycle;
use crate::sync::{Mutex, MutexGuard, Numbered, RandomState};

/// How many parts the table has. A walk through all users holds up few callers at a time.
const SHARDS: usize = 256;

/// Users by the hash of their name.
type Shard = Mutex<Numbered<Arc<SharedLifecycle>>>;

/// The users of a pool.
pub(crate) struct Table {
    shards: Box<[Shard]>,
    hasher: RandomState,
}

impl Table {
    pub(crate) fn new() -> Self {
        let shards = iter::repeat_with(Shard::default).take(SHARDS).collect();
        Self { shards, hasher: RandomState::default() }
    }

    /// The number at which a user's place is looked for.
    #[inline]
    pub(crate) fn number(&self, user: &str) -> u64 {
        self.hasher.hash_one(user)
    }

    /// This user, asked for now.
    #[inline]
    pub(crate) fn get(&self, number: u64, user: &str, now: u64) -> Option<Arc<SharedLifecycle>> {
        let shard = self.shard(number);
        let known = place(&shard, number, user).1?;
        known.used().store(now, Ordering::Relaxed);
        Some(Arc::clone(known))
    }

    /// Adds this user; returns the one that another thread has added first.
    pub(crate) fn insert(&self, number: u64, added: Arc<SharedLifecycle>) -> Arc<SharedLifecycle> {
        let mut shard = self.shard(number);
        let (free, known) = place(&shard, number, added.user());
        if let Some(known) = known {
            return Arc::clone(known);
        }
        shard.insert(free, Arc::clone(&added));
        added
    }

    /// How many users there are.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Calls this with all users, a part of the table at a time, and drops those for which it returns `false`.
    pub(crate) fn retain(&self, keep: impl Fn(&Arc<SharedLifecycle>) -> bool) {
        for shard in &self.shards {
            let dropped: Vec<_> = {
                let mut shard = lock(shard);
                let gone: Vec<u64> =
                    shard.iter().filter(|(_, user)| !keep(user)).map(|(number, _)| *number).collect();
                // Without it, a user of the same hash at the next number would not be found.
                let needed = |shard: &Numbered<_>, number: u64| shard.contains_key(&number.wrapping_add(1));
                gone.into_iter()
                    .rev()
                    .filter_map(|number| if needed(&shard, number) { None } else { shard.remove(&number) })
                    .collect()
            };
            // A user that is dropped may call an observer or the store.
            drop(dropped);
        }
    }

    /// Calls this with all users, a part of the table at a time.
    pub(crate) fn for_each(&self, mut each: impl FnMut(&Arc<SharedLifecycle>)) {
        for shard in &self.shards {
            lock(shard).values().for_each(&mut each);
        }
    }

    #[inline]
    fn shard(&self, number: u64) -> MutexGuard<'_, Numbered<Arc<SharedLifecycle>>> {
        // Not the bits by which a hash map finds its buckets.
        lock(&self.shards[(number >> 40) as usize % SHARDS])
    }
}

/// The place of this user, or the free one where it would be, from this number on.
#[inline]
fn place<'a>(
    shard: &'a Numbered<Arc<SharedLifecycle>>,
    number: u64,
    user: &str,
) -> (u64, Option<&'a Arc<SharedLifecycle>>) {
    let mut at = number;
    loop {
        match shard.get(&at) {
            Some(known) if known.user() != user => at = at.wrapping_add(1),
            found => return (at, found),
        }
    }
}

#[inline]
fn lock(shard: &Shard) -> MutexGuard<'_, Numbered<Arc<SharedLifecycle>>> {
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
                table.insert(number, user(name));
            }
            let found = |name: &str| table.get(number, name, 0).map(|user| user.user().to_owned());
            let dropped = |names: &[&str]| table.retain(|user| !names.contains(&user.user()));
            for name in ["ann", "bob", "eve"] {
                assert_eq!(found(name).as_deref(), Some(name));
                assert_eq!(table.insert(number, user(name)).user(), name);
            }
            assert_eq!((found("joe"), table.len()), (None, 3));
            dropped(&["bob"]);
            assert_eq!((found("eve").as_deref(), table.len()), (Some("eve"), 3), "bob leads to eve");
            dropped(&["bob", "eve"]);
            dropped(&["bob", "eve"]);
            assert_eq!((found("bob"), found("eve"), found("ann").as_deref()), (None, None, Some("ann")));
        }
    }
}
