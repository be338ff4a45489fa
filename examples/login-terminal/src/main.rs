//! Sign-in with a browser for a program that runs in a terminal: the browser comes back to a port of this machine
//! ([RFC 8252](https://www.rfc-editor.org/rfc/rfc8252)).
//!
//! The simulator is the server here, and a thread plays the browser. Your program prints or opens the URL and waits.
#![forbid(unsafe_code)]

use core::error::Error;
use std::thread;

use wellspring::blocking::{Tls, Transport as _, UreqTransport};
use wellspring::sans_io::{HttpRequest, Method, TransportError};
use wellspring_simulator::{OauthClient, Simulator};

// ANCHOR: names
use core::time::Duration;
use wellspring::loopback::Loopback;
use wellspring::oauth2::App;
use wellspring::oauth2::blocking::Client;

/// How long the user may take to sign in.
const WITHIN: Duration = Duration::from_secs(600);
// ANCHOR_END: names

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    // ANCHOR: bind
    let loopback = Loopback::bind("http://127.0.0.1/callback")?;
    // ANCHOR_END: bind
    let registered = OauthClient::public("client_of_this_example", loopback.redirect_uri());
    let simulator = Simulator::builder().client(registered).start()?;
    let server = simulator.url();
    // ANCHOR: sign-in
    let app = App::builder()
        .authorize_url(format!("{server}/api/oauth2/authorize"))
        .token_url(format!("{server}/api/oauth2/token"))
        .userinfo_url(format!("{server}/api/oauth2/userinfo"))
        // A public client has no secret, because every copy of the program would contain it. PKCE protects the code.
        .client_id("client_of_this_example")
        .redirect_uri(loopback.redirect_uri())
        .build()?;
    let client = Client::new(app.clone())?;
    let sign_in = loopback.start(&app)?;
    println!("Open {}", sign_in.url());
    // ANCHOR_END: sign-in
    let url = sign_in.url().to_owned();
    let browser = thread::spawn(move || browse(&url));
    // ANCHOR: finish
    client.sign_in_on_loopback(sign_in, WITHIN)?;
    println!("Signed in as {}", client.userinfo()?.id);
    // ANCHOR_END: finish
    let page = browser.join().map_err(|_| "the browser has panicked")??;
    assert!(page.contains("You are signed in."), "{page}");
    Ok(())
}

/// Plays the browser of a user who agrees; returns the last page.
fn browse(url: &str) -> Result<String, Box<dyn Error + Send + Sync>> {
    let transport = UreqTransport::new(Tls::new())?;
    let get = |url: &str| {
        let response = transport.exchange(&HttpRequest::new(Method::Get, url), WITHIN);
        response.map_err(TransportError::into_error)
    };
    let answer = get(&format!("{url}&decision=allow"))?;
    let back = answer.head().first("location").ok_or("the server did not redirect")?;
    Ok(String::from_utf8(get(back)?.expose_body().to_vec())?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_example_holds_what_it_asserts() {
        super::main().unwrap();
    }
}
