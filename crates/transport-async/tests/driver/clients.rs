//! The clients that a program may have already, behind one interface.

use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use tower::{ServiceBuilder, ServiceExt};
use wellspring_core::TokenError;
use wellspring_transport_async::{Attach, AttachError, AttachLayer, AttachMiddleware, Body, TokenSource};

/// A kind of client.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Reqwest,
    Tower,
}

pub(crate) const KINDS: [Kind; 2] = [Kind::Reqwest, Kind::Tower];

impl Kind {
    /// With this source's tokens on every call.
    pub(crate) fn over(self, source: &TokenSource) -> Client {
        self.with(AttachMiddleware::new(source.clone()), AttachLayer::new(source.clone()))
    }

    /// With the tokens of the source among each call's extensions.
    pub(crate) fn per_request(self) -> Client {
        self.with(AttachMiddleware::per_request(), AttachLayer::per_request())
    }

    fn with(self, middleware: AttachMiddleware, layer: AttachLayer) -> Client {
        match self {
            Self::Reqwest => {
                let client = reqwest_client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
                Client::Reqwest(ClientBuilder::new(client).with(middleware).build())
            }
            Self::Tower => {
                let client = Hyper::builder(TokioExecutor::new()).build(HttpConnector::new());
                Client::Tower(Box::new(ServiceBuilder::new().layer(layer).service(client)))
            }
        }
    }
}

pub(crate) fn reqwest_client() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy()
}

#[derive(Clone)]
pub(crate) enum Client {
    Reqwest(ClientWithMiddleware),
    Tower(Box<Attach<Hyper<HttpConnector, Body>>>),
}

/// Why there is no response: the error of the token, and all that can be shown.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) token: Option<TokenError>,
    pub(crate) shown: String,
}

impl Client {
    pub(crate) async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Body>, Failure> {
        match self {
            Self::Reqwest(client) => {
                let mut extensions = request.extensions().clone();
                let mut request = request.map(Some);
                let body = request.body_mut().take().unwrap();
                let body = match body.again() {
                    Some(bytes) => reqwest::Body::from(bytes.bytes(usize::MAX).await.unwrap()),
                    None => reqwest::Body::wrap(body),
                };
                let request = request.map(|_| body).try_into().unwrap();
                let answer = client.execute_with_extensions(request, &mut extensions).await;
                answer.map(|answer| http::Response::from(answer).map(Body::once)).map_err(|error| Failure {
                    shown: format!("{error:?} {error}"),
                    token: match error {
                        reqwest_middleware::Error::Middleware(error) => error.downcast().ok(),
                        reqwest_middleware::Error::Reqwest(_) => None,
                    },
                })
            }
            Self::Tower(service) => (**service).clone().oneshot(request).await.map_err(|error| Failure {
                shown: format!("{error:?} {error}"),
                token: match error {
                    AttachError::Token(error) => Some(error),
                    _ => None,
                },
            }),
        }
    }
}

/// A body that no client can send again.
pub(crate) fn once_only() -> Body {
    super::once("stream")
}
