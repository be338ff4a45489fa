//! What a program's own reqwest client does on its own, redirects above all, and how tokens on its calls cope with it.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]
#![cfg(all(feature = "tower", feature = "reqwest-middleware"))]

#[path = "../driver/mod.rs"]
mod driver;

use std::sync::{Arc, Mutex};

use driver::clients::reqwest_client;
use driver::transport::{AttachMiddleware, Tls, TokenSource};
use driver::{Reply, Server, Toy};
use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, Middleware, Next};
use wellspring_core::ErrorKind;
use wellspring_simulator::{Endpoint, Fault, Simulator};

fn source(server: &Server) -> TokenSource {
    TokenSource::builder(Toy::at(&server.url)).build().unwrap()
}

#[tokio::test]
async fn a_call_of_reqwests_own_builder_is_renewed_for_like_any_other() {
    let server = Server::refusing(|bearer| bearer == "Bearer token-1");
    let client = reqwest_client().build().unwrap();
    let built =
        client.put(format!("{}/cob", server.url)).header("Authorization", "Bearer theirs").body("charge");
    assert_eq!(source(&server).send(built).await.unwrap().status(), 200);
    assert_eq!(server.bearers("/cob"), ["Bearer token-1", "Bearer token-2"]);
    assert_eq!(server.received("/cob")[1].body, b"charge");
    let built = client.get(format!("{}/cob", server.url)).build().unwrap();
    assert_eq!(source(&server).send(built).await.unwrap().status(), 200);
    let wrong = client.get("no URL");
    assert_eq!(source(&server).send(wrong).await.unwrap_err().kind(), ErrorKind::Misconfigured);
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
async fn a_call_that_was_redirected_is_not_sent_again_and_a_401_behind_it_renews_for_the_next_one() {
    for redirect in [301, 302, 303, 307, 308] {
        let server = Server::start(move |request, n| match (request.path(), n) {
            ("/token", n) => Reply::token(n + 1, 3_600),
            ("/pay", _) => Reply::with(redirect, "Location: /receipt\r\n", ""),
            (_, 0) => Reply::status(401),
            _ => Reply::with(200, "", "fine"),
        });
        let following = reqwest_client().build().unwrap();
        let client = ClientBuilder::new(following).with(AttachMiddleware::new(source(&server))).build();
        let paid = || client.post(format!("{}/pay", server.url)).body("10.00").send();
        assert_eq!(paid().await.unwrap().status(), 401, "{redirect}");
        assert_eq!((server.asked("/pay"), server.asked("/receipt")), (1, 1), "{redirect}: paid once");
        assert_eq!(server.received("/receipt")[0].header("authorization"), Some("Bearer token-1"));

        assert_eq!(paid().await.unwrap().status(), 200, "{redirect}");
        assert_eq!(server.received("/pay")[1].header("authorization"), Some("Bearer token-2"));
        assert_eq!((server.asked("/pay"), server.asked("/token")), (2, 2), "{redirect}");
    }
}

#[tokio::test]
async fn a_source_whose_own_client_follows_redirects_does_not_send_a_redirected_call_again() {
    let simulator = Simulator::builder().tls().start().unwrap();
    let url = simulator.url();
    let authority = &simulator.identity().unwrap().ca_pem;
    let tls = Tls::new().certificate_authority(authority.clone());
    // The program's client has its own TLS library, which is not that of the source.
    let authority = reqwest::Certificate::from_pem(authority.as_bytes()).unwrap();
    let following = reqwest_client().tls_certs_merge([authority]).build().unwrap();
    let toy = Toy::at_path(&url, "/oauth/token");
    let source = TokenSource::builder(toy).tls(tls).client(following).build().unwrap();
    let call = || http::Request::post(format!("{url}/cob/1")).body("10.00").unwrap();
    simulator.fault(Endpoint::PixApi, Fault::redirect(303, "/accounts/balances"));
    simulator.fault(Endpoint::PixApi, Fault::status(401));
    assert_eq!(source.send(call()).await.unwrap().status(), 401);
    assert_eq!((simulator.asked(Endpoint::PixApi), simulator.asked(Endpoint::PixToken)), (2, 1), "paid once");
    // The 401 refused this token.
    source.send(call()).await.unwrap();
    assert_eq!(simulator.asked(Endpoint::PixToken), 2);

    let other = Server::start(|_, _| Reply::status(401));
    simulator.fault(Endpoint::PixApi, Fault::redirect(303, &format!("{}/elsewhere", other.url)));
    assert_eq!(source.send(call()).await.unwrap().status(), 401);
    assert_eq!(other.received("/elsewhere")[0].header("authorization"), None);
    source.token().await.unwrap();
    assert_eq!((simulator.asked(Endpoint::PixApi), simulator.asked(Endpoint::PixToken)), (4, 2));
}

#[tokio::test]
async fn a_call_that_was_not_redirected_is_sent_again_however_its_url_is_written() {
    for target in ["/cob?", "/cob?a=%20b&c=\u{e9}", "/a/../cob//x", ""] {
        let server = Server::start(|request, n| match request.path() {
            "/token" => Reply::token(n + 1, 3_600),
            _ if n == 0 => Reply::status(401),
            _ => Reply::with(200, "", "fine"),
        });
        let following = reqwest_client().build().unwrap();
        let client = ClientBuilder::new(following).with(AttachMiddleware::new(source(&server))).build();
        let answer = client.post(format!("{}{target}", server.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{target}");
    }
}

#[tokio::test]
async fn a_response_that_the_provider_judged_is_unchanged() {
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

/// Records whether it could send each request again, as a middleware that retries does.
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
