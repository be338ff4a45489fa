//! The client under a call, and what the rule of a call reads from its requests and responses. The source's own
//! transport is one carrier; each HTTP client of a program is another, with its own types.

/// Declares `Call`, `Response` and `Carrier`.
#[doc(hidden)]
#[macro_export]
macro_rules! carrier_methods {
    ([$($async:tt)?] [$($await:tt)*]) => {
        /// A request.
        pub(crate) trait Call: Sized {
            fn url(&self) -> String;

            fn headers_mut(&mut self) -> &mut HeaderMap;

            /// A copy for a retry, unless the request can be sent only once.
            fn again(&self) -> Option<Self>;
        }

        /// A response.
        pub(crate) trait Response: Sized {
            /// What the response says about the token. The response stays complete.
            $($async)? fn verdict(&mut self, provider: &dyn Provider) -> Result<Verdict, TokenError>;

            /// Where the client was redirected. The call is then not retried, because the API took it before it
            /// redirected.
            fn redirected(&self) -> Option<Redirected> {
                None
            }
        }

        /// A client that sends calls.
        pub(crate) trait Carrier {
            type Call: Call;
            type Response: Response;
            type Error: From<TokenError>;

            $($async)? fn carry(&mut self, call: Self::Call) -> Result<Self::Response, Self::Error>;
        }

        impl Call for http::Request<Body> {
            fn url(&self) -> String {
                self.uri().to_string()
            }

            fn headers_mut(&mut self) -> &mut HeaderMap {
                self.headers_mut()
            }

            fn again(&self) -> Option<Self> {
                self.body().again().map(|body| repeated(self, body))
            }
        }

        impl Response for http::Response<Body> {
            $($async)? fn verdict(&mut self, provider: &dyn Provider) -> Result<Verdict, TokenError> {
                let start = self.body_mut().peek(provider.spec().judged_bytes)$($await)*?;
                Ok(verdict(provider, self.status(), self.headers(), &start))
            }

            fn redirected(&self) -> Option<Redirected> {
                self.extensions().get().copied()
            }
        }
    };
}
