//! The page "Sign in with a browser": the smallest site.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::outcome::Outcome;

// ANCHOR: site
use axum::http::StatusCode;
use axum::{Router, routing::get};
use tokio::net::TcpListener;
use wellspring::axum::{SignedIn, WebLogin};
use wellspring::oauth2::App;
use wellspring::store::MemoryStore;
use wellspring::{TokenError, TokenSource};

/// The application as it is registered at the authorization server.
fn app(redirect_uri: &str) -> Result<App, TokenError> {
    App::builder()
        .authorize_url("https://login.example.com/authorize")
        .token_url("https://login.example.com/token")
        .userinfo_url("https://login.example.com/userinfo")
        .client_id("client-id")
        .client_secret("client-secret")
        .redirect_uri(redirect_uri)
        .build()
}

/// Serves the site. The redirect URI of the app leads to this listener's address.
async fn serve(listener: TcpListener, app: App) -> Result<(), Box<dyn core::error::Error + Send + Sync>> {
    axum::serve(listener, site(app)?).await?;
    Ok(())
}

/// The page with the sign-in, and a page of the site's own.
fn site(app: App) -> Result<Router, TokenError> {
    let users = app.clone();
    let pool = TokenSource::builder(app.clone())
        .store(MemoryStore::open())
        .pool(move |user| users.for_user(user))?;
    let own = Router::new().route("/hello", get(hello));
    Ok(WebLogin::builder(app, pool).title("My site").build()?.router(own))
}

/// Only for users who are signed in. Another browser is sent to the sign-in, and back here afterwards.
async fn hello(user: SignedIn) -> Result<String, StatusCode> {
    let info = user.userinfo().await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok(format!("Hello, {}", info.name.unwrap_or(info.id)))
}
// ANCHOR_END: site

pub(crate) async fn run() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let app = app(&format!("http://{address}/oauth/callback"))?;
    let serving = tokio::spawn(serve(listener, app));
    let mut browser = TcpStream::connect(address).await?;
    let request =
        format!("GET /hello HTTP/1.1\r\nHost: {address}\r\nAccept: text/html\r\nConnection: close\r\n\r\n");
    browser.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    browser.read_to_string(&mut answer).await?;
    serving.abort();
    assert!(answer.to_ascii_lowercase().contains("location: /auth/oauth/start?next=%2fhello"), "{answer}");
    Ok(())
}
