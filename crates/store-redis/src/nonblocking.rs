//! I/O on tokio: one connection to each server, which all requests share.

use core::fmt;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value};
use wellspring_store::Deadline;

use crate::address::Address;
use crate::connector::{Connector, Role};
use crate::exchange::Wire;
use crate::failure::Failure;
use crate::topology::Topology;

/// A server that has not answered for as long gets another connection.
const PATIENCE: Duration = Duration::from_millis(500);

/// Connections on tokio to the servers of a store.
pub(crate) struct Nonblocking {
    connector: Arc<Connector>,
    topology: Arc<Topology>,
    slots: Mutex<HashMap<Address, Slot>>,
}

#[derive(Default)]
struct Slot {
    line: Option<(u64, MultiplexedConnection)>,
    made: u64,
    /// Held by the request that connects.
    connecting: Arc<tokio::sync::Mutex<()>>,
}

/// A share of a connection.
pub(crate) struct Line {
    number: u64,
    connection: MultiplexedConnection,
    /// The last request had too little time to say something of the connection.
    impatient: bool,
}

impl fmt::Debug for Nonblocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonblocking").field("connector", &self.connector).finish_non_exhaustive()
    }
}

impl Nonblocking {
    pub(crate) fn new(connector: Arc<Connector>, topology: Arc<Topology>) -> Self {
        Self { connector, topology, slots: Mutex::default() }
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<Address, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The open connection to this server, or what to hold while making one.
    fn line(&self, address: &Address) -> Result<Line, Arc<tokio::sync::Mutex<()>>> {
        let mut slots = self.slots();
        let slot = slots.entry(address.clone()).or_default();
        match &slot.line {
            Some((number, connection)) => {
                Ok(Line { number: *number, connection: connection.clone(), impatient: false })
            }
            None => Err(Arc::clone(&slot.connecting)),
        }
    }

    async fn connect(
        &self,
        address: &Address,
        role: Role,
        end: Deadline,
    ) -> Result<MultiplexedConnection, Failure> {
        tokio::time::sleep(self.topology.pause(address).min(end.left())).await;
        let connected = tokio::time::timeout(end.left(), self.connector.connect_async(address, role)).await;
        let connected = connected.unwrap_or_else(|_| Err(self.connector.late()));
        match &connected {
            Ok(_) => self.topology.reached(address),
            Err(failure) => self.topology.not_reached(address, failure),
        }
        connected
    }
}

impl Wire for Nonblocking {
    type Line = Line;

    async fn open(&self, address: &Address, role: Role, end: Deadline) -> Result<(Line, bool), Failure> {
        if role == Role::Sentinel {
            let connection = self.connect(address, role, end).await?;
            return Ok((Line { number: 0, connection, impatient: false }, false));
        }
        let connecting = match self.line(address) {
            Ok(line) => return Ok((line, true)),
            Err(connecting) => connecting,
        };
        let alone = tokio::time::timeout(end.left(), connecting.lock()).await;
        let _alone = alone.map_err(|_| self.connector.late())?;
        // Another request may have connected meanwhile.
        if let Ok(line) = self.line(address) {
            return Ok((line, true));
        }
        let connection = self.connect(address, role, end).await?;
        let mut slots = self.slots();
        let slot = slots.entry(address.clone()).or_default();
        slot.made += 1;
        slot.line = Some((slot.made, connection.clone()));
        Ok((Line { number: slot.made, connection, impatient: false }, false))
    }

    async fn send(&self, line: &mut Line, commands: &Pipeline, end: Deadline) -> Result<Vec<Value>, Failure> {
        let left = end.left();
        line.impatient = left < PATIENCE;
        let sent = line.connection.send_packed_commands(commands, 0, commands.len());
        match tokio::time::timeout(left, sent).await {
            Ok(answered) => answered.map_err(|error| Failure::of_request(&error)),
            Err(_) => Err(Failure::timed_out().sent()),
        }
    }

    fn failed(&self, failure: Failure) -> Failure {
        self.connector.failed(failure)
    }

    fn close(&self, address: &Address, role: Role, line: Line, usable: bool) {
        if usable || line.impatient || role == Role::Sentinel {
            return;
        }
        if let Some(slot) = self.slots().get_mut(address) {
            slot.line.take_if(|(number, _)| *number == line.number);
        }
    }
}
