//! Processes that share one refresh token through a store: one of them renews, all use the result, and the sign-in
//! outlives them.
//!
//! Two sources stand for two processes here; each opens the store for itself, as a process would.
#![forbid(unsafe_code)]

// ANCHOR: store
use core::error::Error;
use std::path::Path;
use wellspring::SharedBy;
use wellspring::blocking::TokenSource; // in async code `wellspring::TokenSource`
use wellspring::oauth2::App;
use wellspring::store::SqliteStore;

/// What every process does: it opens the store and builds its source over it.
fn process(app: &App, store: &Path) -> Result<TokenSource, Box<dyn Error>> {
    let store = SqliteStore::open(store)?;
    Ok(TokenSource::builder(app.clone()).store(store).shared_by(SharedBy::Host).build()?)
}
// ANCHOR_END: store

use wellspring::http::{Request, StatusCode};
use wellspring::oauth2::{Authorization, Callback, Entropy};
use wellspring::sans_io::{HttpRequest, Method};
use wellspring::{ErrorKind, LoginReason};
use wellspring_simulator::{Endpoint, OauthClient, Simulator};

const CALLBACK: &str = "http://127.0.0.1:8080/callback";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("wellspring-shared-store-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let done = share(&folder.join("tokens.db"));
    std::fs::remove_dir_all(&folder)?;
    done
}

fn share(store: &Path) -> Result<(), Box<dyn Error>> {
    // A server whose user agrees to every sign-in at once.
    let registered = OauthClient::confidential("my-client", "my-secret", CALLBACK);
    let simulator = Simulator::builder().client(registered).auto_approve().start()?;
    let server = simulator.url();
    let app = App::builder()
        .authorize_url(format!("{server}/api/oauth2/authorize"))
        .token_url(format!("{server}/api/oauth2/token"))
        .client_id("my-client")
        .client_secret("my-secret")
        .redirect_uri(CALLBACK)
        .api_url(&server)
        .build()?;
    let api = format!("{server}/api/oauth2/userinfo");
    let call = |process: &TokenSource| -> Result<StatusCode, Box<dyn Error>> {
        Ok(process.send(Request::get(&api).body(())?)?.status())
    };

    // A user signs in through one process, and the process ends.
    let first = process(&app, store)?;
    let Authorization { url, login, .. } = app.authorize(&Entropy::from_system()?)?;
    let callback = browser(&first, &url)?;
    first.sign_in(app.finish(login, &callback)?)?;
    drop(first);

    // Two other processes use the sign-in.
    let (one, two) = (process(&app, store)?, process(&app, store)?);
    assert_eq!(one.token()?.expose(), two.token()?.expose());

    // The server revokes the access token: one process sends the refresh token, the other takes over the new token.
    simulator.revoke_access_tokens();
    assert_eq!((call(&one)?, call(&two)?), (StatusCode::OK, StatusCode::OK));
    assert_eq!(one.token()?.expose(), two.token()?.expose());
    assert_eq!(simulator.asked(Endpoint::RefreshGrant), 1);

    // One process logs out, and the next one that starts finds no session.
    one.sign_out()?;
    let refused = process(&app, store)?.token().err().map(|error| error.kind());
    assert_eq!(refused, Some(ErrorKind::LoginRequired { reason: LoginReason::LoggedOut }));
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
