//! The thread that shows that this process lives, and writes the notes of locks that have ended.

use core::time::Duration;

use redis::Value;
use wellspring_store::Deadline;

use crate::blocking::now;
use crate::exchange::{Request, exchange};
use crate::failure::{Cause, Failure};
use crate::presence::{Note, Task};
use crate::script::NOTE;
use crate::shared::{Shared, note_field, slot_of_name, version_field};

const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long one attempt may take.
const WITHIN: Duration = Duration::from_secs(2);

/// Runs until the store is closed.
pub(crate) fn run(shared: &Shared) {
    let mut pause = FIRST_PAUSE;
    loop {
        let failed = match shared.presence.next() {
            Task::Show => {
                let shown = show(shared);
                let failed = shown.is_err();
                shared.presence.tried(shown, pause);
                failed
            }
            Task::Notes(notes) => {
                let unwritten: Vec<Note> = notes.into_iter().filter(|note| !write(shared, note)).collect();
                let failed = !unwritten.is_empty();
                shared.presence.put_back(unwritten, pause);
                failed
            }
            Task::End => return,
        };
        pause = if failed { (2 * pause).min(LONGEST_PAUSE) } else { FIRST_PAUSE };
    }
}

/// Shows that this process lives, and returns until when.
fn show(shared: &Shared) -> Result<Deadline, Failure> {
    let lifetime = shared.presence.lifetime();
    // Counted from before the server counts: this process must not believe itself seen for longer than it is.
    let until = Deadline::after(lifetime);
    let (key, slot) = shared.keys.alive(shared.locks.process());
    let mut command = redis::cmd("SET");
    command.arg(key).arg("1").arg("PX").arg(u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX));
    let end = Deadline::after(WITHIN.min(lifetime));
    let reply = now(exchange(&shared.blocking, &shared.topology, &Request::one(slot, command), end))?;
    match reply.values.first() {
        Some(Value::Okay) => Ok(until),
        Some(Value::ServerError(error)) => Err(Failure::of_server(error)),
        _ => Err(Failure::new(Cause::Unexpected)),
    }
}

/// Writes a note. Returns `false` if that is to be tried again.
fn write(shared: &Shared, note: &Note) -> bool {
    let (field, channel) = (note_field(note.domain), shared.keys.record(&note.name));
    let versions: Vec<[u8; 17]> = note.versions.iter().map(|version| version_field(*version)).collect();
    let mut arguments: Vec<&[u8]> = vec![&field, channel.as_bytes()];
    arguments.extend(versions.iter().map(<[u8; 17]>::as_slice));
    for with_text in [false, true] {
        let command = shared.keys.call(&NOTE, with_text, &note.name, &arguments);
        let request = Request::one(slot_of_name(&note.name), command);
        let sent = now(exchange(&shared.blocking, &shared.topology, &request, Deadline::after(WITHIN)));
        match sent.map(|reply| reply.values.into_iter().next()) {
            Ok(Some(Value::ServerError(error))) if error.code() == "NOSCRIPT" => {}
            Ok(Some(Value::ServerError(error))) => {
                return !matches!(Failure::of_server(&error).cause, Cause::Server(_));
            }
            Ok(_) => return true,
            Err(failure) => {
                return matches!(failure.cause, Cause::Refused(_) | Cause::WrongLogin | Cause::NoLogin);
            }
        }
    }
    true
}
