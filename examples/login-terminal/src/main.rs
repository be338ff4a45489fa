//! Sign-in with a browser for a program that runs in a terminal: the browser comes back to a port of this machine
//! ([RFC 8252](https://www.rfc-editor.org/rfc/rfc8252)).
//!
//! The simulator is the server here and signs everybody in; the browser is played by this program. In yours, print the URL
//! or open it, and wait.
#![forbid(unsafe_code)]

use core::error::Error;
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use oauth2_app::blocking::Client;
use oauth2_app::{App, Authorization, Callback, Entropy};
use wellspring_core::{HttpRequest, Instant, Method};
use wellspring_simulator::{OauthClient, Simulator};
use wellspring_transport_blocking::{Clock, TokenSource};

// ANCHOR: wait
/// How long a person may take to sign in.
const TIME: Duration = Duration::from_secs(600);
/// How long one visitor may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the port is not looked at.
const PAUSE: Duration = Duration::from_millis(50);
/// The longest head of a request that is read.
const LONGEST: usize = 16 * 1024;

/// The next callback that comes to this port; `None` where none has come in time. Any page in the browser can knock here:
/// what is asked for elsewhere than at the path is answered and forgotten.
fn next_callback(
    listener: &TcpListener,
    path: &str,
    clock: &Clock,
    end: Instant,
) -> Option<(Callback, TcpStream)> {
    loop {
        let now = clock.now().instant;
        if now >= end {
            return None;
        }
        // It waits for nobody.
        let Ok((mut visitor, _)) = listener.accept() else {
            thread::park_timeout(PAUSE);
            continue;
        };
        match target(&mut visitor, clock, end.min(now.plus(PATIENCE))) {
            Some(target) if target.split('?').next() == Some(path) => {
                return Some((Callback::read(&target), visitor));
            }
            Some(_) => answer(&mut visitor, "404 Not Found", "There is nothing here."),
            None => {}
        }
    }
}

/// What this visitor asks for with GET, if it is said before the end: all of it, not each byte.
fn target(visitor: &mut TcpStream, clock: &Clock, end: Instant) -> Option<String> {
    let (mut head, mut part) = (Vec::new(), [0; 1024]);
    // On some systems it has that from its listener.
    visitor.set_nonblocking(false).ok()?;
    while !head.ends_with(b"\r\n\r\n") {
        let left = end.since(clock.now().instant);
        if left.is_zero() || head.len() > LONGEST {
            return None;
        }
        visitor.set_read_timeout(Some(left)).ok()?;
        let read = visitor.read(&mut part).ok().filter(|read| *read > 0)?;
        head.extend_from_slice(part.get(..read)?);
    }
    let head = String::from_utf8(head).ok()?;
    Some(head.strip_prefix("GET ")?.split(' ').next()?.to_owned())
}

/// Plain text, which no browser runs, and which stays nowhere.
fn answer(visitor: &mut TcpStream, status: &str, sentence: &str) {
    let head = "Content-Type: text/plain\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer";
    let length = sentence.len();
    let all = format!(
        "HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{sentence}"
    );
    // A browser that has gone does not need it.
    drop(visitor.write_all(all.as_bytes()));
}
// ANCHOR_END: wait

fn main() -> Result<(), Box<dyn Error>> {
    // ANCHOR: sign-in
    // An IP literal: `localhost` need not be this machine.
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
        // No secret: whoever has the program would have it. PKCE, which is on, takes its place.
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
    let (mut login, end) = (login, clock.now().instant.plus(TIME));
    loop {
        let (callback, mut visitor) =
            next_callback(&listener, "/callback", &clock, end).ok_or("nobody has signed in")?;
        match client.sign_in(login, &callback) {
            Ok(_token) => {
                answer(&mut visitor, "200 OK", "You are signed in. You can close this window.");
                break;
            }
            Err(error) => {
                answer(&mut visitor, "400 Bad Request", "Nobody is signed in by this.");
                // Somebody else's callback ends nothing: the real one may still come.
                let why = error.to_string();
                login = error.into_pending().ok_or(why)?;
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

/// What a browser does: it loads its icon, something that another page made it load, and then the callback.
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
        visits.into_iter().map(|of| visit(of).unwrap_or_else(|error| error.to_string())).collect()
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
    fn a_wait_that_nobody_comes_to_has_an_end() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let by_hand = Clock::manual(1_700_000_000);
        let clock = Clock::from(&by_hand);
        let end = clock.now().instant.plus(TIME);
        let waiting = thread::spawn(move || next_callback(&listener, "/callback", &clock, end).is_none());
        by_hand.advance(TIME);
        assert!(waiting.join().unwrap());
    }

    #[test]
    fn a_visitor_who_says_a_byte_now_and_then_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut slow = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let mut visitor = listener.accept().unwrap().0;
        let by_hand = Clock::manual(1_700_000_000);
        let clock = Clock::from(&by_hand);
        let end = clock.now().instant.plus(PATIENCE);
        // More than is read at once, so that the clock is looked at on the way.
        let request = format!("GET /callback HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(4096));
        let visit = thread::spawn(move || {
            for byte in request.bytes() {
                // Whoever is not waited for any more may find the door closed.
                drop(slow.write_all(&[byte]));
                by_hand.advance(Duration::from_secs(4));
            }
            slow
        });
        assert_eq!(target(&mut visitor, &clock, end), None);
        drop(visit.join().unwrap());
    }
}
