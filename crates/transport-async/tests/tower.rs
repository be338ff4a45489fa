//! What a tower service needs besides the rule of `send`: readiness, limits, and callers that go away.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]
#![cfg(all(feature = "tower", feature = "reqwest-middleware"))]

mod driver;

use core::convert::Infallible;
use core::future::{Ready, ready};
use core::pin::Pin;
use core::task::{Context, Poll};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use driver::clients::KINDS;
use driver::transport::{AttachError, AttachLayer, Body, TokenSource};
use driver::{Gate, Reply, Server, Toy, join, spawn};
use http_body::Frame;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::{Service, ServiceBuilder, ServiceExt};
use wellspring_core::{AccessToken, ErrorKind, TokenResponse};

/// Two tokens, one after the other, for calls to this machine.
fn scripted() -> TokenSource {
    let token = |text: &str| Ok(TokenResponse::new(AccessToken::new(text)));
    TokenSource::scripted([token("one"), token("two")]).build().unwrap()
}

fn get() -> http::Request<Body> {
    http::Request::get("http://127.0.0.1:1/cob").body(Body::empty()).unwrap()
}

/// Responds with these statuses, one for each call. It is ready late, and a clone of a ready service is not ready.
struct Late {
    statuses: Arc<Mutex<VecDeque<u16>>>,
    carried: Arc<Mutex<Vec<String>>>,
    asked: bool,
    ready: bool,
}

impl Late {
    fn answering(statuses: impl Into<VecDeque<u16>>) -> Self {
        let statuses = Arc::new(Mutex::new(statuses.into()));
        Self { statuses, carried: Arc::default(), asked: false, ready: false }
    }
}

impl Clone for Late {
    fn clone(&self) -> Self {
        let (statuses, carried) = (Arc::clone(&self.statuses), Arc::clone(&self.carried));
        Self { statuses, carried, asked: false, ready: false }
    }
}

impl Service<http::Request<Body>> for Late {
    type Response = http::Response<Ending>;
    type Error = io::Error;
    type Future = Ready<Result<Self::Response, io::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        if !core::mem::replace(&mut self.asked, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        assert!(core::mem::take(&mut self.ready), "called before it was ready");
        self.asked = false;
        let bearer = request.headers()["authorization"].to_str().unwrap().to_owned();
        self.carried.lock().unwrap().push(bearer);
        let Some(status) = self.statuses.lock().unwrap().pop_front() else {
            return ready(Err(io::Error::other("the line is dead")));
        };
        ready(Ok(http::Response::builder().status(status).body(Ending(false)).unwrap()))
    }
}

/// A body of trailers only.
struct Ending(bool);

impl http_body::Body for Ending {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let trailers = http::HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]);
        let over = core::mem::replace(&mut self.0, true);
        Poll::Ready((!over).then(|| Ok(Frame::trailers(trailers))))
    }
}

#[tokio::test]
async fn each_try_waits_until_the_service_is_ready() {
    let late = Late::answering([401, 200, 200]);
    let mut service = ServiceBuilder::new().layer(AttachLayer::new(scripted())).service(late.clone());
    for _ in 0..2 {
        let answer = service.ready().await.unwrap().call(get()).await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(*late.carried.lock().unwrap(), ["Bearer one", "Bearer two", "Bearer two"]);
}

#[tokio::test]
async fn an_error_of_the_service_is_distinct_from_an_error_of_the_token() {
    let service = ServiceBuilder::new().layer(AttachLayer::new(scripted())).service(Late::answering([]));
    let AttachError::Client(error) = service.clone().oneshot(get()).await.unwrap_err() else {
        panic!("the source did nothing wrong")
    };
    assert_eq!(error.downcast::<io::Error>().unwrap().to_string(), "the line is dead");

    let elsewhere = http::Request::get("https://example.com/").body(Body::empty()).unwrap();
    let AttachError::Token(error) = service.oneshot(elsewhere).await.unwrap_err() else {
        panic!("the service was never called")
    };
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
}

#[tokio::test]
async fn trailers_of_an_answer_come_through() {
    let service = ServiceBuilder::new().layer(AttachLayer::new(scripted())).service(Late::answering([200]));
    let mut body = service.oneshot(get()).await.unwrap().into_body();
    let frame = core::future::poll_fn(|context| http_body::Body::poll_frame(Pin::new(&mut body), context));
    let trailers = frame.await.unwrap().unwrap().into_trailers().unwrap();
    assert_eq!(trailers["grpc-status"], "0");
}

#[tokio::test]
async fn a_limit_of_one_call_at_a_time_lets_the_second_try_through() {
    let server = Server::start(|request, n| match request.path() {
        "/token" => Reply::token(n + 1, 3_600),
        _ if n == 0 => Reply::status(401),
        _ => Reply::with(200, "", "fine"),
    });
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let mut service = ServiceBuilder::new()
        .concurrency_limit(1)
        .layer(AttachLayer::new(source))
        .concurrency_limit(1)
        .service(client);
    let request = http::Request::get(format!("{}/cob", server.url)).body(Body::empty()).unwrap();
    let answer = service.ready().await.unwrap().call(request).await.unwrap();
    assert_eq!(answer.into_body().text(100).await.unwrap(), "fine");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_during_the_renewal_leaves_no_other_caller_waiting() {
    for kind in KINDS {
        let gate = Gate::default();
        let in_server = gate.clone();
        let server = Server::start(move |request, n| match (request.path(), n) {
            ("/token", 0) => Reply::token(1, 3_600),
            ("/token", n) => {
                in_server.pass();
                Reply::token(n + 1, 3_600)
            }
            _ if request.header("authorization") == Some("Bearer token-1") => Reply::status(401),
            _ => Reply::with(200, "", "fine"),
        });
        let client = kind.over(&TokenSource::builder(Toy::at(&server.url)).build().unwrap());
        let call = |client: &driver::clients::Client| {
            let request = http::Request::get(format!("{}/cob", server.url)).body(Body::empty()).unwrap();
            let client = client.clone();
            spawn(async move { client.send(request).await.unwrap().status() })
        };
        let gone = call(&client);
        gate.arrived();
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        let next = call(&client);
        gate.open();
        assert_eq!(join(next).await, 200, "{kind:?}");
        assert_eq!(server.asked("/token"), 2);
    }
}
