//! The settings of a source or a pool, and how to build it.

use wellspring_transport::builder_methods;
use wellspring_transport::twins::prelude::*;

use crate::background::Background;
use crate::pool::TokenPool;
use crate::source::TokenSource;
use crate::transport::{ScriptedTransport, Transport};
#[cfg(feature = "ureq")]
use crate::ureq::{Agent, ClientBuilder, UreqTransport as ClientTransport};

/// Builds a source or a pool. Every setting has a default.
#[must_use = "nothing happens before `build`"]
pub struct Builder {
    provider: Arc<dyn Provider>,
    settings: SharedSettings<Background>,
    transport: Option<Arc<dyn Transport>>,
    /// Whether this builds a double, whose renewals have scripted results.
    scripted: bool,
    #[cfg(feature = "ureq")]
    client: ClientSettings<Agent, ClientBuilder>,
}

builder_methods!("ureq");

impl Builder {
    /// Whether threads may be started. Default: yes. Without threads no renewal runs beside its callers, and a name lookup
    /// has no deadline.
    pub const fn threads(mut self, threads: bool) -> Self {
        self.settings.driver.threads = threads;
        self
    }

    /// Carries calls by this client. The built-in client still carries token requests, whose rules this client may not keep.
    /// This client follows no redirect and reaches loopback without a proxy, whatever its settings are.
    #[cfg(feature = "ureq")]
    pub fn client(mut self, client: Agent) -> Self {
        self.client.client = Some(client);
        self
    }
}
