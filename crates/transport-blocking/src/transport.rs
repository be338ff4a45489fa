//! The one trait between a source and an HTTP client.

use wellspring_transport::transport_methods;
use wellspring_transport::twins::prelude::*;

use crate::body::Body;

transport_methods!([] [] []);
