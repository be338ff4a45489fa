//! The methods of `Builder`, and the constructors of `TokenSource` that return it. `Builder` has the fields `provider`,
//! `settings`, `transport`, `scripted`, and with the client's feature `client`. `ClientTransport` is the adapter of the
//! transport's own client, `ClientBuilder` the type that builds such a client.

/// The methods that the builders of both transports have. `$feature` is the feature of the transport's own client.
#[doc(hidden)]
#[macro_export]
macro_rules! builder_methods {
    ($feature:literal) => {
        impl TokenSource {
            /// Starts to build a source of this provider's tokens.
            pub fn builder(provider: impl Provider + 'static) -> Builder {
                Builder::new(Arc::new(provider))
            }

            /// A source that always has this token, for a program's own tests. It sends calls only to loopback.
            #[must_use]
            pub fn fixed(token: impl Into<String>) -> Self {
                Self(Builder::double(Scripted::new([])).build_double().holding(token.into()))
            }

            /// A source whose renewals have the results of this script, one line each, for a program's own tests. It sends
            /// calls only to loopback, and to the origins that the builder allows.
            pub fn scripted(script: impl IntoIterator<Item = Result<TokenResponse, TokenError>>) -> Builder {
                Builder::double(Scripted::new(script))
            }
        }

        impl Builder {
            /// Starts to build a source of this provider's tokens.
            pub fn new(provider: Arc<dyn Provider>) -> Self {
                Self {
                    settings: SharedSettings::new(&*provider, Background::new()),
                    provider,
                    transport: None,
                    scripted: false,
                    #[cfg(feature = $feature)]
                    client: ClientSettings::new(Tls::new()),
                }
            }

            fn double(script: Arc<Scripted>) -> Self {
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

            /// TLS settings, for token requests and calls.
            #[cfg(feature = $feature)]
            pub fn tls(mut self, tls: Tls) -> Self {
                self.client.tls = tls;
                self
            }

            /// The time for name lookup, connection and TLS handshake. Default: 10 s. Never more than half of the policy's
            /// deadline, so that an unreachable endpoint is distinguished from an endpoint that does not respond.
            #[cfg(feature = $feature)]
            pub fn connect_timeout(mut self, timeout: Duration) -> Self {
                self.client.connect_timeout = timeout;
                self
            }

            /// Changes further settings of the built-in client: proxy, name lookup, connection pool. The settings that the
            /// rules of a token request need are made after it.
            #[cfg(feature = $feature)]
            pub fn configure(
                mut self,
                change: impl Fn(ClientBuilder) -> ClientBuilder + Send + Sync + 'static,
            ) -> Self {
                self.client.configure = Some(Box::new(change));
                self
            }

            /// Keeps tokens in this store, where they outlive the process and all processes with this store share them.
            pub fn store(mut self, store: impl Store + 'static) -> Self {
                self.settings.store = Some(Arc::new(store));
                self
            }

            /// Which processes share the tokens. Default: all processes that share the store. If more processes share a
            /// single-use refresh token than share the store, [`build`](Self::build) returns an error.
            pub const fn shared_by(mut self, shared_by: SharedBy) -> Self {
                self.settings.shared_by = Some(shared_by);
                self
            }

            /// The clock. Default: the machine's clocks.
            pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
                self.settings.clock = clock.into();
                self
            }

            /// The seed of jitter. Default: a different number for each source.
            pub const fn seed(mut self, seed: u64) -> Self {
                self.settings.seed = Some(seed);
                self
            }

            /// Lets calls to this URL's origin carry the token, in addition to calls to the provider's own origins.
            ///
            /// # Errors
            ///
            /// When no secret may be sent to this origin.
            pub fn allow_origin(mut self, url: &str) -> Result<Self, TokenError> {
                self.settings.origins.allow(url)?;
                Ok(self)
            }

            /// The deadline of one attempt of a call, from name lookup to the last byte of the response. Default: the
            /// policy's deadline.
            pub const fn call_deadline(mut self, deadline: Duration) -> Self {
                self.settings.call_deadline = Some(deadline);
                self
            }

            /// How long a pool keeps a user whose token no caller asks for. Default: 30 minutes.
            pub const fn idle(mut self, idle: Duration) -> Self {
                self.settings.idle = idle;
                self
            }

            /// Builds the source.
            ///
            /// # Errors
            ///
            /// When the TLS settings or the client's settings are not usable, or the store does not suit the tokens.
            pub fn build(mut self) -> Result<TokenSource, TokenError> {
                let transport = self.carrier()?;
                Ok(TokenSource(self.settings.source(self.provider, transport)))
            }

            /// Builds a pool of many users' sources. `for_user` makes the provider of each user's source from the user's
            /// name. All sources have the same settings and share one client.
            ///
            /// # Errors
            ///
            /// As for [`build`](Self::build), and `Misconfigured` without a store, from which dropped users are loaded again.
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

            /// The transport of all sources that this builder builds.
            fn carrier(&mut self) -> Result<Arc<dyn Transport>, TokenError> {
                self.settings.check(&*self.provider)?;
                let carrier = match self.transport.take() {
                    Some(given) => given,
                    None => self.client_transport()?,
                };
                Ok(if self.scripted { Arc::new(ScriptedTransport(Some(carrier))) } else { carrier })
            }

            /// A double that sends calls where this build has an HTTP client.
            fn build_double(mut self) -> Source<Background> {
                let transport = ScriptedTransport(self.client_transport().ok());
                self.settings.source(self.provider, Arc::new(transport))
            }

            #[cfg(feature = $feature)]
            fn client_transport(&mut self) -> Result<Arc<dyn Transport>, TokenError> {
                let mut client = core::mem::replace(&mut self.client, ClientSettings::new(Tls::new()));
                client.connect_timeout = client.connect_timeout.min(self.settings.policy.deadline / 2);
                Ok(Arc::new(ClientTransport::with(client, &self.settings.driver)?))
            }

            #[cfg(not(feature = $feature))]
            fn client_transport(&mut self) -> Result<Arc<dyn Transport>, TokenError> {
                if self.scripted {
                    return Ok(Arc::new(ScriptedTransport::default()));
                }
                Err(TokenError::misconfigured(concat!(
                    "there is no HTTP client: enable the feature `",
                    $feature,
                    "` or give the builder a transport"
                )))
            }
        }

        $crate::debug_fields!([] Builder, |builder| provider: builder.provider.spec().name, settings: builder.settings);
    };
}
