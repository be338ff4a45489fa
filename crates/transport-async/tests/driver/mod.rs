//! What the tests of the two transports name differently.
#![allow(dead_code, unused_imports, clippy::unwrap_used, reason = "each test file uses its own part")]

#[cfg(all(feature = "tower", feature = "reqwest-middleware"))]
pub(crate) mod clients;
#[path = "../../../transport/tests/support/mod.rs"]
mod support;

use core::future::Future;

pub(crate) use support::*;
use tokio::task::JoinHandle;
pub(crate) use wellspring_transport_async as transport;
pub(crate) use wellspring_transport_async::HyperTransport as ClientTransport;

/// The attributes of a twin: it runs as it stands, on tokio.
pub(crate) mod twin {
    pub(crate) use tokio::test;
    pub(crate) use wellspring_twin_tests::unchanged as function;
}

/// The settings with this store.
pub(crate) fn with_store(builder: transport::Builder, store: &Moody) -> transport::Builder {
    builder.store(store.clone())
}

/// How many callers ask at once.
pub(crate) const CROWD: usize = 10_000;

/// Runs this beside the test.
pub(crate) fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(task)
}

/// Waits for its result.
pub(crate) async fn join<T>(task: JoinHandle<T>) -> T {
    task.await.unwrap()
}

/// Waits until this condition is true, and lets other tasks run meanwhile.
pub(crate) async fn eventually(mut condition: impl FnMut() -> bool) {
    let clock = transport::Clock::system();
    let end = clock.now().instant.plus(core::time::Duration::from_secs(30));
    while !condition() {
        assert!(clock.now().instant < end, "the condition is still false after 30 seconds");
        tokio::task::yield_now().await;
    }
}

/// A body of so many bytes that can be sent once only.
pub(crate) fn once_of(length: usize) -> transport::Body {
    transport::Body::once(transport::Body::from(vec![b'x'; length]))
}

/// A body that can be sent once only.
pub(crate) fn once(text: &'static str) -> transport::Body {
    transport::Body::once(Once(Some(text)))
}

struct Once(Option<&'static str>);

impl http_body::Body for Once {
    type Data = bytes::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: core::pin::Pin<&mut Self>,
        _: &mut core::task::Context<'_>,
    ) -> core::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, std::io::Error>>> {
        let text = self.0.take();
        core::task::Poll::Ready(
            text.map(|text| Ok(http_body::Frame::data(bytes::Bytes::from_static(text.as_bytes())))),
        )
    }
}
