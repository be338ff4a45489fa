//! The loopback port that receives the callback of one sign-in
//! ([RFC 8252 §7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)).
//!
//! Every program on this machine, and every page in the browser, can connect to this port. Each connection has a
//! [visitor](visitors) of its own, so no stranger delays the callback of the sign-in.

mod request;
mod visitors;

use core::net::{IpAddr, SocketAddr};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};

use oauth2_app::Callback;
use wellspring_profiles::Place;

use crate::exit::{Exit, Failure};
pub(crate) use crate::login::loopback::request::BrowserRequest;
use crate::login::loopback::request::{REQUEST_TIMEOUT, path_of};
use crate::login::loopback::visitors::{Visitors, receive};

/// A bound port that does not answer yet.
#[derive(Debug)]
pub(crate) struct Loopback {
    listener: TcpListener,
    address: SocketAddr,
    /// The redirect URI, with the port that was taken.
    uri: String,
}

impl Loopback {
    /// Whether the redirect URI names a port.
    pub(crate) fn names_a_port(redirect_uri: &str, place: &Place) -> Result<bool, Failure> {
        split(redirect_uri).map(|(address, _)| address.port() != 0).ok_or_else(|| no_loopback(place))
    }

    /// Binds the port of the redirect URI, or any free port if the URI names none.
    pub(crate) fn bind(redirect_uri: String, place: &Place) -> Result<Self, Failure> {
        let (wanted, rest) = split(&redirect_uri).ok_or_else(|| no_loopback(place))?;
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

    /// Starts to accept connections. The judge of a callback returns `None` for one that is not part of the sign-in.
    pub(crate) fn listen<T: Send + 'static>(
        self,
        judge: impl Fn(&Callback) -> Option<T> + Send + Sync + 'static,
    ) -> Result<CallbackListener<T>, Failure> {
        let path = split(&self.uri).map_or("/", |(_, rest)| path_of(rest)).to_owned();
        let (sender, callbacks) = mpsc::channel();
        let closed = Arc::new(AtomicBool::new(false));
        let (listener, is_closed) = (self.listener, closed.clone());
        let visitors = Arc::new(Visitors::new(path, judge, sender));
        let listening = thread::Builder::new()
            .name("loopback".into())
            .spawn(move || receive(&listener, &is_closed, &visitors));
        let listening = listening
            .map_err(|error| Failure::new(Exit::TryLater, format!("cannot start a thread: {error}")))?;
        Ok(CallbackListener { callbacks, closed, address: self.address, listening: Some(listening) })
    }
}

fn no_loopback(place: &Place) -> Failure {
    Failure::at(
        place,
        "must be a loopback URL for a sign-in from this machine: register and write http://127.0.0.1:PORT/PATH",
    )
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

/// A port that accepts connections. Dropping it closes the port.
#[derive(Debug)]
pub(crate) struct CallbackListener<T> {
    callbacks: Receiver<(T, BrowserRequest)>,
    closed: Arc<AtomicBool>,
    address: SocketAddr,
    listening: Option<JoinHandle<()>>,
}

impl<T> CallbackListener<T> {
    /// The callback of the sign-in, as the judge read it; `None` after this time.
    pub(crate) fn wait(&self, within: Duration) -> Option<(T, BrowserRequest)> {
        self.callbacks.recv_timeout(within).ok()
    }
}

impl<T> Drop for CallbackListener<T> {
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
