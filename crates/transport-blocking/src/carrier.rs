//! The client under a call, and what the rule of a call reads from its requests and responses.

use wellspring_transport::carrier_methods;
use wellspring_transport::twins::prelude::*;

use crate::body::Body;

carrier_methods!([] []);
