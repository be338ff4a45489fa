//! The API: it takes orders under each token that it has not revoked, and answers UNAUTHENTICATED under the others.

use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService};
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};
use wellspring::http;
use wellspring::http::Uri;

use crate::orders::{Order, PLACE, Receipt};

#[derive(Clone, Default)]
pub(crate) struct Orders(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The bearer of each call.
    calls: Vec<String>,
    revoked: HashSet<String>,
}

impl Orders {
    /// Serves on a free port of this machine. Returns the origin of the API.
    pub(crate) async fn serve(&self) -> std::io::Result<Uri> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let server = Server::builder().add_service(self.clone());
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        Ok(Uri::try_from(origin).expect("an address is the authority of a URL"))
    }

    /// Revokes each token that a call has carried.
    pub(crate) fn revoke_all(&self) {
        self.with(|state| state.revoked.extend(state.calls.iter().cloned()));
    }

    /// How many calls have arrived.
    pub(crate) fn calls(&self) -> usize {
        self.with(|state| state.calls.len())
    }

    fn place(&self, request: &Request<Order>) -> Result<Response<Receipt>, Status> {
        let bearer = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        let bearer = bearer.unwrap_or_default().to_owned();
        self.with(|state| {
            state.calls.push(bearer.clone());
            if !bearer.starts_with("Bearer ") || state.revoked.contains(&bearer) {
                return Err(Status::unauthenticated("the token is revoked"));
            }
            Ok(Response::new(Receipt { number: u64::from(request.get_ref().quantity) }))
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl NamedService for Orders {
    const NAME: &'static str = "shop.Orders";
}

impl Service<http::Request<Body>> for Orders {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let orders = self.clone();
        Box::pin(async move {
            if request.uri().path() != PLACE {
                return Ok(Status::unimplemented("no such method").into_http());
            }
            let place = service_fn(|request| core::future::ready(orders.place(&request)));
            Ok(Grpc::new(ProstCodec::default()).unary(place, request).await)
        })
    }
}
