//! The connections for loads: at most a few, which stay open. A load that finds all of them in use waits.

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use wellspring_core::StoreError;
use wellspring_store::Deadline;

use crate::error::store_error;
use crate::tracked_connection::TrackedConnection;

/// The most connections in the pool. More connections do not make loads faster, and opening one takes longer than many
/// loads.
const CAPACITY: usize = 4;

#[derive(Debug)]
pub(crate) struct ConnectionPool {
    path: PathBuf,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Debug)]
struct State {
    idle: Vec<TrackedConnection>,
    in_use: usize,
}

impl ConnectionPool {
    /// A pool for the database at this path, which starts with this connection.
    pub(crate) fn new(path: PathBuf, first: TrackedConnection) -> Self {
        let state = Mutex::new(State { idle: vec![first], in_use: 0 });
        Self { path, state, returned: Condvar::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `action` on a connection. The pool drops the connection if `action` fails.
    pub(crate) fn run<T>(
        &self,
        within: Duration,
        action: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        let deadline = Deadline::after(within);
        let mut slot = self.acquire_slot(deadline, within)?;
        let mut tracked =
            TrackedConnection::reuse_or_open(slot.connection.take(), &self.path, deadline.left())?;
        let connection = tracked.with_busy_timeout(&self.path, deadline.left())?;
        let value = action(connection).map_err(|error| store_error(&self.path, within, error))?;
        slot.connection = Some(tracked);
        Ok(value)
    }

    fn acquire_slot(&self, deadline: Deadline, within: Duration) -> Result<Slot<'_>, StoreError> {
        let mut state = self.lock();
        while state.in_use == CAPACITY {
            let left = deadline.left();
            if left.is_zero() {
                return Err(StoreError::unavailable(format!(
                    "all connections to {} were in use for longer than {within:?}",
                    self.path.display()
                )));
            }
            let woken = self.returned.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.in_use += 1;
        Ok(Slot { connection: state.idle.pop(), pool: self })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to use one connection. Dropping it returns its connection, if any, to the pool.
struct Slot<'a> {
    connection: Option<TrackedConnection>,
    pool: &'a ConnectionPool,
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        state.in_use -= 1;
        state.idle.extend(self.connection.take());
        self.pool.returned.notify_one();
    }
}
