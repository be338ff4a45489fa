//! The threads that accept connections to the port.

use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use wellspring_transport::Clock;

use super::error::LoopbackError;
use super::judge::{Judge, Judged};
use super::request::REQUEST_TIMEOUT;
use super::slot::Slot;
use super::visitors::{Visitors, receive};

/// A port that accepts connections. Dropping it closes the port.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) slot: Arc<Slot<Judged>>,
    closed: Arc<AtomicBool>,
    ports: Vec<(SocketAddr, JoinHandle<()>)>,
}

impl Listening {
    /// Starts to accept connections.
    pub(super) fn start(
        listeners: Vec<TcpListener>,
        path: String,
        judge: Judge,
        clock: &Clock,
    ) -> Result<Self, LoopbackError> {
        let slot = Arc::new(Slot::new());
        let visitors = Arc::new(Visitors::new(path, judge, slot.clone(), clock.clone()));
        let mut listening = Self { slot, closed: Arc::default(), ports: Vec::new() };
        for listener in listeners {
            let address = listener.local_addr().map_err(LoopbackError::Bind)?;
            let (closed, visitors) = (listening.closed.clone(), visitors.clone());
            let thread = thread::Builder::new()
                .name("loopback".into())
                .spawn(move || receive(&listener, &closed, &visitors))
                .map_err(LoopbackError::Thread)?;
            listening.ports.push((address, thread));
        }
        Ok(listening)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.slot.close();
        self.closed.store(true, Ordering::Release);
        for (address, thread) in self.ports.drain(..) {
            // Only a connection wakes the thread that blocks in `accept`.
            if TcpStream::connect_timeout(&address, REQUEST_TIMEOUT).is_ok() {
                let _ = thread.join();
            }
        }
    }
}
