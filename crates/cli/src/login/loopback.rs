//! Where the browser comes back to: a port of this machine, for as long as one sign-in takes
//! ([RFC 8252 §7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)).
//!
//! Anybody on this machine, and any page in the browser, can knock here. Whoever comes with something else than a
//! request for the redirect URI's path is answered and forgotten; whether the rest is the answer that is waited for
//! is decided elsewhere.

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

/// The longest head of a request that is read.
const LONGEST_HEAD: usize = 16 * 1024;
/// The time for one visitor's request.
const PATIENCE: Duration = Duration::from_secs(5);
/// After a visitor who could not be let in.
const BREATH: Duration = Duration::from_millis(20);
/// Visitors at the same time; more are sent away.
const VISITORS: usize = 64;

/// A port that nobody has been told of yet.
#[derive(Debug)]
pub(crate) struct Loopback {
    listener: TcpListener,
    address: SocketAddr,
    /// The redirect URI, with the port that was taken.
    uri: String,
}

impl Loopback {
    /// Takes the redirect URI's port, or any where it names none.
    pub(crate) fn bind(redirect_uri: String, place: &Place) -> Result<Self, Failure> {
        let Some((wanted, rest)) = split(&redirect_uri) else {
            return Err(Failure::at(
                place,
                "must lead to this machine for a sign-in from here: register and write http://127.0.0.1:PORT/PATH",
            ));
        };
        let taken = TcpListener::bind(wanted).and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = taken.map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => {
                let port = wanted.port();
                Failure::at(
                    place,
                    format_args!("needs port {port}, which is taken by another program; end that one first"),
                )
            }
            _ => Failure::at(place, format_args!("cannot be listened on: {error}")),
        })?;
        // To the byte as it was registered, unless the port was left open.
        let uri = if wanted.port() == 0 { format!("http://{address}{rest}") } else { redirect_uri };
        Ok(Self { listener, address, uri })
    }

    /// The redirect URI for the authorization request.
    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    /// From now on visitors are heard.
    pub(crate) fn listen(self) -> Result<Waiting, Failure> {
        let path = split(&self.uri).map_or("/", |(_, rest)| path_of(rest)).to_owned();
        let (tell, visits) = mpsc::channel();
        let closed = Arc::new(AtomicBool::new(false));
        let (listener, is_closed) = (self.listener, closed.clone());
        let listening = thread::Builder::new()
            .name("loopback".into())
            .spawn(move || receive(&listener, &is_closed, &Arc::from(path), &tell));
        let listening = listening
            .map_err(|error| Failure::new(Exit::TryLater, format!("no thread can be started: {error}")))?;
        Ok(Waiting { visits, closed, address: self.address, listening: Some(listening) })
    }
}

/// Address and what follows it, if this is a plain HTTP URL of an IP literal of this machine.
///
/// Not of `localhost`, which need not be this machine
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

/// An open port. It is closed when this is dropped.
#[derive(Debug)]
pub(crate) struct Waiting {
    visits: Receiver<Visit>,
    closed: Arc<AtomicBool>,
    address: SocketAddr,
    listening: Option<JoinHandle<()>>,
}

impl Waiting {
    /// The next visitor who asks for the redirect URI; `None` when this much time has passed.
    pub(crate) fn visit(&self, within: Duration) -> Option<Visit> {
        self.visits.recv_timeout(within).ok()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Release);
        // Nothing else wakes whoever waits for a visitor.
        if TcpStream::connect_timeout(&self.address, PATIENCE).is_ok()
            && let Some(listening) = self.listening.take()
        {
            let _ = listening.join();
        }
    }
}

/// A visitor who waits for a page.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) callback: Callback,
    stream: TcpStream,
}

impl Visit {
    /// Shows the page. Nobody may be there any more to see it.
    pub(crate) fn show(self, page: &Page) {
        show(&self.stream, page);
    }
}

fn receive(listener: &TcpListener, closed: &AtomicBool, path: &Arc<str>, tell: &Sender<Visit>) {
    let present = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        if closed.load(Ordering::Acquire) {
            return;
        }
        let Ok(stream) = stream else {
            // A visitor who has gone again is no reason to close; where nothing can be opened any more, it takes a while.
            thread::park_timeout(BREATH);
            continue;
        };
        if present.fetch_add(1, Ordering::AcqRel) >= VISITORS {
            present.fetch_sub(1, Ordering::AcqRel);
            continue;
        }
        let (path, tell, leaving) = (path.clone(), tell.clone(), present.clone());
        let attended = thread::Builder::new().name("visitor".into()).spawn(move || {
            attend(stream, &path, &tell);
            leaving.fetch_sub(1, Ordering::AcqRel);
        });
        if attended.is_err() {
            present.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

fn attend(mut stream: TcpStream, path: &str, tell: &Sender<Visit>) {
    let clock = Clock::system();
    let end = clock.now().instant.plus(PATIENCE);
    match read_target(&mut stream, &clock, end) {
        Some(target) if path_of(&target) == path => {
            let callback = Callback::read(&target);
            // Nobody waits any more once the sign-in is over.
            let _ = tell.send(Visit { callback, stream });
        }
        Some(_) => show(&stream, &Page::not_found()),
        None => show(&stream, &Page::unreadable()),
    }
}

/// The target of a GET request; `None` for everything else.
fn read_target(stream: &mut TcpStream, clock: &Clock, end: Instant) -> Option<zeroize::Zeroizing<String>> {
    // The target holds the code.
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
    let _ = stream.set_write_timeout(Some(PATIENCE));
    if stream.write_all(page.answer().as_bytes()).is_err() || stream.shutdown(Shutdown::Write).is_err() {
        return;
    }
    // To close on what was not read would take the page back from the browser.
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
    fn only_plain_http_to_an_ip_literal_of_this_machine_is_listened_on() {
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
    fn a_target_is_compared_by_its_path_alone() {
        for (rest, path) in [("", "/"), ("?x=y", "/"), ("/cb", "/cb"), ("/cb?code=1#x", "/cb"), ("/", "/")] {
            assert_eq!(path_of(rest), path);
        }
    }
}
