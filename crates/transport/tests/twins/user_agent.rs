//! One `User-Agent` for token requests and calls, which the program may set.

use core::time::Duration;

use wellspring_core::{ErrorKind, HttpRequest, Method};

use crate::driver::transport::{Body, Tls, TokenSource, Transport, UserAgent};
use crate::driver::{ClientTransport, Server, Toy, twin};

const OWN: &str = concat!("wellspring/", env!("CARGO_PKG_VERSION"));

#[twin::test]
async fn token_requests_and_calls_have_one_user_agent_which_the_program_may_set() {
    for (given, expected) in
        [(None, OWN), (Some("my-shop/2.1 (by /u/someone)"), "my-shop/2.1 (by /u/someone)")]
    {
        let server = Server::granting();
        let mut builder = TokenSource::builder(Toy::at(&server.url).unnamed());
        if let Some(name) = given {
            builder = builder.user_agent(name).unwrap();
        }
        let request = http::Request::get(format!("{}/cob", server.url)).body(Body::empty()).unwrap();
        builder.build().unwrap().send(request).await.unwrap();
        for path in ["/token", "/cob"] {
            let received = &server.received(path)[0];
            assert_eq!(received.header("user-agent"), Some(expected), "{path}");
            assert_eq!(received.head.to_ascii_lowercase().matches("user-agent").count(), 1, "{path}");
        }
    }
}

#[twin::test]
async fn a_user_agent_of_the_request_itself_stays() {
    let server = Server::granting();
    let builder = TokenSource::builder(Toy::at(&server.url)).user_agent("my-shop/2.1").unwrap();
    let request = http::Request::get(format!("{}/cob", server.url))
        .header("User-Agent", "this-call/1")
        .body(Body::empty())
        .unwrap();
    builder.build().unwrap().send(request).await.unwrap();
    assert_eq!(server.received("/cob")[0].header("user-agent"), Some("this-call/1"));
    // The provider's own.
    assert_eq!(server.received("/token")[0].header("user-agent"), Some("toy"));
}

#[twin::test]
async fn a_user_agent_that_no_header_can_carry_is_refused() {
    let server = Server::granting();
    let error = TokenSource::builder(Toy::at(&server.url)).user_agent("a\r\nb: c").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.to_string().contains("user agent"), "{error}");
}

#[twin::test]
async fn a_transport_by_itself_takes_a_user_agent_too() {
    let server = Server::granting();
    let transport = ClientTransport::new(Tls::new()).unwrap();
    let transport = transport.with_user_agent(UserAgent::new("my-shop/2.1").unwrap());
    let request = HttpRequest::new(Method::Post, format!("{}/token", server.url)).body("{}");
    transport.exchange(&request, Duration::from_secs(20)).await.unwrap();
    assert_eq!(server.received("/token")[0].header("user-agent"), Some("my-shop/2.1"));
}
