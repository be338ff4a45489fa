//! The rule of a call: attach the token; if the API refuses it, renew it and retry once. `Call`, `Response` and
//! `Carrier` are the traits of the transport's `carrier.rs`.

/// The rule of a call, for every carrier, and what `send` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! send_methods {
    ([$($async:tt)?] [$($await:tt)*] [$($boxed:tt)*]) => {
        /// A request that [`TokenSource::send`] sends: an [`http::Request`] whose body becomes a [`Body`], a call that a
        /// provider describes, or a request of an HTTP client whose feature is enabled.
        pub trait IntoRequest {
            /// The request.
            ///
            /// # Errors
            ///
            /// When the client's builder could not build it.
            fn into_request(self) -> Result<http::Request<Body>, TokenError>;
        }

        impl<B: Into<Body>> IntoRequest for http::Request<B> {
            fn into_request(self) -> Result<http::Request<Body>, TokenError> {
                Ok(self.map(Into::into))
            }
        }

        /// A call that a provider describes, such as `App::userinfo_request`.
        impl IntoRequest for HttpRequest {
            fn into_request(self) -> Result<http::Request<Body>, TokenError> {
                let request = http::Request::try_from(self).map_err(|error| {
                    TokenError::misconfigured(format!("the request cannot be sent: {error}; correct it"))
                })?;
                request.into_request()
            }
        }

        impl TokenSource {
            /// Sends this request with the token on it.
            ///
            /// A token that the API refuses is renewed, and the call is retried once if its body can be sent again. The
            /// result is the API's response, whatever its status; redirects are not followed.
            ///
            /// # Errors
            ///
            /// When there is no token, the token may not be sent to the request's origin, or no response came. After a
            /// refusal, the error is the reason why there is no other token.
            pub $($async)? fn send(
                &self,
                request: impl IntoRequest,
            ) -> Result<http::Response<Body>, TokenError> {
                self.send_over(&mut Own(self), request.into_request()?)$($await)*
            }

            /// The rule of [`send`](Self::send), over this carrier.
            pub(crate) $($async)? fn send_over<C: Carrier>(
                &self,
                carrier: &mut C,
                call: C::Call,
            ) -> Result<C::Response, C::Error> {
                let provider = self.0.shared.provider();
                let provider = &*provider;
                let parts = self.0.shared.calls()?;
                let mut call = call;
                let url = call.url();
                let target = CallTarget::of(&url);
                self.0.common.origins.check(&url)?;
                if let Some(url) = parts.url(&url) {
                    call.set_url(&url)?;
                }
                let spare = call.again();
                let can_repeat = spare.is_some();
                let mut requests = [Some(call), spare].into_iter().flatten();
                let mut step = wellspring_core::Call::begin();
                loop {
                    step = match step {
                        CallStep::Token(Need::Fresh, next) => next.resume(self.token()$($await)*?),
                        CallStep::Token(need, next) => {
                            next.resume($($boxed)*(self.acquire_once(need))$($await)*?)
                        }
                        CallStep::Send(token, next) => {
                            if next.is_retry() {
                                events::send_retried(&provider.spec().name, token.generation());
                            }
                            let text = "the call was not retried: its request can be sent only once";
                            let mut call = requests.next().ok_or_else(|| TokenError::misconfigured(text))?;
                            parts.insert(call.headers_mut(), self.0.header(token)?);
                            let mut response = carrier.carry(call)$($await)*?;
                            let redirected = response.redirected();
                            let verdict = match redirected {
                                Some(Redirected::Elsewhere) => Verdict::Accepted,
                                _ => response.verdict(provider)$($await)*?,
                            };
                            if redirected.is_none() && verdict == Verdict::Accepted {
                                self.0.shared.accepted_at(target);
                            }
                            next.resume(response, &verdict, can_repeat && redirected.is_none())
                        }
                        CallStep::Reject(generation, next) => {
                            next.resume(self.0.shared.reject_at(target, generation))
                        }
                        CallStep::Done(response) => return Ok(response),
                    };
                }
            }
        }
    };
}
