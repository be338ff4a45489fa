//! The thread that looks at the records which callers wait for, many with one request.

use core::time::Duration;

use redis::{Cmd, Value};
use wellspring_core::WatchOutcome;
use wellspring_store::{Deadline, LockState};

use crate::blocking::now;
use crate::exchange::{Request, exchange};
use crate::failure::{Cause, Failure};
use crate::shared::{Shared, note_field, owner_of, slot_of_name, version_of};
use crate::slot::slot_of;
use crate::watching::{Look, Watch};

/// How many records one request looks at.
const MOST: usize = 500;

/// How long a look may take. A watcher is told when the store cannot be read.
const WITHIN: Duration = Duration::from_secs(2);

/// Runs until the store is closed.
pub(crate) fn run(shared: &Shared) {
    while let Some(looks) = shared.watching.due(MOST) {
        if shared.topology.is_cluster() {
            // Each record is with another server, and so is the presence of its owner.
            for look in &looks {
                shared.watching.looked(look, of_one(shared, &look.watch));
            }
        } else {
            of_many(shared, &looks);
        }
    }
}

/// What this process knows of the owner without asking: taken before the version is read, so that a save of an owner that
/// has ended is seen.
fn own(shared: &Shared, watch: &Watch) -> LockState {
    watch.domain.map_or(LockState::Held, |domain| shared.locks.state(&watch.name, domain))
}

/// Asks whether the owner's process lives.
fn presence(shared: &Shared, watch: &Watch) -> (Cmd, u16) {
    let (key, slot) = shared.keys.alive(watch.domain.map_or(0, owner_of));
    let mut command = redis::cmd("EXISTS");
    command.arg(key);
    (command, slot)
}

/// Asks for the version, and for the note of the lock.
fn record(shared: &Shared, watch: &Watch) -> Cmd {
    let mut command = redis::cmd("HMGET");
    command.arg(shared.keys.record(&watch.name)).arg("v");
    if let Some(domain) = watch.domain {
        command.arg(&note_field(domain)[..]);
    }
    command
}

fn of_many(shared: &Shared, looks: &[Look]) {
    let mut commands = Vec::new();
    let mut owned = Vec::new();
    for look in looks {
        let own = own(shared, &look.watch);
        if own == LockState::Foreign {
            commands.push(presence(shared, &look.watch).0);
        }
        commands.push(record(shared, &look.watch));
        owned.push(own);
    }
    let slot = looks.first().map_or(0, |look| slot_of_name(&look.watch.name));
    let request = Request { slot, commands };
    let answered = now(exchange(&shared.blocking, &shared.topology, &request, Deadline::after(WITHIN)));
    match answered {
        Err(failure) => looks.iter().for_each(|look| shared.watching.looked(look, Err(failure.clone()))),
        Ok(reply) => {
            let mut values = reply.values.into_iter();
            for (look, own) in looks.iter().zip(owned) {
                let present = if own == LockState::Foreign { values.next() } else { None };
                let record = values.next().unwrap_or_default();
                shared.watching.looked(look, outcome(&look.watch, own, present.as_ref(), &record));
            }
        }
    }
}

fn of_one(shared: &Shared, watch: &Watch) -> Result<Option<WatchOutcome>, Failure> {
    let own = own(shared, watch);
    let ask = |slot, command| {
        let request = Request::one(slot, command);
        let reply = now(exchange(&shared.blocking, &shared.topology, &request, Deadline::after(WITHIN)))?;
        reply.values.into_iter().next().ok_or(Failure::new(Cause::Unexpected))
    };
    let present = if own == LockState::Foreign {
        let (command, slot) = presence(shared, watch);
        // The server that has it may be down while the one with the record is not.
        ask(slot, command).ok()
    } else {
        None
    };
    let record = ask(slot_of(watch.name.as_str()), record(shared, watch))?;
    outcome(watch, own, present.as_ref(), &record)
}

/// What these answers mean. The presence was asked for before the version.
fn outcome(
    watch: &Watch,
    own: LockState,
    present: Option<&Value>,
    record: &Value,
) -> Result<Option<WatchOutcome>, Failure> {
    let fields = match record {
        Value::Array(fields) => fields,
        Value::ServerError(error) => return Err(Failure::of_server(error)),
        _ => return Err(Failure::new(Cause::Unexpected)),
    };
    match fields.first() {
        Some(Value::BulkString(field)) => match version_of(field) {
            Some(version) if version == watch.version => {}
            Some(_) => return Ok(Some(WatchOutcome::Changed)),
            None => return Err(Failure::new(Cause::Foreign)),
        },
        _ => return Ok(Some(WatchOutcome::Changed)),
    }
    let noted = matches!(fields.get(1), Some(Value::BulkString(_)));
    Ok(match (noted, own) {
        (true, _) | (_, LockState::Ended) => Some(WatchOutcome::OwnerGone),
        (_, LockState::Held) => None,
        (_, LockState::Foreign) if matches!(present, Some(Value::Int(1))) => None,
        // The process has ended, or never was, or no answer says so.
        (_, LockState::Foreign) => Some(WatchOutcome::OwnerUnknown),
    })
}
