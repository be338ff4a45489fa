//! The state that the server and its connection threads share.

use core::sync::atomic::AtomicU64;
use std::collections::HashMap;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::SimClock;
use crate::world::World;

/// The state that every connection thread sees.
pub(crate) struct Shared {
    pub(super) world: Mutex<World>,
    pub(crate) clock: SimClock,
    pub(super) tls: Option<Arc<rustls::ServerConfig>>,
    pub(super) open: Mutex<HashMap<u64, TcpStream>>,
    pub(crate) accepted: AtomicU64,
    pub(crate) refused_handshakes: AtomicU64,
}

impl Shared {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        locked(&self.world)
    }
}

/// Locks even after a panic of another thread, because the data stays usable.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
