//! Name lookup on a thread that may fail to start.
//!
//! The runtime's own threads for blocking work panic where the system starts no further thread.

use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::vec;

use hyper_util::client::legacy::connect::dns::Name;
use tokio::sync::oneshot;
use tower_service::Service;
use wellspring_transport::look_up;

/// The system's name lookup.
#[derive(Clone)]
pub(super) struct Lookup;

/// The name was not found.
#[derive(Debug)]
pub(super) struct LookupError(io::Error);

impl Service<Name> for Lookup {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = LookupError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, LookupError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), LookupError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move { addresses(name).await.map(Vec::into_iter).map_err(LookupError) })
    }
}

async fn addresses(name: Name) -> io::Result<Vec<SocketAddr>> {
    let (sender, found) = oneshot::channel();
    look_up((name.as_str().to_owned(), 0), move |found| {
        // The request may have been given up.
        let _ = sender.send(found);
    })?;
    found.await.map_err(|_| io::Error::other("the thread of the lookup has ended"))?
}

impl core::fmt::Display for LookupError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the name cannot be looked up")
    }
}

impl core::error::Error for LookupError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.0)
    }
}
