//! The connections to the loopback port: bounded in number, each served on a thread of its own.
//!
//! When there are too many, the oldest is closed. A browser sends its request at once, so the callback of the sign-in is
//! never the oldest of many.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::VecDeque;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use wellspring_transport::Clock;

use super::judge::{Judge, Judged};
use super::page::Page;
use super::request::{BrowserRequest, path_of, read_target};
use super::slot::Slot;
use crate::callback::Callback;

/// Connections at the same time.
const MAX_CONNECTIONS: usize = 64;
/// The wait after `accept` has failed.
const ACCEPT_RETRY: Duration = Duration::from_millis(20);

/// What the threads of all connections share.
pub(super) struct Visitors {
    path: String,
    judge: Judge,
    slot: Arc<Slot<Judged>>,
    clock: Clock,
    /// The connections whose requests are not complete, the oldest first.
    open: Mutex<VecDeque<Arc<TcpStream>>>,
}

impl Visitors {
    pub(super) fn new(path: String, judge: Judge, slot: Arc<Slot<Judged>>, clock: Clock) -> Self {
        Self { path, judge, slot, clock, open: Mutex::default() }
    }

    fn open(&self) -> MutexGuard<'_, VecDeque<Arc<TcpStream>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self, stream: Arc<TcpStream>) {
        let mut open = self.open();
        open.push_back(stream);
        if open.len() > MAX_CONNECTIONS {
            close_oldest(&mut open);
        }
    }

    fn forget(&self, stream: &Arc<TcpStream>) {
        self.open().retain(|open| !Arc::ptr_eq(open, stream));
    }

    fn serve(&self, stream: Arc<TcpStream>) {
        let target = read_target(&stream, &self.clock);
        self.forget(&stream);
        let request = BrowserRequest::new(stream, self.clock.clone());
        match target {
            Some(target) if path_of(&target) == self.path => {
                match self.judge.judge(&Callback::read(&target)) {
                    Some(judged) => self.slot.put((judged, request)),
                    None => request.show(&Page::stray()),
                }
            }
            Some(_) => request.show(&Page::not_found()),
            None => request.show(&Page::unreadable()),
        }
    }
}

/// Closes the oldest connection. Its thread then reads the end of the request, and ends.
fn close_oldest(open: &mut VecDeque<Arc<TcpStream>>) {
    if let Some(oldest) = open.pop_front() {
        let _ = oldest.shutdown(Shutdown::Both);
    }
}

/// Accepts connections until the port is closed.
pub(super) fn receive(listener: &TcpListener, closed: &AtomicBool, visitors: &Arc<Visitors>) {
    for stream in listener.incoming() {
        if closed.load(Ordering::Acquire) {
            return;
        }
        let Ok(stream) = stream else {
            // The client may have closed the connection, or the process has no free file descriptor.
            close_oldest(&mut visitors.open());
            thread::park_timeout(ACCEPT_RETRY);
            continue;
        };
        let stream = Arc::new(stream);
        visitors.admit(stream.clone());
        let (serving, served) = (visitors.clone(), stream.clone());
        let started = thread::Builder::new().name("callback".into()).spawn(move || serving.serve(served));
        if started.is_err() {
            visitors.forget(&stream);
        }
    }
}
