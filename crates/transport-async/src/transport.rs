//! The one trait between a source and an HTTP client.

use async_trait::async_trait;
use wellspring_transport::transport_methods;
use wellspring_transport::twins::prelude::*;

use crate::body::Body;

transport_methods!([async] [.await] [#[async_trait]]);
