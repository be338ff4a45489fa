//! A grant that a program makes by itself for each token request: an assertion that it signs
//! ([RFC 7523](https://www.rfc-editor.org/rfc/rfc7523)).
//!
//! This program only looks at the requests. A source of this app sends them.
#![forbid(unsafe_code)]

use wellspring::oauth2::App;
use wellspring::sans_io::{GrantParameters, Provider as _, UnixTime};
use wellspring::{AuthorizationGrant, TokenError};

fn main() -> Result<(), TokenError> {
    // ANCHOR: app
    let app = App::builder()
        .token_url("https://server.example.com/token")
        .extension_grant("urn:ietf:params:oauth:grant-type:jwt-bearer", "robot@example.com", |now| {
            Ok(GrantParameters::new().with("assertion", sign("robot@example.com", now)?))
        })
        .scopes(["read"])
        .build()?;
    // ANCHOR_END: app
    // Each renewal sends an assertion of its own.
    let sent = |seconds| {
        let request = app.request(&AuthorizationGrant::ClientCredentials, UnixTime::from_secs(seconds))?;
        Ok::<_, TokenError>(request.expose_body().to_vec())
    };
    assert_ne!(sent(1_700_000_000)?, sent(1_700_003_600)?);
    Ok(())
}

/// Stands for a library that signs JWTs with the service's key. The server accepts the assertion for five minutes.
fn sign(subject: &str, now: UnixTime) -> Result<String, TokenError> {
    Ok(format!("signed: {subject} until {}", now.as_secs().saturating_add(300)))
}

#[test]
fn the_example_holds_what_it_asserts() {
    main().unwrap();
}
