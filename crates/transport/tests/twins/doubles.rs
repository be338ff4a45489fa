//! Sources for programs' own tests: a fixed token, and renewals whose results a script gives.

use core::time::Duration;

use wellspring_core::{AccessToken, ErrorKind, LoginReason, TokenError, TokenResponse};

use crate::driver::transport::{Clock, TokenSource};
use crate::driver::{Reply, Server, twin};

fn token(text: &str) -> Result<TokenResponse, TokenError> {
    Ok(TokenResponse::new(AccessToken::new(text)).with_lifetime(Duration::from_secs(3_600)))
}

#[twin::test]
async fn a_fixed_token_is_always_there_and_goes_on_calls_to_this_machine() {
    let source = TokenSource::fixed("mine");
    assert_eq!(source.try_token().unwrap().expose(), "mine");
    assert_eq!(source.token().await.unwrap().expose(), "mine");
    let header = source.authorization().await.unwrap();
    assert!(header.is_sensitive());
    assert_eq!(header, "Bearer mine");
    let server = Server::start(|_, _| Reply::with(200, "", "fine"));
    let request = http::Request::get(format!("{}/cob", server.url)).body(()).unwrap();
    assert_eq!(source.send(request).await.unwrap().status(), 200);
    let elsewhere = http::Request::get("https://example.com/").body(()).unwrap();
    assert_eq!(source.send(elsewhere).await.unwrap_err().kind(), ErrorKind::Misconfigured);
}

#[twin::test]
async fn a_scripted_source_plays_its_lines_one_for_each_renewal() {
    let clock = Clock::manual(1_000);
    let script = [token("one"), Err(TokenError::login_required(LoginReason::Refused)), token("three")];
    let source = TokenSource::scripted(script).clock(&clock).build().unwrap();
    assert_eq!(source.token().await.unwrap().expose(), "one");
    clock.advance(Duration::from_secs(4_000));
    let error = source.token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginRequired { reason: LoginReason::Refused });
    // A sign-in opens the gate again.
    source.adopt(token("signed in").unwrap()).unwrap();
    assert_eq!(source.token().await.unwrap().expose(), "signed in");
    clock.advance(Duration::from_secs(4_000));
    assert_eq!(source.token().await.unwrap().expose(), "three");
    clock.advance(Duration::from_secs(4_000));
    assert_eq!(source.token().await.unwrap_err().kind(), ErrorKind::Misconfigured);
}

#[twin::test]
async fn a_token_that_no_header_can_carry_is_an_error_and_not_a_panic() {
    let source = TokenSource::fixed("two\r\nlines");
    assert_eq!(source.authorization().await.unwrap_err().kind(), ErrorKind::Protocol);
    assert!(source.try_token().unwrap().authorization().is_err());
}
