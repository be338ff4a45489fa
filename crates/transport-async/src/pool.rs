//! Many users' sources, each with its own single flight, which share one client and one store.

use wellspring_transport::pool_methods;
use wellspring_transport::twins::prelude::*;

use crate::background::Background;
use crate::source::TokenSource;

pool_methods!([async] [.await]);
