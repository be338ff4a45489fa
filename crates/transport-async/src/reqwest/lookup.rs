//! Name lookup on a thread that may fail to start.
//!
//! The runtime's own threads for blocking work panic where the system starts no further thread. A program's own resolver,
//! set by `configure`, takes the place of this one.

use std::io;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::oneshot;
use wellspring_transport::look_up;

/// The system's name lookup.
pub(super) struct Lookup;

impl Resolve for Lookup {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let (sender, found) = oneshot::channel();
            look_up((name.as_str().to_owned(), 0), move |found| {
                // The request may have been given up.
                let _ = sender.send(found);
            })?;
            let found = found.await.map_err(|_| io::Error::other("the thread of the lookup has ended"))??;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
