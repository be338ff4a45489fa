//! How a user of a pool is put to rest and woken, and when it is due.

use core::any::Any;
use core::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, TryLockError};

use wellspring_core::{Clocks, Instant, Lifecycle, Provider};

use crate::kind::PoolParts;
use crate::shared::SharedLifecycle;
use crate::stage::{Locked, Stage, State};
use crate::sync::MutexGuard;
use crate::timer::{Noted, Timed};

impl SharedLifecycle {
    /// The lifecycle, awake.
    pub(crate) fn lock(&self) -> Locked<'_> {
        loop {
            let resting = match Locked::of(self.peek()) {
                Ok(locked) => return locked,
                Err(resting) => resting,
            };
            drop(resting);
            // Only the users of a pool rest.
            let Some(pool) = self.pool() else { continue };
            // The program's own function, so no lock is held.
            let provider = (pool.for_user)(self.user.as_str());
            if let Ok(locked) = Locked::of(self.wake(self.peek(), pool, provider)) {
                return locked;
            }
        }
    }

    /// The same; `None` when another thread holds the lock.
    pub(crate) fn try_lock(&self) -> Option<Locked<'_>> {
        let stage = match self.stage.try_lock() {
            Ok(stage) => stage,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        if let Ok(locked) = Locked::of(stage) {
            return Some(locked);
        }
        Some(self.lock())
    }

    /// The lifecycle, awake or at rest.
    pub(super) fn peek(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pool(&self) -> Option<&PoolParts> {
        self.kind.parts.pool.as_deref()
    }

    fn wake<'a>(
        &self,
        mut stage: MutexGuard<'a, Stage>,
        pool: &PoolParts,
        provider: Arc<dyn Provider>,
    ) -> MutexGuard<'a, Stage> {
        let Stage::Resting { resting, notified } = &*stage else { return stage };
        let mut lifecycle = Lifecycle::awake(self.kind.parts.policy.clone(), resting);
        if pool.is_closed() {
            lifecycle.close();
        }
        // A caller that waited before, on a count of then, sees a change.
        *stage = Stage::Awake(State::new(provider, lifecycle, *notified + 1));
        if let Some(state) = stage.awake() {
            self.published.mirror(&state.lifecycle, &self.clock, &self.kind.prefix);
        }
        self.is_cold.store(false, Ordering::Release);
        stage
    }

    /// Puts the user of a pool to rest, if nothing would be lost. Its token is published again for the next reader.
    pub(crate) fn rest(&self) {
        let Some(pool) = self.pool() else { return };
        let freed = {
            let mut stage = self.peek();
            let Some((resting, notified)) = stage.awake().and_then(|s| Some((s.rest()?, s.changes.count())))
            else {
                return;
            };
            self.is_cold.store(true, Ordering::Release);
            self.published.clear(&pool.nothing);
            core::mem::replace(&mut *stage, Stage::Resting { resting: Box::new(resting), notified })
        };
        drop(freed);
    }

    /// Publishes nothing of a user at rest until the next reader.
    pub(crate) fn cool(&self) {
        let Some(pool) = self.pool() else { return };
        let stage = self.peek();
        if stage.awake().is_none() && !self.is_cold.swap(true, Ordering::AcqRel) {
            self.published.clear(&pool.nothing);
        }
    }

    /// Publishes the token of a user at rest, for a reader. Returns whether it was not published.
    #[inline(never)]
    pub(super) fn warm(&self) -> bool {
        if !self.is_cold.load(Ordering::Acquire) {
            return false;
        }
        let stage = self.peek();
        if let Stage::Resting { resting, .. } = &*stage {
            if self.is_cold.swap(false, Ordering::AcqRel) {
                self.published.publish(resting.token(), &self.clock, &self.kind.prefix);
            }
        }
        true
    }

    fn timed(self: &Arc<Self>) -> Arc<dyn Timed> {
        Arc::clone(self) as _
    }

    /// When a token in force is to be renewed.
    fn due(&self, now: Clocks) -> Option<Instant> {
        let stage = self.peek();
        let token = stage.token()?;
        let is_in_force = token.expires().is_none_or(|expires| !now.reached(expires));
        stage.next_wake().filter(|_| is_in_force)
    }

    /// Notes with the pool's timer when this user is due.
    pub(crate) fn schedule(self: &Arc<Self>) {
        let Some(pool) = self.pool().filter(|pool| pool.timer.is_watched()) else { return };
        if self.due(self.clock.now()).is_some_and(|due| pool.timer.note(&self.timed(), due)) {
            pool.changes.notify();
        }
    }

    /// Whether this user is due now. If it is due later, the timer notes that.
    pub(crate) fn is_due(self: &Arc<Self>, now: Clocks) -> bool {
        let Some((pool, due)) = self.pool().zip(self.due(now)) else { return false };
        due <= now.instant || {
            pool.timer.note(&self.timed(), due);
            false
        }
    }
}

impl Timed for SharedLifecycle {
    fn noted(&self) -> &Noted {
        &self.noted
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}
