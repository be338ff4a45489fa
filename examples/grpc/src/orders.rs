//! What `tonic-prost-build` makes of this file, written by hand so that the example needs no `protoc`:
//!
//! ```proto
//! syntax = "proto3";
//! package shop;
//! message Order { string item = 1; uint32 quantity = 2; }
//! message Receipt { uint64 number = 1; }
//! service Orders { rpc Place (Order) returns (Receipt); }
//! ```

use tonic::body::Body;
use tonic::client::{Grpc, GrpcService};
use tonic::{Response, Status};
use tonic_prost::ProstCodec;
use wellspring::http::Uri;
use wellspring::http::uri::PathAndQuery;

/// The path of `rpc Place`.
pub(crate) const PLACE: &str = "/shop.Orders/Place";

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Order {
    #[prost(string, tag = "1")]
    pub(crate) item: String,
    #[prost(uint32, tag = "2")]
    pub(crate) quantity: u32,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct Receipt {
    #[prost(uint64, tag = "1")]
    pub(crate) number: u64,
}

pub(crate) struct OrdersClient<T> {
    inner: Grpc<T>,
}

impl<T> OrdersClient<T>
where
    T: GrpcService<Body>,
    T::Error: Into<Box<dyn core::error::Error + Send + Sync>>,
    T::ResponseBody: Send + 'static,
    <T::ResponseBody as tonic::transport::Body>::Error:
        Into<Box<dyn core::error::Error + Send + Sync>> + Send,
{
    pub(crate) fn with_origin(inner: T, origin: Uri) -> Self {
        Self { inner: Grpc::with_origin(inner, origin) }
    }

    pub(crate) async fn place(&mut self, order: Order) -> Result<Response<Receipt>, Status> {
        let not_ready =
            |error: T::Error| Status::unknown(format!("the service was not ready: {}", error.into()));
        self.inner.ready().await.map_err(not_ready)?;
        let codec = ProstCodec::default();
        self.inner.unary(tonic::Request::new(order), PathAndQuery::from_static(PLACE), codec).await
    }
}
