//! The thread that listens for messages: one connection for all records that callers wait for.

use core::sync::atomic::Ordering;
use core::time::Duration;

use redis::PubSub;
use wellspring_store::Deadline;

use crate::blocking::now;
use crate::connector::Role;
use crate::exchange::{Request, exchange};
use crate::failure::{Cause, Failure};
use crate::shared::{Shared, version_of};

/// How long the thread reads before it sees to new subscriptions. A watcher whose subscription is not made yet looks as
/// often.
const READ: Duration = Duration::from_millis(25);

/// How long an answer of the server may take.
const WITHIN: Duration = Duration::from_secs(2);

/// How often the server must show that the connection still works, in reads that brought no message.
const QUIET_READS: u32 = 120;

const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// So many subscriptions are asked for one by one.
const FEW: usize = 16;

/// How long the connection outlasts its last subscription.
const IDLE_READS: u32 = 400;

/// Runs until the store is closed.
pub(crate) fn run(shared: &Shared) {
    let mut pause = FIRST_PAUSE;
    loop {
        let wanted = shared.watching.subscriptions(Duration::from_secs(3600));
        if wanted.closed {
            return;
        }
        if wanted.add.is_empty() {
            shared.watching.unsubscribed(&wanted.remove);
            continue;
        }
        let ended = listen(shared, &mut pause);
        shared.watching.lost();
        shared
            .subscribe_refused
            .store(matches!(ended, Err(Failure { cause: Cause::Refused(_), .. })), Ordering::Relaxed);
        if ended.is_err() {
            let end = Deadline::after(pause);
            pause = (2 * pause).min(LONGEST_PAUSE);
            // Nothing to do meanwhile: the watchers look by themselves.
            while !end.left().is_zero() && !shared.watching.is_closed() {
                let _ = end.sleep(FIRST_PAUSE);
            }
        }
    }
}

/// Listens until no record is watched, or the connection fails.
fn listen(shared: &Shared, pause: &mut Duration) -> Result<(), Failure> {
    let end = Deadline::after(WITHIN);
    let address = address(shared, end)?;
    let mut connection = shared.blocking.connect(&address, Role::Records, end)?;
    connection.set_write_timeout(Some(WITHIN)).map_err(|error| Failure::of_request(&error))?;
    let mut messages = connection.as_pubsub();
    let (mut quiet, mut idle) = (0, 0);
    loop {
        let wanted = shared.watching.subscriptions(Duration::ZERO);
        idle = if wanted.active == 0 && wanted.add.is_empty() { idle + 1 } else { 0 };
        if wanted.closed || idle > IDLE_READS {
            return Ok(());
        }
        if !wanted.add.is_empty() {
            let channels: Vec<String> = wanted.add.iter().map(|name| shared.keys.record(name)).collect();
            // The server does all of a command at once, and the client reads only the first confirmation: the others are
            // read with the messages. So a few are asked for one by one.
            let together = if channels.len() <= FEW { 1 } else { channels.len() };
            for channels in channels.chunks(together) {
                patiently(&mut messages, |messages| messages.subscribe(channels))?;
            }
            shared.watching.subscribed(&wanted.add);
            *pause = FIRST_PAUSE;
        }
        if !wanted.remove.is_empty() {
            let channels: Vec<String> = wanted.remove.iter().map(|name| shared.keys.record(name)).collect();
            patiently(&mut messages, |messages| messages.unsubscribe(&channels[..]))?;
            shared.watching.unsubscribed(&wanted.remove);
        }
        messages.set_read_timeout(Some(READ)).map_err(|error| Failure::of_request(&error))?;
        match messages.get_message() {
            Ok(message) => {
                quiet = 0;
                if let Some(name) = shared.keys.name_of(message.get_channel_name().as_bytes()) {
                    shared.watching.heard(&name, version_of(message.get_payload_bytes()));
                }
            }
            Err(error) if error.is_timeout() => quiet += 1,
            Err(error) => return Err(Failure::of_request(&error)),
        }
        if quiet > QUIET_READS {
            patiently(&mut messages, |messages| messages.ping::<redis::Value>())?;
            quiet = 0;
        }
    }
}

/// Does something that the server answers.
fn patiently<T>(
    messages: &mut PubSub<'_>,
    what: impl FnOnce(&mut PubSub<'_>) -> redis::RedisResult<T>,
) -> Result<T, Failure> {
    let done = messages.set_read_timeout(Some(WITHIN)).and_then(|()| what(messages));
    done.map_err(|error| Failure::of_request(&error))
}

/// A server that publishes: any of a cluster does, and of others the primary.
fn address(shared: &Shared, end: Deadline) -> Result<crate::address::Address, Failure> {
    if let Some(address) = shared.topology.address_of(0) {
        return Ok(address);
    }
    // A request finds the primary.
    now(exchange(&shared.blocking, &shared.topology, &Request::one(0, redis::cmd("PING")), end))?;
    shared.topology.address_of(0).ok_or(Failure::new(Cause::Unreachable("no primary is known".to_owned())))
}
