//! Serves a world on a socket: one thread for each connection, all of which end when the server stops.
//!
//! [`connection`] reads and writes HTTP; [`tls`] makes the certificates.

mod connection;
mod shared;
mod start_error;
mod stop;
mod tls;

use core::net::{Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::HashMap;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

pub use shared::Hold;
pub use start_error::StartError;
pub use tls::Identity;

use crate::clock::SimClock;
use crate::server::shared::{Shared, locked};
use crate::server::stop::Stop;
use crate::world::World;

pub(crate) struct Server {
    pub(crate) shared: Arc<Shared>,
    pub(crate) address: SocketAddr,
    pub(crate) identity: Option<Identity>,
    listener: Option<Listening>,
}

struct Listening {
    stop: Arc<Stop>,
    thread: JoinHandle<()>,
}

impl Server {
    pub(crate) fn start(
        mut world: World,
        clock: SimClock,
        port: u16,
        security: Security,
    ) -> Result<Self, StartError> {
        let (tls, identity) = match security {
            Security::Plain => (None, None),
            Security::Tls { client_certificate } => {
                let (config, identity) = tls::server(client_certificate)?;
                (Some(Arc::new(config)), Some(identity))
            }
        };
        world.providers.https = tls.is_some();
        let listener = bind(port)?;
        let address = listener.local_addr().map_err(StartError::Listen)?;
        let shared = Arc::new(Shared {
            world: Mutex::new(world),
            clock,
            tls,
            open: Mutex::new(HashMap::new()),
            accepted: AtomicU64::new(0),
            refused_handshakes: AtomicU64::new(0),
            held: Mutex::new(Vec::new()),
            released: Condvar::new(),
        });
        let listener = Some(listen(listener, Arc::clone(&shared)).map_err(StartError::Listen)?);
        Ok(Self { shared, address, identity, listener })
    }

    /// Stops listening, so that new connections are refused, and closes the open ones.
    pub(crate) fn unplug(&mut self) {
        let Some(listening) = self.listener.take() else { return };
        listening.stop.order();
        self.shared.wake_held();
        // This connection wakes the listener's thread. If it fails, the thread has already ended.
        drop(TcpStream::connect(self.address));
        locked(&self.shared.open).values().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
        drop(listening.thread.join());
    }

    /// Listens again on the same port.
    pub(crate) fn plug_in(&mut self) -> Result<(), StartError> {
        if self.listener.is_none() {
            let listener = bind(self.address.port())?;
            self.listener = Some(listen(listener, Arc::clone(&self.shared)).map_err(StartError::Listen)?);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.unplug();
    }
}

pub(crate) enum Security {
    Plain,
    Tls { client_certificate: bool },
}

fn bind(port: u16) -> Result<TcpListener, StartError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken { port },
        _ => StartError::Listen(error),
    })
}

fn listen(listener: TcpListener, shared: Arc<Shared>) -> io::Result<Listening> {
    let stop = Arc::new(Stop::default());
    let seen = Arc::clone(&stop);
    let thread =
        thread::Builder::new().name("simulator".into()).spawn(move || accept(&listener, &shared, &seen))?;
    Ok(Listening { stop, thread })
}

/// Serves until the order to stop, then waits for every connection to end.
fn accept(listener: &TcpListener, shared: &Arc<Shared>, stop: &Arc<Stop>) {
    let mut serving: Vec<JoinHandle<()>> = Vec::new();
    for stream in listener.incoming() {
        if stop.is_ordered() {
            break;
        }
        serving.retain(|thread| !thread.is_finished());
        let Ok(stream) = stream else { continue };
        let Ok(registered) = stream.try_clone() else { continue };
        let number = shared.accepted.fetch_add(1, Ordering::SeqCst);
        locked(&shared.open).insert(number, registered);
        let (for_thread, stop) = (Arc::clone(shared), Arc::clone(stop));
        let spawned = thread::Builder::new().name(format!("simulator-{number}")).spawn(move || {
            connection::serve(stream, &for_thread, &stop, number);
            locked(&for_thread.open).remove(&number);
        });
        match spawned {
            Ok(thread) => serving.push(thread),
            Err(_) => drop(locked(&shared.open).remove(&number)),
        }
    }
    // A connection that was accepted during the order to stop is still open.
    locked(&shared.open).values().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    serving.into_iter().for_each(|thread| drop(thread.join()));
}
