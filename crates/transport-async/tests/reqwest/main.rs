//! What a reqwest client of the program's own does, and the tokens on its calls must live with.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]
#![cfg(all(feature = "tower", feature = "reqwest-middleware"))]

#[path = "../driver/mod.rs"]
mod driver;

use std::sync::{Arc, Mutex};

use driver::clients::reqwest_client;
use driver::transport::{AttachMiddleware, TokenSource};
use driver::{Reply, Server, Toy};
use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, Middleware, Next};

fn source(server: &Server) -> TokenSource {
    TokenSource::builder(Toy::at(&server.url)).build().unwrap()
}

#[tokio::test]
async fn a_401_of_another_origin_says_nothing_of_a_token_that_it_did_not_get() {
    let other = Server::start(|_, _| Reply::status(401));
    let location = format!("Location: {}/elsewhere\r\n", other.url);
    let server = Server::start(move |request, n| match request.path() {
        "/token" => Reply::token(n + 1, 3_600),
        _ => Reply::with(307, &location, ""),
    });
    let following = reqwest_client().build().unwrap();
    let client = ClientBuilder::new(following).with(AttachMiddleware::new(source(&server))).build();
    let answer = client.get(format!("{}/cob", server.url)).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!((server.asked("/cob"), server.asked("/token")), (1, 1));
    assert_eq!(other.received("/elsewhere")[0].header("authorization"), None);
}

#[tokio::test]
async fn a_redirect_within_the_origin_keeps_the_token_and_is_judged() {
    let server = Server::start(|request, n| match (request.path(), n) {
        ("/token", n) => Reply::token(n + 1, 3_600),
        ("/cob", _) => Reply::with(307, "Location: /moved\r\n", ""),
        (_, 0) => Reply::status(401),
        _ => Reply::with(200, "", "fine"),
    });
    let following = reqwest_client().build().unwrap();
    let client = ClientBuilder::new(following).with(AttachMiddleware::new(source(&server))).build();
    let answer = client.get(format!("{}/cob", server.url)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(server.received("/moved")[1].header("authorization"), Some("Bearer token-2"));
}

#[tokio::test]
async fn an_answer_that_was_looked_at_is_like_one_that_was_not() {
    let server = Server::start(|request, n| match request.path() {
        "/token" => Reply::token(n + 1, 3_600),
        _ => Reply::with(200, "", "long enough to be looked at"),
    });
    let url = format!("{}/cob?n=1", server.url);
    for judged in [0, 4] {
        let source = TokenSource::builder(Toy::at(&server.url).judging(judged)).build().unwrap();
        let client = reqwest_client().build().unwrap();
        let client = ClientBuilder::new(client).with(AttachMiddleware::new(source)).build();
        let answer = client.get(&url).send().await.unwrap();
        assert_eq!(answer.url().as_str(), url);
        assert_eq!(answer.content_length(), Some(27));
        assert!(answer.remote_addr().is_some());
        assert_eq!(answer.text().await.unwrap(), "long enough to be looked at");
    }
}

/// Notes whether it could send a request once more, as a middleware that retries does.
#[derive(Clone, Default)]
struct Repeats(Arc<Mutex<Vec<bool>>>);

#[async_trait::async_trait]
impl Middleware for Repeats {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        self.0.lock().unwrap().push(request.try_clone().is_some());
        next.run(request, extensions).await
    }
}

#[tokio::test]
async fn a_middleware_that_comes_after_sees_both_tries_and_can_repeat_them() {
    let server = Server::start(|request, n| match request.path() {
        "/token" => Reply::token(n + 1, 3_600),
        _ if n == 0 => Reply::status(401),
        _ => Reply::with(200, "", "fine"),
    });
    let repeats = Repeats::default();
    let client = ClientBuilder::new(reqwest_client().build().unwrap())
        .with(AttachMiddleware::per_request())
        .with(repeats.clone())
        .build();
    let call = client.put(format!("{}/cob", server.url)).body("charge").with_extension(source(&server));
    assert_eq!(call.send().await.unwrap().status(), 200);
    assert_eq!(*repeats.0.lock().unwrap(), [true, true]);
}
