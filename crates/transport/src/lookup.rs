//! The system's name lookup on a thread of its own, because it has no deadline.
//!
//! Both clients' own lookups panic where the system starts no further thread.

use core::net::SocketAddr;
use std::io;
use std::net::ToSocketAddrs;
use std::thread;

/// Looks up the addresses of this host, and hands them to `found` on the thread of the lookup.
///
/// # Errors
///
/// When the system starts no thread. Then `found` is never called.
pub fn look_up(
    host: impl ToSocketAddrs + Send + 'static,
    found: impl FnOnce(io::Result<Vec<SocketAddr>>) + Send + 'static,
) -> io::Result<()> {
    let lookup = move || found(host.to_socket_addrs().map(Iterator::collect));
    thread::Builder::new().name("wellspring-lookup".into()).spawn(lookup).map(drop)
}
