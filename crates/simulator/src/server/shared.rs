//! The state that the server and its connection threads share.

use core::fmt;
use core::sync::atomic::AtomicU64;
use std::collections::HashMap;
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::clock::SimClock;
use crate::endpoint::Endpoint;
use crate::world::World;

/// The state that every connection thread sees.
pub(crate) struct Shared {
    pub(super) world: Mutex<World>,
    pub(crate) clock: SimClock,
    pub(super) tls: Option<Arc<rustls::ServerConfig>>,
    pub(super) open: Mutex<HashMap<u64, TcpStream>>,
    pub(crate) accepted: AtomicU64,
    pub(crate) refused_handshakes: AtomicU64,
    /// The endpoints whose answers are held back.
    pub(super) held: Mutex<Vec<Endpoint>>,
    /// Notified when an endpoint is released, or the server stops.
    pub(super) released: Condvar,
}

impl Shared {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        locked(&self.world)
    }

    /// Waits while the answers of this endpoint are held back, until the server stops.
    pub(super) fn wait_for_release(&self, endpoint: Endpoint, is_stopping: impl Fn() -> bool) {
        let is_held =
            |held: &mut Vec<Endpoint>| !is_stopping() && held.iter().any(|group| group.covers(endpoint));
        drop(self.released.wait_while(locked(&self.held), is_held));
    }

    /// Wakes the connections that wait for a release.
    pub(super) fn wake_held(&self) {
        drop(locked(&self.held));
        self.released.notify_all();
    }
}

/// Locks even after a panic of another thread, because the data stays usable.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds back the answers of an endpoint, or of a group, until it is dropped.
#[must_use = "the answers are held back until it is dropped"]
pub struct Hold {
    shared: Arc<Shared>,
    endpoint: Endpoint,
}

impl Hold {
    pub(crate) fn new(shared: Arc<Shared>, endpoint: Endpoint) -> Self {
        locked(&shared.held).push(endpoint);
        Self { shared, endpoint }
    }
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hold").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = locked(&self.shared.held);
        if let Some(at) = held.iter().position(|endpoint| *endpoint == self.endpoint) {
            held.swap_remove(at);
        }
        drop(held);
        self.shared.wake_held();
    }
}
