//! A token endpoint that accepts every code, or is down, and records its requests.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use wellspring_core::{HttpRequest, HttpResponse, ResponseHead, TransportError};
use wellspring_transport_async::{Body, CallLimits, Transport};

#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoint {
    /// The forms of all requests since the last look.
    asked: Arc<Mutex<Vec<String>>>,
    pub(crate) down: Arc<AtomicBool>,
}

impl Endpoint {
    /// The forms of the requests since the last look.
    pub(crate) fn look(&self) -> Vec<String> {
        core::mem::take(&mut self.asked.lock().unwrap())
    }
}

#[async_trait]
impl Transport for Endpoint {
    async fn exchange(&self, request: &HttpRequest, _: Duration) -> Result<HttpResponse, TransportError> {
        self.asked.lock().unwrap().push(String::from_utf8(request.expose_body().to_vec()).unwrap());
        let (status, body) = if self.down.load(Ordering::Relaxed) {
            (503, &br#"{"error":"temporarily_unavailable"}"#[..])
        } else {
            (200, &br#"{"access_token":"t","token_type":"Bearer","expires_in":7200,"refresh_token":"r"}"#[..])
        };
        Ok(HttpResponse::new(ResponseHead::new(status).header("Content-Type", "application/json"), body))
    }

    async fn call(
        &self,
        _: http::Request<Body>,
        _: CallLimits,
    ) -> Result<http::Response<Body>, TransportError> {
        unreachable!("this test makes no API call")
    }
}
