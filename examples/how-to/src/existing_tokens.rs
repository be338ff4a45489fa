//! The page "Bring tokens along from another program".

use core::time::Duration;

use wellspring::Clock;
use wellspring::oauth2::App;
use wellspring::store::MemoryStore;

use crate::outcome::Outcome;

// ANCHOR: import
use std::time::SystemTime;
use wellspring::{ExistingTokens, TokenError, TokenSource};

/// Begins the session with these tokens, unless the store has one already. Nothing is sent.
async fn import(
    source: &TokenSource,
    refresh_token: &str,
    access_token: &str,
    expires_at: SystemTime,
) -> Result<bool, TokenError> {
    let tokens = ExistingTokens::new(refresh_token).with_access_token(access_token, expires_at);
    source.import(tokens).await
}
// ANCHOR_END: import

pub(crate) async fn run() -> Outcome {
    let app = App::builder()
        .token_url("https://login.example.com/token")
        .client_id("client-id")
        .client_secret("client-secret")
        .build()?;
    let clock = Clock::manual(1_700_000_000);
    let source = TokenSource::builder(app).store(MemoryStore::open()).clock(&clock).build()?;
    let in_an_hour = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_003_600);
    assert!(import(&source, "old refresh token", "old access token", in_an_hour).await?);
    assert_eq!(source.token().await?.expose(), "old access token");
    assert!(!import(&source, "another", "another", in_an_hour).await?, "there is a session already");
    Ok(())
}
