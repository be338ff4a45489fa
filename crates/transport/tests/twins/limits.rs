//! How long a call may be silent and how long it may last, and a server that answers before it has the whole request.

use core::error::Error as _;
use core::time::Duration;

use wellspring_core::{AccessToken, ErrorKind, Policy, TokenError, TokenResponse};

use crate::driver::transport::{Body, Builder, TokenSource};
use crate::driver::{Reply, Server, Toy, once_of, twin};

/// A source that has a token, so that only the limits of calls matter.
fn source(server: &Server, policy: Policy, build: impl FnOnce(Builder) -> Builder) -> TokenSource {
    let source = build(TokenSource::builder(Toy::at(&server.url)).policy(policy)).build().unwrap();
    source.adopt(TokenResponse::new(AccessToken::new("adopted"))).unwrap();
    source
}

fn get(server: &Server) -> http::Request<Body> {
    http::Request::get(format!("{}/cob", server.url)).body(Body::empty()).unwrap()
}

fn said(error: &TokenError) -> String {
    let cause = error.source().map_or_else(String::new, ToString::to_string);
    format!("{error}: {cause}")
}

/// A large upload.
const LARGE: usize = 30 << 20;

#[twin::test]
async fn a_download_goes_on_for_longer_than_the_policys_deadline_while_its_bytes_flow() {
    let server = Server::start(|_, _| {
        let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 12\r\n\r\n".to_vec();
        Reply::Drip(head, Duration::from_millis(50))
    });
    let policy = Policy::default().with_deadline(Duration::from_millis(1));
    let answer = source(&server, policy, |it| it).send(get(&server)).await.unwrap();
    assert_eq!(answer.into_body().bytes(100).await.unwrap().len(), 12);
}

#[twin::test]
async fn a_call_that_falls_silent_ends_at_its_idle_timeout() {
    for start in ["", "HTTP/1.1 200 OK\r\nX:", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"] {
        let server = Server::start(move |_, _| Reply::Silence(start.as_bytes().to_vec()));
        let policy = Policy::default().with_call_idle_timeout(Duration::from_millis(500));
        let error = match source(&server, policy, |it| it).send(get(&server)).await {
            Ok(answer) => answer.into_body().bytes(100).await.unwrap_err(),
            Err(error) => error,
        };
        assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }), "{error:?}");
        assert!(
            said(&error).contains("no byte came within the idle timeout of the call"),
            "{}",
            said(&error)
        );
    }
}

#[twin::test]
async fn a_deadline_ends_a_call_whose_bytes_flow() {
    let server = Server::start(|_, _| {
        Reply::Drip(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec(), Duration::from_millis(5))
    });
    let limited = |builder: Builder| builder.call_deadline(Duration::from_secs(1));
    let error = match source(&server, Policy::default(), limited).send(get(&server)).await {
        Ok(answer) => answer.into_body().bytes(usize::MAX).await.unwrap_err(),
        Err(error) => error,
    };
    let said = said(&error);
    assert!(
        said.contains("deadline of the call has passed") || said.contains("before the deadline"),
        "{said}"
    );
}

#[twin::test]
async fn an_upload_that_the_server_takes_slowly_goes_on_for_longer_than_the_idle_timeout() {
    let server = Server::refusing_early(false, LARGE / 60, Duration::from_millis(50));
    let policy = Policy::default().with_call_idle_timeout(Duration::from_secs(2));
    let request = http::Request::put(format!("{}/cob", server.url)).body(vec![b'x'; LARGE]).unwrap();
    assert_eq!(source(&server, policy, |it| it).send(request).await.unwrap().status(), 200);
}

#[twin::test]
async fn an_upload_that_is_refused_at_its_head_is_sent_again_with_another_token() {
    for stays in [false, true] {
        let server = Server::refusing_early(stays, LARGE, Duration::ZERO);
        let policy = Policy::default().with_call_idle_timeout(Duration::from_secs(3));
        let source = TokenSource::builder(Toy::at(&server.url)).policy(policy).build().unwrap();
        let request = http::Request::put(format!("{}/cob", server.url)).body(vec![b'x'; LARGE]).unwrap();
        let answer = source.send(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{stays}");
        assert_eq!(server.bearers("/cob"), ["Bearer token-1", "Bearer token-2"]);
        assert_eq!(answer.into_body().text(9).await.unwrap(), "fine");
    }
}

#[twin::test]
async fn an_upload_that_can_be_sent_once_only_and_is_refused_at_its_head_gets_the_refusal() {
    for length in [None, Some(LARGE)] {
        let server = Server::refusing_early(false, LARGE, Duration::ZERO);
        let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
        let mut request = http::Request::put(format!("{}/cob", server.url)).body(once_of(LARGE)).unwrap();
        if let Some(length) = length {
            request.headers_mut().insert("content-length", length.into());
        }
        let answer = source.send(request).await.unwrap();
        assert_eq!(answer.status(), 401, "{length:?}");
        assert_eq!(answer.into_body().text(9).await.unwrap(), "refused");
        // The refused token is replaced all the same.
        assert_eq!(source.token().await.unwrap().expose(), "token-2");
    }
}
