//! Sign-in with a browser for a program that runs in a terminal: the browser comes back to a port of this machine
//! ([RFC 8252](https://www.rfc-editor.org/rfc/rfc8252)).
//!
//! The simulator is the server here, and this program plays the browser. In your program, print or open the URL and
//! wait.
#![forbid(unsafe_code)]

use core::error::Error;
use core::time::Duration;
use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Weak};
use std::thread;

use oauth2_app::blocking::Client;
use oauth2_app::{App, Authorization, Callback, Entropy};
use wellspring_core::{HttpRequest, Instant, Method};
use wellspring_simulator::{OauthClient, Simulator};
use wellspring_transport_blocking::{Clock, TokenSource};

// ANCHOR: wait
/// How long the user may take to sign in.
const LIFETIME: Duration = Duration::from_secs(600);
/// How long one connection may take.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause between two looks at the port.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Connections at the same time; the oldest of more is closed.
const MAX_CONNECTIONS: usize = 64;
/// The maximum size of a request's head.
const MAX_HEAD: usize = 16 * 1024;

/// The connections to the port, each on a thread of its own: a slow or silent one delays no other.
struct Visitors {
    /// The connections in the order of their arrival.
    open: VecDeque<Weak<TcpStream>>,
    callbacks: Receiver<(Callback, Arc<TcpStream>)>,
    sender: Sender<(Callback, Arc<TcpStream>)>,
}

impl Visitors {
    fn new() -> Self {
        let (sender, callbacks) = mpsc::channel();
        Self { open: VecDeque::new(), callbacks, sender }
    }

    /// Serves a connection. Requests for other paths get a 404.
    fn admit(&mut self, stream: TcpStream, path: &'static str, clock: &Clock, end: Instant) {
        self.open.retain(|open| open.strong_count() > 0);
        if self.open.len() == MAX_CONNECTIONS
            && let Some(oldest) = self.open.pop_front().and_then(|oldest| oldest.upgrade())
        {
            // A browser sends its request at once, so the oldest of many is no callback. Its thread reads the end.
            drop(oldest.shutdown(Shutdown::Both));
        }
        let (stream, clock, sender) = (Arc::new(stream), clock.clone(), self.sender.clone());
        self.open.push_back(Arc::downgrade(&stream));
        // Without a thread the connection is closed.
        drop(thread::Builder::new().spawn(move || match target(&stream, &clock, end) {
            Some(target) if target.split('?').next() == Some(path) => {
                drop(sender.send((Callback::read(&target), stream)));
            }
            Some(_) => answer(&stream, "404 Not Found", "There is nothing here."),
            None => {}
        }));
    }
}

/// The next callback to this port, or `None` after `end`. Any page in the browser can send requests here.
fn next_callback(
    listener: &TcpListener,
    visitors: &mut Visitors,
    path: &'static str,
    clock: &Clock,
    end: Instant,
) -> Option<(Callback, Arc<TcpStream>)> {
    loop {
        let now = clock.now().instant;
        if now >= end {
            return None;
        }
        // The listener does not block.
        for (stream, _) in (0..MAX_CONNECTIONS).map_while(|_| listener.accept().ok()) {
            visitors.admit(stream, path, clock, end.min(now.plus(CONNECTION_TIMEOUT)));
        }
        if let Ok(callback) = visitors.callbacks.recv_timeout(POLL_INTERVAL) {
            return Some(callback);
        }
    }
}

/// The target of a GET request, if all of it arrives before `end`.
fn target(mut stream: &TcpStream, clock: &Clock, end: Instant) -> Option<String> {
    let (mut head, mut part) = (Vec::new(), [0; 1024]);
    // Some systems copy the setting from the listener.
    stream.set_nonblocking(false).ok()?;
    while !head.ends_with(b"\r\n\r\n") {
        let left = end.since(clock.now().instant);
        if left.is_zero() || head.len() > MAX_HEAD {
            return None;
        }
        stream.set_read_timeout(Some(left)).ok()?;
        let read = stream.read(&mut part).ok().filter(|read| *read > 0)?;
        head.extend_from_slice(part.get(..read)?);
    }
    let head = String::from_utf8(head).ok()?;
    Some(head.strip_prefix("GET ")?.split(' ').next()?.to_owned())
}

/// Answers with plain text, which a browser neither runs nor caches.
fn answer(mut stream: &TcpStream, status: &str, sentence: &str) {
    let head = "Content-Type: text/plain\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer";
    let length = sentence.len();
    let all = format!(
        "HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{sentence}"
    );
    // The browser may have disconnected.
    drop(stream.write_all(all.as_bytes()));
}
// ANCHOR_END: wait

fn main() -> Result<(), Box<dyn Error>> {
    // ANCHOR: sign-in
    // An IP literal, because `localhost` may resolve to another address (RFC 8252 section 8.3).
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let redirect_uri = format!("http://{}/callback", listener.local_addr()?);
    // ANCHOR_END: sign-in
    let client = OauthClient::public("client_of_this_example", &redirect_uri);
    let simulator = Simulator::builder().client(client).start()?;
    let server = simulator.url();
    // ANCHOR: go-on
    let app = App::builder()
        .authorize_url(format!("{server}/api/oauth2/authorize"))
        .token_url(format!("{server}/api/oauth2/token"))
        .userinfo_url(format!("{server}/api/oauth2/userinfo"))
        // A public client has no secret, because every copy of the program would contain it. PKCE protects the code.
        .client_id("client_of_this_example")
        .redirect_uri(redirect_uri)
        .build()?;
    let client = Client::new(app.clone())?;
    let Authorization { url, login, .. } = app.authorize(&Entropy::from_system()?)?;
    println!("Open {url}");
    // ANCHOR_END: go-on
    let browser = browser(client.source(), &url)?;

    // ANCHOR: finish
    let clock = Clock::system();
    let (mut login, end) = (login, clock.now().instant.plus(LIFETIME));
    let mut visitors = Visitors::new();
    loop {
        let (callback, stream) = next_callback(&listener, &mut visitors, "/callback", &clock, end)
            .ok_or("the user did not sign in in time")?;
        match client.sign_in(login, &callback) {
            Ok(_token) => {
                answer(&stream, "200 OK", "You are signed in. You can close this window.");
                break;
            }
            Err(error) => {
                answer(&stream, "400 Bad Request", "This is not the sign-in that this program started.");
                // A forged callback ends nothing: the real one may still come.
                let message = error.to_string();
                login = error.into_pending().ok_or(message)?;
            }
        }
    }
    // ANCHOR_END: finish
    let seen = browser.join().map_err(|_| "the browser has panicked")?;
    assert!(seen[0].starts_with("HTTP/1.1 404") && seen[1].starts_with("HTTP/1.1 400"), "{seen:?}");
    assert!(seen[2].starts_with("HTTP/1.1 200"), "{seen:?}");
    assert!(!client.userinfo()?.id.is_empty());
    Ok(())
}

/// Plays the browser: loads the icon, a forged callback of another page, and then the real callback.
fn browser(source: &TokenSource, url: &str) -> Result<thread::JoinHandle<Vec<String>>, Box<dyn Error>> {
    // The user allows it.
    let answer = source.exchange(&HttpRequest::new(Method::Get, format!("{url}&decision=allow")))?;
    let back = answer.head().first("location").ok_or("the server did not redirect")?;
    let (host, target) = back.trim_start_matches("http://").split_once('/').ok_or("no path")?;
    let visits = ["favicon.ico", "callback?code=forged&state=forged", target];
    let visits =
        visits.map(|target| (host.to_owned(), format!("GET /{target} HTTP/1.1\r\nHost: {host}\r\n\r\n")));
    Ok(thread::spawn(move || {
        let visit = |(host, request): (String, String)| {
            let mut stream = TcpStream::connect(host)?;
            stream.write_all(request.as_bytes())?;
            let mut seen = String::new();
            stream.read_to_string(&mut seen).map(|_| seen)
        };
        visits.into_iter().map(|target| visit(target).unwrap_or_else(|error| error.to_string())).collect()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_holds_what_it_asserts() {
        main().unwrap();
    }

    #[test]
    fn waiting_without_a_callback_ends_at_the_deadline() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let by_hand = Clock::manual(1_700_000_000);
        let clock = Clock::from(&by_hand);
        let end = clock.now().instant.plus(LIFETIME);
        let waiting = thread::spawn(move || {
            next_callback(&listener, &mut Visitors::new(), "/callback", &clock, end).is_none()
        });
        by_hand.advance(LIFETIME);
        assert!(waiting.join().unwrap());
    }

    #[test]
    fn silent_connections_delay_no_callback() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        // The clock stands still: no connection times out.
        let clock = Clock::from(&Clock::manual(1_700_000_000));
        let end = clock.now().instant.plus(LIFETIME);
        let waiting = thread::spawn(move || {
            let found = next_callback(&listener, &mut Visitors::new(), "/callback", &clock, end);
            found.map(|(_, stream)| answer(&stream, "200 OK", "Found."))
        });
        let silent: Vec<_> = (0..300).map(|_| TcpStream::connect(address).unwrap()).collect();
        let mut browser = TcpStream::connect(address).unwrap();
        browser.write_all(b"GET /callback?code=1&state=2 HTTP/1.1\r\n\r\n").unwrap();
        let mut seen = String::new();
        browser.read_to_string(&mut seen).unwrap();
        assert!(seen.starts_with("HTTP/1.1 200 OK") && waiting.join().unwrap().is_some(), "{seen}");
        drop(silent);
    }

    #[test]
    fn a_connection_that_sends_a_byte_now_and_then_is_dropped() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut slow = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let stream = listener.accept().unwrap().0;
        let by_hand = Clock::manual(1_700_000_000);
        let clock = Clock::from(&by_hand);
        let end = clock.now().instant.plus(CONNECTION_TIMEOUT);
        // More than one read, so that the clock is read in between.
        let request = format!("GET /callback HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(4096));
        let visit = thread::spawn(move || {
            for byte in request.bytes() {
                // The server may have closed the connection.
                drop(slow.write_all(&[byte]));
                by_hand.advance(Duration::from_secs(4));
            }
            slow
        });
        assert_eq!(target(&stream, &clock, end), None);
        drop(visit.join().unwrap());
    }
}
