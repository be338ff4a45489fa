//! One request and its answers: to the server that has the key, once more where a connection turns out to be closed, and
//! to another server where the first says so.

use core::future::Future;

use redis::{Cmd, Pipeline, Value};
use wellspring_store::Deadline;

use crate::address::Address;
use crate::connector::Role;
use crate::failure::{Cause, Failure};
use crate::topology::Topology;

/// How often a request may be sent on from one server to another.
const MOST_HOPS: usize = 5;

/// Commands for the server of one slot, sent together.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) slot: u16,
    pub(crate) commands: Vec<Cmd>,
}

impl Request {
    pub(crate) fn one(slot: u16, command: Cmd) -> Self {
        Self { slot, commands: vec![command] }
    }

    pub(crate) fn pipeline(&self, asking: bool) -> Pipeline {
        let mut pipeline = redis::pipe();
        if asking {
            pipeline.cmd("ASKING");
        }
        for command in &self.commands {
            pipeline.add_command(command.clone());
        }
        pipeline
    }
}

/// The answers to a request, in its order. An error that the server returned for a command is one of them.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) values: Vec<Value>,
    /// The request was sent twice, and the server may have carried out the first too.
    pub(crate) repeated: bool,
}

/// How bytes move: blocking, or on a runtime.
pub(crate) trait Wire: Sync {
    /// An open connection.
    type Line: Send;

    /// A connection to this server, and whether it was in use before.
    fn open(
        &self,
        address: &Address,
        role: Role,
        end: Deadline,
    ) -> impl Future<Output = Result<(Self::Line, bool), Failure>> + Send;

    /// Sends these commands and reads as many answers.
    fn send(
        &self,
        line: &mut Self::Line,
        commands: &Pipeline,
        end: Deadline,
    ) -> impl Future<Output = Result<Vec<Value>, Failure>> + Send;

    /// The failure of the first request on a connection: the blocking client begins TLS no earlier.
    fn failed(&self, failure: Failure) -> Failure;

    /// Takes a connection back, which is of further use or is not.
    fn close(&self, address: &Address, role: Role, line: Self::Line, usable: bool);
}

/// Sends a request to the server that has its key.
///
/// # Errors
///
/// When there is none, or it does not answer in time. The failure says whether the server may have carried out the request.
pub(crate) async fn exchange<W: Wire>(
    wire: &W,
    topology: &Topology,
    request: &Request,
    end: Deadline,
) -> Result<Reply, Failure> {
    let mut redirected: Option<(Address, bool)> = None;
    let mut repeated = false;
    for _ in 0..MOST_HOPS {
        let (address, asking) = match redirected.take() {
            Some(redirected) => redirected,
            None => match topology.address_of(request.slot) {
                Some(address) => (address, false),
                None => (ask_sentinels(wire, topology, end).await.map_err(|f| mark(f, repeated))?, false),
            },
        };
        let opened = wire.open(&address, Role::Records, end).await;
        let (mut line, used) = opened.map_err(|failure| {
            topology.lost(&address);
            mark(failure, repeated)
        })?;
        let pipeline = request.pipeline(asking);
        let answered = wire.send(&mut line, &pipeline, end).await;
        wire.close(
            &address,
            Role::Records,
            line,
            answered.as_ref().map_or_else(|failure| !failure.ends_connection(), |_| true),
        );
        let mut values = match answered {
            Ok(values) => values,
            // The server has closed an idle connection: a restart or a failover, for example.
            Err(Failure { cause: Cause::Broken(_), .. }) if used && !end.left().is_zero() => {
                repeated = true;
                continue;
            }
            Err(failure) => {
                topology.lost(&address);
                return Err(if used { failure } else { wire.failed(failure) });
            }
        };
        if asking && !values.is_empty() {
            values.remove(0);
        }
        if values.len() != request.commands.len() {
            return Err(Failure::new(Cause::Unexpected).sent());
        }
        let Some(redirect) = values.iter().find_map(|value| redirect_of(value, &address)) else {
            if let Some(failure) = values.iter().find_map(elsewhere) {
                // A replica, or a server that is not ready: it has changed nothing.
                topology.lost(&address);
                return Err(mark(failure, repeated));
            }
            return Ok(Reply { values, repeated });
        };
        if !redirect.1 {
            topology.moved(request.slot, &redirect.0);
        }
        redirected = Some(redirect);
    }
    Err(mark(Failure::new(Cause::Server("TRYAGAIN".to_owned())), repeated))
}

const fn mark(failure: Failure, repeated: bool) -> Failure {
    if repeated { failure.sent() } else { failure }
}

/// The failure of a server that is not the one to ask.
fn elsewhere(value: &Value) -> Option<Failure> {
    let Value::ServerError(error) = value else { return None };
    Some(Failure::of_server(error)).filter(Failure::is_elsewhere)
}

/// Where the server sends the request on to, and whether only this one.
fn redirect_of(value: &Value, from: &Address) -> Option<(Address, bool)> {
    let Value::ServerError(error) = value else { return None };
    let asking = match error.code() {
        "MOVED" => false,
        "ASK" => true,
        _ => return None,
    };
    let address = error.details()?.split_ascii_whitespace().nth(1)?;
    // A server that does not know its own name leaves the host out.
    let (host, port) = address.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let host = if host.is_empty() { from.host.clone() } else { host.to_owned() };
    Some((Address { host, port: port.parse().ok()? }, asking))
}

/// Asks one Sentinel after the other for the primary.
async fn ask_sentinels<W: Wire>(wire: &W, topology: &Topology, end: Deadline) -> Result<Address, Failure> {
    let name = topology.sentinel_name().unwrap_or_default();
    let mut command = redis::cmd("SENTINEL");
    command.arg("GET-MASTER-ADDR-BY-NAME").arg(name);
    let request = Request::one(0, command);
    let mut last = Failure::new(Cause::Unreachable("no Sentinel answers".to_owned()));
    for address in topology.seeds() {
        let answered = match wire.open(&address, Role::Sentinel, end).await {
            Ok((mut line, _)) => {
                let answered = wire.send(&mut line, &request.pipeline(false), end).await;
                wire.close(&address, Role::Sentinel, line, false);
                answered
            }
            Err(failure) => Err(failure),
        };
        let answered = answered.and_then(|values| match values.first() {
            Some(Value::ServerError(error)) => Err(Failure::of_server(error)),
            _ => Ok(primary_of(&values)),
        });
        match answered {
            Ok(Some(primary)) => {
                topology.found(&primary);
                return Ok(primary);
            }
            Ok(None) => {
                last = Failure::new(Cause::Unreachable(format!(
                    "no Sentinel knows a primary of the name {name}: is it the one that the Sentinels watch?"
                )));
            }
            Err(failure) => last = Failure { sent: false, ..failure.of_sentinel(&address) },
        }
        topology.lost(&address);
    }
    Err(last)
}

fn primary_of(values: &[Value]) -> Option<Address> {
    let [Value::Array(parts)] = values else { return None };
    let [Value::BulkString(host), Value::BulkString(port)] = parts.as_slice() else { return None };
    let port = core::str::from_utf8(port).ok()?.parse().ok()?;
    Some(Address { host: String::from_utf8(host.clone()).ok()?, port })
}
