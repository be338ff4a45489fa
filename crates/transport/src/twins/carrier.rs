//! The client under a call, and what the rule of a call reads from its requests and responses. The source's own transport is
//! one carrier; each HTTP client of a program is another, with its own types.

/// Declares `Call`, `Response` and `Carrier`.
#[doc(hidden)]
#[macro_export]
macro_rules! carrier_methods {
    ([$($async:tt)?]) => {
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

            /// Whether the API responded to the call itself. If the API redirected, it has already taken the call, which
            /// must not be retried.
            fn is_direct(&self) -> bool {
                true
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
    };
}
