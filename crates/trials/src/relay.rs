//! A relay between a child and the server: it sees every byte, and stops at a chosen point until the child is dead, or
//! until the exchange may go on.

use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// The point at which the relay stops an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a trial kills at each")]
pub enum Wire {
    /// Connected, no byte read; the server sees nothing.
    Connected,
    /// The first byte has arrived; the server sees nothing.
    FirstByte,
    /// The server has processed the request, and the relay delivers nothing of the response.
    Processed,
    /// The relay has delivered half of the response.
    HalfAnswer,
    /// The relay has delivered the whole response.
    Answer,
}

/// A relay to one server.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
    reached: Mutex<Receiver<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    stop: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    armed: Option<Wire>,
    /// The stopped child is dead.
    released: bool,
    /// The stopped exchange goes on.
    resumed: bool,
    open: usize,
    /// The ports of closed connections.
    gone: Vec<u16>,
}

impl Relay {
    /// A relay to the server at this port.
    ///
    /// # Errors
    ///
    /// If there is no free port.
    pub fn to(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let server = SocketAddr::from(([127, 0, 0, 1], port));
        let (stop, state) = (AtomicBool::new(false), Mutex::default());
        let shared = Arc::new(Shared { server, stop, state, changed: Condvar::new() });
        let (sender, reached) = channel();
        let accepting = Arc::clone(&shared);
        let thread = Some(thread::spawn(move || accepting.accept(&listener, &sender)));
        Ok(Self { address, shared, reached: Mutex::new(reached), thread })
    }

    /// The URL that children use as the server's.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes the relay stop the next exchange at this point.
    pub fn arm(&self, wire: Wire) {
        let mut state = self.shared.state();
        state.armed = Some(wire);
        state.released = false;
        state.resumed = false;
    }

    /// Waits until the exchange reaches the point; `false` if it does not.
    #[must_use]
    pub fn reached(&self) -> bool {
        let reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.recv_timeout(Duration::from_secs(30)).is_ok()
    }

    /// Ends the stop, after the child's death.
    pub fn release(&self) {
        self.shared.state().released = true;
        self.shared.changed.notify_all();
    }

    /// Ends the stop: the exchange goes on as if it had not been stopped.
    pub fn resume(&self) {
        self.shared.state().resumed = true;
        self.shared.changed.notify_all();
    }

    /// Waits until the relay and the server have processed everything that was sent before.
    ///
    /// # Errors
    ///
    /// If the relay cannot be reached.
    pub fn settle(&self) -> io::Result<()> {
        // The relay accepts connections in order, so all earlier connections are counted by then.
        let marker = TcpStream::connect(self.address)?;
        let port = marker.local_addr()?.port();
        marker.shutdown(Shutdown::Both)?;
        drop(marker);
        let settled = |state: &mut State| state.open > 0 || !state.gone.contains(&port);
        drop(self.shared.changed.wait_while(self.shared.state(), settled));
        Ok(())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.release();
        self.shared.stop.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener, reached: &Sender<()>) {
        for client in listener.incoming().map_while(Result::ok) {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            self.state().open += 1;
            let (shared, reached) = (Arc::clone(self), reached.clone());
            thread::spawn(move || {
                let port = client.peer_addr().map(|address| address.port());
                drop(shared.relay(client, &reached));
                let mut state = shared.state();
                state.open -= 1;
                state.gone.extend(port);
                drop(state);
                shared.changed.notify_all();
            });
        }
    }

    fn relay(&self, mut client: TcpStream, reached: &Sender<()>) -> io::Result<()> {
        // A client sends bytes after it connects; the marker of `settle` does not.
        let armed = self.state().armed.take();
        let stop_at = |wire| armed == Some(wire);
        if stop_at(Wire::Connected) && self.stop(reached) == Then::End {
            return Ok(());
        }
        if client.peek(&mut [0])? == 0 {
            return Ok(());
        }
        if stop_at(Wire::FirstByte) && self.stop(reached) == Then::End {
            return Ok(());
        }
        let mut server = TcpStream::connect(self.server)?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let mut stops = matches!(armed, Some(Wire::Processed | Wire::HalfAnswer | Wire::Answer));
        while let Some(request) = message(&mut client)? {
            server.write_all(&request)?;
            let Some(answer) = message(&mut server)? else { return Ok(()) };
            let delivered = match armed {
                Some(Wire::Processed) if stops => 0,
                Some(Wire::HalfAnswer) if stops => answer.len() / 2,
                _ => answer.len(),
            };
            client.write_all(&answer[..delivered])?;
            if core::mem::take(&mut stops) && self.stop(reached) == Then::End {
                return Ok(());
            }
            client.write_all(&answer[delivered..])?;
        }
        Ok(())
    }

    fn stop(&self, reached: &Sender<()>) -> Then {
        let _ = reached.send(());
        let waits = |state: &mut State| !state.released && !state.resumed;
        let state = self.changed.wait_while(self.state(), waits).unwrap_or_else(PoisonError::into_inner);
        if state.resumed { Then::GoOn } else { Then::End }
    }
}

/// What follows a stop.
#[derive(PartialEq, Eq)]
enum Then {
    GoOn,
    End,
}

/// One complete request or response; `None` if the other side has closed the connection.
fn message(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4_096];
    loop {
        if let Some(end) = end_of(&bytes)
            && bytes.len() >= end
        {
            return Ok(Some(bytes));
        }
        match stream.read(&mut chunk)? {
            0 => return Ok(None),
            n => bytes.extend_from_slice(&chunk[..n]),
        }
    }
}

/// The length of the message that begins with these bytes, once its head is complete.
fn end_of(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    Some(head + length.unwrap_or(0))
}
