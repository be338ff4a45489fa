//! What a person should know of the server: `INFO`, read for [`problems`](wellspring_store::Records::problems) and
//! [`notes`](wellspring_store::Records::notes).

use core::sync::atomic::Ordering;
use core::time::Duration;

use redis::Value;
use wellspring_core::StoreError;
use wellspring_store::Deadline;

use crate::blocking::now;
use crate::exchange::{Request, exchange};
use crate::shared::Shared;

const WITHIN: Duration = Duration::from_secs(2);

/// The value of this line in these sections; `None` where the server does not tell.
fn line(shared: &Shared, section: &str, name: &str) -> Option<String> {
    let mut command = redis::cmd("INFO");
    command.arg(section);
    let request = Request::one(0, command);
    let reply = now(exchange(&shared.blocking, &shared.topology, &request, Deadline::after(WITHIN))).ok()?;
    let text = match reply.values.into_iter().next()? {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok()?,
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => text,
        _ => return None,
    };
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(|value| value.trim().to_owned()))
}

/// What a person must correct: a server that removes records.
pub(crate) fn problems(shared: &Shared) -> Vec<StoreError> {
    let limited = line(shared, "memory", "maxmemory").is_some_and(|limit| limit != "0");
    let policy = line(shared, "memory", "maxmemory_policy").unwrap_or_default();
    let evicts = limited && policy.starts_with("allkeys");
    evicts
        .then(|| {
            StoreError::refused(format!(
                "{} removes records when its memory is full (maxmemory-policy {policy}), and users have to sign in again: \
                 set `maxmemory-policy noeviction`",
                shared.place
            ))
        })
        .into_iter()
        .collect()
}

/// What a person should know.
pub(crate) fn notes(shared: &Shared) -> Vec<String> {
    let place = &shared.place;
    let mut notes = Vec::new();
    if line(shared, "persistence", "aof_enabled").is_some_and(|enabled| enabled == "0") {
        notes.push(format!(
            "{place} writes no append-only file: a sudden stop loses what was saved since its last snapshot, and users may \
             have to sign in again; set `appendonly yes`, and `appendfsync always` if no save may be lost"
        ));
    }
    let refused = [(&shared.publish_refused, "publish"), (&shared.subscribe_refused, "subscribe")];
    for (refused, what) in refused {
        if refused.load(Ordering::Relaxed) {
            notes.push(format!(
                "{place} does not let this user {what}: a process that waits for another's renewal looks once a second; \
                 permit the channels `&{}*`",
                shared.keys.prefix
            ));
        }
    }
    notes
}
