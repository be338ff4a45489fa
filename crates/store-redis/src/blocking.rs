//! Blocking I/O: a few connections, each for one request at a time. The store's own threads use it too.

use core::fmt;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Wake;
use std::thread::{self, Thread};

use redis::{Connection, ConnectionLike as _, Pipeline, Value};
use wellspring_store::Deadline;

use crate::address::Address;
use crate::connector::{Connector, Role};
use crate::exchange::Wire;
use crate::failure::Failure;
use crate::topology::Topology;

/// How many requests of one process may be on their way at once; more wait for their turn.
const MOST_CONNECTIONS: usize = 16;

/// Beyond what a socket takes as a timeout no caller waits.
const LONGEST: Duration = Duration::from_secs(3600);

/// Blocking connections to the servers of a store.
pub(crate) struct Blocking {
    connector: Arc<Connector>,
    topology: Arc<Topology>,
    pool: Mutex<Pool>,
    returned: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: HashMap<Address, Vec<Connection>>,
    in_use: usize,
}

impl fmt::Debug for Blocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking").field("connector", &self.connector).finish_non_exhaustive()
    }
}

impl Blocking {
    pub(crate) fn new(connector: Arc<Connector>, topology: Arc<Topology>) -> Self {
        Self { connector, topology, pool: Mutex::default(), returned: Condvar::new() }
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An idle connection to this server, or permission to make one.
    fn take(&self, address: &Address, end: Deadline) -> Result<Option<Connection>, Failure> {
        let mut pool = self.pool();
        while pool.in_use >= MOST_CONNECTIONS {
            let left = end.left();
            if left.is_zero() {
                return Err(Failure::timed_out());
            }
            pool =
                self.returned.wait_timeout(pool, left.min(LONGEST)).unwrap_or_else(PoisonError::into_inner).0;
        }
        pool.in_use += 1;
        Ok(pool.idle.get_mut(address).and_then(Vec::pop))
    }

    fn give_back(&self) {
        self.pool().in_use -= 1;
        self.returned.notify_one();
    }

    /// A new connection, which is not part of the pool. A server that could not be reached is left alone for a while first.
    pub(crate) fn connect(
        &self,
        address: &Address,
        role: Role,
        end: Deadline,
    ) -> Result<Connection, Failure> {
        let _ = end.sleep(self.topology.pause(address));
        let connected = self.connector.connect(address, role, end.left());
        match &connected {
            Ok(_) => self.topology.reached(address),
            Err(_) if end.left().is_zero() && connected.is_err() => self.topology.lost(address),
            Err(failure) => self.topology.not_reached(address, failure),
        }
        connected
    }
}

impl Wire for Blocking {
    type Line = Connection;

    async fn open(
        &self,
        address: &Address,
        role: Role,
        end: Deadline,
    ) -> Result<(Connection, bool), Failure> {
        if role == Role::Sentinel {
            return self.connect(address, role, end).map(|line| (line, false));
        }
        if let Some(idle) = self.take(address, end)? {
            return Ok((idle, true));
        }
        self.connect(address, role, end).map(|line| (line, false)).inspect_err(|_| self.give_back())
    }

    async fn send(
        &self,
        line: &mut Connection,
        commands: &Pipeline,
        end: Deadline,
    ) -> Result<Vec<Value>, Failure> {
        let left = end.left().min(LONGEST);
        if left.is_zero() {
            return Err(Failure::timed_out());
        }
        let timed = line.set_read_timeout(Some(left)).and_then(|()| line.set_write_timeout(Some(left)));
        timed.map_err(|error| Failure::of_request(&error))?;
        let packed = commands.get_packed_pipeline();
        line.req_packed_commands(&packed, 0, commands.len()).map_err(|error| Failure::of_request(&error))
    }

    fn failed(&self, failure: Failure) -> Failure {
        self.connector.failed(failure)
    }

    fn close(&self, address: &Address, role: Role, line: Connection, usable: bool) {
        if role == Role::Sentinel {
            return;
        }
        if usable {
            self.pool().idle.entry(address.clone()).or_default().push(line);
        } else {
            // The others are as old.
            self.pool().idle.remove(address);
        }
        self.give_back();
    }
}

/// Wakes a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Blocks the thread until the future is ready; `None` if the time is up before.
pub(crate) fn block_on<T>(future: impl Future<Output = T>, end: Deadline) -> Option<T> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(ready) = future.as_mut().poll(&mut context) {
            return Some(ready);
        }
        let left = end.left();
        if left.is_zero() {
            return None;
        }
        thread::park_timeout(left.min(LONGEST));
    }
}

/// Runs a future of the blocking wire, which is ready at once and keeps to the time that it is given.
pub(crate) fn now<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    block_on(future, Deadline::after(LONGEST)).unwrap_or_else(|| Err(Failure::timed_out()))
}
