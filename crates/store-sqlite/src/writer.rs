//! Saves, in groups: while one group is written, others gather, and are the next. A group is one transaction and one
//! flush, whoever is in it, so that a crowd that comes at once waits for a few flushes and not for one each.
//!
//! One of those who wait leads: it begins the transaction, takes along whoever has come by then, and says to each what
//! became of its save. Within this process nobody else asks SQLite for its lock, which is no queue and could pass over
//! the same one again and again.

use core::mem;
use core::time::Duration;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Error, OptionalExtension as _, TransactionBehavior};
use wellspring_core::{StoreError, Version};
use wellspring_store::{Deadline, Entry, KeyName};

use crate::connections::Open;
use crate::failure::failed;

/// How many are written together at most, so that the first need not wait for all.
const GROUP: usize = 256;

/// All saves of this process.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    queue: Mutex<Queue>,
    written: Condvar,
}

/// What one save is known by while it waits.
type Ticket = u64;

#[derive(Debug, Default)]
struct Queue {
    next: Ticket,
    /// In the order in which they came.
    waiting: Vec<(Ticket, Swap)>,
    /// Whether somebody leads. Those of its group whose owners still wait for what becomes of them are in `under_way`.
    led: bool,
    under_way: HashSet<Ticket>,
    /// What became of them, until their owners look.
    done: HashMap<Ticket, Result<bool, StoreError>>,
    connection: Option<Open>,
}

/// One save.
#[derive(Clone, Debug)]
pub(crate) struct Swap {
    pub(crate) name: KeyName,
    pub(crate) expected: Option<Version>,
    pub(crate) entry: Entry,
}

impl Writer {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, queue: Mutex::default(), written: Condvar::new() }
    }

    /// Saves, if the expected version is there.
    pub(crate) fn swap(&self, swap: Swap, within: Duration) -> Result<bool, StoreError> {
        let deadline = Deadline::after(within);
        let mut queue = self.queue();
        let ticket = queue.next;
        queue.next += 1;
        queue.waiting.push((ticket, swap));
        loop {
            if let Some(outcome) = queue.done.remove(&ticket) {
                return outcome;
            }
            if !queue.led {
                queue.led = true;
                let mut lead = Lead { writer: self, open: queue.connection.take() };
                drop(queue);
                if let Err(error) = lead.write(deadline, within) {
                    // Nobody's has been written. This one is taken away before anybody else leads; the others try for
                    // themselves, for as long as they have.
                    self.queue().waiting.retain(|(other, _)| *other != ticket);
                    return Err(error);
                }
                drop(lead);
                queue = self.queue();
                continue;
            }
            let left = deadline.left();
            if left.is_zero() {
                return Err(self.give_up(&mut queue, ticket, within));
            }
            let woken = self.written.wait_timeout(queue, left);
            queue = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Nobody waits for this one any more.
    fn give_up(&self, queue: &mut Queue, ticket: Ticket, within: Duration) -> StoreError {
        let path = self.path.display();
        let error =
            StoreError::unavailable(format!("{path} was busy with other saves for longer than {within:?}"));
        queue.waiting.retain(|(other, _)| *other != ticket);
        if queue.under_way.remove(&ticket) { error.maybe_applied() } else { error }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever leads. With it ends the lead, whatever has happened.
struct Lead<'a> {
    writer: &'a Writer,
    open: Option<Open>,
}

impl Lead<'_> {
    /// Writes all who wait, and tells them; an error where the transaction could not even begin.
    fn write(&mut self, deadline: Deadline, within: Duration) -> Result<(), StoreError> {
        let path = &self.writer.path;
        let mut open = match self.open.take().filter(|open| open.is_to(path)) {
            Some(open) => open,
            None => Open::to(path, deadline.left())?,
        };
        let connection = open.waiting(path, deadline.left())?;
        let fail = |error| failed(path, within, error);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let group = self.take_group();
        let outcomes =
            group.iter().map(|(_, swap)| apply(&transaction, swap)).collect::<Result<Vec<_>, Error>>();
        let outcomes = match outcomes {
            Ok(outcomes) if outcomes.iter().any(|own| matches!(own, Ok(true))) => {
                transaction.commit().map(|()| outcomes).map_err(|error| fail(error).maybe_applied())
            }
            // There is nothing to commit.
            Ok(outcomes) => transaction.rollback().map(|()| outcomes).map_err(fail),
            Err(error) => {
                // Ends with the connection at the latest.
                drop(transaction);
                Err(fail(error))
            }
        };
        if outcomes.is_ok() {
            self.open = Some(open);
        }
        let outcomes: Vec<_> = match outcomes {
            Ok(outcomes) => outcomes.into_iter().map(|own| own.map_err(fail)).collect(),
            Err(everybodys) => vec![Err(everybodys); group.len()],
        };
        let mut queue = self.writer.queue();
        for ((ticket, _), outcome) in group.iter().zip(outcomes) {
            if queue.under_way.remove(ticket) {
                queue.done.insert(*ticket, outcome);
            }
        }
        Ok(())
    }

    fn take_group(&self) -> Vec<(Ticket, Swap)> {
        let mut queue = self.writer.queue();
        let many = queue.waiting.len().min(GROUP);
        let rest = queue.waiting.split_off(many);
        let group = mem::replace(&mut queue.waiting, rest);
        queue.under_way = group.iter().map(|(ticket, _)| *ticket).collect();
        group
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        let mut queue = self.writer.queue();
        queue.led = false;
        queue.connection = self.open.take();
        // Whoever has not been told never will be: something below has panicked.
        for ticket in mem::take(&mut queue.under_way) {
            let error = StoreError::unavailable("a save was cut short by a panic").maybe_applied();
            queue.done.insert(ticket, Err(error));
        }
        self.writer.written.notify_all();
    }
}

/// Whether the expected version was there, and then the entry is; or what is wrong with this row alone. The outer error
/// is SQLite's own, and ends the transaction for everybody.
fn apply(connection: &Connection, swap: &Swap) -> Result<Result<bool, Error>, Error> {
    match held_version(connection, &swap.name) {
        Ok(held) if held == swap.expected => {}
        Ok(_) => return Ok(Ok(false)),
        // The row is not as this store writes it. It has only been looked at, so nothing of it has to be undone.
        Err(error) if error.sqlite_error_code().is_none() => return Ok(Err(error)),
        Err(error) => return Err(error),
    }
    connection
        .execute(
            "INSERT INTO record (key, version, record) VALUES (?1, ?2, ?3)
             ON CONFLICT (key) DO UPDATE SET version = excluded.version, record = excluded.record",
            (swap.name.as_str(), swap.entry.version.value().to_be_bytes(), swap.entry.bytes.as_slice()),
        )
        .map(|_| Ok(true))
}

/// The version of what is held under this name.
pub(crate) fn held_version(connection: &Connection, name: &KeyName) -> Result<Option<Version>, Error> {
    connection
        .query_row("SELECT version FROM record WHERE key = ?1", [name.as_str()], |row| {
            row.get::<_, [u8; 16]>(0)
        })
        .optional()
        .map(|version| version.map(|bytes| Version::new(u128::from_be_bytes(bytes))))
}

#[cfg(test)]
mod tests;
