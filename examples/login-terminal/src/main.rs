//! Sign-in with a browser for a program that runs in a terminal: the browser comes back to a port of this machine
//! ([RFC 8252](https://www.rfc-editor.org/rfc/rfc8252)).
//!
//! The simulator is the server here and signs everybody in; the browser is played by this program. In yours, print the URL
//! or open it, and wait.
#![forbid(unsafe_code)]

use core::error::Error;
use core::time::Duration;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use oauth2_app::blocking::Client;
use oauth2_app::{App, Authorization, Callback, Entropy};
use wellspring_core::{HttpRequest, Method};
use wellspring_simulator::{OauthClient, Simulator};
use wellspring_transport_blocking::TokenSource;

// ANCHOR: wait
/// The longest request line that is read.
const LONGEST: u64 = 16 * 1024;
/// How long one visitor may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The callbacks that come to this port. Any page in the browser can knock here: what is asked for elsewhere than at the
/// path is answered and forgotten.
fn callbacks<'a>(
    listener: &'a TcpListener,
    path: &'a str,
) -> impl Iterator<Item = (Callback, TcpStream)> + 'a {
    listener.incoming().flatten().filter_map(move |mut visitor| {
        visitor.set_read_timeout(Some(PATIENCE)).ok()?;
        let mut line = String::new();
        BufReader::new((&visitor).take(LONGEST)).read_line(&mut line).ok()?;
        let target = line.strip_prefix("GET ")?.split(' ').next()?;
        if target.split('?').next() == Some(path) {
            return Some((Callback::read(target), visitor));
        }
        answer(&mut visitor, "404 Not Found", "There is nothing here.");
        None
    })
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
    let mut login = login;
    for (callback, mut visitor) in callbacks(&listener, "/callback") {
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

#[test]
fn the_example_holds_what_it_asserts() {
    main().unwrap();
}
