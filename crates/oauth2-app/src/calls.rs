//! Sign-in and the typed calls, written once for both transports.

/// The most bytes of an answer that a client reads.
pub(crate) const MAX_ANSWER: usize = 1 << 20;

/// Declares `Client` and `discover` over one transport: its crate, then `async` and `.await`, or nothing
/// in blocking code.
macro_rules! calls {
    ($transport:ident, [$($async:tt)?], [$($await:tt)*]) => {
        use core::time::Duration;

        use wellspring_core::{
            AccessToken, HttpRequest, HttpResponse, Provider, RefreshToken, ResponseHead, Token, TokenError,
            UnixTime,
        };
        use $transport::{Clock, TokenSource, Transport};

        use crate::app::App;
        use crate::callback::Callback;
        use crate::calls::MAX_ANSWER;
        use crate::device::DeviceLogin;
        use crate::login::PendingLogin;
        use crate::metadata::locations::read_location;
        use crate::metadata::{Discovery, Metadata};
        use crate::sign_in_error::SignInError;
        use crate::userinfo::UserInfo;

        /// An app and the source of one user's tokens. Clones share the source.
        #[derive(Clone, Debug)]
        pub struct Client {
            app: App,
            source: TokenSource,
        }

        impl Client {
            /// A client with its own token source, built with the defaults.
            ///
            /// # Errors
            ///
            /// Fails if the HTTP client cannot be built.
            pub fn new(app: App) -> Result<Self, TokenError> {
                let source = TokenSource::builder(app.clone()).build()?;
                Ok(Self::with_source(app, source))
            }

            /// A client that uses this token source, built from the same app with your TLS settings and policy.
            #[must_use]
            pub const fn with_source(app: App, source: TokenSource) -> Self {
                Self { app, source }
            }

            /// The app.
            #[must_use]
            pub const fn app(&self) -> &App {
                &self.app
            }

            /// The token source, for API calls that this client does not have.
            #[must_use]
            pub const fn source(&self) -> &TokenSource {
                &self.source
            }

            /// Checks the callback and exchanges its code for tokens. The code is sent once.
            ///
            /// # Errors
            ///
            /// Fails if the callback holds no valid code, or the server grants no token for the code.
            pub $($async)? fn sign_in(
                &self,
                login: PendingLogin,
                callback: &Callback,
            ) -> Result<Token, SignInError> {
                let grant = self.app.finish(login, callback)?;
                Ok(self.source.sign_in(grant)$($await)*?)
            }

            /// Waits for the user to come back from the browser, exchanges the code for tokens, and shows the browser a last
            /// page. Open [`url`](crate::loopback::SignIn::url) in the browser first.
            ///
            /// # Errors
            ///
            /// Fails if the user does not sign in within this time, the server refuses the sign-in, or it grants no token for
            /// the code.
            #[cfg(feature = "loopback")]
            pub $($async)? fn sign_in_on_loopback(
                &self,
                sign_in: crate::loopback::SignIn,
                within: Duration,
            ) -> Result<Token, crate::loopback::LoopbackError> {
                use crate::loopback::{Answer, Page};
                let Answer { grant, request, .. } = wait(sign_in, within)$($await)*?;
                let token = self.source.sign_in(grant)$($await)*;
                let page = match &token {
                    Ok(_) => Page::signed_in(),
                    Err(_) => Page::failed("The server granted the sign-in, but the token request failed."),
                };
                show(request, page)$($await)*;
                Ok(token?)
            }

            /// Starts a sign-in on another device: show the user the code and the URL, then [`poll`](Self::poll) after
            /// each [`pause`](DeviceLogin::pause).
            ///
            /// # Errors
            ///
            /// Fails if the app has no device authorization endpoint, or the server does not answer or refuses.
            pub $($async)? fn authorize_device(&self) -> Result<DeviceLogin, TokenError> {
                let sent = Clock::system().now();
                let response = self.source.exchange(&self.app.device_authorization()?)$($await)*?;
                self.app.read_device_authorization(&response, sent)
            }

            /// Sends the device code; `None` while the user has not decided.
            ///
            /// # Errors
            ///
            /// Fails if the sign-in has ended without a token: see [`DeviceLogin::poll_failed`].
            pub $($async)? fn poll(&self, login: &mut DeviceLogin) -> Result<Option<Token>, TokenError> {
                match self.source.sign_in(login.grant())$($await)* {
                    Ok(token) => Ok(Some(token)),
                    Err(error) => login.poll_failed(error, Clock::system().now().instant).map(|()| None),
                }
            }

            /// The signed-in user.
            ///
            /// # Errors
            ///
            /// Fails if the source has no token, the server does not answer, or the answer is not user info.
            pub $($async)? fn userinfo(&self) -> Result<UserInfo, TokenError> {
                let response = self.call(&self.app.userinfo_request()?)$($await)*?;
                UserInfo::read(&response, now())
            }

            /// Revokes this refresh token at the server, and with it the access tokens of its grant
            /// ([RFC 7009 §2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1)).
            ///
            /// # Errors
            ///
            /// Fails if the app has no revocation endpoint, or the token may still be valid.
            pub $($async)? fn revoke(&self, token: &RefreshToken) -> Result<(), TokenError> {
                self.send_revocation(self.app.revocation(token))$($await)*
            }

            /// Revokes the current access token at the server and drops it from the source.
            ///
            /// # Errors
            ///
            /// Fails if the source has no token, the app has no revocation endpoint, or the token may still be valid.
            pub $($async)? fn revoke_access_token(&self) -> Result<(), TokenError> {
                let token = self.source.token()$($await)*?;
                let request = self.app.access_revocation(&AccessToken::new(token.expose()));
                self.send_revocation(request)$($await)*?;
                let _ = self.source.reject(token.generation());
                Ok(())
            }

            $($async)? fn send_revocation(&self, request: Option<HttpRequest>) -> Result<(), TokenError> {
                let request = request.ok_or_else(|| {
                    TokenError::misconfigured("this app has no revocation endpoint: set revocation_url")
                })?;
                let response = self.source.exchange(&request)$($await)*?;
                self.app.read_revocation(&response, now())
            }

            /// Sends a call with the token and reads the whole answer.
            pub(crate) $($async)? fn call(&self, request: &HttpRequest) -> Result<HttpResponse, TokenError> {
                let (head, body) = self.source.send(request.clone())$($await)*?.into_parts();
                let head = ResponseHead::from((head.status, &head.headers));
                Ok(HttpResponse::new(head, body.bytes(MAX_ANSWER)$($await)*?))
            }
        }

        /// Fetches the metadata of an issuer from RFC 8414's location and, if that fails for any reason, from OpenID
        /// Connect's. Both requests together take at most `within`.
        ///
        /// # Errors
        ///
        /// Fails if neither location has usable metadata. The error is that of the location that says most about the issuer:
        /// first unusable metadata, then a failed request, then a document other than metadata, then no document.
        pub $($async)? fn discover(
            transport: &dyn Transport,
            issuer: &str,
            within: Duration,
        ) -> Result<Metadata, TokenError> {
            let discovery = Discovery::new(issuer)?;
            let [first, second] = discovery.requests();
            let end = Clock::system().now().instant.plus(within);
            let result = transport.exchange(&first, within)$($await)*;
            let failure = match read_location(&discovery, result, now()) {
                Ok(metadata) => return Ok(metadata),
                Err(failure) => failure,
            };
            let left = end.since(Clock::system().now().instant);
            if left.is_zero() {
                return Err(failure.error);
            }
            let result = transport.exchange(&second, left)$($await)*;
            read_location(&discovery, result, now()).map_err(|other| failure.or(other))
        }

        /// The wall clock, for the dates in an answer's headers.
        fn now() -> UnixTime {
            Clock::system().now().unix
        }
    };
}

pub(crate) use calls;
