//! The settings of a source or a pool, and how to build it.

use tokio::runtime::Handle;
use wellspring_core::AsyncStore;
use wellspring_transport::twins::prelude::*;
use wellspring_transport::{builder_methods, builder_setters};

use crate::background::Background;
#[cfg(feature = "client")]
use crate::hyper::{Client, HyperTransport as ClientTransport};
use crate::pool::TokenPool;
use crate::source::TokenSource;
use crate::transport::{ScriptedTransport, Transport};

builder_methods!();

builder_setters! {
    /// Renews on this runtime, whichever runtime the caller is on. Default: the caller's runtime, or where the caller
    /// has none, the runtime on which the source was built. The runtime needs its drivers for I/O and time
    /// (`enable_all`).
    runtime(runtime: Handle) => settings.driver.given = Some(runtime);
    /// Keeps tokens in this store, as [`store`](Self::store) does. Its operations are awaited in the tasks of renewals: no
    /// thread waits for the store, however many callers do. Of the two settings the later one counts.
    async_store(store: impl AsyncStore + 'static) => settings.store = Some(AnyStore::Async(Arc::new(store)));
    /// Carries calls by this client. The built-in client still carries token requests, whose rules this client may not
    /// keep, and calls in plain HTTP to loopback, which a proxy could read. Give this client
    /// `reqwest::redirect::Policy::none()`: otherwise it decides whether a redirect carries the token to another
    /// origin. A call that was redirected to another URL is not retried.
    #[cfg(feature = "reqwest-types")]
    client(client: crate::reqwest::Client) => client.client = Some(Arc::new(client));
}
