//! The trait between a source and an HTTP client, and the transport of a double.

/// Declares `Transport` and `ScriptedTransport`. `$attribute` is the attribute of a trait with async methods.
#[doc(hidden)]
#[macro_export]
macro_rules! transport_methods {
    ([$($async:tt)?] [$($await:tt)*] [$($attribute:tt)*]) => {
        /// Carries the requests of a source.
        ///
        /// This crate implements it for its own HTTP client. Implement it for another client under these rules: follow
        /// no redirect, retry nothing, and let `within` cover everything from name lookup to the last byte.
        /// [`CallLimits`] says what a call is limited by.
        $($attribute)*
        pub trait Transport: Send + Sync + core::fmt::Debug {
            /// Sends a token request and reads the whole response.
            ///
            /// # Errors
            ///
            /// When no complete, acceptable response came. The kind says how far the request came, and is
            /// [`Ambiguous`](wellspring_core::TransportErrorKind::Ambiguous) where the client does not know that.
            $($async)? fn exchange(
                &self,
                request: &HttpRequest,
                within: Duration,
            ) -> Result<HttpResponse, TransportError>;

            /// Sends an API call. The caller reads the response's body.
            ///
            /// # Errors
            ///
            /// When no response came.
            $($async)? fn call(
                &self,
                request: http::Request<Body>,
                limits: CallLimits,
            ) -> Result<http::Response<Body>, TransportError>;
        }

        /// The transport of a double: it sends no token request, and sends calls through the inner transport.
        #[derive(Debug, Default)]
        pub(crate) struct ScriptedTransport(pub(crate) Option<Arc<dyn Transport>>);

        $($attribute)*
        impl Transport for ScriptedTransport {
            $($async)? fn exchange(&self, _: &HttpRequest, _: Duration) -> Result<HttpResponse, TransportError> {
                Ok(Scripted::response())
            }

            $($async)? fn call(
                &self,
                request: http::Request<Body>,
                limits: CallLimits,
            ) -> Result<http::Response<Body>, TransportError> {
                match &self.0 {
                    Some(calls) => calls.call(request, limits)$($await)*,
                    None => Err(TransportError::new(
                        TransportErrorKind::Refused,
                        "the call was not sent: this double has no HTTP client; enable the client's feature, or \
                         give the builder a transport",
                    )),
                }
            }
        }
    };
}
