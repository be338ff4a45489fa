//! The operations of the store on one record, the same whether they block or not.

use core::sync::atomic::Ordering;
use core::time::Duration;

use redis::Value;
use wellspring_core::{StoreError, TokenKey, Version};
use wellspring_store::{Deadline, Entry, KeyName, Zeroizing};

use crate::address::Address;
use crate::exchange::{Reply, Request, Wire, exchange};
use crate::failure::{Cause, Failure};
use crate::script::{CHECK, SWAP};
use crate::shared::{Shared, slot_of_name, version_field, version_of};

/// How many names one request asks for.
const NAMES_AT_ONCE: u32 = 1000;

/// How many replicas must confirm a save, and for how long they are waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replicas {
    pub(crate) number: u32,
    pub(crate) within: Duration,
}

/// The entry of this name.
pub(crate) async fn load<W: Wire>(
    wire: &W,
    shared: &Shared,
    name: &KeyName,
    end: Deadline,
) -> Result<Option<Entry>, StoreError> {
    let mut command = redis::cmd("HGETALL");
    command.arg(shared.keys.record(name));
    let request = Request::one(slot_of_name(name), command);
    let loaded = exchange(wire, &shared.topology, &request, end).await.and_then(|reply| entry(reply.values));
    loaded.map_err(|failure| failure.into_error(&shared.place, false))
}

fn entry(values: Vec<Value>) -> Result<Option<Entry>, Failure> {
    let fields = match values.into_iter().next() {
        Some(Value::Array(fields)) => fields,
        Some(Value::ServerError(error)) => return Err(Failure::of_server(&error)),
        _ => return Err(Failure::new(Cause::Unexpected)),
    };
    if fields.is_empty() {
        return Ok(None);
    }
    let (mut version, mut record) = (None, None);
    let mut fields = fields.into_iter();
    while let (Some(Value::BulkString(field)), Some(Value::BulkString(value))) =
        (fields.next(), fields.next())
    {
        match field.as_slice() {
            b"v" => version = version_of(&value),
            b"r" => record = Some(Zeroizing::new(value)),
            _ => {}
        }
    }
    match (version, record) {
        (Some(version), Some(bytes)) => Ok(Some(Entry { version, bytes })),
        _ => Err(Failure::new(Cause::Foreign)),
    }
}

/// Replaces the entry of this version, or the absent one.
pub(crate) async fn swap<W: Wire>(
    wire: &W,
    shared: &Shared,
    replicas: Option<Replicas>,
    name: &KeyName,
    (expected, entry): (Option<Version>, &Entry),
    end: Deadline,
) -> Result<bool, StoreError> {
    // From now on the lease of this entry may stand, also if this future is dropped.
    shared.locks.saving(name, entry.version, entry.holds_lease());
    let swapped = run_swap(wire, shared, replicas, name, (expected, entry), end).await;
    match &swapped {
        Ok(swapped) => shared.locks.saved(name, entry.version, *swapped),
        Err(failure) if !failure.sent => shared.locks.saved(name, entry.version, false),
        Err(_) => {}
    }
    swapped.map_err(|failure| failure.into_error(&shared.place, true))
}

async fn run_swap<W: Wire>(
    wire: &W,
    shared: &Shared,
    replicas: Option<Replicas>,
    name: &KeyName,
    (expected, entry): (Option<Version>, &Entry),
    end: Deadline,
) -> Result<bool, Failure> {
    let expected = expected.map(version_field);
    let expected = expected.as_ref().map_or(&[][..], |field| &field[..]);
    let (new, channel) = (version_field(entry.version), shared.keys.record(name));
    let arguments = [expected, &new, &entry.bytes, channel.as_bytes()];
    let mut repeated = false;
    // The replicas would be waited for although the server does not know the script.
    let first = usize::from(replicas.is_some());
    for with_text in &[false, true][first..] {
        let with_text = *with_text;
        let mut commands = vec![shared.keys.call(&SWAP, with_text, name, &arguments)];
        if let Some(replicas) = replicas {
            let mut wait = redis::cmd("WAIT");
            // The answer must come within the time of the save.
            let within = replicas.within.min(end.left().mul_f64(0.9));
            let within = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
            wait.arg(replicas.number).arg(within.max(1));
            commands.push(wait);
        }
        let request = Request { slot: slot_of_name(name), commands };
        let Reply { values, repeated: again } = exchange(wire, &shared.topology, &request, end).await?;
        repeated |= again;
        if matches!(values.first(), Some(Value::ServerError(error)) if error.code() == "NOSCRIPT")
            && !with_text
        {
            continue;
        }
        return swapped(shared, &values, repeated, replicas);
    }
    Err(Failure::new(Cause::Unexpected).sent())
}

fn swapped(
    shared: &Shared,
    values: &[Value],
    repeated: bool,
    replicas: Option<Replicas>,
) -> Result<bool, Failure> {
    match values.first() {
        Some(Value::Int(0)) if repeated => {
            // The first of the two may have been carried out, and another process may have saved after it.
            return Err(Failure::new(Cause::Broken("a save was sent twice".to_owned())).sent());
        }
        Some(Value::Int(0)) => return Ok(false),
        Some(Value::Int(1)) => shared.publish_refused.store(false, Ordering::Relaxed),
        Some(Value::Int(2)) => {}
        Some(Value::Int(3)) => shared.publish_refused.store(true, Ordering::Relaxed),
        Some(Value::Int(-1)) => return Err(Failure::new(Cause::Foreign)),
        Some(Value::ServerError(error)) => {
            let failure = Failure::of_server(error);
            // The server checks memory and permissions before the first change of the script.
            return Err(if repeated { failure.sent() } else { failure });
        }
        _ => return Err(Failure::new(Cause::Unexpected).sent()),
    }
    let Some(replicas) = replicas else { return Ok(true) };
    match values.get(1) {
        Some(Value::Int(confirmed)) if *confirmed >= i64::from(replicas.number) => Ok(true),
        Some(Value::Int(confirmed)) => {
            let text = format!("{confirmed} of {} replicas have confirmed the save in time", replicas.number);
            Err(Failure::new(Cause::Broken(text)).sent())
        }
        Some(Value::ServerError(error)) => Err(Failure::of_server(error).sent()),
        _ => Err(Failure::new(Cause::Unexpected).sent()),
    }
}

/// Checks that the server lets this user swap: does it on a key that no record has, and leaves nothing behind.
pub(crate) async fn check<W: Wire>(wire: &W, shared: &Shared, end: Deadline) -> Result<(), StoreError> {
    run_check(wire, shared, end).await.map_err(|failure| failure.into_error(&shared.place, false))
}

async fn run_check<W: Wire>(wire: &W, shared: &Shared, end: Deadline) -> Result<(), Failure> {
    let name = KeyName::of(&TokenKey::new("wellspring", "a check of the server"));
    let (field, channel) = (version_field(Version::new(0)), shared.keys.record(&name));
    // A save needs both: its text where the server does not know the script, and its name otherwise.
    for with_text in [false, true] {
        let command = shared.keys.call(&CHECK, with_text, &name, &[&field, channel.as_bytes()]);
        let request = Request::one(slot_of_name(&name), command);
        let reply = exchange(wire, &shared.topology, &request, end).await?;
        match reply.values.first() {
            Some(Value::ServerError(error)) if error.code() == "NOSCRIPT" && !with_text => {}
            Some(Value::ServerError(error)) => return Err(Failure::of_server(error)),
            Some(Value::Int(answer @ (1 | 3))) => {
                shared.publish_refused.store(*answer == 3, Ordering::Relaxed);
            }
            Some(Value::Int(-1)) => return Err(Failure::new(Cause::Foreign)),
            _ => return Err(Failure::new(Cause::Unexpected)),
        }
    }
    Ok(())
}

/// The names of all entries.
pub(crate) async fn names<W: Wire>(
    wire: &W,
    shared: &Shared,
    end: Deadline,
) -> Result<Vec<KeyName>, StoreError> {
    all_names(wire, shared, end).await.map_err(|failure| failure.into_error(&shared.place, false))
}

async fn all_names<W: Wire>(wire: &W, shared: &Shared, end: Deadline) -> Result<Vec<KeyName>, Failure> {
    let mut names = Vec::new();
    for slot in one_slot_of_each_server(wire, shared, end).await? {
        let mut cursor = b"0".to_vec();
        loop {
            let mut command = redis::cmd("SCAN");
            command.arg(&cursor).arg("MATCH").arg(shared.keys.pattern()).arg("COUNT").arg(NAMES_AT_ONCE);
            let reply = exchange(wire, &shared.topology, &Request::one(slot, command), end).await?;
            let (next, keys) = page(reply.values)?;
            names.extend(keys.iter().filter_map(|key| shared.keys.name_of(key)));
            cursor = next;
            if cursor == b"0" {
                break;
            }
        }
    }
    // A scan may return a key twice.
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn page(values: Vec<Value>) -> Result<(Vec<u8>, Vec<Vec<u8>>), Failure> {
    match values.into_iter().next() {
        Some(Value::Array(parts)) => match <[Value; 2]>::try_from(parts) {
            Ok([Value::BulkString(cursor), Value::Array(keys)]) => {
                let bytes = |key| if let Value::BulkString(bytes) = key { Some(bytes) } else { None };
                Ok((cursor, keys.into_iter().filter_map(bytes).collect()))
            }
            _ => Err(Failure::new(Cause::Unexpected)),
        },
        Some(Value::ServerError(error)) => Err(Failure::of_server(&error)),
        _ => Err(Failure::new(Cause::Unexpected)),
    }
}

/// A slot of each server that has records; one of any if there is only one server.
async fn one_slot_of_each_server<W: Wire>(
    wire: &W,
    shared: &Shared,
    end: Deadline,
) -> Result<Vec<u16>, Failure> {
    let mut command = redis::cmd("CLUSTER");
    command.arg("SLOTS");
    let reply = exchange(wire, &shared.topology, &Request::one(0, command), end).await?;
    // A server that is no node of a cluster answers with an error.
    let Some(Value::Array(ranges)) = reply.values.into_iter().next() else { return Ok(vec![0]) };
    let mut servers: Vec<Address> = Vec::new();
    let mut slots = Vec::new();
    for range in ranges {
        let Value::Array(parts) = range else { continue };
        let (Some(Value::Int(first)), Some(Value::Array(primary))) = (parts.first(), parts.get(2)) else {
            continue;
        };
        let [Value::BulkString(host), Value::Int(port), ..] = primary.as_slice() else { continue };
        let (Ok(first), Ok(port)) = (u16::try_from(*first), u16::try_from(*port)) else { continue };
        let Ok(host) = String::from_utf8(host.clone()) else { continue };
        let address = Address { host, port };
        if !address.host.is_empty() && !servers.contains(&address) {
            // `SCAN` names no key, so no server would send it on.
            shared.topology.moved(first, &address);
            slots.push(first);
            servers.push(address);
        }
    }
    Ok(if slots.is_empty() { vec![0] } else { slots })
}
