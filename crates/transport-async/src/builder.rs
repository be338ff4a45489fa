//! Everything that can be said about a source before it exists.

use core::fmt;
use core::hash::{BuildHasher, Hasher};
use core::time::Duration;
use std::collections::hash_map::RandomState;
use std::sync::Arc;

use tokio::runtime::Handle;
use wellspring_core::{Policy, Provider, SharedBy, Store, TokenError};
use wellspring_transport::{AllowedOrigins, Clock, Pool, Scripted, SharedLifecycle, Storage, check_store};

use crate::background::Background;
#[cfg(feature = "reqwest")]
use crate::reqwest::{ReqwestTransport, Settings};
use crate::scripted::ScriptedTransport;
use crate::{TokenPool, TokenSource, Transport};

/// What holds for every source that one builder makes.
#[derive(Clone)]
pub(crate) struct SharedSettings {
    policy: Policy,
    clock: Clock,
    seed: Option<u64>,
    origins: AllowedOrigins,
    call_deadline: Option<Duration>,
    pub(crate) background: Background,
    store: Option<Arc<dyn Store>>,
    shared_by: Option<SharedBy>,
}

/// Everything that can be said about a source before it exists. All of it has a default.
#[must_use = "nothing happens before `build`"]
pub struct Builder {
    provider: Arc<dyn Provider>,
    shared_settings: SharedSettings,
    transport: Option<Arc<dyn Transport>>,
    idle: Duration,
    /// A double exchanges with its script, whoever carries its calls.
    scripted: bool,
    #[cfg(feature = "reqwest")]
    pub(crate) settings: Settings,
}

impl Builder {
    /// Starts to make a source of this provider's tokens.
    pub fn new(provider: Arc<dyn Provider>) -> Self {
        let shared_settings = SharedSettings {
            policy: Policy::default(),
            clock: Clock::system(),
            seed: None,
            origins: AllowedOrigins::of(&*provider),
            call_deadline: None,
            background: Background::default(),
            store: None,
            shared_by: None,
        };
        Self {
            provider,
            shared_settings,
            transport: None,
            idle: Duration::from_secs(1_800),
            scripted: false,
            #[cfg(feature = "reqwest")]
            settings: Settings::default(),
        }
    }

    pub(crate) fn double(script: Arc<Scripted>) -> Self {
        let mut builder = Self::new(script);
        builder.shared_settings.origins = builder.shared_settings.origins.and_loopback();
        builder.scripted = true;
        builder
    }

    /// When to renew, and how long to leave a failing endpoint alone.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.shared_settings.policy = policy;
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
        self.shared_settings.store = Some(Arc::new(store));
        self
    }

    /// Who is to share the tokens. Default: all whom the store reaches. A grant that may be spent but once is refused
    /// on a store that reaches less far.
    pub const fn shared_by(mut self, shared_by: SharedBy) -> Self {
        self.shared_settings.shared_by = Some(shared_by);
        self
    }

    /// Where the time is read. Default: the machine's own clocks.
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.shared_settings.clock = clock.into();
        self
    }

    /// What jitter is made of. Default: another number for each source.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.shared_settings.seed = Some(seed);
        self
    }

    /// Lets calls to this URL's origin carry the token, besides those to the provider's own.
    ///
    /// # Errors
    ///
    /// When no secret may be sent there at all.
    pub fn allow_origin(mut self, url: &str) -> Result<Self, TokenError> {
        self.shared_settings.origins.allow(url)?;
        Ok(self)
    }

    /// The time for one try of a call, from name lookup to the last byte of its answer. Default: the policy's
    /// deadline of an exchange.
    pub const fn call_deadline(mut self, deadline: Duration) -> Self {
        self.shared_settings.call_deadline = Some(deadline);
        self
    }

    /// Renews on this runtime, whoever asks. Default: on the caller's, or where there is none on the one the source
    /// was built on. It needs its drivers for I/O and time (`enable_all`).
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.shared_settings.background.given = Some(runtime);
        self
    }

    /// Makes the source.
    ///
    /// # Errors
    ///
    /// When the TLS settings or the client cannot be made, or the store cannot hold what is to be kept in it.
    pub fn build(mut self) -> Result<TokenSource, TokenError> {
        let transport = self.carrier()?;
        Ok(self.shared_settings.source(self.provider, transport))
    }

    /// How long nobody has to ask for a user's token before a pool lets go of it. Default: half an hour.
    pub const fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// Makes a pool of many users' sources, each over the provider that this makes of the user's name. Everything else
    /// that was said here holds for all of them, and they share one client.
    ///
    /// # Errors
    ///
    /// As for [`build`](Self::build), and `Misconfigured` without a store: whom the pool lets go of comes back from
    /// there.
    pub fn pool<P: Provider + 'static>(
        mut self,
        for_user: impl Fn(&str) -> P + Send + Sync + 'static,
    ) -> Result<TokenPool, TokenError> {
        if self.shared_settings.store.is_none() {
            let text = "a pool lets go of users who are idle and needs a store from which they come back";
            return Err(TokenError::misconfigured(text));
        }
        let transport = self.carrier()?;
        let pool = Pool::new(self.idle, self.shared_settings.clock.clone());
        let key = self.provider.spec().key.clone();
        Ok(TokenPool::new(pool, self.shared_settings, transport, key, move |user| Arc::new(for_user(user))))
    }

    /// What carries the requests of all sources that this makes.
    fn carrier(&mut self) -> Result<Arc<dyn Transport>, TokenError> {
        self.shared_settings.check(&*self.provider)?;
        let carrier = match self.transport.take() {
            Some(given) => given,
            None => self.client_transport()?,
        };
        Ok(if self.scripted { Arc::new(ScriptedTransport::new(carrier)) } else { carrier })
    }

    #[cfg(feature = "reqwest")]
    fn client_transport(&mut self) -> Result<Arc<dyn Transport>, TokenError> {
        self.settings.connect_timeout =
            self.settings.connect_timeout.min(self.shared_settings.policy.deadline / 2);
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
        self.shared_settings.source(self.provider, Arc::new(transport))
    }
}

impl SharedSettings {
    /// Whether the store can hold what this provider's tokens need.
    pub(crate) fn check(&self, provider: &dyn Provider) -> Result<(), TokenError> {
        check_store(self.store.as_deref(), self.shared_by, provider)
    }

    /// The lifecycle of this provider's tokens.
    pub(crate) fn lifecycle(&self, provider: Arc<dyn Provider>) -> Arc<SharedLifecycle> {
        let number = || RandomState::new().build_hasher().finish();
        // Not for secrets: that no two sources renew at one moment is all it is for.
        let seed = self.seed.unwrap_or_else(number);
        // Two sources must never be taken for one, whatever their seeds.
        let storage = self.store.as_ref().map(|store| Storage::new(Arc::clone(store), number()));
        SharedLifecycle::new(provider, self.policy.clone(), seed, self.clock.clone(), storage)
    }

    /// A source over this lifecycle.
    pub(crate) fn over(&self, shared: Arc<SharedLifecycle>, transport: Arc<dyn Transport>) -> TokenSource {
        let at_build = Handle::try_current().ok();
        TokenSource {
            call_deadline: self.call_deadline.unwrap_or(self.policy.deadline),
            shared,
            transport,
            background: Background { at_build, ..self.background.clone() },
            origins: Arc::new(self.origins.clone()),
        }
    }

    fn source(&self, provider: Arc<dyn Provider>, transport: Arc<dyn Transport>) -> TokenSource {
        self.over(self.lifecycle(provider), transport)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("provider", &self.provider.spec().name)
            .field("policy", &self.shared_settings.policy)
            .finish_non_exhaustive()
    }
}
