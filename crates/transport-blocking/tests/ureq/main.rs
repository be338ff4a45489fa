//! The settings of a program's own ureq agent, which stay as they are with tokens on its calls.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]
#![cfg(feature = "ureq-middleware")]

#[path = "../driver/mod.rs"]
mod driver;

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::io::Cursor;
use std::sync::Arc;

use driver::transport::{AttachMiddleware, TokenSource};
use driver::{Reply, Server, Toy};
use ureq::middleware::MiddlewareNext;
use ureq::{Agent, Error, SendBody};

/// A server whose API refuses the first token.
fn api() -> Server {
    Server::start(|request, n| match request.path() {
        "/token" => Reply::token(n + 1, 3_600),
        "/lost" => Reply::status(404),
        "/closed" => Reply::status(401),
        _ if request.header("authorization") == Some("Bearer token-1") => Reply::status(401),
        _ => Reply::with(200, "", "fine"),
    })
}

fn attach(server: &Server) -> AttachMiddleware {
    AttachMiddleware::new(TokenSource::builder(Toy::at(&server.url)).build().unwrap())
}

#[test]
fn where_statuses_are_errors_they_stay_errors_and_a_401_is_understood_all_the_same() {
    let server = api();
    let agent = attach(&server).over(Agent::new_with_defaults());
    let mut answer = agent.get(format!("{}/cob", server.url)).call().unwrap();
    assert_eq!(answer.body_mut().read_to_string().unwrap(), "fine");
    assert_eq!((server.asked("/cob"), server.asked("/token")), (2, 2));
    let status = |path: &str| match agent.get(format!("{}{path}", server.url)).call() {
        Err(Error::StatusCode(status)) => status,
        other => panic!("{other:?}"),
    };
    assert_eq!(status("/lost"), 404);
    assert_eq!(status("/closed"), 401);
}

#[test]
fn a_client_of_the_program_keeps_the_name_that_it_has_and_the_builder_goes_first() {
    const OURS: &str = concat!("wellspring/", env!("CARGO_PKG_VERSION"));
    let named = |name: &str| Agent::config_builder().user_agent(name).build().new_agent();
    for (client, given, expected) in [
        (Agent::new_with_defaults(), None, OURS),
        (named("theirs/1"), None, "theirs/1"),
        (named("theirs/1"), Some("my-shop/2"), "my-shop/2"),
    ] {
        let server = api();
        let mut builder = TokenSource::builder(Toy::at(&server.url)).client(client);
        if let Some(name) = given {
            builder = builder.user_agent(name).unwrap();
        }
        let call = http::Request::get(format!("{}/cob", server.url)).body(()).unwrap();
        builder.build().unwrap().send(call).unwrap();
        assert_eq!(server.received("/cob")[0].header("user-agent"), Some(expected));
    }
}

#[test]
fn what_the_agent_and_what_the_single_request_is_set_to_holds() {
    let server = api();
    let passed = Arc::new(AtomicUsize::new(0));
    let passing = Arc::clone(&passed);
    let agent = Agent::config_builder()
        .user_agent("the program's own")
        .middleware(move |request: http::Request<SendBody>, next: MiddlewareNext| {
            passing.fetch_add(1, Ordering::Relaxed);
            next.handle(request)
        })
        .build()
        .new_agent();
    let agent = attach(&server).over(agent);
    agent.get(format!("{}/cob", server.url)).call().unwrap();
    assert_eq!(passed.load(Ordering::Relaxed), 2, "each try goes through the agent's own middlewares");

    let lost = agent.get(format!("{}/lost", server.url)).config().http_status_as_error(false).build();
    assert_eq!(lost.call().unwrap().status(), 404);
    let received = &server.received("/lost")[0];
    assert_eq!(received.header("user-agent"), Some("the program's own"));
    assert_eq!(received.header("authorization"), Some("Bearer token-2"));
}

#[test]
fn the_tls_settings_of_the_agent_stay() {
    let tls = ureq::tls::TlsConfig::builder().use_sni(false).build();
    let agent = attach(&api()).over(Agent::config_builder().tls_config(tls).build().new_agent());
    assert!(!agent.config().tls_config().use_sni());
    let usual = attach(&api()).over(Agent::new_with_defaults());
    assert!(usual.config().tls_config().use_sni());
}

#[test]
fn a_time_limit_of_the_single_request_ends_it() {
    let server = Server::start(|request, n| match request.path() {
        "/token" => Reply::token(n + 1, 3_600),
        _ => Reply::Drip(b"HTTP/1.1 200 OK\r\nX:".to_vec(), Duration::from_millis(10)),
    });
    let agent = attach(&server).over(Agent::new_with_defaults());
    let limit = Some(Duration::from_secs(1));
    let call = agent.get(format!("{}/cob", server.url)).config().timeout_global(limit).build();
    assert!(matches!(call.call().unwrap_err(), Error::Timeout(_)));
}

#[test]
fn bodies_are_framed_as_they_would_be_without_a_token() {
    let server = api();
    let agent = attach(&server).over(Agent::new_with_defaults());
    let url = format!("{}/cob", server.url);
    agent.get(&url).call().unwrap();
    agent.post(&url).send_empty().unwrap();
    agent.put(&url).send(SendBody::from_owned_reader(Cursor::new("charge"))).unwrap();
    let framed: Vec<_> = server
        .received("/cob")
        .into_iter()
        .map(|request| {
            let header = |name| request.header(name).map(str::to_owned);
            (header("content-length"), header("transfer-encoding"))
        })
        .collect();
    let length = |length: &str| (Some(length.to_owned()), None);
    assert_eq!(framed, [(None, None), (None, None), length("0"), length("6")]);
}

#[test]
fn a_body_that_is_read_from_somewhere_is_sent_again_if_it_is_short() {
    let server = api();
    let agent = attach(&server).over(Agent::new_with_defaults());
    let body = SendBody::from_owned_reader(Cursor::new("charge"));
    assert_eq!(agent.put(format!("{}/cob", server.url)).send(body).unwrap().status(), 200);
    let bodies: Vec<_> = server.received("/cob").into_iter().map(|request| request.body).collect();
    assert_eq!(bodies, [b"charge", b"charge"]);
}
