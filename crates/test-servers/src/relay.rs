//! A relay in front of a server: it counts the round trips of Postgres's protocol, can cut the network, and can be far away.

use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::clock;

/// A relay to a port of this machine. It ends when this is dropped.
#[derive(Debug)]
pub struct Relay {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    /// How long a packet takes in each direction.
    distance: Duration,
    ended: AtomicBool,
    round_trips: AtomicU64,
    cut: Mutex<bool>,
    changed: Condvar,
}

impl Relay {
    /// A relay to the server at this port.
    ///
    /// # Panics
    ///
    /// When there is no free port.
    #[must_use]
    pub fn to(port: u16) -> Self {
        Self::far(port, Duration::ZERO)
    }

    /// A relay to the server at this port, whose packets take so long in each direction.
    ///
    /// # Panics
    ///
    /// When there is no free port.
    #[must_use]
    pub fn far(port: u16, distance: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let own = listener.local_addr().expect("it has an address").port();
        let shared = Arc::new(Shared {
            server: SocketAddr::from(([127, 0, 0, 1], port)),
            distance,
            ended: AtomicBool::new(false),
            round_trips: AtomicU64::new(0),
            cut: Mutex::new(false),
            changed: Condvar::new(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accepting.accept(&listener));
        Self { port: own, shared }
    }

    /// The relay's own port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many times a client has sent a statement and waited for its end: the messages `Sync` and `Query`.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.shared.round_trips.load(Ordering::SeqCst)
    }

    /// Delivers nothing more in either direction, and closes nothing: a network that drops every packet.
    pub fn cut(&self) {
        *self.shared.cut() = true;
    }

    /// Delivers what was held back and all that follows.
    pub fn mend(&self) {
        *self.shared.cut() = false;
        self.shared.changed.notify_all();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.mend();
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

impl Shared {
    fn cut(&self) -> MutexGuard<'_, bool> {
        self.cut.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while_cut(&self) {
        let cut = self.changed.wait_while(self.cut(), |cut| *cut);
        drop(cut.unwrap_or_else(PoisonError::into_inner));
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming().map_while(Result::ok) {
            if self.ended.load(Ordering::SeqCst) {
                return;
            }
            let Ok(server) = TcpStream::connect(self.server) else { continue };
            for stream in [&client, &server] {
                drop(stream.set_nodelay(true));
            }
            let (Ok(client_again), Ok(server_again)) = (client.try_clone(), server.try_clone()) else {
                continue;
            };
            let (up, down) = (Arc::clone(self), Arc::clone(self));
            thread::spawn(move || up.pump(client, server, Some(Frames::default())));
            thread::spawn(move || down.pump(server_again, client_again, None));
        }
    }

    fn pump(&self, mut from: TcpStream, mut to: TcpStream, mut frames: Option<Frames>) {
        let mut bytes = [0; 16 << 10];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            self.wait_while_cut();
            clock::pass(self.distance);
            if let Some(frames) = &mut frames {
                self.round_trips.fetch_add(frames.count(&bytes[..length]), Ordering::SeqCst);
            }
            if to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        drop(to.shutdown(Shutdown::Both));
        drop(from.shutdown(Shutdown::Both));
    }
}

/// Reads the messages of a client of Postgres: the first without a type, all others with one byte of type; then the length,
/// which counts itself.
#[derive(Debug, Default)]
struct Frames {
    started: bool,
    header: Vec<u8>,
    skip: usize,
}

impl Frames {
    /// How many messages of these bytes end a round trip.
    fn count(&mut self, bytes: &[u8]) -> u64 {
        let mut count = 0;
        for byte in bytes {
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            self.header.push(*byte);
            let of_type = usize::from(self.started);
            let Some(length) = self.header.get(of_type..).and_then(|rest| rest.first_chunk::<4>()) else {
                continue;
            };
            self.skip = (u32::from_be_bytes(*length) as usize).saturating_sub(4);
            count += u64::from(self.started && matches!(self.header[0], b'S' | b'Q'));
            self.started = true;
            self.header.clear();
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_messages_that_end_a_round_trip_count_however_they_are_cut() {
        let mut sent = vec![0, 0, 0, 8, 0, 3, 0, 0];
        for (kind, body) in [(b'P', "SSS"), (b'B', "Q"), (b'S', ""), (b'Q', "select 1")] {
            sent.push(kind);
            sent.extend((body.len() as u32 + 4).to_be_bytes());
            sent.extend(body.as_bytes());
        }
        for size in 1..sent.len() {
            let mut frames = Frames::default();
            assert_eq!(sent.chunks(size).map(|part| frames.count(part)).sum::<u64>(), 2, "{size}");
        }
    }
}
