//! The page "Act without a user": a grant that the server accepts once.

use core::time::Duration;

use wellspring::TokenResponse;

use crate::outcome::Outcome;

// ANCHOR: once
use wellspring::{AuthorizationGrant, ExtensionGrant, GrantParameters, Token, TokenError, TokenSource};

/// Exchanges the token of another server (RFC 8693) for one of this server.
async fn exchange(source: &TokenSource, token_of_another_server: &str) -> Result<Token, TokenError> {
    let subject = GrantParameters::new()
        .with("subject_token", token_of_another_server)
        .with("subject_token_type", "urn:ietf:params:oauth:token-type:access_token");
    let grant = ExtensionGrant::new("urn:ietf:params:oauth:grant-type:token-exchange", subject);
    source.sign_in(AuthorizationGrant::Extension(grant)).await
}
// ANCHOR_END: once

pub(crate) async fn run() -> Outcome {
    let granted = TokenResponse::new("token of this server").with_lifetime(Duration::from_secs(600));
    let source = TokenSource::scripted([Ok(granted)]).build()?;
    assert_eq!(exchange(&source, "token of another server").await?.expose(), "token of this server");
    Ok(())
}
