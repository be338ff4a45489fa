//! Name lookup on a thread that may fail to start.
//!
//! The runtime's own threads for blocking work panic where the system starts no further thread. A program's own resolver,
//! set by `configure`, takes the place of this one.

use std::io;
use std::net::ToSocketAddrs as _;
use std::thread;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::oneshot;

/// The system's name lookup.
pub(super) struct Lookup;

impl Resolve for Lookup {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let (sender, found) = oneshot::channel();
            thread::Builder::new().name("wellspring-lookup".into()).spawn(move || {
                let found = (name.as_str(), 0).to_socket_addrs().map(|found| found.collect::<Vec<_>>());
                // The request may have been given up.
                let _ = sender.send(found);
            })?;
            let found = found.await.map_err(|_| io::Error::other("the thread of the lookup has ended"))??;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
