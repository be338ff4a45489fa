//! Bodies of every kind through the tower layer: what the client gets of them, what is sent again and what once.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]
#![cfg(all(feature = "tower", feature = "reqwest-middleware"))]

mod driver;

use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use driver::transport::{AttachLayer, Body, TokenSource};
use driver::{Server, Toy};
use http_body::{Body as _, Frame};
use tower::{ServiceBuilder, ServiceExt, service_fn};
use wellspring_core::{AccessToken, TokenResponse};

/// Two tokens, one after the other, for calls to this machine.
fn scripted() -> TokenSource {
    let token = |text: &str| Ok(TokenResponse::new(AccessToken::new(text)));
    TokenSource::scripted([token("one"), token("two")]).build().unwrap()
}

fn request<B>(body: B) -> http::Request<B> {
    http::Request::post("http://127.0.0.1:1/echo.Echo/Say").body(body).unwrap()
}

/// A body of these frames, without end if it is told so. It cannot be copied.
struct Frames {
    frames: VecDeque<Result<Frame<Bytes>, io::Error>>,
    endless: bool,
}

impl Frames {
    fn of<const N: usize>(frames: [Result<Frame<Bytes>, io::Error>; N]) -> Self {
        Self { frames: frames.into(), endless: false }
    }

    fn bytes<const N: usize>(chunks: [&'static str; N]) -> Self {
        Self::of(chunks.map(|chunk| Ok(Frame::data(Bytes::from_static(chunk.as_bytes())))))
    }
}

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.frames.pop_front() {
            None if self.endless => Poll::Pending,
            frame => Poll::Ready(frame),
        }
    }
}

fn trailers() -> http::HeaderMap {
    http::HeaderMap::from_iter([("checksum".parse().unwrap(), "7".parse().unwrap())])
}

/// The next frame of a body: its bytes, its trailers, or its error.
async fn frame(body: &mut Body) -> Option<Result<Frame<Bytes>, String>> {
    let frame = core::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await;
    frame.map(|frame| frame.map_err(|error| error.to_string()))
}

async fn text(body: &mut Body) -> String {
    let mut text = Vec::new();
    while let Some(Ok(frame)) = frame(body).await {
        text.extend_from_slice(&frame.into_data().unwrap_or_default());
    }
    String::from_utf8(text).unwrap()
}

/// A client's own type of body.
struct Boxed(Body);

/// What a client of `Boxed` receives: the bearer and the body of each call, as long as the body ends.
type Received = Arc<Mutex<Vec<(String, String)>>>;

/// Sends this body through the layer to a client of `Boxed`, which refuses the first token in this way.
async fn through_the_layer<B>(
    body: B,
    refuse: fn() -> http::Response<Body>,
) -> (http::Response<Body>, Received)
where
    B: http_body::Body<Data = Bytes, Error = io::Error> + Send + 'static,
{
    let received = Received::default();
    let seen = Arc::clone(&received);
    let client = service_fn(move |call: http::Request<Boxed>| {
        let seen = Arc::clone(&seen);
        async move {
            let bearer = call.headers()["authorization"].to_str().unwrap().to_owned();
            let mut body = call.into_body().0;
            let refused = bearer == "Bearer one";
            let text = text(&mut body).await;
            seen.lock().unwrap().push((bearer, text));
            let fine = http::Response::new(Body::from("fine"));
            Ok::<_, Infallible>(if refused { refuse() } else { fine })
        }
    });
    let layer = AttachLayer::new(scripted()).map_body(Boxed);
    let service = ServiceBuilder::new().layer(layer).service(client);
    (service.oneshot(request(body)).await.unwrap(), received)
}

fn unauthorized() -> http::Response<Body> {
    http::Response::builder().status(401).body(Body::empty()).unwrap()
}

fn unauthenticated() -> http::Response<Body> {
    let response = http::Response::builder().header("content-type", "application/grpc");
    response.header("grpc-status", "16").body(Body::empty()).unwrap()
}

fn both(first: &str, second: &str) -> Vec<(String, String)> {
    let call = |bearer: &str, body: &str| (format!("Bearer {bearer}"), body.to_owned());
    vec![call("one", first), call("two", second)]
}

#[tokio::test]
async fn a_foreign_body_that_is_ready_is_sent_again_whether_the_refusal_is_a_401_or_grpcs_unauthenticated() {
    for refuse in [unauthorized, unauthenticated] {
        let (response, received) = through_the_layer(Frames::bytes(["\0\0\0\0\u{2}", "hi"]), refuse).await;
        assert_eq!(response.into_body().text(10).await.unwrap(), "fine");
        assert_eq!(*received.lock().unwrap(), both("\0\0\0\0\u{2}hi", "\0\0\0\0\u{2}hi"));
    }
}

#[tokio::test]
async fn a_permission_that_is_denied_renews_nothing() {
    let denied = || http::Response::builder().header("grpc-status", "7").body(Body::empty()).unwrap();
    let (response, received) = through_the_layer(Frames::bytes(["hi"]), denied).await;
    assert_eq!(response.headers()["grpc-status"], "7");
    assert_eq!(received.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_body_that_is_too_long_or_that_ends_in_trailers_or_an_error_is_sent_once_and_whole() {
    let (long, longest) = ("x".repeat((1 << 20) + 1), "x".repeat(1 << 20));
    let data = |text: &str| Ok(Frame::data(Bytes::from(text.to_owned())));
    for (body, sent, times) in [
        (Frames::of([data(&longest)]), &longest, 2),
        (Frames::of([data(&long)]), &long, 1),
        (Frames::of([data(&longest), data("more")]), &format!("{longest}more"), 1),
        (Frames::of([data("hi"), Ok(Frame::trailers(trailers()))]), &"hi".to_owned(), 1),
        (Frames::of([data("hi"), Err(io::Error::other("cut"))]), &"hi".to_owned(), 1),
    ] {
        let (response, received) = through_the_layer(body, unauthorized).await;
        assert_eq!(response.status(), if times == 2 { 200 } else { 401 });
        let received = received.lock().unwrap();
        assert_eq!(received.len(), times);
        assert!(received.iter().all(|(_, text)| text == sent), "the client got another body");
    }
}

/// A client of `Boxed` that hands the body over and answers with this status.
async fn body_below(body: Frames, status: u16) -> (http::Response<Body>, Body) {
    let below = Arc::new(Mutex::new(None));
    let taken = Arc::clone(&below);
    let client = service_fn(move |call: http::Request<Boxed>| {
        *taken.lock().unwrap() = Some(call.into_body().0);
        core::future::ready(Ok::<_, Infallible>(
            http::Response::builder().status(status).body(Body::empty()).unwrap(),
        ))
    });
    let layer = AttachLayer::new(scripted()).map_body(Boxed);
    let response = ServiceBuilder::new().layer(layer).service(client).oneshot(request(body)).await.unwrap();
    let body = below.lock().unwrap().take().unwrap();
    (response, body)
}

#[tokio::test]
async fn a_stream_of_messages_is_not_waited_for() {
    let messages = Frames { endless: true, ..Frames::bytes(["one"]) };
    let (response, mut below) = body_below(messages, 401).await;
    assert_eq!(response.status(), 401);
    assert_eq!(frame(&mut below).await.unwrap().unwrap().into_data().unwrap(), "one");
    assert!(!below.is_end_stream() && below.again().is_none());
}

#[tokio::test]
async fn trailers_and_errors_of_a_body_reach_the_client() {
    let data = || Ok(Frame::data(Bytes::from_static(b"hi")));
    let (_, mut below) = body_below(Frames::of([data(), Ok(Frame::trailers(trailers()))]), 200).await;
    assert!(frame(&mut below).await.unwrap().unwrap().is_data() && !below.is_end_stream());
    assert_eq!(frame(&mut below).await.unwrap().unwrap().into_trailers().unwrap(), trailers());
    assert!(frame(&mut below).await.is_none() && below.is_end_stream());

    let (_, mut below) = body_below(Frames::of([data(), Err(io::Error::other("cut"))]), 200).await;
    assert!(frame(&mut below).await.unwrap().unwrap().is_data());
    assert_eq!(frame(&mut below).await.unwrap().unwrap_err(), "the body cannot be read to its end");
}

#[tokio::test]
async fn a_body_that_can_be_copied_reaches_the_client_as_it_is() {
    let received = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&received);
    let client = service_fn(move |call: http::Request<String>| {
        let status = if call.headers()["authorization"] == "Bearer one" { 401 } else { 200 };
        seen.lock().unwrap().push(call.into_body());
        core::future::ready(Ok::<_, Infallible>(
            http::Response::builder().status(status).body(String::new()).unwrap(),
        ))
    });
    let service = ServiceBuilder::new().layer(AttachLayer::new(scripted())).service(client);
    assert_eq!(service.oneshot(request("charge".to_owned())).await.unwrap().status(), 200);
    assert_eq!(*received.lock().unwrap(), ["charge", "charge"]);
}

#[tokio::test]
async fn a_url_that_is_only_a_path_is_refused_with_what_to_do() {
    let client = service_fn(|_: http::Request<String>| {
        core::future::ready(Ok::<_, Infallible>(http::Response::new(String::new())))
    });
    let service = ServiceBuilder::new().layer(AttachLayer::new(scripted())).service(client);
    let call = http::Request::post("/echo.Echo/Say").body(String::new()).unwrap();
    let error = service.oneshot(call).await.unwrap_err().to_string();
    assert!(error.contains("its URL is only a path") && error.contains("`with_origin`"), "{error}");
}

#[tokio::test]
async fn trailers_behind_the_bytes_that_the_provider_judged_come_through() {
    let server = Server::refusing(|_| false);
    for bytes in [&["hi"][..], &[]] {
        let source = TokenSource::builder(Toy::at(&server.url).judging(4)).build().unwrap();
        let client = service_fn(move |_: http::Request<Body>| {
            let mut body = Frames::of([Ok(Frame::trailers(trailers()))]);
            bytes.iter().rev().for_each(|text| {
                body.frames.push_front(Ok(Frame::data(Bytes::from_static(text.as_bytes()))));
            });
            core::future::ready(Ok::<_, Infallible>(http::Response::new(body)))
        });
        let service = ServiceBuilder::new().layer(AttachLayer::new(source)).service(client);
        let call = http::Request::get(format!("{}/cob", server.url)).body(Body::empty()).unwrap();
        let mut body = service.oneshot(call).await.unwrap().into_body();
        for text in bytes {
            assert_eq!(frame(&mut body).await.unwrap().unwrap().into_data().unwrap(), *text);
        }
        assert_eq!(frame(&mut body).await.unwrap().unwrap().into_trailers().unwrap(), trailers());
    }
}
