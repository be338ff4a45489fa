//! Everything that can be said about a source before it exists.

use tokio::runtime::Handle;
use wellspring_transport::twins::prelude::*;
use wellspring_transport::{SharedSettings, builder_methods};

use crate::background::Background;
use crate::pool::TokenPool;
#[cfg(feature = "reqwest")]
use crate::reqwest::Settings;
use crate::scripted::ScriptedTransport;
use crate::source::TokenSource;
use crate::transport::Transport;

/// Everything that can be said about a source before it exists. All of it has a default.
#[must_use = "nothing happens before `build`"]
pub struct Builder {
    provider: Arc<dyn Provider>,
    pub(crate) settings: SharedSettings<Background>,
    transport: Option<Arc<dyn Transport>>,
    /// A double exchanges with its script, whatever carries its calls.
    scripted: bool,
    #[cfg(feature = "reqwest")]
    pub(crate) client: Settings,
}

builder_methods!("reqwest");

impl Builder {
    /// Starts to build a source of this provider's tokens.
    pub fn new(provider: Arc<dyn Provider>) -> Self {
        Self {
            settings: SharedSettings::new(&*provider, Background::default()),
            provider,
            transport: None,
            scripted: false,
            #[cfg(feature = "reqwest")]
            client: Settings::default(),
        }
    }

    /// Renews on this runtime, on whichever the caller is. Default: the caller's, or where there is none the one on which
    /// the source was built. The runtime needs its drivers for I/O and time (`enable_all`).
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.settings.driver.given = Some(runtime);
        self
    }

    #[cfg(feature = "reqwest")]
    fn client_transport(&mut self) -> Result<Arc<dyn Transport>, TokenError> {
        let mut client = core::mem::take(&mut self.client);
        client.connect_timeout = client.connect_timeout.min(self.settings.policy.deadline / 2);
        Ok(Arc::new(crate::reqwest::ReqwestTransport::with(client)?))
    }
}
