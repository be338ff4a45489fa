//! The page "Coming from oauth2, yup-oauth2, google-cloud-auth": where the names of its tables are.

use crate::outcome::Outcome;

// ANCHOR: names
use wellspring::oauth2::asynchronous::Client; // in blocking code `oauth2::blocking::Client`
use wellspring::oauth2::{App, AuthMethod, Entropy};
use wellspring::store::FileStore;
use wellspring::{ErrorKind, TokenError, TokenSource}; // in blocking code `blocking::TokenSource`
// ANCHOR_END: names

/// The names of the tables, used as they are there.
pub(crate) async fn run() -> Outcome {
    let app = App::builder()
        .client_id("client-id")
        .client_secret("client-secret")
        .authorize_url("https://login.example.com/authorize")
        .token_url("https://login.example.com/token")
        .redirect_uri("https://app.example.com/callback")
        .token_endpoint_auth_method(AuthMethod::ClientSecretPost)
        .token_parameter("audience", "api")
        .build()?;
    assert!(app.authorize(&Entropy::from_system()?)?.url.starts_with("https://login.example.com/authorize?"));

    let folder = std::env::temp_dir().join(format!("wellspring-coming-from-{}", std::process::id()));
    let source = TokenSource::builder(app.clone()).store(FileStore::open(&folder)?).build()?;
    let client = Client::with_source(app, source);
    let error: TokenError = client.source().token().await.err().ok_or("no user has signed in")?;
    assert!(matches!(error.kind(), ErrorKind::LoginRequired { .. }));
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
