//! The page "Keep what belongs to a session".

use core::time::Duration;

use wellspring::TokenResponse;
use wellspring::sans_io::AuthorizationCode;
use wellspring::store::MemoryStore;

use crate::outcome::Outcome;

// ANCHOR: members
use wellspring::{AuthorizationGrant, TokenError, TokenSource};

/// Signs in, and returns the server for this user's calls (Salesforce) and who signed in (OpenID Connect).
async fn sign_in(
    source: &TokenSource,
    grant: AuthorizationGrant,
) -> Result<(Option<String>, Option<String>), TokenError> {
    let token = source.sign_in(grant).await?;
    let instance = token.members().expose("instance_url").map(str::to_owned);
    let id_token = token.id_token().map(|token| token.expose().to_owned());
    Ok((instance, id_token))
}
// ANCHOR_END: members

// ANCHOR: attachments
/// Keeps a client registration beside the tokens, and finds it there again.
async fn keep(source: &TokenSource, registration: &[u8]) -> Result<Option<Vec<u8>>, TokenError> {
    source.attach("registration", registration).await?;
    let attachments = source.attachments().await?;
    Ok(attachments.expose("registration").map(<[u8]>::to_vec))
}
// ANCHOR_END: attachments

pub(crate) async fn run() -> Outcome {
    let mut granted = TokenResponse::new("token")
        .with_lifetime(Duration::from_secs(600))
        .with_refresh_token("refresh token");
    assert!(granted.members.insert_text("instance_url", "https://eu7.example.com"));
    assert!(granted.members.insert_text("id_token", "header.claims.signature"));
    let source = TokenSource::scripted([Ok(granted)]).store(MemoryStore::open()).build()?;

    let grant = AuthorizationGrant::AuthorizationCode {
        code: AuthorizationCode::new("code"),
        redirect_uri: "https://yourapp.com/oauth/callback".into(),
        verifier: None,
    };
    let (instance, id_token) = sign_in(&source, grant).await?;
    assert_eq!(instance.as_deref(), Some("https://eu7.example.com"));
    assert_eq!(id_token.as_deref(), Some("header.claims.signature"));

    assert_eq!(keep(&source, b"client 42").await?.as_deref(), Some(&b"client 42"[..]));
    source.detach("registration").await?;
    assert!(source.attachments().await?.is_empty());
    Ok(())
}
