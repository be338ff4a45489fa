//! Everything that can be said about a source before it exists.

use wellspring_transport::twins::prelude::*;
use wellspring_transport::{SharedSettings, builder_methods};

use crate::background::Background;
use crate::pool::TokenPool;
use crate::scripted::ScriptedTransport;
use crate::source::TokenSource;
use crate::transport::Transport;
#[cfg(feature = "ureq")]
use crate::ureq::Settings;

/// Everything that can be said about a source before it exists. All of it has a default.
#[must_use = "nothing happens before `build`"]
pub struct Builder {
    provider: Arc<dyn Provider>,
    pub(crate) settings: SharedSettings<Background>,
    transport: Option<Arc<dyn Transport>>,
    /// A double exchanges with its script, whatever carries its calls.
    scripted: bool,
    #[cfg(feature = "ureq")]
    pub(crate) client: Settings,
}

builder_methods!("ureq");

impl Builder {
    /// Starts to build a source of this provider's tokens.
    pub fn new(provider: Arc<dyn Provider>) -> Self {
        Self {
            settings: SharedSettings::new(&*provider, Background { threads: true }),
            provider,
            transport: None,
            scripted: false,
            #[cfg(feature = "ureq")]
            client: Settings::default(),
        }
    }

    /// Whether threads may be started. Default: yes. Without threads nothing is renewed beside its callers, and a name
    /// lookup has no deadline.
    pub const fn threads(mut self, threads: bool) -> Self {
        self.settings.driver.threads = threads;
        self
    }

    #[cfg(feature = "ureq")]
    fn client_transport(&mut self) -> Result<Arc<dyn Transport>, TokenError> {
        let mut client = core::mem::take(&mut self.client);
        client.connect_timeout = client.connect_timeout.min(self.settings.policy.deadline / 2);
        client.threads = self.settings.driver.threads;
        Ok(Arc::new(crate::ureq::UreqTransport::with(client)?))
    }
}
