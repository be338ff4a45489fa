//! The driver of the other tests, whose stores are asynchronous here.

#[path = "../driver/mod.rs"]
mod blocking_stores;

pub(crate) use blocking_stores::*;
use wellspring_transport_async::{Builder, OffThread};

/// The settings with this store.
pub(crate) fn with_store(builder: Builder, store: &Moody) -> Builder {
    builder.async_store(OffThread::new(store.clone()))
}
