//! Processes that share one refresh token through a store: one of them renews, all use the result, and the sign-in
//! outlives them.
//!
//! Two sources stand for two processes here; each opens the store for itself, as a process would.
#![forbid(unsafe_code)]

use core::error::Error;
use core::time::Duration;
use std::path::Path;

use wellspring::SharedBy;
use wellspring::blocking::{Clock, ManualClock, TokenSource};
use wellspring::oauth2::{App, Authorization, Callback, Entropy, aihubmix};
use wellspring::sans_io::{HttpRequest, Method};
use wellspring::store::SqliteStore;
use wellspring_simulator::{Endpoint, SimClock, Simulator};

const NOW: u64 = 1_700_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("wellspring-shared-store-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let done = share(&folder.join("tokens.db"));
    std::fs::remove_dir_all(&folder)?;
    done
}

// ANCHOR: store
/// What every process does: it opens the store and builds its source over it.
fn process(app: &App, store: &Path, clock: &ManualClock) -> Result<TokenSource, Box<dyn Error>> {
    let store = SqliteStore::open(store)?;
    Ok(TokenSource::builder(app.clone()).store(store).shared_by(SharedBy::Host).clock(clock).build()?)
}
// ANCHOR_END: store

fn share(store: &Path) -> Result<(), Box<dyn Error>> {
    // This program moves the clocks of the server and the clients.
    let (server_clock, clock) = (SimClock::manual(NOW), Clock::manual(NOW));
    let simulator = Simulator::builder().clock(server_clock.clone()).start()?;
    let app = aihubmix::app(simulator.url())?
        .client_id("client_abc123def456")
        .client_secret("secret_xyz789uvw012")
        .redirect_uri("https://yourapp.com/oauth/callback")
        .scopes(["profile", "balance"])
        .build()?;

    // A user signs in through one process, and the process ends.
    let first = process(&app, store, &clock)?;
    let Authorization { url, login, .. } = app.authorize(&Entropy::from_system()?)?;
    let callback = browser(&first, &url)?;
    first.sign_in(app.finish(login, &callback)?)?;
    drop(first);

    // Two other processes use the sign-in. When the token expires, one renews it and the other adopts it.
    let (one, two) = (process(&app, store, &clock)?, process(&app, store, &clock)?);
    assert_eq!(one.token()?.expose(), two.token()?.expose());
    server_clock.advance(Duration::from_secs(7_200));
    clock.advance(Duration::from_secs(7_200));
    assert_eq!(one.token()?.expose(), two.token()?.expose());
    assert_eq!(simulator.asked(Endpoint::RefreshGrant), 1);

    // One process logs out, and the session ends in all of them.
    one.sign_out()?;
    server_clock.advance(Duration::from_secs(7_200));
    clock.advance(Duration::from_secs(7_200));
    assert!(two.token().is_err());
    assert_eq!(simulator.asked(Endpoint::RefreshGrant), 1);
    Ok(())
}

/// What a browser does: it loads the URL and follows the redirect back to the application.
fn browser(source: &TokenSource, url: &str) -> Result<Callback, Box<dyn Error>> {
    let answer = source.exchange(&HttpRequest::new(Method::Get, url))?;
    let location = answer.head().first("location").ok_or("the server did not redirect")?;
    Ok(Callback::read(location))
}

#[test]
fn the_example_holds_what_it_asserts() {
    main().unwrap();
}
