//! The transport of a double: token requests go nowhere, calls go where they always go.

use core::time::Duration;
use std::sync::Arc;

use wellspring_core::{HttpRequest, HttpResponse, TransportError, TransportErrorKind};
use wellspring_transport::Scripted;

use crate::body::Body;
use crate::transport::Transport;

/// The transport of a double.
#[derive(Debug, Default)]
pub(crate) struct ScriptedTransport {
    calls: Option<Arc<dyn Transport>>,
}

impl ScriptedTransport {
    pub(crate) const fn new(calls: Arc<dyn Transport>) -> Self {
        Self { calls: Some(calls) }
    }
}

impl Transport for ScriptedTransport {
    fn exchange(&self, _: &HttpRequest, _: Duration) -> Result<HttpResponse, TransportError> {
        Ok(Scripted::answer())
    }

    fn call(
        &self,
        request: http::Request<Body>,
        within: Duration,
    ) -> Result<http::Response<Body>, TransportError> {
        match &self.calls {
            Some(calls) => calls.call(request, within),
            None => Err(TransportError::new(
                TransportErrorKind::Refused,
                "this double sends no calls: enable the HTTP client's feature or give it a transport",
            )),
        }
    }
}
