//! The loopback port that receives the callback of one sign-in
//! ([RFC 8252 §7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)).
//!
//! Every program on this machine, and every page in the browser, can connect to this port. The listener answers requests
//! for other paths itself and passes on the rest. The sign-in decides whether a callback carries its state.

use core::net::{IpAddr, SocketAddr};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use oauth2_app::Callback;
use wellspring_core::Instant;
use wellspring_profiles::Place;
use wellspring_transport_blocking::Clock;

use crate::exit::{Exit, Failure};
use crate::login::page::Page;

/// The longest request head that the listener reads.
const LONGEST_HEAD: usize = 16 * 1024;
/// The time for reading or answering one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// The wait after `accept` has failed.
const ACCEPT_RETRY: Duration = Duration::from_millis(20);
/// Connections at the same time; the listener closes further ones.
const MAX_CONNECTIONS: usize = 64;

/// A bound port that does not answer yet.
#[derive(Debug)]
pub(crate) struct Loopback {
    listener: TcpListener,
    address: SocketAddr,
    /// The redirect URI, with the port that was taken.
    uri: String,
}

impl Loopback {
    /// Binds the port of the redirect URI, or any free port if the URI names none.
    pub(crate) fn bind(redirect_uri: String, place: &Place) -> Result<Self, Failure> {
        let Some((wanted, rest)) = split(&redirect_uri) else {
            return Err(Failure::at(
                place,
                "must be a loopback URL for a sign-in from this machine: register and write http://127.0.0.1:PORT/PATH",
            ));
        };
        let taken = TcpListener::bind(wanted).and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = taken.map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => {
                let port = wanted.port();
                Failure::at(
                    place,
                    format_args!("needs port {port}, which another program uses; stop that program first"),
                )
            }
            _ => Failure::at(place, format_args!("names an address that cannot be bound: {error}")),
        })?;
        // Servers compare redirect URIs to the byte, so the URI stays as written unless it names no port.
        let uri = if wanted.port() == 0 { format!("http://{address}{rest}") } else { redirect_uri };
        Ok(Self { listener, address, uri })
    }

    /// The redirect URI for the authorization request.
    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    /// Starts to accept connections.
    pub(crate) fn listen(self) -> Result<CallbackListener, Failure> {
        let path = split(&self.uri).map_or("/", |(_, rest)| path_of(rest)).to_owned();
        let (sender, requests) = mpsc::channel();
        let closed = Arc::new(AtomicBool::new(false));
        let (listener, is_closed) = (self.listener, closed.clone());
        let listening = thread::Builder::new()
            .name("loopback".into())
            .spawn(move || receive(&listener, &is_closed, &Arc::from(path), &sender));
        let listening = listening
            .map_err(|error| Failure::new(Exit::TryLater, format!("cannot start a thread: {error}")))?;
        Ok(CallbackListener { requests, closed, address: self.address, listening: Some(listening) })
    }
}

/// The address and the rest of a plain HTTP URL whose host is a loopback IP literal.
///
/// `localhost` is refused: it may resolve to another address
/// ([RFC 8252 §8.3](https://www.rfc-editor.org/rfc/rfc8252#section-8.3)).
fn split(uri: &str) -> Option<(SocketAddr, &str)> {
    let after = uri.strip_prefix("http://")?;
    let (authority, rest) = after.split_at(after.find(['/', '?']).unwrap_or(after.len()));
    let address = authority.parse::<SocketAddr>().ok().or_else(|| {
        let bare = authority.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bare {
            Some(host) => IpAddr::V6(host.parse().ok()?),
            None => IpAddr::V4(authority.parse().ok()?),
        };
        Some(SocketAddr::new(host, 0))
    })?;
    address.ip().is_loopback().then_some((address, rest))
}

fn path_of(rest: &str) -> &str {
    match rest.split(['?', '#']).next() {
        Some(path) if !path.is_empty() => path,
        _ => "/",
    }
}

/// A port that accepts connections. Dropping it closes the port.
#[derive(Debug)]
pub(crate) struct CallbackListener {
    requests: Receiver<BrowserRequest>,
    closed: Arc<AtomicBool>,
    address: SocketAddr,
    listening: Option<JoinHandle<()>>,
}

impl CallbackListener {
    /// The next request for the path of the redirect URI; `None` after this time.
    pub(crate) fn next(&self, within: Duration) -> Option<BrowserRequest> {
        self.requests.recv_timeout(within).ok()
    }
}

impl Drop for CallbackListener {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Release);
        // Only a connection wakes the thread that blocks in `accept`.
        if TcpStream::connect_timeout(&self.address, REQUEST_TIMEOUT).is_ok()
            && let Some(listening) = self.listening.take()
        {
            let _ = listening.join();
        }
    }
}

/// A callback request that waits for its page.
#[derive(Debug)]
pub(crate) struct BrowserRequest {
    pub(crate) callback: Callback,
    stream: TcpStream,
}

impl BrowserRequest {
    /// Sends the page. The browser may have closed the connection.
    pub(crate) fn show(self, page: &Page) {
        show(&self.stream, page);
    }
}

fn receive(listener: &TcpListener, closed: &AtomicBool, path: &Arc<str>, requests: &Sender<BrowserRequest>) {
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        if closed.load(Ordering::Acquire) {
            return;
        }
        let Ok(stream) = stream else {
            // The client may have closed the connection, or the process has no free file descriptor for a while.
            thread::park_timeout(ACCEPT_RETRY);
            continue;
        };
        if open.fetch_add(1, Ordering::AcqRel) >= MAX_CONNECTIONS {
            open.fetch_sub(1, Ordering::AcqRel);
            continue;
        }
        let (path, requests, closing) = (path.clone(), requests.clone(), open.clone());
        let serving = thread::Builder::new().name("callback".into()).spawn(move || {
            serve(stream, &path, &requests);
            closing.fetch_sub(1, Ordering::AcqRel);
        });
        if serving.is_err() {
            open.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

fn serve(mut stream: TcpStream, path: &str, requests: &Sender<BrowserRequest>) {
    let clock = Clock::system();
    let end = clock.now().instant.plus(REQUEST_TIMEOUT);
    match read_target(&mut stream, &clock, end) {
        Some(target) if path_of(&target) == path => {
            let callback = Callback::read(&target);
            // The receiver is gone once the sign-in has ended.
            let _ = requests.send(BrowserRequest { callback, stream });
        }
        Some(_) => show(&stream, &Page::not_found()),
        None => show(&stream, &Page::unreadable()),
    }
}

/// The target of a GET request; `None` for every other input.
fn read_target(stream: &mut TcpStream, clock: &Clock, end: Instant) -> Option<zeroize::Zeroizing<String>> {
    // The target holds the authorization code.
    let mut head = zeroize::Zeroizing::new(vec![0; LONGEST_HEAD]);
    let mut length = 0;
    loop {
        let left = end.since(clock.now().instant);
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return None;
        }
        let read = match stream.read(head.get_mut(length..)?) {
            Ok(0) => return None,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return None,
        };
        length = length.saturating_add(read);
        let mut fields = [httparse::EMPTY_HEADER; 100];
        let mut request = httparse::Request::new(&mut fields);
        match request.parse(head.get(..length)?) {
            Ok(httparse::Status::Partial) => {}
            Ok(httparse::Status::Complete(_)) => {
                let target = request.path.filter(|_| request.method == Some("GET"))?;
                return Some(zeroize::Zeroizing::new(target.to_owned()));
            }
            Err(_) => return None,
        }
    }
}

fn show(mut stream: &TcpStream, page: &Page) {
    let _ = stream.set_write_timeout(Some(REQUEST_TIMEOUT));
    if stream.write_all(page.response().as_bytes()).is_err() || stream.shutdown(Shutdown::Write).is_err() {
        return;
    }
    // Closing with unread input resets the connection, and the browser would lose the page.
    let _ = stream.set_read_timeout(Some(Duration::from_millis(200)));
    let mut rest = [0; 4096];
    for _ in 0..64 {
        if !matches!(stream.read(&mut rest), Ok(read) if read > 0) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_http_url_with_a_loopback_ip_literal_is_bound() {
        for (uri, address, rest) in [
            ("http://127.0.0.1:8765/oauth/callback", "127.0.0.1:8765", "/oauth/callback"),
            ("http://127.0.0.1/cb?x=y", "127.0.0.1:0", "/cb?x=y"),
            ("http://127.0.0.9:1", "127.0.0.9:1", ""),
            ("http://[::1]:8765/cb", "[::1]:8765", "/cb"),
            ("http://[::1]/", "[::1]:0", "/"),
            ("http://127.0.0.1:0?x=y", "127.0.0.1:0", "?x=y"),
        ] {
            assert_eq!(split(uri), Some((address.parse().unwrap(), rest)), "{uri}");
        }
        for uri in [
            "https://127.0.0.1:8765/cb",
            "http://localhost:8765/cb",
            "http://10.0.0.1/cb",
            "http://0.0.0.0:8765/cb",
            "http://127.0.0.1.example/cb",
            "http://user@127.0.0.1/cb",
            "http://::1/cb",
            "http://127.1/cb",
            "https://yourapp.com/oauth/callback",
            "",
        ] {
            assert_eq!(split(uri), None, "{uri}");
        }
    }

    #[test]
    fn only_the_path_of_a_target_is_compared() {
        for (rest, path) in [("", "/"), ("?x=y", "/"), ("/cb", "/cb"), ("/cb?code=1#x", "/cb"), ("/", "/")] {
            assert_eq!(path_of(rest), path);
        }
    }
}
