//! One request to the loopback port: reading its target, and answering it. Both are bounded in bytes and in time.

use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use wellspring_core::Instant;
use wellspring_transport::Clock;
use zeroize::Zeroizing;

use super::page::Page;

/// The longest request head that is read.
const LONGEST_HEAD: usize = 16 * 1024;
/// The time for reading or answering one request.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// The time for the rest of a request after its answer.
const LINGER: Duration = Duration::from_millis(500);

/// The browser's request, which waits for its page.
#[must_use = "the browser waits for a page"]
#[derive(Debug)]
pub struct BrowserRequest {
    stream: Arc<TcpStream>,
    clock: Clock,
}

impl BrowserRequest {
    pub(super) const fn new(stream: Arc<TcpStream>, clock: Clock) -> Self {
        Self { stream, clock }
    }

    /// Sends the page, in at most five seconds. The browser may have closed the connection.
    pub fn show(self, page: &Page) {
        let mut stream = &*self.stream;
        let _ = stream.set_write_timeout(Some(REQUEST_TIMEOUT));
        if stream.write_all(page.response().as_bytes()).is_err() || stream.shutdown(Shutdown::Write).is_err()
        {
            return;
        }
        // Closing with unread input resets the connection, and the browser would lose the page.
        let end = self.clock.now().instant.plus(LINGER);
        let mut rest = [0; 4096];
        while matches!(read(stream, &mut rest, &self.clock, end), Some(read) if read > 0) {}
    }
}

/// The target of a GET request; `None` for every other input.
pub(super) fn read_target(stream: &TcpStream, clock: &Clock) -> Option<Zeroizing<String>> {
    read_target_until(stream, clock, clock.now().instant.plus(REQUEST_TIMEOUT))
}

fn read_target_until(stream: &TcpStream, clock: &Clock, end: Instant) -> Option<Zeroizing<String>> {
    // The target holds the authorization code.
    let mut head = Zeroizing::new(vec![0; LONGEST_HEAD]);
    let mut length = 0;
    loop {
        let read = read(stream, head.get_mut(length..)?, clock, end).filter(|read| *read > 0)?;
        length = length.saturating_add(read);
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut request = httparse::Request::new(&mut fields);
        match request.parse(head.get(..length)?) {
            Ok(httparse::Status::Partial) => {}
            Ok(httparse::Status::Complete(_)) => {
                let target = request.path.filter(|_| request.method == Some("GET"))?;
                return Some(Zeroizing::new(target.to_owned()));
            }
            Err(_) => return None,
        }
    }
}

/// The path of a request's target, or of what follows the authority of a URL.
pub(super) fn path_of(rest: &str) -> &str {
    match rest.split(['?', '#']).next() {
        Some(path) if !path.is_empty() => path,
        _ => "/",
    }
}

/// The number of bytes that arrive next; `None` after the end or an error.
fn read(mut stream: &TcpStream, into: &mut [u8], clock: &Clock, end: Instant) -> Option<usize> {
    loop {
        let left = end.since(clock.now().instant);
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return None;
        }
        match stream.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read.ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn only_the_path_of_a_target_is_compared() {
        for (rest, path) in [("", "/"), ("?x=y", "/"), ("/cb", "/cb"), ("/cb?code=1#x", "/cb"), ("/", "/")] {
            assert_eq!(path_of(rest), path);
        }
    }

    #[test]
    fn a_connection_that_sends_a_byte_now_and_then_is_dropped() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut slow = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let stream = listener.accept().unwrap().0;
        let by_hand = Clock::manual(1_700_000_000);
        let clock = Clock::from(&by_hand);
        let request = format!("GET /callback HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(4096));
        let end = clock.now().instant.plus(REQUEST_TIMEOUT);
        let visit = thread::spawn(move || {
            for byte in request.bytes() {
                // The server may have closed the connection.
                drop(slow.write_all(&[byte]));
                by_hand.advance(REQUEST_TIMEOUT);
            }
            slow
        });
        assert_eq!(read_target_until(&stream, &clock, end), None);
        drop(visit.join().unwrap());
    }
}
