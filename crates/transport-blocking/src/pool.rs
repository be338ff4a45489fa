//! Many users' sources, each with its own single flight, over one client and one store.

use wellspring_transport::pool_methods;
use wellspring_transport::twins::prelude::*;

use crate::background::Background;
use crate::source::TokenSource;

/// Many users' sources. Clones share everything; make one with [`Builder::pool`](crate::Builder::pool) and keep it.
///
/// A user's source is made when a caller first asks for it. It is dropped when no caller has asked for it for a while, and
/// it is neither held nor renewing; what it held is in the store and comes back from there.
#[derive(Clone, Debug)]
pub struct TokenPool(pub(crate) Arc<Pool<Background>>);

pool_methods!([] []);
