//! The settings of a source or a pool, and how to build it.

use wellspring_transport::twins::prelude::*;
use wellspring_transport::{builder_methods, builder_setters};

use crate::background::Background;
use crate::pool::TokenPool;
use crate::source::TokenSource;
use crate::transport::{ScriptedTransport, Transport};
#[cfg(feature = "client")]
use crate::ureq::{Agent as Client, UreqTransport as ClientTransport};

builder_methods!();

builder_setters! {
    /// Whether threads may be started. Default: yes. Without threads callers renew, and name lookups have no deadline.
    threads(threads: bool) => settings.driver.threads = threads;
    /// Carries calls by this client. The built-in client still carries token requests, whose rules this client may not
    /// keep. This client follows no redirect and reaches loopback without a proxy, whatever its settings are.
    #[cfg(feature = "client")]
    client(client: Client) => client.client = Some(client);
}
