//! Many users' lifecycles, each made when it is first asked for and let go when nobody needs it.
//!
//! What is let go lies in the store and comes back from there. One that is being used, renewed or stored is never let
//! go.

use core::time::Duration;
use std::sync::{Arc, PoisonError};

use wellspring_core::{Instant, TokenError};

use crate::sync::{HashMap, Mutex, MutexGuard};
use crate::{Clock, Notify, SharedLifecycle};

/// How soon those are looked at again of whom nobody knows when they need it.
const SOON: Duration = Duration::from_secs(2);

/// Many users' lifecycles.
#[derive(Debug)]
pub struct Pool {
    users: Mutex<Users>,
    idle: Duration,
    clock: Clock,
    changes: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Users {
    pooled: HashMap<Box<str>, Pooled>,
    /// When those who are idle are looked for again.
    sweep: Instant,
    closed: bool,
}

#[derive(Debug)]
struct Pooled {
    shared: Arc<SharedLifecycle>,
    used: Instant,
}

impl Pool {
    /// An empty pool that lets go of whoever nobody has asked for in this time.
    #[must_use]
    pub fn new(idle: Duration, clock: Clock) -> Self {
        Self { users: Mutex::default(), idle, clock, changes: Arc::default() }
    }

    /// This user's lifecycle, made if it is not there. It is made without a lock; where two make it at once, one is kept.
    ///
    /// # Errors
    ///
    /// Those of `make`, and when the pool is closed.
    pub fn of(
        &self,
        user: &str,
        make: impl FnOnce() -> Result<Arc<SharedLifecycle>, TokenError>,
    ) -> Result<Arc<SharedLifecycle>, TokenError> {
        if let Some(known) = self.known(user)? {
            return Ok(known);
        }
        let shared = make()?;
        let now = self.clock.now().instant;
        let mut users = self.lock();
        let pooled = Pooled { shared, used: now };
        let shared = Arc::clone(&users.pooled.entry(user.into()).or_insert(pooled).shared);
        drop(users);
        self.changes.notify();
        Ok(shared)
    }

    fn known(&self, user: &str) -> Result<Option<Arc<SharedLifecycle>>, TokenError> {
        let now = self.clock.now().instant;
        let mut users = self.lock();
        let known = users.pooled.get_mut(user).map(|pooled| {
            pooled.used = now;
            Arc::clone(&pooled.shared)
        });
        if now >= users.sweep {
            users.sweep(now, self.idle);
        }
        if known.is_none() && users.closed {
            return Err(TokenError::unavailable("this pool is closed; make a new one"));
        }
        Ok(known)
    }

    /// Lets go of those who are idle. Those whose token is due, and when to look again; `None` when it is closed.
    #[must_use]
    pub fn due(&self) -> Option<(Vec<Arc<SharedLifecycle>>, Instant)> {
        let now = self.clock.now().instant;
        let (awake, mut again) = {
            let mut users = self.lock();
            if users.closed {
                return None;
            }
            users.sweep(now, self.idle);
            let awake: Vec<_> = users.pooled.values().map(|pooled| Arc::clone(&pooled.shared)).collect();
            (awake, users.sweep)
        };
        let mut due = Vec::new();
        for shared in awake {
            let wake = shared.in_force().and_then(|_| shared.next_wake());
            match wake {
                Some(wake) if wake > now => again = again.min(wake),
                Some(_) => due.push(shared),
                // Whoever has no token may have one soon, and so may whoever is being renewed.
                None => again = again.min(now.plus(SOON)),
            }
        }
        if !due.is_empty() {
            again = again.min(now.plus(SOON));
        }
        Some((due, again))
    }

    /// From now on nobody new is let in. Those who are there.
    #[must_use]
    pub fn close(&self) -> Vec<Arc<SharedLifecycle>> {
        let mut users = self.lock();
        users.closed = true;
        let all = users.pooled.values().map(|pooled| Arc::clone(&pooled.shared)).collect();
        drop(users);
        self.changes.notify();
        all
    }

    /// How many users are in it now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().pooled.len()
    }

    /// Whether nobody is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the time is read.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What rings when somebody comes in, or the pool closes.
    #[must_use]
    pub const fn changes(&self) -> &Arc<Notify> {
        &self.changes
    }

    fn lock(&self) -> MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Users {
    fn sweep(&mut self, now: Instant, idle: Duration) {
        self.pooled.retain(|_, Pooled { shared, used }| {
            // Held by nobody else, and nobody else can get it while the lock is held.
            let alone = Arc::strong_count(shared) == 1;
            !alone || now.since(*used) < idle || shared.is_under_way()
        });
        self.sweep = now.plus((idle / 4).max(SOON));
    }
}
