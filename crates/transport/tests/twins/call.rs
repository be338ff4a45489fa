//! Authenticated calls: where the token goes, and what a refusal of it leads to.

use core::time::Duration;

use wellspring_core::{ErrorKind, Scope};

use crate::driver::transport::{Body, Clock, TokenSource};
use crate::driver::{Reply, SECRET, Server, Toy, once, twin};

fn source(server: &Server) -> TokenSource {
    TokenSource::builder(Toy::at(&server.url)).build().unwrap()
}

fn put(server: &Server, body: impl Into<Body>) -> http::Request<Body> {
    http::Request::put(format!("{}/cob", server.url)).body(body.into()).unwrap()
}

#[twin::test]
async fn a_call_carries_the_token_in_place_of_what_the_caller_put_there() {
    let server = Server::refusing(|_| false);
    let mut request = put(&server, "charge");
    request.headers_mut().insert("authorization", "Bearer mine".parse().unwrap());
    request.headers_mut().insert("x-idempotency-key", "7".parse().unwrap());
    let answer = source(&server).send(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.into_body().text(100).await.unwrap(), "fine");
    let received = &server.received("/cob")[0];
    assert_eq!(server.bearers("/cob"), ["Bearer token-1"]);
    assert_eq!(received.header("x-idempotency-key"), Some("7"));
    assert_eq!(received.body, b"charge");
}

#[twin::test]
async fn a_refused_token_is_renewed_once_and_the_call_sent_once_more() {
    let server = Server::refusing(|bearer| bearer == "Bearer token-1");
    let answer = source(&server).send(put(&server, "charge")).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(server.bearers("/cob"), ["Bearer token-1", "Bearer token-2"]);
    assert_eq!(server.received("/cob")[1].body, b"charge");
    assert_eq!(server.asked("/token"), 2);
}

#[twin::test]
async fn a_call_without_a_body_is_sent_once_more_too() {
    let server = Server::refusing(|bearer| bearer == "Bearer token-1");
    let request = http::Request::get(format!("{}/cob", server.url)).body(()).unwrap();
    assert_eq!(source(&server).send(request).await.unwrap().status(), 200);
    let received = server.received("/cob");
    assert_eq!(received.len(), 2);
    assert!(received[0].header("transfer-encoding").is_none(), "{}", received[0].head);
}

#[twin::test]
async fn a_body_that_can_be_sent_once_only_is_sent_once() {
    let server = Server::refusing(|bearer| bearer == "Bearer token-1");
    let source = source(&server);
    let answer = source.send(put(&server, once("stream"))).await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(server.bearers("/cob"), ["Bearer token-1"]);
    // The refused token is renewed all the same.
    assert_eq!(source.send(put(&server, "charge")).await.unwrap().status(), 200);
    assert_eq!(server.asked("/token"), 2);
}

#[twin::test]
async fn an_api_that_refuses_every_token_costs_one_renewal_and_then_none_for_a_while() {
    let server = Server::refusing(|_| true);
    let clock = Clock::manual(1_000);
    let source = TokenSource::builder(Toy::at(&server.url)).clock(&clock).build().unwrap();
    for _ in 0..20 {
        let answer = source.send(put(&server, "charge")).await.unwrap();
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.into_body().text(100).await.unwrap(), "refused");
    }
    assert_eq!(server.asked("/token"), 2);
}

#[twin::test]
async fn a_place_that_refuses_every_token_for_ever_costs_two_renewals_and_then_none_and_others_are_renewed_for()
 {
    let server = Server::start(|request, n| match (request.path(), request.header("authorization")) {
        ("/token", _) => Reply::token(n + 1, 3_600),
        (path, _) if path.starts_with("/never?") => Reply::with(401, "", "refused"),
        (_, Some("Bearer token-4")) => Reply::with(200, "", "fine"),
        _ if n == 0 => Reply::with(200, "", "fine"),
        _ => Reply::status(401),
    });
    let clock = Clock::manual(1_000);
    let source = TokenSource::builder(Toy::at(&server.url)).clock(&clock).build().unwrap();
    let get = |path: &str| http::Request::get(format!("{}{path}", server.url)).body(()).unwrap();
    assert_eq!(source.send(get("/cob")).await.unwrap().status(), 200);
    for minute in 0..30 {
        clock.advance(Duration::from_secs(61));
        let answer = source.send(get(&format!("/never?page={minute}"))).await.unwrap();
        assert_eq!(answer.status(), 401);
    }
    // The first token was old, the two that followed it were fresh.
    assert_eq!(server.asked("/token"), 3);
    clock.advance(Duration::from_secs(61));
    assert_eq!(source.send(get("/cob")).await.unwrap().status(), 200, "a refusal elsewhere is renewed for");
    assert_eq!(server.asked("/token"), 4);
}

#[twin::test]
async fn a_failed_renewal_after_a_refusal_is_the_callers_error() {
    let server = Server::start(|request, n| match (request.path(), n) {
        ("/token", 0) => Reply::token(1, 3_600),
        ("/token", _) => Reply::status(400),
        _ => Reply::status(401),
    });
    let error = source(&server).send(put(&server, "charge")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::LoginRequired { .. }));
    assert_eq!(server.asked("/cob"), 1);
}

#[twin::test]
async fn a_403_is_the_callers_unless_it_says_that_the_token_is_invalid() {
    let server = Server::start(|request, n| match (request.path(), n) {
        ("/token", n) => Reply::token(n + 1, 3_600),
        ("/cob", 0) => Reply::with(403, "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n", ""),
        ("/cob", _) => Reply::with(403, "WWW-Authenticate: Bearer error=\"insufficient_scope\"\r\n", ""),
        _ => Reply::status(403),
    });
    let source = source(&server);
    let plain = http::Request::get(format!("{}/forbidden", server.url)).body(()).unwrap();
    let answer = source.send(plain).await.unwrap();
    assert_eq!((answer.status().as_u16(), source.missing_scope(&answer)), (403, None));
    assert_eq!(server.asked("/token"), 1);

    let answer = source.send(put(&server, "charge")).await.unwrap();
    assert_eq!(source.missing_scope(&answer), Some(Scope::parse("pix:read")));
    assert_eq!(server.bearers("/cob"), ["Bearer token-1", "Bearer token-2"]);
}

#[twin::test]
async fn the_provider_may_look_at_the_start_of_an_answer_which_stays_whole() {
    let server = Server::start(|request, n| match (request.path(), n) {
        ("/token", n) => Reply::token(n + 1, 3_600),
        ("/cob", 0) => Reply::with(200, "", r#"{"code":101}"#),
        _ => Reply::with(200, "", r#"{"code":0,"data":"long enough"}"#),
    });
    let source = TokenSource::builder(Toy::at(&server.url).judging(12)).build().unwrap();
    let answer = source.send(put(&server, "charge")).await.unwrap();
    assert_eq!(answer.into_body().text(100).await.unwrap(), r#"{"code":0,"data":"long enough"}"#);
    assert_eq!(server.bearers("/cob"), ["Bearer token-1", "Bearer token-2"]);
}

#[twin::test]
async fn a_token_goes_to_its_own_origins_and_to_those_that_were_allowed() {
    let (server, other) = (Server::refusing(|_| false), Server::refusing(|_| false));
    let error = source(&server).send(put(&other, "charge")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.to_string().contains("allow_origin"), "{error}");
    assert_eq!(other.asked("/cob") + server.asked("/token"), 0);

    let source =
        TokenSource::builder(Toy::at(&server.url)).allow_origin(&other.url).unwrap().build().unwrap();
    assert_eq!(source.send(put(&other, "charge")).await.unwrap().status(), 200);
    assert!(TokenSource::builder(Toy::at(&server.url)).allow_origin("http://example.com").is_err());
}

#[twin::test]
async fn a_redirect_of_a_call_comes_back_as_it_is() {
    let other = Server::granting();
    let location = format!("Location: {}/stolen\r\n", other.url);
    let server = Server::start(move |request, n| match request.path() {
        "/token" => Reply::token(n + 1, 3_600),
        _ => Reply::with(307, &location, ""),
    });
    let source = source(&server);
    let get = http::Request::get(format!("{}/cob", server.url)).body(Body::empty()).unwrap();
    for request in [put(&server, "charge"), get] {
        assert_eq!(source.send(request).await.unwrap().status(), 307);
    }
    assert_eq!(other.asked("/stolen"), 0);
}

#[twin::test]
async fn a_call_that_is_not_answered_ends_at_its_deadline() {
    let server = Server::start(|request, n| match request.path() {
        "/token" => Reply::token(n + 1, 3_600),
        _ => Reply::Drip(b"HTTP/1.1 200 OK\r\nX:".to_vec(), Duration::from_millis(10)),
    });
    let builder = TokenSource::builder(Toy::at(&server.url)).call_deadline(Duration::from_secs(1));
    let error = builder.build().unwrap().send(put(&server, "charge")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }));
}

#[twin::test]
async fn an_answer_longer_than_its_reader_wants_is_an_error() {
    let server = Server::refusing(|_| false);
    let answer = source(&server).send(put(&server, "charge")).await.unwrap();
    assert_eq!(answer.into_body().bytes(3).await.unwrap_err().kind(), ErrorKind::Protocol);
}

#[twin::test]
async fn nothing_that_can_be_formatted_shows_a_secret() {
    let server = Server::start(|request, n| match request.path() {
        "/token" => {
            Reply::with(200, "", &format!(r#"{{"access_token":"{SECRET}-{n}","refresh_token":"{SECRET}"}}"#))
        }
        _ => Reply::with(401, "", SECRET),
    });
    let source = source(&server);
    let token = source.token().await.unwrap();
    let answer = source.send(put(&server, SECRET)).await.unwrap();
    let shown = [
        format!("{source:?}"),
        format!("{token:?}"),
        format!("{:?}", source.try_token()),
        format!("{:?}", source.authorization().await),
        format!("{answer:?}"),
        format!("{:?}", source.keep_warm()),
        format!("{:?}", TokenSource::builder(Toy::at(&server.url))),
        format!("{:?}", Body::from(SECRET)),
    ];
    for text in shown {
        assert!(!text.contains("canary"), "{text}");
    }
}
