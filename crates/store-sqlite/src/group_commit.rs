//! Saves as group commits. While one group is committed, further saves queue up; they are the next group. A group is one
//! transaction and one flush, so many saves at the same time wait for a few flushes and not for one flush each.
//!
//! The first waiting saver becomes the leader: it begins the transaction, takes all queued saves, commits them and hands
//! each saver its outcome. Only the leader asks SQLite for the write lock. SQLite grants that lock in no order, so savers
//! that ask for it themselves could wait until their deadlines.

use core::mem;
use core::time::Duration;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Error, OptionalExtension as _, TransactionBehavior};
use wellspring_core::{StoreError, Version};
use wellspring_store::{Deadline, Entry, KeyName};

use crate::error::store_error;
use crate::tracked_connection::TrackedConnection;

/// The most saves in one group. It bounds how long the first saver waits for the others.
const LARGEST_GROUP: usize = 256;

/// The queue of all saves of this process.
#[derive(Debug)]
pub(crate) struct GroupCommit {
    path: PathBuf,
    queue: Mutex<Queue>,
    finished: Condvar,
}

/// Identifies a queued save.
type Ticket = u64;

#[derive(Debug, Default)]
struct Queue {
    next_ticket: Ticket,
    /// The saves that no group has taken, in the order of their arrival.
    waiting: Vec<(Ticket, SaveRequest)>,
    has_leader: bool,
    /// The saves of the leader's group whose savers still wait for an outcome.
    in_flight: HashSet<Ticket>,
    /// The outcomes that their savers have not taken yet.
    outcomes: HashMap<Ticket, Result<bool, StoreError>>,
    connection: Option<TrackedConnection>,
}

/// One save.
#[derive(Clone, Debug)]
pub(crate) struct SaveRequest {
    pub(crate) name: KeyName,
    pub(crate) expected: Option<Version>,
    pub(crate) entry: Entry,
}

impl GroupCommit {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, queue: Mutex::default(), finished: Condvar::new() }
    }

    /// Saves if the database holds the expected version; returns whether it did.
    pub(crate) fn save(&self, request: SaveRequest, within: Duration) -> Result<bool, StoreError> {
        let deadline = Deadline::after(within);
        let mut queue = self.lock();
        let ticket = queue.next_ticket;
        queue.next_ticket += 1;
        queue.waiting.push((ticket, request));
        loop {
            if let Some(outcome) = queue.outcomes.remove(&ticket) {
                return outcome;
            }
            if !queue.has_leader {
                queue.has_leader = true;
                let mut leader = Leader { commits: self, connection: queue.connection.take() };
                drop(queue);
                if let Err(error) = leader.commit_group(deadline, within) {
                    // No save was applied. The failed leader leaves the queue before the next leader starts. The other
                    // savers try for themselves until their own deadlines.
                    self.lock().waiting.retain(|(other, _)| *other != ticket);
                    return Err(error);
                }
                drop(leader);
                queue = self.lock();
                continue;
            }
            let left = deadline.left();
            if left.is_zero() {
                return Err(self.give_up(&mut queue, ticket, within));
            }
            let woken = self.finished.wait_timeout(queue, left);
            queue = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Removes a save whose deadline has passed. If a leader has taken it already, it may still be applied.
    fn give_up(&self, queue: &mut Queue, ticket: Ticket, within: Duration) -> StoreError {
        let path = self.path.display();
        let error =
            StoreError::unavailable(format!("{path} was busy with other saves for longer than {within:?}"));
        queue.waiting.retain(|(other, _)| *other != ticket);
        if queue.in_flight.remove(&ticket) { error.maybe_applied() } else { error }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to commit a group. Dropping it lets the next leader start, also after a panic.
struct Leader<'a> {
    commits: &'a GroupCommit,
    connection: Option<TrackedConnection>,
}

impl Leader<'_> {
    /// Commits all waiting saves and hands out their outcomes. Fails only if the transaction cannot begin.
    fn commit_group(&mut self, deadline: Deadline, within: Duration) -> Result<(), StoreError> {
        let path = &self.commits.path;
        let mut tracked = TrackedConnection::reuse_or_open(self.connection.take(), path, deadline.left())?;
        let connection = tracked.with_busy_timeout(path, deadline.left())?;
        let fail = |error| store_error(path, within, error);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let group = self.take_group();
        let applied =
            group.iter().map(|(_, save)| apply(&transaction, save)).collect::<Result<Vec<_>, Error>>();
        let applied = match applied {
            Ok(applied) if applied.iter().any(|outcome| matches!(outcome, Ok(true))) => {
                transaction.commit().map(|()| applied).map_err(|error| fail(error).maybe_applied())
            }
            // The transaction changed nothing.
            Ok(applied) => transaction.rollback().map(|()| applied).map_err(fail),
            Err(error) => {
                // Dropping rolls back. If that fails, closing the connection rolls back.
                drop(transaction);
                Err(fail(error))
            }
        };
        if applied.is_ok() {
            self.connection = Some(tracked);
        }
        let outcomes: Vec<_> = match applied {
            Ok(applied) => applied.into_iter().map(|outcome| outcome.map_err(fail)).collect(),
            Err(error) => vec![Err(error); group.len()],
        };
        let mut queue = self.commits.lock();
        for ((ticket, _), outcome) in group.iter().zip(outcomes) {
            if queue.in_flight.remove(ticket) {
                queue.outcomes.insert(*ticket, outcome);
            }
        }
        Ok(())
    }

    fn take_group(&self) -> Vec<(Ticket, SaveRequest)> {
        let mut queue = self.commits.lock();
        let size = queue.waiting.len().min(LARGEST_GROUP);
        let rest = queue.waiting.split_off(size);
        let group = mem::replace(&mut queue.waiting, rest);
        queue.in_flight = group.iter().map(|(ticket, _)| *ticket).collect();
        group
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        let mut queue = self.commits.lock();
        queue.has_leader = false;
        queue.connection = self.connection.take();
        // Only a panic during the commit leaves saves without an outcome.
        for ticket in mem::take(&mut queue.in_flight) {
            let error = StoreError::unavailable("the save was interrupted by a panic").maybe_applied();
            queue.outcomes.insert(ticket, Err(error));
        }
        self.commits.finished.notify_all();
    }
}

/// Saves if the row has the expected version; returns whether it had. The inner error concerns only this row. The outer
/// error is SQLite's and ends the transaction of the whole group.
fn apply(connection: &Connection, save: &SaveRequest) -> Result<Result<bool, Error>, Error> {
    match stored_version(connection, &save.name) {
        Ok(version) if version == save.expected => {}
        Ok(_) => return Ok(Ok(false)),
        // This store did not write the row. The row was only read, so the transaction can continue.
        Err(error) if error.sqlite_error_code().is_none() => return Ok(Err(error)),
        Err(error) => return Err(error),
    }
    connection
        .execute(
            "INSERT INTO record (key, version, record) VALUES (?1, ?2, ?3)
             ON CONFLICT (key) DO UPDATE SET version = excluded.version, record = excluded.record",
            (save.name.as_str(), save.entry.version.value().to_be_bytes(), save.entry.bytes.as_slice()),
        )
        .map(|_| Ok(true))
}

/// The version of the row of this name, if there is a row.
pub(crate) fn stored_version(connection: &Connection, name: &KeyName) -> Result<Option<Version>, Error> {
    connection
        .query_row("SELECT version FROM record WHERE key = ?1", [name.as_str()], |row| {
            row.get::<_, [u8; 16]>(0)
        })
        .optional()
        .map(|version| version.map(|bytes| Version::new(u128::from_be_bytes(bytes))))
}

#[cfg(test)]
mod tests;
