//! The builder's methods. `Builder` has the fields `provider`, `settings`, `transport`, `scripted`, and with the client's
//! feature `client`; it has the methods `client_transport` and `new`.

/// The methods that the builders of both transports have. `$feature` is the feature of the transport's own client.
#[doc(hidden)]
#[macro_export]
macro_rules! builder_methods {
    ($feature:literal) => {
        impl Builder {
            pub(crate) fn double(script: Arc<Scripted>) -> Self {
                let mut builder = Self::new(script);
                builder.settings.origins = builder.settings.origins.and_loopback();
                builder.scripted = true;
                builder
            }

            /// When to renew, and how long the pauses after failures are.
            pub fn policy(mut self, policy: Policy) -> Self {
                self.settings.policy = policy;
                self
            }

            /// Carries all requests by this transport instead of the built-in client.
            pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
                self.transport = Some(Arc::new(transport));
                self
            }

            /// TLS settings, for token requests and calls alike.
            #[cfg(feature = $feature)]
            pub fn tls(mut self, tls: Tls) -> Self {
                self.client.tls = tls;
                self
            }

            /// The time for name lookup, connection and handshake. Default: 10 s. Never more than half of the policy's
            /// deadline, so that an endpoint that cannot be reached is told apart from one that does not answer.
            #[cfg(feature = $feature)]
            pub fn connect_timeout(mut self, timeout: Duration) -> Self {
                self.client.connect_timeout = timeout;
                self
            }

            /// Keeps tokens in this store, where they outlive the process, and shares them with all other users of the
            /// store.
            pub fn store(mut self, store: impl Store + 'static) -> Self {
                self.settings.store = Some(Arc::new(store));
                self
            }

            /// Which processes share the tokens. Default: all that the store reaches. A single-use refresh token is
            /// refused on a store that reaches fewer.
            pub const fn shared_by(mut self, shared_by: SharedBy) -> Self {
                self.settings.shared_by = Some(shared_by);
                self
            }

            /// Where the time is read. Default: the machine's own clocks.
            pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
                self.settings.clock = clock.into();
                self
            }

            /// The seed of jitter. Default: a different number for each source.
            pub const fn seed(mut self, seed: u64) -> Self {
                self.settings.seed = Some(seed);
                self
            }

            /// Lets calls to this URL's origin carry the token, besides calls to the provider's own origins.
            ///
            /// # Errors
            ///
            /// When no secret may be sent there.
            pub fn allow_origin(mut self, url: &str) -> Result<Self, TokenError> {
                self.settings.origins.allow(url)?;
                Ok(self)
            }

            /// The time for one try of a call, from name lookup to the last byte of its response. Default: the policy's
            /// deadline.
            pub const fn call_deadline(mut self, deadline: Duration) -> Self {
                self.settings.call_deadline = Some(deadline);
                self
            }

            /// How long a pool keeps a user whose token no caller asks for. Default: half an hour.
            pub const fn idle(mut self, idle: Duration) -> Self {
                self.settings.idle = idle;
                self
            }

            /// Builds the source.
            ///
            /// # Errors
            ///
            /// When the TLS settings or the client cannot be used, or the store cannot hold what is to be kept in it.
            pub fn build(mut self) -> Result<TokenSource, TokenError> {
                let transport = self.carrier()?;
                Ok(TokenSource(self.settings.source(self.provider, transport)))
            }

            /// Builds a pool of many users' sources, each over the provider that `for_user` makes of the user's name. All
            /// settings hold for all of them, and they share one client.
            ///
            /// # Errors
            ///
            /// As for [`build`](Self::build), and `Misconfigured` without a store, from which dropped users come back.
            pub fn pool<P: Provider + 'static>(
                mut self,
                for_user: impl Fn(&str) -> P + Send + Sync + 'static,
            ) -> Result<TokenPool, TokenError> {
                let transport = self.carrier()?;
                let for_user = move |user: &str| {
                    let provider: Arc<dyn Provider> = Arc::new(for_user(user));
                    provider
                };
                let pool = Pool::new(&*self.provider, self.settings, transport, for_user)?;
                Ok(TokenPool(Arc::new(pool)))
            }

            /// What carries the requests of all sources that this builds.
            fn carrier(&mut self) -> Result<Arc<dyn Transport>, TokenError> {
                self.settings.check(&*self.provider)?;
                let carrier = match self.transport.take() {
                    Some(given) => given,
                    None => self.client_transport()?,
                };
                Ok(if self.scripted { Arc::new(ScriptedTransport::new(carrier)) } else { carrier })
            }

            /// A double whose calls go as far as this build can carry them.
            pub(crate) fn build_double(mut self) -> Source<Background> {
                let transport = self.client_transport().map(ScriptedTransport::new).unwrap_or_default();
                self.settings.source(self.provider, Arc::new(transport))
            }

            #[cfg(not(feature = $feature))]
            fn client_transport(&mut self) -> Result<Arc<dyn Transport>, TokenError> {
                if self.scripted {
                    return Ok(Arc::new(ScriptedTransport::default()));
                }
                Err(TokenError::misconfigured(concat!(
                    "there is no HTTP client: enable the feature `",
                    $feature,
                    "` or give a transport to the builder"
                )))
            }
        }

        impl core::fmt::Debug for Builder {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct("Builder")
                    .field("provider", &self.provider.spec().name)
                    .field("settings", &self.settings)
                    .finish_non_exhaustive()
            }
        }
    };
}
