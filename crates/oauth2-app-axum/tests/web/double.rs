//! An authorization server without a socket, for tests that hold an answer back or move the clock.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::Notify;
use wellspring_core::{HttpRequest, HttpResponse, ResponseHead, TransportError};
use wellspring_transport_async::{Body, CallLimits, Transport};

pub(crate) const TOKENS: &str = r#"{"access_token":"the-access-token","token_type":"Bearer","expires_in":7200,"refresh_token":"the-refresh-token"}"#;

#[derive(Clone, Debug, Default)]
pub(crate) struct Double(Arc<State>);

#[derive(Debug, Default)]
struct State {
    asked: Mutex<Vec<(String, String)>>,
    /// The status and the body of the next answers; without one the tokens.
    answer: Mutex<Option<(u16, String)>>,
    holds: AtomicBool,
    go_on: Notify,
    /// The status of API calls.
    refuses: AtomicBool,
}

impl Double {
    /// The URL and the form of each request to the server.
    pub(crate) fn asked(&self) -> Vec<(String, String)> {
        self.0.asked.lock().unwrap().clone()
    }

    /// How many requests went to this path.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|(url, _)| url.ends_with(path)).count()
    }

    pub(crate) fn answers(&self, status: u16, body: &str) {
        *self.0.answer.lock().unwrap() = Some((status, body.to_owned()));
    }

    /// From now on no request is answered, until [`go_on`](Self::go_on).
    pub(crate) fn hold(&self) {
        self.0.holds.store(true, Ordering::SeqCst);
    }

    pub(crate) fn go_on(&self) {
        self.0.holds.store(false, Ordering::SeqCst);
        self.0.go_on.notify_waiters();
    }

    /// API calls are answered with 401.
    pub(crate) fn refuse_calls(&self) {
        self.0.refuses.store(true, Ordering::SeqCst);
    }

    async fn held(&self) {
        let go_on = self.0.go_on.notified();
        if self.0.holds.load(Ordering::SeqCst) {
            go_on.await;
        }
    }
}

#[async_trait]
impl Transport for Double {
    async fn exchange(&self, request: &HttpRequest, _: Duration) -> Result<HttpResponse, TransportError> {
        let form = String::from_utf8(request.expose_body().to_vec()).unwrap();
        self.0.asked.lock().unwrap().push((request.url().to_owned(), form));
        self.held().await;
        let (status, body) = self.0.answer.lock().unwrap().clone().unwrap_or((200, TOKENS.to_owned()));
        Ok(HttpResponse::new(ResponseHead::new(status).header("Content-Type", "application/json"), body))
    }

    async fn call(
        &self,
        request: http::Request<Body>,
        _: CallLimits,
    ) -> Result<http::Response<Body>, TransportError> {
        self.0.asked.lock().unwrap().push((request.uri().to_string(), String::new()));
        self.held().await;
        let status = if self.0.refuses.load(Ordering::SeqCst) { 401 } else { 200 };
        let answer = http::Response::builder().status(status).header("content-type", "application/json");
        Ok(answer.body(Body::from(r#"{"sub":"248289761001","name":"Ann"}"#.to_owned())).unwrap())
    }
}
