//! A web application with a sign-in: run `cargo run -p login-web` and open the URL that it prints.
//!
//! The authorization server is the simulator, which this program starts and which asks the user to allow or deny. With
//! `--config wellspring.toml --profile NAME --listen 127.0.0.1:PORT` it is the server that the profile describes.
#![forbid(unsafe_code)]

mod arguments;
mod ending;
mod failure;
mod from_profile;
mod logging;
mod opening;

use core::net::SocketAddr;
use std::io::{Write as _, stderr, stdout};
use std::process::ExitCode;

// ANCHOR: names
use axum::Router;
use axum::extract::Extension;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use wellspring::axum::{NotSignedIn, SignedIn, WebLogin};
use wellspring::http;
use wellspring::http::StatusCode;
use wellspring::oauth2::App;
use wellspring::{Builder, ErrorKind, TokenError, TokenPool, TokenSource};
// ANCHOR_END: names
use tokio::net::TcpListener;
use wellspring::store::MemoryStore;
use wellspring_simulator::{OauthClient, Simulator};

use crate::arguments::{Arguments, Server};
use crate::ending::Signals;
use crate::failure::Failure;
use crate::opening::{Opening, until_it_answers};

// ANCHOR: client
const ID: &str = "client_of_this_example";
const SECRET: &str = "secret_of_this_example";
// ANCHOR_END: client

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        // A handler that a client keeps waiting must not keep the process alive.
        Ok(status) => std::process::exit(status),
        Err(failure) => {
            // Standard error may be closed.
            let _ = writeln!(stderr(), "login-web: {failure}");
            failure.code()
        }
    }
}

/// Returns the exit status.
async fn run() -> Result<i32, Failure> {
    logging::start()?;
    let Arguments { listen, title, server } = Arguments::parse(std::env::args_os().skip(1))?;
    let signals = Signals::listen()?;
    let (listener, callback) = listen_on(listen).await?;
    let address = listener.local_addr()?;
    let opening = Opening::new(&title);
    match server {
        Server::Simulator => {
            // The registered redirect URI must match byte for byte. The simulator answers until it is dropped.
            let client = OauthClient::confidential(ID, SECRET, &callback);
            let simulator = Simulator::builder().client(client).start()?;
            let app = app(&simulator.url(), &callback)?;
            let tokens = TokenSource::builder(app.clone()).store(MemoryStore::open());
            let (site, pool) = site(app, tokens, &title)?;
            opening.open(site, pool);
            print(&format!("Open http://{address}/ in a browser. Ctrl-C ends it."))?;
            ending::serve(listener, &opening, async { Ok(()) }, signals).await
        }
        Server::OfProfile { config, name } => {
            let profile = from_profile::load(&config, &name)?;
            let redirect_uri = from_profile::redirect_uri(&profile, callback)?;
            let invitation = from_profile::invitation(&redirect_uri, address);
            let make = async || {
                let (app, tokens) = from_profile::application(profile.clone(), redirect_uri.clone()).await?;
                Ok(site(app, tokens, &title)?)
            };
            let opens = async {
                // A mistake in the file ends the program before it invites users.
                let (site, pool) = until_it_answers(make, || print(&invitation)).await?;
                opening.open(site, pool);
                Ok(())
            };
            ending::serve(listener, &opening, opens, signals).await
        }
    }
}

/// Prints a text. Standard output may be a closed pipe.
fn print(text: &str) -> Result<(), Failure> {
    Ok(writeln!(stdout(), "{text}")?)
}

/// Binds the port, and returns the redirect URI that leads to it.
async fn listen_on(address: SocketAddr) -> Result<(TcpListener, String), Failure> {
    let listener = TcpListener::bind(address).await.map_err(|error| Failure::port(address, &error))?;
    let callback = format!("http://{}/oauth/callback", listener.local_addr()?);
    Ok((listener, callback))
}

// ANCHOR: site
/// The application as it is registered at this server.
fn app(server: &str, redirect_uri: &str) -> Result<App, TokenError> {
    App::builder()
        .authorize_url(format!("{server}/api/oauth2/authorize"))
        .token_url(format!("{server}/api/oauth2/token"))
        .userinfo_url(format!("{server}/api/oauth2/userinfo"))
        .client_id(ID)
        .client_secret(SECRET)
        .redirect_uri(redirect_uri)
        .scopes(["profile"])
        .revocation_url(format!("{server}/api/oauth2/revoke"))
        .build()
}

/// The site and the pool of its users' tokens. `tokens` is `TokenSource::builder(app).store(..)` with any other
/// settings.
fn site(app: App, tokens: Builder, title: &str) -> Result<(Router, TokenPool), TokenError> {
    let users = app.clone();
    let pool = tokens.pool(move |user| users.for_user(user))?;
    let mut own = Router::new();
    if let Ok(request) = app.userinfo_request() {
        own = own.route("/account", get(account)).layer(Extension(request.url().to_owned()));
    }
    let login = WebLogin::builder(app, pool.clone()).title(title).build()?;
    Ok((login.router(own), pool))
}

/// A page of the application. A user who is not signed in is redirected to the sign-in, and back here afterwards.
async fn account(signed_in: SignedIn, Extension(url): Extension<String>) -> Response {
    let Ok(call) = http::Request::get(url).body(()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    match signed_in.send(call).await {
        Ok(answer) if answer.status().is_success() => match answer.into_body().text(65_536).await {
            Ok(text) => text.into_response(),
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        },
        // No renewal can help: the user has to sign in again.
        Err(error) if matches!(error.kind(), ErrorKind::LoginRequired { .. }) => {
            NotSignedIn::Start { next: Some("/account".into()) }.into_response()
        }
        Ok(_) | Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
// ANCHOR_END: site
