//! `Builder`, and the constructors of `TokenSource` that return it. `ClientTransport` is the adapter of the transport's
//! own client, and `Client` the type of a program's own client.

/// Declares `Builder`.
#[doc(hidden)]
#[macro_export]
macro_rules! builder_methods {
    () => {
        /// Builds a source or a pool. Every setting has a default.
        #[must_use = "nothing happens before `build`"]
        pub struct Builder {
            provider: Arc<dyn Provider>,
            settings: SharedSettings<Background>,
            transport: Option<Arc<dyn Transport>>,
            /// Whether this builds a double, whose renewals have scripted results.
            scripted: bool,
            #[cfg(feature = "client")]
            client: ClientSettings<Client>,
        }

        impl TokenSource {
            /// Starts to build a source of this provider's tokens, with the built-in client.
            #[cfg(feature = "client")]
            pub fn builder(provider: impl Provider + 'static) -> Builder {
                Builder::new(Arc::new(provider))
            }

            /// Starts to build a source of this provider's tokens, whose requests this transport carries.
            pub fn builder_with_transport(
                provider: impl Provider + 'static,
                transport: impl Transport + 'static,
            ) -> Builder {
                Builder::with_provider(Arc::new(provider)).transport(transport)
            }

            /// A source that always has this token, for a program's own tests. It sends calls only to loopback.
            #[must_use]
            pub fn fixed(token: impl Into<AccessToken>) -> Self {
                let mut double = Builder::double(Scripted::new([]));
                let transport = ScriptedTransport(double.client_transport().ok());
                let source = double.settings.source(double.provider, Arc::new(transport));
                // The token has no lifetime, so it never expires. Without a store, the source takes it over.
                let _ = source.shared.adopt(TokenResponse::new(token));
                Self(source)
            }

            /// A source whose renewals have the results of this script, one line each, for a program's own tests. It
            /// sends calls only to loopback, and to the origins that the builder allows.
            pub fn scripted(script: impl IntoIterator<Item = Result<TokenResponse, TokenError>>) -> Builder {
                Builder::double(Scripted::new(script))
            }
        }

        $crate::builder_setters! {
            /// When to renew, and how long the pauses after failures are.
            policy(policy: Policy) => settings.policy = policy;
            /// Carries all requests by this transport instead of the built-in client.
            transport(transport: impl Transport + 'static) => transport = Some(Arc::new(transport));
            /// TLS settings, for token requests and calls.
            #[cfg(feature = "client")]
            tls(tls: Tls) => client.tls = tls;
            /// The time for name lookup, connection and TLS handshake. Default: 10 s. Never more than half of the
            /// policy's deadline, so that an unreachable endpoint is not taken for an endpoint that does not respond.
            #[cfg(feature = "client")]
            connect_timeout(timeout: Duration) => client.connect_timeout = timeout;
            /// The URL of the proxy through which the built-in client sends HTTPS requests, such as
            /// `http://user:password@proxy.example:8080`. Default: the proxy that the environment names (`HTTPS_PROXY`,
            /// `ALL_PROXY`, `NO_PROXY`). Requests to loopback never use a proxy. SOCKS proxies are not supported:
            /// [`build`](Self::build) refuses their URLs.
            #[cfg(feature = "client")]
            proxy(url: impl core::fmt::Display) => client.proxy = ProxyChoice::At(url.to_string());
            /// Keeps tokens in this store, where they outlive the process and all processes with this store share them.
            store(store: impl Store + 'static) => settings.store = Some(AnyStore::Blocking(Arc::new(store)));
            /// Which processes share the tokens. Default: all processes that share the store. If more processes share a
            /// single-use refresh token than share the store, [`build`](Self::build) returns an error.
            shared_by(shared_by: SharedBy) => settings.shared_by = Some(shared_by);
            /// The clock. Default: the machine's clocks.
            clock(clock: impl Into<Clock>) => settings.clock = clock.into();
            /// The seed of jitter. Default: a different number for each source.
            seed(seed: u64) => settings.seed = Some(seed);
            /// The deadline of one attempt of a call, to the last byte of the response. Default: none. The policy's
            /// `call_idle_timeout` ends a call in which no bytes flow.
            call_deadline(deadline: Duration) => settings.call_deadline = Some(deadline);
            /// How long a pool keeps a user whose token no caller asks for. Default: 30 minutes.
            idle(idle: Duration) => settings.idle = idle;
            /// How many renewals of one token endpoint a pool runs at once; further ones wait for their turn, in the order
            /// in which they were asked for. A caller that waits keeps its own deadline. Default: 256.
            renewals_at_once(renewals: usize) => settings.renewals_at_once = renewals;
        }

        impl Builder {
            /// Calls this hook for what the source does, or all sources of the pool: with `metrics` or `opentelemetry` one
            /// of the observers of this crate. Default: none.
            pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
                self.settings.observe_with(observer);
                self
            }

            /// Starts to build a source of this provider's tokens, with the built-in client.
            #[cfg(feature = "client")]
            pub fn new(provider: Arc<dyn Provider>) -> Self {
                Self::with_provider(provider)
            }

            fn with_provider(provider: Arc<dyn Provider>) -> Self {
                Self {
                    settings: SharedSettings::new(&*provider, Background::new()),
                    provider,
                    transport: None,
                    scripted: false,
                    #[cfg(feature = "client")]
                    client: ClientSettings::new(Tls::new()),
                }
            }

            fn double(script: Arc<Scripted>) -> Self {
                let mut builder = Self::with_provider(script);
                builder.settings.origins = builder.settings.origins.and_loopback();
                builder.scripted = true;
                builder
            }

            /// The `User-Agent` of token requests and calls. Default: `wellspring/` and the version. A request that has a
            /// `User-Agent` keeps it, and so does a client of the program that has one, unless this is set.
            ///
            /// # Errors
            ///
            /// When the text is empty or holds a character that no header can carry.
            #[cfg(feature = "client")]
            pub fn user_agent(mut self, text: impl AsRef<str>) -> Result<Self, TokenError> {
                self.client.user_agent = Some(UserAgent::new(text.as_ref())?);
                Ok(self)
            }

            /// Lets the built-in client use no proxy, whatever the environment names.
            #[cfg(feature = "client")]
            pub fn no_proxy(mut self) -> Self {
                self.client.proxy = ProxyChoice::Direct;
                self
            }

            /// Lets calls to this URL's origin carry the token, in addition to calls to the provider's own origins.
            ///
            /// # Errors
            ///
            /// When no secret may be sent to this origin.
            pub fn allow_origin(mut self, url: impl core::fmt::Display) -> Result<Self, TokenError> {
                self.settings.origins.allow(&url.to_string())?;
                Ok(self)
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

            /// Builds a pool of many users' sources. `for_user` makes the provider of each user's source from the
            /// user's name. All sources have the same settings and share one client.
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

            /// The transport of all sources that this builder builds.
            fn carrier(&mut self) -> Result<Arc<dyn Transport>, TokenError> {
                self.settings.check(&*self.provider)?;
                let carrier = match self.transport.take() {
                    Some(given) => given,
                    None => self.client_transport()?,
                };
                Ok(if self.scripted { Arc::new(ScriptedTransport(Some(carrier))) } else { carrier })
            }

            #[cfg(feature = "client")]
            fn client_transport(&mut self) -> Result<Arc<dyn Transport>, TokenError> {
                let mut client = core::mem::replace(&mut self.client, ClientSettings::new(Tls::new()));
                self.settings.certify(&client.tls);
                client.connect_timeout = client.connect_timeout.min(self.settings.policy.deadline / 2);
                Ok(Arc::new(ClientTransport::with(client, &self.settings.driver)?))
            }

            /// Without a client every builder has a transport, or is a double.
            #[cfg(not(feature = "client"))]
            fn client_transport(&mut self) -> Result<Arc<dyn Transport>, TokenError> {
                Ok(Arc::new(ScriptedTransport::default()))
            }
        }

        $crate::debug_fields!([] Builder, |builder|
            provider: builder.provider.spec().name,
            settings: builder.settings
        );
    };
}

/// Declares methods of `Builder` that set one setting.
#[doc(hidden)]
#[macro_export]
macro_rules! builder_setters {
    ($($(#[$attribute:meta])* $name:ident($value:ident: $type:ty) => $($field:ident).+ = $set:expr;)*) => {
        impl Builder {
            $(
                $(#[$attribute])*
                pub fn $name(mut self, $value: $type) -> Self {
                    self.$($field).+ = $set;
                    self
                }
            )*
        }
    };
}
