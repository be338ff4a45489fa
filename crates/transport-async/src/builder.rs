//! Everything that can be said about a source before it exists.

use core::fmt;
use core::hash::{BuildHasher, Hasher};
use core::time::Duration;
use std::collections::hash_map::RandomState;
use std::sync::Arc;

use tokio::runtime::Handle;
use wellspring_core::{Policy, Provider, SharedBy, Store, TokenError};
use wellspring_transport::{Clock, Reach, Scripted, SharedLifecycle, Storage, check_store};

use crate::background::Background;
#[cfg(feature = "reqwest")]
use crate::reqwest::{ReqwestTransport, Settings};
use crate::scripted::ScriptedTransport;
use crate::{TokenSource, Transport};

/// Everything that can be said about a source before it exists. All of it has a default.
#[must_use = "nothing happens before `build`"]
pub struct Builder {
    provider: Arc<dyn Provider>,
    policy: Policy,
    clock: Clock,
    seed: Option<u64>,
    reach: Reach,
    call_deadline: Option<Duration>,
    background: Background,
    transport: Option<Arc<dyn Transport>>,
    store: Option<Arc<dyn Store>>,
    shared_by: Option<SharedBy>,
    /// A double exchanges with its script, whoever carries its calls.
    scripted: bool,
    #[cfg(feature = "reqwest")]
    pub(crate) settings: Settings,
}

impl Builder {
    /// Starts to make a source of this provider's tokens.
    pub fn new(provider: Arc<dyn Provider>) -> Self {
        Self {
            reach: Reach::of(&*provider),
            provider,
            policy: Policy::default(),
            clock: Clock::system(),
            seed: None,
            call_deadline: None,
            background: Background::default(),
            transport: None,
            store: None,
            shared_by: None,
            scripted: false,
            #[cfg(feature = "reqwest")]
            settings: Settings::default(),
        }
    }

    pub(crate) fn double(script: Arc<Scripted>) -> Self {
        let mut builder = Self::new(script);
        builder.reach = builder.reach.and_loopback();
        builder.scripted = true;
        builder
    }

    /// When to renew, and how long to leave a failing endpoint alone.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Carries all requests by this transport instead of the built-in client.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// TLS settings, for token requests and calls alike.
    #[cfg(feature = "reqwest")]
    pub fn tls(mut self, tls: wellspring_transport::Tls) -> Self {
        self.settings.tls = tls;
        self
    }

    /// The time for name lookup, connection and handshake. Default: 10 s. Never more than half of the policy's deadline,
    /// so that an endpoint out of reach is not taken for one that is silent.
    #[cfg(feature = "reqwest")]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
        self
    }

    /// Keeps tokens where they outlive the process, and shares them with whoever uses the same store.
    pub fn store(mut self, store: impl Store + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Who is to share the tokens. Default: all whom the store reaches. A grant that may be spent but once is refused
    /// on a store that reaches less far.
    pub const fn shared_by(mut self, shared_by: SharedBy) -> Self {
        self.shared_by = Some(shared_by);
        self
    }

    /// Where the time is read. Default: the machine's own clocks.
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// What jitter is made of. Default: another number for each source.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Lets calls to this URL's origin carry the token, besides those to the provider's own.
    ///
    /// # Errors
    ///
    /// When no secret may be sent there at all.
    pub fn allow_origin(mut self, url: &str) -> Result<Self, TokenError> {
        self.reach.allow(url)?;
        Ok(self)
    }

    /// The time for one try of a call, from name lookup to the last byte of its answer. Default: the policy's
    /// deadline of an exchange.
    pub const fn call_deadline(mut self, deadline: Duration) -> Self {
        self.call_deadline = Some(deadline);
        self
    }

    /// Renews on this runtime, whoever asks. Default: on the caller's, or where there is none on the one the source
    /// was built on. It needs its drivers for I/O and time (`enable_all`).
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.background.given = Some(runtime);
        self
    }

    /// Makes the source.
    ///
    /// # Errors
    ///
    /// When the TLS settings or the client cannot be made, or the store cannot hold what is to be kept in it.
    pub fn build(mut self) -> Result<TokenSource, TokenError> {
        check_store(self.store.as_deref(), self.shared_by, &*self.provider)?;
        let given = self.transport.take();
        let carrier = match given {
            Some(given) => given,
            None => self.client_transport()?,
        };
        let transport: Arc<dyn Transport> =
            if self.scripted { Arc::new(ScriptedTransport::new(carrier)) } else { carrier };
        Ok(self.finish(transport))
    }

    #[cfg(feature = "reqwest")]
    fn client_transport(&mut self) -> Result<Arc<dyn Transport>, TokenError> {
        self.settings.connect_timeout = self.settings.connect_timeout.min(self.policy.deadline / 2);
        Ok(Arc::new(ReqwestTransport::with(core::mem::take(&mut self.settings))?))
    }

    #[cfg(not(feature = "reqwest"))]
    fn client_transport(&mut self) -> Result<Arc<dyn Transport>, TokenError> {
        if self.scripted {
            return Ok(Arc::new(ScriptedTransport::default()));
        }
        Err(TokenError::misconfigured(
            "there is no HTTP client: enable the feature `reqwest` or give a transport to the builder",
        ))
    }

    /// A double whose calls go as far as this build can carry them.
    pub(crate) fn build_double(mut self) -> TokenSource {
        let transport = self.client_transport().map(ScriptedTransport::new).unwrap_or_default();
        self.finish(Arc::new(transport))
    }

    fn finish(self, transport: Arc<dyn Transport>) -> TokenSource {
        // Not for secrets: that no two sources renew at one moment is all it is for.
        let seed = self.seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        let at_build = Handle::try_current().ok();
        // Two sources must never be taken for one, whatever their seeds.
        let number = || RandomState::new().build_hasher().finish();
        let storage = self.store.map(|store| Storage::new(store, number()));
        TokenSource {
            call_deadline: self.call_deadline.unwrap_or(self.policy.deadline),
            shared: SharedLifecycle::new(self.provider, self.policy, seed, self.clock, storage),
            transport,
            background: Background { at_build, ..self.background },
            reach: Arc::new(self.reach),
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("provider", &self.provider.profile().name)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
