//! The control endpoints, `/__sim/..`: for tests in other languages, and for use from a terminal.

use core::time::Duration;

use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::clock::SimClock;
use crate::document::{Document, quoted};
use crate::endpoint::{Endpoint, UnknownEndpoint};
use crate::fault::Fault;
use crate::reply::{Body, Reply};
use crate::request::Request;
use crate::world::World;

pub(crate) fn answer(world: &mut World, clock: &SimClock, request: &Request) -> Answer {
    let body = request.json_object().unwrap_or_default();
    let reply = match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/__sim/log") => list(world.log().map(|entry| entry.document().render())),
        ("GET", "/__sim/counters") => shown(world.counters().document()),
        ("GET", "/__sim/faults") => shown(faults(world)),
        ("POST", "/__sim/faults") => done(queue(world, &body)),
        ("DELETE", "/__sim/faults") => {
            world.clear_faults();
            done(Ok(()))
        }
        ("GET", "/__sim/clock") => shown(time(clock)),
        ("POST", "/__sim/clock") => done(set(clock, &body)),
        ("POST", "/__sim/revoke") => done(revoke(world, &body)),
        _ => refused(404, "no such control endpoint"),
    };
    reply.into_answer(clock.now())
}

fn shown(document: Document) -> Reply {
    Reply::json(200, document, "control")
}

fn list(documents: impl Iterator<Item = String>) -> Reply {
    let all: Vec<_> = documents.collect();
    Reply { body: Body::Bytes(format!("[{}]", all.join(",\n")).into_bytes()), ..shown(Document::new()) }
}

fn refused(status: u16, why: &str) -> Reply {
    Reply::json(status, Document::new().string("error", why), "control")
}

fn done(result: Result<(), String>) -> Reply {
    match result {
        Ok(()) => shown(Document::new().bool("done", true)),
        Err(why) => refused(400, &why),
    }
}

fn time(clock: &SimClock) -> Document {
    let now = clock.now();
    Document::new().json("unix", format!("{}.{:03}", now.as_secs(), now.subsec_millis()))
}

fn faults(world: &World) -> Document {
    let queued: Vec<_> = world
        .queued()
        .map(|(endpoint, fault, times)| {
            let entry =
                Document::new().string("endpoint", endpoint.name()).string("fault", &fault.to_string());
            entry.number("times", times.into()).render()
        })
        .collect();
    let described = |names: &mut dyn Iterator<Item = (&str, &str)>| {
        names.fold(Document::new(), |list, (name, says)| list.string(name, says))
    };
    Document::new()
        .json("queued", format!("[{}]", queued.join(",")))
        .object("known", described(&mut Fault::all_names()))
        .object("known_with_value", described(&mut Fault::with_values()))
}

fn queue(world: &mut World, body: &Map<String, Value>) -> Result<(), String> {
    let name = body.get("fault").and_then(Value::as_str).ok_or("fault: the name of a fault is required")?;
    let fault = Fault::parse(name).map_err(|error| error.to_string())?;
    let endpoint = match body.get("endpoint") {
        None => Endpoint::Token,
        Some(name) => {
            let name = name.as_str().ok_or("endpoint: a string is required")?;
            name.parse().map_err(|error: UnknownEndpoint| error.to_string())?
        }
    };
    let times = match body.get("times") {
        None => 1,
        Some(times) => {
            times.as_u64().and_then(|times| u32::try_from(times).ok()).ok_or("times: a number is required")?
        }
    };
    world.fault_times(endpoint, fault, times);
    Ok(())
}

fn set(clock: &SimClock, body: &Map<String, Value>) -> Result<(), String> {
    match (body.get("advance"), body.get("unix").and_then(Value::as_u64)) {
        (Some(seconds), None) => {
            let by = seconds.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            clock.advance(by.ok_or("advance: a non-negative number of seconds is required")?);
            Ok(())
        }
        (None, Some(unix)) => {
            clock.set_unix(unix);
            Ok(())
        }
        _ => Err("either advance (seconds) or unix (seconds) is required".into()),
    }
}

fn revoke(world: &mut World, body: &Map<String, Value>) -> Result<(), String> {
    if let Some(token) = body.get("token").and_then(Value::as_str) {
        return if world.revoke(token) { Ok(()) } else { Err("unknown token".into()) };
    }
    match body.get("what").and_then(Value::as_str) {
        Some("access") => world.revoke_access_tokens(),
        Some("refresh") => world.revoke_refresh_tokens(),
        Some("families") => world.revoke_families(),
        other => {
            return Err(format!(
                "what: access, refresh or families, not {}",
                quoted(other.unwrap_or_default())
            ));
        }
    }
    Ok(())
}
