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

            /// Sends the call to this URL of the same origin instead.
            fn set_url(&mut self, url: &str) -> Result<(), TokenError>;

            /// A copy for a retry, unless the request can be sent only once.
            fn again(&self) -> Option<Self>;
        }

        /// A response.
        pub(crate) trait Response: Sized {
            /// What the response says about the token. The response stays complete.
            $($async)? fn verdict(&mut self, provider: &dyn Provider) -> Result<Verdict, TokenError>;

            /// Where the client was redirected. The API took the call before that, so the call is not retried.
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

            fn set_url(&mut self, url: &str) -> Result<(), TokenError> {
                *self.uri_mut() = url_of(url)?;
                Ok(())
            }

            fn again(&self) -> Option<Self> {
                self.body().again().map(|body| repeated(self, body))
            }
        }

        impl Response for http::Response<Body> {
            $($async)? fn verdict(&mut self, provider: &dyn Provider) -> Result<Verdict, TokenError> {
                let start = self.body_mut().peek(provider.spec().judged_bytes)$($await)*?;
                Ok(judge(provider, &(self.status(), self.headers()).into(), &start))
            }

            fn redirected(&self) -> Option<Redirected> {
                self.extensions().get().copied()
            }
        }
    };
}
