//! One request to the loopback port: reading its target, and answering it. Both are bounded in bytes and in time.

use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use wellspring_core::Instant;
use wellspring_transport_blocking::Clock;
use zeroize::Zeroizing;

use crate::login::page::Page;

/// The longest request head that is read.
const LONGEST_HEAD: usize = 16 * 1024;
/// The time for reading or answering one request.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// The time for the rest of a request after its answer.
const LINGER: Duration = Duration::from_millis(500);

/// A request that waits for its page.
#[derive(Debug)]
pub(crate) struct BrowserRequest(Arc<TcpStream>);

impl BrowserRequest {
    pub(super) fn new(stream: Arc<TcpStream>) -> Self {
        Self(stream)
    }

    /// Sends the page. The browser may have closed the connection.
    pub(crate) fn show(self, page: &Page) {
        let mut stream = &*self.0;
        let _ = stream.set_write_timeout(Some(REQUEST_TIMEOUT));
        if stream.write_all(page.response().as_bytes()).is_err() || stream.shutdown(Shutdown::Write).is_err()
        {
            return;
        }
        // Closing with unread input resets the connection, and the browser would lose the page.
        let clock = Clock::system();
        let end = clock.now().instant.plus(LINGER);
        let mut rest = [0; 4096];
        while matches!(read(stream, &mut rest, &clock, end), Some(read) if read > 0) {}
    }
}

/// The target of a GET request; `None` for every other input.
pub(super) fn read_target(stream: &TcpStream) -> Option<Zeroizing<String>> {
    let clock = Clock::system();
    let end = clock.now().instant.plus(REQUEST_TIMEOUT);
    // The target holds the authorization code.
    let mut head = Zeroizing::new(vec![0; LONGEST_HEAD]);
    let mut length = 0;
    loop {
        let read = read(stream, head.get_mut(length..)?, &clock, end).filter(|read| *read > 0)?;
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
