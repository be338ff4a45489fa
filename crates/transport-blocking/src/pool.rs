//! Many users' sources, each with its own single flight, which share one client and one store.

use wellspring_transport::pool_methods;
use wellspring_transport::twins::prelude::*;

use crate::background::Background;
use crate::source::TokenSource;

/// Many users' sources. Clones share everything; make one with [`Builder::pool`](crate::Builder::pool) and keep it.
///
/// The pool makes a user's source when a caller first asks for it, and drops the source when it is idle: no caller holds it
/// or has asked for it for a while, and it does not renew. The store keeps its tokens, and the pool loads them again.
#[derive(Clone, Debug)]
pub struct TokenPool(pub(crate) Arc<Pool<Background>>);

pool_methods!([] []);
