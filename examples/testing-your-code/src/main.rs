//! Testing code that uses tokens: no server, no socket, no waiting.
//!
//! [`balance`] stands for the code under test. Each function below it is a test as a program would have it in its own
//! `#[cfg(test)]` module.
#![forbid(unsafe_code)]

// ANCHOR: names
use core::time::Duration;

use wellspring::blocking::{Body, CallLimits, Clock, TokenSource, Transport};
use wellspring::http;
use wellspring::http::{Request, Response, StatusCode};
use wellspring::sans_io::{HttpRequest, HttpResponse, TransportError, TransportErrorKind};
use wellspring::{AccessToken, ErrorKind, LoginReason, TokenError, TokenResponse};
// ANCHOR_END: names

// ANCHOR: balance
const API: &str = "https://api.example/balance";

/// What the user is asked to do after a failure.
#[derive(Debug, PartialEq, Eq)]
enum Trouble {
    SignInAgain,
    ComeBackLater,
    CallSupport,
}

/// The code under test.
fn balance(source: &TokenSource) -> Result<String, Trouble> {
    let mut request = Request::new(());
    *request.uri_mut() = http::Uri::from_static(API);
    let answer = source.send(request).map_err(|error| trouble(&error))?;
    answer.into_body().text(1024).map_err(|error| trouble(&error))
}
// ANCHOR_END: balance

// ANCHOR: kinds
fn trouble(error: &TokenError) -> Trouble {
    match error.kind() {
        ErrorKind::LoginRequired { .. } => Trouble::SignInAgain,
        ErrorKind::Unavailable { .. } | ErrorKind::Busy => Trouble::ComeBackLater,
        _ if error.is_transient() => Trouble::ComeBackLater,
        _ => Trouble::CallSupport,
    }
}
// ANCHOR_END: kinds

// ANCHOR: api
/// An API that accepts one token and refuses all others.
#[derive(Debug)]
struct Api {
    accepts: &'static str,
}

impl Transport for Api {
    fn call(&self, call: Request<Body>, _: CallLimits) -> Result<Response<Body>, TransportError> {
        let mut answer = Response::new(Body::from("750.00"));
        if call.headers()["authorization"] != format!("Bearer {}", self.accepts) {
            *answer.status_mut() = StatusCode::UNAUTHORIZED;
        }
        Ok(answer)
    }

    fn exchange(&self, _: &HttpRequest, _: Duration) -> Result<HttpResponse, TransportError> {
        Err(TransportError::new(TransportErrorKind::Refused, "a script answers token requests"))
    }
}
// ANCHOR_END: api

// ANCHOR: granted
/// What an endpoint grants.
fn granted(token: &str) -> Result<TokenResponse, TokenError> {
    Ok(TokenResponse::new(AccessToken::new(token)).with_lifetime(Duration::from_secs(3_600)))
}
// ANCHOR_END: granted

// ANCHOR: fixed
/// For code that only needs a token.
fn a_fixed_token_is_always_there() -> Result<(), TokenError> {
    let source = TokenSource::fixed("my-token");
    assert_eq!(source.authorization()?, "Bearer my-token");
    Ok(())
}
// ANCHOR_END: fixed

// ANCHOR: refused
/// The script has one line for each renewal: the API refuses the first token and accepts the second.
fn a_refused_token_is_replaced() -> Result<(), TokenError> {
    let source = TokenSource::scripted([granted("old"), granted("new")])
        .transport(Api { accepts: "new" })
        .allow_origin(API)?
        .build()?;
    assert_eq!(balance(&source), Ok("750.00".to_owned()));
    Ok(())
}
// ANCHOR_END: refused

// ANCHOR: trouble
/// The script contains failures too, and moving the clock ends a pause.
fn each_failure_has_its_own_trouble() -> Result<(), TokenError> {
    let clock = Clock::manual(1_700_000_000);
    let source = TokenSource::scripted([
        Err(TokenError::unavailable("the endpoint is down")),
        granted("my-token"),
        Err(TokenError::login_required(LoginReason::Refused)),
    ])
    .clock(&clock)
    .transport(Api { accepts: "my-token" })
    .allow_origin(API)?
    .build()?;

    assert_eq!(balance(&source), Err(Trouble::ComeBackLater));
    clock.advance(Duration::from_secs(1));
    assert_eq!(balance(&source), Ok("750.00".to_owned()));
    clock.advance(Duration::from_secs(3_600));
    assert_eq!(balance(&source), Err(Trouble::SignInAgain));

    let unknown = TokenSource::scripted([Err(TokenError::misconfigured("no such client"))]);
    let unknown = unknown.transport(Api { accepts: "" }).allow_origin(API)?.build()?;
    assert_eq!(balance(&unknown), Err(Trouble::CallSupport));
    Ok(())
}
// ANCHOR_END: trouble

fn main() -> Result<(), TokenError> {
    a_fixed_token_is_always_there()?;
    a_refused_token_is_replaced()?;
    each_failure_has_its_own_trouble()
}

#[test]
fn the_example_holds_what_it_asserts() {
    main().unwrap();
}
