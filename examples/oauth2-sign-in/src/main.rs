//! A person signs in once; from then on the refresh token keeps them signed in.
//!
//! The simulator is the server here. This program needs no browser: it presses the button of the server's page and follows
//! the redirect itself.
#![forbid(unsafe_code)]

use core::time::Duration;

// ANCHOR: names
use wellspring::blocking::{Clock, TokenSource};
use wellspring::oauth2::blocking::Client;
use wellspring::oauth2::{App, Authorization, Callback, Entropy};
// ANCHOR_END: names
use wellspring::sans_io::{HttpRequest, Method};
use wellspring::{ErrorKind, LoginReason};
use wellspring_simulator::{Endpoint, SimClock, Simulator};

const NOW: u64 = 1_700_000_000;

fn main() -> Result<(), Box<dyn core::error::Error>> {
    // This program moves the clocks of the server and the client.
    let (server_clock, clock) = (SimClock::manual(NOW), Clock::manual(NOW));
    let simulator = Simulator::builder().clock(server_clock.clone()).start()?;

    let server = simulator.url();
    // ANCHOR: app
    let app = App::builder()
        .authorize_url(format!("{server}/api/oauth2/authorize"))
        .token_url(format!("{server}/api/oauth2/token"))
        .userinfo_url(format!("{server}/api/oauth2/userinfo"))
        .client_id("client_abc123def456")
        .client_secret("secret_xyz789uvw012")
        .redirect_uri("https://yourapp.com/oauth/callback")
        .scopes(["profile"])
        .build()?;
    let source = TokenSource::builder(app.clone()).clock(&clock).build()?;
    let client = Client::with_source(app.clone(), source.clone());
    // ANCHOR_END: app

    // Before the sign-in there is no token, and the error says why.
    let kind = source.token().map_err(|error| error.kind()).err();
    assert_eq!(kind, Some(ErrorKind::LoginRequired { reason: LoginReason::NotSignedIn }));

    // ANCHOR: sign-in
    // The browser opens the URL; the pending login stays in the user's session until the callback.
    let Authorization { url, login, .. } = app.authorize(&Entropy::from_system()?)?;
    let callback = browser(&source, &url)?;
    // This checks the state and exchanges the code once.
    let token = client.sign_in(login, &callback)?;
    // ANCHOR_END: sign-in
    assert_eq!(token.lifetime(), Some(Duration::from_secs(7_200)));

    // ANCHOR: userinfo
    let user = client.userinfo()?;
    // ANCHOR_END: userinfo
    assert!(!user.id.is_empty());

    // Two hours later the access token has expired. The user does not have to sign in again.
    server_clock.advance(Duration::from_secs(7_200));
    clock.advance(Duration::from_secs(7_200));
    assert!(source.token()?.generation() > token.generation());
    assert_eq!(simulator.asked(Endpoint::CodeGrant), 1);
    assert_eq!(simulator.asked(Endpoint::RefreshGrant), 1);
    Ok(())
}

/// What a browser does for a user who agrees: it follows the redirect back to the application.
fn browser(source: &TokenSource, url: &str) -> Result<Callback, Box<dyn core::error::Error>> {
    let answer = source.exchange(&HttpRequest::new(Method::Get, format!("{url}&decision=allow")))?;
    let location = answer.head().first("location").ok_or("the server did not redirect")?;
    Ok(Callback::read(location))
}

#[test]
fn the_example_holds_what_it_asserts() {
    main().unwrap();
}
